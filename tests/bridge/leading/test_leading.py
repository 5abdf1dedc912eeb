"""What makes pitches of an answer likelier than its model finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.plan import read
from antiphon.bridge.leading import leading
from antiphon.bridge.leading.cadence import CLOSE, REST
from antiphon.bridge.leading.constraints import Mask
from antiphon.bridge.leading.leading import Leading
from antiphon.bridge.leading.tonality import (
    HOME,
    HOME_OF_VOICES,
    KEY_NOTES,
    KEYS,
    MOST,
    of_heard,
    of_tonic,
    told_by,
)
from antiphon.bridge.request import GenerationRequest
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.note import Note
from antiphon.models.score import Part
from tiny_model import tiny_manifest

TUNE = tiny_manifest(parts=(Part("tune"),))
CODEC = TUNE.codec
CLASSES = CODEC["pitch"].array.astype(int) % 12
FREE = np.zeros(CODEC["pitch"].size, np.float32)
SCALE = tuple(Note(60 + step, i / 2, 0.5) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12)))
QUARTER = CODEC["duration"].nearest(24)


def leads(context: tuple[Note, ...] = (), **options: Any) -> Leading:
    return leads_to(TUNE, resolve({}, options, context or None, TUNE, 1), FREE)


def leads_to(manifest: Manifest, request: GenerationRequest, limits: Mask) -> Leading:
    return Leading(manifest, request, limits, read(manifest, request).context)


def hear(led: Leading, *pitches: int) -> None:
    for pitch in pitches:
        led.hear([1, 0, CODEC["pitch"].nearest(pitch), QUARTER], 0, 0)


def test_a_context_tells_its_key() -> None:
    assert np.allclose(leads(SCALE).mask(), of_heard(told_by(SCALE))[CLASSES])


def test_only_what_comes_before_the_answer_tells() -> None:
    later = Note(61, 4.0, 4.0)
    assert np.array_equal(leads((*SCALE, later), start=4.0).mask(), leads(SCALE).mask())


def test_a_contexts_last_notes_tell_its_key() -> None:
    strange = [Note(61, 0.0, 1.0)] * 100
    last = [replace(note, start=1.0 + i) for i, note in enumerate(SCALE * (KEY_NOTES // len(SCALE)))]
    assert np.array_equal(leads((*last, *strange)).mask(), leads(tuple(last)).mask())
    assert not np.array_equal(leads((*last[8:], *strange)).mask(), leads(tuple(last[8:])).mask())


def test_an_answers_own_notes_join_the_context() -> None:
    led = leads(SCALE)
    hear(led, *[61] * 7)
    assert np.allclose(led.mask(), of_heard(told_by(SCALE))[CLASSES])
    hear(led, 73)
    assert np.allclose(led.mask(), of_heard(told_by([*SCALE, *[Note(61, 0.0, 1.0)] * 8]))[CLASSES])


def test_without_a_context_the_answers_beginning_tells() -> None:
    led = leads()
    assert np.array_equal(led.mask(), FREE)
    hear(led, *(note.pitch for note in SCALE * 2))
    assert np.allclose(led.mask(), of_heard(told_by(SCALE * 4))[CLASSES])


def test_what_a_page_has_told_stays() -> None:
    turned = (SCALE[(i + i // 8) % 8] for i in range(leading.MAX_NOTES))  # no bar is as the one before
    told = [replace(note, start=i / 2) for i, note in enumerate(turned)]
    led = leads(tuple(told))
    before = led.mask()
    hear(led, *[61, 73] * (leading.MAX_NOTES // 2))
    assert np.array_equal(led.mask(), before)


def test_a_tonic_is_led_to_and_waits_at_the_end() -> None:
    led = leads(SCALE, scale="D dorian", ending="closed")
    assert led.mask()[CLASSES == 2] == pytest.approx(MOST)
    assert led.mask(0.5)[CLASSES == 2] == pytest.approx(MOST + CLOSE / 2)


def test_a_tonic_that_sounds_as_it_does_in_tunes_is_led_to_no_more() -> None:
    led = leads(SCALE, scale="D dorian")
    assert np.allclose(led.mask(), of_tonic(2, told_by(SCALE))[CLASSES])
    heard = told_by(SCALE)
    pulls = []
    for pitch in (62, 62, 60, 62, 62, 62, 57, 57, 57, 57):
        hear(led, pitch)
        heard[pitch % 12] += 1.0
        assert np.allclose(led.mask(), of_tonic(2, heard)[CLASSES])
        pulls.append(float(led.mask()[CLASSES == 2][0]))
    assert pulls[0] > pulls[1] < pulls[2] > pulls[3] and pulls[5] == 0.0
    assert not led.mask()[CLASSES == 9].any()


def test_voices_share_their_time_otherwise() -> None:
    trio = tiny_manifest()
    request = resolve({}, {"scale": "D dorian"}, SCALE, trio, 1)
    heard = told_by(SCALE) * 80  # which leaves no doubt
    heard[2] = 0.25 * heard.sum()
    assert of_tonic(2, heard, HOME)[2] > 0 == of_tonic(2, heard, HOME_OF_VOICES)[2]
    found = leads_to(trio, request, FREE).mask()
    assert np.allclose(found, of_tonic(2, told_by(SCALE), HOME_OF_VOICES)[CLASSES])


def test_a_tune_that_has_come_home_rests_there() -> None:
    led = leads(SCALE, scale="D dorian", ending="closed")
    hear(led, 60)
    assert led.rest(1.0) == 0 and led.mask(0.5)[CLASSES == 2] == pytest.approx(MOST + CLOSE / 2)
    hear(led, 62)
    assert led.rest(0.0) == 0 and led.rest(0.5) == pytest.approx(REST / 8) and led.rest(1.0) == REST
    before = led.mask()[CLASSES == 2]
    assert led.mask(0.5)[CLASSES == 2] == pytest.approx(before + CLOSE / 4)  # it need not be struck again
    assert led.mask(1.0)[CLASSES == 2] == pytest.approx(before + CLOSE)


def test_what_goes_on_is_not_led_home() -> None:
    led = leads(SCALE, scale="D dorian")
    hear(led, 62)
    assert np.array_equal(led.mask(1.0), led.mask()) and led.rest(1.0) == 0


def test_voices_come_home_one_after_the_other() -> None:
    duo = tiny_manifest()
    request = resolve({}, {"scale": "D dorian", "ending": "closed"}, SCALE, duo, 1)
    led = leads_to(duo, request, FREE)
    hear(led, 62)
    assert led.rest(1.0) == 0
    alone = leads_to(duo, replace(request, parts=frozenset({0})), FREE)
    hear(alone, 62)
    assert alone.rest(1.0) == REST


def test_long_notes_of_an_answer_tell_more() -> None:
    found = []
    for length in (6, 96):
        led = leads(SCALE, ending="closed")
        led.hear([1, 0, CODEC["pitch"].nearest(65), CODEC["duration"].nearest(length)], 0, 0)
        found.append(led.rest(1.0))
    assert 0 < found[0] < found[1] / 2


def test_without_a_tonic_the_music_tells_where_home_is() -> None:
    led = leads(SCALE * 2, scale="0,2,4,5,7,9,11", ending="closed")
    home = led.mask(1.0)
    assert set(CLASSES[home == home.max()]) == {0}
    hear(led, *(69, 76, 72, 69, 71, 68, 69, 64) * 4)  # A minor, for longer than the context
    home = led.mask(1.0)
    assert set(CLASSES[home == home.max()]) == {9}


def test_the_fourth_of_equal_bars_begins_otherwise() -> None:
    led = leads(scale="0,2,4,5,7,9,11")
    for bar in range(3):
        for tick, pitch in ((0, 60), (48, 64)):
            led.hear([1, 0, CODEC["pitch"].nearest(pitch), QUARTER], bar, tick)
    expected = np.where(CODEC["pitch"].array == 60, -leading.WORN, 0)
    assert np.array_equal(led.mask(), expected)
    led.hear([1, 0, CODEC["pitch"].nearest(62), QUARTER], 3, 0)
    assert np.array_equal(led.mask(), FREE)


def test_a_scale_without_a_tonic_leads_nowhere() -> None:
    led = leads(SCALE, scale="0,2,4,5,7,9,11")
    hear(led, *[61, 73] * 16)
    assert np.array_equal(led.mask(0.5), FREE)


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_leading_may_be_weaker(strength: float) -> None:
    limits = np.where(CLASSES == 0, -1e9, 0).astype(np.float32)
    options = {"scale": "D dorian", "ending": "closed"}
    led, full = (
        leads_to(TUNE, resolve({}, {**options, "leading": how}, SCALE, TUNE, 1), limits)
        for how in (strength, 1.0)
    )
    for each in (led, full):
        hear(each, 62)
    allowed = CLASSES != 0
    assert np.allclose(led.mask(0.5)[allowed], strength * full.mask(0.5)[allowed])
    assert (led.mask(0.5)[~allowed] < -1e8).all() and led.mask(0.5).dtype == np.float32
    assert led.rest(1.0) == strength * REST


def test_voices_that_are_not_led_begin_as_they_like() -> None:
    trio = tiny_manifest(monophonic=True)
    sung = tuple(Note(60 + 4 * part, 0.0, 4.0, part=part) for part in (0, 1))
    entries = [
        leads_to(trio, resolve({}, {"leading": how}, sung, trio, 1), FREE).entries(96) for how in (0.0, 1.0)
    ]
    assert entries == [[], [0, 1]]


def test_limits_stay_limits_and_are_not_touched() -> None:
    limits = np.where(CLASSES == 0, 0, -1e9).astype(np.float32)
    before = limits.copy()
    request = resolve({}, {"scale": "D dorian"}, SCALE, TUNE, 1)
    led = leads_to(TUNE, request, limits)
    assert (led.mask(0.7)[CLASSES != 0] < -1e8).all()
    assert np.array_equal(limits, before)


def test_drums_are_not_led() -> None:
    drums = tiny_manifest(parts=(Part("kit", is_drum=True),))
    request = GenerationRequest("tiny", 4.0, 8.0, 1, context=SCALE, piece_ends=True)
    led = leads_to(drums, request, FREE)
    hear(led, *[61, 73] * 16)
    assert np.array_equal(led.mask(0.5), FREE)
    assert led.rest(1.0) == 0


def kept(engine: Engine, shelf: ModelShelf) -> float:
    """Return the share of a chorale's second half that is in the scale of its first bars."""
    shares = []
    for seed in range(48):
        request = resolve({}, {"metre": "4/4", "bars": 12}, None, shelf.manifest("chorale"), seed)
        notes = engine.generate(request)[0].notes
        first, last = (told_by([n for n in notes if low <= n.start < low + 16]) for low in (0.0, 32.0))
        scale = KEYS[int(np.argmax(KEYS @ first))]
        shares.append(float(last @ scale / last.sum()))
    return float(np.mean(shares))


def test_a_chorale_from_nothing_keeps_its_key(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    led = kept(shipped_engine, shipped_shelf)
    monkeypatch.setattr(leading, "MAX_NOTES", 0)
    assert led > kept(shipped_engine, shipped_shelf) + 0.03
