"""The call a conversation sees: answer, say, ask, read out, hang up, each with a truthful result."""

from hotline.call.call import Call, Step
from hotline.call.collector import Collector, Entry, Keyed, Reason
from hotline.call.keypad import Keypad
from hotline.call.line import KEYS, CallerGone, Ended, Line, LineError, Played, Sound, SoundFailed

__all__ = [
    "KEYS",
    "Call",
    "CallerGone",
    "Collector",
    "Ended",
    "Entry",
    "Keyed",
    "Keypad",
    "Line",
    "LineError",
    "Played",
    "Reason",
    "Sound",
    "SoundFailed",
    "Step",
]
