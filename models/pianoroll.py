"""Piano rolls: text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from .metre import MetreMap
from .note import Note
from .score import Part

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
COLOURS = (36, 33, 32, 35, 34, 31)
"""ANSI foregrounds by part."""
MAX_ROWS = 60


def pitch_name(pitch: int) -> str:
    """Return a pitch's name with its octave; middle C is C4.

    >>> pitch_name(61)
    'C♯4'
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def drum_name(pitch: int) -> str:
    """Return the General MIDI name of a drum, its number where it has none."""
    import pretty_midi  # slow to import, and only drums need it

    return str(pretty_midi.note_number_to_drum_name(pitch)) or str(pitch)


def rows_of(notes: Sequence[Note], is_drum: bool) -> list[int]:
    """Return the pitches that get a row, high to low: every one in range, for drums those struck."""
    pitches = sorted({note.pitch for note in notes}, reverse=True)
    if is_drum or not pitches or pitches[0] - pitches[-1] >= MAX_ROWS:
        return pitches
    return list(range(pitches[0], pitches[-1] - 1, -1))


def piano_roll(
    notes: Sequence[Note],
    metres: MetreMap | None = None,
    parts: Sequence[Part] = (),
    *,
    width: int = 100,
    colour: bool = False,
) -> str:
    """Draw notes as text, at most ``width`` columns wide; long music wraps into several staves.

    A column is a quarter of a beat or less; ``█`` is struck, ``▒`` held, ``│`` a barline.

    >>> print(piano_roll([Note(60, 0, 1)], width=12))
    C4  █▒▒▒
    """
    if not notes:
        return "(no notes)"
    metres = metres or MetreMap()
    is_drum = any(part.is_drum for part in parts)
    pitches = rows_of(notes, is_drum)
    labels = {p: drum_name(p) if is_drum else pitch_name(p) for p in pitches}
    margin = max(*map(len, labels.values()), 3) + 1
    first = metres.bar_at(min(note.start for note in notes)).start
    last = max(note.start + (0.25 if is_drum else note.duration) for note in notes)
    columns = max(width - margin, 8)
    steps = 4 if is_drum or last - first <= columns / 4 * 6 else 2
    rows = _rows(notes, metres, pitches, first, steps, is_drum, colour)
    staves = []
    for left in range(0, len(rows[pitches[0]]), columns):
        lines = (f"{labels[p]:<{margin}}{''.join(rows[p][left : left + columns])}" for p in pitches)
        staves.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(staves)


def _rows(
    notes: Sequence[Note],
    metres: MetreMap,
    pitches: list[int],
    first: float,
    steps: int,
    is_drum: bool,
    colour: bool,
) -> dict[int, list[str]]:
    """Return one list of cells a pitch, from the first barline to the end of the last note."""
    spans = []
    for note in sorted(notes, key=lambda n: n.start):
        begin = floor((note.start - first) * steps + 0.5)
        end = begin + 1 if is_drum else max(floor((note.end - first) * steps + 0.5), begin + 1)
        spans.append((note, begin, end))
    blank = [" "] * max(end for _, _, end in spans)
    for column in range(1, len(blank)):
        beat = first + column / steps
        if abs(metres.next_barline(beat) - beat) < 1e-6:
            blank[column] = "│"
    cells = {pitch: list(blank) for pitch in pitches}
    for note, begin, end in spans:
        for column in range(begin, end):
            mark = "█" if column == begin else "▒"
            if colour:
                mark = f"\x1b[{COLOURS[note.part % len(COLOURS)]}m{mark}\x1b[0m"
            cells[note.pitch][column] = mark
    return cells
