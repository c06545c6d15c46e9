"""What an operator sees of the running application from outside: health and figures, over HTTP."""

from hotline.console.errors import ConsoleUnavailable
from hotline.console.metrics import Meters
from hotline.console.server import console
from hotline.console.vitals import Parts, Vitals, faults, take

__all__ = ["ConsoleUnavailable", "Meters", "Parts", "Vitals", "console", "faults", "take"]
