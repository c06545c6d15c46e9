"""The menu as data: its model, its hours and its checks."""

from hotline.menu import steps
from hotline.menu.hours import VIETNAM, Days, Hours, Moment, Span
from hotline.menu.load import MenuError, load, read, text_of, warned
from hotline.menu.model import (
    Action,
    Again,
    Branch,
    Branch8,
    Emergency,
    End,
    GoTo,
    Menu,
    Pace,
    Reissue,
    Say,
    Tries,
    Wait,
)

__all__ = [
    "VIETNAM",
    "Action",
    "Again",
    "Branch",
    "Branch8",
    "Days",
    "Emergency",
    "End",
    "GoTo",
    "Hours",
    "Menu",
    "MenuError",
    "Moment",
    "Pace",
    "Reissue",
    "Say",
    "Span",
    "Tries",
    "Wait",
    "load",
    "read",
    "steps",
    "text_of",
    "warned",
]
