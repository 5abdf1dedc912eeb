"""What a network's step carries from note to note: the tensors and the memory that its file asks for."""

from __future__ import annotations

from ...models.file.manifest import Memory, StateTensor
from ...models.file.step import UNUSED_POSITION
from ...train.network.shape import ANCHOR, DECAYS, Shape
from .sounding import STATE

SILENT = -1e6
"""Ticks that a pitch which never sounded has left to sound: its end is long past."""


def state_tensors(shape: Shape) -> tuple[StateTensor, ...]:
    """Return the tensors that a network's step carries from note to note."""
    config = shape.config
    heads = shape.memory_heads
    state: list[StateTensor] = []
    if config.cell == "transformer":
        state.append(StateTensor("held_key", (heads * config.key_size,)))
        state.append(StateTensor("held_value", (heads * config.value_size,)))
        state.append(StateTensor("held_position", (1,), "float32", UNUSED_POSITION))
    else:
        kinds = {"lstm": "hc", "gru": "h"}[config.cell]
        state += [StateTensor(f"{kind}{i}", (config.units,)) for i in range(config.layers) for kind in kinds]
        if heads and config.attention_values == "own":
            state.append(StateTensor("held_value", (heads * config.value_size,)))
    if config.relative_pitch:
        state.append(StateTensor("histogram", (12 * len(DECAYS),)))
        state.append(StateTensor("before", (1,), "int32", ANCHOR))
    if config.sounding or config.sounding_ahead:
        state.append(StateTensor("sounding", (STATE,), "float32", SILENT))
    if config.sounding_ahead:
        state.append(StateTensor("struck", (STATE,)))
    if config.voices:
        state.append(StateTensor("voices", (shape.parts,), "int32", ANCHOR))
    return tuple(state)


def memory_of(shape: Shape) -> Memory | None:
    """Return the attention memory's sizes, None for a network that has none."""
    if not shape.attends:
        return None
    config = shape.config
    return Memory(shape.memory_heads, config.key_size, config.value_size, config.memory)
