"""What the step graph reads before a first note: where every host of a model begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .manifest import Manifest
from .memory import empty_memory
from .step import inputs

Feed = dict[str, npt.NDArray[Any]]
"""Arrays by the name of the input, (row, ...)."""


def first_feed(manifest: Manifest, rows: int = 1, slots: int = 0) -> Feed:
    """Return the inputs of a first step that is free to choose, in the graph's order.

    The clock is at the start of a bar of 4/4, conditions are unknown, nothing is forced or masked,
    temperature and top-p are 1.

    Args:
        manifest: the model's.
        rows: the batch.
        slots: rows of the attention memory, the null row included; 0 for as many as it holds at most.
    """
    memory = manifest.memory
    sizes = {"batch": rows, "memory": slots or (memory.length + 1 if memory else 0)}
    feed = {
        port.name: np.zeros([s if isinstance(s, int) else sizes[s] for s in port.shape], port.dtype)
        for port in inputs(manifest)
    }
    feed["note"][:] = manifest.codec.begin()
    feed["clock"][:] = (0, 0, 4 * manifest.codec.ticks_per_beat)
    feed["forced"][:] = -1
    feed["temperature"][:] = feed["top_p"][:] = 1.0
    feed["uniform"][:] = 0.5
    for state in manifest.state:
        feed[state.name][:] = state.initial
    if memory is not None:
        feed |= empty_memory(memory, rows, sizes["memory"])
    return feed
