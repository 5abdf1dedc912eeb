"""MusicXML that music21 alone reads otherwise: cue notes, and transpositions as the standard allows them."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from antiphon.models.errors import MusicError
from antiphon.train.corpus.musicxml import read_musicxml
from antiphon.train.corpus.xmlrepair import mend

TIME = "<time><beats>4</beats><beat-type>4</beat-type></time>"


def read(music: str, transpose: str = "") -> list[tuple[int, float, float]]:
    """Return pitch, onset and length of the notes of one bar in 4/4, whose divisions are quarters."""
    attributes = f"<attributes><divisions>1</divisions>{TIME}{transpose}</attributes>"
    names = '<part-list><score-part id="P"><part-name>P</part-name></score-part></part-list>'
    part = f'<part id="P"><measure number="1">{attributes}{music}</measure></part>'
    score = read_musicxml(f"<score-partwise>{names}{part}</score-partwise>".encode(), "x")
    return [(note.pitch, note.start, note.duration) for note in score.notes]


def note(step: str, beats: int, before: str = "") -> str:
    length = "" if "grace" in before else f"<duration>{beats}</duration>"
    pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
    return f"<note>{before}{pitch}{length}<voice>1</voice></note>"


def test_cue_notes_are_silent_and_keep_their_time() -> None:
    tied = note("E", 2, "<cue/>").replace("<voice>", '<tie type="start"/><voice>')
    assert read(tied + note("C", 2)) == [(60, 2, 2)]
    assert read(note("C", 1) + note("E", 2, "<cue/>") + note("D", 1)) == [(60, 0, 1), (62, 3, 1)]


def test_a_cue_in_another_voice_is_silent() -> None:
    cue = note("E", 4, "<cue/>").replace("<voice>1", "<voice>2")
    assert read(note("C", 4) + "<backup><duration>4</duration></backup>" + cue) == [(60, 0, 4)]


def test_grace_notes_among_cues_take_no_time() -> None:
    grace = note("F", 0, "<grace/><cue/>") + note("A", 0, "<grace/><cue/><chord/>")
    assert read(grace + note("E", 2, "<cue/>") + note("C", 2)) == [(60, 2, 2)]


def test_of_a_chord_the_notes_that_are_no_cues_sound() -> None:
    cued = note("E", 2, "<cue/>") + note("G", 2, "<cue/><chord/>")
    assert read(cued + note("C", 2)) == [(60, 2, 2)]
    mixed = note("C", 2, "<cue/>") + note("E", 2, "<chord/>") + note("G", 2, "<chord/>")
    assert read(mixed + note("C", 2)) == [(64, 0, 2), (67, 0, 2), (60, 2, 2)]
    assert read(note("C", 2) + note("E", 2, "<cue/><chord/>") + note("C", 2)) == [(60, 0, 2), (60, 2, 2)]


def test_a_part_of_cues_alone_holds_no_notes() -> None:
    with pytest.raises(MusicError, match="holds no notes"):
        read(note("E", 4, "<cue/>"))


@pytest.mark.parametrize(
    ("transpose", "sounds"),
    [
        ("<chromatic>-2</chromatic>", 58),
        ("<chromatic>-2</chromatic><octave-change>-1</octave-change>", 46),
        ("<chromatic>0</chromatic><octave-change>1</octave-change>", 72),
        ("<diatonic>-1</diatonic><chromatic>-2.0</chromatic>", 58),
        ("<diatonic>-1</diatonic><chromatic>-2</chromatic><octave-change>-1</octave-change>", 46),
        ("<diatonic>-8</diatonic><chromatic>-2</chromatic><octave-change>-1</octave-change>", 46),
        ("<diatonic>3</diatonic><chromatic>-9</chromatic>", 51),
    ],
    ids=["no diatonic", "nor with an octave", "an octave alone", "a decimal", "all three",
         "an octave told twice", "a contradiction"],
)  # fmt: skip
def test_transpositions_sound_by_their_semitones(transpose: str, sounds: int) -> None:
    assert read(note("C", 4), f"<transpose>{transpose}</transpose>") == [(sounds, 0, 4)]


def test_a_transposition_without_a_number_is_refused() -> None:
    with pytest.raises(MusicError, match=r"^x: not readable as MusicXML"):
        read(note("C", 4), "<transpose><chromatic>two</chromatic></transpose>")


def test_steps_that_agree_go_on_spelling_the_notes() -> None:
    root = fromstring("<a><transpose><diatonic>-2</diatonic><chromatic>-3</chromatic></transpose></a>")
    assert mend(root)
    assert root.findtext("transpose/diatonic") == "-2"


def test_what_has_neither_stays_as_it_is() -> None:
    assert not mend(fromstring(f"<measure>{note('C', 4)}</measure>"))
