"""What can go wrong with the console."""

from __future__ import annotations


class ConsoleUnavailable(Exception):
    """The console can't listen where it is to; the message names the settings."""


class ProcessAway(Exception):
    """There is no such process of the application, or it does not answer; the message says which there are."""
