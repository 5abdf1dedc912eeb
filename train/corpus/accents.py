"""Barlines that abc2midi left in the velocities of its files.

abc2midi plays the first note of a bar (and of a pick-up) at 105, other stressed notes at 95 and the
rest at 80 unless told otherwise (its manual, "%%MIDI beat"). Such a file knows its pick-up, which
MIDI cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ...models.note import Note
from ...models.score import Score
from .barlines import BarSpan, metre_map

_DOWNBEAT = 105
_STRESSES = {80, 95, _DOWNBEAT}
_GRID = 24  # abc2midi starts notes a tick late
_FEWEST = 8  # accents, below which three velocities may be chance


def with_written_bars(score: Score) -> Score:
    """Return the score with its barlines at abc2midi's accents, or as it is without such accents."""
    velocities = {note.velocity for note in score.notes}
    downbeats = _downbeats(score.notes)
    if not {80, _DOWNBEAT} <= velocities <= _STRESSES or len(downbeats) < _FEWEST:
        return score
    edges = [*downbeats, round(score.end * _GRID) / _GRID]
    bars = [BarSpan(start, end - start, score.metres.bar_at(start).metre) for start, end in pairwise(edges)]
    # Of abc2midi's accents seven in ten stand whole bars apart at least, those of a backbeat do not.
    if 2 * sum(_is_whole(bar) for bar in bars) < len(bars):
        return score
    return replace(score, metres=metre_map(bars))


def _is_whole(bar: BarSpan) -> bool:
    """Whether accents stand one or more whole bars apart."""
    over = bar.length % bar.metre.beats
    return min(over, bar.metre.beats - over) < 1 / _GRID / 2


def _downbeats(notes: Sequence[Note]) -> list[float]:
    """Return the onsets of the notes at full stress, in beats."""
    return sorted({round(note.start * _GRID) / _GRID for note in notes if note.velocity == _DOWNBEAT})
