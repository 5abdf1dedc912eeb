"""Played music becomes the score that was meant, and a score stays as it is."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.quantise import off_grid, quantise
from antiphon.models.transcribe import transcribe
from antiphon.models.voices import LEGATO, homes, overlaps, separate
from hypothesis import example, given
from hypothesis import strategies as st

FOUR = MetreMap(((0.0, Metre(4, 4)),))
LENGTHS = st.sampled_from([0.25, 0.5, 0.5, 0.75, 1.0, 1.0, 1.5, 2.0])


def melody_of(steps: list[tuple[int, float]], part: int = 0) -> list[Note]:
    """Return notes one after the other."""
    notes, at = [], 0.0
    for pitch, length in steps:
        notes.append(Note(pitch, at, length, part=part))
        at += length
    return notes


def played(
    notes: list[Note], seed: int, late: float = 0.03, held: tuple[float, float] = (0.7, 1.1)
) -> list[Note]:
    """Return notes as somebody plays them: early or late, and let go early or late."""
    rng = random.Random(seed)
    return [
        replace(
            note,
            start=max(note.start + rng.uniform(-late, late), 0.0),
            duration=note.duration * rng.uniform(*held),
        )
        for note in notes
    ]


@given(st.lists(st.tuples(st.integers(50, 80), LENGTHS), min_size=1, max_size=30))
def test_a_score_stays_as_it_is(steps: list[tuple[int, float]]) -> None:
    melody = melody_of(steps)
    assert transcribe(melody, FOUR, voices=1) == melody
    assert transcribe(melody, FOUR, voices=None) == melody


@given(st.lists(st.tuples(st.integers(50, 80), LENGTHS), min_size=4, max_size=30), st.integers(0, 999))
@example([(50, 0.25), (50, 0.75), (50, 1.0), (50, 1.0), (50, 1.0), (50, 0.25)], 777)  # the last bar held over
def test_a_played_melody_is_written_as_it_was_meant(steps: list[tuple[int, float]], seed: int) -> None:
    melody = melody_of(steps)
    # Its last note ends on a barline, as what comes after it is not known.
    last = melody[-1]
    melody[-1] = replace(last, duration=FOUR.next_barline(last.start + 0.01) - last.start)
    found = transcribe(played(melody, seed), FOUR, voices=1)
    assert [note.pitch for note in found] == [note.pitch for note in melody]
    # Where it happens to be played on the grid it is left there.
    for name in ("start", "duration"):
        wanted = [getattr(note, name) for note in melody]
        assert [getattr(note, name) for note in found] == pytest.approx(wanted, abs=0.02)


def test_triplets_are_told_from_sixteenths() -> None:
    triplets = [Note(60 + i, i / 3, 1 / 3) for i in range(12)]
    sixteenths = [Note(60 + i, 4 + i / 4, 1 / 4) for i in range(16)]
    found = transcribe(played([*triplets, *sixteenths], 1), FOUR, voices=1)
    assert [note.start for note in found] == pytest.approx([n.start for n in (*triplets, *sixteenths)])


def test_a_model_of_sixteenths_is_given_no_triplets() -> None:
    triplets = [Note(60 + i, i / 3, 1 / 3) for i in range(12)]
    found = transcribe(played(triplets, 1), FOUR, voices=1, unit=0.25)
    assert all(note.start % 0.25 == 0 for note in found)


def test_jigs_have_beats_of_three_eighths() -> None:
    metres = MetreMap(((0.0, Metre(6, 8)),))
    jig = melody_of([(60 + i % 7, 0.5) for i in range(24)])
    found = transcribe(played(jig, 3, late=0.06), metres, voices=1)
    assert [note.start for note in found] == [note.start for note in jig]


def test_what_is_played_before_the_barline_is_meant_on_it() -> None:
    found = quantise([Note(60, 3.96, 0.9), Note(62, 5.03, 1), Note(64, 5.98, 1)], FOUR)
    assert [note.start for note in found] == [4, 5, 6]


def test_notes_cut_short_stay_short() -> None:
    steps = played(melody_of([(60, 1.0)] * 8), 5, held=(0.2, 0.3))
    assert [note.duration for note in transcribe(steps, FOUR, voices=1)] == [0.25] * 8


def test_performances_keep_their_timing() -> None:
    steps = played(melody_of([(60, 1.0), (62, 1.0), (64, 1.0)]), 5)
    assert transcribe(steps, FOUR, voices=1, timing=False) == steps


def test_an_ornament_does_not_make_a_performance() -> None:
    notes = [Note(60, i / 2, 0.5) for i in range(20)]
    notes[7] = replace(notes[7], start=3.45, duration=0.55)
    assert not off_grid(note.start for note in notes)
    assert transcribe(notes, FOUR, voices=None) == notes


HYMN = [
    (67, 62, 59, 43),
    (69, 62, 57, 50),
    (71, 62, 55, 43),
    (72, 64, 55, 48),
    (71, 67, 62, 43),
    (69, 66, 62, 38),
]


def chorale(parts: bool = True) -> list[Note]:
    """Return six chords of four voices, with or without their parts."""
    return [
        Note(pitch, float(beat), 1.0, part=part if parts else 0)
        for beat, chord in enumerate(HYMN)
        for part, pitch in enumerate(chord)
    ]


def test_chords_on_one_part_become_voices() -> None:
    in_order = sorted(chorale(), key=lambda n: n.order)
    assert transcribe(chorale(parts=False), FOUR, voices=4) == in_order
    assert transcribe(played(chorale(parts=False), 2), FOUR, voices=4)[:20] == in_order[:20]


def test_parts_that_are_told_are_kept() -> None:
    """Even where voices cross."""
    crossed = [replace(note, part=3 - note.part) for note in chorale()]
    assert transcribe(crossed, FOUR, voices=4) == sorted(crossed, key=lambda n: n.order)


def test_a_held_voice_lets_others_move() -> None:
    notes = [
        Note(72, 0, 4),
        Note(48, 0, 4),
        *(Note(p, t, 1) for p, t in ((64, 0), (65, 1), (64, 2), (62, 3))),
    ]
    found = {(note.pitch, note.start): note.part for note in separate(notes, 3)}
    assert found == {(72, 0): 0, (48, 0): 2, (64, 0): 1, (65, 1): 1, (64, 2): 1, (62, 3): 1}


CHOIR = homes(4, 38, 79)


@pytest.mark.parametrize(
    ("playing", "read_as"),
    [((0, 3), (0, 3)), ((0, 1), (0, 1)), ((2, 3), (2, 3)), ((0, 2, 3), (0, 2, 3)), ((1, 2, 3), (1, 2, 3))],
)
def test_of_few_voices_each_is_the_nearest_and_stays_it(
    playing: tuple[int, ...], read_as: tuple[int, ...]
) -> None:
    """A bass below a tune took turns with a tenor that nobody sang."""
    told = [note for note in chorale() if note.part in playing]
    found = separate([replace(note, part=0) for note in told], 4, CHOIR)
    as_told = dict(zip(playing, read_as, strict=True))
    assert {(n.pitch, n.start, n.part) for n in found} == {(n.pitch, n.start, as_told[n.part]) for n in told}


def test_without_homes_two_lines_are_the_outer_voices() -> None:
    two = [Note(pitch, float(i), 1.0) for i, pitch in enumerate((72, 74, 76, 72))]
    two += [Note(pitch, float(i), 1.0) for i, pitch in enumerate((48, 60, 55, 62))]
    assert {note.part for note in separate(two, 4) if note.pitch > 70} == {0}
    assert {note.part for note in separate(two, 4) if note.pitch < 70} == {3}


def test_a_chord_of_all_voices_among_two_uses_them_all() -> None:
    two = [Note(pitch, float(i), 1.0) for i in range(20) for pitch in (72, 50)]
    last = [Note(pitch, 20.0, 4.0) for pitch in (72, 67, 60, 48)]
    found = separate([*two, *last], 4, CHOIR)
    assert [note.part for note in found if note.start == 20.0] == [0, 1, 2, 3]
    assert {(note.pitch, note.part) for note in found if note.start < 20.0} == {(72, 0), (50, 3)}


def test_of_too_many_notes_the_outer_ones_stay() -> None:
    chord = [Note(pitch, 0, 2) for pitch in (40, 47, 52, 56, 59, 64, 68)]
    found = separate(chord, 4)
    assert [note.part for note in found] == [0, 1, 2, 3]
    assert (found[0].pitch, found[-1].pitch) == (68, 40)
    assert separate(chord, 1) == [chord[-1]]


def test_the_melody_is_read_from_above_its_chords() -> None:
    melody = melody_of([(74, 0.5), (76, 0.5), (77, 1.0), (76, 2.0)])
    below = [Note(pitch, beat, 2.0) for beat in (0.0, 2.0) for pitch in (50, 57, 62)]
    broken = [Note(pitch, at / 2, 0.5) for at, pitch in enumerate((45, 52, 57, 52) * 2)]
    assert transcribe([*melody, *below], FOUR, voices=1) == melody
    assert transcribe([*melody, *broken], FOUR, voices=1) == melody


def test_a_grace_note_is_not_the_melody() -> None:
    assert separate([Note(74, 0, 0.1), Note(72, 0, 1.0), Note(60, 0, 1.0)], 1) == [Note(72, 0, 1.0)]


def test_legato_is_no_chord() -> None:
    steps = [
        replace(note, duration=note.duration + 0.3) for note in melody_of([(72 - i, 0.5) for i in range(16)])
    ]
    assert [note.pitch for note in transcribe(steps, FOUR, voices=1)] == [72 - i for i in range(16)]


NOTES = st.lists(
    st.builds(
        Note,
        pitch=st.integers(0, 127),
        start=st.integers(0, 64).map(lambda n: n / 4),
        duration=st.sampled_from([0.1, 0.25, 1.0, 3.0]),
    ),
    min_size=1,
    max_size=60,
)


@given(NOTES, st.integers(2, 6), st.booleans())
def test_voices_sound_one_note_at_a_time(notes: list[Note], voices: int, choir: bool) -> None:
    found = separate(notes, voices, homes(voices, 38, 79) if choir else ())
    heard = {(n.pitch, n.start, n.duration) for n in notes}
    assert {(n.pitch, n.start, n.duration) for n in found} <= heard
    if found == notes:
        assert overlaps(notes) <= 0.1
        return
    for start in {note.start for note in notes}:
        here = sorted((n for n in found if n.start == start), key=lambda n: n.part)
        assert len({n.part for n in here}) == len(here) <= voices
        assert all(a.pitch >= b.pitch for a, b in pairwise(here)), "voices cross within a chord"
        chord = [n.pitch for n in notes if n.start == start]
        assert len(here) == min(len(chord), voices)
        assert (here[0].pitch, here[-1].pitch) == (max(chord), min(chord))


@given(NOTES)
def test_nothing_above_the_melody(notes: list[Note]) -> None:
    kept = separate(notes, 1)
    assert kept
    assert len({note.start for note in kept}) == len(kept)
    for note in kept:
        assert not [k for k in kept if k.start < note.start < k.end - LEGATO and k.pitch > note.pitch]


@given(
    st.lists(
        st.builds(Note, pitch=st.integers(0, 127), start=st.floats(-8, 300), duration=st.floats(0.01, 40)),
        max_size=80,
    ),
    st.sampled_from(["4/4", "6/8", "5/16", "3/2", "64/1"]),
    st.sampled_from([None, 1, 4, 16]),
    st.sampled_from([0.0, 0.25, 1 / 24, 5.0]),
)
def test_whatever_is_played_is_written(
    notes: list[Note], metre: str, voices: int | None, unit: float
) -> None:
    found = transcribe(notes, MetreMap(((0.0, Metre.parse(metre)),)), voices=voices, unit=unit)
    assert found == sorted(found, key=lambda n: n.order)
    assert bool(found) == bool(notes)
    assert all(note.duration > 0 for note in found)
    assert all(0 <= note.part < (voices or 1) for note in found)
    assert {note.pitch for note in found} <= {note.pitch for note in notes}
