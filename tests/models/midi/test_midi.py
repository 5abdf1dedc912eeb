"""MIDI files: what is written is read again, and broken files say what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mido
import pretty_midi
import pytest
from antiphon.models.errors import MusicError
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.midi.read import read_midi
from antiphon.models.midi.write import TICKS_PER_BEAT, to_midi, write_midi
from antiphon.models.note import Note
from antiphon.models.score import Part, Score
from hypothesis import given
from hypothesis import strategies as st

TICK = 1 / TICKS_PER_BEAT
METRES = [Metre.parse(text) for text in ("4/4", "3/4", "6/8", "2/2", "5/8", "7/16", "1/4")]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@st.composite
def metre_maps(draw: st.DrawFn) -> MetreMap:
    """Barlines from 0 on, some bars cut short."""
    beat, changes = 0.0, []
    for metre in draw(st.lists(st.sampled_from(METRES), min_size=1, max_size=4)):
        changes.append((beat, metre))
        beat += metre.beats * draw(st.integers(2, 5)) + draw(st.sampled_from([0.0, 0.0, 0.125]))
    return MetreMap(tuple(changes))


@st.composite
def scores(draw: st.DrawFn, earliest: float = 0.0) -> Score:
    """Several parts, each with notes that do not overlap at the same pitch."""
    parts = tuple(
        Part(name, draw(st.integers(0, 127)), draw(st.booleans()))
        for name in draw(st.lists(NAMES, min_size=1, max_size=4))
    )
    notes = []
    for index in range(len(parts)):
        for pitch in draw(st.sets(st.integers(0, 127), min_size=1, max_size=4)):
            now = earliest
            for _ in range(draw(st.integers(1, 3))):
                start = now + draw(st.floats(0.0, 9.0))
                length = draw(st.floats(2 * TICK, 9.0))
                notes.append(Note(pitch, start, length, draw(st.integers(1, 127)), index))
                now = start + length + 2 * TICK
    beats = draw(st.sets(st.integers(1, 40), max_size=3))
    tempos = {0.0: 0.0, **{float(beat): 0.0 for beat in sorted(beats)}}
    tempos = {beat: draw(st.floats(20.0, 300.0)) for beat in tempos}
    metres = draw(metre_maps())
    return Score(Score.ordered(notes), metres, tuple(tempos.items()), parts, title=draw(NAMES))


def written(score: Score, folder: Path) -> Score:
    """Write a score and read it again."""
    path = folder / "round.mid"
    write_midi(score, path)
    return read_midi(path)


def check_notes(found: Score, wanted: Score, moved: float = 0.0) -> None:
    """Check that two scores have the same notes, within one tick."""

    def key(note: Note) -> tuple[int, int, float]:
        return note.part, note.pitch, note.start

    assert len(found.notes) == len(wanted.notes)
    for a, b in zip(sorted(found.notes, key=key), sorted(wanted.notes, key=key), strict=True):
        assert (a.part, a.pitch, a.velocity) == (b.part, b.pitch, b.velocity)
        assert a.start == pytest.approx(b.start + moved, abs=TICK)
        assert a.end == pytest.approx(b.end + moved, abs=TICK)


def barlines(metres: MetreMap, start: float = 0.0, end: float = 60.0) -> list[tuple[float, Metre]]:
    """List the barlines between two beats with the metres after them."""
    found, beat = [], start
    while (beat := metres.next_barline(beat)) < end:
        found.append((beat, metres.bar_at(beat).metre))
        beat += 1e-3
    return found


@given(score=scores())
def test_round_trip(score: Score, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = written(score, tmp_path_factory.mktemp("midi"))
    check_notes(again, score)
    assert again.parts == score.parts
    assert again.title == score.title
    assert barlines(again.metres) == barlines(score.metres)
    assert [beat for beat, _ in again.tempos] == [beat for beat, _ in score.tempos]
    assert [bpm for _, bpm in again.tempos] == pytest.approx([bpm for _, bpm in score.tempos], rel=1e-5)


@given(score=scores(earliest=-20.0))
def test_a_score_that_begins_before_0_is_moved_with_its_barlines(
    score: Score, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = written(score, tmp_path_factory.mktemp("midi"))
    first = min(note.start for note in score.notes)
    moved = min(note.start for note in again.notes) - first
    moved = round(moved * 32) / 32  # barlines lie on such a grid here
    check_notes(again, score, moved)
    wanted = [(beat + moved, metre) for beat, metre in barlines(score.metres, min(first, 0.0), 40.0)]
    assert barlines(again.metres, min(first, 0.0) + moved, 40.0 + moved) == wanted


@pytest.mark.parametrize("early", [0.125, 0.5, 0.75, 1.0, 2.5, 3.0])
@pytest.mark.parametrize("barline", [0.0, "early"])
def test_pickup(early: float, barline: float | str, tmp_path: Path) -> None:
    line = early if barline == "early" else 0.0
    notes = (Note(60, line - early, early), Note(62, line, 4.0), Note(64, line + 4.0, 4.0))
    again = written(Score(notes, MetreMap(((line, Metre()),))), tmp_path)
    assert again.metres == MetreMap(((early, Metre()),))
    assert [note.start for note in again.notes] == [0.0, early, early + 4.0]


def test_a_first_barline_in_the_middle_keeps_its_grid(tmp_path: Path) -> None:
    for line, start in ((8.0, 1.0), (9.0, 1.0), (9.0, -2.0), (-7.0, 1.0), (3.99, 0.0)):
        score = Score((Note(60, start, 20.0),), MetreMap(((line, Metre(3, 4)),)))
        again = written(score, tmp_path)
        moved = again.notes[0].start - start
        wanted = [beat + moved for beat, _ in barlines(score.metres, start, 20.0)]
        found = [beat for beat, _ in barlines(again.metres, start + moved, 20.0 + moved)]
        assert found == pytest.approx(wanted, abs=TICK)


@pytest.mark.parametrize(
    ("early", "metre"), [(1.0, (1, 4)), (2.5, (5, 8)), (0.75, (3, 16)), (0.125, (1, 32))]
)
def test_a_pickup_is_written_in_the_longest_unit_that_it_is_made_of(
    early: float, metre: tuple[int, int]
) -> None:
    score = Score((Note(60, -early, 8.0),), MetreMap(((0.0, Metre()),)))
    first = next(m for m in to_midi(score).tracks[0] if m.type == "time_signature")
    assert (first.numerator, first.denominator) == metre


def test_all_but_a_whole_bar_is_no_pickup(tmp_path: Path) -> None:
    score = Score((Note(60, -3.99, 8.0),), MetreMap(((0.0, Metre()),)))
    assert written(score, tmp_path).metres == MetreMap(((0.0, Metre()),))


def test_a_long_odd_pickup_still_has_a_metre(tmp_path: Path) -> None:
    score = Score((Note(60, -200.03, 1.0),), MetreMap(((0.0, Metre(64, 1)),)))
    assert written(score, tmp_path).notes[0].start == pytest.approx(0.0, abs=4.0)


@pytest.mark.parametrize(
    ("key", "found"),
    [("F# minor", "F# minor"), ("Bb major", "Bb major"), ("D dorian", None), ("H major", None), (None, None)],
)
def test_key(key: str | None, found: str | None, tmp_path: Path) -> None:
    assert written(Score((Note(60, 0.0, 1.0),), key=key), tmp_path).key == found


def test_channels(tmp_path: Path) -> None:
    parts = tuple(Part(f"part {i}", i, is_drum=i == 3) for i in range(20))
    score = Score(tuple(Note(60, 0.0, 1.0, part=i) for i in range(20)), parts=parts)
    tracks = to_midi(score).tracks[1:]
    channels = [{m.channel for m in track if not m.is_meta} for track in tracks]
    assert channels[3] == {9}
    assert all(channel != {9} for i, channel in enumerate(channels) if i != 3)
    assert written(score, tmp_path).parts == parts


def test_overlapping_notes_are_cut_where_the_pitch_is_struck_again(tmp_path: Path) -> None:
    notes = (Note(60, 0.0, 4.0), Note(60, 0.0, 1.0), Note(60, 2.0, 2.0), Note(64, 1.0, 2.0))
    again = written(Score(notes), tmp_path).notes
    assert sorted((n.pitch, n.start, n.end) for n in again) == [
        (60, 0.0, 1.0),
        (60, 0.0, 2.0),
        (60, 2.0, 4.0),
        (64, 1.0, 3.0),
    ]


@given(score=scores())
def test_pretty_midi_finds_the_same_notes(score: Score, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("midi") / "pretty.mid"
    write_midi(score, path)
    file = pretty_midi.PrettyMIDI(str(path))
    found = sorted(
        (part.program, part.is_drum, note.pitch, note.velocity, file.time_to_tick(note.start))
        for part in file.instruments
        for note in part.notes
    )
    wanted = sorted(
        (part.program, part.is_drum, note.pitch, note.velocity, note.start * TICKS_PER_BEAT)
        for note in score.notes
        for part in [score.parts[note.part]]
    )
    assert [note[:4] for note in found] == [note[:4] for note in wanted]
    for a, b in zip(found, wanted, strict=True):
        assert a[4] == pytest.approx(b[4], abs=1.0)


NO_FOLDERS: dict[str, Callable[[Path], Path]] = {
    "missing folder": lambda folder: folder / "missing" / "a.mid",
    "file as folder": lambda folder: folder / "file" / "a.mid",
    "name too long": lambda folder: folder / ("a" * 300 + ".mid"),
    "folder in its place": lambda folder: folder / "folder",
    "NUL": lambda folder: folder / "a\0.mid",
}


@pytest.mark.parametrize("kind", NO_FOLDERS)
def test_a_path_that_cannot_be_written(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    path = NO_FOLDERS[kind](tmp_path)
    with pytest.raises(MusicError) as error:
        write_midi(Score((Note(60, 0.0, 1.0),)), path)
    assert str(error.value).startswith(f"{path}: cannot be written (")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_note_that_midi_has_not(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    write_midi(Score((Note(60, 0.0, 1.0),)), path)
    before = path.read_bytes()
    with pytest.raises(MusicError, match=r"a\.mid: cannot be written"):
        write_midi(Score((Note(128, 0.0, 1.0),)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_extreme_tempo(tmp_path: Path) -> None:
    score = Score((Note(60, 0.0, 1.0),), tempos=((0.0, 1.0), (1.0, 1e9)))
    slow, fast = (bpm for _, bpm in written(score, tmp_path).tempos)
    assert slow == pytest.approx(mido.tempo2bpm(0xFFFFFF))
    assert fast == 60e6
