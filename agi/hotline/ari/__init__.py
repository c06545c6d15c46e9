"""A client for the Asterisk REST Interface; knows nothing of this project."""

from .client import Client, congested, hang_up
from .connection import backoff_seconds, retry_or_fatal
from .errors import (
    AriError,
    CannotListen,
    Conflict,
    ConnectionLost,
    Fatal,
    Gone,
    InvalidState,
    NotFound,
    NotInStasis,
    Refused,
    Rejected,
    Replaced,
    TimedOut,
    Unavailable,
)
from .listener import Listener
from .models import Application, Caller, Channel, Ping, Playback
from .peers import PeerWatch
from .playback import Outcome, PlaybackResult
from .stay import Handler, Stay

__all__ = [
    "Application",
    "AriError",
    "Caller",
    "CannotListen",
    "Channel",
    "Client",
    "Conflict",
    "ConnectionLost",
    "Fatal",
    "Gone",
    "Handler",
    "InvalidState",
    "Listener",
    "NotFound",
    "NotInStasis",
    "Outcome",
    "PeerWatch",
    "Ping",
    "Playback",
    "PlaybackResult",
    "Refused",
    "Rejected",
    "Replaced",
    "Stay",
    "TimedOut",
    "Unavailable",
    "backoff_seconds",
    "congested",
    "hang_up",
    "retry_or_fatal",
]
