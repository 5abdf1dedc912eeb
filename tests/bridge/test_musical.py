"""What a musician hears in an answer: its register, key, loudness and drums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading.register import lift, lifted
from antiphon.bridge.leading.tonality import of_heard, told_by
from antiphon.bridge.request import Take
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.abc import read_abc
from antiphon.models.drumkit import on_kit
from antiphon.models.note import Note

RIFF = [Note(62 + step, i * 0.5, 0.5, 40) for i, step in enumerate([0, 2, 3, 5, 7, 5, 3, 2] * 2)]
Shipped = tuple[ModelShelf, Engine]


@pytest.fixture(scope="module")
def shipped() -> Iterator[Shipped]:
    shelf = ModelShelf([])
    with Engine(shelf, workers=1) as engine:
        yield shelf, engine


def answer(shipped: Shipped, notes: Sequence[Note] | None, model: str = "folk", **options: Any) -> Take:
    shelf, engine = shipped
    context = None if notes is None else tuple(notes)
    request = resolve({}, {"metre": "4/4", "seed": 3, **options}, context, shelf.manifest(model), 3)
    return engine.generate(request)[0]


def moved(notes: Sequence[Note], octaves: int) -> list[Note]:
    return [replace(note, pitch=note.pitch + 12 * octaves) for note in notes]


class TestRegister:
    @pytest.mark.parametrize(("octaves", "read_at"), [(-3, 0), (-2, 0), (2, 1)])
    def test_a_tune_far_off_is_answered_there_with_the_same_notes(
        self, shipped: Shipped, octaves: int, read_at: int
    ) -> None:
        there, near = (answer(shipped, moved(RIFF, octave)).notes for octave in (octaves, read_at))
        assert there == tuple(moved(near, octaves - read_at))

    @pytest.mark.parametrize(
        ("pitch", "low", "high", "expected"),
        [
            (70, None, None, 0),
            (65, None, None, 0),
            (64, None, None, 12),
            (36, None, None, 36),
            (96, None, None, -24),
            (36, 60, None, 12),
            (36, 65, None, 0),
            (70, None, 50, 24),
            (None, None, None, 0),
            (None, None, 50, 24),
        ],
    )
    def test_whole_octaves_bring_it_near_the_model_s_own(
        self, shipped: Shipped, pitch: int | None, low: int | None, high: int | None, expected: int
    ) -> None:
        """folk's range is 57 to 86; a range that is asked for says where the answer is to be."""
        notes = [] if pitch is None else [Note(pitch, 0.0, 1.0), Note(20, 0.0, 1.0)]
        assert lift(shipped[0].manifest("folk"), notes, low, high) == expected

    @pytest.mark.parametrize("semitones", [-60, -12, 0, 24, 60])
    def test_what_is_lifted_keeps_its_pitch_classes(self, semitones: int) -> None:
        notes = [Note(pitch, 0.0, 1.0) for pitch in range(128)]
        for note, there in zip(notes, lifted(notes, semitones), strict=True):
            assert 0 <= there.pitch <= 127
            assert there.pitch % 12 == note.pitch % 12
            if 0 <= note.pitch + semitones <= 127:
                assert there.pitch == note.pitch + semitones

    def test_a_model_of_many_registers_reads_them_where_they_are(self, shipped: Shipped) -> None:
        manifest = shipped[0].manifest("folk")
        wide = replace(manifest, defaults=replace(manifest.defaults, low=24, high=108))
        narrow = replace(manifest, defaults=replace(manifest.defaults, low=60, high=67))
        found = {pitch: lift(wide, [Note(pitch, 0.0, 1.0)], None, None) for pitch in (12, 31, 32, 100, 101)}
        assert found == {12: 24, 31: 12, 32: 0, 100: 0, 101: -12}
        found = {pitch: lift(narrow, [Note(pitch, 0.0, 1.0)], None, None) for pitch in (57, 58, 69, 70)}
        assert found == {57: 12, 58: 0, 69: 0, 70: -12}

    def test_voices_and_drums_stay_where_they_are(self, shipped: Shipped) -> None:
        for model in ("chorale", "drums"):
            assert lift(shipped[0].manifest(model), [Note(36, 0.0, 1.0)], None, None) == 0

    def test_a_range_that_is_asked_for_holds(self, shipped: Shipped) -> None:
        for context in (RIFF, moved(RIFF, -2), None):
            for low, high in ((40, 52), (60, 70), (90, 100)):
                notes = answer(shipped, context, low=low, high=high).notes
                assert notes and all(low <= note.pitch <= high for note in notes)

    def test_a_context_of_another_lift_is_read_anew(self, shipped: Shipped) -> None:
        """The same context, read ahead for an open range, is not what a low one starts from."""
        shelf, engine = shipped
        manifest = shelf.manifest("folk")
        plain = resolve({}, {"metre": "4/4"}, tuple(RIFF), manifest, 3)
        low = resolve({}, {"metre": "4/4", "low": 36, "high": 48}, tuple(RIFF), manifest, 3)
        engine.prime("key", plain)
        waiting: list[Sequence[Note]] = [engine.generate(low)[0].notes]
        from antiphon.bridge.engine.waiting import Waiting

        listener = Waiting()
        engine.submit(low, listener, key="key")
        waiting.append(listener.wait()[0].notes)
        assert waiting[0] == waiting[1]

    def test_a_tune_s_text_sounds_as_its_notes(self, shipped: Shipped) -> None:
        take = answer(shipped, moved(RIFF, -2), "irish-abc")
        mean = sum(note.pitch for note in take.notes) / len(take.notes)
        assert mean < 55
        assert "octave=-" in take.text
        written = {note.pitch for note in read_abc(take.text).notes}
        assert {note.pitch for note in take.notes} <= written


