"""8-bit weights: every larger MatMul with constant weights becomes a product of integers.

Activations become bytes by a scale and a zero point that the file holds, weights by one scale a matrix
(Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
inference"). Sums of integers are exact, so a row's result depends neither on what else is in the batch nor
on the order in which a processor adds up. Blocks of weights with scales of their own (MatMulNBits) came a
little closer to the float32 loss and took twice as long in a batch; so did a scale a column, in a batch of
one: tests/benchmarks/README.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from .tidy import drop_constants, fuse_biases

SMALLEST = 4096
"""Smaller matrices stay float32: they cost nothing, and may hold constants rather than weights."""
WEIGHT_LEVELS = 63
"""Largest weight. Processors without VNNI add up two products of a byte and a weight in 16 bits: 2 * 255 * 63
fits, with 127 it would not."""
BYTE_LEVELS = 255
MARGIN = 0.1
"""Share of an activation's range by which it may go beyond on either side."""
CLIPPED = np.linspace(0.5, 1.0, 26)
"""Shares of a matrix' largest weight that are tried as its limit: to cut a few off rounds all others less."""
DOMAIN = "com.microsoft"


@dataclass(frozen=True)
class Range:
    """The values that an activation takes; 0 is among them."""

    low: float = 0.0
    high: float = 0.0

    def with_values(self, low: float, high: float) -> Range:
        """Return the range with these values in it, too."""
        return Range(min(self.low, low), max(self.high, high))

    def levels(self) -> tuple[float, int]:
        """Return the scale and the zero point of bytes that tell the range, and its margins, apart."""
        low, high = ((1.0 + MARGIN) * end for end in (self.low, self.high))
        scale = (high - low) / BYTE_LEVELS or 1.0  # of what is always 0 any scale will do
        return scale, round(-low / scale)


def products(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the nodes that :func:`quantise` makes products of integers."""
    sizes = {t.name: math.prod(t.dims) for t in model.graph.initializer if len(t.dims) == 2}
    return [n for n in model.graph.node if n.op_type == "MatMul" and sizes.get(n.input[1], 0) >= SMALLEST]


def quantise(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """Return a copy with 8-bit weights; tables that are only looked up stay float32.

    Args:
        model: the float32 graph.
        ranges: what each product's first input takes, by name (:func:`.proof.calibrate.find_ranges`).
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    weights = {t.name: numpy_helper.to_array(t) for t in copy.graph.initializer}
    wanted = {node.name for node in products(copy)}
    nodes: list[onnx.NodeProto] = []
    made: dict[str, list[str]] = {}
    """Constants, by what they are of: data and weights may have several products."""
    for node in copy.graph.node:
        if node.name not in wanted:
            nodes.append(node)
            continue
        data, kernel = node.input
        small = f"{data}/bytes"
        if data not in made:
            scale, zero = ranges[data].levels()
            made[data] = _constants(copy, data, scale=scale, zero=np.uint8(zero))
            nodes.append(helper.make_node("QuantizeLinear", [data, *made[data]], [small], name=small))
        if kernel not in made:
            scale, integers = rounded(weights[kernel])
            made[kernel] = _constants(copy, kernel, scale=scale, integers=integers)
        (scale_name, zero_name), (size, integers_name) = made[data], made[kernel]
        inputs = [small, integers_name, scale_name, size, zero_name]
        nodes.append(
            helper.make_node("MatMulIntegerToFloat", inputs, node.output, name=node.name, domain=DOMAIN)
        )
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    if all(opset.domain != DOMAIN for opset in copy.opset_import):
        copy.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    fuse_biases(copy)
    drop_constants(copy)
    return copy


def rounded(weights: npt.NDArray[np.float32]) -> tuple[float, npt.NDArray[np.int8]]:
    """Return the scale and the integers, at most WEIGHT_LEVELS, that come closest to weights by squares.

    >>> scale, integers = rounded(np.array([[0.63, -0.21], [0.0, 0.42]], np.float32))
    >>> round(scale, 3), integers.tolist()
    (0.01, [[63, -21], [0, 42]])
    """
    largest = float(np.abs(weights).max())
    if not largest:
        return 1.0, np.zeros(weights.shape, np.int8)

    def integers(scale: float) -> npt.NDArray[Any]:
        return np.clip(np.round(weights / scale), -WEIGHT_LEVELS, WEIGHT_LEVELS)

    scales = [float(largest * share / WEIGHT_LEVELS) for share in reversed(CLIPPED)]
    best = min(scales, key=lambda scale: float(((integers(scale) * scale - weights) ** 2).sum()))
    return best, integers(best).astype(np.int8)


def _constants(model: onnx.ModelProto, prefix: str, **values: Any) -> list[str]:
    """Add constants to a graph, floats as float32; return their names."""
    names = []
    for name, value in values.items():
        array = np.asarray(value, np.float32 if isinstance(value, float) else None)
        names.append(f"{prefix}/{name}")
        model.graph.initializer.append(numpy_helper.from_array(array, names[-1]))
    return names
