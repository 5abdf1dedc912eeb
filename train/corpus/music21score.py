"""A music21 stream as a Score: ties merged, grace notes dropped, repeats as written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...models.errors import MusicError
from ...models.metre import Metre, MetreMap
from ...models.note import Note
from ...models.score import DEFAULT_TEMPO, Part, Score
from .barlines import BarSpan, metre_map

_CLOSE = 1e-4  # beats between the end of a tied note and its continuation


def to_score(stream: Any, name: str) -> Score:
    """Return a music21 Score, Part or Opus member as a Score; its first part's bars count.

    Raises:
        MusicError: the stream holds no notes.
    """
    if any(instrument.transposition for instrument in stream.recurse().getElementsByClass("Instrument")):
        stream = stream.toSoundingPitch()  # a clarinet's part is written a tone above what it plays
    streams = list(stream.parts) if getattr(stream, "parts", None) else [stream]
    _align(streams)
    notes: list[Note] = []
    for index, part in enumerate(streams):
        notes += _notes(part, index)
    if not notes:
        raise MusicError(f"{name}: it holds no notes")
    return Score(
        notes=Score.ordered(notes),
        metres=_metres(streams[0]),
        tempos=_tempos(streams[0]),
        parts=tuple(_part(part) for part in streams),
        key=_key(streams[0]),
        chords=tuple(_chords(streams)),
        title=_title(stream.metadata),
    )


def _title(metadata: Any) -> str:
    """Return the movement's title, else the work's: many programs write a song's as a movement's."""
    return str(metadata.movementName or metadata.title or "") if metadata is not None else ""


def _align(parts: list[Any]) -> None:
    """Let the measures of all parts begin together; music21 adds up each part's own.

    A pick-up that is a whole bar's rest, or nothing, in one part has the length of a full bar there, and a
    measure that was not filled is short. Here a measure is as long as its longest part with notes.
    """
    rows = [list(part.getElementsByClass("Measure")) for part in parts]
    starts = [[float(measure.offset) for measure in row] for row in rows]
    if len({len(row) for row in rows}) != 1 or all(row == starts[0] for row in starts):
        return
    at = 0.0
    for place, measures in enumerate(zip(*rows, strict=True)):
        lengths = [
            (bool(measure.recurse().notes), row[place + 1] - row[place])
            for measure, row in zip(measures, starts, strict=True)
            if place + 1 < len(row)
        ]
        for part, measure in zip(parts, measures, strict=True):
            part.setElementOffset(measure, at)
        at += max(lengths, default=(False, 0.0))[1]


def _notes(part: Any, index: int) -> list[Note]:
    """Return the sounding notes of one part."""
    notes: list[Note] = []
    tied: defaultdict[int, list[int]] = defaultdict(list)
    """Pitch to the places in `notes` of those held on: voices may hold one pitch each."""
    for element in part.flatten().notes:
        if element.duration.isGrace or "ChordSymbol" in element.classes or not element.duration.quarterLength:
            continue
        start, length = float(element.offset), float(element.duration.quarterLength)
        for single in element.notes if element.isChord else (element,):
            if getattr(single, "pitch", None) is None:  # unpitched percussion
                continue
            pitch, tie = int(single.pitch.midi), single.tie.type if single.tie else None
            if not 0 <= pitch <= 127:
                continue
            if tie in ("stop", "continue"):
                place = next((p for p in tied[pitch] if abs(notes[p].end - start) <= _CLOSE), None)
                if place is not None:
                    notes[place] = replace(notes[place], duration=start + length - notes[place].start)
                    if tie == "stop":
                        tied[pitch].remove(place)
                    continue
            if tie in ("start", "continue"):
                tied[pitch].append(len(notes))
            notes.append(Note(pitch, start, length, part=index))
    return notes


def _metres(part: Any) -> MetreMap:
    """Return the metre map of a part's written measures, or of its time signatures without any."""
    measures = list(part.getElementsByClass("Measure"))
    if not measures:
        changes = {float(t.offset): _metre(t) for t in part.flatten().getElementsByClass("TimeSignature")}
        return MetreMap(tuple(sorted(changes.items()))) if changes else MetreMap()
    bars: list[BarSpan] = []
    metre = Metre()
    ends = [float(m.offset) for m in measures[1:]]
    ends.append(float(measures[-1].offset) + float(measures[-1].highestTime))
    for measure, end in zip(measures, ends, strict=True):
        if measure.timeSignature is not None:
            metre = _metre(measure.timeSignature)
        bars.append(BarSpan(float(measure.offset), end - float(measure.offset), metre))
    return metre_map(bars)


def _metre(signature: Any) -> Metre:
    """Return a music21 time signature; one we cannot write becomes 4/4."""
    try:
        return Metre(int(signature.numerator), int(signature.denominator))
    except MusicError:
        return Metre()


def _tempos(part: Any) -> tuple[tuple[float, float], ...]:
    """Return the metronome marks as (beat, quarter notes a minute)."""
    marks: dict[float, float] = {}
    for mark in part.flatten().getElementsByClass("MetronomeMark"):
        tempo = mark.getQuarterBPM()
        if tempo and tempo > 0:
            marks[float(mark.offset)] = float(tempo)
    marks.setdefault(0.0, DEFAULT_TEMPO if not marks else marks[min(marks)])
    return tuple(sorted(marks.items()))


def _part(part: Any) -> Part:
    """Return a part's name and sound."""
    instrument = part.getInstrument(returnDefault=False)
    program = getattr(instrument, "midiProgram", None)
    drum = "UnpitchedPercussion" in getattr(instrument, "classes", ())
    return Part(str(part.partName or ""), int(program or 0), drum)


def _key(part: Any) -> str | None:
    """Return the first key the part names, such as "D dorian"."""
    for key in part.flatten().getElementsByClass("Key"):
        return f"{key.tonic.name.replace('-', 'b')} {key.mode}"
    return None


def _chords(parts: list[Any]) -> Iterator[tuple[float, str]]:
    """Yield the chord symbols of the first part that has any."""
    for part in parts:
        symbols = list(part.flatten().getElementsByClass("ChordSymbol"))
        if symbols:
            for symbol in symbols:
                yield float(symbol.offset), str(symbol.figure)
            return
