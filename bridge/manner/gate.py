"""How long notes sound of the time up to the next one: staccato is written as it would be played legato.

Sequencers, arpeggiators and whoever plays short leave gaps that no score tells. A model of scores takes them
for rests: tunes whose notes sounded half of their time were answered with twice as many notes
(tests/benchmarks/played.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ...models.note import Note
from ...models.quantise import TOGETHER

DETACHED = 0.75
"""The longest gate of music that is played short; players of legato let go early, too."""
SHORTEST = 0.1
LEAST = 4
"""Notes that tell a gate."""


def gate_of(notes: Sequence[Note]) -> float:
    """Return how long notes mostly sound, as a share of the time up to the next of their part, 0.1 to 1.

    1 of music that is not played short.

    Args:
        notes: in order.
    """
    rooms = zip(notes, _rooms(notes), strict=True)
    shares = [min(note.duration / room, 1.0) for note, room in rooms if room is not None]
    gate = median(shares) if len(shares) >= LEAST else 1.0
    return max(gate, SHORTEST) if gate <= DETACHED else 1.0


def lengthened(notes: Sequence[Note], gate: float, end: float) -> list[Note]:
    """Return notes as long as they would be if they were not played short, none into the next of its part.

    Args:
        notes: in order.
        gate: how they are played.
        end: the beat where others answer, which no note reaches over that did not.
    """
    found = []
    for note, room in zip(notes, _rooms(notes), strict=True):
        most = end - note.start if room is None else room
        found.append(replace(note, duration=max(min(note.duration / gate, most), note.duration)))
    return found


def _rooms(notes: Sequence[Note]) -> list[float | None]:
    """Return the beats from each note to the next of its part that is not of its chord, None for the last."""
    rooms: list[float | None] = []
    coming: dict[int, tuple[float, float | None]] = {}
    """The chord of each part that begins next, and the one after it."""
    for note in reversed(notes):
        at, after = coming.get(note.part, (note.start, None))
        if at - note.start > TOGETHER:
            at, after = note.start, at
        coming[note.part] = at, after
        rooms.append(None if after is None else after - note.start)
    return rooms[::-1]
