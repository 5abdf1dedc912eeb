"""From a step graph to a float32 ONNX model, by tf2onnx."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import Any

import onnx
from onnx import helper, numpy_helper

from ...models.file.manifest import METADATA_KEY, Manifest
from ...models.file.step import Port, inputs, outputs
from ...train.backend import tf
from ..graph.stepgraph import StepGraph
from .tidy import clip, join_unsqueezes, keep_ranks, pick_elements, trust_integers, turn_tables

OPSET = 18
"""The newest that tf2onnx writes."""
IR_VERSION = 9
_TF_TYPES = {"int32": tf.int32, "float32": tf.float32}


def _signature(port: Port) -> Any:
    """Return a TensorSpec; sizes given by name are free."""
    shape = [None if isinstance(size, str) else size for size in port.shape]
    return tf.TensorSpec(shape, _TF_TYPES[port.dtype], name=port.name)


def convert(graph: StepGraph, manifest: Manifest) -> onnx.ModelProto:
    """Convert a step graph; its inputs and outputs come in the contract's order and names.

    Raises whatever tf2onnx raises; the caller reports it with the run's name.
    """
    ports = inputs(manifest)

    def step(*tensors: Any) -> dict[str, Any]:
        return graph({port.name: tensor for port, tensor in zip(ports, tensors, strict=True)})

    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with contextlib.redirect_stderr(io.StringIO()):
        model, _ = tf2onnx.convert.from_function(
            tf.function(step, autograph=False), input_signature=[_signature(p) for p in ports], opset=OPSET
        )
    model.ir_version = IR_VERSION
    pick_elements(model)
    keep_ranks(model)
    clip(model)
    turn_tables(model)
    join_unsqueezes(model)
    trust_integers(model)
    _name_free_sizes(model, {p.name: p for p in (*ports, *outputs(manifest))})
    _order(model.graph.input, [p.name for p in ports])
    _order(model.graph.output, [p.name for p in outputs(manifest)])
    set_manifest(model, manifest)
    return model


def _order(values: Any, names: list[str]) -> None:
    """Sort graph inputs or outputs by the contract's order."""
    ordered = sorted(values, key=lambda v: names.index(v.name))
    del values[:]
    values.extend(ordered)


def _name_free_sizes(model: onnx.ModelProto, ports: dict[str, Port]) -> None:
    """Give every input and output the contract's sizes, free ones by name."""
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        del dims[:]
        for size in ports[value.name].shape:
            dim = dims.add()
            if isinstance(size, str):
                dim.dim_param = size
            else:
                dim.dim_value = size


def set_manifest(model: onnx.ModelProto, manifest: Manifest) -> None:
    """Write the manifest into the model's metadata."""
    helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    model.producer_name = "antiphon"
    model.producer_version = manifest.antiphon_version
    model.graph.name = manifest.name
    model.doc_string = manifest.title


def weight_bytes(model: onnx.ModelProto) -> int:
    """Return the bytes of the weights that one step multiplies with (tables it only looks up left out)."""
    products = [n for n in model.graph.node if n.op_type in ("MatMul", "MatMulIntegerToFloat", "Gemm")]
    read = {name for node in products for name in node.input}
    return sum(numpy_helper.to_array(t).nbytes for t in model.graph.initializer if t.name in read)
