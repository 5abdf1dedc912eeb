"""Piano rolls become notes and rolls again, and their likelihood is one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import tensorflow as tf
from antiphon.models.codec import Codec
from antiphon.models.errors import DatasetError
from antiphon.models.field import Field
from antiphon.models.score import Part
from antiphon.train.cli import benchmark as cli_benchmark
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.dataset.dataset import SPLITS, Dataset
from antiphon.train.dataset.rolls import KEYS, LOWEST, RollNotes, notes_of, read_rolls, write_dataset
from antiphon.train.evaluation import benchmark
from antiphon.train.evaluation.framescore import score_pieces, scorer
from antiphon.train.fit.batches import stack
from antiphon.train.fit.passages import Piece, passage, pieces_of
from antiphon.train.fit.suits import impossible_notes
from antiphon.train.network.network import NoteNetwork, build
from antiphon.train.network.shape import Shape
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = NetworkConfig(
    units=12,
    layers=1,
    head_units=10,
    embedding=5,
    key_size=4,
    value_size=4,
    sounding=True,
    sounding_ahead=True,
    roll=True,
    tonic=True,
    attention_position="beats",
)
PITCHES = (60, 61, 62)


def network_of(codec: Codec) -> NoteNetwork:
    network = build(Shape(codec, 0, SMALL))
    rng = np.random.default_rng(3)
    for weight in network.trainable_variables:
        weight.assign(weight + rng.normal(0, 0.2, weight.shape))
    return network


def test_what_no_roll_holds_is_counted(codec: Codec) -> None:
    def counted(*notes: tuple[int, int, int]) -> int:
        """Of notes as onset, pitch and duration."""
        onset, pitch, last = (np.array(column) for column in zip(*notes, strict=True))
        codes = np.stack([np.diff(onset, prepend=0), pitch - PITCHES[0], last - 1], axis=1)
        clock = np.stack([onset, onset * 0, onset, onset * 0 + 16, onset * 0], axis=1)
        return impossible_notes(codec, Piece(codes, clock))

    assert counted((0, 60, 1), (0, 61, 2), (2, 60, 1)) == 0
    assert counted((0, 60, 2), (1, 60, 1)) == 1  # sounds
    assert counted((0, 60, 1), (1, 60, 1)) == 1  # has just ended
    assert counted((0, 61, 1), (0, 60, 1)) == 1  # below another


def roll_of(notes: RollNotes) -> np.ndarray:
    """What :func:`notes_of` was given."""
    roll = np.zeros((notes.frames, KEYS), bool)
    for pitch, onset, duration in zip(notes.pitch, notes.onset, notes.duration, strict=True):
        roll[onset : onset + duration, pitch - LOWEST] = True
    return roll


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.01, 0.9))
@settings(max_examples=40)
def test_notes_hold_all_of_a_roll(seed: int, frames: int, density: float) -> None:
    roll = np.random.default_rng(seed).random((frames, KEYS)) < density
    notes = notes_of(roll)
    np.testing.assert_array_equal(roll_of(notes), roll)
    order = list(zip(notes.onset, notes.pitch, strict=True))
    assert order == sorted(order)


def test_a_silence_beyond_16_bits_is_refused(tmp_path: Path) -> None:
    roll = np.zeros((40_000, KEYS), bool)
    roll[[0, 32_767]] = np.eye(2, KEYS, dtype=bool)
    write_dataset({split: [roll] for split in SPLITS}, tmp_path / "long", "jsb")
    assert Dataset.load(tmp_path / "long").split("train").codes[:, 0].tolist() == [0, 32_767]
    roll[[32_767, 32_768]] = roll[[32_768, 32_767]]
    with pytest.raises(DatasetError, match="the field delta would have 65536 codes"):
        write_dataset({split: [roll] for split in SPLITS}, tmp_path / "longer", "jsb")


def piece_of(roll: np.ndarray) -> Piece:
    """A roll over PITCHES as a piece of the codec below."""
    notes = notes_of(roll)
    delta = np.diff(notes.onset, prepend=0)
    codes = np.stack([delta, notes.pitch - LOWEST, notes.duration - 1], axis=1).astype(np.int32)
    clock = np.stack(
        [notes.onset, notes.onset * 0, notes.onset, notes.onset * 0 + 48, notes.onset * 0], axis=1
    )
    return Piece(codes, clock.astype(np.int32), 0, notes.frames)


@pytest.fixture(scope="module")
def codec() -> Codec:
    fields = (Field("delta", (0, 1, 2, 3)), Field("pitch", PITCHES), Field("duration", (1, 2, 3, 4)))
    return Codec(fields, ticks_per_beat=1)


def test_probabilities_of_all_rolls_add_up(codec: Codec) -> None:
    """Every roll of two frames and three pitches that has a note in its first frame, given that it has.

    Nothing more than 1, and little less: what is lost went to notes of one onset after the highest pitch.
    """
    network = network_of(codec)
    score = scorer(network)
    total = 0.0
    first_given = 0.0
    for bits in itertools.product((0, 1), repeat=6):
        roll = np.zeros((2, KEYS), bool)
        roll[:, :3] = np.array(bits, bool).reshape(2, 3)
        if not roll.any():
            continue  # a piece has notes
        found = score_pieces(score, codec, [piece_of(roll)])
        total += np.exp(-found.all_frames * 2)
        first_given += np.exp(-found.published)
    silence = passage(codec, Piece(np.zeros((1, 3), np.int32), np.zeros((1, 5), np.int32), 0, 2), 0, 1)
    empty = float(np.exp(-nats_of_silence(network, silence)))
    assert 0.6 < total + empty <= 1 + 1e-5
    assert first_given > total  # what is given costs nothing


def nats_of_silence(network: NoteNetwork, one: dict[str, Any]) -> float:
    """Two empty frames: the first delta is 2 or more, or END."""
    one["target"][0] = (0, 0, 0)
    logits = network({k: tf.constant(v) for k, v in stack([one], 1).items()})["delta"][0, 0]
    return float(-np.log(tf.nn.softmax(logits).numpy()[2:].sum()))


def test_a_cut_note_counts_as_lasting_at_least_so_long(codec: Codec) -> None:
    roll = np.zeros((3, KEYS), bool)
    roll[1:, 0] = True
    one = passage(codec, piece_of(roll), 0, 2)
    assert one["censored"].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one["target"][-1, 0] == 2, "after the onset in frame 1 nothing comes for at least 2 frames"


def test_the_first_frames_share_is_its_onsets_and_pitches_and_that_no_note_follows(codec: Codec) -> None:
    """Of three notes two begin in the first frame: how long these last counts for the frames after it."""
    roll = np.zeros((4, KEYS), bool)
    roll[:3, :2] = True
    roll[2:, 2] = True
    found = np.zeros((1, 64, 3), np.float32)
    found[0, :4] = [(1, 2, 10), (3, 4, 20), (5, 6, 30), (7, 0, 0)]
    same = np.full((1, 64), np.log(0.25), np.float32)
    score = score_pieces(lambda batch: (tf.constant(found), tf.constant(same)), codec, [piece_of(roll)])
    first = 1 + 2 + 3 + 4 - np.log(1 - 0.25)
    assert score.frames == 4
    assert score.all_frames == pytest.approx(found.sum() / 4)
    assert score.published == pytest.approx((found.sum() - first) / 3)


def save_sets(folder: Path, name: str, frames: int = 24) -> None:
    rng = np.random.default_rng(1)
    data = {}
    for key, count in (("traindata", 4), ("validdata", 2), ("testdata", 2)):
        rolls = np.empty((1, count), object)
        for i in range(count):
            rolls[0, i] = (rng.random((frames, KEYS)) < 0.03).astype(np.uint8)
        data[key] = rolls
    scipy.io.savemat(folder / name, data)


def test_the_benchmark_trains_scores_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_sets(tmp_path, "JSB_Chorales.mat")
    tiny = TrainTiny(monkeypatch)
    arguments = tiny.arguments(
        [str(tmp_path), "--out", str(tmp_path / "out"), "--sets", "jsb", "--steps", "4"]
    )
    assert cli_benchmark.run(arguments) == 0
    shown = capsys.readouterr().out
    assert "| jsb | " in shown and "RNN-NADE" in shown
    weights = (tmp_path / "out/runs/jsb/best.npz").stat().st_mtime_ns
    assert cli_benchmark.run(arguments) == 0
    assert (tmp_path / "out/runs/jsb/best.npz").stat().st_mtime_ns == weights, "it trained again"
    assert capsys.readouterr().out == shown


def test_a_missing_set_is_told_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_sets(tmp_path, "Nottingham.mat")
    tiny = TrainTiny(monkeypatch)
    words = [str(tmp_path), "--out", str(tmp_path / "out"), "--sets", "jsb", "nottingham", "--steps", "2"]
    assert cli_benchmark.run(tiny.arguments(words)) == 1
    shown = capsys.readouterr().out
    assert "JSB_Chorales.mat is no piano-roll set" in shown
    assert "| nottingham | " in shown


def test_without_any_set_the_report_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "new" / "out"
    words = [str(tmp_path), "--out", str(out), "--sets", "jsb"]
    assert cli_benchmark.run(TrainTiny(monkeypatch).arguments(words)) == 1
    report = (out / "frames.md").read_text(encoding="utf-8")
    assert "JSB_Chorales.mat is no piano-roll set" in report and " – |" in report


class TrainTiny:
    """Lets the benchmark train networks of a few units."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from dataclasses import replace

        full = benchmark.config_for

        def small(name: str, folder: Path, steps: int | None = None) -> Any:
            config = full(name, folder, steps)
            fit = replace(config.fit, crop=32, batch=2, evaluate_every=2)
            return replace(config, network=SMALL, fit=fit)

        monkeypatch.setattr(benchmark, "config_for", small)

    @staticmethod
    def arguments(words: list[str]) -> Any:
        import argparse

        parser = argparse.ArgumentParser()
        cli_benchmark.add_arguments(parser)
        return parser.parse_args(["frames", *words])


