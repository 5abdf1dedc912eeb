"""Where the voices of an answer lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import tessitura
from antiphon.bridge.leading.tessitura import Tessitura, tessitura_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.codec import Codec, Codes
from antiphon.models.note import Note
from antiphon.models.score import Part
from tiny_model import tiny_manifest

MANIFEST = tiny_manifest()
CODEC = MANIFEST.codec
PITCHES = CODEC["pitch"].array
FREE = np.zeros(CODEC["pitch"].size, np.float32)
NOTHING = np.zeros((0, 4), np.int32)


def codes(*notes: tuple[int, int], codec: Codec = CODEC) -> Codes:
    """Return notes of (part, pitch) as codes."""
    lowest = int(codec["pitch"].values[0])
    return np.array([(0, part, pitch - lowest, 0) for part, pitch in notes], np.int32).reshape(-1, 4)


TOLD = codes(*[(0, 70), (0, 74), (1, 50), (1, 54)] * 20)


def sounded(leading: Tessitura, *notes: tuple[int, int]) -> Tessitura:
    for row in codes(*notes).tolist():
        leading.hear(row)
    return leading


def slope(leading: Tessitura) -> float:
    """Return what a semitone more gains within the range of what was told."""
    inside = (PITCHES >= 54) & (PITCHES <= 70)
    gains = np.diff(leading.lead(FREE)[inside])
    assert np.ptp(gains) < 1e-5
    return float(gains.mean())


def test_what_lies_where_it_lay_is_left_alone() -> None:
    leading = sounded(Tessitura(CODEC, TOLD), *[(0, 72), (1, 52)] * 8)
    assert slope(leading) == pytest.approx(0, abs=1e-6)


def test_an_answer_is_led_no_way_before_it_has_gone_one() -> None:
    leading = Tessitura(CODEC, TOLD)
    assert slope(leading) == pytest.approx(0, abs=1e-6)
    share = 80 / (80 + tessitura.HALF)
    away = share * 5 * tessitura.DRIFT / tessitura.RECENT
    assert slope(sounded(leading, (0, 77))) == pytest.approx(-away, rel=1e-4)


@pytest.mark.parametrize(("shift", "sign"), [(5, -1), (-5, 1)])
def test_voices_are_led_back(shift: int, sign: int) -> None:
    leading = sounded(Tessitura(CODEC, TOLD), *[(0, 72 + shift), (1, 52 + shift)] * 6)
    share = 80 / (80 + tessitura.HALF)
    assert slope(leading) == pytest.approx(sign * share * 5 * tessitura.DRIFT, rel=1e-4)


def test_it_does_not_matter_which_voices_move_more() -> None:
    """Their mean pitch would."""
    leading = sounded(Tessitura(CODEC, TOLD), *[(0, 72)] * 11, (1, 52))
    assert slope(leading) == pytest.approx(0, abs=1e-6)


def test_what_is_outside_the_range_that_was_heard_loses_by_the_semitone() -> None:
    gains = Tessitura(CODEC, TOLD).lead(FREE)
    share = 80 / (80 + tessitura.HALF)
    for pitch, outside in ((46, 4), (50, 0), (60, 0), (74, 0), (80, 6)):
        assert gains[pitch == PITCHES] == pytest.approx(-share * tessitura.OUTSIDE * outside, abs=1e-5)


def test_a_melody_does_not_tell_how_low_the_bass_may_go() -> None:
    assert not Tessitura(CODEC, codes(*[(0, 70), (0, 74)] * 20)).lead(FREE).any()


def test_voices_that_were_not_heard_lie_as_far_from_the_others_as_they_mostly_do() -> None:
    tune = codes(*[(0, 72), (0, 76)] * 8)
    leading = Tessitura(CODEC, tune, (70.0, 50.0))
    assert leading.homes == {0: 74.0, 1: 54.0}
    assert leading.within(60, 127) is not None, "nobody has heard the lower voice"
    sounded(leading, *[(1, 58)] * 16)
    assert leading.homes == {0: 74.0, 1: 58.0}
    assert Tessitura(CODEC, NOTHING, (70.0, 50.0)).homes == {}


def test_a_voice_alone_tells_as_much_as_with_the_others() -> None:
    """As many beats, not as many notes, say where voices lie."""
    alone, both = codes(*[(0, 70), (0, 74)] * 8), codes(*[(0, 70), (1, 50), (0, 74), (1, 54)] * 8)
    assert slope(sounded(Tessitura(CODEC, alone), *[(0, 77)] * 12)) == pytest.approx(
        slope(sounded(Tessitura(CODEC, both), *[(0, 77)] * 12))
    )


def test_a_bar_tells_less_than_a_page() -> None:
    moved = [(0, 77)] * 12
    little, much = (sounded(Tessitura(CODEC, TOLD[:count]), *moved) for count in (4, 80))
    assert slope(much) < slope(little) < 0


def test_with_nothing_told_the_answers_own_beginning_tells() -> None:
    leading = Tessitura(CODEC, NOTHING)
    assert np.array_equal(leading.lead(FREE), FREE)
    sounded(leading, *[(0, 70), (0, 74), (1, 50), (1, 54)] * 4)
    assert leading.homes == {0: 72.0, 1: 52.0}
    sounded(leading, *[(0, 77), (1, 57)] * 6)
    assert slope(leading) < -0.01


def test_in_the_end_what_tells_stays_as_it_is() -> None:
    leading = sounded(Tessitura(CODEC, NOTHING), *[(0, 70), (1, 50)] * (tessitura.MAX_NOTES // 2))
    sounded(leading, *[(0, 80), (1, 60)] * tessitura.MAX_NOTES)
    assert leading.homes == {0: 70.0, 1: 50.0}
    assert slope(leading) < -0.2


def test_a_mask_stays_one() -> None:
    mask = np.where(PITCHES > 60, -1e9, 0).astype(np.float32)
    led = sounded(Tessitura(CODEC, TOLD), *[(0, 40), (1, 40)] * 8).lead(mask)
    assert (led[PITCHES > 60] < -1e8).all() and (led[PITCHES <= 60] > -1e2).all()
    assert led.dtype == np.float32


def test_one_stray_note_does_not_end_it() -> None:
    assert Tessitura(CODEC, np.concatenate([TOLD, codes((1, 42))])).within(45, 89) is not None


@pytest.mark.parametrize(
    ("low", "high", "is_led"), [(40, 89, True), (52, 72, True), (53, 89, False), (40, 71, False)]
)
def test_whoever_asks_for_another_range_gets_it(low: int, high: int, is_led: bool) -> None:
    assert (Tessitura(CODEC, TOLD).within(low, high) is not None) is is_led
    assert Tessitura(CODEC, NOTHING).within(low, high) is not None


def test_answers_to_one_context_do_not_disturb_each_other() -> None:
    told = Tessitura(CODEC, TOLD[:3])
    first = told.within(0, 127)
    assert first is not None
    sounded(first, *[(0, 85), (1, 75)] * 20)
    second = told.within(0, 127)
    assert second is not None
    assert first.homes != second.homes == Tessitura(CODEC, TOLD[:3]).homes
    np.testing.assert_array_equal(second.lead(FREE), Tessitura(CODEC, TOLD[:3]).lead(FREE))


def test_a_melody_drums_and_many_notes_at_once_are_not_led() -> None:
    one = tiny_manifest(parts=(Part("tune"),))
    drums = tiny_manifest(parts=(Part("high", 0, True), Part("low", 0, True)))
    several = tiny_manifest(monophonic=False)
    unnamed = tiny_manifest(codec=Codec(tuple(f for f in CODEC.fields if f.name != "part")))
    assert [tessitura_of(m, TOLD) for m in (one, drums, several, unnamed)] == [None] * 4
    assert tessitura_of(MANIFEST, TOLD) is not None


def far(context: tuple[Note, ...], notes: tuple[Note, ...]) -> float:
    """Return how far voices lie from where they lay, in semitones."""

    def mean(part: int, of: tuple[Note, ...]) -> float:
        return float(np.mean([note.pitch for note in of if note.part == part]))

    return float(np.mean([abs(mean(part, notes) - mean(part, context)) for part in range(4)]))


@pytest.mark.parametrize("part", [0, 3])
def test_the_shipped_chorale_joins_one_voice_without_crossing_it(
    part: int, shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, options = shipped_shelf.manifest("chorale"), {"metre": "4/4", "bars": 4, "takes": 4}
    begun = [
        shipped_engine.generate(resolve({}, {"metre": "4/4"}, None, manifest, seed))[0].notes
        for seed in range(12)
    ]

    def crossed() -> float:
        told = [tuple(note for note in notes if note.part == part) for notes in begun]
        takes = [
            take.notes
            for seed, notes in enumerate(told)
            for take in shipped_engine.generate(resolve({}, options, notes, manifest, seed))
        ]
        return float(np.mean([out_of_order(notes) for notes in takes]))

    led = crossed()
    monkeypatch.setattr(tessitura, "homes_of", lambda manifest: ())
    assert led < 0.75 * crossed()


def out_of_order(notes: tuple[Note, ...]) -> float:
    """Return for which share of an answer, half beat by half beat, neighbouring voices are crossed."""
    found = pairs = 0
    for at in np.arange(min(note.start for note in notes), max(note.end for note in notes), 0.5):
        now = {note.part: note.pitch for note in notes if note.start <= at < note.end}
        for above, below in pairwise(sorted(now)):
            found += now[above] < now[below]
            pairs += 1
    return found / pairs


def test_the_shipped_chorale_stays_nearer(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, engine = shipped_shelf.manifest("chorale"), shipped_engine
    options = {"metre": "4/4", "bars": 4}
    begun = [engine.generate(resolve({}, options, None, manifest, seed))[0].notes for seed in range(24)]

    def away() -> float:
        takes = [
            engine.generate(resolve({}, {**options, "bars": 8}, notes, manifest, seed))[0].notes
            for seed, notes in enumerate(begun)
        ]
        return float(np.mean([far(context, notes) for context, notes in zip(begun, takes, strict=True)]))

    led = away()
    monkeypatch.setattr(tessitura, "OUTSIDE", 0.0)
    monkeypatch.setattr(tessitura, "DRIFT", 0.0)
    assert led < 0.9 * away()
