"""Whether a password may be said into this line: asked before one is looked for, and again before each reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hotline.desk import MediaUnproven
from hotline.dialogue import outcomes
from hotline.dialogue.conversation import EndWished

if TYPE_CHECKING:
    from hotline.dialogue.conversation import Conversation

log = structlog.get_logger()


async def require_safe_line(talk: Conversation, *, both_ways: bool = True) -> None:
    """See that our voice goes to the carrier, whose word we take for who is calling (SPEC §3).

    It costs two requests, under a millisecond, and may not be kept: the caller's side can move the media at any moment.
    Test phones get passwords of sample members only and may be anywhere.

    Args:
        talk: the conversation.
        both_ways: also that something has come back; not right after the answer, when nothing need have yet.

    Raises:
        EndWished: it does not; the caller was told.
    """
    if talk.caller.sample_only:
        return
    media = await talk.call.media()
    try:
        talk.hotline.media.require(media.destination, media.received if both_ways else None)
    except MediaUnproven as unproven:
        log.warning(
            "line_unsafe",
            reason=unproven.reason,
            detail=str(unproven),
            destination=media.destination,
            caller=talk.caller.masked(),
        )
    else:
        return
    if talk.call.outcome != outcomes.REISSUED:
        talk.call.outcome = outcomes.LINE_UNSAFE
    await talk.call.say("line-unsafe", keys="")
    raise EndWished
