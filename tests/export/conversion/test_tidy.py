"""Each pass gives the same results with fewer nodes, and leaves alone what it would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from antiphon.export.conversion.quantise import DOMAIN
from antiphon.export.conversion.tidy import (
    clip,
    drop_constants,
    drop_unused,
    fuse_biases,
    join_unsqueezes,
    keep_ranks,
    pick_elements,
    trust_integers,
    turn_tables,
)
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(3, 3)).astype(np.float32)
"""As many rows as columns, so that a code of one is a code of the other."""
TABLE = RNG.normal(size=(5, 2)).astype(np.float32)
INT64 = TensorProto.INT64


def made(
    nodes: list[onnx.NodeProto], given: Mapping[str, Any], constants: Mapping[str, Any], outputs: str = "y"
) -> onnx.ModelProto:
    """Return a graph of these nodes; its inputs have any size, its outputs any shape."""
    inputs = []
    for name, array in given.items():
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        sizes = [f"{name}{i}" for i in range(array.ndim)]
        inputs.append(helper.make_tensor_value_info(name, kind, sizes))
    ends = [helper.make_empty_tensor_value_info(name) for name in outputs.split()]
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "made", inputs, ends, kept)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def run(model: onnx.ModelProto, given: Mapping[str, Any]) -> list[np.ndarray]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(given)))


def after(
    change: Callable[[onnx.ModelProto], None],
    nodes: list[onnx.NodeProto],
    given: Mapping[str, Any],
    constants: Mapping[str, Any],
    outputs: str = "y",
) -> str:
    """Return the types of a graph's nodes after a pass, which must not change what it computes."""
    model = made(nodes, given, constants, outputs)
    wanted = run(model, given)
    change(model)
    for one, other in zip(wanted, run(model, given), strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_allclose(other, one, rtol=1e-6)
    return " ".join(n.op_type for n in model.graph.node)


CODES = np.array([[2, 0, 1, 1], [1, 1, 0, 2], [0, 2, 2, 1]])


def picked(batch_dims: int, axis: int) -> list[onnx.NodeProto]:
    return [
        node("Unsqueeze", ["codes", "axis"], ["index"]),
        node("GatherND", ["rows", "index"], ["y"], batch_dims=batch_dims),
    ]


@pytest.mark.parametrize("axis", [2, -1])
def test_codes_of_each_row_are_picked_by_one_node(axis: int) -> None:
    given, constants = {"rows": ROWS, "codes": CODES}, {"axis": [axis]}
    assert after(pick_elements, picked(1, axis), given, constants) == "GatherElements"


@pytest.mark.parametrize("codes", [CODES, CODES[0], CODES[None]])
def test_whole_rows_are_not_picked_as_elements(codes: np.ndarray) -> None:
    given, constants = {"rows": ROWS, "codes": codes}, {"axis": [-1]}
    assert after(pick_elements, picked(0, -1), given, constants) == "Unsqueeze GatherND"


@pytest.mark.parametrize("codes", [CODES[:, 0], CODES[:, None]])
def test_codes_of_other_ranks_are_left_alone(codes: np.ndarray) -> None:
    given, constants = {"rows": ROWS, "codes": codes}, {"axis": [-1]}
    assert after(pick_elements, picked(1, -1), given, constants) == "Unsqueeze GatherND"


def test_codes_with_two_dimensions_more_are_left_alone() -> None:
    given, constants = {"rows": ROWS, "codes": CODES}, {"axis": [2, 3]}
    assert after(pick_elements, picked(1, 2), given, constants) == "Unsqueeze GatherND"


def largest(keepdims: int = 0, axis: int = 1) -> list[onnx.NodeProto]:
    return [
        node("ArgMax", ["rows"], ["codes"], axis=axis, keepdims=keepdims),
        node("Unsqueeze", ["codes", "axis"], ["y"]),
    ]


def test_the_largest_keeps_its_axis() -> None:
    assert after(keep_ranks, largest(), {"rows": ROWS}, {"axis": [1]}) == "ArgMax"


@pytest.mark.parametrize("axes", [[0], [0, 1], [1, 2]])
def test_an_axis_elsewhere_is_no_kept_one(axes: list[int]) -> None:
    assert after(keep_ranks, largest(), {"rows": ROWS}, {"axis": axes}) == "ArgMax Unsqueeze"


@pytest.mark.parametrize(("keepdims", "axis"), [(1, 1), (0, 0)])
def test_a_largest_of_another_kind_is_left_alone(keepdims: int, axis: int) -> None:
    assert after(keep_ranks, largest(keepdims, axis), {"rows": ROWS}, {"axis": [1]}) == "ArgMax Unsqueeze"


def test_a_largest_that_the_graph_hands_out_is_left_alone() -> None:
    found = after(keep_ranks, largest(), {"rows": ROWS}, {"axis": [1]}, "y codes")
    assert found == "ArgMax Unsqueeze"


PRODUCT = {
    "weights": RNG.integers(-63, 63, (4, 3), np.int8),
    "scale": np.float32(0.1),
    "size": np.float32(0.02),
    "zero": np.uint8(7),
}
BYTES = {"x": RNG.integers(0, 255, (2, 4), np.uint8)}


def product(added: list[str]) -> list[onnx.NodeProto]:
    inputs = ["x", "weights", "scale", "size", "zero"]
    return [
        node("MatMulIntegerToFloat", inputs, ["product"], domain=DOMAIN),
        node("Add", added, ["y"]),
    ]


@pytest.mark.parametrize("added", [["product", "bias"], ["bias", "product"]])
def test_a_bias_is_the_products_own(added: list[str]) -> None:
    constants = PRODUCT | {"bias": ROWS[0]}
    assert after(fuse_biases, product(added), BYTES, constants) == "MatMulIntegerToFloat"


@pytest.mark.parametrize("bias", [ROWS[:2], ROWS[0, :1]])
def test_what_is_no_vector_of_the_products_width_is_no_bias(bias: np.ndarray) -> None:
    found = after(fuse_biases, product(["product", "bias"]), BYTES, PRODUCT | {"bias": bias})
    assert found == "MatMulIntegerToFloat Add"


def test_a_product_that_the_graph_hands_out_takes_no_bias() -> None:
    constants = PRODUCT | {"bias": ROWS[0]}
    found = after(fuse_biases, product(["product", "bias"]), BYTES, constants, "y product")
    assert found == "MatMulIntegerToFloat Add"


BOUNDED = [node("Min", ["rows", "high"], ["below"]), node("Max", ["low", "below"], ["y"])]
BOUNDS = {"low": np.float32(-0.5), "high": np.array([0.5], np.float32)}


def test_two_bounds_are_one_clip() -> None:
    assert after(clip, BOUNDED, {"rows": ROWS}, BOUNDS) == "Clip"


def test_bounds_of_each_column_are_no_clip() -> None:
    assert after(clip, BOUNDED, {"rows": ROWS}, BOUNDS | {"low": ROWS[0]}) == "Min Max"


def test_a_bound_among_several_is_no_clip() -> None:
    given = {"rows": ROWS, "others": ROWS.T + 0.5}
    for at, name in enumerate(("Min", "Max")):
        nodes = [node(each.op_type, [*each.input], [*each.output]) for each in BOUNDED]
        nodes[at].input.append("others")
        assert after(clip, nodes, given, BOUNDS) == "Min Max", name


def test_a_bound_that_the_graph_hands_out_stays() -> None:
    assert after(clip, BOUNDED, {"rows": ROWS}, BOUNDS, "y below") == "Min Max"


def looked_up(*between: onnx.NodeProto, last: str = "index", kind: str = "Gather") -> list[onnx.NodeProto]:
    attributes = {"axis": 1} if kind == "GatherElements" else {}
    added = node("Add", ["codes", "offset"], ["index"])
    return [added, *between, node(kind, ["table", last], ["y"], **attributes)]


@pytest.mark.parametrize("by", [0, 2, 5])
def test_a_turned_table_spares_the_offset(by: int) -> None:
    constants = {"table": TABLE, "offset": np.array(by)}
    assert after(turn_tables, looked_up(), {"codes": np.arange(5) - by}, constants) == "Gather"


@pytest.mark.parametrize("by", [-1, 6])
def test_no_table_is_turned_beyond_its_ends(by: int) -> None:
    """The index alone would lie outside."""
    constants = {"table": TABLE, "offset": np.array(by)}
    assert after(turn_tables, looked_up(), {"codes": np.arange(5) - by}, constants) == "Add Gather"


def test_a_row_is_turned_where_its_index_is_reshaped_and_its_shape_read() -> None:
    shape = [node("Shape", ["index"], ["y2"]), node("Reshape", ["index", "flat"], ["flattened"])]
    nodes = looked_up(*shape, last="flattened", kind="GatherElements")
    constants = {"table": TABLE.reshape(1, -1), "offset": np.array([1]), "flat": [1, -1]}
    codes = np.array([[-1, 8], [3, 0]])
    assert after(turn_tables, nodes, {"codes": codes}, constants, "y y2") == "Shape Reshape GatherElements"


def test_an_index_that_others_read_keeps_its_offset() -> None:
    nodes = [*looked_up(), node("Neg", ["index"], ["y2"])]
    constants = {"table": TABLE, "offset": np.array(1)}
    assert after(turn_tables, nodes, {"codes": np.arange(4)}, constants, "y y2") == "Add Gather Neg"


def test_what_is_an_integer_is_not_cast() -> None:
    nodes = [
        node("TopK", ["rows", "two"], ["values", "codes"]),
        node("Cast", ["codes"], ["same"], to=INT64),
        node("Neg", ["same"], ["y"]),
        node("Shape", ["rows"], ["shape"]),
        node("Cast", ["shape"], ["as_it_is"], to=INT64),
        node("Neg", ["as_it_is"], ["y2"]),
    ]
    assert after(trust_integers, nodes, {"rows": ROWS}, {"two": [2]}, "y y2") == "TopK Neg Shape Neg"


def test_other_casts_stay() -> None:
    nodes = [
        node("TopK", ["rows", "two"], ["values", "codes"]),
        node("Cast", ["codes"], ["short"], to=TensorProto.INT32),
        node("Neg", ["short"], ["y"]),
        node("Cast", ["values"], ["whole"], to=INT64),
        node("Neg", ["whole"], ["y2"]),
    ]
    assert after(trust_integers, nodes, {"rows": ROWS}, {"two": [2]}, "y y2") == "TopK Cast Neg Cast Neg"


TWICE = [node("Unsqueeze", ["rows", "one"], ["between"]), node("Unsqueeze", ["between", "two"], ["y"])]


@pytest.mark.parametrize(("one", "two"), [([1], [1]), ([0], [3]), ([2], [0]), ([0, 2], [1]), ([1], [0, 4])])
def test_one_node_adds_both_dimensions(one: list[int], two: list[int]) -> None:
    assert after(join_unsqueezes, TWICE, {"rows": ROWS}, {"one": one, "two": two}) == "Unsqueeze"


@pytest.mark.parametrize(("axes", "outputs"), [([-1], "y"), ([1], "y between")])
def test_what_depends_on_the_rank_or_is_handed_out_stays(axes: list[int], outputs: str) -> None:
    found = after(join_unsqueezes, TWICE, {"rows": ROWS}, {"one": axes, "two": [1]}, outputs)
    assert found == "Unsqueeze Unsqueeze"


@pytest.mark.parametrize("change", [keep_ranks, join_unsqueezes])
def test_axes_that_are_no_constants_are_left_alone(change: Callable[[onnx.ModelProto], None]) -> None:
    given = {"rows": ROWS, "axis": np.array([1]), "one": np.array([1]), "two": np.array([1])}
    for nodes, kept in ((largest(), "ArgMax Unsqueeze"), (TWICE, "Unsqueeze Unsqueeze")):
        assert after(change, nodes, given, {}) == kept


def test_what_nobody_reads_goes() -> None:
    nodes = [node("Neg", ["rows"], ["unread"]), node("Add", ["unread", "one"], ["nor"]),
             node("Neg", ["rows"], ["y"])]  # fmt: skip
    assert after(drop_unused, nodes, {"rows": ROWS}, {"one": np.float32(1)}) == "Neg"
    model = made(nodes[2:], {"rows": ROWS}, {"one": np.float32(1), "z": ROWS}, "y z")
    drop_constants(model)
    assert [t.name for t in model.graph.initializer] == ["z"]
