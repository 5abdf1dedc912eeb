"""How long the notes of a bar are that are written in ABC, while more of the last one's length may follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ...models.abc.symbol import TUPLET_TIME

GRID = 1152
"""Parts of a unit note: 64ths and their triplets come out even."""
DIGITS = "0123456789"
_TUPLETS = {notes: (time, notes) for notes, time in TUPLET_TIME.items()}
"""How much of its length a note lasts; those of 5, 7 and 9 are seldom and left alone."""
TOKEN = re.compile(
    r"""\((?P<tuplet>[2-9])(?::(?P<time>[1-9]?)(?::(?P<count>[1-9]?))?)?
      | (?:\^\^?|__?|=)?(?P<note>[A-Ga-gzx])[,']*(?P<upper>[0-9]*)(?P<slashes>/*)(?P<lower>[0-9]*)
      | (?P<broken>[<>]{1,3})
      | \[(?P<chord>(?:[\^_=]{0,2}[A-Ga-g][,']*){1,6})\](?P<times>[0-9]*)(?P<halved>/*)(?P<by>[0-9]*)
      | \[[1-9](?:[,-][1-9])* | "[^"]*" | \{[^{}]*\} | ![^!]+!
      | [\s~.()\-:\\\]H-WYh-wy0-9]
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
"""One sign of a bar; ``other`` is what has no known length."""


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


def _times(numerator: int, denominator: int, points: int) -> tuple[int, int]:
    """Return a factor times what a broken rhythm makes of a note: longer by points, or shorter."""
    short = 2 ** abs(points)
    return numerator * (2 * short - 1 if points > 0 else 1), denominator * short


def _broken_length(length: int, points: int) -> int:
    """Return how long the note before a broken rhythm's sign is."""
    numerator, denominator = _times(1, 1, points)
    return length * numerator // denominator


def measured(bar: str) -> tuple[list[int], LastNote | None]:
    """Return how long the notes and rests of a bar are, none if that cannot be told, and the last.

    Args:
        bar: as it is written so far.
    """
    lengths: list[int] = []
    left, factor, points = 0, (1, 1), 0
    last: tuple[str, str, str, int, int] | None = None
    for token in TOKEN.finditer(bar):
        last = None
        if token["other"]:
            return [], None
        if token["tuplet"]:
            notes = int(token["tuplet"])
            if notes not in _TUPLETS:
                return [], None
            factor = (int(token["time"]), notes) if token["time"] else _TUPLETS[notes]
            left = int(token["count"] or notes)
        elif token["broken"]:
            points = len(token["broken"]) if token["broken"][0] == ">" else -len(token["broken"])
            if lengths:
                lengths[-1] = _broken_length(lengths[-1], points)
        elif token["note"] or token["chord"]:
            numerator, denominator = factor if left else (1, 1)
            if points:
                numerator, denominator = _times(numerator, denominator, -points)
            names = ("upper", "slashes", "lower") if token["note"] else ("times", "halved", "by")
            upper, slashes, lower = token.group(*names)
            last = upper, slashes, lower, numerator, denominator
            length = note_length(*last)
            if length is None:
                return [], None
            lengths.append(length)
            left, points = max(left - 1, 0), 0
    return lengths, None if last is None else LastNote(*last)
