"""The menu as data: its model and its checks."""

from hotline.menu.load import MenuError, faults, load
from hotline.menu.model import Action, Again, Branch, End, GoTo, Menu, Pace, Reissue, Say, Tries, Wait

__all__ = [
    "Action",
    "Again",
    "Branch",
    "End",
    "GoTo",
    "Menu",
    "MenuError",
    "Pace",
    "Reissue",
    "Say",
    "Tries",
    "Wait",
    "faults",
    "load",
]
