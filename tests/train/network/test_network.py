"""The network learns nothing from the future, and its inputs say what they claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.fit.batches import stack
from antiphon.train.fit.passages import Piece, passage, pieces_of
from antiphon.train.network import attention, inputs
from antiphon.train.network import stack as layers
from antiphon.train.network.attention import Windows
from antiphon.train.network.network import NoteNetwork, build
from antiphon.train.network.shape import BIASES, Shape, bias_code
from made_music import write_dataset

CONFIGS = {
    "relative": NetworkConfig(
        cell="lstm", units=16, layers=2, head_units=12, embedding=6, sounding=True, voices=True, memory=16
    ),
    "absolute": NetworkConfig(units=16, head_units=12, embedding=6, relative_pitch=False, layers=1),
    "plain": NetworkConfig(cell="lstm", units=16, head_units=12, embedding=6, attention_heads=0),
    "gru": NetworkConfig(
        cell="gru",
        units=16,
        head_units=12,
        embedding=6,
        layers=3,
        layer_norm=True,
        residual=True,
        attention_layer=0,
        attention_position="both",
        attention_values="own",
        sounding_ahead=True,
    ),
    "transformer": NetworkConfig(cell="transformer", units=16, head_units=12, embedding=6, memory=16),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = write_dataset(tmp_path_factory.mktemp("data") / "set")
    return Dataset.load(folder)


@pytest.fixture(autouse=True)
def float32() -> Iterator[None]:
    """Each test begins with Keras' usual precision and leaves it behind."""
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")


def network_of(dataset: Dataset, name: str) -> NoteNetwork:
    network = build(Shape(dataset.codec, len(dataset.metres), CONFIGS[name]))
    rng = np.random.default_rng(3)
    for weight in network.trainable_variables:  # zeros (the attention bias) would hide mistakes
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    return network


def run(network: NoteNetwork, one: dict[str, Any]) -> dict[str, np.ndarray]:
    batch = {k: tf.constant(v) for k, v in stack([one], len(one["note"])).items()}
    return {name: logits.numpy()[0] for name, logits in network(batch).items()}


def test_dropout_of_what_lies_ahead_reaches_the_fields_after_delta_in_training_alone(
    dataset: Dataset,
) -> None:
    config = replace(CONFIGS["gru"], dropout=0.0, ahead_dropout=0.9)
    network = build(Shape(dataset.codec, len(dataset.metres), config))
    one = passage(dataset.codec, pieces_of(dataset, "train")[0], 0, 40)
    batch = {k: tf.constant(v) for k, v in stack([one], len(one["note"])).items()}
    whole, dropped = network(batch), network(batch, training=True)
    same = {name: bool(np.allclose(whole[name], dropped[name], atol=1e-5)) for name in whole}
    assert same == {name: name == "delta" for name in whole}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_changed_note_changes_only_later_heads_and_steps(dataset: Dataset, name: str) -> None:
    network = network_of(dataset, name)
    piece = pieces_of(dataset, "train")[0]
    changed = type(piece)(piece.codes.copy(), piece.clock.copy())
    at = 30
    changed.codes[at, dataset.codec.names.index("pitch")] += 1
    before = run(network, passage(dataset.codec, piece, 0, 60))
    after = run(network, passage(dataset.codec, changed, 0, 60))
    for field in before:
        np.testing.assert_array_equal(before[field][:at], after[field][:at])
    for field in ("delta", "part", "pitch"):  # chosen before the changed pitch, or the pitch itself
        np.testing.assert_array_equal(before[field][at], after[field][at])
    assert np.any(before["duration"][at] != after["duration"][at])
    assert np.any(before["pitch"][at + 1] != after["pitch"][at + 1])


@pytest.mark.parametrize("name", CONFIGS)
def test_mixed_precision_is_close(dataset: Dataset, name: str) -> None:
    one = passage(dataset.codec, pieces_of(dataset, "train")[0], 0, 40)
    exact = network_of(dataset, name)
    keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = network_of(dataset, name)
    for there, here in zip(exact.trainable_variables, mixed.trainable_variables, strict=True):
        here.assign(there)
    wanted = run(exact, one)
    for field, logits in run(mixed, one).items():
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, wanted[field], atol=0.15)
        assert np.abs(logits - wanted[field]).max() > 0, "it computed in float32"


def test_transposed_music_gets_transposed_logits(dataset: Dataset) -> None:
    network = network_of(dataset, "relative")
    network.tables["register"].assign(tf.zeros_like(network.tables["register"]))  # the one absolute input
    piece = pieces_of(dataset, "train")[1]
    plain = passage(dataset.codec, piece, 20, 60)
    higher = passage(dataset.codec, piece, 20, 60, transpose=5)
    low, high = run(network, plain), run(network, higher)
    steps = slice(40, None)  # both parts have spoken, so nothing is counted from the anchor any more
    np.testing.assert_allclose(low["pitch"][steps, 30:100], high["pitch"][steps, 35:105], atol=0.15)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_passage_is_read_alike_in_any_batch(dataset: Dataset, name: str) -> None:
    network = network_of(dataset, name)
    one, other = (passage(dataset.codec, p, 0, 40) for p in pieces_of(dataset, "train")[:2])
    batch = {k: tf.constant(v) for k, v in stack([other, one], 64).items()}
    together = {f: x.numpy()[1, : len(one["note"])] for f, x in network(batch).items()}
    for field, logits in run(network, one).items():
        np.testing.assert_allclose(together[field], logits, atol=1e-5)


