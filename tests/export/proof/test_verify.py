"""What a converted graph must be like, and what 8-bit weights may cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from antiphon.export.proof.verify import PARITY_STEPS, QUANTISING, check_nodes, check_parity, held_out
from antiphon.models.codec import Codec
from antiphon.models.errors import ExportError
from tiny_model import tiny_manifest

PASSAGE: dict[str, Any] = {"weight": np.ones((10, 3)), "counted": np.ones(10)}


class Losing:
    """A graph that loses so many nats a field of a note."""

    manifest = tiny_manifest(codec=Codec.default())

    def __init__(self, nats: float) -> None:
        self._nats = nats

    def nats(self, passage: dict[str, Any]) -> np.ndarray:
        return np.full((10, 3), self._nats)

    def log_probs(self, passage: dict[str, Any]) -> np.ndarray:
        return -self.nats(passage)


@pytest.mark.parametrize(("passages", "steps"), [(3, 30), (2 * PARITY_STEPS, PARITY_STEPS)])
def test_as_many_steps_as_were_compared_are_reported(passages: int, steps: int) -> None:
    found = check_parity(Losing(2.0), lambda passage: np.full((10, 3), -2.00005), [PASSAGE] * passages)
    assert found.steps == steps
    assert found.worst == pytest.approx(5e-5)


def test_a_rise_within_the_limit_is_reported() -> None:
    found = held_out(Losing(2.0), Losing(2.0 * (1 + 0.9 * QUANTISING)), [PASSAGE])
    assert found.float32 == pytest.approx(6.0)
    assert found.exported == pytest.approx(6.0 * (1 + 0.9 * QUANTISING))


def test_a_graph_is_measured_once_where_it_is_packed_as_it_is() -> None:
    class Counting(Losing):
        asked = 0

        def nats(self, passage: dict[str, Any]) -> np.ndarray:
            self.asked += 1
            return super().nats(passage)

    plain = Counting(2.0)
    found = held_out(plain, plain, [PASSAGE] * 3)
    assert (found.float32, found.exported, plain.asked) == (6.0, 6.0, 3)


def test_nothing_to_compare_or_to_measure_is_refused_with_what_to_do() -> None:
    told = "neither the test split nor the valid split holds a piece.*prepare more music"
    with pytest.raises(ExportError, match=told):
        check_parity(Losing(2.0), lambda passage: np.full((10, 3), -2.0), [])
    with pytest.raises(ExportError, match=told):
        held_out(Losing(2.0), Losing(2.0), [])


@pytest.mark.parametrize("nats", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_not_blamed_on_its_weights(nats: float) -> None:
    with pytest.raises(ExportError, match=f"the held-out loss is {nats} nats a note"):
        held_out(Losing(nats), Losing(2.0), [PASSAGE])


@pytest.mark.parametrize("nats", [2.0 * (1 + 1.1 * QUANTISING), float("nan")])
def test_a_rise_beyond_it_is_refused(nats: float) -> None:
    with pytest.raises(ExportError, match="--weights float32"):
        held_out(Losing(2.0), Losing(nats), [PASSAGE])


def test_loops_are_refused() -> None:
    node = onnx.helper.make_node("Loop", ["a"], ["b"], name="l")
    graph = onnx.helper.make_graph([node], "g", [], [])
    with pytest.raises(ExportError, match="Loop"):
        check_nodes(onnx.helper.make_model(graph))
