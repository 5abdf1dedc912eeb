"""ABC, MusicXML and grids to scores; written bars to metre maps."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from antiphon.models.errors import MusicError
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Score
from antiphon.train.corpus import abcfile, gridjson
from antiphon.train.corpus.accents import with_written_bars
from antiphon.train.corpus.barlines import BarSpan, metre_map
from antiphon.train.corpus.musicxml import read_musicxml

FOUR = Metre(4, 4)
HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:D\n"


def abc(body: str, head: str = HEAD) -> Score:
    (tune,) = abcfile.tunes(head + body + "\n")
    return abcfile.read_tune(tune)


def bars(*lengths: float, metre: Metre = FOUR) -> MetreMap:
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return metre_map([BarSpan(s, n, metre) for s, n in zip(starts, lengths, strict=True)])


def barlines(metres: MetreMap, *beats: float) -> list[float]:
    return [metres.bar_at(beat).start for beat in beats]


def test_regular_bars_need_one_entry() -> None:
    assert bars(4, 4, 4).changes == ((0, FOUR),)


def test_a_pickup_lies_at_the_end_of_the_bar_before() -> None:
    assert bars(1, 4, 4).bar_at(0.5).start == -3


def test_a_bar_split_by_a_repeat_is_one_bar() -> None:
    assert bars(1, 4, 3, 1, 4, 4).changes == ((1, FOUR),)


def test_after_an_odd_bar_the_grid_starts_again_at_the_barline() -> None:
    metres = bars(4, 3, 4, 4)
    assert barlines(metres, 1, 5, 7, 11.5) == [0, 4, 7, 11]


def test_a_new_metre_starts_at_its_barline() -> None:
    three = Metre(3, 4)
    written = [BarSpan(0, 4, FOUR), BarSpan(4, 3, three), BarSpan(7, 3, three)]
    assert metre_map(written).changes == ((0, FOUR), (4, three))


def test_bars_of_rest_without_barlines_between_keep_the_grid() -> None:
    assert bars(4, 8, 4).changes == ((0, FOUR),)


def test_abc_pitches_lengths_and_pickup() -> None:
    score = abc("A2|d2f2 (3agf e2|d6:|")
    assert [n.pitch for n in score.notes] == [69, 74, 78, 81, 79, 78, 76, 74]
    assert [n.start for n in score.notes] == pytest.approx([0, 1, 2, 3, 10 / 3, 11 / 3, 4, 5])
    assert score.metres.bar_at(0).start == -3
    assert score.metres.bar_at(1).start == 1
    assert score.title == "A tune"
    assert score.key == "D major"


def test_abc_repeats_stay_as_written_and_grace_notes_go() -> None:
    assert [n.pitch for n in abc("|:{g}A4 {ef}d4:|").notes] == [69, 74]


def test_abc_ties_are_one_note() -> None:
    notes = abc("A4-A4-|A4 B4|").notes
    assert [(n.pitch, n.start, n.duration) for n in notes] == [(69, 0, 6), (71, 6, 2)]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("^G2 G2 g2 =G2|G8|", [(68, 0, 1), (68, 1, 1), (80, 2, 1), (67, 3, 1), (67, 4, 4)]),
        ("^G4 ^G4-|G4 G4|", [(68, 0, 2), (68, 2, 4), (67, 6, 2)]),
        ("[DF]4-[DF]4|", [(62, 0, 4), (66, 0, 4)]),
        ("D4[L:1/16]D4D4|", [(62, 0, 2), (62, 2, 1), (62, 3, 1)]),
        ("D8|Z2|D8|", [(62, 0, 4), (62, 12, 4)]),
        ("D8|\nK:C bass\nF8|", [(62, 0, 4), (65, 4, 4)]),
    ],
)
def test_abc_is_read_as_it_sounds(body: str, wanted: list[tuple[int, float, float]]) -> None:
    assert [(n.pitch, n.start, n.duration) for n in abc(body).notes] == wanted


def test_abc_voices_line_by_line_sound_together() -> None:
    score = abc("[V:1]A8|B8|\n[V:2]D8|E8|\n[V:1]c8|\n[V:2]F8|")
    assert [(n.pitch, n.start) for n in score.notes if n.part == 0] == [(69, 0), (71, 4), (73, 8)]
    assert [(n.pitch, n.start) for n in score.notes if n.part == 1] == [(62, 0), (64, 4), (66, 8)]
    assert score.metres.changes == ((0, FOUR),)


@pytest.mark.parametrize("head", ["X:1\nK:D\n", "X:1\nL:1\nK:D\n"])
def test_abc_without_metre_or_with_whole_notes_is_read(head: str) -> None:
    assert [n.pitch for n in abc("D F|", head).notes] == [62, 66]


def test_abc_split_bars_are_one_bar() -> None:
    assert abc("A2|d8|d4:|d2:|A2|d8|d6|]").metres.changes == ((1, FOUR),)


def test_abc_has_its_own_metre() -> None:
    assert abc("A3|d3f3|d6|", "X:1\nM:6/8\nL:1/8\nK:D\n").metres.changes == ((1.5, Metre(6, 8)),)


def test_abc_exclamation_marks_as_line_breaks() -> None:
    score = abc("ABcd efga|!\nagfe dcBA|!\nA8|]!")
    assert len(score.notes) == 17
    assert barlines(score.metres, 5, 9) == [4, 8]
    assert abcfile.clean("K:C\n!trill!A B|!\nc d!") == "K:C\n!trill!A B|\nc d"


def test_abc_ids_in_comments_name_the_tunes() -> None:
    text = "% id=book/one.abc#0 group=g1\n" + HEAD + "A|\n\n% id=book/one.abc#1\n" + HEAD + "B|\n"
    for ending in ("\n", "\r\n"):
        names = [tune.name for tune in abcfile.tunes(text.replace("\n", ending))]
        assert names == ["book/one.abc#0", "book/one.abc#1"]


def test_abc_without_notes_is_an_error_that_names_the_tune() -> None:
    with pytest.raises(MusicError, match=r"^1: the tune has no notes"):
        abc("z8|")


def test_an_error_in_abc_names_its_line_in_the_file() -> None:
    book = "% mine\n\n" + HEAD + "A|\n\n" + HEAD.replace("X:1", "X:2") + "% a comment\nA8|\nB4 } D4|\n"
    with pytest.raises(MusicError, match=r"^2: line 17, column 4: '}' means nothing here"):
        abcfile.read_tune(list(abcfile.tunes(book))[1])


def musicxml(tmp_path: Path, *, suffix: str) -> bytes:
    """Return a voice and a piano part in 3/4 with a tie, a chord symbol and a pick-up, from music21."""
    import music21

    m: Any = music21  # it has no types
    parts = []
    for name, pitches in (("Voice", ("G4", "C5", "C5", "E5")), ("Piano", ("C3", "E3", "E3", "C2"))):
        pickup, first, second = (m.stream.Measure(number) for number in range(3))
        notes = [m.note.Note(p, quarterLength=n) for p, n in zip(pitches, (1, 3, 1, 2), strict=True)]
        notes[1].tie, notes[2].tie = m.tie.Tie("start"), m.tie.Tie("stop")
        pickup.append([m.meter.TimeSignature("3/4"), notes[0]])
        pickup.paddingLeft = 2
        first.append(notes[1])
        second.append(notes[2:])
        parts.append(m.stream.Part([pickup, first, second]))
        parts[-1].partName = name
    parts[0].getElementsByClass("Measure")[1].insert(0, m.harmony.ChordSymbol("Am"))
    path = tmp_path / f"song{suffix}"
    m.stream.Score(parts).write("mxl" if suffix == ".mxl" else "musicxml", path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".musicxml", ".mxl"])
def test_musicxml_parts_ties_chords_and_pickup(tmp_path: Path, suffix: str) -> None:
    score = read_musicxml(musicxml(tmp_path, suffix=suffix), "song")
    assert [part.name for part in score.parts] == ["Voice", "Piano"]
    voice = [(n.pitch, n.start, n.duration) for n in score.notes if n.part == 0]
    assert voice == [(67, 0, 1), (72, 1, 4), (76, 5, 2)]
    assert [n.pitch for n in score.notes if n.part == 1] == [48, 52, 36]
    assert score.chords == ((1.0, "Am"),)
    assert score.metres.changes == ((1.0, Metre(3, 4)),)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-be"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-8"),  # some programs declare what they held in memory
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("UTF-8", "utf-8-sig"),
    ],
)
def test_musicxml_in_other_encodings(tmp_path: Path, declared: str, encoding: str) -> None:
    text = musicxml(tmp_path, suffix=".musicxml").decode()
    text = text.replace('encoding="utf-8"', f'encoding="{declared}"').replace("Voice", "Fl\u00f6te")
    score = read_musicxml(text.encode(encoding), "song")
    assert [part.name for part in score.parts] == ["Fl\u00f6te", "Piano"]
    assert [n.pitch for n in score.notes if n.part == 1] == [48, 52, 36]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<score-partwise><part>", "not readable as MusicXML"),
        ("<?xml version='1.0'?><a/>".encode("utf-16") + b"\0", "not readable as MusicXML.*truncated"),
        (b"<?xml version='1.0' encoding='nonsense'?><a>\xff</a>", "unknown encoding: nonsense"),
        (b"<?xml version='1.0' encoding='hex'?><a>\xff</a>", "not readable as MusicXML"),
        (b"<?xml version='1.0'?><a>\xff</a>", "not readable as MusicXML.*utf-8"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><score-partwise/>'.encode("utf-16"), "entity"),
        (b"PK\x03\x04 no zip at all", "compressed MusicXML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise/>', "entity"),
    ],
)
def test_broken_musicxml_is_one_kind_of_error(data: bytes, reason: str) -> None:
    with pytest.raises(MusicError, match=f"^song: .*{reason}"):
        read_musicxml(data, "song")


def test_time_is_linear_in_the_spaces_of_musicxml() -> None:
    began = perf_counter()
    with pytest.raises(MusicError, match="not readable as MusicXML"):
        read_musicxml(b"<a>" + b" " * 400_000, "song")
    assert perf_counter() - began < 10  # a quadratic one would take minutes


def partwise(*parts: str) -> bytes:
    """Return parts in 4/4, eighths being their divisions, as MusicXML."""
    named = (f'<score-part id="P{i}"><part-name>{i}</part-name></score-part>' for i in range(len(parts)))
    names = "".join(named)
    music = "".join(f'<part id="P{i}">{part}</part>' for i, part in enumerate(parts))
    return f"<score-partwise><part-list>{names}</part-list>{music}</score-partwise>".encode()


def attributes(more: str = "") -> str:
    time = "<time><beats>4</beats><beat-type>4</beat-type></time>"
    return f"<attributes><divisions>2</divisions>{time}{more}</attributes>"


def ending(number: str) -> str:
    return f'<barline location="left"><ending number="{number}" type="start"/></barline>'


@pytest.mark.parametrize(
    "number", ["1" + "0" * 9, "1_000_000_000", "1&#48;0000", "3<!-- -->0000", "3+" * 400 + "3"]
)
def test_a_metre_that_would_fill_the_memory_is_refused(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("music21.converter.parseData", None)  # which does that
    bar = attributes().replace("<beats>4<", f"<beats>{number}<") + written("C", 5, 8)
    with pytest.raises(MusicError, match=r"song: '.*' as a bar's beats or an ending's number"):
        read_musicxml(partwise(f'<measure number="1">{bar}</measure>'), "song")


def test_an_ending_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = [f'<measure number="1">{attributes()}{ending(n)}{written("C", 5, 8)}</measure>' for n in
            ("1, 2", "1-99999999")]  # fmt: skip
    assert len(read_musicxml(partwise(bars[0]), "song").notes) == 1
    monkeypatch.setattr("music21.converter.parseData", None)
    with pytest.raises(MusicError, match="song: '1-99999999' as a bar's beats or an ending's number"):
        read_musicxml(partwise(bars[1]), "song")


def written(step: str, octave: int, eighths: int, tie: str = "", voice: int = 1) -> str:
    tied = f'<tie type="{tie}"/>' if tie else ""
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{eighths}</duration>{tied}<voice>{voice}</voice></note>"


@pytest.mark.parametrize(
    ("steps", "semitones", "octaves", "sounds"),
    [(-1, -2, 0, 60), (0, 0, -1, 50)],
    ids=["a clarinet in B flat", "a double bass"],
)
def test_transposing_instruments_sound_where_they_do(
    steps: int, semitones: int, octaves: int, sounds: int
) -> None:
    down = f"<diatonic>{steps}</diatonic><chromatic>{semitones}</chromatic>"
    down = f"<transpose>{down}<octave-change>{octaves}</octave-change></transpose>"
    flute = f'<measure number="1">{attributes()}{written("C", 5, 8)}</measure>'
    other = f'<measure number="1">{attributes(down)}{written("D", 4, 8)}</measure>'
    score = read_musicxml(partwise(flute, other), "duo")
    assert [note.pitch for note in score.notes] == [72, sounds]


REST = "<note><rest{0}/><duration>{1}</duration><voice>1</voice></note>"


@pytest.mark.parametrize(
    "silence",
    ["", REST.format("", 2), REST.format(' measure="yes"', 2), "<forward><duration>2</duration></forward>"],
)
@pytest.mark.parametrize("first", [0, 1])
def test_parts_begin_their_bars_together_after_a_pickup(silence: str, first: int) -> None:
    pickups = [written("G", 4, 2), silence]
    parts = [
        f'<measure number="0" implicit="yes">{attributes()}{pickups[i]}</measure>'
        f'<measure number="1">{written("C", 5 - i, 8)}</measure>'
        for i in ((0, 1) if first == 0 else (1, 0))
    ]
    score = read_musicxml(partwise(*parts), "duo")
    assert [(n.pitch, n.start, n.duration) for n in score.notes if n.part == first] == [
        (67, 0, 1),
        (72, 1, 4),
    ]
    assert [(n.pitch, n.start) for n in score.notes if n.part != first] == [(60, 1)]
    assert score.metres.changes == ((1.0, FOUR),)


def test_a_bar_that_one_part_left_unfilled_has_its_length() -> None:
    full, half, last = written("G", 4, 8), written("E", 4, 4), written("C", 5, 8)
    parts = [
        "".join(
            f'<measure number="{i}">{attributes() if i == 1 else ""}{bar}</measure>'
            for i, bar in enumerate((full, middle, last), 1)
        )
        for middle in (full, half)
    ]
    score = read_musicxml(partwise(*parts), "duo")
    assert [n.start for n in score.notes if n.part == 0] == [n.start for n in score.notes if n.part == 1]


def test_musicxml_tempos_and_title() -> None:
    mark = (
        "<direction><direction-type><metronome><beat-unit>half</beat-unit><per-minute>50</per-minute>"
        "</metronome></direction-type></direction>"
    )
    first, second = attributes() + written("C", 5, 8), mark + written("D", 5, 8)
    data = partwise(f'<measure number="1">{first}</measure><measure number="2">{second}</measure>')
    titled = data.replace(b"<part-list>", b"<work><work-title>A song</work-title></work><part-list>")
    score = read_musicxml(titled, "x")
    assert score.tempos == ((0.0, 100.0), (4.0, 100.0))
    assert score.title == "A song"
    score = read_musicxml(data.replace(mark.encode(), b""), "x")
    assert score.tempos == ((0.0, 120.0),)
    assert score.title == ""


@pytest.mark.parametrize(
    ("work", "movement", "title"),
    [("W", "", "W"), ("", "M", "M"), ("W", "M", "M"), ("W", "W", "W"), ("", "", "")],
)
def test_a_movement_has_its_own_title_before_its_work_s(work: str, movement: str, title: str) -> None:
    said = f"<work><work-title>{work}</work-title></work><movement-title>{movement}</movement-title>"
    data = partwise(f'<measure number="1">{attributes()}{written("C", 5, 8)}</measure>')
    assert read_musicxml(data.replace(b"<part-list>", f"{said}<part-list>".encode()), "x").title == title


def test_musicxml_chords_are_those_of_the_first_part_that_has_any() -> None:
    def part(*roots: str) -> str:
        chords = "".join(
            f"<harmony><root><root-step>{root}</root-step></root><kind>major</kind></harmony>"
            + written("C", 5, 4)
            for root in roots
        )
        return f'<measure number="1">{attributes()}{chords or written("C", 5, 8)}</measure>'

    score = read_musicxml(partwise(part(), part("F", "G"), part("C", "C")), "x")
    assert score.chords == ((0.0, "F"), (2.0, "G"))


def test_a_score_that_unpacks_to_more_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = musicxml(tmp_path, suffix=".mxl")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = max(info.file_size for info in archive.infolist())
    monkeypatch.setattr("antiphon.train.corpus.musicxml.MAX_BYTES", size)
    assert read_musicxml(data, "x").notes
    monkeypatch.setattr("antiphon.train.corpus.musicxml.MAX_BYTES", size - 1)
    with pytest.raises(MusicError, match=f"unpacks to more than {size - 1} bytes"):
        read_musicxml(data, "x")


def test_ties_of_two_voices_on_one_pitch() -> None:
    back = "<backup><duration>8</duration></backup>"
    first = written("C", 5, 8, "start") + back + written("D", 5, 4, voice=2) + written("C", 5, 4, "start", 2)
    second = written("C", 5, 8, "stop") + back + written("C", 5, 4, "stop", 2) + written("E", 5, 4, voice=2)
    bars = f'<measure number="1">{attributes()}{first}</measure><measure number="2">{second}</measure>'
    notes = read_musicxml(partwise(bars), "tied").notes
    assert [(n.pitch, n.start, n.duration) for n in notes] == [(72, 0, 8), (74, 0, 2), (72, 2, 4), (76, 6, 2)]


@pytest.mark.parametrize(
    "container",
    [
        "<container><rootfiles><rootfile full-path='It's.xml'/></rootfiles></container>",
        '<container><rootfiles><rootfile full-path="renamed.xml"/></rootfiles></container>',
        None,
    ],
)
def test_compressed_musicxml_with_a_wrong_container_is_read(container: str | None) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        if container is not None:
            archive.writestr("META-INF/container.xml", container)
        bar = f'<measure number="1">{attributes()}{written("C", 5, 8)}</measure>'
        archive.writestr("It's.xml", partwise(bar))
    assert [note.pitch for note in read_musicxml(data.getvalue(), "It's.mxl").notes] == [72]


def test_a_bach_chorale_of_the_music21_corpus() -> None:
    import music21

    m: Any = music21
    path = Path(m.corpus.getWork("bach/bwv269"))
    score = read_musicxml(path.read_bytes(), "bwv269")
    assert len(score.parts) == 4
    assert score.metres.changes[0] == (1.0, Metre(3, 4))  # a pick-up of a beat
    assert all(n.duration > 0 for n in score.notes)


def test_a_grid_may_have_every_pitch_of_midi() -> None:
    score = gridjson.read_grid(gridjson.GridPiece("x", "train", [[0, 127], [-1, -1]]))
    assert sorted(n.pitch for n in score.notes) == [0, 127]


def test_grid_neighbours_become_one_note() -> None:
    rows = [[72, 67, -1, 48], [72, 65, -1, 48], [74, 65, 60, -1], [74, 65, 60, 48]]
    (piece,) = gridjson.pieces('{"valid": [' + str(rows) + "]}", "grid.json")
    score = gridjson.read_grid(piece)
    assert piece.split == "valid"
    assert [p.name for p in score.parts] == ["soprano", "alto", "tenor", "bass"]
    found = sorted((n.part, n.pitch, n.start, n.duration) for n in score.notes)
    assert found == [
        (0, 72, 0, 0.5),
        (0, 74, 0.5, 0.5),
        (1, 65, 0.25, 0.75),
        (1, 67, 0, 0.25),
        (2, 60, 0.5, 0.5),
        (3, 48, 0, 0.5),
        (3, 48, 0.75, 0.25),
    ]


@pytest.mark.parametrize("rows", [[[60, 55], [60]], [[200]], [["C"]], [], [[-1], [-1]], [60]])
def test_grids_that_are_none(rows: Any) -> None:
    with pytest.raises(MusicError, match=r"^train/000: "):
        gridjson.read_grid(gridjson.GridPiece("train/000", "train", rows))


def test_accents_of_abc2midi_give_the_bars() -> None:
    notes = [Note(62, 1 / 480, 0.5, 105)]  # a pick-up of half a beat, a tick late as abc2midi writes it
    for bar in range(10):
        start = 0.5 + 4 * bar + 1 / 480
        notes += [Note(60, start, 1, 105), Note(62, start + 2, 1, 95), Note(64, start + 3, 1, 80)]
    score = with_written_bars(Score(tuple(notes)))
    assert barlines(score.metres, 0, 1, 5) == [-3.5, 0.5, 4.5]


def test_a_backbeat_at_their_velocities_is_no_barline() -> None:
    hits = [Note(38 if i % 2 else 36, float(i), 0.5, 105 if i % 2 else 80) for i in range(40)]
    score = Score(tuple(hits))
    assert with_written_bars(score) is score


def test_other_velocities_leave_the_bars_alone() -> None:
    score = Score(tuple(Note(60, float(i), 1, 105 if i % 3 else 64) for i in range(40)))
    assert with_written_bars(score) is score
