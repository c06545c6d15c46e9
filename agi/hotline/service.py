"""Wiring: builds the parts, starts and stops them in order, and writes down what became of each call."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from hotline import ari
from hotline.call import CallerGone, LineError, SoundFailed
from hotline.console import Meters, Parts, Steering, console, take
from hotline.desk import CallerRefused, CallRecord, Desk, Ledger, MediaRule, RecordsUnavailable, Vault, caller_number
from hotline.dialogue import Hotline, PromptWatch, Readings, Timer, converse
from hotline.dialogue.vocabulary import PROMPTS
from hotline.doors.ari import AriDoor
from hotline.doors.fastagi import FastAgiDoor
from hotline.menu import text_of
from hotline.prompts import SpokenSecrets, silence
from hotline.publishing import FILE, Board, Maker
from hotline.records import Database, menus, schema
from hotline.records.listening import Listener
from hotline.records.outcomes import CallOutcome
from hotline.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence

    from pydantic import SecretStr

    from hotline.call import Call
    from hotline.desk import CallerNumber
    from hotline.doors import Door
    from hotline.prompts import Library
    from hotline.publishing import Edition
    from hotline.settings import AriSettings, CallSettings, Settings

log = structlog.get_logger()

APOLOGY = "interrupted"
LOOK_AGAIN = 1.0
"""Seconds between two tries to ask a database that is away at the start."""
LONGEST_WAIT = 60.0
"""Seconds that a caller can be waited for at most, by menu.toml."""


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


@dataclass(frozen=True)
class Running:
    """The hotline while it takes calls.

    Attributes:
        task: takes them; ends only when Asterisk will have us no more, or the database turns out to have another
            version's schema or to know another pepper, with the error that says why.
        parts: those that can be asked how they are; their doors are where calls come in.
    """

    task: asyncio.Task[None]
    parts: Parts

    def steering(self, refusals: Callable[[], Mapping[str, int]] = dict) -> Steering:
        """Return what can be wished of it while it runs; `refusals` tells those that somebody else counts."""
        return Steering(partial(take, self.parts), self.hold, self.resume, refusals)

    async def drain(self, limit_seconds: float, hurry: asyncio.Event) -> None:
        """Take no more calls; return when those there are have ended, at the limit, on `hurry`, or when it is over."""
        log.info("service_draining", limit_seconds=limit_seconds)
        self.parts.draining.set()
        draining = asyncio.create_task(self._drained())
        hurried = asyncio.create_task(hurry.wait())
        try:
            await asyncio.wait(
                {draining, hurried, self.task}, timeout=limit_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            log.info("service_drained", calls_left=not draining.done())
            draining.cancel()
            hurried.cancel()

    def hold(self) -> None:
        """Take no more calls, until `resume`; those there are go on."""
        log.info("service_held")
        self._hold(held=True)

    def resume(self) -> None:
        """Take calls again."""
        log.info("service_resumed")
        self._hold(held=False)

    def _hold(self, *, held: bool) -> None:
        draining = self.parts.draining
        (draining.set if held else draining.clear)()
        for door in self.parts.doors:
            door.held = held

    async def _drained(self) -> None:
        await asyncio.gather(*(door.drain() for door in self.parts.doors))


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Running]:
    """Take calls from Asterisk until the end of the block; entered once calls can come.

    At its end callers who are still on the line hear that their call can't go on.

    Raises:
        MenuError, PromptsError, SecretsUnsafe, SettingsError: something is not as it must be to serve callers; a pepper
            is not the one that its name stood for, at the start or once the database is there.
        SchemaUnfit: the database does not have the schema of this version, at the start or once it is there.
        AriError, DoorUnavailable: Asterisk refused us, or our address is taken, at the start or later.
        ConsoleUnavailable: the console's address is taken.
    """
    maker = Maker(settings.voice.script, settings.voice.sounds, PROMPTS)
    first = maker.make(text_of(settings.menu), FILE, str(settings.menu))
    if settings.ari.by_http and not settings.ari.password.get_secret_value():
        raise SettingsError("HOTLINE_ARI__PASSWORD: set it to the password in Asterisk's site/ari.conf")
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(settings.database))
        vault = Vault(settings.password)
        stack.callback(vault.close)
        desk = Desk(database, vault, settings.password, settings.limits)
        stack.push_async_callback(desk.close)
        watch = PromptWatch(first.library, desk)
        board = Board(first, maker, database, desk, vault, on_live=lambda edition: watch.watch(edition.library))
        with contextlib.suppress(RecordsUnavailable):
            await require_fit(database, desk)
            await board.look()
        await warn_of_long_calls(board.live, settings)
        secrets = SpokenSecrets(settings.voice.secrets)
        stack.callback(secrets.close)
        desk.look_for_missing_peppers()
        ledger = Ledger(database, vault, price_per_minute=settings.call.price_per_minute)
        stack.push_async_callback(ledger.close)
        call, rule = settings.call, media_rule(settings.call)

        def hotline(edition: Edition) -> Hotline:
            readings = Readings(edition.library, secrets)
            return Hotline(
                edition.menu, desk, readings, rule, call.notice, test_phones=call.test_phones, canary=call.canary
            )

        meters = Meters()
        service = Service(board, hotline, ledger, watch, meters, test_phones=call.test_phones, canary=call.canary)
        doors = doors_of(settings, stack, first.library, secrets)
        draining = asyncio.Event()
        parts = Parts(doors, database, desk, vault, ledger, watch, settings.call.at_once, draining)
        await stack.enter_async_context(console(settings.console, parts, meters))
        running = asyncio.create_task(take_calls(doors, service, partial(when_there, database, desk)), name="doors")
        watching = [
            asyncio.create_task(watch.run(), name="prompt watch"),
            asyncio.create_task(keep_current(board, settings.database.dsn), name="menu board"),
        ]
        try:
            await opened(doors, running)
            log.info("service_ready")
            yield Running(running, parts)
        finally:
            for task in (running, *watching):
                task.cancel()
            await asyncio.wait({running, *watching})
        if not running.cancelled():
            running.result()


def doors_of(
    settings: Settings, stack: contextlib.AsyncExitStack, library: Library, secrets: SpokenSecrets
) -> list[Door]:
    """Return the ways in which calls come by the settings; what they hold is given back when `stack` closes."""
    doors: list[Door] = []
    limits = {"call_seconds": settings.call.longest_seconds, "calls_at_once": settings.call.at_once}
    if settings.ari.enabled:
        client = to_asterisk(settings.ari)
        stack.push_async_callback(client.close)
        quiet = stack.enter_context(secrets.file(silence(LONGEST_WAIT)))
        peers = watch_over_peers(settings.ari, client)
        doors.append(AriDoor(client, library, apology=APOLOGY, silence=quiet, peers=peers, **limits))
    if settings.fastagi.enabled:
        doors.append(FastAgiDoor(settings.fastagi, library, **limits))
    return doors


async def keep_current(board: Board, dsn: SecretStr) -> None:
    """Have what is published, as soon as the database tells of it, until cancelled."""
    listener = Listener(dsn, menus.CHANNEL)
    async with asyncio.TaskGroup() as group:
        group.create_task(listener.run(), name="menu listener")
        group.create_task(board.run(listener), name="menu looks")


async def warn_of_long_calls(edition: Edition, settings: Settings) -> None:
    """Warn of calls that cost more than one minute (SPEC §2); they are served all the same. It takes 25 ms."""
    timer = Timer(edition.menu, edition.library, settings.password.length, settings.call.notice)
    for way in await timer.all():
        if way.too_long:
            log.warning(
                "calls_too_long",
                way=way.name,
                seconds=round(way.seconds, 1),
                limit=way.limit,
                do="`hotline sounds time` says what to shorten, or how many digits a password may have",
            )


def media_rule(call: CallSettings) -> MediaRule:
    """Return the rule of the settings; warn when it lets no caller of the trunk have a password."""
    if not call.media_networks:
        log.warning(
            "no_media_networks",
            effect="callers of the trunk get no password; test phones do",
            do="set HOTLINE_CALL__MEDIA_NETWORKS to the networks of the carrier's media gateways, as 192.0.2.0/24,"
            "198.51.100.7; or to `any` where nobody but the carrier can reach the trunk",
        )
    return MediaRule(call.media_networks, call.media_both_ways)


def to_asterisk(at: AriSettings) -> ari.Client | ari.Listener:
    """Return what connects us with Asterisk, whoever opens the socket."""
    password = at.password.get_secret_value()
    if at.connects == "hotline":
        return ari.Client(at.url, at.user, password, at.names)
    http = (at.url, at.user, password) if at.by_http else None
    listen_password = at.listen_password.get_secret_value()
    return ari.Listener(at.listen_address, at.listen_port, at.listen_user, listen_password, at.names, http=http)


def watch_over_peers(at: AriSettings, client: ari.Client | ari.Listener) -> ari.PeerWatch | None:
    """Return what watches over the other processes, if there are any."""
    if isinstance(client, ari.Listener) or not at.names_of_peers:
        return None

    def under(names: Sequence[str]) -> ari.Client:
        return ari.Client(at.url, at.user, at.password.get_secret_value(), names)

    return ari.PeerWatch(client, at.names, at.names_of_peers, under=under)


async def require_fit(database: Database, desk: Desk) -> None:
    """Make sure that the database is one that this process may serve with.

    Raises:
        SchemaUnfit: it does not have the schema of this version.
        SettingsError: it knows another pepper by the name of one of ours.
        RecordsUnavailable: it is away.
    """
    await schema.require_current(database)
    await desk.require_known_peppers()


async def when_there(database: Database, desk: Desk) -> None:
    """As `require_fit`, as soon as the database answers.

    Raises:
        SchemaUnfit, SettingsError: it is not fit.
    """
    while True:
        try:
            return await require_fit(database, desk)
        except RecordsUnavailable:
            await asyncio.sleep(LOOK_AGAIN)


async def take_calls(doors: Sequence[Door], service: Service, fit: Callable[[], Coroutine[None, None, None]]) -> None:
    """Have all `doors` open until cancelled, or until one will not stay open: then none does.

    Nor does one when `fit` finds out that we may not serve with the database, which was away at the start.

    Raises:
        AriError, DoorUnavailable, SchemaUnfit, SettingsError: that was why.
    """
    tasks = [asyncio.create_task(door.open(service.receive), name=type(door).__name__) for door in doors]
    tasks.append(asyncio.create_task(fit(), name="fit"))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


async def opened(doors: Sequence[Door], running: asyncio.Task[None]) -> None:
    """Wait until calls can come by each of `doors`.

    Raises:
        AriError, DoorUnavailable: they never will; `running` has ended with this.
    """
    waiting = asyncio.create_task(_all(door.opened for door in doors))
    try:
        await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if running.done():
        running.result()


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, from now on, in place of ending the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def stopped_or_ended(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Wait for `stop`, or for the end of `task`."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopped, task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
