"""Metres and where their barlines fall."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf

from .errors import MusicError

MAX_NUMERATOR = 64
DENOMINATORS = (1, 2, 4, 8, 16, 32, 64)
_EPSILON = 1e-6
_WRITTEN = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})")
"""No more digits than any metre needs, as Python refuses to read numbers of thousands."""


@dataclass(frozen=True, slots=True, order=True)
class Metre:
    """A time signature.

    >>> Metre.parse("6/8").beats
    3.0
    """

    numerator: int = 4
    """How many units fill a bar, 1..64."""
    denominator: int = 4
    """The unit: 4 for quarter notes; a power of two up to 64."""

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= MAX_NUMERATOR or self.denominator not in DENOMINATORS:
            raise MusicError(
                f"metre {self.numerator}/{self.denominator}: the numerator must be 1..{MAX_NUMERATOR} "
                f"and the denominator one of {', '.join(map(str, DENOMINATORS))}"
            )

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read ``"6/8"``; raises MusicError on anything else."""
        told = _WRITTEN.fullmatch(text.strip())
        if told is None:
            raise MusicError(f'metre {text!r:.80} is not of the form "6/8"')
        return cls(int(told[1]), int(told[2]))

    @property
    def beats(self) -> float:
        """Length of a bar in beats (quarter notes)."""
        return self.numerator * 4.0 / self.denominator

    @property
    def pulse(self) -> float:
        """Length of what is felt as a beat, in quarter notes: three eighths in 6/8, else a quarter.

        >>> Metre(6, 8).pulse, Metre(3, 4).pulse, Metre(7, 8).pulse
        (1.5, 1.0, 1.0)
        """
        return 12.0 / self.denominator if self.denominator >= 8 and self.numerator % 3 == 0 else 1.0

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


def is_pick_up(place: float, length: float) -> bool:
    """Return whether music that begins at a place in a bar leaves half of it or more silent: a pick-up.

    Args:
        place: where in the bar, in any unit.
        length: the bar's, in the same unit.
    """
    return 2 * place >= length


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it starts and its metre."""

    start: float
    """The barline, in beats."""
    metre: Metre


def _beat_of(change: tuple[float, Metre]) -> float:
    return change[0]


@dataclass(frozen=True, slots=True)
class MetreMap:
    """Metres by barline. The first one also counts backwards, so a pick-up lies before its barline.

    A change cuts the bar before it short, which is how irregular bars are written.

    >>> MetreMap(((1.0, Metre(3, 4)),)).bar_at(0.5).start  # a pick-up of one beat
    -2.0
    """

    changes: tuple[tuple[float, Metre], ...] = ((0.0, Metre()),)
    """(barline in beats, metre), ascending, at least one."""

    def __post_init__(self) -> None:
        beats = [beat for beat, _ in self.changes]
        if not beats or any(b <= a for a, b in pairwise(beats)):
            raise MusicError("a metre map needs at least one entry, with ascending barlines")

    def bar_at(self, beat: float) -> Bar:
        """Return the bar that holds ``beat`` (in beats, any sign)."""
        index = max(bisect_right(self.changes, beat + _EPSILON, key=_beat_of) - 1, 0)
        anchor, metre = self.changes[index]
        return Bar(anchor + floor((beat - anchor) / metre.beats + _EPSILON) * metre.beats, metre)

    def next_barline(self, beat: float) -> float:
        """Return the first barline at or after ``beat``."""
        bar = self.bar_at(beat)
        if beat - bar.start <= _EPSILON:
            return bar.start
        after = bisect_right(self.changes, beat + _EPSILON, key=_beat_of)
        return min([bar.start + bar.metre.beats, *(anchor for anchor, _ in self.changes[after : after + 1])])

    def bars_between(self, start: float, end: float) -> int:
        """Return how many barlines lie after ``start``, one at ``end`` included.

        >>> MetreMap(((0.0, Metre(4, 4)), (4.0, Metre(3, 8)))).bars_between(0.0, 5.5)
        2
        """
        count = 0
        # The music may change its metre in every bar: only the changes in between are looked at.
        at = max(bisect_right(self.changes, start, key=_beat_of) - 1, 0)
        for index in range(at, len(self.changes)):
            anchor, metre = self.changes[index]
            if index > at and anchor > end + metre.beats:
                break
            stop = self.changes[index + 1][0] if index + 1 < len(self.changes) else inf
            first = floor((start - anchor) / metre.beats + _EPSILON)
            if index:  # only the first metre also counts backwards
                first = max(first, -1)
            if end < stop - _EPSILON:
                last = floor((end - anchor) / metre.beats + _EPSILON)
            else:
                last = ceil((stop - anchor) / metre.beats - _EPSILON) - 1
            count += max(last - first, 0)
        return count
