"""Serving one call, from whichever door it comes, and writing down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from hotline.call import CallerGone, LineError, SoundFailed
from hotline.desk import CallerRefused, CallRecord, caller_number
from hotline.dialogue import converse
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotline.call import Call
    from hotline.console import Meters
    from hotline.desk import CallerNumber, Ledger
    from hotline.dialogue import Hotline, PromptWatch
    from hotline.publishing import Board, Edition

log = structlog.get_logger()

APOLOGY: Final = "interrupted"
"""The prompt for a caller whose call can't go on."""


class Service:
    """The running hotline: serves calls, from whichever door they come.

    Args:
        board: which menu a caller gets.
        hotline: what a conversation works with, by that menu and its sounds.
        ledger: where calls are written down.
        prompts: watches over the sounds.
        meters: of calls.
        test_phones: whether they are served.
        canary: whether it is served.
    """

    def __init__(
        self,
        board: Board,
        hotline: Callable[[Edition], Hotline],
        ledger: Ledger,
        prompts: PromptWatch,
        meters: Meters,
        *,
        test_phones: bool,
        canary: bool,
    ) -> None:
        self._test_phones = test_phones
        self._canary = canary
        self._board = board
        self._hotline = hotline
        self._ledger = ledger
        self._prompts = prompts
        self._meters = meters

    async def receive(self, call: Call) -> None:
        """Serve one call to its end; it is written down as it comes and when it has ended, whatever happens to it."""
        caller = self._trusted_number(call)
        # To the end of this call, whatever is published meanwhile (SPEC §6).
        edition = self._board.edition_for(call.arguments, caller)
        call.use(edition.library)
        began = CallRecord(call.id, datetime.now(UTC), caller=caller, menu=edition.name)
        self._ledger.note(began)
        with structlog.contextvars.bound_contextvars(call=call.id):
            log.info("call_began", menu=edition.name)
            try:
                await converse(call, self._hotline(edition))
            except CallerGone:
                pass
            except asyncio.CancelledError:
                await self._apologise(call)
                raise
            except SoundFailed:
                log.exception("call_failed")
                await self._apologise(call)
                await self._prompts.failed()
            except Exception:
                log.exception("call_failed")
                await self._apologise(call)
            finally:
                self._note_end(call, began)

    async def _apologise(self, call: Call) -> None:
        """Tell the caller that we can't go on. What they got before stays the outcome."""
        call.outcome = call.outcome or CallOutcome.FAILED
        with contextlib.suppress(LineError):
            await call.say(APOLOGY, keys="")
        # Also when there is no sound to apologise with: better no call than a silent one.
        with contextlib.suppress(LineError):
            await call.hang_up()

    def _note_end(self, call: Call, began: CallRecord) -> None:
        outcome = call.outcome or CallOutcome.HUNG_UP
        self._meters.call_ended(call)
        log.info("call_ended", outcome=outcome, seconds=round(call.seconds(), 1), last_step=call.steps[-1].name)
        started = began.started_at
        self._ledger.note(
            replace(
                began,
                answered_at=None if call.answered_at is None else started + timedelta(seconds=call.answered_at),
                ended_at=started + timedelta(seconds=call.seconds()),
                outcome=outcome,
                steps=[(step.name, step.at) for step in call.steps],
            )
        )

    def _trusted_number(self, call: Call) -> CallerNumber | None:
        try:
            return caller_number(call.arguments, test_phones=self._test_phones, canary=self._canary)
        except CallerRefused:
            return None
