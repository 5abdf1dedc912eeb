"""Graph surgery that neither tf2onnx nor ONNX Runtime does: fewer nodes for the same arithmetic."""

from __future__ import annotations

import onnx
from onnx import helper

BIAS_INPUT = 5
"""Where MatMulNBits takes a bias."""


def pick_elements(model: onnx.ModelProto) -> None:
    """Replace Unsqueeze + GatherND over the batch by one GatherElements where the data are (batch, n)."""
    inferred = onnx.shape_inference.infer_shapes(model)
    values = (*inferred.graph.value_info, *inferred.graph.output, *inferred.graph.input)
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in values}
    makers = {out: node for node in model.graph.node for out in node.output}
    for node in model.graph.node:
        index = makers.get(node.input[1]) if node.op_type == "GatherND" else None
        if index is not None and index.op_type == "Unsqueeze" and ranks.get(node.input[0]) == 2:
            node.CopyFrom(
                helper.make_node(
                    "GatherElements", [node.input[0], index.input[0]], node.output, name=node.name, axis=1
                )
            )
    drop_unused(model)


def keep_ranks(model: onnx.ModelProto) -> None:
    """Let each ArgMax whose result only an Unsqueeze of its own axis reads keep that axis itself."""
    readers = _readers(model)
    gone = []
    for node in model.graph.node:
        after = readers.get(node.output[0], [])
        if node.op_type != "ArgMax" or [n.op_type for n in after] != ["Unsqueeze"]:
            continue
        old = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if old.get("axis") == 1 and not old.get("keepdims", 1):  # all of the step's are of (batch, n)
            kept = helper.make_node(
                "ArgMax", node.input, after[0].output, name=node.name, **old | {"keepdims": 1}
            )
            node.CopyFrom(kept)
            gone += after
    for node in gone:
        model.graph.node.remove(node)


def fuse_biases(model: onnx.ModelProto) -> None:
    """Give each MatMulNBits the constant vector that an Add puts on its result."""
    vectors = {t.name for t in model.graph.initializer if len(t.dims) == 1}
    readers = _readers(model)
    gone = []
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        after = readers.get(node.output[0], [])
        if len(after) != 1 or after[0].op_type != "Add":
            continue
        bias = [name for name in after[0].input if name in vectors]
        if bias:
            node.input.extend([""] * (BIAS_INPUT - len(node.input)) + bias)
            node.output[0] = after[0].output[0]
            gone.append(after[0])
    for node in gone:
        model.graph.node.remove(node)


def _readers(model: onnx.ModelProto) -> dict[str, list[onnx.NodeProto]]:
    """Return the nodes that read each tensor."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def drop_unused(model: onnx.ModelProto) -> None:
    """Remove nodes whose results nobody reads, until none is left."""
    while True:
        read = {name for node in model.graph.node for name in node.input}
        read |= {o.name for o in model.graph.output}
        unused = [n for n in model.graph.node if not read & set(n.output)]
        if not unused:
            return
        for node in unused:
            model.graph.node.remove(node)
