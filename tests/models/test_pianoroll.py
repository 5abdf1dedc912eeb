"""Piano rolls: as text, cell by cell, and as pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from antiphon.models.errors import MusicError
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.pianoroll import COLOURS, MAX_ROWS, drum_name, piano_roll, pitch_name, rows_of
from antiphon.models.rollpicture import BEAT, HEAD, MARGIN, PAPER, PARTS, ROW, Roll, draw_rolls
from antiphon.models.score import Part
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

KIT = (Part("kit", is_drum=True),)


def test_names() -> None:
    assert [pitch_name(p) for p in (0, 21, 60, 61, 127)] == ["C-1", "A0", "C4", "C♯4", "G9"]
    assert drum_name(36) == "Bass Drum 1"
    assert drum_name(3) == "3"


def test_text() -> None:
    notes = [Note(62, 0.0, 1.0), Note(60, 1.0, 0.5), Note(60, 2.0, 1.5)]
    assert piano_roll(notes, MetreMap(((0.0, Metre(2, 4)),))).split("\n") == [
        "D4  █▒▒▒    │",
        "C♯4         │",
        "C4      █▒  █▒▒▒▒▒",
    ]


def test_text_begins_with_the_bar() -> None:
    assert piano_roll([Note(60, 6.0, 0.5)]) == "C4  " + " " * 8 + "█▒"


def test_text_of_drums_shows_what_is_struck() -> None:
    notes = [Note(36, 0.0, 4.0), Note(42, 0.5, 0.1), Note(36, 1.0, 0.1)]
    assert piano_roll(notes, parts=KIT).split("\n") == [
        "Closed Hi Hat   █",
        "Bass Drum 1   █   █",
    ]


def test_text_in_several_staves() -> None:
    notes = [Note(60, 0.0, 3.0), Note(60, 4.0, 0.25), Note(61, 1.5, 1.0)]
    assert piano_roll(notes, width=12).split("\n") == [
        "C♯4       █▒",
        "C4  █▒▒▒▒▒▒▒",
        "",
        "C♯4 ▒▒",
        "C4  ▒▒▒▒",
        "",
        "C♯4 │",
        "C4  █",
    ]


def test_text_in_colour() -> None:
    notes = [Note(60, 0.0, 0.5), Note(60, 0.5, 0.25, part=1)]
    first, second = COLOURS[:2]
    assert piano_roll(notes, colour=True) == (
        f"C4  \x1b[{first}m█\x1b[0m\x1b[{first}m▒\x1b[0m\x1b[{second}m█\x1b[0m"
    )


def test_no_notes() -> None:
    assert piano_roll([]) == "(no notes)"


def test_rows_of_a_wide_range_are_only_those_played() -> None:
    assert rows_of([Note(60, 0, 1), Note(62, 0, 1)], is_drum=False) == [62, 61, 60]
    assert rows_of([Note(10, 0, 1), Note(10 + MAX_ROWS, 0, 1)], is_drum=False) == [10 + MAX_ROWS, 10]


@given(
    starts=st.lists(st.floats(-8.0, 40.0), min_size=1, max_size=8),
    length=st.floats(0.01, 2.0),
    width=st.integers(12, 80),
    drums=st.booleans(),
)
def test_every_note_is_in_the_text(starts: list[float], length: float, width: int, drums: bool) -> None:
    notes = [Note(40 + i, start, length) for i, start in enumerate(starts)]
    text = piano_roll(notes, parts=KIT if drums else (), width=width)
    assert text.count("█") == len(notes)
    assert drums or max(map(len, text.split("\n"))) <= width
    assert not re.search(r" $", text, re.MULTILINE)


def test_picture(tmp_path: Path) -> None:
    path = tmp_path / "roll.png"
    notes, context = [Note(60, 4.0, 2.0), Note(64, 6.0, 2.0, part=1)], [Note(62, 0.0, 4.0)]
    draw_rolls([Roll("take 1", notes, context), Roll("take 2", notes)], path, parts=(Part("a"), Part("b")))
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert MARGIN + 8 * BEAT <= image.width <= MARGIN + 9 * BEAT
        assert 2 * (HEAD + 5 * ROW) < image.height < 2 * (HEAD + 5 * ROW) + 100
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 16) or []}
    assert {PAPER, PARTS[0], PARTS[1]} <= colours


def test_a_title_stays_clear_of_the_bar_numbers(tmp_path: Path) -> None:
    """Without the title, the lines that hold it are blank; the lines with the numbers are as they were."""
    notes = [Note(60, 0.0, 40.0)]
    for title, name in (("", "without.png"), ("Ågy" * 20, "with.png")):
        draw_rolls([Roll(title, notes)], tmp_path / name)
    with Image.open(tmp_path / "without.png") as one, Image.open(tmp_path / "with.png") as two:
        rows = [
            [image.crop((0, y, image.width, y + 1)).tobytes() for y in range(image.height)]
            for image in (one, two)
        ]
    blank = rows[0][0]
    changed = [y for y, (a, b) in enumerate(zip(*rows, strict=True)) if a != b]
    assert len(changed) > 8
    assert all(rows[0][y] == blank for y in changed)


def test_picture_of_drums_and_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "roll.png"
    sizes = []
    for rolls in ([Roll("beat", [Note(36, 0.0, 0.1), Note(42, 0.5, 0.1)])], [Roll("nothing", [])], []):
        draw_rolls(rolls, path, parts=KIT)
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sizes[0][0] < sizes[1][0]
    assert sizes[2] == (200, 40)
    assert sizes[0][1] == sizes[1][1] + ROW


def test_a_narrow_picture_has_room_for_title_and_names(tmp_path: Path) -> None:
    widths = []
    for title, parts in (("", ()), ("title " * 9, ()), ("title " * 9, (Part("first"), Part("second")))):
        draw_rolls([Roll(title, [Note(60, 0.0, 1.0)])], tmp_path / "roll.png", parts=parts)
        with Image.open(tmp_path / "roll.png") as image:
            widths.append(image.width)
    assert widths[0] < widths[1] < widths[2] - 28


def test_a_long_piece_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "roll.png"
    draw_rolls([Roll("long", [Note(60, 0.0, 1.0), Note(62, 1e7, 1.0)])], path)
    with Image.open(path) as image:
        assert image.width < 20_000


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "roll.png"
    with pytest.raises(MusicError, match="cannot be written") as error:
        draw_rolls([Roll("a", [Note(60, 0.0, 1.0)])], path)
    assert str(path) in str(error.value)
