"""The baseline is a proper distribution and learns what repeats."""

from __future__ import annotations

import numpy as np
import pytest
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.evaluation.ngram import NGram
from antiphon.train.fit.passages import pieces_of
from made_music import write_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.load(write_dataset(tmp_path_factory.mktemp("data") / "set"))


def test_probabilities_sum_to_one(dataset: Dataset) -> None:
    model = NGram(dataset.codec).fit(pieces_of(dataset, "train"))
    for field, contexts, _ in list(model._events(pieces_of(dataset, "test")[0]))[:40]:
        total = sum(model.probability(field, contexts, code) for code in range(model.sizes[field]))
        assert total == pytest.approx(1.0)


@pytest.mark.parametrize("relative", [False, True])
def test_over_all_that_may_come_probabilities_sum_to_one(dataset: Dataset, relative: bool) -> None:
    """In contexts that were met and in others; END may come where a delta may, intervals reach 127."""
    codec = dataset.codec
    model = NGram(codec, relative=relative).fit(pieces_of(dataset, "train"))
    choices = {"delta": 38, "part": 2, "pitch": 255 if relative else 128, "duration": 5}
    piece = pieces_of(dataset, "test")[0]
    events = list(model._events(piece))
    assert len(events) == 4 * len(piece) + 1
    assert (events[-1][0], events[-1][2]) == (0, codec.end)
    for field, contexts, code in [*events[:24], *events[-9:]]:
        count = choices[codec.names[field]]
        assert 0 <= code < count
        assert sum(model.probability(field, contexts, c) for c in range(count)) == pytest.approx(
            1.0, rel=1e-9
        )


def test_before_it_has_read_anything_all_is_alike_and_the_end_costs_a_delta(dataset: Dataset) -> None:
    pieces = pieces_of(dataset, "test")
    ends = len(pieces) / sum(map(len, pieces))
    for relative, pitches in ((False, 128), (True, 255)):
        found = NGram(dataset.codec, relative=relative).nats_a_note(pieces)
        expected = [(1 + ends) * np.log(38), np.log(2), np.log(pitches), np.log(5)]
        assert found == pytest.approx(expected)


def test_it_beats_the_uniform_distribution_and_knows_its_training_pieces(dataset: Dataset) -> None:
    train, test = pieces_of(dataset, "train"), pieces_of(dataset, "test")
    model = NGram(dataset.codec).fit(train)
    uniform = sum(np.log(f.size) for f in dataset.codec.fields)
    held_out, known = model.nats_a_note(test).sum(), model.nats_a_note(train).sum()
    assert known < held_out < uniform
    assert model.nats_a_note(test).shape == (4,)


def test_one_hand_counted_bigram() -> None:
    # p(b | a) with a seen twice, followed by b once and c once: (1 + 2·p0) / (2 + 2).
    from antiphon.train.evaluation.ngram import Counter

    model = NGram.__new__(NGram)
    model.sizes = [4]
    model.counts = [{(): Counter({1: 2, 2: 2}), (1,): Counter({1: 1, 2: 1})}]  # type: ignore[list-item]
    unigram = (2 + 2 * 0.25) / (4 + 2)
    assert model.probability(0, [(), (1,)], 2) == pytest.approx((1 + 2 * unigram) / 4)