def test_a_file_that_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_bytes(b"no")
    with pytest.raises(DatasetError, match=r"x\.mat is no piano-roll set"):
        read_rolls(tmp_path / "x.mat")


@pytest.mark.parametrize("shape", [(24, KEYS - 1), (24, KEYS, 2), None])
def test_a_set_without_rolls_of_88_keys_is_refused(tmp_path: Path, shape: tuple[int, ...] | None) -> None:
    save_sets(tmp_path, "x.mat")
    assert all(
        roll.shape == (24, KEYS) for rolls in read_rolls(tmp_path / "x.mat").values() for roll in rolls
    )
    data = scipy.io.loadmat(tmp_path / "x.mat")
    if shape is None:
        data["validdata"] = np.empty((1, 0), object)
    else:
        data["validdata"][0, -1] = np.zeros(shape, np.uint8)
    scipy.io.savemat(tmp_path / "x.mat", {key: data[key] for key in ("traindata", "validdata", "testdata")})
    with pytest.raises(DatasetError, match=r"x\.mat: valid must hold rolls of 88 columns"):
        read_rolls(tmp_path / "x.mat")


def lasting(onset: int, frames: int) -> np.ndarray:
    """Return a roll of a note of one frame, and one of so many that begins with a frame of its own."""
    roll = np.zeros((onset + frames + 1, KEYS), bool)
    roll[0, 0] = True
    roll[onset : onset + frames, 1] = True
    return roll


