"""How long a note is that is written in ABC, while more of its length may follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

GRID = 1152
"""Parts of a unit note: 64ths and their triplets come out even."""
DIGITS = "0123456789"


@dataclass(frozen=True)
class LastNote:
    """The note that the text ends with, while its length may still change."""

    upper: str
    slashes: str
    lower: str
    numerator: int
    denominator: int
    """How much of its written length it lasts: tuplets and broken rhythm."""

    def length(self, digit: str = "") -> int | None:
        """Return its length with one more digit, None where that is none."""
        if self.slashes:
            upper, lower = self.upper, self.lower + digit
        else:
            upper, lower = self.upper + digit, self.lower
        return note_length(upper, self.slashes, lower, self.numerator, self.denominator)


@lru_cache(4096)
def note_length(upper: str, slashes: str, lower: str, numerator: int, denominator: int) -> int | None:
    """Return how long a written length times a factor is, on the grid; None where it has no place there."""
    below = int(lower) if lower else 2 ** len(slashes)
    written = _scaled(GRID, int(upper or 1), below) if below and len(slashes) < 7 else None
    return None if written is None else _scaled(written, numerator, denominator)


def _scaled(length: int, numerator: int, denominator: int) -> int | None:
    return None if length * numerator % denominator else length * numerator // denominator


@lru_cache(4096)
def too_long(left: int, last: LastNote | None) -> str:
    """Return what would make the last note, or the next by broken rhythm, longer than ``left``."""
    if last is None:
        return "<>"
    now = last.length() or 0
    broken = "<>" if now > left else ""
    if last.lower:
        return broken
    longer = ((digit, last.length(digit)) for digit in DIGITS)
    return broken + "".join(digit for digit, length in longer if length is None or length - now > left)


@lru_cache(4096)
def too_short(least: int, last: LastNote | None) -> str:
    """Return what would make the last note, or the next by broken rhythm, shorter than ``least``.

    A note is halved and halved again, as tunes have it: all else leaves what no other note fills.
    """
    if last is None:
        return ""
    now = last.length() or 0
    broken = "<>" if now < 2 * least else ""
    if not last.slashes:
        return broken + ("/" if now < 2 * least else "")
    if last.lower:
        return broken + DIGITS + "/"
    whole = note_length(last.upper, "", "", last.numerator, last.denominator) or 0
    odd = "".join(digit for digit in DIGITS if digit not in "248" or whole < int(digit) * least)
    return broken + odd + ("/" if now < 2 * least else "")


def times(numerator: int, denominator: int, points: int) -> tuple[int, int]:
    """Return a factor times what a broken rhythm makes of a note: longer by points, or shorter."""
    short = 2 ** abs(points)
    return numerator * (2 * short - 1 if points > 0 else 1), denominator * short


def broken_length(length: int, points: int) -> int:
    """Return how long the note before a broken rhythm's sign is."""
    numerator, denominator = times(1, 1, points)
    return length * numerator // denominator
