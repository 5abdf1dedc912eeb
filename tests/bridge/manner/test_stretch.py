"""Music slower or faster than what a model has learnt is read in other beats, and answered in its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.manner.stretch import LONGEST, SHORTEST, shortened, stretch_of, stretched
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.abc import read_abc
from antiphon.models.errors import RequestError
from antiphon.models.gaps import gaps, geometric_mean
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Part

MODELS = ModelShelf()
FOLK, VOICES = MODELS.manifest("folk"), MODELS.manifest("chorale")
TUNE = tuple(read_abc("X:1\nM:4/4\nL:1/8\nK:D\nf2af d2ed|c2de f4|g2fe d2cB|A2ce d4|").notes)
REEL = tuple(read_abc("X:1\nM:4/4\nL:1/8\nK:D\nfdad edBd|fdad efge|fdad edBd|ABde fded|").notes)
TRIADS = ((48, 64, 67, 72), (43, 62, 67, 71), (45, 60, 64, 72), (41, 60, 65, 69))


def slower(notes: tuple[Note, ...], times: float) -> tuple[Note, ...]:
    return tuple(stretched(note, times) for note in notes)


def pads(beats: float) -> tuple[Note, ...]:
    """Return four chords that follow one another."""
    return tuple(
        Note(pitch, beats * at, beats) for at, chord in enumerate(TRIADS) for pitch in chord
    )  # fmt: skip


@pytest.mark.parametrize(
    ("times", "wanted"), [(1, 1), (2, 2), (4, 4), (8, 8), (64, LONGEST), (0.25, SHORTEST)]
)
def test_a_tune_is_read_as_fast_as_it_would_be_written(times: float, wanted: float) -> None:
    assert stretch_of(slower(TUNE, times), FOLK) == wanted


def test_chords_of_a_bar_each_are_read_faster_and_a_few_long_notes_as_they_are() -> None:
    assert stretch_of(pads(1.0), VOICES) == 1
    assert stretch_of(pads(4.0), VOICES) > 1
    assert stretch_of([Note(60, 0, 1), Note(62, 40, 1)], FOLK) == stretch_of([], FOLK) == 1
    assert stretch_of([Note(60 + i, i, 1) for i in range(4)], FOLK) == 1


def test_silence_between_two_licks_is_not_slow_music() -> None:
    licks = TUNE[:8] + tuple(replace(note, start=note.start + 12) for note in TUNE[:8])
    assert stretch_of(licks, FOLK) == 1


def test_chords_below_a_slow_tune_do_not_make_it_faster() -> None:
    """The melody is what a model of melodies answers."""
    air = slower(TUNE, 4)
    below = tuple(Note(pitch, 2.0 * beat, 2.0) for beat in range(32) for pitch in (40, 45))
    assert stretch_of([*air, *below], FOLK) == stretch_of(air, FOLK) == 4


def test_drums_and_models_that_do_not_say_how_fast_they_are_keep_their_beats() -> None:
    air = slower(TUNE, 4)
    for manifest in (replace(FOLK, gaps=None), replace(FOLK, parts=(Part("kit", is_drum=True),))):
        assert stretch_of(air, manifest) == 1
    assert stretch_of(air, MODELS.manifest("irish-abc")) == stretch_of(air, MODELS.manifest("drums")) == 1


def test_the_same_context_is_the_same_tuple_each_time() -> None:
    """What has been read of it is told apart by that."""
    air = slower(TUNE, 4)
    assert shortened(air, 4.0) is shortened(air, 4.0)
    assert shortened(air, 4.0) == TUNE and shortened(TUNE, 1.0) is TUNE


def test_a_request_is_in_the_models_beats_and_starts_at_a_barline_of_both() -> None:
    air = slower(TUNE, 4)  # of sixteen bars
    request = resolve({"metre": "4/4"}, {"bars": 6}, air, FOLK, 1)
    assert (request.stretch, request.start_beat, request.end_beat) == (4.0, 16.0, 22.0)
    assert request.context == TUNE
    assert request.context_metres == MetreMap(((0.0, Metre(4, 4)),))
    later = resolve({"metre": "4/4"}, {"bars": 6, "start": 72.0}, air, FOLK, 1)
    assert (later.start_beat, later.end_beat) == (18.0, 24.0)
    assert later.context_metres == MetreMap(((2.0, Metre(4, 4)),))  # 18 is a barline
    assert resolve({"metre": "4/4"}, {"phrase": 8}, air, FOLK, 1).phrase == 2
    assert resolve({"metre": "4/4"}, {"phrase": 0}, air, FOLK, 1).phrase == 0
    assert resolve({}, {"phrase": 6, "stretch": 0.5}, TUNE, FOLK, 1).phrase == 3


@pytest.mark.parametrize(("tune", "times"), [(TUNE, 2.0), (TUNE, 4.0), (REEL, 8.0)])
def test_the_answer_is_that_to_the_music_in_its_usual_time_stretched(
    shipped_engine: Engine, tune: tuple[Note, ...], times: float
) -> None:
    options = {"metre": "4/4", "seed": 3}
    (plain,) = shipped_engine.generate(resolve({}, {**options, "beats": 16.0}, tune, FOLK, 1))
    request = resolve({}, {**options, "beats": 16.0 * times}, slower(tune, times), FOLK, 1)
    (take,) = shipped_engine.generate(request)
    assert take.notes == slower(plain.notes, times)
    assert take.end_beats == plain.end_beats * times == 32.0 * times
    assert take.nats_per_note == pytest.approx(plain.nats_per_note)


def test_pads_are_answered_in_chords_as_long(shipped_engine: Engine) -> None:
    options = {"metre": "4/4", "takes": 8, "seed": 3}
    takes = shipped_engine.generate(resolve({}, options, pads(4.0), VOICES, 1))
    means = [geometric_mean(gaps(sorted({note.start for note in take.notes}))) for take in takes]
    for take in takes:
        assert take.end_beats == 32.0 and all(16.0 <= n.start < n.end <= 32.0 for n in take.notes)
        assert len({note.part for note in take.notes}) == 4
    assert min(means) > 1.0 and sorted(means)[4] >= 2.0


def test_the_option_goes_before_what_is_heard(shipped_engine: Engine) -> None:
    options = {"metre": "4/4", "bars": 4, "seed": 5}
    (half,) = shipped_engine.generate(resolve({}, {**options, "stretch": 2.0}, None, FOLK, 1))
    (plain,) = shipped_engine.generate(resolve({}, {**options, "bars": 2}, None, FOLK, 1))
    assert half.notes == slower(plain.notes, 2.0) and half.end_beats == 16.0
    double = {**options, "bars": 2, "stretch": 0.5}
    (quick,) = shipped_engine.generate(resolve({}, double, slower(REEL, 0.5), FOLK, 1))
    (plain,) = shipped_engine.generate(resolve({}, options, REEL, FOLK, 1))
    assert quick.notes == slower(plain.notes, 0.5) and quick.end_beats == 16.0
    assert resolve({}, {"stretch": 1.0}, slower(TUNE, 4), FOLK, 1).stretch == 1.0
    assert resolve({"stretch": 2.0}, {"stretch": "auto"}, TUNE, FOLK, 1).stretch == 1.0


def test_what_is_too_long_in_the_models_beats_is_refused() -> None:
    """An answer of as many beats costs as many notes, whosever beats they are."""
    longest = {"beats": 1024.0, "metre": "4/4"}
    assert resolve({}, {**longest, "takes": 4, "stretch": 1.0}, None, FOLK, 1).takes == 4
    assert resolve({}, {**longest, "takes": 2, "stretch": 0.5}, None, FOLK, 1).takes == 2
    for takes, stretch in ((5, 1.0), (4, 0.5), (5, 4.0)):
        with pytest.raises(RequestError, match="are more than 4096 beats together"):
            resolve({}, {**longest, "takes": takes, "stretch": stretch}, None, FOLK, 1)


def test_note_values_are_written_for_the_beat() -> None:
    text = MODELS.manifest("irish-abc")
    with pytest.raises(RequestError, match="writes text, in note values; leave stretch out"):
        resolve({}, {"stretch": 2.0}, None, text, 1)
    assert resolve({}, {"stretch": 1.0}, None, text, 1).stretch == 1.0