@pytest.mark.parametrize(
    ("onset", "frames", "deltas", "durations"),
    [(1, 1, 32, 32), (31, 31, 32, 32), (32, 1, 64, 32), (1, 32, 32, 64), (64, 63, 128, 64)],
)
def test_tables_are_powers_of_two_above_the_longest(
    tmp_path: Path, onset: int, frames: int, deltas: int, durations: int
) -> None:
    write_dataset({split: [lasting(onset, frames)] for split in SPLITS}, tmp_path, "jsb")
    codec = Dataset.load(tmp_path).codec
    assert codec["delta"].values == tuple(range(deltas))
    assert codec["duration"].values == tuple(range(1, durations + 1))


@pytest.mark.parametrize(("name", "bar"), [("jsb", 12), ("muse", 48), ("another", 48)])
def test_a_set_says_what_it_is_and_where_its_notes_are(tmp_path: Path, name: str, bar: int) -> None:
    alone = np.zeros((4, KEYS), bool)
    alone[0, 0] = True
    write_dataset({split: [alone, lasting(50, 3)] for split in SPLITS}, tmp_path, name)
    dataset = Dataset.load(tmp_path)
    assert (dataset.monophonic, dataset.tonic, dataset.metres) == (False, 0, ())
    assert (dataset.parts, dataset.info["sources"]) == ((Part(name),), [])
    valid = dataset.split("valid")
    assert valid.names == ("valid/0",)  # one note alone teaches nothing
    assert valid.codes.tolist() == [[0, LOWEST, 0], [50, LOWEST + 1, 2]]
    assert valid.clock.tolist() == [[0, 0, 0, bar, 0], [50, 50 // bar, 50 % bar, bar, 0]]
    assert valid.ends is not None and valid.ends.tolist() == [54]


def test_a_split_of_silence_alone_is_written_as_empty(tmp_path: Path) -> None:
    roll = np.ones((2, KEYS), bool)
    write_dataset({"train": [roll], "valid": [roll * False], "test": [roll]}, tmp_path / "set", "jsb")
    assert [Dataset.load(tmp_path / "set").split(split).pieces for split in SPLITS] == [1, 0, 1]


def test_every_piece_keeps_its_end(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rolls = {s: [rng.random((30, KEYS)) < 0.05 for _ in range(3)] for s in ("train", "valid", "test")}
    write_dataset(rolls, tmp_path / "set", "x")
    dataset = Dataset.load(tmp_path / "set")
    assert [p.end for p in pieces_of(dataset, "test")] == [30, 30, 30]
    assert dataset.tonic == 0
