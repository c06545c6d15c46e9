"""What can go wrong with the console."""

from __future__ import annotations


class ConsoleUnavailable(Exception):
    """The console can't listen where it is to; the message names the settings."""
