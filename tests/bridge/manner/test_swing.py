"""Swung eighths are read as tunes are written, straight, and answered swung."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.manner.manner import Manner, Player
from antiphon.bridge.manner.swing import Swing, swing_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.bridge.text.placing import placed
from antiphon.bridge.text.prompt import prompt_for
from antiphon.models.abc import read_abc
from antiphon.models.metre import Metre
from antiphon.models.note import Note
from hypothesis import given
from hypothesis import strategies as st

SHIPPED = ModelShelf().manifest("irish-abc")
TUNE = "fafd eged|cdef gbaf|gfed cABc|d2f2d4|"


def tune(music: str, metre: str = "4/4") -> list[Note]:
    return list(read_abc(f"X:1\nM:{metre}\nL:1/8\nK:D\n{music}").notes)


def played(notes: Sequence[Note], off_beat: float = 2 / 3) -> tuple[Note, ...]:
    """Return a tune as a player swings it."""

    def at(beat: float) -> float:
        return int(beat) + off_beat if beat % 1 == 0.5 else beat

    return tuple(Note(n.pitch, at(n.start), at(n.end) - at(n.start)) for n in notes)


def rounded(notes: Sequence[Note]) -> list[tuple[int, float, float]]:
    return [(n.pitch, round(n.start, 5), round(n.end, 5)) for n in notes]


def swung(notes: Sequence[Note], place: float = 2 / 3, unit: float = 1.0) -> list[Note]:
    """Return straight notes as an answer plays them."""
    player = Player(Manner(Swing(place, unit)), 0.0, 1000.0)
    return [player.play(note) for note in notes]


@pytest.mark.parametrize("off_beat", [0.56, 0.6, 0.62, 2 / 3, 0.7])
@pytest.mark.parametrize("metre", ["4/4", "2/4", "2/2"])
def test_swing_is_heard(off_beat: float, metre: str) -> None:
    found = swing_of(played(tune(TUNE, metre), off_beat), Metre.parse(metre))
    assert found is not None
    assert found.place == pytest.approx(off_beat) and found.unit == 1.0


@pytest.mark.parametrize("off_beat", [0.56, 0.62, 2 / 3])
def test_swung_sixteenths_are_heard(off_beat: float) -> None:
    halves = [replace(n, start=n.start / 2, duration=n.duration / 2) for n in played(tune(TUNE), off_beat)]
    found = swing_of(halves, Metre(4, 4))
    assert found is not None
    assert found.place == pytest.approx(off_beat) and found.unit == 0.5


def test_the_early_sixteenths_of_music_that_swings_do_not_make_it_unsure() -> None:
    """Nor do they say where the late ones lie."""
    light = [Note(60, beat + place, 0.25) for beat in range(6) for place in (0.0, 0.57)]
    early = [Note(60, beat + place, 0.25) for beat in range(6, 8) for place in (0.0, 0.25)]
    assert swing_of([*light, *early], Metre(4, 4)) == Swing(pytest.approx(0.57))


@pytest.mark.parametrize("seed", range(20))
def test_players_swing_more_and_less_and_play_straight_a_little_off(seed: int) -> None:
    rng = random.Random(seed)
    straight, swinging = (
        [replace(n, start=n.start + rng.gauss(0, 0.015)) for n in notes]
        for notes in (tune(TUNE), played(tune(TUNE), 0.62))
    )
    assert swing_of(straight, Metre(4, 4)) is None
    found = swing_of(swinging, Metre(4, 4))
    assert found is not None and abs(found.place - 0.62) < 0.02


def test_swing_is_counted_from_the_barline() -> None:
    notes = [replace(note, start=note.start + 7.25) for note in played(tune(TUNE), 0.62)]
    assert swing_of(notes, Metre(4, 4)) is None
    found = swing_of(notes, Metre(4, 4), 3.25)
    assert found is not None
    assert [round(n.start - 7.25, 5) for n in found.straightened(notes, 3.25)] == [
        n.start for n in tune(TUNE)
    ]


@pytest.mark.parametrize(
    ("music", "metre"),
    [
        (TUNE, "4/4"),
        ("DEF GAB|ABc def|", "6/8"),
        ("D2E F2G|A2B c2d|", "6/8"),
        ("D2E F2G A2B|D2E F2G A2B|", "9/8"),
        ("f>af>d e>ge>d|c>de>f g>ba>f|", "4/4"),
        ("f<af<d e<ge<d|c<de<f g<ba<f|", "4/4"),
        ("(3faf (3fdf e2d2|(3cde (3fga (3gfe d2|", "4/4"),
        ("(3faf (3fdf eged|(3cde (3fga gfed|", "4/4"),
        ("(3f2a2f2 (3e2g2e2|(3c2d2e2 (3f2g2b2|", "4/4"),
        ("d2f2a2f2|d2(3:2:2f2a d4|", "4/4"),
        ("f/a/f/d/ e/g/e/d/ c2d2|", "4/4"),
        ("D4 E4|F8|", "4/4"),
    ],
)
def test_other_rhythms_are_not_taken_for_swing(music: str, metre: str) -> None:
    assert swing_of(tune(music, metre), Metre.parse(metre)) is None


def test_swing_in_compound_metres_is_none() -> None:
    assert swing_of(played(tune(TUNE)), Metre(6, 8)) is None
    request = resolve({"metre": "4/4"}, {"metre": "6/8"}, played(tune(TUNE)), SHIPPED, seed=1)
    assert request.manner.swing is None


def test_dotted_rhythms_may_stand_among_swung_eighths() -> None:
    dotted = [replace(n, start=n.start + 4) for n in tune("f>af>d e>ge>d|c>de>f g>ba>f|")]
    notes = played([*tune(TUNE)[:8], *dotted], 0.62)
    found = swing_of(notes, Metre(4, 4))
    assert found == Swing(pytest.approx(0.62))
    assert sum(n.start % 1 == 0.75 for n in found.straightened(notes, 0.0)) == 8


def test_one_straight_off_beat_is_enough() -> None:
    notes = [*played(tune(TUNE)), Note(62, 16.0, 0.5), Note(64, 16.5, 0.5)]
    assert swing_of(notes, Metre(4, 4)) is None


def test_triplets_in_music_that_swings_stay() -> None:
    music = "fafd eged|(3cde ef gbaf|"
    notes = tune(music)
    found = swing_of(played(notes), Metre(4, 4))
    assert found is not None
    assert rounded(found.straightened(played(notes), 0.0)) == rounded(notes)
    assert rounded(swung(notes)) == rounded(played(notes))


def test_an_answer_that_ends_within_a_beat_is_straight_there() -> None:
    player = Player(Manner(Swing(0.7)), 2.0, 5.5)
    notes = [Note(60, 2.5, 0.5), Note(62, 5.0, 0.25), Note(64, 5.25, 0.25)]
    assert rounded([player.play(note) for note in notes]) == [(60, 2.7, 3.0), *rounded(notes[1:])]


def test_the_text_is_straight_and_the_answer_swings() -> None:
    straight = prompt_for(SHIPPED, resolve({}, {"metre": "4/4"}, tuple(tune(TUNE)), SHIPPED, seed=1))
    request = resolve({}, {"metre": "4/4"}, played(tune(TUNE)), SHIPPED, seed=1)
    prompt = prompt_for(SHIPPED, request)
    assert prompt.forced == straight.forced
    assert request.manner.swing == Swing(pytest.approx(2 / 3))
    notes, _ = placed(read_abc(prompt.forced[0] + "fa (3fed c/d/e f2|"), request, prompt)
    found = [round(note.start, 3) for note in swung([replace(n, start=n.start - 16) for n in notes])]
    assert found == [0, 0.667, 1, 1.333, 1.667, 2, 2.333, 2.667, 3]


def test_an_answer_to_swing_is_no_less_likely_than_one_to_a_straight_tune() -> None:
    """Written as it sounds, a note cost three times as many nats, and a third of them began elsewhere."""
    answers = {}
    with Engine(ModelShelf()) as engine:
        for name, context in (("straight", tuple(tune(TUNE))), ("swung", played(tune(TUNE)))):
            request = resolve({}, {"metre": "4/4", "bars": 4, "takes": 8}, context, SHIPPED, seed=1)
            answers[name] = engine.generate(request)
    for straight, take in zip(answers["straight"], answers["swung"], strict=True):
        assert take.nats_per_note == straight.nats_per_note
        assert [n.pitch for n in take.notes] == [n.pitch for n in straight.notes]
        assert all(abs(n.start % 1 - 0.5) > 0.1 for n in take.notes)
        assert all(n.end <= take.end_beats + 1e-6 for n in take.notes)


@given(st.lists(st.tuples(st.integers(0, 95), st.integers(0, 24)), min_size=1, max_size=30))
def test_notes_stay_in_order_and_within_their_beats(drawn: list[tuple[int, int]]) -> None:
    """On any place of a grid of twelve, and of any length up to the next."""
    places = sorted(dict(drawn).items())
    ends = [at for at, _ in places[1:]] + [120]
    notes = [
        Note(62, at / 12, float(Fraction(min(max(length, 1), end - at), 12)))
        for (at, length), end in zip(places, ends, strict=True)
    ]
    for found in (swung(notes), swung(notes, 0.56), Swing(2 / 3).straightened(notes, 0.0)):
        assert all(note.duration > 0 for note in found)
        assert all(a.end <= b.start + 1e-9 for a, b in pairwise(found))
        for note, before in zip(found, notes, strict=True):
            assert int(note.start + 1e-9) == int(before.start + 1e-9)
            assert note.end <= -(-(before.end - 1e-9) // 1) + 1e-9
