"""8-bit weights: every MatMul with constant weights becomes a blockwise MatMulNBits."""

from __future__ import annotations

import logging
import math

import onnx

from .tidy import fuse_biases

BLOCK = 64
"""Weights that share a scale. Up to 64 the kernel gives a row the same bits in any batch; from 128 on it
does not, and an answer would depend on what else the bridge is doing."""
SMALLEST = 4096
"""Smaller matrices stay float32: they cost nothing, and may hold constants rather than weights."""
ACCURACY_LEVEL = 4
"""Activations in int8 too, by rows: the fastest kernel at batch 1."""


def quantise(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy with 8-bit weights; tables that are only looked up stay float32.

    Blocks have scales of their own, and activations are quantised a row at a time, so a row's result
    does not depend on what else is in the batch (quantize_dynamic's would).
    """
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    sizes = {t.name: math.prod(t.dims) for t in copy.graph.initializer}
    small = [
        node.name
        for node in copy.graph.node
        if node.op_type == "MatMul" and sizes.get(node.input[1], SMALLEST) < SMALLEST
    ]
    quantizer = MatMulNBitsQuantizer(
        copy,
        bits=8,
        block_size=BLOCK,
        is_symmetric=True,
        accuracy_level=ACCURACY_LEVEL,
        nodes_to_exclude=small,
    )
    quantizer.process()
    result = quantizer.model.model
    result.ir_version = model.ir_version
    fuse_biases(result)
    return result
