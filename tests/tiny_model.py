"""A small step graph with random weights that keeps the contract of antiphon/models/file/step.py.

It has what a real model has: four fields chosen one after the other, an LSTM cell, attention over the
host's memory, masks, forced codes and the sampler. Built with onnx.helper so that every node can be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.file.manifest import METADATA_KEY, Defaults, Manifest, Memory, StateTensor
from antiphon.models.file.step import Port, inputs, outputs
from antiphon.models.score import Part
from onnx import helper, numpy_helper

UNITS, EMBEDDING, HEADS, KEY, VALUE, LENGTH = 12, 6, 2, 4, 5, 100
TRUNK = UNITS + HEADS * VALUE
METRES = ("4/4", "3/4", "6/8")


def tiny_manifest(name: str = "tiny", **changes: Any) -> Manifest:
    """Return the manifest of a model with two voices and a short memory."""
    fields = (
        Field("delta", (0, *range(3, 49, 3), 60, 72, 96)),
        Field("part", (0, 1)),
        Field("pitch", tuple(range(40, 90))),
        Field("duration", (6, 12, 18, 24, 36, 48, 72, 96)),
    )
    values: dict[str, Any] = {
        "name": name,
        "title": "Random notes",
        "codec": Codec(fields),
        "metres": METRES,
        "parts": (Part("upper", 73), Part("lower", 42)),
        "monophonic": True,
        "state": (
            StateTensor("h", (UNITS,)),
            StateTensor("c", (UNITS,)),
            StateTensor("before", (1,), "int32", 64),
        ),
        "memory": Memory(HEADS, KEY, VALUE, LENGTH),
        "defaults": Defaults(low=40, high=89),
        "antiphon_version": "0.1.0",
        "date": "2025-01-01",
        "licence": "CC0-1.0",
    }
    return Manifest(**{**values, **changes})


def tiny_text_manifest(name: str = "tiny-text", **changes: Any) -> Manifest:
    """Return the manifest of a model of ABC text; its random letters are no tune, which is the point."""
    characters = "\n |:/,'^_=23ABCDEFGLMKTXabcdefgz4681"
    values = {
        "codec": Codec.of_characters(characters),
        "metres": (),
        "conditions": (),
        "parts": (Part("tune", 73),),
        "state": (StateTensor("h", (UNITS,)), StateTensor("c", (UNITS,))),
        "memory": None,
        "defaults": Defaults(low=55, high=88, metre="6/8"),
    }
    return tiny_manifest(name, **{**values, **changes})


def save_tiny_text_model(path: Path, name: str = "tiny-text", seed: int = 5, **changes: Any) -> Path:
    """Write the model of text to ``path`` and return it."""
    path.write_bytes(tiny_model(tiny_text_manifest(name, **changes), seed).SerializeToString())
    return path


def save_tiny_model(path: Path, name: str = "tiny", seed: int = 5, **changes: Any) -> Path:
    """Write the model to ``path`` and return it."""
    path.write_bytes(tiny_model(tiny_manifest(name, **changes), seed).SerializeToString())
    return path


def save_broken_model(path: Path, name: str = "broken") -> Path:
    """Write a model that opens and keeps its manifest's word, but whose every step fails; return its path."""
    model = tiny_model(tiny_manifest(name))
    table = model.graph.initializer[0]
    table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table)[:1].copy(), table.name))
    path.write_bytes(model.SerializeToString())
    return path


def save_endless_model(path: Path, name: str = "endless") -> Path:
    """Write a model that keeps its manifest's word, but whose steps never end; return its path."""
    model = tiny_model(tiny_manifest(name))
    for node in model.graph.node:
        node.input[:] = ["endless" if read == "top_p" else read for read in node.input]
    values = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("turn", onnx.TensorProto.INT64, ()),
            ("on", onnx.TensorProto.BOOL, ()),
            ("kept", onnx.TensorProto.FLOAT, ("batch", 1)),
            ("on_out", onnx.TensorProto.BOOL, ()),
            ("kept_out", onnx.TensorProto.FLOAT, ("batch", 1)),
        )
    ]
    copies = [helper.make_node("Identity", [each], [f"{each}_out"]) for each in ("on", "kept")]
    body = helper.make_graph(copies, "body", values[:3], values[3:])
    model.graph.initializer.append(numpy_helper.from_array(np.array(2**62), "turns"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "always"))
    loop = helper.make_node("Loop", ["turns", "always", "top_p"], ["endless"], body=body)
    model.graph.node.insert(0, loop)
    path.write_bytes(model.SerializeToString())
    return path


