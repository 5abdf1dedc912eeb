"""Scores to MIDI files: format 1, a conductor track and one track a part."""

from __future__ import annotations

from math import ceil, inf
from pathlib import Path
from typing import Any

import mido

from ..errors import MusicError
from ..metre import Bar, Metre
from ..note import Note
from ..refusal import reason
from ..score import Part, Score
from ..wholefile import whole_file
from .read import DRUM_CHANNEL

TICKS_PER_BEAT = 480
MAX_TEMPO = 0xFFFFFF
"""Microseconds a beat: what three bytes hold."""
CHANNELS = tuple(c for c in range(16) if c != DRUM_CHANNEL)
_Event = tuple[int, int, Any]
"""Tick, rank at that tick, message: note ends come before note starts."""


def write_midi(score: Score, path: str | Path) -> None:
    """Write a score as a MIDI file, whole or not at all.

    Time in MIDI begins at 0, with a barline: a score that begins before, or has no barline there, is moved
    so that its first bar begins at 0. A pick-up becomes a short first bar with a time signature of its own.

    Raises:
        MusicError: the file cannot be written, with its name and the reason.
    """
    path = Path(path)
    try:
        file = to_midi(score)
        with whole_file(path) as out:
            file.save(file=out)
    except (OSError, ValueError, ArithmeticError) as error:  # a pitch above 127, or a path without a name
        why = reason(error) if isinstance(error, OSError) else error
        raise MusicError(f"{path}: cannot be written ({why})") from error


def to_midi(score: Score) -> Any:
    """Return a score as a mido.MidiFile."""
    bars = _bars(score)
    first = bars[0].start
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_conductor(score, bars))
    for index, part in enumerate(score.parts):
        notes = [note for note in score.notes if note.part == index]
        file.tracks.append(_track(part, _channel(score.parts, index), notes, first))
    return file


def _bars(score: Score) -> list[Bar]:
    """Return the metre changes to write; the first one becomes tick 0."""
    origin = min((0.0, *(note.start for note in score.notes)))
    first = _pickup(score, origin) or score.metres.bar_at(origin)
    changes = [Bar(beat, metre) for beat, metre in score.metres.changes if beat > first.start + 1e-6]
    return [first, *changes]


def _pickup(score: Score, origin: float) -> Bar | None:
    """Return the short bar before the first barline, in whole metre units, where there is one."""
    barline, metre = score.metres.changes[0]
    early = barline - origin
    if early <= 1e-6 or early >= metre.beats - 1e-6:
        return None
    unit = 4.0 / metre.denominator
    while abs(early / unit - round(early / unit)) > 1e-6 and unit > 4.0 / 32 and early / unit <= 32:
        unit /= 2
    units = ceil(early / unit - 1e-6)
    if units * unit > metre.beats - 1e-6:
        return None  # all but a whole bar
    return Bar(barline - units * unit, Metre(units, round(4.0 / unit)))


def _ticks(beats: float) -> int:
    return round(beats * TICKS_PER_BEAT)


def _conductor(score: Score, bars: list[Bar]) -> Any:
    """Return the track with title, key, tempos and metres."""
    events: list[_Event] = [(0, 0, mido.MetaMessage("track_name", name=score.title))] if score.title else []
    key = _key(score.key)
    if key:
        events.append((0, 1, mido.MetaMessage("key_signature", key=key)))
    first = bars[0].start
    for bar in bars:
        metre = {"numerator": bar.metre.numerator, "denominator": bar.metre.denominator}
        events.append((_ticks(bar.start - first), 1, mido.MetaMessage("time_signature", **metre)))
    for index, (beat, bpm) in enumerate(score.tempos):
        tick = _ticks(max(beat - first, 0.0)) if index else 0  # the first tempo is a pick-up's, too
        tempo = min(max(mido.bpm2tempo(bpm), 1), MAX_TEMPO)
        events.append((tick, 2, mido.MetaMessage("set_tempo", tempo=tempo)))
    return _assembled(events)


def _key(key: str | None) -> str | None:
    """Return a major or minor key as mido writes it ("F#m"), or None: MIDI knows no other modes."""
    tonic, _, mode = (key or "").partition(" ")
    name = tonic + {"major": "", "minor": "m"}.get(mode, "?")
    try:
        mido.MetaMessage("key_signature", key=name)
    except ValueError:
        return None
    return name


def _channel(parts: tuple[Part, ...], index: int) -> int:
    """Return a part's channel: 10 for drums, else its own as far as there are any."""
    if parts[index].is_drum:
        return DRUM_CHANNEL
    pitched = [i for i, part in enumerate(parts) if not part.is_drum]
    return CHANNELS[pitched.index(index) % len(CHANNELS)]


def _track(part: Part, channel: int, notes: list[Note], first: float) -> Any:
    """Return one part's track."""
    events: list[_Event] = []
    if part.name:
        events.append((0, -2, mido.MetaMessage("track_name", name=part.name)))
    events.append((0, -1, mido.Message("program_change", channel=channel, program=part.program)))
    for note, end in _separated(notes):
        on, off = _ticks(note.start - first), _ticks(end - first)
        velocity = min(max(note.velocity, 1), 127)
        events.append((on, 1, mido.Message("note_on", channel=channel, note=note.pitch, velocity=velocity)))
        off = max(off, on + 1)
        events.append((off, 0, mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)))
    return _assembled(events)


def _separated(notes: list[Note]) -> list[tuple[Note, float]]:
    """Pair notes with their ends, cut where the same pitch is struck again: MIDI cannot overlap them."""
    following: dict[int, tuple[float, float]] = {}
    pairs = []
    for note in sorted(notes, key=lambda n: n.start, reverse=True):
        struck, after = following.get(note.pitch, (inf, inf))
        again = struck if struck > note.start else after  # two at once: the one after both
        pairs.append((note, min(note.end, again)))
        following[note.pitch] = (note.start, again)
    return pairs[::-1]


def _assembled(events: list[_Event]) -> Any:
    """Sort events and give them the times between them."""
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track
