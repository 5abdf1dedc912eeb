"""What a trained network is made of, and what one note of it costs."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import onnx
from onnx import numpy_helper

from ..models.file.manifest import Manifest
from ..train.network.network import NoteNetwork
from .conversion.convert import weight_bytes
from .conversion.quantise import Range, products, quantise

LOOKUPS = ("Gather", "GatherND", "GatherElements")
"""What graph/lookups.py becomes in ONNX."""


@dataclass(frozen=True)
class Layer:
    """One layer of the network as trained."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    """Of its weights."""

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(math.prod(shape) for shape in self.shapes)


@dataclass(frozen=True)
class Cost:
    """What one step of the exported graph costs, at batch 1."""

    nodes: int
    operations: int
    """Floating-point operations of the products with weights and with a full memory: two a weight."""
    memory_operations: int
    """Those of them that are attention's over the memory."""
    bytes_read: int
    """Weights that are multiplied with, as float32."""
    bytes_read_int8: int
    """The same as exported: 8 bits a weight of the larger matrices."""
    memory_bytes: int
    """Keys and values of a full memory."""


def layers_of(network: NoteNetwork) -> list[Layer]:
    """Return the network's layers in the order in which they were made."""
    found: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for variable in network.trainable_variables:
        path = variable.path.removeprefix(f"{network.name}/")
        name = path.rpartition("/")[0] or path
        found[name.removesuffix("/lstm_cell").removesuffix("/gru_cell")].append(tuple(variable.shape))
    return [Layer(name, tuple(shapes)) for name, shapes in found.items()]


def cost_of(graph: onnx.ModelProto, manifest: Manifest) -> Cost:
    """Return what a step costs, counted in the float32 graph."""
    weights = {t.name: t for t in graph.graph.initializer}
    operations = 0
    for node in (n for n in graph.graph.node if n.op_type == "MatMul"):
        for name in node.input:
            if name in weights:
                operations += 2 * math.prod(weights[name].dims)
    memory = manifest.memory
    sizes_alone = {node.input[0]: Range() for node in products(graph)}
    width = memory.heads * (memory.key_size + memory.value_size) * (memory.length + 1) if memory else 0
    return Cost(
        nodes=len(graph.graph.node),
        operations=operations + 2 * width,
        memory_operations=2 * width,
        bytes_read=weight_bytes(graph),
        bytes_read_int8=weight_bytes(quantise(graph, sizes_alone)),
        memory_bytes=4 * width,
    )


def table_bytes(graph: onnx.ModelProto) -> int:
    """Return the bytes of the tables that a step looks one row up in, by whatever kind of lookup."""
    read = {n.input[0] for n in graph.graph.node if n.op_type in LOOKUPS}
    return sum(numpy_helper.to_array(t).nbytes for t in graph.graph.initializer if t.name in read)


def report(layers: list[Layer], cost: Cost, tables: int, unit: str = "note") -> str:
    """Return the summary as text; ``unit`` is what a step chooses."""
    width = max(len(layer.name) for layer in layers)
    lines = [f"{'layer':{width}}  {'parameters':>10}  weights"]
    for layer in layers:
        shapes = ", ".join("×".join(map(str, shape)) or "1" for shape in layer.shapes)
        lines.append(f"{layer.name:{width}}  {layer.parameters:>10,}  {shapes}")
    lines.append(f"{'all':{width}}  {sum(layer.parameters for layer in layers):>10,}")
    lines += [
        "",
        f"One {unit}: {cost.nodes} nodes of the step graph, {cost.operations / 1e6:.2f} million "
        f"floating-point operations, {cost.memory_operations / 1e6:.2f} of them over a full attention "
        "memory.",
        f"It reads {cost.bytes_read_int8 / 1e6:.2f} MB of 8-bit weights ({cost.bytes_read / 1e6:.2f} MB as "
        f"float32), up to {cost.memory_bytes / 1e6:.2f} MB of memory, and rows of "
        f"{tables / 1e6:.2f} MB of tables.",
    ]
    return "\n".join(lines)
