"""A network's weights as the constants of its step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.file.step import MASKED
from ...train.config.sections import NetworkConfig
from ...train.network.network import NoteNetwork
from ...train.network.shape import Shape

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Folded:
    """The step's constants."""

    table: Floats
    """(row, first layer's width + attention's values): what each categorical input adds."""
    offsets: npt.NDArray[np.int64]
    """First row of each column, (1, column)."""
    first: Floats
    """The first layer's kernel over the inputs that are not categorical, (in, width)."""
    layers: tuple[LayerWeights, ...]
    """Recurrent layers; of a Transformer none."""
    blocks: tuple[BlockWeights, ...]
    """A Transformer's blocks; none of a recurrent network."""
    norm: Norm | None
    """A Transformer's last."""
    project: Floats | None
    """(units, queries + keys) of the induction head; queries are scaled."""
    project_bias: Floats | None
    bars_bias: Floats | None
    """(code, head) of the bias by bars."""
    beats_bias: Floats | None
    """(code, head) of the bias by beats."""


@dataclass(frozen=True)
class Norm:
    """Layer normalisation."""

    gain: Floats
    shift: Floats
    epsilon: float


@dataclass(frozen=True)
class LayerWeights:
    """A recurrent layer."""

    kernel: Floats
    """Of an LSTM over [other inputs or the layer below, own h], (in, 4 × units): gates i f o | c; of a GRU
    over the other inputs or the layer below alone, (in, 3 × units): update, reset, candidate."""
    bias: Floats
    """(4 or 3 × units,); the first layer's is in the table."""
    recurrent: tuple[Floats, Floats] | None
    """Of a GRU: kernel over own h (units, 3 × units), and its bias."""
    norm: Norm | None


@dataclass(frozen=True)
class BlockWeights:
    """A Transformer's block."""

    norms: tuple[Norm, Norm]
    project: tuple[Floats, Floats]
    """Kernel and bias of queries (scaled), keys and values, side by side."""
    out: tuple[Floats, Floats]
    widen: tuple[Floats, Floats]
    narrow: tuple[Floats, Floats]


def _norm(layer: Any) -> Norm:
    return Norm(layer.gamma.numpy(), layer.beta.numpy(), float(layer.epsilon))


def _dense(layer: Any) -> tuple[Floats, Floats]:
    return layer.kernel.numpy(), layer.bias.numpy()


def _lstm(cell: Any) -> tuple[Floats, Floats, Floats]:
    """Return kernel, recurrent kernel and bias, Keras' gates i, f, c, o as i, f, o, c.

    So one sigmoid does three.
    """

    def ordered(weights: Floats) -> Floats:
        i, f, c, o = np.split(weights, 4, axis=-1)
        return np.concatenate([i, f, o, c], axis=-1)

    weights = (cell.kernel, cell.recurrent_kernel, cell.bias)
    kernel, recurrent, bias = (ordered(w.numpy()) for w in weights)
    return kernel, recurrent, bias


def _gru(cell: Any) -> tuple[Floats, Floats, Floats]:
    """Return kernel, recurrent kernel and two biases, (2, 3 × units); that of the gates is in the first."""
    bias = cell.bias.numpy().copy()
    gates = slice(0, 2 * cell.units)
    bias[0, gates] += bias[1, gates]
    bias[1, gates] = 0.0
    return cell.kernel.numpy(), cell.recurrent_kernel.numpy(), bias


def _layer(
    config: NetworkConfig, kernel: Floats, recurrent: Floats, bias: Floats, norm: Norm | None
) -> LayerWeights:
    """Return a layer; a GRU's reset gate needs h's share of the candidate alone, so h has its own product."""
    if config.cell == "gru":
        return LayerWeights(kernel, bias[0], (recurrent, bias[1]), norm)
    return LayerWeights(np.concatenate([kernel, recurrent]), bias, None, norm)


def fold(network: NoteNetwork) -> Folded:
    """Fold a network's weights into the step's constants."""
    shape = network.shape
    config = shape.config
    layers: list[LayerWeights] = []
    blocks: tuple[BlockWeights, ...] = ()
    norm = value = project = project_bias = None
    if config.cell == "transformer":
        kernel, bias = _dense(network.transformer.input)
        blocks = tuple(_block(block) for block in network.transformer.blocks)
        norm = _norm(network.transformer.norm)
        first = _dense_rows(shape, kernel)
    else:
        read = {"lstm": _lstm, "gru": _gru}[config.cell]
        weights = [read(layer.cell) for layer in network.recurrent.layers]
        kernel, recurrent, bias = weights[0]
        norms: list[Norm | None] = [_norm(n) for n in network.recurrent.norms]
        norms = norms or [None] * config.layers
        first = _dense_rows(shape, kernel)
        layers = [_layer(config, first, recurrent, bias, norms[0])]
        layers += [_layer(config, *w, n) for w, n in zip(weights[1:], norms[1:], strict=True)]
        bias = layers[0].bias
        if config.attention_heads:
            value = network.induction.value.kernel.numpy()
            scale = np.float32(1 / np.sqrt(config.key_size))
            query, key = _dense(network.induction.query), _dense(network.induction.key)
            project = np.concatenate([query[0] * scale, key[0]], axis=1)
            project_bias = np.concatenate([query[1] * scale, key[1]])
    table, offsets = _table(network, kernel, bias, value)
    tables = (network.bias.bars, network.bias.beats) if shape.attends else (None, None)
    bars, beats = (None if t is None else _bias_rows(t) for t in tables)
    return Folded(table, offsets, first, tuple(layers), blocks, norm, project, project_bias, bars, beats)


def _bias_rows(table: Any) -> Floats:
    rows: Floats = table.numpy().copy()
    rows[0] = MASKED
    return rows


def _table(
    network: NoteNetwork, kernel: Floats, bias: Floats, value: Floats | None
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return every categorical input's table through the first layer's kernel, and where each begins."""
    shape, size = network.shape, network.shape.config.embedding
    width, values = kernel.shape[1], 0 if value is None else value.shape[1]
    note_columns = shape.note_columns()
    rows, offsets, at = [], [], 0
    for index, (name, count) in enumerate(shape.columns().items()):
        table = network.tables[name].numpy()
        folded = np.zeros((count, width + values), np.float32)
        folded[:, :width] = table @ kernel[index * size : (index + 1) * size]
        if value is not None and name in note_columns:
            first = note_columns.index(name) * size
            folded[:, width:] = table @ value[first : first + size]
        if not index:
            folded[:, :width] += bias
        rows.append(folded)
        offsets.append(at)
        at += count
    return np.concatenate(rows), np.array([offsets], np.int64)


def _dense_rows(shape: Shape, kernel: Floats) -> Floats:
    """Return the kernel's rows for the inputs that are not categorical."""
    return kernel[len(shape.columns()) * shape.config.embedding :]


def _block(block: Any) -> BlockWeights:
    scale = np.float32(1 / np.sqrt(block.config.key_size))
    query, key, value = (_dense(layer) for layer in (block.query, block.key, block.value))
    project = np.concatenate([query[0] * scale, key[0], value[0]], axis=1)
    bias = np.concatenate([query[1] * scale, key[1], value[1]])
    return BlockWeights(
        (_norm(block.norms[0]), _norm(block.norms[1])),
        (project, bias),
        _dense(block.out),
        _dense(block.widen),
        _dense(block.narrow),
    )
