"""The call a conversation sees: answer, say, ask, read out, hang up, each with a truthful result."""

from hotline.call.call import Call, Step
from hotline.call.collector import Collector, Entry, Keyed, Reason
from hotline.call.errors import CallerGone, LineError, LineFailed, SoundFailed
from hotline.call.keypad import KEYS, Keypad
from hotline.call.line import FIRST_WORD, TAIL, Ended, Line, Media, Played, Sound, Sounds
from hotline.call.watch import Watch, watched

__all__ = [
    "FIRST_WORD",
    "KEYS",
    "TAIL",
    "Call",
    "CallerGone",
    "Collector",
    "Ended",
    "Entry",
    "Keyed",
    "Keypad",
    "Line",
    "LineError",
    "LineFailed",
    "Media",
    "Played",
    "Reason",
    "Sound",
    "SoundFailed",
    "Sounds",
    "Step",
    "Watch",
    "watched",
]
