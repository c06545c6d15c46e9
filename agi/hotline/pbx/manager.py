"""The manager interface of a running Asterisk, asked over panoramisk, with a time to every wait.

panoramisk reconnects by itself and waits for answers for ever; neither is wanted here, where a switchboard that does
not answer is an answer too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

import panoramisk
from panoramisk.ami_protocol import AMIProtocol

from hotline.pbx.errors import PbxUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from panoramisk.message import Message

    from hotline.settings import AmiSettings

HOST: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 3.0
PING_SECONDS: Final = 15.0
"""Between two pings on a connection that only listens: a half-open one is found in this and an answer's time."""
_NEVER: Final = 10**6
_QUIET = logging.getLogger("hotline.pbx.manager.panoramisk")
_QUIET.disabled = True  # it writes whole actions, the login too, and what goes wrong is told by our errors


class _Once(panoramisk.Manager):  # type: ignore[misc]
    """One connection; when it is lost it is lost."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.lost = asyncio.Event()

    def connection_lost(self, exc: object) -> None:
        del exc
        self.lost.set()


class ManagerSession:
    """A connection that is logged in."""

    def __init__(self, manager: _Once) -> None:
        self._manager = manager

    async def ask(self, action: str, **fields: str) -> Message:
        """Return the one answer to an action. Raises: PbxUnavailable."""
        answer = await self._answered(self._manager.send_action({"Action": action, **fields}), action)
        if not answer.success:
            raise PbxUnavailable(f"the manager interface refuses {action}: {answer.message}")
        return answer

    async def items(self, action: str, **fields: str) -> Sequence[Message]:
        """Return the events of the list that an action asks for. Raises: PbxUnavailable."""
        # Not `as_list`: told that a list is to come, panoramisk waits for one behind a refusal as well.
        sent = self._manager.send_action({"Action": action, **fields})
        answers = await self._answered(sent, action)
        first = answers if hasattr(answers, "success") else answers[0]
        if not first.success:
            raise PbxUnavailable(f"the manager interface refuses {action}: {first.message}")
        return [event for event in answers[1:] if event.eventlist.lower() != "complete"]

    async def listen(self, pattern: str, heard: Callable[[Message], None]) -> None:
        """Tell `heard` of each event whose name fits `pattern`, until it is lost. Raises: PbxUnavailable."""
        self._manager.register_event(pattern, lambda _, event: heard(event))
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PING_SECONDS):
                    await self._manager.lost.wait()
            if self._manager.lost.is_set():
                raise PbxUnavailable("the manager interface closed the connection")
            await self.ask("Ping")

    async def _answered(self, sent: asyncio.Future[Any], action: str) -> Any:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await sent
        except TimeoutError:
            raise PbxUnavailable(f"the manager interface did not answer {action} in {ANSWER_SECONDS:g} s") from None


@contextlib.asynccontextmanager
async def manager_session(settings: AmiSettings) -> AsyncIterator[ManagerSession]:
    """Log in, for the block.

    Raises:
        PbxUnavailable: it is off, does not answer, or refuses user or password.
    """
    loop = asyncio.get_running_loop()
    where = f"the manager interface at {HOST}:{settings.port}"
    manager = _Once(
        loop=loop,
        username=settings.user,
        secret=settings.password.get_secret_value(),
        log=_QUIET,
        ping_delay=_NEVER,
        ping_interval=_NEVER,
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            made = loop.create_future()
            made.set_result(await loop.create_connection(AMIProtocol, HOST, settings.port))
    except TimeoutError:
        raise PbxUnavailable(f"{where} does not answer in {ANSWER_SECONDS:g} s") from None
    except OSError as error:
        raise PbxUnavailable(f"{where}: {error.strerror or error}; site/manager.conf switches it on") from None
    try:
        manager.connection_made(made)
        session = ManagerSession(manager)
        login = await session._answered(manager.authenticated_future, "Login")  # noqa: SLF001 - the first of its answers
        if not login.success:
            raise PbxUnavailable(f"{where} refuses {settings.user}: HOTLINE_AMI__PASSWORD is another than its")
        yield session
    finally:
        manager.close()
