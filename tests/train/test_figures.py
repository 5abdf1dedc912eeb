"""The figures of `antiphon evaluate` are of the notes, and of the split, that they say."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from antiphon.train.config.sections import NetworkConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.evaluation.evaluate import CONTEXT_BARS, figures, from_bar
from antiphon.train.evaluation.ngram import NGram
from antiphon.train.fit.loss import evaluate_pieces, loss_of, nats
from antiphon.train.fit.passages import Piece, passage, pieces_of
from antiphon.train.network.network import NoteNetwork, build
from antiphon.train.network.shape import Shape
from made_music import write_dataset

BARS = 2
SMALL = NetworkConfig(units=12, head_units=10, embedding=6, layers=1, key_size=4, value_size=6)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data") / "set"
    return Dataset.load(write_dataset(folder, pieces=6, notes=30))


@pytest.fixture(scope="module")
def network(dataset: Dataset) -> NoteNetwork:
    return network_of(dataset, SMALL)


def network_of(dataset: Dataset, config: NetworkConfig) -> NoteNetwork:
    """Weights large enough that what was played before is heard in every choice."""
    keras.config.set_dtype_policy("float32")
    network = build(Shape(dataset.codec, len(dataset.metres), config))
    rng = np.random.default_rng(3)
    for weight in network.trainable_variables:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return network


def long_piece(dataset: Dataset) -> tuple[Piece, int]:
    """Return a piece and its first note from bar 3 on."""
    piece = pieces_of(dataset, "test")[0]
    first = int(np.flatnonzero(piece.clock[:, 1] >= BARS)[0])
    assert 4 < first < len(piece) - 4
    return piece, first


def test_every_row_is_of_the_split_and_the_baselines_have_read_the_train_split_alone(
    network: NoteNetwork, dataset: Dataset
) -> None:
    loss, codec = loss_of(network), dataset.codec
    train, test = pieces_of(dataset, "train"), pieces_of(dataset, "test")
    found = figures(network, dataset, "test")
    for name, row in {
        "network": evaluate_pieces(loss, codec, test, "nothing"),
        "5-gram": NGram(codec).fit(train).nats_a_note(test),
        "5-gram over intervals": NGram(codec, relative=True).fit(train).nats_a_note(test),
    }.items():
        assert [found[name][field] for field in codec.names] == pytest.approx(row.tolist(), rel=1e-4), name
    assert found["network"] != pytest.approx(figures(network, dataset, "train")["network"], rel=1e-3)


def test_a_network_that_knows_phrases_is_measured_as_a_bridge_tells_it(dataset: Dataset) -> None:
    network = network_of(dataset, replace(SMALL, phrases=True))
    loss, test = loss_of(network), pieces_of(dataset, "test")
    found = figures(network, dataset, "test")
    for name, given in (("bars before given", True), ("nothing given", False)):
        told, untold = (
            from_bar(loss, dataset.codec, test, CONTEXT_BARS, told, given=given)
            for told in ("phrase", "nothing")
        )
        assert told is not None and untold is not None
        row = found[f"network, from bar {CONTEXT_BARS + 1}, {name}"]
        assert row["total"] == pytest.approx(told.sum(), rel=1e-4)
        assert abs(told.sum() - untold.sum()) > 1e-3
    for name, told in (("network", "phrase"), ("network, phrases not told", "nothing")):
        whole = evaluate_pieces(loss, dataset.codec, test, told).sum()
        assert found[name]["total"] == pytest.approx(whole, rel=1e-4)


def test_bars_that_are_given_are_heard_and_do_not_count(network: NoteNetwork, dataset: Dataset) -> None:
    piece, first = long_piece(dataset)
    batch = {k: tf.constant(v[None]) for k, v in passage(dataset.codec, piece, 0, len(piece) + 1).items()}
    each = nats(network(batch), batch).numpy()[0]
    each[first, 0] = 0.0  # the delta that counts in neither figure
    found = from_bar(loss_of(network), dataset.codec, [piece], BARS, "nothing", given=True)
    assert found == pytest.approx(each[first:].sum(axis=0) / (len(piece) - first), rel=1e-4)


def test_bars_that_are_hidden_are_not_heard(network: NoteNetwork, dataset: Dataset) -> None:
    """Other pitches before bar 3 change what is said with them given, and nothing with them hidden."""
    piece, first = long_piece(dataset)
    codes = piece.codes.copy()
    codes[:first, dataset.codec.names.index("pitch")] += 5
    other, loss = replace(piece, codes=codes), loss_of(network)

    def total(piece: Piece, given: bool) -> float:
        found = from_bar(loss, dataset.codec, [piece], BARS, "nothing", given=given)
        assert found is not None
        return float(found.sum())

    assert total(other, given=False) == total(piece, given=False)
    assert abs(total(other, given=True) - total(piece, given=True)) > 1e-3
