"""Swing: off-beats later than half of the beat. Music is written straight, and whoever plays it swings.

Models have learnt it as it is written or, as that of drums, mostly straight: off-beats elsewhere they soon
forget, and a model of text writes each as a tuplet of one note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor, sqrt
from statistics import fmean, median, pstdev

from ...models.metre import Metre
from ...models.note import Note

NEAR = 0.06
"""Of a beat, by which an off-beat may lie beside the place where they mostly are."""
LIGHTEST, HARDEST = 0.54, 0.73
"""Where in its beat an off-beat of music that swings lies: beyond is a dotted rhythm."""
LEAST = 3
"""Swung off-beats in music that swings: a slow triplet or two are none yet."""
UNITS = (1.0, 0.5)
"""Beats of which the second half comes late: of eighths that swing, else of sixteenths."""
_ON_BEAT = 0.1
_SIMPLE = (2, 4)
"""Denominators of metres whose quarters are two eighths."""
_THIRDS = (1 / 3, 2 / 3)
_THIRD = 0.03
"""Of a beat, by which a note of a triplet may be off: less than half a twelfth of it."""


@dataclass(frozen=True)
class Swing:
    """Where off-beats lie."""

    place: float
    """In their beat, from 0 to 1; straight ones lie at 0.5."""
    unit: float = 1.0
    """How long such a beat is, in quarter notes."""

    def straightened(self, notes: Sequence[Note], barline: float) -> list[Note]:
        """Return swung music with its off-beats at half of the beat; triplets and what else there is stay.

        Args:
            notes: in order.
            barline: a beat from which others are counted.
        """
        found = _off_beats(notes, barline, self.unit)
        kept = {beat for beat, places in found.items() if not _all_near(places, self.place)}
        return [
            self._moved(note, barline, (self.place, 0.5), lambda beat: beat not in kept) for note in notes
        ]

    def swung(self, note: Note, barline: float, beats: Container[int]) -> Note:
        """Return a straight note with its ends swung; every beat keeps its ends and its order.

        Args:
            note: in beats.
            barline: a beat from which others are counted.
            beats: those, so counted, that swing; others stay as they are.
        """
        return self._moved(note, barline, (0.5, self.place), beats.__contains__)

    def located(self, time: float, barline: float) -> tuple[int, float]:
        """Return which beat from ``barline`` a time lies in, and its place there, from 0 to below 1."""
        at = (time - barline) / self.unit
        beat = floor(at)
        return beat, at - beat

    def _moved(
        self, note: Note, barline: float, places: tuple[float, float], moves: Callable[[int], bool]
    ) -> Note:
        """Return a note with one place moved to another in beats that move, and all between evenly."""
        place, to = places

        def moved(time: float) -> float:
            beat, within = self.located(time, barline)
            if not moves(beat):
                return time
            if within <= place:
                within *= to / place
            else:
                within = 1 - (1 - within) * (1 - to) / (1 - place)
            return barline + (beat + within) * self.unit

        start = moved(note.start)
        return replace(note, start=start, duration=moved(note.end) - start)


def swings(metre: Metre) -> bool:
    """Return whether music in a metre may swing: its quarters are two eighths."""
    return metre.denominator in _SIMPLE


def is_off_beat(place: float) -> bool:
    """Return whether a place in a beat is more than a little before or after where beats begin."""
    return _ON_BEAT < place < 1 - _ON_BEAT


def is_of_triplet(place: float) -> bool:
    """Return whether a place in a beat is a third of it."""
    return any(abs(place - third) < _THIRD for third in _THIRDS)


def swing_of(notes: Sequence[Note], metre: Metre, barline: float = 0.0) -> Swing | None:
    """Return how music swings; None where it is straight, or has off-beats here and there.

    Args:
        notes: in order.
        metre: in which no quarter is three eighths, else nothing swings.
        barline: any of its barlines.

    >>> swing_of([Note(62, n // 2 + n % 2 * 0.625, 0.25) for n in range(8)], Metre(4, 4))
    Swing(place=0.625, unit=1.0)
    """
    if not swings(metre):
        return None
    for unit in UNITS:
        beats = list(_off_beats(notes, barline, unit).values())
        place = _place(beats)
        if place is not None:
            return Swing(place, unit)
    return None


def _place(beats: Sequence[Sequence[float]]) -> float | None:
    """Return where in its beat a swung off-beat lies; None in music that does not swing.

    Args:
        beats: where in each beat notes begin off it.
    """
    beats = [places for places in beats if min(places) <= HARDEST]  # dotted rhythms tell nothing
    late = [fmean(places) for places in beats if max(places) - min(places) <= NEAR]
    late = [place for place in late if place >= LIGHTEST - NEAR]
    if len(late) < LEAST:
        return None
    place = median(late)
    others = [places for places in beats if not _all_near(places, place)]
    if any(0.5 - NEAR <= each < place - NEAR for places in others for each in places):
        return None  # straight now and then: nobody knows where the next one lies
    if len(beats) - len(others) < max(LEAST, 2 * len(others) + 1):
        return None
    # Who plays straight is late now and then, too, but early as often.
    least = max(LIGHTEST - 0.5, 2 * pstdev(late) / sqrt(len(late)))
    return place if least <= place - 0.5 <= HARDEST - 0.5 else None


def _off_beats(notes: Iterable[Note], barline: float, unit: float) -> dict[int, list[float]]:
    """Return where in their beats, 0 to 1, notes begin that do not begin on one, by the beat."""
    found: dict[int, list[float]] = defaultdict(list)
    for note in notes:
        at = (note.start - barline) / unit
        beat = floor(at)
        if is_off_beat(at - beat):
            found[beat].append(at - beat)
    return found


def _all_near(places: Iterable[float], place: float) -> bool:
    return all(abs(each - place) <= NEAR for each in places)