def tiny_model(manifest: Manifest, seed: int = 5) -> onnx.ModelProto:
    """Return the model of a manifest with any fields that include delta, or of text."""
    graph = _Graph(manifest, np.random.default_rng(seed))
    graph.build()
    made = helper.make_graph(
        graph.nodes,
        manifest.name,
        [_value(p) for p in inputs(manifest)],
        [_value(p) for p in outputs(manifest)],
        graph.weights,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: manifest.to_json()})
    return model


def _value(port: Port) -> onnx.ValueInfoProto:
    kind = {"int32": onnx.TensorProto.INT32, "float32": onnx.TensorProto.FLOAT}[port.dtype]
    return helper.make_tensor_value_info(port.name, kind, port.shape)


class _Graph:
    """Nodes and weights as they are made."""

    def __init__(self, manifest: Manifest, rng: np.random.Generator) -> None:
        self.manifest, self.codec, self.rng = manifest, manifest.codec, rng
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, *names: str, out: str = "", count: int = 1, **attributes: Any) -> Any:
        """Add a node; return its output's name, or names where there are several."""
        made = [out] if out else [f"v{len(self.nodes)}_{i}" for i in range(count)]
        self.nodes.append(helper.make_node(kind, names, made, **attributes))
        return made[0] if count == 1 else made

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        """Add a constant."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def random(self, *shape: int, scale: float = 0.5) -> str:
        """Add a random weight."""
        return self.constant(self.rng.standard_normal(shape) * scale)

    def shape(self, *sizes: int) -> str:
        return self.constant(sizes, np.int64)

    def build(self) -> None:
        """Add everything."""
        read = self.read()
        hidden = self.lstm(read)
        trunk = hidden
        if self.manifest.memory is not None:
            trunk = self.add("Concat", hidden, self.attend(hidden, read), axis=1)
        else:
            trunk = self.add("Concat", hidden, hidden, axis=1)
            trunk = self.add("Slice", trunk, self.shape(0), self.shape(TRUNK), self.shape(1))
        self.choose(trunk)

    def read(self) -> str:
        """Return what the note before, its clock, the conditions and `before` say, (batch, n)."""
        fields = self.codec.fields
        offsets = np.cumsum([0, *[f.inputs for f in fields]])
        table = self.random(int(offsets[-1]), EMBEDDING)
        rows = self.add("Add", "note", self.constant([offsets[:-1]], np.int32))
        note = self.add("Reshape", self.add("Gather", table, rows), self.shape(-1, EMBEDDING * len(fields)))
        clock = self.add(
            "Mul",
            self.add("Cast", "clock", to=onnx.TensorProto.FLOAT),
            self.constant([[1 / 64, 1 / 24, 1 / 96]]),
        )
        parts = [note, clock]
        self.width = EMBEDDING * len(fields) + 3
        if self.manifest.conditions:
            count = len(self.manifest.conditions)
            scales = self.constant([[0.3, 0.1, 0.2][:count]])
            parts.append(self.add("Mul", self.add("Cast", "conditions", to=onnx.TensorProto.FLOAT), scales))
            self.width += count
        if any(s.name == "before" for s in self.manifest.state):
            before = self.add("Cast", "before", to=onnx.TensorProto.FLOAT)
            parts.append(self.add("Mul", before, self.constant([[1 / 64]])))
            self.width += 1
            pitches = np.array([*self.codec["pitch"].values, 64], np.int32)
            column = self.codec.names.index("pitch")
            code = self.add("Slice", "note", self.shape(column), self.shape(column + 1), self.shape(1))
            self.add("Gather", self.constant(pitches, np.int32), code, out="before_out")
        return str(self.add("Concat", *parts, axis=1))

    def lstm(self, read: str) -> str:
        both = self.add("Concat", read, "h", axis=1)
        z = self.add(
            "Add",
            self.add("MatMul", both, self.random(self.width + UNITS, 4 * UNITS)),
            self.random(4 * UNITS),
        )
        i, f, o, g = self.add("Split", z, count=4, axis=1, num_outputs=4)
        kept = self.add("Mul", self.add("Sigmoid", f), "c")
        new = self.add("Mul", self.add("Sigmoid", i), self.add("Tanh", g))
        c = self.add("Add", kept, new, out="c_out")
        return str(self.add("Mul", self.add("Sigmoid", o), self.add("Tanh", c), out="h_out"))

    def attend(self, hidden: str, read: str) -> str:
        query = self.add("MatMul", hidden, self.random(UNITS, HEADS * KEY))
        query = self.add("Reshape", query, self.shape(-1, HEADS, 1, KEY))
        key = self.add("MatMul", hidden, self.random(UNITS, HEADS * KEY))
        self.add("Reshape", key, self.shape(-1, HEADS, KEY), out="key")
        value = self.add("MatMul", read, self.random(self.width, HEADS * VALUE))
        self.add("Reshape", value, self.shape(-1, HEADS, VALUE), out="value")
        scores = self.add("MatMul", query, "memory_keys")
        clock = self.add("Cast", "clock", to=onnx.TensorProto.FLOAT)
        now = self.add("MatMul", clock, self.constant([[1024], [1], [0]]))
        apart = self.add("Sub", now, "memory_positions")
        # Nearer notes count more; the null row is far away, and what lies ahead is masked.
        far = self.add("Clip", apart, self.constant(0.0), self.constant(16384.0))
        bias = self.add("Mul", far, self.constant(-1 / 8192))
        ahead = self.add("Less", apart, self.constant(-5e6))
        bias = self.add("Where", ahead, self.constant(-1e9), bias)
        bias = self.add("Unsqueeze", bias, self.shape(1, 2))
        weights = self.add("Softmax", self.add("Add", scores, bias), axis=-1)
        found = self.add("MatMul", weights, "memory_values")
        return str(self.add("Reshape", found, self.shape(-1, HEADS * VALUE)))

    def choose(self, trunk: str) -> None:
        """Choose the fields by the chain rule."""
        count = len(self.codec.fields)
        forced, uniform = (
            self.add("Split", name, count=count, axis=1, num_outputs=count) if count > 1 else [name]
            for name in ("forced", "uniform")
        )
        chosen, log_probs = [], []
        for i, f in enumerate(self.codec.fields):
            logits = self.add("MatMul", self.add("Tanh", trunk), self.random(TRUNK, f.size, scale=0.9))
            drawn = self.draw(logits, f"mask_{f.name}", uniform[i])
            is_forced = self.add("GreaterOrEqual", forced[i], self.constant(0, np.int32))
            code = self.add("Where", is_forced, forced[i], drawn)
            log_probs.append(self.add("GatherElements", self.add("LogSoftmax", logits, axis=1), code, axis=1))
            chosen.append(code)
            given = self.add("Gather", self.random(f.size, TRUNK, scale=1.0), code)
            trunk = self.add("Add", trunk, self.add("Squeeze", given, self.shape(1)))
        self.add("Concat", *chosen, axis=1, out="chosen")
        self.add("Concat", *log_probs, axis=1, out="log_prob")
        self.clock(chosen[0])

    def clock(self, delta: str) -> None:
        ticks = [1] * self.codec.fields[0].size if self.codec.is_text else [*self.codec["delta"].values, 0]
        ticks = self.constant(ticks, np.int32)
        bar, tick, length = self.add("Split", "clock", count=3, axis=1, num_outputs=3)
        total = self.add("Add", tick, self.add("Gather", ticks, delta))
        bars = self.add("Div", total, length)
        place = self.add("Sub", total, self.add("Mul", bars, length))
        self.add("Concat", self.add("Add", bar, bars), place, length, axis=1, out="clock_out")

    def draw(self, logits: str, mask: str, uniform: str) -> str:
        """Nucleus sampling by inverting the sorted cumulative distribution."""
        tempered = self.add("Div", self.add("Add", logits, mask), "temperature")
        likely = self.add("Softmax", tempered, axis=1)
        size = self.add("Slice", self.add("Shape", likely), self.shape(1), self.shape(2))
        ordered, codes = self.add("TopK", likely, size, count=2, axis=1)
        below = self.add("CumSum", ordered, self.constant(1, np.int64), exclusive=1)
        inside = self.add("Less", below, "top_p")
        reached = self.add("Where", inside, self.add("Add", below, ordered), self.constant(0.0))
        kept = self.add("ReduceMax", reached, self.shape(1), keepdims=1)
        passed = self.add("LessOrEqual", below, self.add("Mul", uniform, kept))
        rank = self.add(
            "ReduceSum", self.add("Cast", passed, to=onnx.TensorProto.INT64), self.shape(1), keepdims=1
        )
        rank = self.add("Sub", rank, self.constant(1, np.int64))
        code = self.add("GatherElements", codes, rank, axis=1)
        return str(self.add("Cast", code, to=onnx.TensorProto.INT32))
