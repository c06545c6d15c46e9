"""The walk through the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.dialogue import outcomes
from hotline.dialogue.choice import choose
from hotline.dialogue.conversation import EndWished, NotHelped, WentBack
from hotline.dialogue.reissue import reissue
from hotline.menu import Again, End, GoTo, Reissue, Say

if TYPE_CHECKING:
    from hotline.dialogue.conversation import Conversation


async def walk(talk: Conversation) -> None:
    """Lead the caller through the menu until one of its ends."""
    call = talk.call
    try:
        await _walk(talk)
    except EndWished:
        call.outcome = call.outcome or outcomes.ENDED
    except NotHelped:
        call.outcome = call.outcome or outcomes.NOT_HELPED
        call.forget_keys()
        await call.say(talk.hotline.menu.give_up)


async def _walk(talk: Conversation) -> None:
    call, menu = talk.call, talk.hotline.menu
    here = menu.menu[menu.start]
    words = here.prompt
    call.reached("menu")
    while True:
        key = await choose(talk, "".join(here.keys), words, here.again)
        match here.action(key):
            case Reissue():
                try:
                    return await reissue(talk)
                except WentBack:
                    words = here.again
            case GoTo(name):
                here = menu.menu[name]
                words = here.prompt
                call.reached(name)
            case Say(prompt):
                call.reached(prompt)
                await call.say(prompt)
                words = here.again
            case Again():
                words = here.again
            case End():
                raise EndWished
