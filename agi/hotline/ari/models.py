"""What Asterisk sends: events and objects, only the fields in use.

Decoding is typed (0.7 µs an event against 6.8 for plain JSON). Fields we do not name are ignored, so a newer Asterisk
may add some; event types we do not name become `UnknownEvent`.
"""

from __future__ import annotations

import msgspec


class Caller(msgspec.Struct, frozen=True):
    """Who calls, as the channel has it: not proven by anybody."""

    name: str = ""
    number: str = ""


class Channel(msgspec.Struct, frozen=True):
    """One leg of a call as it was when Asterisk sent this.

    Attributes:
        id: the channel's unique id.
        name: technology, endpoint and serial number, for example `PJSIP/trunk-0000001a`.
        state: `Ring` before the answer, `Up` after it.
        caller: caller id.
        language: the language of its prompts, for example `vi`.
    """

    id: str
    name: str = ""
    state: str = ""
    caller: Caller = Caller()
    language: str = ""


class ChannelRef(msgspec.Struct, frozen=True):
    """Which channel an event is about; the rest of it is not decoded."""

    id: str


class Playback(msgspec.Struct, frozen=True):
    """One playback.

    Attributes:
        id: the id we chose.
        target_uri: `channel:<id>`.
        state: `queued`, `playing`, `continuing`, `done` or `failed`.
        media_uri: the sound it is at, for example `sound:/srv/menu`.
    """

    id: str
    target_uri: str
    state: str
    media_uri: str = ""

    @property
    def channel_id(self) -> str:
        """The channel it plays to; empty when it plays to a bridge."""
        kind, _, target = self.target_uri.partition(":")
        return target if kind == "channel" else ""


class Application(msgspec.Struct, frozen=True):
    """A Stasis application and the channels in it."""

    name: str
    channel_ids: list[str] = []


class Ping(msgspec.Struct, frozen=True):
    """The answer to a ping."""

    ping: str
    asterisk_id: str = ""


class Event(msgspec.Struct, frozen=True, tag=True):
    """The base of the events.

    Attributes:
        application: the one it was sent to.
        timestamp: when Asterisk made it, by its clock, for example `2026-01-31T08:00:00.123+0700`.
    """

    application: str = ""
    timestamp: str = ""


class StasisStart(Event, frozen=True, kw_only=True):
    """A channel entered our application; `args` as the dialplan gave them."""

    channel: Channel
    args: list[str] = []


class StasisEnd(Event, frozen=True, kw_only=True):
    """A channel left our application: hung up, or continued in the dialplan."""

    channel: ChannelRef


class ChannelDestroyed(Event, frozen=True, kw_only=True):
    """A channel is no more."""

    channel: ChannelRef


class ChannelHangupRequest(Event, frozen=True, kw_only=True):
    """Somebody hung up; comes before `StasisEnd`."""

    channel: ChannelRef


class ChannelDtmfReceived(Event, frozen=True, kw_only=True):
    """A key was pressed and released."""

    channel: ChannelRef
    digit: str


class PlaybackStarted(Event, frozen=True, kw_only=True):
    """Asterisk came to a sound of a playback; one of these for each sound of a list, also for a missing one."""

    playback: Playback


class PlaybackFinished(Event, frozen=True, kw_only=True):
    """A playback is over; `done` also after a stop, `failed` also after a hang-up."""

    playback: Playback


class ChannelUserevent(Event, frozen=True, kw_only=True):
    """Somebody made an event of his own, with a channel or without."""

    eventname: str


class CallBroadcast(Event, frozen=True, kw_only=True):
    """`StasisBroadcast` offers a call to every application; it goes to the first that claims it."""

    channel: ChannelRef


class ApplicationReplaced(Event, frozen=True):
    """Another client took our application name; nothing comes after it."""


class RESTResponse(Event, frozen=True, kw_only=True):
    """The answer to a request that was sent over the events socket."""

    request_id: str
    status_code: int
    message_body: str = ""


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a type we do not use."""

    type: str = ""


StayEvent = (
    StasisEnd | ChannelDestroyed | ChannelHangupRequest | ChannelDtmfReceived | PlaybackStarted | PlaybackFinished
)
"""Events of a channel that is in our application."""

KnownEvent = StasisStart | StayEvent | CallBroadcast | ChannelUserevent | RESTResponse | ApplicationReplaced

UNUSED_EVENTS = (
    "ApplicationMoveFailed",
    "ApplicationRegistered",
    "ApplicationUnregistered",
    "BridgeAttendedTransfer",
    "BridgeBlindTransfer",
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeMerged",
    "BridgeVideoSourceChanged",
    "CallClaimed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDialplan",
    "ChannelEnteredBridge",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelTalkingFinished",
    "ChannelTalkingStarted",
    "ChannelToneDetected",
    "ChannelTransfer",
    "ChannelUnhold",
    "ChannelVarset",
    "ContactStatusChange",
    "DeviceStateChanged",
    "Dial",
    "EndpointStateChange",
    "PeerStatusChange",
    "PlaybackContinuing",
    "RecordingFailed",
    "RecordingFinished",
    "RecordingStarted",
    "TextMessageReceived",
)
"""Event types of Asterisk 22 that it shall not send: most of the traffic, `ChannelVarset` alone is half."""

_known: msgspec.json.Decoder[KnownEvent] = msgspec.json.Decoder(KnownEvent)
_unknown = msgspec.json.Decoder(UnknownEvent)


def decode_event(text: bytes | str) -> KnownEvent | UnknownEvent:
    """Return the event that `text` is; an `UnknownEvent` if it is none of ours, or not what its type promises."""
    try:
        return _known.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return _unknown.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UnknownEvent()
