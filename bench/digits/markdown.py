"""What was heard as tables for docs/voice-digits.md: a row a digit, a column a line."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from bench.digits.figures import SILENCE, of_all, of_digit, of_passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.digits.hearing import Heard
    from bench.digits.scoring import Share

    Cell = Callable[[Sequence[Heard]], str]

_MOST_COMMON = 4


def tables(heard: Sequence[Heard]) -> str:
    """Return a table for each set of digits and each reading, and one of what was heard in their place."""
    parts = []
    for digits in dict.fromkeys(one.digits for one in heard):
        of_set = [one for one in heard if one.digits == digits]
        for reading in dict.fromkeys(one.reading for one in of_set):
            title = f"**Digits {digits}, {reading} reading:** misheard [95 % interval] times"
            parts.append(_table(title, digits, [one for one in of_set if one.reading is reading]))
        parts.append(_mistaken(f"**Digits {digits}: heard in their place,** both readings", digits, of_set))
    return "\n".join(parts)


def _table(title: str, digits: str, heard: Sequence[Heard]) -> str:
    rows: dict[str, Cell] = {digit: partial(_share_of, digit=digit) for digit in digits}
    rows["all"] = lambda here: _short(of_all(here))
    rows["readings with any mistake"] = lambda here: _short(of_passwords(here))
    rows["digits heard without being said"] = lambda here: str(sum(one.said is None for one in here))
    return _written(title, heard, rows)


def _mistaken(title: str, digits: str, heard: Sequence[Heard]) -> str:
    return _written(title, heard, {digit: partial(_words_for, digit=digit) for digit in digits})


def _share_of(heard: Sequence[Heard], digit: str) -> str:
    return _short(of_digit(heard, digit))


def _words_for(heard: Sequence[Heard], digit: str) -> str:
    """Return what was heard in place of `digit` more than once, the commonest first, and how often anything else."""
    mistaken = Counter(one.heard or SILENCE for one in heard if one.said == digit and not one.right)
    common = [(word, times) for word, times in mistaken.most_common(_MOST_COMMON) if times > 1]
    if others := mistaken.total() - sum(times for _, times in common):
        common.append(("others", others))
    return ", ".join(f"{word} {times}" for word, times in common)


def _written(title: str, heard: Sequence[Heard], rows: Mapping[str, Cell]) -> str:
    by_line = {line: [one for one in heard if one.line == line] for line in dict.fromkeys(one.line for one in heard)}
    heads = [f"{line}, {len({one.password for one in here})} passwords" for line, here in by_line.items()]
    table = [["digit", *heads], ["---"] * (1 + len(heads))]
    table += [[name, *(told(here) for here in by_line.values())] for name, told in rows.items()]
    return "\n".join([title, "", *(f"| {' | '.join(row)} |" for row in table), ""])


def _short(share: Share) -> str:
    low, high = share.interval
    return f"{100 * share.rate:.1f} % [{100 * low:.1f}, {100 * high:.1f}] {share.times}/{share.of}"