def ends_long(take: Take) -> bool:
    return bool(take.notes) and take.end_beats - max(note.start for note in take.notes) >= 1


class TestEnding:
    @pytest.mark.parametrize("bars", [2, 4])
    def test_a_tune_that_is_continued_comes_to_rest_where_it_is_asked_to(
        self, shipped: Shipped, bars: int
    ) -> None:
        shelf, engine = shipped
        rests = {}
        for ending in ("open", "closed"):
            options = {"metre": "4/4", "bars": bars, "takes": 16, "ending": ending, "scale": "D minor"}
            request = resolve({}, options, tuple(RIFF), shelf.manifest("folk"), 3)
            takes = engine.generate(request)
            rests[ending] = sum(map(ends_long, takes))
            home = [take.notes[-1].pitch % 12 == 2 for take in takes]
            if ending == "closed":
                assert sum(home) >= 12
        assert rests["closed"] >= rests["open"] + 5

    def test_what_is_generated_may_stay_open(self, shipped: Shipped) -> None:
        shelf, engine = shipped
        rests = {}
        for ending in ("open", "closed", "auto"):
            options = {"metre": "4/4", "bars": 8, "takes": 16, "ending": ending}
            takes = engine.generate(resolve({}, options, None, shelf.manifest("folk"), 3))
            rests[ending] = sum(map(ends_long, takes))
        assert rests["auto"] == rests["closed"] >= rests["open"] + 3

    @pytest.mark.parametrize("model", ["folk", "chorale", "drums"])
    def test_every_model_of_notes_may_be_closed(self, shipped: Shipped, model: str) -> None:
        shelf, engine = shipped
        for context in (None, tuple(RIFF)):
            options = {"metre": "4/4", "bars": 2, "ending": "closed"}
            assert engine.generate(resolve({}, options, context, shelf.manifest(model), 3))[0].notes


