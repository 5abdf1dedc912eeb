"""Graph surgery that neither tf2onnx nor ONNX Runtime does: fewer nodes for the same arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

BIAS_INPUT = 6
"""Where MatMulIntegerToFloat takes a bias."""


def pick_elements(model: onnx.ModelProto) -> None:
    """Replace Unsqueeze + GatherND over the batch by one GatherElements.

    The data must be (batch, n), the codes (batch, m), and the Unsqueeze must give each a place of its own.
    """
    inferred = onnx.shape_inference.infer_shapes(model)
    values = (*inferred.graph.value_info, *inferred.graph.output, *inferred.graph.input)
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in values}
    ranks |= {t.name: len(t.dims) for t in model.graph.initializer}
    makers, constants = _makers(model), _constants(model)
    for node in model.graph.node:
        index = makers.get(node.input[1]) if node.op_type == "GatherND" else None
        if index is None or _attributes(node).get("batch_dims") != 1:
            continue
        if _axes(index, constants) not in ([2], [-1]):
            continue
        inputs = [node.input[0], index.input[0]]
        if all(ranks.get(name) == 2 for name in inputs):
            node.CopyFrom(helper.make_node("GatherElements", inputs, node.output, name=node.name, axis=1))
    drop_unused(model)


def keep_ranks(model: onnx.ModelProto) -> None:
    """Let each ArgMax whose result only an Unsqueeze of its own axis reads keep that axis itself."""
    readers, constants = _readers(model), _constants(model)
    gone = []
    for node in model.graph.node:
        after = readers.get(node.output[0], [])
        if node.op_type != "ArgMax" or len(after) != 1 or _axes(after[0], constants) != [1]:
            continue
        old = _attributes(node)
        if old.get("axis") == 1 and not old.get("keepdims", 1):  # all of the step's are of (batch, n)
            kept = helper.make_node(
                "ArgMax", node.input, after[0].output, name=node.name, **old | {"keepdims": 1}
            )
            node.CopyFrom(kept)
            gone += after
    for node in gone:
        model.graph.node.remove(node)


def fuse_biases(model: onnx.ModelProto) -> None:
    """Give each MatMulIntegerToFloat the constant vector, as wide as its result, that an Add puts on it."""
    sizes = {t.name: list(t.dims) for t in model.graph.initializer}
    readers = _readers(model)
    gone = []
    for node in model.graph.node:
        if node.op_type != "MatMulIntegerToFloat":
            continue
        after = readers.get(node.output[0], [])
        if len(after) != 1 or after[0].op_type != "Add":
            continue
        width = sizes.get(node.input[1], [])[-1:]
        bias = [name for name in after[0].input if width and sizes.get(name) == width]
        if bias:
            node.input.extend([""] * (BIAS_INPUT - len(node.input)) + bias)
            node.output[0] = after[0].output[0]
            gone.append(after[0])
    for node in gone:
        model.graph.node.remove(node)


def clip(model: onnx.ModelProto) -> None:
    """Replace Min and Max with a constant each by one Clip."""
    constants = {t.name: t for t in model.graph.initializer if not t.dims or list(t.dims) == [1]}
    readers, makers = _readers(model), _makers(model)
    gone = []
    for node in model.graph.node:
        if node.op_type != "Max" or len(node.input) != 2:
            continue
        low = [name for name in node.input if name in constants]
        below = [makers[name] for name in node.input if name in makers]
        if not (low and below and below[0].op_type == "Min" and len(readers[below[0].output[0]]) == 1):
            continue
        high = [name for name in below[0].input if name in constants]
        if len(high) == 1 and len(below[0].input) == 2:
            (data,) = set(below[0].input) - set(high)
            bounds = [_scalar(model, constants[name]) for name in (low[0], high[0])]
            node.CopyFrom(helper.make_node("Clip", [data, *bounds], node.output, name=node.name))
            gone.append(below[0])
    for node in gone:
        model.graph.node.remove(node)


def _scalar(model: onnx.ModelProto, constant: onnx.TensorProto) -> str:
    """Return the name of a constant's value without dimensions, as Clip takes it."""
    if not constant.dims:
        return str(constant.name)
    name = f"{constant.name}/scalar"
    if all(t.name != name for t in model.graph.initializer):
        value = numpy_helper.to_array(constant).reshape(())
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def turn_tables(model: onnx.ModelProto) -> None:
    """Spare lookups with an offset the addition: the table is turned by it, for a negative index counts
    from the table's end.

    It must be read along its first axis, or be one row, by an index that lies in the table with the offset.
    """
    constants, makers, readers = _constants(model), _makers(model), _readers(model)
    for node in model.graph.node:
        if not _looks_up(node) or node.input[0] not in constants:
            continue
        reader, added = node, makers.get(node.input[1])
        if added is not None and added.op_type == "Reshape":
            reader, added = added, makers.get(added.input[0])
        if added is None or added.op_type != "Add":
            continue
        offset = [name for name in added.input if name in constants and constants[name].size == 1]
        others = [n for n in readers[added.output[0]] if n is not reader and not _looks_up(n)]
        if len(offset) != 1 or any(n.op_type != "Shape" for n in others):
            continue
        if reader is not node and len(readers[reader.output[0]]) > 1:
            continue
        by = int(constants[offset[0]].ravel()[0])
        table, axis = constants[node.input[0]], int(node.op_type == "GatherElements")
        if not 0 <= by <= table.shape[axis]:  # without it the index would lie beyond either end
            continue
        turned = f"{node.input[0]}/turned{by}"
        if turned not in constants:
            constants[turned] = np.roll(table, -by, axis=axis)
            model.graph.initializer.append(numpy_helper.from_array(constants[turned], turned))
        node.input[0] = turned
        plain = next(name for name in added.input if name not in offset)
        reader.input[1 if reader is node else 0] = plain
        for shape in others:
            shape.input[0] = plain
    drop_unused(model)
    drop_constants(model)


