"""Piano rolls: text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

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
    margin = max(map(len, labels.values())) + 1
    margin = max(margin, 4)
    first = metres.bar_at(min(note.start for note in notes)).start
    last = max(note.start + (0.25 if is_drum else note.duration) for note in notes)
    columns = max(width - margin, 8)
    steps = 4 if is_drum or last - first <= columns / 4 * 6 else 2
    staves = []
    beats = columns / steps
    for index in range(ceil((last - first) / beats - 1e-9)):
        left = first + index * beats
        shown = [n for n in notes if n.start < left + beats and max(n.end, n.start + 0.01) > left]
        grid = _grid(
            shown, metres, pitches, left, min(columns, ceil((last - left) * steps - 1e-9)), steps, colour
        )
        staves.append(
            "\n".join(f"{labels[p]:<{margin}}{row}".rstrip() for p, row in zip(pitches, grid, strict=True))
        )
    return "\n\n".join(staves)


def _grid(
    notes: Sequence[Note],
    metres: MetreMap,
    pitches: list[int],
    left: float,
    columns: int,
    steps: int,
    colour: bool,
) -> list[str]:
    """Return one string a pitch."""
    blank = [" "] * columns
    for column in range(1, columns):
        beat = left + column / steps
        if abs(metres.next_barline(beat) - beat) < 1e-6:
            blank[column] = "│"
    cells = {pitch: list(blank) for pitch in pitches}
    for note in sorted(notes, key=lambda n: n.start):
        begin = round((note.start - left) * steps)
        end = max(round((note.end - left) * steps), begin + 1)
        for column in range(max(begin, 0), min(end, columns)):
            mark = "█" if column == begin else "▒"
            if colour:
                mark = f"\x1b[{COLOURS[note.part % len(COLOURS)]}m{mark}\x1b[0m"
            cells[note.pitch][column] = mark
    return ["".join(cells[pitch]) for pitch in pitches]
