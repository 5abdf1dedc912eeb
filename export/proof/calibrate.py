"""What values a step graph's activations take, by letting it read and write music."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper

from ...models.file.manifest import Manifest
from ..conversion.quantise import Range, products
from .choices import choose
from .replay import Passage, Replay, session

CHOSEN_STEPS = 500
"""Notes that the graph chooses in each of several circumstances, temperatures and masks among them."""
_ENDS = ("ReduceMin", "ReduceMax")


class _Watched:
    """A session that keeps the least and the greatest of some tensors of every run."""

    def __init__(self, model: onnx.ModelProto, tensors: list[str]) -> None:
        watching = onnx.ModelProto()
        watching.CopyFrom(model)
        for name in tensors:
            for end in _ENDS:
                found = f"{name}/{end}"
                watching.graph.node.append(helper.make_node(end, [name], [found], keepdims=0))
                watching.graph.output.append(helper.make_tensor_value_info(found, TensorProto.FLOAT, []))
        self._session = session(watching.SerializeToString())
        self._outputs = self._session.get_outputs()[: len(model.graph.output)]
        self.ranges = dict.fromkeys(tensors, Range())

    def get_outputs(self) -> Any:
        """Return the outputs that the graph has by itself."""
        return self._outputs

    def run(self, names: list[str] | None, feed: dict[str, Any]) -> list[Any]:
        """Run the graph; ``names`` are None for all outputs."""
        if names is not None:
            return list(self._session.run(names, feed))
        out = self._session.run(None, feed)
        own = len(self._outputs)
        for name, low, high in zip(self.ranges, out[own::2], out[own + 1 :: 2], strict=True):
            self.ranges[name] = self.ranges[name].with_values(float(low), float(high))
        return list(out[:own])


def find_ranges(model: onnx.ModelProto, manifest: Manifest, passages: list[Passage]) -> dict[str, Range]:
    """Return what the first input of each product takes that :func:`.conversion.quantise.quantise` replaces.

    Args:
        model: the float32 graph.
        manifest: its manifest.
        passages: music to read, which no figure is measured on.
    """
    watched = _Watched(model, sorted({node.input[0] for node in products(model)}))
    replay = Replay(watched, manifest)
    for passage in passages:
        replay.log_probs(passage)
    choose(replay, CHOSEN_STEPS, seed=1)
    return watched.ranges
