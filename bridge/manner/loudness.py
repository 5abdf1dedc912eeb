"""How loud notes are: a level, and accents that come back at their places in the bar.

Models of scores know no velocity, so their answers are as loud as what they answer was at its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor
from statistics import fmean, median

from ...models.metre import Metre
from ...models.note import DEFAULT_VELOCITY, Note

LEAST = 4
"""Notes that tell a level, where the last bar has as many or fewer."""
HEARD = 2
"""How often a place in the bar must be heard before its own accent is known."""
_PLACES = 4
"""To a beat: sixteenths."""
_EARLY = 0.125
"""Beats before a barline at which a player means the bar after it."""


@dataclass(frozen=True)
class Loudness:
    """How loud notes are at each place in the bar."""

    level: float = DEFAULT_VELOCITY
    """The velocity of a note without an accent."""
    metre: Metre = field(default_factory=Metre)
    """The bars that accents are counted in."""
    accents: tuple[float, ...] = ()
    """What a note gains, by its place in the bar in sixteenths; none where all are as loud."""

    def velocity(self, start: float, barline: float) -> int:
        """Return how loud a note is, 1 to 127.

        Args:
            start: its onset, in beats.
            barline: any barline of its bars.
        """
        accent = 0.0
        if self.accents:
            _, place = _placed(start - barline, self.metre)
            accent = self.accents[place]
        return min(max(round(self.level + accent), 1), 127)


def loudness_of(notes: Sequence[Note], metre: Metre, barline: float) -> Loudness:
    """Return how loud music is at its end, and which places of its bars are accented.

    Args:
        notes: in order.
        metre: of its bars.
        barline: any of its barlines.
    """
    if not notes:
        return Loudness()
    if len({note.velocity for note in notes}) == 1:
        return Loudness(notes[-1].velocity)
    bars: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for note in notes:
        bar, place = _placed(note.start - barline, metre)
        bars[bar].append((place, note.velocity))
    # Beside its own bar's mean, so that getting louder is no accent.
    means = {bar: fmean(velocity for _, velocity in placed) for bar, placed in bars.items()}
    above = [(place, velocity - means[bar]) for bar, placed in bars.items() for place, velocity in placed]
    accents = _accents(above, metre)
    last: list[tuple[int, int]] = []
    for bar in sorted(bars, reverse=True):
        if len(last) >= LEAST:
            break
        last += bars[bar]
    return Loudness(median(velocity - accents[place] for place, velocity in last), metre, accents)


def _accents(above: Iterable[tuple[int, float]], metre: Metre) -> tuple[float, ...]:
    """Return what each place of a bar gains: what was heard there, or else at places of its weight."""
    by_place: dict[int, list[float]] = defaultdict(list)
    by_weight: dict[int, list[float]] = defaultdict(list)
    for place, gained in above:
        by_place[place].append(gained)
        by_weight[_weight(place, metre)].append(gained)
    found = []
    for place in range(_count(metre)):
        here = by_place[place]
        heard = here if len(here) >= HEARD else by_weight[_weight(place, metre)]
        found.append(fmean(heard) if heard else 0.0)
    return tuple(found)


def _count(metre: Metre) -> int:
    """Return how many places a bar has."""
    return max(round(metre.beats * _PLACES), 1)


def _placed(beats: float, metre: Metre) -> tuple[int, int]:
    """Return the bar and the place in it, in sixteenths, of a time counted from a barline."""
    bar = floor((beats + _EARLY) / metre.beats)
    return bar, min(max(round((beats - bar * metre.beats) * _PLACES), 0), _count(metre) - 1)


def _weight(place: int, metre: Metre) -> int:
    """Return how strong a place in the bar is: 0 where it begins, 1 on a beat, 2 between."""
    if not place:
        return 0
    return 2 if place % max(round(metre.pulse * _PLACES), 1) else 1
