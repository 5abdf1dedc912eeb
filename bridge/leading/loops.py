"""Bars that come again and again: a model that has gone round them a few times mostly goes on so for ever.

The lower the temperature, the more so: each turn makes the next one likelier.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Generic, TypeVar

from ...models.codec import Codec

LONGEST = 8
"""Bars of a loop: a strain and its repeat are two turns."""
SAME = 8
"""Times in a row that a tune strikes a pitch, or as often as its context does: of 885 folk tunes six in a
thousand do so more often, and none more than eleven times."""

Bar = TypeVar("Bar", bound=Sequence[object])


class Loops(Generic[Bar]):
    """Follows music bar by bar. Bars are the same that are equal and not empty.

    A loop of up to LONGEST bars may have two turns, and one bar of the third: of 331 times that folk tunes
    have four bars twice, 33% go on with the same bar, and 26% with the same two (tests/benchmarks/loops.py).
    """

    def __init__(self) -> None:
        self._bars: deque[Bar] = deque(maxlen=LONGEST)
        self._runs = [0] * LONGEST
        """How many bars in a row were each the same as the one so many bars before and one."""
        self._near: list[int] = []
        """Which of them are as many as they may be, or lack one."""

    def copy(self) -> Loops[Bar]:
        """Return what goes on from here by itself."""
        other = copy(self)
        other._bars = self._bars.copy()
        return other

    def close(self, bar: Bar) -> None:
        """Take one more bar."""
        self._runs = [self._run(apart, bar) for apart in range(LONGEST)]
        self._near = [apart for apart in range(LONGEST) if self._runs[apart] + 1 >= _most(apart)]
        self._bars.append(bar)

    def _run(self, apart: int, bar: Bar) -> int:
        is_same = apart < len(self._bars) and len(bar) > 0 and self._bars[-1 - apart] == bar
        return self._runs[apart] + 1 if is_same else 0

    def worn(self, bar: Bar | None = None) -> list[Bar]:
        """Return bars that are not to come next, as with each a loop would go on.

        Args:
            bar: one more bar than have been taken.
        """
        if bar is None:
            return [self._bars[-1 - apart] for apart in self._near if self._runs[apart] >= _most(apart)]
        found = [apart for apart in self._near if self._run(apart, bar) >= _most(apart)]
        return [self._bars[-apart] if apart else bar for apart in found]


def _most(apart: int) -> int:
    """Return how many bars in a row may be the same as the one so many bars before and one."""
    return apart + 2


_Sounded = tuple[int, int, int]
"""Tick in the bar, codes of pitch and duration."""


class TuneLoops:
    """Follows one voice note by note.

    Args:
        codec: its tables.
        notes: a context's, each its bar, tick and codes.
    """

    def __init__(self, codec: Codec, notes: Iterable[tuple[int, int, Sequence[int]]] = ()) -> None:
        self._pitch, self._duration = codec.names.index("pitch"), codec.index("duration")
        self._loops: Loops[list[_Sounded]] = Loops()
        self._bar = -1
        self._sounded: list[_Sounded] = []
        """Of the bar."""
        self._last = -1
        self._struck = 0
        """How often the last pitch has been struck in a row."""
        most = 0
        for note in notes:
            self.hear(*note)
            most = max(most, self._struck)
        self._most = max(most, SAME)

    def copy(self) -> TuneLoops:
        """Return what goes on from here by itself."""
        other = copy(self)
        other._loops, other._sounded = self._loops.copy(), self._sounded.copy()
        return other

    def hear(self, bar: int, tick: int, codes: Sequence[int]) -> None:
        """Take one more note."""
        if bar != self._bar:
            self._loops.close(self._sounded)
            if bar > self._bar + 1:
                self._loops.close([])
            self._bar, self._sounded = bar, []
        length = 0 if self._duration is None else codes[self._duration]
        pitch = codes[self._pitch]
        self._sounded.append((tick, pitch, length))
        self._struck = self._struck + 1 if pitch == self._last else 1
        self._last = pitch

    @property
    def worn(self) -> list[int]:
        """The codes of pitches that are not to come next: one that was struck too often, and those with
        which the next bar is not to begin, if this one is over."""
        worn = [bar[0][1] for bar in self._loops.worn(self._sounded)]
        if self._struck >= self._most and self._last not in worn:
            worn.append(self._last)
        return worn
