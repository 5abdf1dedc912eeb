"""Bars that come again and again: a model that has written one three times mostly goes on for ever."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.codec import Codec

MOST_ALIKE = 3
"""How often a bar may come in a row; tunes have hardly ever a fourth."""

_Sounded = tuple[int, int, int]
"""Tick in the bar, codes of pitch and duration."""


class Rounds:
    """Follows one voice note by note."""

    def __init__(self, codec: Codec) -> None:
        self._pitch, self._duration = codec.names.index("pitch"), codec.index("duration")
        self._bar = -1
        self._sounded: list[_Sounded] = []
        """Of the bar."""
        self._before: list[_Sounded] = []
        """Of the bar before."""
        self._alike = 1
        """How many bars in a row the one before ends that are the same."""

    def hear(self, bar: int, tick: int, codes: Sequence[int]) -> None:
        """Take one more note."""
        if bar != self._bar:
            is_next = bar == self._bar + 1
            is_same = is_next and self._sounded == self._before != []
            self._alike = self._alike + 1 if is_same else 1
            self._before = self._sounded if is_next else []
            self._bar, self._sounded = bar, []
        length = 0 if self._duration is None else codes[self._duration]
        self._sounded.append((tick, codes[self._pitch], length))

    @property
    def worn(self) -> int | None:
        """The code of the pitch with which the next bar is not to begin: a bar has come MOST_ALIKE times."""
        if self._alike + 1 >= MOST_ALIKE and self._sounded and self._sounded == self._before:
            return self._sounded[0][1]
        return None
