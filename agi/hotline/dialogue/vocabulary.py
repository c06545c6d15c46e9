"""The prompts that the conversation and the dialplan say by themselves, besides those the menu names."""

from __future__ import annotations

PROMPTS = frozenset(
    {
        "notice", "busy", "goodbye", "farewell", "no-input", "no-match",
        "caller-withheld", "caller-foreign", "caller-unasserted", "caller-limit-hour", "caller-limit-day",
        "ask-number", "continue-number", "card-hint", "read-back", "read-back-ask", "check",
        "new-password", "repeat-password", "after-reading", "advice", "not-activated", "overtaken", "already-issued",
        "reissued-often", "mismatch", "other-ways", "line-unsafe",
        "fallback", "interrupted", "closed", "closed-holiday", "emergency", "branch8-off",
        "key-check", "key-star",
    }
)  # fmt: skip
"""A script without one of these can't be used: it would be missed in the middle of a call."""
