"""The layers of the step graph: LSTM, GRU, attention over the memory, and a Transformer's blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.file.step import POSITION_STRIDE
from ...train.backend import tf
from ...train.config.sections import NetworkConfig
from ...train.network.shape import BEAT_BIASES, BIASES
from .folded import BlockWeights, Floats, Folded, LayerWeights, Norm
from .lookups import columns_of


class MemoryBias:
    """What the memory's rows add to their scores by their distance from the step.

    Args:
        inputs: the step's, of which it reads the clock.
        folded: the step's constants, of which it reads the tables of both biases.
        ticks_per_beat: the codec's grid.
    """

    def __init__(self, inputs: Any, folded: Folded, ticks_per_beat: int) -> None:
        self.folded, self.ticks_per_beat = folded, ticks_per_beat
        clock = tf.cast(inputs["clock"], tf.float32)
        stride = np.array([[POSITION_STRIDE], [1], [0]], np.float32)
        self.now = tf.matmul(clock, stride)
        self.bar_ticks = tf.matmul(clock, np.array([[0], [0], [1]], np.float32))

    def bias(self, positions: Any) -> Any:
        """Return what the distance of rows (batch, row) adds to their scores, (batch, head, 1, row)."""
        apart = self.now - positions
        found = None
        if self.folded.bars_bias is not None:
            bars = apart * np.float32(1 / POSITION_STRIDE)
            code = tf.clip_by_value(tf.floor(bars) + tf.math.ceil(bars), -1.0, BIASES - 2.0)
            found = self._rows(self.folded.bars_bias, code)
        if self.folded.beats_bias is not None:
            bars = tf.floor(apart * np.float32(1 / POSITION_STRIDE) + 0.5)
            ticks = bars * (self.bar_ticks - POSITION_STRIDE) + apart
            beats = tf.floor(ticks * np.float32(1 / self.ticks_per_beat) + np.float32(1e-4))
            code = tf.clip_by_value(beats, -1.0, BEAT_BIASES - 2.0)
            by_beat = self._rows(self.folded.beats_bias, code)
            found = by_beat if found is None else found + by_beat
        return found

    def _rows(self, table: Floats, code: Any) -> Any:
        index = tf.expand_dims(tf.expand_dims(tf.cast(code, tf.int64), 1), 1)
        return columns_of(table, index, first=-1)


def run_recurrent(config: NetworkConfig, folded: Folded, inputs: Any, read: Any, dense: list[Any],
                  attend: Any, out: Any) -> Any:  # fmt: skip
    """Run the recurrent layers; return the last one's output.

    Args:
        read: what the categorical inputs add to the first layer's gates.
        dense: the other inputs.
        attend: ``attend(layer, h)`` adds attention where it has its place.
    """
    below: list[Any] = dense
    x = None
    for i, layer in enumerate(folded.layers):
        added = read if i == 0 else layer.bias
        if layer.recurrent is None:
            z = _product([*below, inputs[f"h{i}"]], layer.kernel) + added
            y = _lstm(config.units, z, i, inputs, out)
        else:
            z = _product(below, layer.kernel) + added if below else added
            y = _gru(config.units, z, layer.recurrent, i, inputs, out)
        y = _normed(y, layer)
        if config.residual and x is not None:
            y += x[:, : config.units] if x.shape[1] != config.units else x
        x = attend(i, y)
        below = [x]
    return x


def _product(parts: list[Any], kernel: Floats) -> Any:
    return tf.matmul(tf.concat(parts, axis=1) if len(parts) > 1 else parts[0], tf.constant(kernel))


def _lstm(units: int, z: Any, i: int, inputs: Any, out: Any) -> Any:
    gates, candidate = tf.split(z, [3 * units, units], axis=1)
    enter, keep, leave = tf.split(tf.sigmoid(gates), 3, axis=1)
    c = keep * inputs[f"c{i}"] + enter * tf.tanh(candidate)
    h = leave * tf.tanh(c)
    out[f"h{i}_out"], out[f"c{i}_out"] = h, c
    return h


def _gru(units: int, z: Any, recurrent: tuple[Floats, Floats], i: int, inputs: Any, out: Any) -> Any:
    before = inputs[f"h{i}"]
    gates, entering = tf.split(z, [2 * units, units], axis=1)
    own_gates, carried = tf.split(tf.matmul(before, recurrent[0]) + recurrent[1], [2 * units, units], axis=1)
    keep, reset = tf.split(tf.sigmoid(gates + own_gates), 2, axis=1)
    candidate = tf.tanh(entering + reset * carried)
    h = candidate + keep * (before - candidate)
    out[f"h{i}_out"] = h
    return h


def _normed(y: Any, layer: LayerWeights) -> Any:
    return y if layer.norm is None else normalise(y, layer.norm)


def normalise(x: Any, norm: Norm) -> Any:
    """Return layer normalisation of (batch, width).

    Means are products with a constant: ONNX Runtime's ReduceMean adds up in another order in other batches.
    """
    width = int(norm.gain.shape[0])
    mean = np.full((width, 1), 1 / width, np.float32)
    centred = x - tf.matmul(x, mean)
    spread = tf.matmul(centred * centred, mean)
    return centred * (norm.gain / tf.sqrt(spread + np.float32(norm.epsilon))) + norm.shift


def attend(config: NetworkConfig, folded: Folded, inputs: Any, h: Any, memory: MemoryBias, out: Any) -> Any:
    """Return what the induction head reads from the memory, (batch, heads × value size)."""
    heads, size = config.attention_heads, config.key_size
    query, key = tf.split(tf.matmul(h, folded.project) + folded.project_bias, 2, axis=1)
    out["key"] = tf.reshape(key, [-1, heads, size])
    scores = tf.matmul(tf.reshape(query, [-1, heads, 1, size]), inputs["memory_keys"])
    bias = memory.bias(inputs["memory_positions"])
    found = tf.matmul(tf.nn.softmax(scores + bias), inputs["memory_values"])
    return tf.reshape(found, [-1, heads * config.value_size])


def run_transformer(config: NetworkConfig, folded: Folded, inputs: Any, x: Any, memory: MemoryBias,
                    out: Any) -> Any:  # fmt: skip
    """Run a Transformer's blocks from their input (batch, units); return the normalised output.

    A row of the memory is complete one step late (the contract is made for values that follow), so the
    last step's keys and values are carried over as state, and attention reads memory, last step, this step.
    """
    blocks, heads = len(folded.blocks), config.attention_heads
    held_keys = tf.split(inputs["held_key"], blocks, axis=1)
    held_values = tf.split(inputs["held_value"], blocks, axis=1)
    memory_keys = tf.split(inputs["memory_keys"], blocks, axis=1)
    memory_values = tf.split(inputs["memory_values"], blocks, axis=1)
    recent = tf.concat([inputs["held_position"], memory.now], axis=1)
    biases = tf.concat([memory.bias(inputs["memory_positions"]), memory.bias(recent)], axis=3)
    per_block = tf.split(biases, blocks, axis=1)
    keys, values = [], []
    for i, block in enumerate(folded.blocks):
        widths = [heads * config.key_size, heads * config.key_size, heads * config.value_size]
        y = normalise(x, block.norms[0])
        query, key, value = tf.split(tf.matmul(y, block.project[0]) + block.project[1], widths, axis=1)
        keys.append(key)
        values.append(value)
        rows = (held_keys[i], key), (held_values[i], value), memory_keys[i], memory_values[i]
        x += _read(config, query, rows, per_block[i], block)
        y = tf.nn.relu(tf.matmul(normalise(x, block.norms[1]), block.widen[0]) + block.widen[1])
        x += tf.matmul(y, block.narrow[0]) + block.narrow[1]
    out["held_key_out"], out["held_value_out"] = tf.concat(keys, axis=1), tf.concat(values, axis=1)
    out["held_position_out"] = memory.now
    out["key"] = tf.reshape(out["held_key_out"], [-1, blocks * heads, config.key_size])
    out["value"] = tf.reshape(inputs["held_value"], [-1, blocks * heads, config.value_size])
    assert folded.norm is not None
    return normalise(x, folded.norm)


def _read(config: NetworkConfig, query: Any, rows: Any, bias: Any, block: BlockWeights) -> Any:
    """Return what one block's attention adds, (batch, units)."""
    heads, key_size, value_size = config.attention_heads, config.key_size, config.value_size
    held_and_own_keys, held_and_own_values, memory_keys, memory_values = rows
    query = tf.reshape(query, [-1, heads, 1, key_size])
    recent_keys = tf.concat([tf.reshape(k, [-1, heads, key_size, 1]) for k in held_and_own_keys], axis=3)
    recent_values = tf.concat(
        [tf.reshape(v, [-1, heads, 1, value_size]) for v in held_and_own_values], axis=2
    )
    scores = tf.concat([tf.matmul(query, memory_keys), tf.matmul(query, recent_keys)], axis=3)
    weights = tf.nn.softmax(scores + bias)
    found = tf.matmul(weights[..., :-2], memory_values) + tf.matmul(weights[..., -2:], recent_values)
    found = tf.reshape(found, [-1, heads * value_size])
    return tf.matmul(found, block.out[0]) + block.out[1]
