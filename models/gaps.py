"""How closely onsets follow one another: how fast music is beside its beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from .quantise import TOGETHER

WINDOW = 16
"""Gaps in a row of which one mean tells how fast a passage is."""


@dataclass(frozen=True)
class Gaps:
    """What is usual in some music: beats from one onset to the next, the geometric mean of 16 in a row."""

    least: float
    """One passage in twenty is faster."""
    typical: float
    """Half of all passages are faster."""
    most: float
    """One in twenty is slower."""


def gaps(onsets: Iterable[float]) -> list[float]:
    """Return the beats from each onset to the next, chords taken as one.

    Args:
        onsets: in beats, ascending.

    >>> gaps([0.0, 0.02, 1.0, 1.5])
    [1.0, 0.5]
    """
    found: list[float] = []
    last: float | None = None
    for onset in onsets:
        if last is None:
            last = onset
        elif onset - last > TOGETHER:
            found.append(onset - last)
            last = onset
    return found


def geometric_mean(values: Sequence[float], known: float = 1.0, weight: int = 0) -> float:
    """Return the geometric mean of values above 0 and ``weight`` more of ``known``."""
    return exp((sum(map(log, values)) + weight * log(known)) / (len(values) + weight))
