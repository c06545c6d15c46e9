"""The walk through the menu."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hotline.dialogue.choice import choose
from hotline.dialogue.conversation import EndWished, NotHelped, WentBack
from hotline.dialogue.reissue import reissue
from hotline.menu import Again, End, GoTo, Reissue, Say, steps
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.dialogue.conversation import Conversation


async def walk(talk: Conversation) -> None:
    """Lead the caller through the menu until one of its ends."""
    call = talk.call
    try:
        await _walk(talk)
    except EndWished:
        call.outcome = call.outcome or CallOutcome.ENDED
    except NotHelped:
        call.outcome = call.outcome or CallOutcome.NOT_HELPED
        call.reached(steps.GIVEN_UP)
        call.forget_keys()
        await call.say(talk.hotline.menu.give_up)


async def _walk(talk: Conversation) -> None:
    call, menu = talk.call, talk.hotline.menu
    name = menu.start
    words = menu.menu[name].prompt
    while True:
        here = menu.menu[name]
        call.reached(steps.menu(name))
        key = await choose(talk, "".join(here.keys), words, here.again)
        words = here.again
        match here.action(key):
            case Reissue() if not menu.branch8.open:
                call.reached(steps.SWITCHED_OFF)
                await refuse(call, menu.branch8.prompt)
            case Reissue():
                with contextlib.suppress(WentBack):
                    return await reissue(talk)
            case GoTo(name):
                words = menu.menu[name].prompt
            case Say(prompt):
                call.reached(steps.said(prompt))
                await call.say(prompt)
            case Again():
                call.reached(steps.HELP)
            case End():
                call.reached(steps.END)
                raise EndWished


async def refuse(call: Call, prompt: str) -> None:
    """Say why there is no new password now; who keyed the number ahead has it forgotten, and hears the menu."""
    call.forget_keys()
    await call.say(prompt, keys="")
    call.forget_keys()
