"""The operations of ARI that we use, under ARI's own names in snake case.

Ids of channels and playbacks are chosen by the caller, so a lost answer never means a lost object.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import NotFound
from .http import Lane, Requests, decoded
from .models import UNUSED_EVENTS, Application, Channel, Ping, Playback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_VARIABLE = "Provided variable was not found"
"""What Asterisk says, with a 404, of a variable that is not set; of a channel it says something else."""


@functools.lru_cache(maxsize=4096)
def _quoted(part: str) -> str:
    """Return a part of a path percent-encoded; a channel's id is asked for half a dozen times a call."""
    return "/" + quote(part, safe="")


def _path(*parts: str) -> str:
    """Return the path with each part percent-encoded."""
    return "".join(map(_quoted, parts))


def _given(**parameters: str | int | None) -> dict[str, str]:
    """Return the parameters that are not None, as text."""
    return {name: str(value) for name, value in parameters.items() if value is not None}


class Channels:
    """`/channels`.

    Everything but `list`, `get` and the originates needs the channel to be in our application: `NotFound` when it has
    hung up, `NotInStasis` when it has gone on in the dialplan.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def list(self) -> list[Channel]:
        """All channels of this Asterisk."""
        return decoded(await self._requests.send("GET", "/channels"), list[Channel], "GET /channels")

    async def get(self, channel_id: str) -> Channel:
        """One channel."""
        path = _path("channels", channel_id)
        return decoded(await self._requests.send("GET", path), Channel, path)

    async def originate_with_id(
        self,
        channel_id: str,
        endpoint: str,
        *,
        app: str | None = None,
        app_args: str | None = None,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        caller_id: str | None = None,
        ring_seconds: int | None = None,
        other_channel_id: str | None = None,
        formats: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Call `endpoint`; on answer the channel goes to `app`, or to `extension` of `context`.

        Raises:
            Conflict: there is a channel of this id.
        """
        path = _path("channels", channel_id)
        query = _given(
            endpoint=endpoint,
            app=app,
            appArgs=app_args,
            context=context,
            extension=extension,
            priority=priority,
            callerId=caller_id,
            timeout=ring_seconds,
            otherChannelId=other_channel_id,
            formats=formats,
        )
        body = None if variables is None else {"variables": dict(variables)}
        answer = await self._requests.send("POST", path, query=query, body=body, lane=Lane.WAITING)
        return decoded(answer, Channel, path)

    async def answer(self, channel_id: str) -> None:
        """Answer; a second time does nothing. Waits for the channel's thread, so for the end of what it plays."""
        await self._requests.send("POST", _path("channels", channel_id, "answer"), repeatable=True, lane=Lane.WAITING)

    async def ring(self, channel_id: str) -> None:
        """Tell the caller's side that it rings (180)."""
        await self._requests.send("POST", _path("channels", channel_id, "ring"), repeatable=True, lane=Lane.QUEUED)

    async def progress(self, channel_id: str) -> None:
        """Open early media (183): what is played now is heard before the answer."""
        await self._requests.send("POST", _path("channels", channel_id, "progress"), repeatable=True, lane=Lane.QUEUED)

    async def hangup(self, channel_id: str, *, reason_code: int | None = None) -> None:
        """Hang up.

        Args:
            channel_id: the channel; `NotFound` when it has ended already.
            reason_code: ITU-T Q.850 cause, for example 16 normal, 34 congestion.
        """
        await self._requests.send(
            "DELETE", _path("channels", channel_id), query=_given(reason_code=reason_code), lane=Lane.QUEUED
        )

    async def continue_in_dialplan(
        self, channel_id: str, context: str | None = None, extension: str | None = None, priority: int | None = None
    ) -> None:
        """Hand the channel back to the dialplan, by default behind `Stasis()`.

        Asterisk answers well even if there is no such extension.
        """
        query = _given(context=context, extension=extension, priority=priority)
        await self._requests.send("POST", _path("channels", channel_id, "continue"), query=query, lane=Lane.QUEUED)

    async def play_with_id(self, channel_id: str, playback_id: str, media: Sequence[str]) -> Playback:
        """Queue a playback of `media`, one after the other.

        Never sent twice: Asterisk takes a second request under the same id as a second playback. A list goes as a JSON
        list, so commas in it mean nothing.

        Raises:
            Rejected: nothing to play.
        """
        path = _path("channels", channel_id, "play", playback_id)
        body: dict[str, Any] = {"media": list(media)}
        return decoded(
            await self._requests.send("POST", path, body=body, repeatable=False, lane=Lane.QUEUED), Playback, path
        )

    async def get_channel_var(self, channel_id: str, variable: str) -> str | None:
        """The value of a channel variable or of a dialplan function such as `CHANNEL(rtp,dest)`.

        Does not wait for the channel's thread, and works on a channel that is not in our application as well.

        Returns:
            The value, which may be empty; None if there is no such variable.

        Raises:
            NotFound: there is no such channel.
            Rejected: there is no such function, or it has no value.
        """
        path = _path("channels", channel_id, "variable")
        # A function may do anything, SIP or a look-up elsewhere; Asterisk tells one by its last character, too.
        lane = Lane.WAITING if variable.endswith(")") else Lane.QUICK
        try:
            answer = await self._requests.send("GET", path, query={"variable": variable}, lane=lane)
        except NotFound as error:
            if error.said == NO_VARIABLE:
                return None
            raise
        return decoded(answer, dict[str, str], path).get("value", "")

    async def set_channel_var(self, channel_id: str, variable: str, value: str) -> None:
        """Set a channel variable or a writable dialplan function such as `TIMEOUT(absolute)`.

        Waits for the channel's thread, as `answer` does. Asterisk answers well even if there is no such function.
        """
        path = _path("channels", channel_id, "variable")
        body = {"variable": variable, "value": value}
        await self._requests.send("POST", path, body=body, repeatable=True, lane=Lane.WAITING)


