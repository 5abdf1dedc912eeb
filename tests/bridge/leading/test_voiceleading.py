"""Voices keep from parallels and from crossing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import voiceleading
from antiphon.bridge.leading.voiceleading import CROSSED, PARALLEL, VoiceLeading, voice_leading_of
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.codec import Codec
from antiphon.models.metre import MetreMap
from antiphon.models.note import Note
from antiphon.models.score import Part
from tiny_model import tiny_manifest

VOICES = ModelShelf([]).manifest("chorale")
CODEC: Codec = VOICES.codec
PITCHES = CODEC["pitch"].array
FREE = np.zeros(CODEC["pitch"].size, np.float32)
HOMES = {0: 72.0, 1: 62.0, 2: 50.0}


def chords(*pitches: tuple[int, ...]) -> list[Note]:
    """Return chords of a beat each, part by part; 0 is a part that holds its note."""
    notes: list[Note] = []
    for part in range(3):
        voice: list[Note] = []
        for beat, chord in enumerate(pitches):
            if part < len(chord):
                if chord[part]:
                    voice.append(Note(chord[part], float(beat), 1.0, 80, part))
                else:
                    last = voice.pop()
                    voice.append(Note(last.pitch, last.start, last.duration + 1, 80, part))
        notes += voice
    return sorted(notes, key=lambda note: note.order)


def after(*pitches: tuple[int, ...], parts: range = range(3)) -> VoiceLeading:
    """Return what has heard chords; the last one may lack its lower parts."""
    codes = CODEC.encode(chords(*pitches), MetreMap()).codes
    return VoiceLeading(CODEC, codes).of_parts(parts)


def lost(leading: VoiceLeading, homes: dict[int, float] | None = None) -> dict[int, float]:
    """Return what pitches lose, without those that lose nothing."""
    led = leading.lead(FREE, homes or {})
    return {int(PITCHES[code]): -float(led[code]) for code in np.flatnonzero(led)}


@pytest.mark.parametrize(
    ("before", "moved", "parallel"),
    [
        ((72, 65, 50), 74, 7),  # a fifth: D with G
        ((72, 60, 50), 74, 2),  # an octave: D with D
        ((72, 53, 50), 71, 4),  # a twelfth: B with E
        ((60, 72, 50), 62, 2),  # an octave above: D with D
        ((60, 67, 50), 62, 9),  # a fifth above: D with A
    ],
)
def test_no_voice_follows_another_in_fifths_or_octaves(
    before: tuple[int, ...], moved: int, parallel: int
) -> None:
    found = lost(after(before, (moved,)))
    assert found == {int(p): PARALLEL for p in PITCHES if p % 12 == parallel}


def test_other_intervals_and_voices_that_stay_are_free() -> None:
    assert lost(after((72, 64, 50), (74,))) == {}
    assert lost(after((72, 65, 50), (72,))) == {}
    assert lost(after((72, 65, 50), (0,))) == {}


def test_who_stays_moves_in_no_parallel() -> None:
    """C over F; up to C, an octave, the other may stay on F."""
    assert 65 not in lost(after((60, 65, 50), (65 + 7,)))
    assert 65 not in lost(after((72, 65, 50), (84,)))


def test_the_lowest_voice_hears_all_others() -> None:
    found = lost(after((72, 64, 48), (74, 66)))
    assert {pitch % 12 for pitch in found} == {2}
    found = lost(after((72, 67, 48), (74, 69)))
    assert {pitch % 12 for pitch in found} == {2}


def test_the_first_of_a_chord_is_free() -> None:
    assert lost(after((72, 65, 50), (74, 67, 52)), HOMES) == {}


def test_a_part_that_does_not_play_is_not_waited_for() -> None:
    assert lost(after((72, 65, 50), (74,), parts=range(1))) == {}


def test_voices_stay_on_their_side_of_others() -> None:
    found = lost(after((72, 64, 50), (66,)), HOMES)
    assert found == {int(p): CROSSED for p in PITCHES if p > 66}
    found = lost(after((72, 64, 50), (0, 62), (0, 0, 52), (71,)), HOMES)
    assert found == {int(p): CROSSED for p in PITCHES if p > 71}
    between = [Note(72, 0, 1, 80, 0), Note(64, 0, 1, 80, 1), Note(50, 0, 2, 80, 2), Note(74, 1, 1, 80, 0)]
    found = lost(VoiceLeading(CODEC, CODEC.encode(between, MetreMap()).codes), HOMES)
    assert found == {int(p): CROSSED for p in PITCHES if p > 74 or p < 50}


def test_who_joins_does_so_where_the_voice_lies_and_across_no_other() -> None:
    tune = CODEC.encode([Note(72, 0, 1, 80, 0), Note(72, 1, 1, 80, 0)], MetreMap()).codes
    found = lost(VoiceLeading(CODEC, tune).of_parts(None), HOMES | {3: 50.0})
    assert [round(found[p], 3) for p in (74, 70, 66, 58, 55)] == pytest.approx(
        [1.5 + 0.9, 0.5, 0.1, 0.1, 0.4]
    )
    assert not found.keys() & set(range(59, 66))
    assert lost(VoiceLeading(CODEC, tune).of_parts(None), {0: 72.0}) == {}


def test_an_answer_begins_with_a_new_onset() -> None:
    """After a bass alone the voices above it come first, after a tune the tune itself."""
    bass, tune = ([Note(pitch, 0, 1, 80, part)] for pitch, part in ((50, 3), (72, 0)))
    for notes, enters in ((bass, True), (tune, False)):
        leading = VoiceLeading(CODEC, CODEC.encode(notes, MetreMap()).codes).of_parts(None)
        leading.begin()
        found = lost(leading, HOMES | {3: 50.0})
        assert (found.get(60, 0.0) == pytest.approx(0.9)) is enters
        assert bool(found) is enters


def test_a_voice_whose_place_is_unknown_reaches_past_others() -> None:
    leading = after((72, 64, 50), (66,))
    assert leading.within_reach({0: 72.0})[PITCHES == 68] == 1
    assert leading.within_reach(HOMES)[PITCHES == 68] == 0


def test_time_goes_on_while_notes_are_dropped() -> None:
    leading = after((72, 65, 50), (74,))
    beat = CODEC.encode(chords((60,), (60,)), MetreMap()).codes[1].tolist()
    leading.wait(beat)
    assert lost(leading) == {}


def test_only_voices_are_led() -> None:
    none = CODEC.encode([], MetreMap()).codes
    assert voice_leading_of(VOICES, none) is not None
    assert voice_leading_of(tiny_manifest(parts=(Part("tune"),)), none) is None
    assert voice_leading_of(tiny_manifest(parts=(Part("kit", is_drum=True),)), none) is None


def test_answers_to_one_context_do_not_disturb_each_other() -> None:
    told = VoiceLeading(CODEC, CODEC.encode(chords((72, 64, 50), (74,)), MetreMap()).codes)
    first, second = told.of_parts(None), told.of_parts(None)
    first.hear(CODEC.encode(chords((60,), (60,)), MetreMap()).codes[1].tolist())
    assert lost(first, HOMES) != lost(second, HOMES) == lost(told, HOMES) != {}


def test_who_sang_to_the_end_begins_the_answer() -> None:
    beat = CODEC.ticks_per_beat
    assert after((72, 64, 50)).entries(beat) == [0, 1, 2]
    assert after((72, 64, 50), (74,)).entries(beat) == [0, 1, 2]  # the last two a beat before
    assert after((72, 64, 50), (74,), (76,)).entries(beat) == [0]
    assert after((72, 64, 50), parts=range(1, 3)).entries(beat) == [1, 2]
    held = [Note(72, 0, 1, 80, 0), Note(50, 0, 2, 80, 2)]
    assert VoiceLeading(CODEC, CODEC.encode(held, MetreMap()).codes).entries(beat) == [0]
    assert VoiceLeading(CODEC, CODEC.encode([], MetreMap()).codes).entries(0) == []


MELODIES = {
    "scale": [Note(p, i, 1.0) for i, p in enumerate((69, 71, 72, 74, 76, 74, 72, 71))],
    "halves": [Note(p, 2 * i, 2.0) for i, p in enumerate((67, 72, 71, 69, 67, 65, 64, 62))],
    "tenor": [Note(p, i, 1.0, part=2) for i, p in enumerate((57, 59, 60, 62, 64, 62, 60, 59))],
    "triads": [Note(p, 2 * i, 2.0) for i in range(4) for p in (60 + i, 64 + i, 67 + i)],
}


@pytest.mark.parametrize("name", MELODIES)
def test_an_answer_begins_with_the_voices_of_its_context(shipped_engine: Engine, name: str) -> None:
    options = {"metre": "4/4", "bars": 2, "takes": 8}
    request = resolve({}, options, tuple(MELODIES[name]), VOICES, 5)
    for take in shipped_engine.generate(request):
        begin = {note.part for note in take.notes if note.start == request.start_beat * request.stretch}
        assert len(begin) >= 3 if name == "triads" else MELODIES[name][0].part in begin


def test_parts_that_are_not_asked_for_begin_nothing(shipped_engine: Engine) -> None:
    options = {"metre": "4/4", "bars": 2, "takes": 4, "parts": "alto,bass"}
    request = resolve({}, options, tuple(MELODIES["triads"]), VOICES, 5)
    for take in shipped_engine.generate(request):
        assert {note.part for note in take.notes} == {1, 3}


def parallels(notes: tuple[Note, ...]) -> float:
    """Return how many parallel fifths and octaves a bar of 4/4 has."""
    sounding = [
        {note.part: note.pitch for note in notes if note.start <= at < note.end}
        for at in np.arange(0.1, max(note.end for note in notes), 0.25)
    ]
    found = 0
    for before, now in pairwise(sounding):
        for one in before.keys() & now.keys():
            for other in before.keys() & now.keys():
                if one < other and before[one] != now[one] and before[other] != now[other]:
                    apart = {(before[one] - before[other]) % 12, (now[one] - now[other]) % 12}
                    found += apart in ({0}, {7})
    return 16 * found / len(sounding)


def test_chorales_have_few_parallels(
    shipped_shelf: ModelShelf, shipped_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mean() -> float:
        manifest = shipped_shelf.manifest("chorale")
        requests = (resolve({}, {"bars": 8, "metre": "4/4"}, None, manifest, seed) for seed in range(12))
        return float(np.mean([parallels(shipped_engine.generate(request)[0].notes) for request in requests]))

    led = mean()
    monkeypatch.setattr(voiceleading, "PARALLEL", 0.0)
    assert led < 0.3 < mean()