def _looks_up(node: onnx.NodeProto) -> bool:
    """Return whether a node looks up along a table's first axis, or in one long row."""
    return (node.op_type, _attributes(node).get("axis", 0)) in (("Gather", 0), ("GatherElements", 1))


def trust_integers(model: onnx.ModelProto) -> None:
    """Remove casts of shapes and of TopK's indices to int64: they are int64 already."""
    already = {n.output[n.op_type == "TopK"] for n in model.graph.node if n.op_type in ("Shape", "TopK")}
    makers = _makers(model)
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            cast = makers.get(name)
            if cast is None or cast.op_type != "Cast" or _attributes(cast)["to"] != onnx.TensorProto.INT64:
                continue
            if cast.input[0] in already:
                node.input[i] = cast.input[0]
    drop_unused(model)


def join_unsqueezes(model: onnx.ModelProto) -> None:
    """Let one Unsqueeze add both dimensions where another's result is all that it reads."""
    constants, makers, readers = _constants(model), _makers(model), _readers(model)
    gone = []
    for node in model.graph.node:
        first = makers.get(node.input[0]) if node.op_type == "Unsqueeze" else None
        if first is None or len(readers[first.output[0]]) > 1:
            continue
        inner, outer = (_axes(n, constants) for n in (first, node))
        if not (inner and outer) or min(*inner, *outer) < 0:
            continue
        # The first one's axes as they lie once the second one's are there.
        free = [axis for axis in range(len(inner) + len(outer) + max(inner) + 1) if axis not in outer]
        axes = sorted([*outer, *(free[axis] for axis in inner)])
        name = f"{node.name}/axes"
        model.graph.initializer.append(numpy_helper.from_array(np.array(axes, np.int64), name))
        node.input[0], node.input[1] = first.input[0], name
        gone.append(first)
    for node in gone:
        model.graph.node.remove(node)


def _constants(model: onnx.ModelProto) -> dict[str, npt.NDArray[Any]]:
    """Return the constants by name."""
    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes that a node says itself, by name."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _axes(node: onnx.NodeProto, constants: Mapping[str, npt.NDArray[Any]]) -> list[int] | None:
    """Return the constant axes that an Unsqueeze adds; None of other nodes and of computed axes."""
    if node.op_type != "Unsqueeze" or node.input[1] not in constants:
        return None
    return list(map(int, constants[node.input[1]]))


def _makers(model: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    """Return the node that makes each tensor."""
    return {name: node for node in model.graph.node for name in node.output}


def _readers(model: onnx.ModelProto) -> dict[str, list[onnx.NodeProto]]:
    """Return the nodes that read each tensor; an empty node reads what the graph hands out."""
    readers = {output.name: [onnx.NodeProto()] for output in model.graph.output}
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


def drop_constants(model: onnx.ModelProto) -> None:
    """Remove constants that nobody reads."""
    read = {name for node in model.graph.node for name in node.input} | {o.name for o in model.graph.output}
    for constant in [t for t in model.graph.initializer if t.name not in read]:
        model.graph.initializer.remove(constant)