class OneWindow(Windows):
    """All steps at once, whatever it costs."""

    def __init__(self, clock: Any, memory: int) -> None:
        super().__init__(clock, memory)
        self.whole, self.width, self.count, self.before = True, self.steps, 1, 0


@pytest.mark.parametrize("name", ["relative", "gru", "transformer"])
@pytest.mark.parametrize("length", [20, 33, 48, 60])
def test_windows_of_a_long_piece_read_what_the_whole_of_it_would(
    dataset: Dataset, name: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIGS[name], memory=16)
    network = build(Shape(dataset.codec, len(dataset.metres), config))
    pieces = pieces_of(dataset, "train")[:2]
    batch = stack([passage(dataset.codec, piece, 0, length) for piece in pieces], length)
    tensors = {k: tf.constant(v) for k, v in batch.items()}
    unknown = {k: tf.TensorSpec([None, None, *v.shape[2:]], v.dtype) for k, v in tensors.items()}
    compiled = tf.function(lambda b: network(b), input_signature=[unknown])  # lengths of every size
    windows = [network(tensors), compiled(tensors)]
    for module in (attention, layers):
        monkeypatch.setattr(module, "Windows", OneWindow)
    for name, whole in network(tensors).items():
        for found in windows:
            np.testing.assert_allclose(found[name], whole, atol=2e-5)


@pytest.mark.parametrize("length", [7, 8, 9, 30])
def test_running_means_are_the_same_in_stretches(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(length).random((2, length, 3), np.float32)
    monkeypatch.setattr(inputs, "STRETCH", 4)
    signature = [tf.TensorSpec([None, None, 3], tf.float32)]
    compiled = tf.function(lambda x: inputs.decayed(x, 0.85), input_signature=signature)
    mean, expected = np.zeros((2, 3)), []
    for step in range(length):
        mean = 0.85 * mean + 0.15 * x[:, step]
        expected.append(mean)
    for found in (inputs.decayed(tf.constant(x), 0.85), compiled(x)):
        np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-5)


def test_attention_to_a_piece_of_any_length_needs_memory_in_proportion() -> None:
    sizes = [tf.size(Windows(tf.zeros([1, n, 3], tf.int32), 64).seen(2)).numpy() for n in (1024, 4096)]
    assert sizes == [1024 * 128, 4096 * 128]


def test_attention_bias_tells_same_places_from_others() -> None:
    apart = tf.constant([0.0, 12.0, 1024.0, 1536.0, 2048.0, 80 * 1024.0, -5.0])
    codes = bias_code(apart).numpy().tolist()
    assert codes == [1, 2, 3, 4, 5, BIASES - 1, 0]


def test_first_notes_of_cut_passages_weigh_nothing(dataset: Dataset) -> None:
    piece = pieces_of(dataset, "train")[0]
    cut = passage(dataset.codec, piece, 10, 20)
    assert cut["weight"][0, 0] == 0 and cut["weight"][0, 1:].all()
    assert cut["note"][0, 0] == dataset.codec["delta"].begin + 1
    whole = passage(dataset.codec, piece, 0, len(piece) + 1)
    assert whole["weight"][0].all() and whole["target"][-1, 0] == dataset.codec.end
    assert not whole["weight"][-1, 1:].any()
    assert whole["counted"].sum() == len(piece)


def test_known_phrases_count_bars_from_the_first_whole_one(dataset: Dataset) -> None:
    piece = pieces_of(dataset, "train")[0]
    whole = passage(dataset.codec, piece, 0, len(piece) + 1, told="phrase")
    bars = whole["clock"][:, 0]
    assert bars[-1] > 8
    np.testing.assert_array_equal(whole["conditions"][:, 1], 33 + (bars - piece.first_bar) % 8)
    cut = passage(dataset.codec, piece, 20, 30, told="phrase")
    np.testing.assert_array_equal(cut["conditions"][1:, 1], whole["conditions"][21:50, 1])


@pytest.mark.parametrize(("bar", "place", "first"), [(0, 0, 0), (0, 47, 0), (0, 48, 1), (1, 0, 1)])
def test_a_phrase_begins_with_the_first_whole_bar(bar: int, place: int, first: int) -> None:
    assert Piece(np.zeros((1, 4)), np.array([[0, bar, place, 96, 1]])).first_bar == first


def test_the_known_end_counts_bars_down_to_one(dataset: Dataset) -> None:
    piece = pieces_of(dataset, "train")[0]
    one = passage(dataset.codec, piece, 0, len(piece) + 1, told="end")
    bars = one["clock"][:, 0]
    expected = np.minimum(bars[-1] - bars, 31) + 1
    np.testing.assert_array_equal(one["conditions"][:, 1], expected)