class TestKey:
    def test_strangers_to_a_context_lose(self) -> None:
        scale = [Note(60 + step, i, 1.0) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11))]
        leaning = of_heard(told_by(scale))
        assert (leaning[[1, 3, 6, 8, 10]] < -0.75).all()
        assert (leaning[[0, 2, 4, 5, 7, 9, 11]] > -0.35).all()

    def test_what_a_context_has_is_no_stranger_whatever_its_key(self) -> None:
        leaning = of_heard(told_by([Note(60 + step % 12, step, 4.0) for step in range(12)]))
        assert (leaning > -0.15).all()

    def test_a_little_music_says_little(self) -> None:
        """One note is at home in seven keys: what none of them has loses most."""
        leaning = of_heard(told_by([Note(60, 0.0, 0.5)]))
        assert leaning[0] > leaning[7] > leaning[6]
        assert leaning.min() > -1.0

    def test_chorales_keep_to_the_key(self, shipped: Shipped) -> None:
        """Of C major: with nothing to lead it, the model spends a quarter of its time outside."""
        chord = [(72, 0), (67, 1), (64, 2), (48, 3), (71, 0), (67, 1), (62, 2), (55, 3)]
        context = [Note(p, float(i // 4), 1.0, part=part) for i, (p, part) in enumerate(chord * 4)]
        inside = total = 0.0
        for seed in range(8):
            for note in answer(shipped, context, "chorale", seed=seed).notes:
                total += note.duration
                inside += note.duration * (note.pitch % 12 in (0, 2, 4, 5, 7, 9, 11))
        assert inside / total > 0.85

    def test_a_scale_that_names_its_tonic_ends_there(self, shipped: Shipped) -> None:
        """The same notes of four modes; the last note of a piece of folk music is its tonic mostly."""
        finals = {}
        for scale, tonic in (("D dorian", 2), ("C major", 0), ("A minor", 9), ("G mixolydian", 7)):
            takes = [answer(shipped, None, scale=scale, bars=4, seed=seed) for seed in range(12)]
            assert all(note.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for take in takes for note in take.notes)
            finals[scale] = sum(take.notes[-1].pitch % 12 == tonic for take in takes)
        assert sum(finals.values()) > 20, finals

    def test_pitch_classes_name_no_tonic(self, shipped: Shipped) -> None:
        classes = answer(shipped, None, scale="2,4,5,7,9,11,0").notes
        assert classes == answer(shipped, None, scale="0,2,4,5,7,9,11").notes
        assert classes != answer(shipped, None, scale="D dorian").notes

    @pytest.mark.parametrize(("scale", "line"), [("D dorian", "K:D Dorian"), ("A minor", "K:Am")])
    def test_a_tune_says_its_mode(self, shipped: Shipped, scale: str, line: str) -> None:
        assert line in answer(shipped, None, "irish-abc", scale=scale).text.splitlines()


class TestSound:
    @pytest.mark.parametrize("model", ["folk", "chorale", "irish-abc"])
    def test_an_answer_is_as_loud_as_the_context(self, shipped: Shipped, model: str) -> None:
        assert {note.velocity for note in answer(shipped, RIFF, model).notes} == {40}
        assert {note.velocity for note in answer(shipped, None, model, bars=2).notes} == {80}

    def test_a_text_s_chords_are_played_by_their_top(self) -> None:
        """Where the model of text writes one: its part sounds one note at a time."""
        from antiphon.bridge.text.placing import at_pitches

        request = resolve({}, {}, None, ModelShelf([]).manifest("irish-abc"), 3)
        chord = [Note(60, 0.0, 1.0), Note(64, 0.0, 1.0), Note(67, 0.5, 1.0)]
        assert [(n.pitch, n.start, n.duration) for n in at_pitches(chord, request)] == [
            (64, 0.0, 0.5),
            (67, 0.5, 1.0),
        ]

    def test_toms_of_general_midi_stay_toms(self) -> None:
        kit = (36, 37, 38, 40, 42, 43, 44, 45, 46, 48, 49, 51, 53, 57, 59)
        heard = on_kit([Note(p, 0, 1) for p in (41, 47, 50, 52, 36, 5)], kit)
        assert [note.pitch for note in heard] == [43, 45, 48, 57, 36, 5]

    def test_either_spelling_of_the_toms_has_one_answer(self, shipped: Shipped) -> None:
        answers = []
        for toms in ((48, 45, 43), (50, 47, 41)):
            groove = [Note(36, 2.0 * i, 0.25) for i in range(8)]
            groove += [Note(toms[i % 3], 0.5 * i, 0.25) for i in range(32)]
            answers.append(answer(shipped, groove, "drums").notes)
        assert answers[0] == answers[1]
