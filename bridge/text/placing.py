"""A tune's notes as an answer: at their places on the host's timeline, and at the pitches asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf

from ...models.note import Note
from ...models.score import Score
from ...models.voices import skyline
from ..leading.register import lifted
from ..request import GenerationRequest
from ..take.writer import INSTANT
from .prompt import Prompt


def placed(score: Score, request: GenerationRequest, prompt: Prompt) -> tuple[list[Note], float]:
    """Return a tune's notes within the answer, on the host's timeline and at its pitches, and the end.

    A pick-up fills the end of the answer's first bar. It is left out where that is the only one, and where
    the text is in other bars, whose ends are not played.
    """
    layout, origin, notes = prompt.layout, _origin(score, request, prompt), []
    for note in score.notes:
        beat = note.start - origin
        start = layout.in_music(beat)
        duration = layout.in_music(beat + note.duration) - start
        start = round(request.start_beat + start, 6)
        if beat >= -1e-6 and start < request.end_beat - INSTANT and layout.has(beat):
            notes.append(replace(note, start=start, duration=min(duration, request.end_beat - start)))
    notes = at_pitches(lifted(notes, -request.lift), request)
    if not request.open_ended:
        return notes, request.end_beat
    last = max((note.end for note in notes), default=request.start_beat)
    bars = max(-(-(last - request.start_beat - 1e-6) // request.metre.beats), 1)
    return notes, request.start_beat + bars * request.metre.beats


def _origin(score: Score, request: GenerationRequest, prompt: Prompt) -> float:
    """Return the beat of a tune that is the answer's first."""
    if prompt.bars or not score.notes:
        return prompt.beats
    first = score.metres.bar_at(score.notes[0].start)
    barline, _ = score.metres.changes[0]
    is_pick_up = score.notes[0].start < barline - 1e-6
    return barline if is_pick_up and has_no_room_before(request, prompt) else first.start


def has_no_room_before(request: GenerationRequest, prompt: Prompt) -> bool:
    """Return whether a pick-up is left out: it would take the only bar, or its place is not in the text."""
    is_short = request.end_beat - request.start_beat <= request.metre.beats + 1e-6
    return is_short or prompt.layout.written != prompt.layout.metre


def at_pitches(notes: Sequence[Note], request: GenerationRequest) -> list[Note]:
    """Return notes at the nearest pitches of a request's range and scale; octaves are no distance.

    All voices of a text play in the model's one part, which sounds one note at a time: of a chord the top.
    """
    allowed = [
        pitch
        for pitch in range(request.low, request.high + 1)
        if request.scale is None or pitch % 12 in request.scale
    ]
    if not allowed:
        return []
    moved: dict[tuple[int, float], Note] = {}
    for note in notes:
        pitch = note.pitch if note.pitch in allowed else min(allowed, key=partial(_apart, note.pitch))
        moved.setdefault((pitch, note.start), replace(note, pitch=pitch, part=0))
    tune = skyline(moved.values())
    ends = [*(note.start for note in tune[1:]), inf]
    return [
        replace(note, duration=min(note.duration, end - note.start))
        for note, end in zip(tune, ends, strict=False)
    ]


def _apart(pitch: int, other: int) -> tuple[int, int]:
    """Return how far pitches are apart: their classes first, then they themselves."""
    return min((pitch - other) % 12, (other - pitch) % 12), abs(pitch - other)
