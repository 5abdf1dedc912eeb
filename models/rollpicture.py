"""Piano rolls as PNG pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .errors import MusicError
from .metre import MetreMap
from .note import Note
from .pianoroll import drum_name, pitch_name, rows_of
from .refusal import reason
from .score import Part
from .wholefile import whole_file

_Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
PAPER, SHADE, LINE, INK = (255, 255, 255), (243, 244, 247), (200, 204, 212), (60, 64, 72)
PARTS = ((31, 119, 180), (214, 102, 31), (44, 140, 60), (148, 90, 180), (180, 60, 60), (110, 90, 70))
CONTEXT = 0.45
"""How much of its colour a note of the context keeps."""
ROW, BEAT, MARGIN, HEAD, GAP = 11, 26, 112, 38, 14
MAX_BEATS = 512.0
"""Beats drawn at most; what lies beyond is left out."""


@dataclass(frozen=True)
class Roll:
    """One roll of a picture."""

    title: str
    notes: Sequence[Note]
    context: Sequence[Note] = ()
    """What was given, drawn paler."""


def draw_rolls(
    rolls: Sequence[Roll],
    path: str | Path,
    metres: MetreMap | None = None,
    parts: Sequence[Part] = (),
) -> None:
    """Draw piano rolls one below the other, with bar lines, into a PNG file.

    Raises:
        MusicError: the file cannot be written.
    """
    metres = metres or MetreMap()
    pictures = [_draw(roll, metres, parts) for roll in rolls]
    width = max((p.width for p in pictures), default=200)
    height = sum(p.height + GAP for p in pictures) + GAP
    image = Image.new("RGB", (width, max(height, 40)), PAPER)
    top = GAP
    for picture in pictures:
        image.paste(picture, (0, top))
        top += picture.height + GAP
    try:
        with whole_file(Path(path)) as out:
            image.save(out, format="PNG")
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise MusicError(f"{path}: cannot be written ({why})") from error


def _draw(roll: Roll, metres: MetreMap, parts: Sequence[Part]) -> Image.Image:
    """Draw one roll."""
    everything = [*roll.context, *roll.notes]
    is_drum = any(part.is_drum for part in parts)
    pitches = rows_of(everything, is_drum) or [60]
    first = metres.bar_at(min((n.start for n in everything), default=0.0)).start
    last = min(max((n.end for n in everything), default=4.0), first + MAX_BEATS)
    font, bold = ImageFont.load_default(10), ImageFont.load_default(13)
    heading = 4 + bold.getlength(roll.title) + _legend_width(font, parts) + 10
    width = max(MARGIN + ceil((last - first) * BEAT) + 12, ceil(heading))
    image = Image.new("RGB", (width, HEAD + len(pitches) * ROW + 4), PAPER)
    pen = ImageDraw.Draw(image)
    _paper(pen, font, pitches, is_drum, width)
    _bars(pen, font, metres, first, last, image.height)
    pen.text((4, 2), roll.title, INK, bold)
    _legend(pen, font, parts, width)
    rows = {pitch: i for i, pitch in enumerate(pitches)}
    for notes, strength in ((roll.context, CONTEXT), (roll.notes, 1.0)):
        for note in notes:
            if note.start >= last:
                continue
            x = MARGIN + (note.start - first) * BEAT
            end = x + BEAT / 5 if is_drum else MARGIN + (min(note.end, last) - first) * BEAT
            y = HEAD + rows[note.pitch] * ROW
            pen.rectangle((x, y + 1, max(end - 1, x + 2), y + ROW - 2), _colour(note, strength, is_drum))
    return image


def _colour(note: Note, strength: float, is_drum: bool) -> tuple[int, int, int]:
    """Return a note's colour: its part's, paler for the context, and for drums by velocity."""
    share = strength * (0.3 + 0.7 * note.velocity / 127) if is_drum else strength
    red, green, blue = (round(255 - (255 - c) * share) for c in PARTS[note.part % len(PARTS)])
    return red, green, blue


def _paper(pen: ImageDraw.ImageDraw, font: _Font, pitches: list[int], drum: bool, width: int) -> None:
    """Draw the rows: black keys shaded, every C (or drum) named."""
    for i, pitch in enumerate(pitches):
        y = HEAD + i * ROW
        if (i % 2 == 1) if drum else (pitch % 12 in (1, 3, 6, 8, 10)):
            pen.rectangle((MARGIN, y, width, y + ROW - 1), SHADE)
        if drum or pitch % 12 == 0:
            name = drum_name(pitch) if drum else pitch_name(pitch)
            pen.text((4, y - 2), name[:15], INK, font)
        if not drum and pitch % 12 == 0:
            pen.line((MARGIN, y + ROW - 1, width, y + ROW - 1), LINE)


def _bars(
    pen: ImageDraw.ImageDraw,
    font: _Font,
    metres: MetreMap,
    first: float,
    last: float,
    height: int,
) -> None:
    """Draw barlines with their numbers, and beats as short strokes."""
    barline, number = first, 1
    while barline <= last + 1e-6:
        x = MARGIN + (barline - first) * BEAT
        pen.line((x, HEAD - 4, x, height), LINE, 2)
        if barline < last - 1e-6:  # no bar follows the last one
            pen.text((x + 3, HEAD - 14), str(number), INK, font)
        barline, number = metres.next_barline(barline + 1e-3), number + 1


def _legend_width(font: _Font, parts: Sequence[Part]) -> float:
    """Return how wide the names of the parts are together."""
    return sum(font.getlength(part.name) + 14 for part in parts) if len(parts) > 1 else 0


def _legend(pen: ImageDraw.ImageDraw, font: _Font, parts: Sequence[Part], width: int) -> None:
    """Name the parts in their colours, where there are several."""
    if len(parts) < 2:
        return
    x = width - 10
    for i, part in reversed(list(enumerate(parts))):
        x -= int(pen.textlength(part.name, font)) + 14
        pen.text((x, 3), part.name, PARTS[i % len(PARTS)], font)
