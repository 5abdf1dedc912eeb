"""Answers begin as loud as their context ended, with its accents."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.manner.loudness import Loudness, loudness_of
from antiphon.bridge.manner.manner import Knows, manner_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.metre import Metre
from antiphon.models.note import Note
from hypothesis import given
from hypothesis import strategies as st

MODELS = ModelShelf()


def eighths(velocities: list[int]) -> list[Note]:
    return [Note(60 + i % 5, i / 2, 0.5, velocity) for i, velocity in enumerate(velocities)]


def heard(loudness: Loudness, count: int = 8) -> list[int]:
    return [loudness.velocity(16 + i / 2, 16.0) for i in range(count)]


def test_music_of_one_loudness_has_no_accents() -> None:
    found = loudness_of(eighths([70] * 16), Metre(4, 4), 0.0)
    assert heard(found) == [70] * 8 and found.accents == ()


def test_accents_come_back_at_their_places() -> None:
    bar = [110, 70, 80, 70, 95, 70, 80, 70]
    found = loudness_of(eighths(bar * 4), Metre(4, 4), 0.0)
    assert heard(found, 16) == bar * 2


def test_a_place_that_was_not_heard_has_the_accent_of_others_of_its_weight() -> None:
    found = loudness_of(eighths([100, 60] * 8), Metre(4, 4), 0.0)
    assert found.velocity(16.25, 16.0) == found.velocity(16.5, 16.0) == 60


@pytest.mark.parametrize(("first", "last"), [(40, 110), (110, 40)])
def test_an_answer_to_a_crescendo_begins_where_it_has_come_to(first: int, last: int) -> None:
    notes = eighths([round(first + (last - first) * i / 31) for i in range(32)])
    level = mean(note.velocity for note in notes[24:])
    assert abs(mean(heard(loudness_of(notes, Metre(4, 4), 0.0))) - level) < 2


def test_two_soft_bars_after_two_loud_ones_are_answered_softly() -> None:
    found = loudness_of(eighths([110] * 16 + [50] * 16), Metre(4, 4), 0.0)
    assert heard(found) == [50] * 8


def test_one_last_note_does_not_tell_how_loud_music_is() -> None:
    notes = [*eighths([80] * 32), Note(60, 16.0, 1.0, 120)]
    assert mean(heard(loudness_of(notes, Metre(4, 4), 0.0))) < 100


def test_barlines_may_lie_anywhere() -> None:
    bar = [100, 60, 60, 80, 60, 60]
    notes = [Note(60, 0.75 + i / 2, 0.5, bar[i % 6]) for i in range(24)]
    found = loudness_of(notes, Metre(6, 8), 0.75)
    assert [found.velocity(12.75 + i / 2, 0.75) for i in range(6)] == bar


def test_accents_are_heard_from_the_barline_that_is_told() -> None:
    bar = [110, 70, 80, 70, 95, 70, 80, 70]
    notes = [replace(note, start=note.start + 1) for note in eighths(bar * 4)]
    found = manner_of(notes, Metre(4, 4), 17.0, Knows(False, False, True)).loudness
    assert found is not None
    assert [found.velocity(17 + i / 2, 17.0) for i in range(8)] == bar


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 127)), max_size=40),
    st.sampled_from(["4/4", "3/4", "6/8", "7/8", "1/64", "5/16", "3/32"]),
    st.floats(-10, 10),
    st.floats(0, 100),
)
def test_velocities_stay_velocities(
    drawn: list[tuple[float, int]], metre: str, barline: float, start: float
) -> None:
    notes = [Note(60, at, 0.5, velocity) for at, velocity in sorted(drawn)]
    assert 1 <= loudness_of(notes, Metre.parse(metre), barline).velocity(start, barline) <= 127


def test_accents_of_swung_music_are_those_of_its_places_when_straight() -> None:
    """At two thirds of a beat an eighth is nearer to the last sixteenth than to the second eighth."""
    velocities = [100, 40, 80, 60]
    straight = [Note(60 + i % 5, i / 2, 0.5, velocities[i % 4]) for i in range(32)]
    swung = [replace(note, start=note.start + (i % 2) / 6) for i, note in enumerate(straight)]
    manners = [manner_of(notes, Metre(4, 4), 16.0, Knows(False, False, True)) for notes in (straight, swung)]
    assert manners[1].swing is not None
    assert manners[1].loudness == manners[0].loudness


def test_drums_choose_their_own() -> None:
    groove = tuple(Note(42, i / 2, 0.1, (110, 50)[i % 2]) for i in range(32))
    with Engine(MODELS) as engine:
        request = resolve({}, {"metre": "4/4"}, groove, MODELS.manifest("drums"), seed=3)
        take = engine.generate(request)[0]
    assert request.manner.loudness is None and len({note.velocity for note in take.notes}) > 2


def test_a_tune_is_answered_with_its_accents() -> None:
    tune = tuple(Note(62 + (0, 2, 4, 5)[i % 4], i / 2, 0.5, (110, 60)[i % 2]) for i in range(32))
    with Engine(MODELS) as engine:
        request = resolve({}, {"metre": "4/4"}, tune, MODELS.manifest("folk"), seed=3)
        notes = engine.generate(request)[0].notes
    assert {note.velocity for note in notes if note.start % 1 == 0} == {110}
    assert {note.velocity for note in notes if note.start % 1} <= {60}
