"""Attention over earlier steps: the induction head of the recurrent networks, and a Transformer's block.

Positions are bar × POSITION_STRIDE + tick in bar. A learned bias a head knows how many bars (and whether
on the same place of the bar) or how many beats apart two steps are. A null row, the bias's last one, is
there to be looked at when nothing fits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.file.step import MASKED, POSITION_STRIDE
from ..backend import keras, tf
from ..config.sections import NetworkConfig
from .shape import BEAT_BIASES, BIASES, Batch, beat_code, bias_code


class Windows:
    """The steps of a batch in windows, where a piece is so long that no step sees all of it.

    A step looks back ``memory`` steps, so a window of that many and the one before it hold all that its
    steps see. Scores then need memory in proportion to a piece's length, not to its square.

    Args:
        clock: (batch, step, 3).
        memory: how many steps back a step looks.
    """

    def __init__(self, clock: Any, memory: int) -> None:
        length = clock.shape[1]
        self.clock, self.memory = clock, memory
        self.whole = length is not None and length <= 2 * memory
        """Known to be one window: nothing is cut, and nothing copied."""
        self.steps = tf.shape(clock)[1]
        self.width = tf.where(self.steps <= 2 * memory, self.steps, memory)
        self.count = -(-self.steps // self.width)
        self.before = tf.where(self.count > 1, self.width, 0)
        """Steps of the window before that are looked at."""

    def rows(self, x: Any) -> Any:
        """Return steps that look, (batch, step, size) as (batch × window, width, size)."""
        if self.whole:
            return x
        return self._cut(tf.pad(x, [[0, 0], [0, self.count * self.width - self.steps], [0, 0]]))

    def columns(self, x: Any) -> Any:
        """Return steps to look at, (batch, step, size) as (batch × window, before + width, size)."""
        if self.whole:
            return x
        end = self.count * self.width
        x = tf.pad(x, [[0, 0], [self.before, end - self.steps], [0, 0]])
        pairs = tf.concat([self._cut(x[:, :end]), self._cut(x[:, self.before :])], axis=1)
        return pairs[:, self.width - self.before :]

    def seen(self, nearest: int) -> Any:
        """Return which columns a row may look at, from ``nearest`` steps ago on; (…, row, column) bool."""
        columns = tf.range(self.before + self.width)
        ago = columns[self.before :, None] - columns[None, :]
        near = (ago >= nearest) & (ago <= self.memory)
        if self.whole:
            return near
        window = tf.range(tf.shape(self.clock)[0] * self.count) % self.count
        there = window[:, None] * self.width + columns[None, :] >= self.before
        return near & there[:, None, None, :]

    def joined(self, x: Any) -> Any:
        """Return what rows have read, (batch × window, width, size) as (batch, step, size)."""
        if self.whole:
            return x
        return tf.reshape(x, [-1, self.count * self.width, x.shape[2]])[:, : self.steps]

    def _cut(self, x: Any) -> Any:
        return tf.reshape(x, [-1, self.width, x.shape[2]])


class RelativeBias:
    """What two steps' distance in bars, in beats or in both adds to their score.

    Args:
        add_weight: ``add_weight(name, rows, width)`` makes a table of the network's.
        heads: over all blocks.
    """

    def __init__(self, config: NetworkConfig, add_weight: Any, heads: int, ticks_per_beat: int) -> None:
        self.ticks_per_beat = ticks_per_beat
        kinds = {"bars": ("bars",), "beats": ("beats",), "both": ("bars", "beats")}[config.attention_position]
        self.bars = add_weight("attention_bias", BIASES, heads) if "bars" in kinds else None
        self.beats = add_weight("attention_beats", BEAT_BIASES, heads) if "beats" in kinds else None

    def between(self, windows: Windows) -> Any:
        """Return the bias of every step (row) for every other (column), (…, head, row, column)."""
        clock = windows.clock
        position = tf.cast(clock[..., 0] * POSITION_STRIDE + clock[..., 1], tf.float32)[..., None]
        apart = windows.rows(position) - tf.transpose(windows.columns(position), [0, 2, 1])
        found: Any = 0.0
        if self.bars is not None:
            found += _rows(self.bars, bias_code(apart))
        if self.beats is not None:
            bar = windows.rows(tf.cast(clock[..., 2:], tf.float32))
            found += _rows(self.beats, beat_code(apart, bar, self.ticks_per_beat))
        return tf.transpose(found, [0, 3, 1, 2])

    def null(self) -> Any:
        """Return the score of the null row, (head,)."""
        tables = [t for t in (self.bars, self.beats) if t is not None]
        return tf.cast(tf.add_n([t[-1] for t in tables]), tf.float32)


def _rows(table: Any, code: Any) -> Any:
    """Return the rows of codes; what seems to lie ahead, code 0, is hidden as it is in the step graph.

    An earlier note seems to where bars are longer than POSITION_STRIDE ticks, and to a bias by beats where
    a shorter bar follows a longer one.
    """
    hidden = tf.fill([1, table.shape[1]], np.float32(MASKED))
    return tf.gather(tf.concat([hidden, tf.cast(table[1:], tf.float32)], axis=0), code)


def split_heads(x: Any, heads: int, size: int) -> Any:
    """Return (batch, step, heads × size) as (batch, head, step, size)."""
    return tf.transpose(tf.reshape(x, [-1, tf.shape(x)[1], heads, size]), [0, 2, 1, 3])


def read_memory(query: Any, key: Any, value: Any, bias: Any, null: Any, seen: Any) -> Any:
    """Return what every row reads, (batch, row, heads × size).

    Args:
        query: (batch, head, row, size), key and value (batch, head, column, size).
        bias: (batch, head, row, column).
        null: the null row's score, (head,).
        seen: which steps (column) a step (row) may look at, (…, row, column) bool.
    """
    scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32) / np.sqrt(query.shape[-1])
    scores = tf.where(seen, scores + bias, MASKED)
    nothing = tf.broadcast_to(null[None, :, None, None], tf.shape(scores[..., :1]))
    weights = tf.nn.softmax(tf.concat([scores, nothing], axis=-1))[..., :-1]
    out = tf.transpose(tf.matmul(tf.cast(weights, value.dtype), value), [0, 2, 1, 3])
    return tf.reshape(out, [-1, tf.shape(out)[1], value.shape[1] * value.shape[3]])


class Induction:
    """Attention whose values are the notes that followed the steps which resemble this one.

    The query is the state before the next note, the keys are the states before earlier notes, and the
    values the notes that followed them (strictly past). With ``attention_values = "own"`` a value is the
    note that its own step read, as in plain attention.
    """

    def __init__(self, config: NetworkConfig, bias: RelativeBias) -> None:
        self.config, self.bias = config, bias
        heads = config.attention_heads
        self.query = keras.layers.Dense(heads * config.key_size, name="query")
        self.key = keras.layers.Dense(heads * config.key_size, name="key")
        self.value = keras.layers.Dense(heads * config.value_size, use_bias=False, name="value")

    def __call__(self, h: Any, note: Any, batch: Batch) -> Any:
        """Return what was read, (batch, step, heads × value_size).

        Args:
            h: the state of the layer below, (batch, step, units).
            note: the embedded note that each step read, (batch, step, width).
        """
        config, heads = self.config, self.config.attention_heads
        windows = Windows(batch["clock"], config.memory)
        value = self.value(note)
        if config.attention_values == "next":
            value = tf.concat([value[:, 1:], tf.zeros_like(value[:, :1])], axis=1)
        query = split_heads(windows.rows(self.query(h)), heads, config.key_size)
        key = split_heads(windows.columns(self.key(h)), heads, config.key_size)
        value = split_heads(windows.columns(value), heads, config.value_size)
        bias, null = self.bias.between(windows), self.bias.null()
        return windows.joined(read_memory(query, key, value, bias, null, windows.seen(2)))


@keras.saving.register_keras_serializable("antiphon")
class Block(keras.layers.Layer):
    """A block of a Transformer's decoder: x + attention(norm(x)), then x + feed-forward(norm(x)).

    Norms come first (Xiong et al. 2020, "On layer normalization in the transformer architecture").
    """

    def __init__(self, config: NetworkConfig, **kwargs: Any) -> None:
        # Scores and their biases stay float32 under mixed precision; Keras would cast what is handed in.
        super().__init__(autocast=False, **kwargs)
        heads = config.attention_heads
        self.config = config
        self.norms = [keras.layers.LayerNormalization(epsilon=1e-5, name=f"norm{i}") for i in range(2)]
        self.query = keras.layers.Dense(heads * config.key_size, name="query")
        self.key = keras.layers.Dense(heads * config.key_size, name="key")
        self.value = keras.layers.Dense(heads * config.value_size, name="value")
        self.out = keras.layers.Dense(config.units, name="out")
        self.widen = keras.layers.Dense(4 * config.units, activation="relu", name="widen")
        self.narrow = keras.layers.Dense(config.units, name="narrow")
        self.dropout = keras.layers.Dropout(config.dropout)

    def call(self, x: Any, clock: Any, bias: Any, null: Any, training: bool = False) -> Any:
        """Return the next (batch, step, units); bias and null are this block's heads'."""
        config, heads = self.config, self.config.attention_heads
        windows = Windows(clock, config.memory)
        y = self.norms[0](x)
        query = split_heads(windows.rows(self.query(y)), heads, config.key_size)
        key = split_heads(windows.columns(self.key(y)), heads, config.key_size)
        value = split_heads(windows.columns(self.value(y)), heads, config.value_size)
        read = windows.joined(read_memory(query, key, value, bias, null, windows.seen(0)))
        read = self.out(read)
        x = x + self.dropout(read, training=training)
        y = self.narrow(self.widen(self.norms[1](x)))
        return x + self.dropout(y, training=training)
