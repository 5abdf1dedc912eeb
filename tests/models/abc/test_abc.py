"""ABC: what tunes sound like, where they are wrong, that mended ones add up. All tunes are made up here."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import pytest
from antiphon.models.abc import AbcError, bars, read_abc, repair_abc
from antiphon.models.abc.field import parse_shift
from antiphon.models.abc.write import write_bars
from antiphon.models.metre import Metre
from antiphon.models.midi import read_midi
from antiphon.models.note import Note
from antiphon.models.score import Score
from hypothesis import example, given, settings
from hypothesis import strategies as st

HEADER = "X:1\nT:Made up\nM:4/4\nL:1/8\nK:C\n"


def heard(music: str, header: str = HEADER) -> list[tuple[int, float, float]]:
    """Pitch, onset and length of each note."""
    return [(n.pitch, n.start, n.duration) for n in read_abc(header + music).notes]


def pitches(music: str, header: str = HEADER) -> list[int]:
    return [pitch for pitch, *_ in heard(music, header)]


def lengths(music: str, header: str = HEADER) -> list[float]:
    return [length for *_, length in heard(music, header)]


def test_header_and_notes() -> None:
    score = read_abc('X:7\nT:First\nT:Other\nM:6/8\nQ:3/8=100\nK:Ador\n"Am"A3 c2d|"^slow"e6|]\n')
    assert (score.title, score.key, score.tempos) == ("First", "A dorian", ((0.0, 150.0),))
    assert score.metres.changes == ((0.0, Metre(6, 8)),)
    assert score.chords == ((0.0, "Am"),)
    assert [(n.pitch, n.start, n.duration) for n in score.notes] == [
        (69, 0.0, 1.5), (72, 1.5, 1.0), (74, 2.5, 0.5), (76, 3.0, 3.0)]  # fmt: skip


def test_chord_symbols_are_told_from_words() -> None:
    written = ("Am", " D7", "F#m7b5", "G/b", "E7/G#", "A(b5)", "Csus4", "Fine", "End", "D.C.", "4", "^A", "H")
    score = read_abc(HEADER + "".join(f'"{name}"c' for name in written))
    assert [name for _, name in score.chords] == ["Am", "D7", "F#m7b5", "G/b", "E7/G#", "A(b5)", "Csus4"]


def test_octaves_and_accidentals_last_to_the_barline() -> None:
    assert pitches("C,,Cc'c''") == [36, 60, 84, 96]
    assert pitches("^F f =f F|F") == [66, 78, 77, 65, 65]
    assert pitches("^^C __B _e|e") == [62, 69, 75, 76]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("G", 66), ("C", 65), ("Ador", 66), ("Em", 66), ("D Mixolydian", 66), ("EM", 66), ("Bphr", 66),
     ("Flyd", 65), ("F#loc", 66), ("none", 65), ("", 65), ("HP", 66), ("C ^f", 66), ("D =f", 65), ("Gb", 65),
     ("C clef=bass", 65), ("Cb", 64), ("D exp", 65), ("Dmix=f", 65),
     ("C middle=d ^f", 66), ("G major treble =f", 65)],
)  # fmt: skip
def test_keys(key: str, wanted: int) -> None:
    assert pitches("F", f"X:1\nL:1/8\nK:{key}\n") == [wanted]


@pytest.mark.parametrize(
    ("metre", "beats"), [("2/4", 0.25), ("3/4", 0.5), ("C|", 0.5), ("6/16", 0.25), ("none", 0.5)]
)
def test_the_unit_note_follows_from_the_metre(metre: str, beats: float) -> None:
    assert lengths("A", f"X:1\nM:{metre}\nK:C\n") == [beats]


@pytest.mark.parametrize(("unit", "beats"), [("1", 4.0), ("1/2", 2.0), ("1 / 64", 0.0625)])
def test_the_unit_note_may_be_any_power_of_two(unit: str, beats: float) -> None:
    assert lengths("A", f"X:1\nL:{unit}\nK:C\n") == [beats]


def test_common_time_is_four_four() -> None:
    assert read_abc("X:1\nM:C\nL:1/8\nK:C\nC8|").metres.changes == ((0.0, Metre(4, 4)),)


def test_lengths() -> None:
    assert lengths("A2 A/ A3/2 A// A/4 A") == [1.0, 0.25, 0.75, 0.125, 0.125, 0.5]
    assert heard("A z2 B x/ c") == [(69, 0.0, 0.5), (71, 1.5, 0.5), (72, 2.25, 0.5)]
    assert heard("A8|Z2|B") == [(69, 0.0, 4.0), (71, 12.0, 0.5)]
    assert heard("Z|B") == [(71, 4.0, 0.5)]


def test_broken_rhythm_and_tuplets() -> None:
    assert lengths("A>B c<d e>>f") == [0.75, 0.25, 0.25, 0.75, 0.875, 0.125]
    assert lengths("A > {g}B") == [0.75, 0.25]
    third = pytest.approx(1 / 3)
    assert lengths("(3ABc d") == [third, third, third, 0.5]
    assert lengths("(3:2:2A2B c") == [pytest.approx(2 / 3), third, 0.5]
    assert lengths("(2AB", "X:1\nM:6/8\nK:C\n") == [0.75, 0.75]
    assert lengths("(5ABcde", "X:1\nM:6/8\nK:C\n") == [pytest.approx(0.3)] * 5
    assert lengths("(5ABcde") == [pytest.approx(0.2)] * 5
    assert lengths("(3:4:2AB c") == [pytest.approx(2 / 3)] * 2 + [0.5]


def test_ties_join_and_keep_their_accidental() -> None:
    assert heard("^c8-|c2 c2") == [(73, 0.0, 5.0), (72, 5.0, 1.0)]
    assert heard("[CE]2-[CG]2") == [(60, 0.0, 2.0), (64, 0.0, 1.0), (67, 1.0, 1.0)]
    assert heard("A-B") == [(69, 0.0, 0.5), (71, 0.5, 0.5)]


def test_what_sounds_like_nothing() -> None:
    music = '"<text" ~A .B uvT{gag}c !trill!d (e f)!\nH[C`E]y $%A B\n% A\nw: la la\nN: A B\n'
    assert pitches(music) == [69, 71, 72, 74, 76, 77, 60, 64]


@pytest.mark.parametrize(
    ("music", "wanted"),
    [
        ("C|D:|E|", "CDCDE"),
        ("C|:D:|E|", "CDDE"),
        ("C:|D:|", "CCDD"),
        ("|:C::D:|", "CCDD"),
        ("|:C:|:D:|", "CCDD"),
        ("C||D:|", "CDD"),
        ("|:C||D:|", "CDCD"),
        ("|:C|1D:|2E||F|", "CDCEF"),
        ("|:C|[1D:|[2E|]F:|", "CDCEFF"),
        ("|:C|1,3D:|2E:|F|", "CDCECDF"),
        ("|:C|1-2D:|3E|]", "CDCDCE"),
        ("|:C|1D:|F|", "CDCF"),
        ("|:C::|D|", "CCCD"),
        ("|:C|1D|2E|]", "CDCE"),
        ("|:C[|]:|D|]:|E|", "CCDDE"),
        ("C|:D:||:E:|]F|", "CDDEEF"),
    ],
)
def test_repeats(music: str, wanted: str) -> None:
    names = {60: "C", 62: "D", 64: "E", 65: "F"}
    assert "".join(names[p] for p in pitches(music)) == wanted


def test_fields_between_the_notes() -> None:
    score = read_abc(HEADER + "F4[K:G]F4|[M:3/4][L:1/4]FGA|\nQ:1/4=60\nK:C\nF3|\n")
    assert [(n.pitch, n.duration) for n in score.notes] == [
        (65, 2.0), (66, 2.0), (66, 1.0), (67, 1.0), (69, 1.0), (65, 3.0)]  # fmt: skip
    assert score.metres.changes == ((0.0, Metre(4, 4)), (4.0, Metre(3, 4)))
    assert score.tempos == ((0.0, 120.0), (7.0, 60.0))


def test_pick_ups_are_whole_at_repeats() -> None:
    score = read_abc(HEADER + "G2|c8|G6:|G2|c8|G6:|")
    assert score.metres.changes == ((1.0, Metre(4, 4)),)
    assert all(bar.fits for bar in bars(HEADER + "G2|c8|G6:|G2|c8|G6:|"))


@pytest.mark.parametrize(
    ("music", "fit"),
    [
        ("G2|:c8|1c6:|2c6|]", [True, True, True, True]),
        ("G2|c6|1c8:|2c6|]", [True, False, True, True]),
        ("G2|c6||1c8:|2c6|]", [True, False, True, True]),
        ("G2|c8|1c6|2c6|]", [True, True, False, True]),
    ],
)
def test_each_ending_leaves_room_for_the_pick_up(music: str, fit: list[bool]) -> None:
    """Where a repeat sign ends it, or the section; not before it."""
    assert [bar.fits for bar in bars(HEADER + music)] == fit


def test_halves_of_a_bar_that_a_repeat_parts_are_one_bar() -> None:
    assert read_abc(HEADER + "c4:|d8|c8|").metres.changes == ((0.0, Metre(4, 4)),)


def test_barlines_are_counted_anew_after_a_bar_that_is_too_long() -> None:
    found = read_abc(HEADER + "c8|c8c2|c8|c8|").metres.changes
    assert found == ((0.0, Metre(4, 4)), (9.0, Metre(4, 4)))


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("clef=treble-8", 48),
        ("treble+8", 72),
        ("bass", 60),
        ("clef=bass middle=d", 60),
        ("octave=-2", 36),
        ("clef=treble-8 transpose=2", 50),
        ("octave=-9", 0),
        ("clef=treble+15 octave=9", 108),
    ],
)
def test_clefs_octaves_and_transpositions_move_the_notes(settings: str, wanted: int) -> None:
    assert pitches("C|", f"X:1\nK:C {settings}\n") == [wanted]
    assert pitches("[V:T]C|", f"X:1\nV:T {settings}\nK:C\n") == [wanted]
    assert pitches(f"V:T {settings}\nC-|C|\nV:B\nC2|", "X:1\nK:C\n") == [wanted, 60]


def test_a_name_of_a_voice_is_no_clef() -> None:
    assert pitches("[V:T]C|", 'X:1\nV:T name="treble-8 octave=1" octave=1\nK:C\n') == [72]


def test_a_key_without_a_clef_keeps_the_one_before() -> None:
    assert pitches("C|[K:G]F|[K:G clef=treble]F|", "X:1\nK:C clef=treble-8\n") == [48, 54, 66]


@pytest.mark.parametrize("setting", ["clef=bass", "bass", "treble", "middle=d", "octave=0", "transpose=0"])
def test_a_clef_without_a_key_keeps_the_key_before(setting: str) -> None:
    assert pitches(f"F|[K:{setting}]F|\nK:{setting}\nF|", "X:1\nK:D\n") == [66, 66, 66]
    assert pitches(f"F|[K:{setting} _b]FB|[K:none]F|[K:D]F|[K:]F|", "X:1\nK:D\n") == [66, 65, 70, 65, 66, 65]


def test_a_header_whose_key_comes_after_its_clef_has_it() -> None:
    assert pitches("F|", "X:1\nK:clef=treble\n[K:D]") == [66]


def test_voices_are_parts() -> None:
    score = read_abc(HEADER + "V:1\nc4 c4|\nV:low\nC8|\nV:1\nd8|\nV:low\nD8|\n")
    assert [(n.pitch, n.start, n.part) for n in score.notes] == [
        (72, 0.0, 0), (60, 0.0, 1), (72, 2.0, 0), (74, 4.0, 0), (62, 4.0, 1)]  # fmt: skip
    assert [part.name for part in score.parts] == ["1", "low"]


def test_sixteen_voices_are_read_and_no_more() -> None:
    music = "".join(f"V:{n}\nC8|\n" for n in range(16))
    assert len(read_abc(HEADER + music + "V:0\nC8|\n").parts) == 16
    with pytest.raises(AbcError, match="more than 16 voices; leave some out"):
        read_abc(HEADER + music + "V:16\nC8|\n")


def test_an_empty_title_is_none() -> None:
    assert read_abc("X:1\nT:\nT:Second\nK:C\nA").title == "Second"


@pytest.mark.parametrize(
    "header", ["X:1\nK:C\n", "X:1\nK:C\nL:1/8\n", "X:1\nK:C\nV:1\n", "X:1\nX:2\n\nK:C\n"]
)
def test_an_empty_line_ends_no_tune_before_its_music(header: str) -> None:
    assert pitches("\nA\n\nB", header) == [69]


def test_only_the_first_tune_is_read() -> None:
    assert pitches("A\n\nX:2\nK:C\nB\n") == [69]
    assert pitches("A\nX:2\nK:C\nB\n") == [69]
    assert pitches("A", "Some words before it.\n\n" + HEADER) == [69]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (HEADER + "AB|\nc5 } d", 7, 4),
        (HEADER + "AB|\nc5 && d", 7, 4),
        (HEADER + "A2/0", 6, 1),
        (HEADER + "A1/97", 6, 1),
        (HEADER + "A0", 6, 1),
        (HEADER + "A//2", 6, 1),
        (HEADER + "A[CX]", 6, 2),
        ("X:1\nQ:1/1=9999\nK:C\nA", 2, 1),
        (HEADER + "(3AB", 6, 1),
        (HEADER + "A>|", 6, 2),
        (HEADER + ">A", 6, 1),
        ("X:1\nK:Q\nA", 2, 1),
        ("X:1\nM:5/0\nK:C\nA", 2, 1),
        ("X:1\nL:2\nK:C\nA", 2, 1),
        ("X:1\nABC", 2, 1),
        (HEADER + "A[M:x]", 6, 2),
        (HEADER + "C,,,,,,,", 6, 1),
        (HEADER, 0, 0),
        ("", 0, 0),
        ("K:C\n" + "A" * 100_000, 0, 0),
        (HEADER + "|:" + "A" * 5000 + "::::::|", 0, 0),
        (HEADER + "z999" * 200, 6, 401),
    ],
)
def test_errors_say_where(text: str, line: int, column: int) -> None:
    with pytest.raises(AbcError) as caught:
        read_abc(text)
    assert (caught.value.line, caught.value.column) == (line, column), caught.value
    assert re.search("; |: write|must be", str(caught.value))  # and what to do


def test_unfinished_bars_are_found() -> None:
    found = bars(HEADER + "G2|CDEF GABc|CDEF|c8 c|\nz6|]")
    assert [(b.number, b.line, b.column, b.beats, b.metre_beats, b.fits) for b in found] == [
        (1, 6, 1, 1.0, 4.0, True),
        (2, 6, 4, 4.0, 4.0, True),
        (3, 6, 14, 2.0, 4.0, False),
        (4, 6, 19, 4.5, 4.0, False),
        (5, 7, 1, 3.0, 4.0, True),
    ]
    assert bars("") == []


@pytest.mark.parametrize(
    ("music", "wanted"),
    [
        ("CDEF GABc|c8|]", "CDEF GABc|c8|]"),
        ("G2|c8|CDEF|c8|G6:|", "G2|c8|CDEF z4|c8|G6:|"),
        ("c8|c8 d|c8|", "c8|c8 |c8|"),
        ("c8|c4d4e4f4|c8|", "c8|c4d4| e4f4|c8|"),
        ("c8|c6d4|c8|", "c8|c6d2|c8|"),
        ("c8|d?!5 j )|c8|", "c8|d z7 )|c8|"),
        ("c8||G2|c8|c8|", "c8|| z6 G2|c8|c8|"),
        ("c8|(3CDE F2 >|c8", "c8|(3CDE F2 z4|c8"),
        ("c8|(3CD|c8", "c8| CD z6|c8"),
        ("c8|C>D", "c8|C>D z6"),
        ("|:c8:|", "|:c8:|"),
        ("c8|:c8|c8", "c8||c8|c8"),
        ("c8:|:c8|c8", "c8:| c8|c8"),
        ("|:c8|1c8:|2c8|", "|:c8|[1c8:|[2c8|"),
        ("|:c8|1c8:|c8|", "|:c8| c8:|c8|"),
        ("c4-c4|c8", "c4-c4|c8"),
        ("c4-d4|c8", "c4 d4|c8"),
        ("c8|d4-|d8", "c8|d4 z4|d8"),
        ("c8|(cd4)|d8", "c8|(cd4) z3|d8"),
        ("c8||(e2d4)|d8", "c8|| z2 (e2d4)|d8"),
        ('c8||"Am"G2|c8|c8', 'c8|| z6 "Am"G2|c8|c8'),
        ("!trill!|c8", "|c8"),
        ("c8~|c8", "c8 |c8"),
        ("c2A>B2c4|c8", "c2A3/2Bc7/2|c8"),
        ("c8|c>d2c4z3/2|c8", "c8|c3/2dc4z3/2|c8"),
        ("c2A>B2c3z/2|c8", "c2A3/2Bc3z/2|c8"),
        ("c8~)|c8", "c8 )|c8"),
        ("c8|~(3CDEc8|c8", "c8| (3:2:1C(3:2:1D(3:2:1Ec6|c8"),
        ("c8|(3(3CDEc6|c8", "c8|(3 CDEc6|c8"),
        ("c8|[L:1/64]A/64[L:1/1]B/8|c", "c8|[L:1/64]z64[L:1/1] |c"),
        ("G2|c8|c4:|", "G2|c8|c4 z2:|"),
        ("G2|c8|c7:|", "G2|c8|c7 z:|"),
        ("[L:1/64]A/|[L:1/1]c|c/2:|", "[L:1/64]A/|[L:1/1]c|c/2 z/2:|"),
        ("c8|(5:2:1Cc6||(5:2:4C>~DEF|c8|", "c8|Cc6 z|| z4 C~DEF|c8|"),
        ('"G/b"c4"A(b5)"c4|"^Slow"c8', '"G/b"c4"A(b5)"c4|"^Slow"c8'),
        ('"Fine"c4"D.C."c4|"Am"c8', 'c4 c4|"Am"c8'),
        ("(3~CDEc8|c8", "(3:2:1C(3:2:1D(3:2:1Ec6|c8"),
        ('c4!trill!c4|~"Am"c8|', 'c4!trill!c4|~"Am"c8|'),
        ("c8[M:none]d9|c8|", "c8[M:none] | d8|c8|"),
        ("[M:none]c5|[M:4/4]c7|c8", "[M:none]c5|[M:4/4]c7 z|c8"),
        ("Z2|c7", "Z2|c7 z"),
        ("f(5ABcdeE2>F|c8", "f(5ABcdeE2>F|c8"),
        # Either pick-up would fit if the other did.
        ("[M:2/4]c:|bcAc/[M:3/4]||c/", "[M:2/4]c:| z/2 bcAc/[M:3/4]|| z3 c/ z5/2"),
    ],
)
def test_repair(music: str, wanted: str) -> None:
    assert repair_abc(HEADER + music).splitlines()[5].replace(" |", "|") == wanted.replace(" |", "|")


def test_a_decoration_at_the_very_end_of_a_voice_decorates_nothing() -> None:
    assert repair_abc(HEADER + "[V:1]c8~[V:2]d8").splitlines()[5:] == ["V:1", "c8", "V:2", "d8"]


def test_repair_keeps_the_lines() -> None:
    assert repair_abc(HEADER + "c8|\nd8|").splitlines()[5:] == ["c8|", "d8|"]


def test_repair_writes_what_the_header_lacks() -> None:
    assert repair_abc("M:nonsense\nAB").splitlines() == ["X:1", "K:C", "AB"]
    with pytest.raises(AbcError, match="no notes"):
        repair_abc("X:1\nT:Silence\nK:C\n||")


TUNES = {
    "jig": "X:1\nM:6/8\nK:Edor\nB|:~E3 GAB|{d}c>BA B2(e|e)dB AFA|1 E3 E2:|2 E3- E3||\n|:[EB]3 gfe|d2z cBA|"
    "(3Bcd e (2fg|E6:|\n",
    "reel": "X:1\nM:C|\nL:1/8\nQ:1/2=90\nK:Dmix\nAG|F2AF DFAd|^c2=cA BAGB|A_BAG FEDE|(3FGA Bc d2::\nfg|a>gf<e"
    " d2f2|[K:D]c4- c2de|f/g/f/e/ d3/2c/ B2A2|d4 d2:|\n",
    "waltz": "X:1\nM:3/4\nK:Bbmin\nB,2 D2F2|b3 a (3gfe|_c6-|c2 B4||[M:2/4][L:1/16]B4e4|=e2f2 a'4|]\n",
}


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi (Debian: abcmidi) is not installed")
@pytest.mark.parametrize("name", TUNES)
def test_abc2midi_hears_the_same(name: str, tmp_path: Path) -> None:
    """It plays notes a tick late and a tick short, and the notes of a chord ten ticks apart."""
    # Rolls would be played as notes.
    text = TUNES[name].replace("~", "")
    (tmp_path / "tune.abc").write_text(text)
    command = ["abc2midi", "tune.abc", "-o", "tune.mid", "-NGRA", "-NGUI"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    theirs, ours = read_midi(tmp_path / "tune.mid"), read_abc(text)

    def rounded(score: Score) -> list[tuple[int, int, int]]:
        return sorted((round(n.start * 12), n.pitch, round(n.end * 12)) for n in score.notes)

    assert len(ours.notes) > 12
    assert rounded(ours) == rounded(theirs)


SIGNS = "ABCDEFGabcdefg|:[]()1234/<>-^_='zxZ \n\",.~{}!\\%KMLV93é"
FRAGMENTS = [
    "[M:3/8]",
    "[L:1/1]",
    "\nV:2\n",
    "(5",
    "(7:3:9",
    "\nK:D\n",
    "[M:none]",
    "Z9",
    "[L:1/64]",
    "z999",
    ":|2",
    "|]",
]
HEADERS = ["", HEADER, "X:1\nM:6/8\nK:Ador\n", "M:3/4\n", "X:1\nL:1/64\nM:C|\nK:none\n", "X:1\nM:none\nK:C\n"]


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """Text that looks like ABC for a while."""
    pieces = st.one_of(st.text(SIGNS, max_size=40), st.sampled_from(FRAGMENTS))
    return draw(st.sampled_from(HEADERS)) + "".join(draw(st.lists(pieces, max_size=8)))


@settings(max_examples=400)
@given(st.one_of(hostile(), st.text()))
@example(HEADER + "AB(3C>Z|[L:1/1]z/64(9C|")
@example("x911>A")
@example("X:1\nK:C\nA<(3AKAA")
@example("X:1\nK:C\nA<(5AAAAZ")
def test_nothing_but_a_score_or_the_error(text: str) -> None:
    with suppress(AbcError):
        read_abc(text)
    bars(text)
    try:
        repaired = repair_abc(text)
    except AbcError as error:
        assert "no notes" in str(error) or "more than" in str(error) or "longer than" in str(error)
        return
    assert read_abc(repaired).notes
    assert [bar for bar in bars(repaired) if not bar.fits] == []
    assert repair_abc(repaired) == repaired


@pytest.mark.parametrize(
    "unit", ["{", "[", '"', "!", "(3A", "A>", "|1", "|:A:|", "|:|1", "[K:", "[A", "\n", "-", "A|", "::"]
)
def test_time_is_linear_in_hostile_text(unit: str) -> None:
    for music in (unit * (6_000 // len(unit)), (unit + "A|") * (6_000 // (len(unit) + 2))):
        for function in (read_abc, bars, repair_abc):
            began = perf_counter()
            with suppress(AbcError):
                function(HEADER + music)
            # Ten times what it takes on two busy cores; a quadratic one would take minutes.
            assert perf_counter() - began < 10


def test_time_is_linear_in_a_long_word_of_a_key() -> None:
    began = perf_counter()
    assert parse_shift("C " + "a" * 300_000) is None
    assert perf_counter() - began < 10  # a quadratic one would take minutes


@pytest.mark.parametrize(
    ("lengths", "written"),
    [
        ([1 / 3] * 6, "(3CCC(3CCC|"),
        ([1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], "CC(3CCC|"),
        ([1 / 6] * 3 + [1 / 2] * 3, "(3C/C/C/CCC|"),
        ([2 / 3, 1 / 3, 1], "(3:2:1C2(3:2:1CC2|"),  # no tune book has a sign for it
    ],
)
def test_triplets_are_written_as_tune_books_have_them(lengths: list[float], written: str) -> None:
    """A model of text has learnt no other."""
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    notes = [Note(60, start, length) for start, length in zip(starts, lengths, strict=True)]
    assert write_bars(notes, 0.0, 2.0, Metre(2, 4), 0) == written
    assert read_abc(f"X:1\nM:2/4\nL:1/8\nK:C\n{written}").end == 2.0
