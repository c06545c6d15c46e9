"""Versions of the menu: drafted, published, rolled back, and what callers of this process hear of them."""

from hotline.publishing.board import Board
from hotline.publishing.editing import branch8, greeting_off, greeting_on
from hotline.publishing.edition import DRAFT, FILE, Edition, Maker
from hotline.publishing.errors import (
    NoDraft,
    NoSuchVersion,
    NothingToChange,
    PublishedMeanwhile,
    PublishingError,
    RolledBackAlready,
)
from hotline.publishing.press import FILE_NUMBER, Press

__all__ = [
    "DRAFT",
    "FILE",
    "FILE_NUMBER",
    "Board",
    "Edition",
    "Maker",
    "NoDraft",
    "NoSuchVersion",
    "NothingToChange",
    "Press",
    "PublishedMeanwhile",
    "PublishingError",
    "RolledBackAlready",
    "branch8",
    "greeting_off",
    "greeting_on",
]
