"""Where an answer begins, when nobody says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.errors import MusicError, RequestError
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


@pytest.mark.parametrize(("before", "begins"), [(0.43, 8.0), (0.5, 12.0)])
def test_a_late_release_of_a_player_may_fall_on_the_grid(before: float, begins: float) -> None:
    notes = (*(Note(60, beat, before) for beat in range(7)), Note(60, 7.5, 0.75))
    assert resolve({"metre": "4/4"}, {"stretch": 1.0}, notes, MODELS.manifest("folk"), 1).start_beat == begins


@pytest.mark.parametrize(
    ("settings", "options", "phrase"),
    [({}, {}, 1), ({"phrase": 5}, {}, 5), ({"phrase": 5}, {"phrase": 0}, 0), ({}, {"phrase": "auto"}, 1)],
)
def test_a_context_begins_a_phrase_where_nobody_says_otherwise(settings, options, phrase) -> None:
    request = resolve(settings, options, (Note(60, 0.0, 1.0),), MODELS.manifest("folk"), 1)
    assert request.phrase == phrase


ONE = (Note(60, 0.0, 1.0),)


@pytest.mark.parametrize("model", ["folk", "chorale", "drums"])
@pytest.mark.parametrize(
    ("context", "settings", "ending", "ends"),
    [
        (None, {}, {}, True),
        (None, {}, {"ending": "auto"}, True),
        (None, {}, {"ending": "open"}, False),
        (None, {"ending": "open"}, {"ending": "auto"}, True),
        ((), {}, {}, False),
        (ONE, {}, {}, False),
        (ONE, {}, {"ending": "auto"}, False),
        (ONE, {}, {"ending": "closed"}, True),
        (ONE, {"ending": "closed"}, {}, True),
        (ONE, {"ending": "closed"}, {"ending": "open"}, False),
    ],
)
def test_what_begins_ends_and_what_is_continued_goes_on_where_nobody_says_otherwise(
    model, context, settings, ending, ends
) -> None:
    request = resolve(settings, ending, context, MODELS.manifest(model), 1)
    assert request.piece_ends == ends
    plain = resolve({}, {}, context, MODELS.manifest(model), 1)
    assert replace(request, piece_ends=plain.piece_ends) == plain


@pytest.mark.parametrize(
    ("context", "options"), [(ONE, {}), (None, {"bars": 4}), (None, {"beats": 3}), (ONE, {"bars": "auto"})]
)
def test_a_model_of_text_closes_what_is_of_a_given_length_where_it_is_told_to(context, options) -> None:
    manifest = MODELS.manifest("irish-abc")
    closed = resolve({}, {"ending": "closed", **options}, context, manifest, 1)
    assert closed.piece_ends and not closed.open_ended
    for ending in ({}, {"ending": "auto"}, {"ending": "open"}):
        request = resolve({}, {**ending, **options}, context, manifest, 1)
        assert not request.open_ended and not request.piece_ends


@pytest.mark.parametrize("length", [{"bars": 4}, {"beats": 3}])
def test_notes_from_nothing_end_whatever_their_length(length) -> None:
    assert resolve({}, length, None, MODELS.manifest("folk"), 1).piece_ends


def test_a_model_of_text_writes_a_tune_to_its_end_or_leaves_it_open() -> None:
    manifest = MODELS.manifest("irish-abc")
    whole = resolve({}, {}, None, manifest, 1)
    assert whole == resolve({}, {"ending": "closed"}, None, manifest, 1)
    assert whole.open_ended and not whole.piece_ends and whole.end_beat > 100
    begun = resolve({}, {"ending": "open"}, None, manifest, 1)
    assert (begun.open_ended, begun.end_beat) == (False, 12.0)


def test_a_model_that_is_not_told_of_ends_closes_nothing() -> None:
    manifest = replace(MODELS.manifest("folk"), conditions=("metre",))
    with pytest.raises(RequestError, match="is not told where a piece ends; leave ending out"):
        resolve({}, {"ending": "closed"}, ONE, manifest, 1)
    assert resolve({}, {}, None, manifest, 1).piece_ends
    assert not resolve({}, {"ending": "open"}, None, manifest, 1).piece_ends


@pytest.mark.parametrize(("begins", "counts"), [(7.9, True), (7.99, False), (8.0, False), (8.01, False)])
def test_a_note_less_than_half_a_tick_before_the_start_told_is_part_of_the_answer(begins, counts) -> None:
    """It was written on that barline: hosts send beats as floats of 32 bits."""
    notes = (Note(60, 0.0, 1.0), Note(62, begins, 0.5))
    request = resolve({"metre": "4/4"}, {"start": 8.0}, notes, MODELS.manifest("folk"), 1)
    assert request.context == notes[: 1 + counts]


MELODY = tuple(Note(72, i / 2, 0.5, 96) for i in range(8))
CHORDS = tuple(Note(pitch, i / 2, 0.5, 50) for i in range(8) for pitch in (48, 52, 55))


@pytest.mark.parametrize(("model", "velocity"), [("folk", 96), ("irish-abc", 96), ("chorale", 50)])
def test_a_tune_is_as_loud_as_the_voice_that_it_answers(model, velocity) -> None:
    notes = tuple(sorted((*MELODY, *CHORDS), key=lambda note: note.order))
    loudness = resolve({}, {}, notes, MODELS.manifest(model), 1).manner.loudness
    assert loudness is not None and loudness.velocity(4.0, 4.0) == velocity


@pytest.mark.parametrize(("beats", "takes"), [(1024, 16), (1024, 5)])
def test_all_takes_together_are_limited(beats: int, takes: int) -> None:
    manifest = MODELS.manifest("folk")
    with pytest.raises(RequestError, match=f"{takes} takes of {beats} beats") as error:
        resolve({}, {"beats": beats, "takes": takes}, None, manifest, 1)
    assert error.value.code == "too_large"
    assert resolve({}, {"beats": beats, "takes": 4}, None, manifest, 1).takes == 4


TUNE = "X:1\nT:a\nM:6/8\nL:1/8\nK:D\n"


def test_a_text_tells_its_metre_before_one_that_was_set() -> None:
    manifest = MODELS.manifest("irish-abc")
    assert str(resolve({"metre": "4/4"}, {"text": TUNE}, None, manifest, 1).metre) == "6/8"
    assert str(resolve({"metre": "4/4", "text": TUNE}, {}, None, manifest, 1).metre) == "4/4"
    assert str(resolve({}, {"text": TUNE, "metre": "4/4"}, None, manifest, 1).metre) == "4/4"


@pytest.mark.parametrize(
    ("written", "metre"),
    [
        ("C", "4/4"),
        ("C|", "2/2"),
        ("c|", "2/2"),
        (" 3 / 4 ", "3/4"),
        ("none", "6/8"),
        ("", "6/8"),
        ("jig", "6/8"),
    ],
)
def test_a_text_tells_its_metre_as_abc_has_it(written: str, metre: str) -> None:
    manifest = MODELS.manifest("irish-abc")
    assert str(resolve({}, {"text": f"X:1\nT:a\nM:{written}\nK:D\n"}, None, manifest, 1).metre) == metre
    with pytest.raises(MusicError, match="metre 3/0"):
        resolve({}, {"text": "X:1\nM:3/0\n"}, None, manifest, 1)


def test_a_text_begins_no_answer_to_notes() -> None:
    manifest = MODELS.manifest("irish-abc")
    with pytest.raises(RequestError, match="there is a context; leave text out"):
        resolve({}, {"text": TUNE}, MELODY, manifest, 1)
    request = resolve({"text": TUNE, "metre": "4/4"}, {}, MELODY, manifest, 1)
    assert request.text == "" and str(request.metre) == "4/4"
    assert resolve({"text": TUNE}, {}, MELODY, MODELS.manifest("folk"), 1).text == ""


@pytest.mark.parametrize(
    ("model", "settings", "help"),
    [("drums", {"scale": "D dorian"}, "send scale auto"), ("folk", {"text": TUNE}, "send text auto")],
)
def test_what_was_set_and_does_not_fit_can_be_taken_back(model, settings, help) -> None:
    with pytest.raises(RequestError, match=help):
        resolve(settings, {}, None, MODELS.manifest(model), 1)
    resolve(settings, dict.fromkeys(settings, "auto"), None, MODELS.manifest(model), 1)


def test_a_beginning_that_the_model_cannot_spell_is_no_request() -> None:
    with pytest.raises(RequestError, match="no character '\u03a9', which the text needs"):
        resolve({}, {"text": "T:\u03a9"}, None, MODELS.manifest("irish-abc"), 1)
