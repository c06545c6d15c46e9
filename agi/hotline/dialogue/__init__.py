"""What the assistant says and asks: the walk through the menu, the re-issue, the information."""

from hotline.dialogue.hotline import Hotline
from hotline.dialogue.prompt_watch import PromptWatch
from hotline.dialogue.readings import Readings
from hotline.dialogue.reception import converse
from hotline.dialogue.timing import Timed, Timer

__all__ = ["Hotline", "PromptWatch", "Readings", "Timed", "Timer", "converse"]
