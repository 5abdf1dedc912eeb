"""What an engine's answers keep: their limits, their ends, their bars, their seed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from antiphon.bridge.engine.crew import Crew
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.engine.plan import subject_of
from antiphon.bridge.engine.waiting import Waiting
from antiphon.bridge.leading.cadence import Cadence
from antiphon.bridge.leading.tonality import of_heard, told_by
from antiphon.bridge.request import GenerationRequest, Sampling, Take
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.bridge.take.rows import TakeRow
from antiphon.models.codec import Codec
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import CONDITIONS, TONIC
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from plain_host import PlainHost
from tiny_model import save_tiny_model

WILD = Sampling(temperature=3.0, top_p=1.0)


def ask(**changes: Any) -> GenerationRequest:
    """Return a request for four bars of the tiny model."""
    values: dict[str, Any] = {"model": "tiny", "start_beat": 0.0, "end_beat": 16.0, "seed": 1}
    return GenerationRequest(**{**values, **changes})


def context(seed: int = 0, beats: int = 16, start: float = 0.0) -> tuple[Note, ...]:
    """Return two voices in eighths and quarters."""
    rng = np.random.default_rng(seed)
    notes = []
    for part, (low, high) in enumerate(((60, 80), (45, 60))):
        at = 0.0
        while at < beats:
            length = float(rng.choice([0.5, 1.0]))
            notes.append(Note(int(rng.integers(low, high)), start + at, length, 80, part))
            at += length
    return tuple(sorted(notes, key=lambda n: n.order))


def notes_of(takes: list[Take]) -> list[Note]:
    return [note for take in takes for note in take.notes]


@pytest.mark.parametrize("seed", range(4))
def test_limits_are_hard(engine: Engine, seed: int) -> None:
    scale = frozenset({2, 4, 5, 7, 9, 11, 0})
    request = ask(
        seed=seed,
        takes=8,
        sampling=WILD,
        scale=scale,
        low=55,
        high=71,
        parts=frozenset({1}),
        context=context(seed),
        start_beat=16.0,
        end_beat=48.0,
    )
    notes = notes_of(engine.generate(request))
    assert len(notes) > 50
    assert {n.part for n in notes} == {1}
    assert all(55 <= n.pitch <= 71 and n.pitch % 12 in scale for n in notes)


def test_without_limits_notes_lie_outside_them(engine: Engine) -> None:
    notes = notes_of(engine.generate(ask(takes=8, sampling=WILD)))
    assert {n.part for n in notes} == {0, 1}
    assert len({n.pitch % 12 for n in notes}) == 12
    assert min(n.pitch for n in notes) < 55 and max(n.pitch for n in notes) > 71


@pytest.mark.parametrize("model", ["tiny", "beats", "chords"])
@pytest.mark.parametrize("end", [16.0, 15.5, 14.99, 0.02])
def test_no_note_crosses_either_end(engine: Engine, model: str, end: float) -> None:
    start = 64.0
    request = ask(model=model, takes=16, sampling=WILD, start_beat=start, end_beat=start + end)
    for take in engine.generate(request):
        assert take.end_beats == start + end
        assert take.notes
        for note in take.notes:
            assert start <= note.start < start + end
            assert note.end <= start + end + 1e-9
            assert note.duration > 0
            assert 1 <= note.velocity <= 127


@pytest.mark.parametrize("model", ["tiny", "chords"])
def test_notes_do_not_overlap(engine: Engine, model: str) -> None:
    """A part of a monophonic model sounds one note at a time, else at least each pitch once."""
    overlaps = 0
    for take in engine.generate(ask(model=model, takes=16, sampling=WILD, end_beat=64.0)):
        sounding: dict[tuple[int, int], float] = {}
        for note in take.notes:
            voice = (note.part, 0 if model == "tiny" else note.pitch)
            assert note.start >= sounding.get(voice, 0.0) - 1e-9
            sounding[voice] = note.end
        starts = sorted(take.notes, key=lambda n: n.start)
        overlaps += sum(a.end > b.start and a.part == b.part for a, b in pairwise(starts))
    assert (overlaps > 0) == (model == "chords")  # chords does play several at once


@pytest.mark.parametrize("part", [0, 1])
def test_a_voice_that_plays_alone_holds_its_notes_as_long_as_it_chose(engine: Engine, part: int) -> None:
    codec = engine.models.manifest("tiny").codec
    longest = codec["delta"].values[-1]
    lengths = {ticks for ticks in codec["duration"].values if ticks <= longest}
    request = ask(model="tiny", takes=16, sampling=WILD, end_beat=64.0, parts=frozenset({part}))
    for take in engine.generate(request):
        held = [codec.to_ticks(note.duration) for note in take.notes if note.end < 64.0]
        assert len(held) > 8
        assert lengths.issuperset(ticks for ticks in held if ticks < longest)


@pytest.mark.parametrize("model", ["tiny", "chords", "beats"])
@pytest.mark.parametrize("beats", [0.5, 4.0, 16.0])
def test_an_answer_does_not_begin_with_a_bar_of_silence(engine: Engine, model: str, beats: float) -> None:
    """Whatever lies before it: a rest, bars of rest, a note that rings on; at temperatures of any kind."""
    notes = context(3)
    end = max(note.end for note in notes)
    pad = (*notes, Note(60, notes[-1].start, 64.0 - notes[-1].start))
    for seed, (before, start) in enumerate([(notes, end), (notes, 64.0), (notes, 999.0), (pad, 64.0)]):
        request = ask(
            model=model,
            seed=seed,
            context=before,
            start_beat=start,
            end_beat=start + beats,
            takes=8,
            sampling=Sampling(2.0, 1.0),
        )
        for take in engine.generate(request):
            assert take.notes and take.notes[0].start < start + min(2.0, beats)
    for take in engine.generate(ask(model=model, context=(), start_beat=0.0, end_beat=beats, takes=8)):
        assert take.notes and take.notes[0].start < 0.1  # music from nothing begins on its first beat


def test_same_seed_same_notes(engine: Engine) -> None:
    first = engine.generate(ask(takes=3, seed=5))
    assert first == engine.generate(ask(takes=3, seed=5))
    assert [t.notes for t in first] != [t.notes for t in engine.generate(ask(takes=3, seed=6))]
    assert len({t.notes for t in first}) == 3  # takes differ from each other
    assert first[:2] == engine.generate(ask(takes=2, seed=5))  # and not from those of fewer takes


def key_of(notes: Sequence[Note], codec: Codec) -> npt.NDArray[np.float32]:
    return of_heard(told_by(notes))[codec["pitch"].array.astype(int) % 12].astype(np.float32)


def led_home(
    request: GenerationRequest, codec: Codec, told: Sequence[Note], tick: int, length: int
) -> npt.NDArray[np.float32]:
    """Return what pitches of likely triads gain in the last bar of a piece."""
    ending = 1 - (codec.to_ticks(request.end_beat - request.start_beat) - tick) / length
    home = Cadence(None, None, told_by(told)).leaning(chord=True)[codec["pitch"].array.astype(int) % 12]
    return np.asarray(max(ending, 0) * request.piece_ends * home, np.float32)


def expected(engine: Engine, request: GenerationRequest) -> list[list[int]]:
    """Return the codes of a request's first take, by a plain host: priming, masks, random numbers, end."""
    file = engine.models.get(request.model)
    manifest, codec = file.manifest, file.manifest.codec
    host = PlainHost(file.session, manifest)
    length = codec.bar_ticks(request.metre)
    note, clock = codec.begin().tolist(), [0, 0, length]
    gap = 0
    if request.context:
        encoded = codec.encode(request.context, request.context_metres)
        clock[2] = int(encoded.bar_ticks[0])
        metre = manifest.metre_code(encoded.metres[0])
        for at, row in enumerate(encoded.codes.tolist()):
            host.step(note, clock, (metre, 0), forced=row)
            note = row
            clock = [int(encoded.bars[at]), int(encoded.places[at]), int(encoded.bar_ticks[at])]
            metre = manifest.metre_code(encoded.metres[at])
        gap = codec.to_ticks(request.start_beat) - codec.to_ticks(request.context[-1].start)
        silence = request.start_beat - max(n.end for n in request.context)
        gap -= int((silence + 0.2) // request.metre.beats) * length
        bars = -(-gap // length)
        clock = [clock[0], bars * length - gap, length]
    rng = np.random.Generator(np.random.Philox(key=np.array([request.seed, 0], np.uint64)))
    tick = -gap
    found: list[list[int]] = []
    ticks = np.array([*codec["delta"].values, 0])
    told = list(request.context)
    key = key_of(told, codec) if told else np.zeros(codec["pitch"].size, np.float32)
    first = (clock[0] * length + clock[1] + gap) // length
    last = first - (-codec.to_ticks(request.end_beat - request.start_beat) // length) - 1
    for step in range(1000):
        mask = np.zeros(codec["delta"].size, np.float32)
        ends = request.piece_ends and step and clock[0] >= last
        mask[-1] = 0 if ends else -1e9
        if not step:
            mask[:-1][ticks[:-1] < gap] = -1e9
            mask[:-1][ticks[:-1] >= gap + (length / 2 if request.context else 1)] = -1e9
        left = min(max(last - clock[0], 0), 31) + 1 if request.piece_ends else 0
        pitches = key + led_home(request, codec, told, tick, length) if step else key
        out = host.step(
            note,
            clock,
            (manifest.metre_code(request.metre), left),
            masks={"delta": mask, "pitch": pitches},
            temperature=request.sampling.temperature,
            top_p=request.sampling.top_p,
            uniform=rng.random(len(codec.fields), np.float32),
        )
        note, clock = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
        tick += int(ticks[note[0]])
        if note[0] == codec.end or tick >= codec.to_ticks(request.end_beat - request.start_beat):
            return found
        duration = codec["duration"]
        if [tick, *note[1:3]] not in [row[:3] for row in found]:  # a unison is dropped
            beats = duration.values[note[3]] / codec.ticks_per_beat
            told.append(Note(int(codec["pitch"].values[note[2]]), 0.0, beats))
            if len(told) in range(16, 129, 16):
                key = key_of(told, codec)
        left_over = codec.to_ticks(request.end_beat - request.start_beat) - tick
        if duration.values[note[3]] > left_over:
            note[3] = duration.floor(left_over)
        found.append([tick, *note[1:]])
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("piece_ends", "with_context"), [(True, False), (False, False), (False, True), (True, True)]
)
@pytest.mark.parametrize("metre", [Metre(4, 4), Metre(6, 8)])
def test_answers_are_those_of_a_plain_host(
    engine: Engine, piece_ends: bool, with_context: bool, metre: Metre
) -> None:
    """Step by step, by other code. chords: nothing is dropped between its notes but unisons."""
    start = 16.0 if with_context else 0.0
    request = ask(
        model="chords",
        seed=11,
        piece_ends=piece_ends,
        metre=metre,
        context=context(3) if with_context else (),
        start_beat=start,
        end_beat=start + 24.0,
        sampling=Sampling(1.2, 0.95),
    )
    codec = engine.models.manifest("chords").codec
    wanted = expected(engine, request)
    assert len(wanted) > 8
    found = [
        [
            codec.to_ticks(note.start - start),
            codec["part"].nearest(note.part),
            codec["pitch"].nearest(note.pitch),
        ]
        for note in engine.generate(request)[0].notes
    ]
    unisons = {tuple(row[:3]) for row in wanted}
    assert {tuple(row) for row in found} == unisons
    assert len(wanted) - len(unisons) == len(wanted) - len(found)


def test_a_context_is_read_by_the_place_in_its_phrase(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "told.onnx", "told", phrases=True)
    save_tiny_model(tmp_path / "untold.onnx", "untold")
    first = ask(context=context(7), start_beat=16.0, end_beat=48.0)
    others = [replace(first, phrase=phrase) for phrase in (0, 2, 5, 8)]
    with Engine(ModelShelf([tmp_path], shipped=False)) as engine:
        told, untold = (
            {tuple(heard(engine, replace(one, model=name), "session")[0].notes) for one in (first, *others)}
            for name in ("told", "untold")
        )
        assert len(told) == 5 and len(untold) == 1
        engine.prime("session", replace(first, model="told"))
        for one in others:
            request = replace(one, model="told")
            assert heard(engine, request, "session") == engine.generate(request)


def test_a_model_that_knows_phrases_reads_a_context_with_its_end_known(tmp_path: Path) -> None:
    """Read ahead before anybody knows that the piece ends, or where, it is read anew; else as it was."""
    save_tiny_model(tmp_path / "told.onnx", "told", phrases=True)
    save_tiny_model(tmp_path / "untold.onnx", "untold")
    goes_on = ask(context=context(7), start_beat=16.0, end_beat=48.0)
    ends = replace(goes_on, piece_ends=True)
    order = (goes_on, ends, replace(ends, end_beat=40.0), replace(goes_on, seed=3), goes_on)
    with Engine(ModelShelf([tmp_path], shipped=False)) as engine:
        for model, readings in (("told", 3), ("untold", 1)):
            asked = [replace(one, model=model) for one in order]
            subjects = {subject_of(engine.models.manifest(model), one) for one in asked}
            assert len(subjects) == readings
            engine.prime("session", asked[0])
            found = [heard(engine, one, "session") for one in asked]
            assert found == [engine.generate(one) for one in asked]
            assert found[0] == found[-1] != found[1] != found[2]


def test_a_model_that_is_told_the_tonic_reads_a_context_in_the_key_asked_for(tmp_path: Path) -> None:
    """Read ahead in the key that is heard, it is read anew."""
    save_tiny_model(tmp_path / "told.onnx", "told", conditions=(*CONDITIONS, TONIC))
    plain = ask(model="told", context=context(7), start_beat=16.0, end_beat=48.0)
    keys = [replace(plain, scale=frozenset(range(12)), tonic=tonic) for tonic in (0, 6, 6)]
    with Engine(ModelShelf([tmp_path], shipped=False)) as engine:
        assert len({subject_of(engine.models.manifest("told"), one) for one in (plain, *keys)}) == 3
        engine.prime("session", plain)
        found = [heard(engine, one, "session") for one in (plain, *keys)]
        assert found == [engine.generate(one) for one in (plain, *keys)]
        assert found[1] != found[2] == found[3]


def test_priming_ahead_changes_nothing(engine: Engine) -> None:
    request = ask(context=context(7), start_beat=16.0, end_beat=32.0, takes=2)
    wanted = engine.generate(request)
    engine.prime("session", request)
    for _ in range(2):
        assert heard(engine, request, "session") == wanted
    other = replace(request, context=context(8))
    assert heard(engine, other, "session") == engine.generate(other) != wanted
    shifted = replace(request, context_metres=MetreMap(((1.0, Metre(3, 4)),)))
    assert heard(engine, shifted, "session") == engine.generate(shifted) != wanted


def heard(engine: Engine, request: GenerationRequest, key: str) -> list[Take]:
    waiting = Waiting()
    engine.submit(request, waiting, key=key)
    return waiting.wait(30)


def test_what_was_there_before_is_not_heard_however_far_on_the_music_is() -> None:
    """15,000 bars of a 64th note on, unused rows of the memory are still later than the present."""
    metre = Metre(1, 64)
    sparse = tuple(Note(60, i * 16.0, 0.5) for i in range(60))
    asked = GenerationRequest(
        model="chorale",
        context=sparse,
        context_metres=MetreMap(((0.0, metre),)),
        metre=metre,
        start_beat=960.0,
        end_beat=968.0,
        seed=7,
    )
    dense = tuple(Note(40 + i % 24, i * 0.25, 0.25) for i in range(600))
    with Engine(ModelShelf(), workers=1) as engine:
        first = engine.generate(asked)
        engine.generate(replace(asked, context=dense, context_metres=MetreMap(), metre=Metre()))
        assert engine.generate(asked) == first


def test_the_context_matters_and_only_its_last_notes(engine: Engine) -> None:
    long = context(5, beats=400)
    assert len(long) > 300  # the tiny model looks back on 100
    request = ask(context=long, start_beat=400.0, end_beat=416.0)
    wanted = engine.generate(request)[0]
    first = long[0]
    altered = (replace(first, pitch=first.pitch + 5), *long[1:])
    assert engine.generate(replace(request, context=altered))[0] == wanted
    last = long[-1]
    altered = (*long[:-1], replace(last, pitch=last.pitch + 5))
    assert engine.generate(replace(request, context=altered))[0] != wanted


def test_context_after_the_start_is_left_out(engine: Engine) -> None:
    before = context(2)
    request = ask(context=(*before, *context(3, start=16.0)), start_beat=16.0, end_beat=32.0)
    assert engine.generate(request) == engine.generate(replace(request, context=before))


@pytest.mark.parametrize("late", [0.0, 3.0, 37.25, 500.0])
def test_an_answer_may_start_long_after_its_context(engine: Engine, late: float) -> None:
    start = 16.0 + late
    request = ask(context=context(2), start_beat=start, end_beat=start + 16.0, takes=8)
    notes = notes_of(engine.generate(request))
    assert len(notes) > 8
    assert all(start <= n.start < start + 16 for n in notes)


@pytest.mark.parametrize("piece_ends", [True, False])
def test_a_piece_ends_by_itself_in_its_last_bar_only(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, piece_ends: bool
) -> None:
    ends: list[int] = []

    def after(self: TakeRow, stepper: Stepper, row: int) -> bool:
        if stepper.note[row, 0] >= stepper.manifest.codec.end:
            ends.append(int(stepper.clock[row, 0]))
        return plain(self, stepper, row)

    plain = TakeRow.after
    monkeypatch.setattr(TakeRow, "after", after)
    takes = engine.generate(ask(model="chords", takes=64, piece_ends=piece_ends, sampling=WILD))
    assert set(ends) == ({3} if piece_ends else set())
    assert all(take.notes and take.end_beats == 16.0 for take in takes)


@pytest.mark.parametrize(("owner", "name"), [(Stepper, "restart"), (Crew, "pick"), (Crew, "start")])
def test_a_worker_outlives_want_of_memory(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    """However far a request had come, it ends, and the next ones are answered."""
    engine.generate(ask())
    plain, failures = getattr(owner, name), [True] * 2

    def failing(self: Any, *args: Any) -> Any:
        if failures:
            failures.pop()
            raise MemoryError
        return plain(self, *args)

    monkeypatch.setattr(owner, name, failing)
    first = Waiting()
    engine.submit(ask(takes=4), first)
    with contextlib.suppress(RequestError):
        first.wait(10.0)
    assert not failures
    takes = engine.generate(ask(seed=3, takes=4))
    assert [take.index for take in takes] == [0, 1, 2, 3] and engine.queued == 0


@pytest.mark.parametrize("model", ["tiny", "chords", "beats"])
@pytest.mark.parametrize("beats", [-64.0, 1024.0])
def test_answers_are_the_same_wherever_they_are(engine: Engine, model: str, beats: float) -> None:
    moved = engine.generate(ask(model=model, takes=4, start_beat=beats, end_beat=beats + 16.0))
    for take, there in zip(engine.generate(ask(model=model, takes=4)), moved, strict=True):
        assert len(take.notes) > 4
        assert [replace(n, start=n.start - beats) for n in there.notes] == [
            replace(n, start=pytest.approx(n.start), duration=pytest.approx(n.duration)) for n in take.notes
        ]


def test_nats_are_the_models_own(engine: Engine) -> None:
    """The figure is that of the unmodified model: far worse when masks force unlikely notes."""
    free = engine.generate(ask(takes=8, end_beat=64.0))
    forced = engine.generate(ask(takes=8, end_beat=64.0, low=40, high=40, sampling=WILD))
    assert 0 < np.mean([t.nats_per_note for t in free]) < np.mean([t.nats_per_note for t in forced])


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"model": "tinny"}, "unknown_model", "tiny"),
        ({"low": 10, "high": 20}, "bad_args", "10..20"),
        ({"parts": frozenset({4})}, "bad_args", "0, 1"),
        ({"scale": frozenset({0}), "low": 61, "high": 71}, "bad_args", "scale"),
        ({"model": "beats", "scale": frozenset({0})}, "bad_args", "drums"),
    ],
)
def test_what_cannot_be(engine: Engine, changes: dict[str, Any], code: str, word: str) -> None:
    with pytest.raises(RequestError, match=word) as error:
        engine.generate(ask(**changes))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end_beat": 0.0}, "bad_args"),
        ({"end_beat": float("nan")}, "bad_args"),
        ({"end_beat": 1e9}, "too_large"),
        ({"takes": 0}, "too_large"),
        ({"sampling": Sampling(0.0)}, "bad_args"),
        ({"sampling": Sampling(1.0, 1.5)}, "bad_args"),
        ({"low": 60, "high": 50}, "bad_args"),
        ({"scale": frozenset({12})}, "bad_args"),
    ],
)
def test_requests_check_themselves(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as error:
        ask(**changes)
    assert error.value.code == code
