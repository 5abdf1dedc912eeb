"""Swung eighths: tunes are written straight, and whoever plays them swings.

Written as they sound, each is a tuplet of one note, which a model of text has hardly ever read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import floor

from ...models.metre import Metre
from ...models.note import Note

OFF_BEAT = 2 / 3
"""Where in its beat a swung off-beat lies."""
NEAR = 0.06
"""Beats that it may lie beside that place: players swing more and less."""
LEAST = 3
"""Swung off-beats in music that swings: a slow triplet or two are none yet."""
_ON_BEAT = 0.1
_SIMPLE = (2, 4)
"""Metres whose quarters are two eighths."""
_THIRDS = (1 / 3, 2 / 3)
_EXACT = 1e-4


def is_swung(notes: Sequence[Note], metre: Metre) -> bool:
    """Return whether music swings: its off-beats lie at two thirds of the beat, and none at half of it.

    Args:
        notes: counted from a barline.

    >>> is_swung([Note(62, n // 2 + n % 2 * 2 / 3, 1 / 3) for n in range(8)], Metre(4, 4))
    True
    """
    if metre.denominator not in _SIMPLE:
        return False
    swung = others = 0
    for places in _off_beats(notes).values():
        if any(abs(place - 0.5) <= NEAR for place in places):
            return False
        if _is_off_beat(places):
            swung += 1
        else:
            others += 1
    return swung >= LEAST and swung > 2 * others


def straightened(notes: Sequence[Note]) -> list[Note]:
    """Return swung music with its off-beats at half of the beat; triplets and what else there is stay."""
    kept = {beat for beat, places in _off_beats(notes).items() if not _is_off_beat(places)}
    return [_moved(note, OFF_BEAT, 0.5, kept) for note in notes]


def swung(notes: Sequence[Note]) -> list[Note]:
    """Return straight music with its off-beats at two thirds of the beat; beats with triplets stay.

    Every beat keeps its ends and its order, so notes that do not overlap still do not.

    >>> [(round(n.start, 3), round(n.end, 3)) for n in swung([Note(62, 0.0, 0.5), Note(64, 0.5, 1.0)])]
    [(0.0, 0.667), (0.667, 1.667)]
    """
    times = (time for note in notes for time in (note.start, note.end))
    kept = {floor(time) for time in times if any(abs(time % 1 - third) < _EXACT for third in _THIRDS)}
    return [_moved(note, 0.5, OFF_BEAT, kept) for note in notes]


def _off_beats(notes: Iterable[Note]) -> dict[int, list[float]]:
    """Return where notes begin within beats, by the beat."""
    found: dict[int, list[float]] = defaultdict(list)
    for note in notes:
        beat = floor(note.start)
        if _ON_BEAT < note.start - beat < 1 - _ON_BEAT:
            found[beat].append(note.start - beat)
    return found


def _is_off_beat(places: Iterable[float]) -> bool:
    return all(abs(place - OFF_BEAT) <= NEAR for place in places)


def _moved(note: Note, place: float, to: float, kept: Collection[int]) -> Note:
    """Return a note with one place of each beat moved, and all between evenly; ``kept`` beats stay."""

    def moved(time: float) -> float:
        beat = floor(time)
        within = time - beat
        if beat in kept:
            return time
        if within <= place:
            return beat + within * to / place
        return beat + 1 - (1 - within) * (1 - to) / (1 - place)

    start = moved(note.start)
    return replace(note, start=start, duration=moved(note.end) - start)
