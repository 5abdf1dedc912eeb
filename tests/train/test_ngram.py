"""The baseline is a proper distribution and learns what repeats."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.train.dataset import Dataset
from antiphon.train.fit import pieces_of
from antiphon.train.ngram import NGram
from made_music import write_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.load(write_dataset(tmp_path_factory.mktemp("data") / "set"))


def test_probabilities_sum_to_one(dataset: Dataset) -> None:
    model = NGram(dataset.codec).fit(pieces_of(dataset, "train"))
    for field, contexts, _ in list(model._events(pieces_of(dataset, "test")[0]))[:40]:
        total = sum(model.probability(field, contexts, code) for code in range(model.sizes[field]))
        assert total == pytest.approx(1.0)


def test_it_beats_the_uniform_distribution_and_knows_its_training_pieces(dataset: Dataset) -> None:
    train, test = pieces_of(dataset, "train"), pieces_of(dataset, "test")
    model = NGram(dataset.codec).fit(train)
    uniform = sum(np.log(f.size) for f in dataset.codec.fields)
    held_out, known = model.nats_a_note(test).sum(), model.nats_a_note(train).sum()
    assert known < held_out < uniform
    assert model.nats_a_note(test).shape == (4,)


def test_one_hand_counted_bigram() -> None:
    # p(b | a) with a seen twice, followed by b once and c once: (1 + 2·p0) / (2 + 2).
    from antiphon.train.ngram import Counter

    model = NGram.__new__(NGram)
    model.sizes = [4]
    model.counts = [{(): Counter({1: 2, 2: 2}), (1,): Counter({1: 1, 2: 1})}]  # type: ignore[list-item]
    unigram = (2 + 2 * 0.25) / (4 + 2)
    assert model.probability(0, [(), (1,)], 2) == pytest.approx((1 + 2 * unigram) / 4)
