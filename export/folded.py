"""A network's weights as the constants of its step, and the tensors that the step carries over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..models.manifest import Memory, StateTensor
from ..models.step import MASKED
from ..train.network import NoteNetwork
from ..train.shape import ANCHOR, DECAYS, Shape

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Folded:
    """The step's constants."""

    table: Floats
    """(row, 4 × units + attention's values): what each categorical input adds."""
    offsets: npt.NDArray[np.int64]
    """First row of each column, (1, column)."""
    dense: tuple[Floats, ...]
    """Per layer: kernel over [other inputs, below, own h], (in, 4 × units), gates i f o | c."""
    biases: tuple[Floats, ...]
    """Per layer; the first one's is in the table."""
    project: Floats | None
    """(units, queries + keys); queries are scaled."""
    project_bias: Floats | None
    attention_bias: Floats | None
    """(head, row)."""


def _gates(kernel: Floats) -> Floats:
    """Reorder Keras' gates i, f, c, o to i, f, o, c, so that one sigmoid does three."""
    i, f, c, o = np.split(kernel, 4, axis=-1)
    return np.concatenate([i, f, o, c], axis=-1)


def fold(network: NoteNetwork) -> Folded:
    """Fold a network's weights into the step's constants."""
    shape = network.shape
    config, columns = shape.config, shape.columns()
    size = config.embedding
    kernels = [_gates(lstm.cell.kernel.numpy()) for lstm in network.lstms]
    recurrents = [_gates(lstm.cell.recurrent_kernel.numpy()) for lstm in network.lstms]
    biases = [_gates(lstm.cell.bias.numpy()) for lstm in network.lstms]
    values = config.attention_heads * config.value_size
    note_columns = shape.note_columns()
    rows, offsets, at = [], [], 0
    for index, (name, count) in enumerate(columns.items()):
        table = network.tables[name].numpy()
        folded = np.zeros((count, 4 * config.units + values), np.float32)
        folded[:, : 4 * config.units] = table @ kernels[0][index * size : (index + 1) * size]
        if values and name in note_columns:
            first = note_columns.index(name) * size
            folded[:, 4 * config.units :] = table @ network.value.kernel.numpy()[first : first + size]
        if name == "metre":
            folded[:, : 4 * config.units] += biases[0]
        rows.append(folded)
        offsets.append(at)
        at += count
    extra = kernels[0][len(columns) * size :]
    if config.relative_pitch:  # the graph keeps the two histograms side by side, class by class
        order = np.arange(12 * len(DECAYS)).reshape(len(DECAYS), 12).T.ravel()
        extra = np.concatenate([extra[order], extra[12 * len(DECAYS) :]])
    dense = [np.concatenate([extra, recurrents[0]])]
    dense += [np.concatenate([k, r]) for k, r in zip(kernels[1:], recurrents[1:], strict=True)]
    project = project_bias = attention_bias = None
    if values:
        scale = np.float32(1 / np.sqrt(config.key_size))
        query, key = network.query, network.key
        project = np.concatenate([query.kernel.numpy() * scale, key.kernel.numpy()], axis=1)
        project_bias = np.concatenate([query.bias.numpy() * scale, key.bias.numpy()])
        attention_bias = network.bias.numpy().T.copy()
        attention_bias[:, 0] = MASKED
    return Folded(
        np.concatenate(rows),
        np.array([offsets], np.int64),
        tuple(dense),
        tuple(biases),
        project,
        project_bias,
        attention_bias,
    )


def state_tensors(shape: Shape) -> tuple[StateTensor, ...]:
    """Return the tensors that a network's step carries from note to note."""
    config = shape.config
    state = [StateTensor(f"{kind}{i}", (config.units,)) for i in range(config.layers) for kind in "hc"]
    if config.relative_pitch:
        state.append(StateTensor("histogram", (12, len(DECAYS))))
        state.append(StateTensor("before", (1,), "int32", ANCHOR))
    if config.sounding:
        state.append(StateTensor("sounding", (128,)))
    if config.voices:
        state.append(StateTensor("voices", (shape.parts,), "int32", ANCHOR))
    return tuple(state)


def memory_of(shape: Shape) -> Memory | None:
    """Return the attention memory's sizes, None for a plain LSTM."""
    config = shape.config
    if not config.attention_heads:
        return None
    return Memory(config.attention_heads, config.key_size, config.value_size, config.memory)
