"""What an operator sees of the running application from outside: health and figures, over HTTP."""

from hotline.console.errors import ConsoleUnavailable, ProcessAway
from hotline.console.metrics import Meters
from hotline.console.server import console
from hotline.console.steering import Process, State, Steering, ask, control, processes
from hotline.console.vitals import Parts, Vitals, faults, take

__all__ = [
    "ConsoleUnavailable",
    "Meters",
    "Parts",
    "Process",
    "ProcessAway",
    "State",
    "Steering",
    "Vitals",
    "ask",
    "console",
    "control",
    "faults",
    "processes",
    "take",
]
