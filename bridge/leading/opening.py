"""Where an answer begins, and the clock at its first step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from ...models.codec import Codec
from ...models.file.manifest import Manifest
from ...models.metre import Metre, MetreMap
from ...models.note import Note
from ...models.score import Part
from .context import Context, release

_AN_INSTANT = 1 / 200
"""Beats that a note, however short, is inside the bar that it begins."""

Clock = tuple[int, int, int]
"""Bar, tick in bar, ticks a bar."""


@dataclass(frozen=True)
class Opening:
    """What the step reads that chooses the answer's first note."""

    gap: int
    """Ticks from the note before to the answer's start."""
    clock: Clock
    """Of the note before, in the answer's bars."""
    metre: int
    """The condition `metre` from now on."""
    first_bar: int
    """The answer's first bar."""
    phrase: int | None
    """How many bars that is after the beginning of the context's first phrase, bars of silence left out; None
    where that of the context is."""
    latest: int
    """Ticks from the note before to the last place for the answer's first note: with a context in the first
    half of its bar, as an answer that keeps silent is none; else its first beat, as a short piece would be
    mostly its pick-up."""


def barline_after(notes: Sequence[Note], metres: MetreMap, parts: Sequence[Part]) -> float:
    """Return the beat where an answer to notes begins: the first barline at or after their end.

    A release that is a little late does not count, nor how long drums are held.
    """
    drums = all(part.is_drum for part in parts)
    onset = max(note.start for note in notes)
    end = onset if drums else release(notes)
    return metres.next_barline(max(end, onset + _AN_INSTANT))


def opening(manifest: Manifest, context: Context, start: float, metre: Metre) -> Opening:
    """Return how an answer begins whose first barline is beat ``start``.

    The note before is put into the answer's bars by its distance from ``start``. Whole bars of silence are
    left out, as a model that reads bars of rest goes on with bars of rest. Where the distance is still
    further than a delta reaches, more bars are left out, as the codec does; where the table lacks
    the very distance, the next longer one stands for it, so that a note can fall on the barline.
    """
    codec = manifest.codec
    length = codec.bar_ticks(metre)
    code = manifest.metre_code(metre)
    if not context.notes:
        return Opening(0, (0, 0, length), code, 0, context.phrase, 0)
    gap = max(codec.to_ticks(start) - codec.to_ticks(context.last_beat), 0)
    silent = max(floor((start - context.end_beat) / metre.beats), 0)
    gap -= min(silent, max(gap - 1, 0) // length) * length
    gap = _reachable(codec, gap, length)
    bars = ceil(gap / length)
    phrase = context.phrase
    if phrase is not None:  # in bars of the context: the answer's may be shorter
        phrase += context.last_bar + ceil(gap / context.last_length)
    clock = (context.last_bar, bars * length - gap, length)
    return Opening(gap, clock, code, context.last_bar + bars, phrase, gap + (length - 1) // 2)


def _reachable(codec: Codec, gap: int, length: int) -> int:
    """Return a gap in ticks that the delta table has, with a bar's choice after it where possible."""
    ticks = codec["delta"].values
    furthest = int(ticks[-1])
    if gap + length > furthest:
        gap -= min(-(-(gap + length - furthest) // length), gap // length) * length
    at = bisect_left(ticks, gap)
    return int(ticks[min(at, len(ticks) - 1)])


def bars_in(beats: float, metre: Metre) -> int:
    """Return how many bars a length in beats takes up, the last one perhaps in part."""
    return max(ceil(beats / metre.beats - 1e-6), 1)
