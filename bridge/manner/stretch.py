"""How much slower music is beside its beat than what a model has learnt, or faster.

Four chords of a bar each, a slow air in halves: a model of music that mostly moves in eighths knows little
of such, and answers with several times as many notes (tests/benchmarks/stretch.py). So it reads a beat of
its own for two, four or eight of the host's, or for half a one, and its answer is stretched by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log2
from statistics import median

from ...models.file.manifest import Manifest
from ...models.gaps import Gaps, gaps, geometric_mean
from ...models.note import Note
from ...models.voices import skyline
from ..same import Same

SHORTEST, LONGEST = 0.5, 8.0
"""Of the host's beats, that one of the model's lasts. The more beats of its own an answer has, the more notes
there are to write: no more than twice as many."""
NOTES = 64
"""Of a context, its last, that tell how fast it is."""
LEAST = 3
"""Gaps that tell it: between two notes there may be anything."""
SILENCE = 4
"""Times the usual gap of a context, that a longer one counts for: what is between two phrases."""
BELIEF = 4
"""Gaps as long as the model's usual ones that count beside those of a context: a few slow notes may begin a
tune."""


def stretch_of(notes: Sequence[Note], manifest: Manifest) -> float:
    """Return how many of the host's beats a beat of the model's lasts: a power of 2, mostly 1.

    1 for drums, whose beats have each a meaning of its own; for a model of text, which writes note values;
    and for one whose file does not tell how fast its music was.

    Args:
        notes: that the model answers, in any order.
        manifest: the model's.
    """
    if manifest.gaps is None or manifest.has_drums or manifest.codec.is_text:
        return 1.0
    return _stretch(Same(notes), manifest.gaps, manifest.is_melody)


# A context is asked about when it arrives and with each request, and a request's first note waits for it.
@lru_cache(maxsize=64)
def _stretch(notes: Same[Note], known: Gaps, is_melody: bool) -> float:
    last = sorted(notes.held, key=lambda note: note.start)[-NOTES:]
    told = skyline(last) if is_melody else last
    found = gaps(note.start for note in told)
    if len(found) < LEAST:
        return 1.0
    longest = SILENCE * median(found)
    mean = geometric_mean([min(gap, longest) for gap in found], known.typical, BELIEF)
    if known.least <= mean <= known.most:
        return 1.0
    return min(max(2.0 ** round(log2(mean / known.typical)), SHORTEST), LONGEST)


def shortened(notes: Sequence[Note], stretch: float) -> tuple[Note, ...]:
    """Return notes in beats that last ``stretch`` of theirs; the same tuple for the same notes."""
    return tuple(notes) if stretch == 1 else _shortened(Same(notes), stretch)


# The same tuple, as what has been read of a context is told apart by it.
@lru_cache(maxsize=64)
def _shortened(notes: Same[Note], stretch: float) -> tuple[Note, ...]:
    return tuple(stretched(note, 1 / stretch) for note in notes.held)


def stretched(note: Note, stretch: float) -> Note:
    """Return a note so many times as late and as long."""
    return Note(note.pitch, note.start * stretch, note.duration * stretch, note.velocity, note.part)
