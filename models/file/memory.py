"""The attention memory that a host keeps between runs of the step graph: how it begins, and how it grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .manifest import Memory
from .step import NULL_POSITION, UNUSED_POSITION

Array = npt.NDArray[Any]


def empty_memory(memory: Memory, rows: int, slots: int) -> dict[str, Array]:
    """Return the memory of a first step, by input: nothing but the null row, at slot 0 of ``slots``."""
    positions = np.full((rows, slots), UNUSED_POSITION, np.float32)
    positions[:, 0] = NULL_POSITION
    return {
        "memory_keys": np.zeros((rows, memory.heads, memory.key_size, slots), np.float32),
        "memory_values": np.zeros((rows, memory.heads, slots, memory.value_size), np.float32),
        "memory_positions": positions,
    }


def remember(
    memory: tuple[Array, Array, Array],
    rows: int | slice,
    steps: int,
    key: Array,
    value: Array,
    position: Array | Sequence[float] | float,
) -> None:
    """Write what a step handed out into the memory.

    The slots after the null row are a ring. A step's key waits in its slot, attended to by none, until the
    next step has handed out the value that belongs to it.

    Args:
        memory: keys, values and positions, each (row, ...), which are changed.
        rows: those that took the step; an index is quicker than a slice of one.
        steps: how many each of them had taken before it.
        key: of the step, of those rows.
        value: for the step before.
        position: of the note that the step before read, bar × POSITION_STRIDE + tick in bar.
    """
    keys, values, positions = memory
    ring = positions.shape[1] - 1
    slot = 1 + steps % ring
    positions[rows, slot] = UNUSED_POSITION
    keys[rows, :, :, slot] = key
    if steps:  # before its first note a row has no step to complete: slot 0 would be overwritten
        before = 1 + (steps - 1) % ring
        values[rows, :, before] = value
        positions[rows, before] = position
