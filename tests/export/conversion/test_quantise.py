"""Products of integers come close to those of floats, and are the same in any batch."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from antiphon.export.conversion.quantise import BYTE_LEVELS, SMALLEST, WEIGHT_LEVELS, Range, quantise, rounded
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(5)
WIDTH, WIDER = 96, 160
WEIGHTS = {
    "first": RNG.normal(0, 0.1, (WIDTH, WIDER)).astype(np.float32),
    "second": RNG.normal(0, 0.1, (WIDTH, WIDER)).astype(np.float32),
    "after": RNG.normal(0, 0.1, (WIDER, WIDTH)).astype(np.float32),
    "little": RNG.normal(0, 0.1, (WIDER, 4)).astype(np.float32),
}
BIAS = RNG.normal(0, 1, WIDER).astype(np.float32)


def made() -> onnx.ModelProto:
    """Return a graph with products of its input, one of them twice, and two of what a Relu makes of those."""
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"], name="a"),
        helper.make_node("Add", ["a", "bias"], ["b"], name="b"),
        helper.make_node("MatMul", ["x", "second"], ["c"], name="c"),
        helper.make_node("MatMul", ["x", "second"], ["same"], name="same"),
        helper.make_node("Max", ["c", "same"], ["either"], name="either"),
        helper.make_node("Add", ["b", "either"], ["d"], name="d"),
        helper.make_node("Relu", ["d"], ["e"], name="e"),
        helper.make_node("MatMul", ["e", "after"], ["y"], name="y"),
        helper.make_node("MatMul", ["e", "little"], ["z"], name="z"),
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in (WEIGHTS | {"bias": BIAS}).items()]
    sizes = {"x": WIDTH, "y": WIDTH, "z": 4}
    tensors = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", w]) for n, w in sizes.items()}
    graph = helper.make_graph(nodes, "made", [tensors["x"]], [tensors["y"], tensors["z"]], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def run(model: onnx.ModelProto, x: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {"x": x}))


@pytest.fixture(scope="module")
def small() -> onnx.ModelProto:
    return quantise(made(), {"x": Range(-1.0, 1.0), "e": Range(0.0, 6.0)})


def test_larger_products_are_of_integers_and_each_input_becomes_bytes_once(small: onnx.ModelProto) -> None:
    types = [node.op_type for node in small.graph.node]
    assert WEIGHTS["little"].size < SMALLEST < WEIGHTS["first"].size
    assert [types.count(t) for t in ("MatMulIntegerToFloat", "MatMul", "QuantizeLinear")] == [4, 1, 2]
    assert types.count("Add") == 1, "a bias is the product's own"
    kept = {t.name: numpy_helper.to_array(t) for t in small.graph.initializer}
    assert "first" not in kept and kept["little"].dtype == np.float32
    integers = [array for array in kept.values() if array.dtype == np.int8]
    assert len(integers) == 3 and all(np.abs(array).max() <= WEIGHT_LEVELS for array in integers)
    assert len({t.name for t in small.graph.initializer}) == len(small.graph.initializer)


def test_it_comes_close_to_the_floats(small: onnx.ModelProto) -> None:
    x = RNG.uniform(-1, 1, (64, WIDTH)).astype(np.float32)
    for found, wanted in zip(run(small, x), run(made(), x), strict=True):
        assert 0 < np.abs(found - wanted).std() < 0.02 * wanted.std()


def test_a_rows_bits_do_not_depend_on_its_batch(small: onnx.ModelProto) -> None:
    x = RNG.uniform(-1, 1, (16, WIDTH)).astype(np.float32)
    together = run(small, x)
    x[1:] *= 100  # whatever the others do
    for rows in (1, 2, 3, 8, 16):
        for found, wanted in zip(run(small, x[:rows]), together, strict=True):
            assert found[0].tobytes() == wanted[0].tobytes()


def test_what_lies_beyond_its_range_counts_as_its_end(small: onnx.ModelProto) -> None:
    x = np.full((1, WIDTH), 5.0, np.float32)
    low, high = run(small, x), run(small, x / 4)
    assert all(np.array_equal(*pair) for pair in zip(low, high, strict=True))


@pytest.mark.parametrize("low, high", [(-1.0, 1.0), (0.0, 6.0), (-0.2, 3.0), (-4.0, 0.0)])
def test_bytes_hold_a_range_with_its_margins_and_nought_exactly(low: float, high: float) -> None:
    scale, zero = Range(low, high).levels()
    assert 0 <= zero <= BYTE_LEVELS
    assert -zero * scale <= low + 1e-9 and (BYTE_LEVELS - zero) * scale >= high - 1e-9
    assert scale * BYTE_LEVELS == pytest.approx(1.1 * (high - low))


def test_what_is_always_nought_stays_so() -> None:
    assert Range().levels() == (1.0, 0)
    scale, integers = rounded(np.zeros((3, 2), np.float32))
    assert scale > 0 and not integers.any()


def test_a_lone_great_weight_is_cut_off_rather_than_all_others_rounded() -> None:
    weights = RNG.normal(0, 0.1, (100, 100)).astype(np.float32)
    weights[0, 0] = 1.2
    scale, integers = rounded(weights)
    assert integers[0, 0] == WEIGHT_LEVELS and WEIGHT_LEVELS * scale < 1.0
    plain = np.round(weights * WEIGHT_LEVELS / 1.2) * 1.2 / WEIGHT_LEVELS
    assert ((integers * scale - weights) ** 2).sum() < ((plain - weights) ** 2).sum()
