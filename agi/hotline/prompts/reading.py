"""A number read out as one piece of sound: digits in groups, with gaps long enough to write them down.

The digits' bytes are copied, never decoded, faded or levelled again, so what a caller hears is what was built. Each
takes as long as the longest of the ten, so that the length of a reading tells how many digits there are and not which:
times stand in records and logs, and can be seen from outside on an encrypted line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.prompts import audio
from hotline.prompts.library import digit_id

if TYPE_CHECKING:
    from hotline.prompts.library import Library

DIGITS = "0123456789"
LEAD_GAP = 0.3  # seconds from the lead-in's last sound to the first digit's
END_SECONDS = 0.05  # silence after the last digit: what was played out was heard, so it stays under 0.1


def compose(
    library: Library, lead: str | None, digits: str, *, digit_gap: float, group_gap: float, group: int = 3
) -> bytes:
    """Return A-law audio that reads `digits` out; takes well under a millisecond.

    Every number of as many digits takes equally long, whatever they are.

    Args:
        library: the clips to take it from.
        lead: id of the prompt that comes first, if any.
        digits: one or more of 0 to 9.
        digit_gap: seconds of silence between the digits of a group, speech to speech, after the longest digit and
            before it; a shorter one begins later.
        group_gap: seconds of silence between groups, counted likewise.
        group: digits a group; see `grouped`.

    Raises:
        ValueError: there are no digits, or other characters among them; the message does not show them.
        PromptMissing: there is no prompt `lead`.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("only digits can be read out")
    spoken = {digit: library.speech(digit_id(digit)) for digit in DIGITS}
    longest = max(map(len, spoken.values()))
    # The silence comes first, as none may follow the last digit.
    in_time = {digit: speech.rjust(longest, audio.SILENT) for digit, speech in spoken.items()}
    between = audio.silence(digit_gap)
    groups = [between.join(in_time[digit] for digit in part) for part in grouped(digits, group)]
    parts = [audio.silence(audio.LEAD_SECONDS)]
    if lead is not None:
        parts += [library.speech(lead), audio.silence(LEAD_GAP)]
    parts += [audio.silence(group_gap).join(groups), audio.silence(END_SECONDS)]
    return b"".join(parts)


def grouped(digits: str, size: int = 3) -> list[str]:
    """Split `digits` into groups of `size`; a last one alone joins the group before: 3-3-4, never 3-3-3-1."""
    groups = [digits[start : start + size] for start in range(0, len(digits), size)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        alone = groups.pop()
        groups[-1] += alone
    return groups
