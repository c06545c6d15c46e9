"""Whether a password may be said into this line: asked before one is looked for, before each reading and throughout.

Our voice has to go to the carrier, whose word we take for who is calling (SPEC §3). That may not be kept from one
moment to the next: the caller's side can move the media whenever it likes. Test phones get passwords of sample members
only and may be anywhere.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import structlog

from hotline.call import LineError
from hotline.desk import MediaUnproven
from hotline.dialogue.conversation import EndWished
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hotline.call import Media, Sound
    from hotline.dialogue.conversation import Conversation

log = structlog.get_logger()


def nothing() -> None:
    """Do nothing: there is nothing to be overheard yet, or no more."""


async def require_safe_line(talk: Conversation, *, both_ways: bool = True) -> int:
    """See that our voice goes to the carrier; return how many packets came. It costs one request.

    Args:
        talk: the conversation.
        both_ways: also that something has come back; not right after the answer, when nothing need have yet.

    Raises:
        EndWished: it does not; the caller was told.
    """
    if talk.caller.sample_only:
        return 0
    media = await talk.call.media()
    async with _refused(talk):
        talk.hotline.media.require(media.destination, media.received if both_ways else None)
    return media.received


async def read_out_safely(talk: Conversation, sound: Sound, overheard: Callable[[], None] = nothing) -> bool:
    """Read `sound` out, only as long as our voice goes to the carrier: who moves the media hears four digits at most.

    Args:
        talk: the conversation.
        sound: the reading.
        overheard: called at once when our voice went elsewhere while it was read.

    Returns:
        Whether somebody was there: media came meanwhile, or the caller hung up at the end. A phone whose battery died
        hangs up nothing, and an INVITE that was forged never had a phone.

    Raises:
        EndWished: it did not go there, from the beginning or to the end; the caller was told.
    """
    before = await require_safe_line(talk)
    if talk.caller.sample_only:
        await talk.call.read_out(sound)
        return True

    last: Media | None = None

    async def watch() -> None:
        nonlocal last
        last = None
        # A caller who has gone, or a question nobody answers, moves nothing: what was heard is told by the playback.
        with contextlib.suppress(LineError):
            last = await talk.call.media()
            try:
                talk.hotline.media.require(last.destination)
            except MediaUnproven:
                overheard()
                raise

    async with _refused(talk):
        await talk.call.read_out(sound, watch)
    return last is None or talk.hotline.media.came_since(before, last.received)


@contextlib.asynccontextmanager
async def _refused(talk: Conversation) -> AsyncIterator[None]:
    """Where the block finds the media unproven, raise the alarm, tell the caller, and end."""
    try:
        yield
    except MediaUnproven as unproven:
        log.warning(
            "line_unsafe",
            reason=unproven.reason,
            detail=str(unproven),
            destination=unproven.destination,
            caller=talk.caller.masked(),
        )
        talk.hotline.desk.line_unsafe(talk.caller, unproven)
    else:
        return
    if talk.call.outcome != CallOutcome.REISSUED:
        talk.call.outcome = CallOutcome.LINE_UNSAFE
    await talk.call.say("line-unsafe", keys="")
    raise EndWished
