"""An export is refused where the graph does not choose as its network would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from antiphon.export.card import manifest_for
from antiphon.export.conversion.convert import convert
from antiphon.export.graph import stepgraph
from antiphon.export.graph.stepgraph import StepGraph
from antiphon.export.proof.choices import check_choices, is_drawn
from antiphon.export.proof.reference import keras_logits
from antiphon.export.proof.replay import Replay, session
from antiphon.models.errors import ExportError
from antiphon.train.fit.fit import Run
from antiphon.train.fit.savedrun import load_run
from made_music import write_dataset
from small_run import small_config

DRAW, CLOCK, FOLD = stepgraph.draw, StepGraph._clock, stepgraph.fold


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run whose network is sure of something: untrained, all codes are as good."""
    folder = tmp_path_factory.mktemp("choices")
    data = write_dataset(folder / "data", pieces=6, notes=40)
    config = small_config(data, batch=8, steps=40, evaluate_every=40, learning_rate=0.03)
    Run(config, folder / "run").fit()
    return load_run(Path(folder / "run"))


def checked(trained: Any, steps: int = 240) -> int:
    config, dataset, network = trained
    manifest = manifest_for(config, dataset, network, "float32")
    graph = convert(StepGraph(network), manifest)
    replay = Replay(session(graph.SerializeToString()), manifest)
    return check_choices(replay, keras_logits(network), steps, 1e-4)


def test_a_sound_graph_passes(trained: Any) -> None:
    assert checked(trained) == 240


def test_codes_that_are_as_good_as_equal_may_come_in_any_order() -> None:
    """A head whose units are all dead says its biases alone, which float32 cannot tell apart."""
    rng = np.random.default_rng(0)
    exact = 1 / 40 + rng.normal(0, 1e-10, 40)
    rounded = exact.astype(np.float32)
    order = np.argsort(-rounded, kind="stable")
    upto = np.cumsum(rounded[order])
    final = int(np.searchsorted(upto, 0.6))
    for uniform in rng.random(100):
        code = int(order[np.searchsorted(upto, uniform * upto[final])])
        assert is_drawn(exact, 0.6, float(uniform), code)
    sure = np.array([0.5, 0.3, 0.2])
    assert [is_drawn(sure, 1.0, 0.6, code) for code in range(3)] == [False, True, False]


BROKEN: dict[str, Callable[..., Any]] = {
    "always the likeliest": lambda logits, mask, t, p, b, u: DRAW(logits, mask, t, p, b, u * 0),
    "no temperature": lambda logits, mask, t, p, b, u: DRAW(logits, mask, t * 0 + 1, p, b, u),
    "no top_p": lambda logits, mask, t, p, b, u: DRAW(logits, mask, t, p * 0 + 1, b * 0, u),
    "no mask": lambda logits, mask, t, p, b, u: DRAW(logits, mask * 0, t, p, b, u),
    "least likely first": lambda logits, mask, t, p, b, u: DRAW(-logits, mask, t, p, b, u),
    "first row's mask": lambda logits, mask, t, p, b, u: DRAW(logits, mask[:1] + 0 * mask, t, p, b, u),
    "likely codes made equal": lambda logits, mask, t, p, b, u: DRAW(logits, mask, t, p, b * 100, u),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sampler_is_found(trained: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(stepgraph, "draw", BROKEN[name])
    with pytest.raises(ExportError, match="which Keras"):
        checked(trained)


@pytest.mark.parametrize("changed", [(0, 1, 1), (1, 0, 1), (1, 1, 2)])
def test_a_broken_clock_is_found(
    trained: Any, monkeypatch: pytest.MonkeyPatch, changed: tuple[int, int, int]
) -> None:
    def clock(self: StepGraph, delta: Any, before: Any, out: dict[str, Any]) -> Any:
        result = CLOCK(self, delta, before, out)
        out["clock_out"] = out["clock_out"] * tf.constant([changed], tf.int32)
        return result

    monkeypatch.setattr(StepGraph, "_clock", clock)
    with pytest.raises(ExportError, match="clock is"):
        checked(trained, steps=80)


@pytest.mark.parametrize("column", ["remaining", "metre"])
def test_conditions_that_held_out_pieces_lack_are_compared(
    trained: Any, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    def fold(network: Any) -> Any:
        folded = FOLD(network)
        columns = network.shape.columns()
        first = int(folded.offsets[0][list(columns).index(column)])
        rng = np.random.default_rng(0)
        rows = slice(first, first + columns[column])
        folded.table[rows] = rng.normal(0, 3, folded.table[rows].shape)
        return folded

    monkeypatch.setattr(stepgraph, "fold", fold)
    with pytest.raises(ExportError, match="Keras differs by"):
        checked(trained, steps=80)
