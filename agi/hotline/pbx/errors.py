"""What can go wrong with the switchboard."""

from __future__ import annotations


class PbxUnavailable(Exception):
    """Asterisk cannot be had, started or talked to; the message is one clear line, then its last log lines if any."""


class SiteError(Exception):
    """A value of the site cannot stand in Asterisk's configuration; the message names it."""