class Playbacks:
    """`/playbacks`; one that is over is `NotFound`."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def get(self, playback_id: str) -> Playback:
        """One playback that is queued or playing."""
        path = _path("playbacks", playback_id)
        return decoded(await self._requests.send("GET", path), Playback, path)

    async def stop(self, playback_id: str) -> None:
        """Stop it; also when it is still queued.

        Never sent twice: the `NotFound` that a second request gets would seem to say that it had ended by itself.
        """
        await self._requests.send("DELETE", _path("playbacks", playback_id), repeatable=False, lane=Lane.QUEUED)


class Events:
    """`/events`; the events themselves come over the socket."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def user_event(self, event_name: str, application: str) -> None:
        """Have a `ChannelUserevent` of this name sent to an application; `NotFound` if nobody is connected as it."""
        path = _path("events", "user", event_name)
        await self._requests.send("POST", path, query={"application": application}, repeatable=True, lane=Lane.QUEUED)

    async def claim_channel(self, channel_id: str, application: str) -> None:
        """Claim a call that `StasisBroadcast` offers; its `StasisStart` then comes to `application` alone.

        Raises:
            Conflict: another application was first; or we were, if the answer to a first request was lost.
            NotFound: too late: the caller has gone, or the dialplan has gone on.
        """
        query = {"channelId": channel_id, "application": application}
        await self._requests.send("POST", "/events/claim", query=query, repeatable=True, lane=Lane.QUEUED)


class Applications:
    """`/applications`."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def get(self, application_name: str) -> Application:
        """One application and the channels in it; `NotFound` if no client ever connected under this name."""
        path = _path("applications", application_name)
        return decoded(await self._requests.send("GET", path), Application, path)

    async def filter(self, application_name: str, *, disallowed: Sequence[str] = UNUSED_EVENTS) -> None:
        """Have events of these types not sent.

        A list of what is allowed would also drop the answers to requests sent over the events socket.
        """
        await self._requests.send(
            "PUT",
            _path("applications", application_name, "eventFilter"),
            body={"disallowed": [{"type": name} for name in disallowed]},
        )


class Asterisk:
    """`/asterisk`."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def ping(self) -> Ping:
        """Whether ARI answers; that says nothing about SIP."""
        return decoded(await self._requests.send("GET", "/asterisk/ping"), Ping, "GET /asterisk/ping")

    async def get_info(self) -> dict[str, Any]:
        """Build, system, configuration and status, as Asterisk gives them."""
        return decoded(await self._requests.send("GET", "/asterisk/info"), dict[str, Any], "GET /asterisk/info")
