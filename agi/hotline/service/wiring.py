"""Wiring: builds the parts, starts them and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

import structlog

from hotline.console import Meters, Parts, console
from hotline.desk import Desk, Ledger, MediaRule, RecordsUnavailable, Vault
from hotline.dialogue import Hotline, PromptWatch, Readings, Timer
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import text_of
from hotline.prompts import SpokenSecrets
from hotline.publishing import FILE, Board, Maker
from hotline.records import Database, menus
from hotline.records.listening import Listener
from hotline.service.calls import Service
from hotline.service.fitness import require_fit, when_there
from hotline.service.running import Running
from hotline.service.ways_in import doors_of, opened, take_calls
from hotline.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr

    from hotline.publishing import Edition
    from hotline.settings import CallSettings, Settings

log = structlog.get_logger()


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
