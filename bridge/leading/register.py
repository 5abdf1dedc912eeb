"""Which octave a model of melodies plays in: the music's, though it has learnt its own.

Such a model knows the register that its tunes were in. An octave lower or higher it recalls little of what it
is given, and its range keeps it away. So the music is read as many octaves higher or lower as bring it there,
and the answer goes back by as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil, copysign
from statistics import fmean

from ...models.file.manifest import Manifest
from ...models.note import Note
from ...models.voices import skyline
from ..same import Same

OCTAVE = 12
PITCHES = 128
REACH = 7.5
"""Semitones that a tune reaches above and below its mean: one that is nearer to the end of a model's range
does not fit into it, and is recalled better in an octave in which it does."""
NOTES = 64
"""Of a context, its last, that tell its register."""


def lift(manifest: Manifest, notes: Sequence[Note], low: int | None, high: int | None) -> int:
    """Return by how many semitones, whole octaves, an answer is below the register that a model knows.

    0 for a model of several parts, whose range is that of its voices together, and for one of drums.

    Args:
        manifest: the model's.
        notes: to be answered; without any, a model of notes plays where it knows best, within the range.
        low: the lowest pitch asked for, None where that is open.
        high: the highest.
    """
    if not manifest.is_melody or (manifest.codec.is_text and not notes):
        return 0
    middle = (manifest.defaults.low + manifest.defaults.high) / 2
    near = max(manifest.defaults.high - middle - REACH, OCTAVE / 2)
    there = _height(Same(notes)) if notes else middle
    there = max(there, low) if low is not None else there
    there = min(there, high) if high is not None else there
    octaves = max(ceil((abs(middle - there) - near) / OCTAVE), 0)
    return int(copysign(octaves * OCTAVE, middle - there))


# A context is asked about when it arrives and with each request, and a request's first note waits for it.
@lru_cache(maxsize=64)
def _height(notes: Same[Note]) -> float:
    """Return the mean pitch of the tune in the last notes."""
    last = sorted(notes.held, key=lambda note: note.start)[-NOTES:]
    return fmean(note.pitch for note in skyline(last))


def lifted(notes: Sequence[Note], semitones: int) -> Sequence[Note]:
    """Return notes so many semitones higher, those beyond all pitches in the octave next to them."""
    if not semitones:
        return notes
    return tuple(replace(note, pitch=_folded(note.pitch + semitones)) for note in notes)


def _folded(pitch: int) -> int:
    """Return the nearest pitch there is of the same class."""
    if pitch < 0:
        return pitch % OCTAVE
    return pitch if pitch < PITCHES else PITCHES - OCTAVE + (pitch - PITCHES) % OCTAVE
