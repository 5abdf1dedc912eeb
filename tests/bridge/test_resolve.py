"""Where an answer begins, when nobody says."""

from __future__ import annotations

import pytest
from antiphon.bridge.resolve import resolve
from antiphon.bridge.shelf import ModelShelf
from antiphon.models.note import Note

MODELS = ModelShelf([])


@pytest.mark.parametrize(
    ("model", "start", "duration", "begins"),
    [
        ("folk", 7.5, 0.5, 8.0),
        ("folk", 7.5, 0.65, 8.0),  # let go late
        ("folk", 7.5, 0.75, 12.0),  # a sixteenth into the bar
        ("folk", 7.5, 0.82, 8.0),  # later, and nothing that would be written
        ("folk", 7.5, 0.88, 12.0),
        ("folk", 7.5, 4.0, 12.0),
        ("folk", 8.0, 0.05, 12.0),  # short, but in the bar
        ("folk", 8.0, 4.15, 12.0),
        ("folk", 7.99, 0.02, 8.0),
        ("drums", 7.5, 4.0, 8.0),  # how long a drum is held means nothing
        ("drums", 8.0, 0.1, 12.0),
        ("drums", 8.0, 9.0, 12.0),
    ],
)
def test_an_answer_begins_at_the_barline_after_the_context(model, start, duration, begins) -> None:
    notes = (Note(60, 0.0, 1.0), Note(60, start, duration))
    assert resolve({"metre": "4/4"}, {}, notes, MODELS.manifest(model), 1).start_beat == begins


@pytest.mark.parametrize(
    ("settings", "options", "phrase"),
    [({}, {}, 1), ({"phrase": 5}, {}, 5), ({"phrase": 5}, {"phrase": 0}, 0), ({}, {"phrase": "auto"}, 1)],
)
def test_a_context_begins_a_phrase_where_nobody_says_otherwise(settings, options, phrase) -> None:
    request = resolve(settings, options, (Note(60, 0.0, 1.0),), MODELS.manifest("folk"), 1)
    assert request.phrase == phrase


@pytest.mark.parametrize(("begins", "counts"), [(7.9, True), (7.99, False), (8.0, False), (8.01, False)])
def test_a_note_less_than_half_a_tick_before_the_start_told_is_part_of_the_answer(begins, counts) -> None:
    """It was written on that barline: hosts send beats as floats of 32 bits."""
    notes = (Note(60, 0.0, 1.0), Note(62, begins, 0.5))
    request = resolve({"metre": "4/4"}, {"start": 8.0}, notes, MODELS.manifest("folk"), 1)
    assert request.context == notes[: 1 + counts]
