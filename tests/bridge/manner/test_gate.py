"""Music that is played short is read as it is written, and answered short."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.leading.context import read_context
from antiphon.bridge.manner.gate import SHORTEST, gate_of, lengthened
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.abc import read_abc
from antiphon.models.note import Note
from antiphon.models.quantise import TOGETHER
from hypothesis import given
from hypothesis import strategies as st

MODELS = ModelShelf()
TUNE = list(read_abc("X:1\nM:4/4\nL:1/8\nK:D\nf2af d2ed|c2de f4|g2fe d2cB|A2ce d4|").notes)
CHORDS = [Note(p, float(b), 1.0, 80, 0) for b in range(8) for p in (60, 64, 67)]


def short(notes: list[Note], gate: float) -> tuple[Note, ...]:
    return tuple(replace(note, duration=note.duration * gate) for note in notes)


@pytest.mark.parametrize("gate", [0.2, 0.4, 0.5, 0.7])
@pytest.mark.parametrize("notes", [TUNE, CHORDS], ids=["tune", "chords"])
def test_a_gate_is_heard_and_undone(notes: list[Note], gate: float) -> None:
    assert gate_of(short(notes, gate)) == pytest.approx(gate)
    again = lengthened(short(notes, gate), gate, 16.0)
    assert [n.duration for n in again] == pytest.approx([n.duration for n in notes])


def test_legato_and_what_is_too_little_to_tell_have_none() -> None:
    assert gate_of(TUNE) == gate_of(short(TUNE, 0.8)) == 1.0
    assert gate_of(short(TUNE[:4], 0.3)) == gate_of([]) == 1.0
    assert gate_of(short(TUNE, 0.001)) == SHORTEST


def test_rests_among_long_notes_are_no_gate() -> None:
    notes = [replace(note, duration=note.duration / 2) if i % 3 == 0 else note for i, note in enumerate(TUNE)]
    assert gate_of(notes) == 1.0


def test_a_rest_in_music_played_short_stays() -> None:
    """Quarters, and after each bar one of rest."""
    notes = [Note(60 + i, 4.0 * bar + i, 0.4) for bar in range(4) for i in range(3)]
    found = lengthened(notes, gate_of(notes), 16.0)
    assert [note.duration for note in found] == pytest.approx([1.0] * 12)


def test_a_last_note_that_is_held_does_not_reach_into_the_answer() -> None:
    notes = (*short(TUNE[:-1], 0.4), TUNE[-1])
    assert TUNE[-1].end == 16.0
    assert lengthened(notes, gate_of(notes), 16.0)[-1] == TUNE[-1]


@given(
    st.lists(st.tuples(st.floats(0, 16), st.floats(0.01, 4), st.integers(0, 1)), min_size=1, max_size=20),
    st.floats(0.1, 0.75),
)
def test_no_note_gets_shorter_or_into_the_next(drawn: list[tuple[float, float, int]], gate: float) -> None:
    notes = [Note(60, start, duration, 80, part) for start, duration, part in sorted(drawn)]
    for note, found in zip(notes, lengthened(notes, gate, 16.0), strict=True):
        assert found.duration >= note.duration
        assert found.end <= max(note.end, 16.0) + 1e-9
        after = [n.start for n in notes if n.part == note.part and n.start > note.start + 0.07]
        if after and note.end <= min(after):
            assert found.end <= min(after) + TOGETHER


@pytest.mark.parametrize("model", ["folk", "chorale", "irish-abc"])
@pytest.mark.parametrize("gate", [0.3, 0.5])
def test_a_tune_played_short_is_answered_as_the_legato_one_but_short(model: str, gate: float) -> None:
    found = []
    with Engine(MODELS) as engine:
        for notes in (tuple(TUNE), short(TUNE, gate)):
            options = {"metre": "4/4", "bars": 4, "takes": 4}
            request = resolve({}, options, notes, MODELS.manifest(model), seed=2)
            found.append(engine.generate(request))
    for legato, detached in zip(*found, strict=True):
        assert [(n.pitch, n.start) for n in detached.notes] == [(n.pitch, n.start) for n in legato.notes]
        ratios = [b.duration / a.duration for a, b in zip(legato.notes, detached.notes, strict=True)]
        assert mean(ratios) == pytest.approx(gate)


def test_what_was_read_for_another_start_is_read_anew() -> None:
    """A last note may be longer where the answer begins later; the same request has the same answer."""
    manifest = MODELS.manifest("folk")
    notes = (*short(TUNE[:-1], 0.4), replace(TUNE[-1], duration=1.5))
    early, late = ({"metre": "4/4", "bars": 2, "start": start} for start in (16.0, 24.0))
    with Engine(MODELS) as engine:
        alone = engine.generate(resolve({}, late, notes, manifest, seed=2))
        engine.prime("a", resolve({}, early, notes, manifest, seed=2))
        waiting = Waiting()
        engine.submit(resolve({}, late, notes, manifest, seed=2), waiting, key="a")
        assert [take.notes for take in waiting.wait(60)] == [take.notes for take in alone]


def test_what_a_model_knows_itself_is_left_to_it() -> None:
    """Drums sound for no time in particular."""
    groove = tuple(Note(36 + 2 * (i % 2), i / 2, 0.05) for i in range(16))
    request = resolve({}, {"metre": "4/4"}, groove, MODELS.manifest("drums"), seed=2)
    assert request.manner.gate == 1.0 and request.manner.loudness is None
    assert len(read_context(MODELS.manifest("drums"), request.written, request.context_metres).codes) == 16
