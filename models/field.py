"""The categorical fields of a note, and the tables that their codes index."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from numbers import Integral, Real
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from .errors import CodecError

FieldName = Literal["delta", "part", "pitch", "duration", "velocity", "offset", "char"]
FIELD_ORDER: tuple[FieldName, ...] = get_args(FieldName)
_FIRST = ("delta", "char")
"""Fields that begin a step: they can end the piece, and know a passage from a piece's beginning."""
LONGEST = 1 << 20
"""Ticks between notes, or of a note, at most: four bars of 64/1 on the finest grid."""
RANGES: Mapping[FieldName, tuple[float, float, bool]] = {
    "delta": (0, LONGEST, True),
    "part": (0, 255, True),
    "pitch": (0, 127, True),
    "duration": (1, LONGEST, True),
    "velocity": (1, 127, True),
    "offset": (-0.5, 0.5, False),
    "char": (1, 0x10FFFF, True),
}
"""The least and the greatest value of each field, and whether its values are whole numbers."""


@dataclass(frozen=True)
class Field:
    """One categorical field: a code is an index into ``values``.

    ``delta`` and ``char`` have one code more, END, after their values. Every field has codes past its own
    for the step before the first note (see :attr:`begin`).
    """

    name: FieldName
    values: tuple[float, ...]
    """Ascending. delta and duration: ticks; part: part indices; pitch: MIDI pitches; velocity: MIDI
    velocities; offset: fractions of a tick, -0.5 to 0.5; char: Unicode code points."""

    def __post_init__(self) -> None:
        self._check()
        if not self.values or any(b <= a for a, b in pairwise(self.values)):
            raise CodecError(f"field {self.name}: its table must hold ascending values, at least one")

    def _check(self) -> None:
        """Raise CodecError for a value that no note can have."""
        if self.name not in RANGES:
            raise CodecError(f"field {self.name!r:.80} is unknown; there are {', '.join(RANGES)}")
        low, high, whole = RANGES[self.name]
        kind = Integral if whole else Real
        for value in self.values:
            if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
                named = "whole numbers" if whole else "numbers"
                raise CodecError(
                    f"field {self.name}: its values must be {named} in {low}..{high}, not {value!r:.80}"
                )
            if self.name == "char" and 0xD800 <= value <= 0xDFFF:
                raise CodecError(f"field char: {value} is half of a character, which cannot be written")

    @property
    def size(self) -> int:
        """How many codes a head chooses from (END included)."""
        return len(self.values) + (self.name in _FIRST)

    @property
    def begin(self) -> int:
        """The code that stands before the first note of a piece; for delta and char, ``begin + 1``
        stands before the first note of a passage cut out of the middle."""
        return self.size

    @property
    def inputs(self) -> int:
        """How many codes a step can read: the head's, and the one or two of the beginning."""
        return self.size + (2 if self.name in _FIRST else 1)

    @cached_property
    def array(self) -> npt.NDArray[np.float64]:
        """The table as an array, (value,)."""
        return np.asarray(self.values, dtype=np.float64)

    def nearest(self, value: float) -> int:
        """Return the code of the nearest value; halfway goes to the smaller."""
        values, above = self.values, bisect_left(self.values, value)
        if above == len(values) or (above and value - values[above - 1] <= values[above] - value):
            return above - 1
        return above

    def floor(self, value: float) -> int:
        """Return the code of the largest value not above ``value``, or 0."""
        return max(bisect_right(self.values, value + 1e-9) - 1, 0)


def velocity_table(bins: int) -> tuple[int, ...]:
    """Return the centres of ``bins`` equal bins over 1..127."""
    edges = np.linspace(1, 128, bins + 1)
    return tuple(int(v) for v in np.unique(np.floor((edges[:-1] + edges[1:]) / 2)))


def offset_table(bins: int) -> tuple[float, ...]:
    """Return the centres of ``bins`` equal bins over a tick, -0.5 to 0.5."""
    return tuple(float(v) for v in (np.arange(bins) + 0.5) / bins - 0.5)


def tables_from(counts: Counter[int], always: Iterable[int] = (), least: int = 1) -> tuple[int, ...]:
    """Return the values seen at least ``least`` times and those wanted ``always``, ascending."""
    return tuple(sorted({value for value, n in counts.items() if n >= least} | set(always)))
