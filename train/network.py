"""The compound-note LSTM with attention: one step a note, fields chosen by the chain rule.

The input of step t is note t (step 0 reads the codes that stand before the first note); its output is
the distribution of note t + 1, field by field. Shapes are (batch, step, ...).

Attention is by induction: the query is the state before the next note, the keys are the states before
earlier notes, and the values are the notes that followed them (strictly past). A learned bias knows how
many bars apart two steps are and whether they fall on the same place in the bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..models.codec import Codec, FieldName
from ..models.step import MASKED, POSITION_STRIDE, REMAINING_BUCKETS
from .config import NetworkConfig

REACH = 36
"""Intervals beyond ±36 semitones share a code at either end."""
INTERVALS = 2 * REACH + 3
ANCHOR = 64
"""The pitch that intervals count from before the first note."""
PLACES = 192
"""Places in the bar, in ticks, that have a code of their own."""
REGISTERS = 22
BARS_APART = 65
BIASES = 2 * BARS_APART + 3
"""Rows of the attention bias: 0 for what lies ahead, then two a bar (same place, another place)."""
DECAYS = (0.85, 0.985)
"""Of the two pitch-class histograms, a note."""

Batch = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the network's tensors."""

    codec: Codec
    metres: int
    """Metres learnt; the condition has one code more."""
    config: NetworkConfig

    @property
    def parts(self) -> int:
        """How many parts the codec tells apart."""
        return self.codec["part"].size if "part" in self.codec.names else 1

    def columns(self) -> dict[str, int]:
        """Return the categorical inputs of a step and their sizes, in order."""
        columns: dict[str, int] = {f.name: f.inputs for f in self.codec.fields if f.name != "pitch"}
        if self.config.relative_pitch:
            columns |= {"interval": INTERVALS, "register": REGISTERS}
        else:
            columns["pitch"] = self.codec["pitch"].inputs
        columns |= {"place": PLACES, "metre": self.metres + 1, "remaining": REMAINING_BUCKETS}
        if self.config.voices:
            columns |= {f"voice{p}": INTERVALS for p in range(self.parts)}
        return columns

    def note_columns(self) -> list[str]:
        """Return the columns that describe the note itself: what attention's values hold."""
        return [c for c in self.columns() if c in self.codec.names or c == "interval"]

    @property
    def dense_inputs(self) -> int:
        """Width of the inputs that are not categorical."""
        return (12 * len(DECAYS) if self.config.relative_pitch else 0) + (
            2 * INTERVALS if self.config.sounding else 0
        )


def pitch_values(codec: Codec) -> np.ndarray:
    """Return the pitch of each input code, the anchor for the codes before the first note."""
    return np.array([*codec["pitch"].values, ANCHOR], dtype=np.int32)


def tick_values(codec: Codec, name: FieldName) -> np.ndarray:
    """Return the ticks of each input code of delta or duration, 0 for the codes past the table."""
    f = codec[name]
    return np.array([*f.values, *[0] * (f.inputs - len(f.values))], dtype=np.float32)


def interval_code(pitch: Any, reference: Any) -> Any:
    """Return the code of the interval from ``reference`` to ``pitch``, both int tensors."""
    return tf.clip_by_value(pitch - reference, -REACH - 1, REACH + 1) + (REACH + 1)


@keras.saving.register_keras_serializable("antiphon")
class NoteNetwork(keras.Model):
    """See the module's text. Call it with a batch; it returns {field: logits (batch, step, code)}."""

    def __init__(self, shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = shape
        config, codec = shape.config, shape.codec
        size = config.embedding
        self.tables = {
            name: self._table(f"table_{name}", rows, size) for name, rows in shape.columns().items()
        }
        self.input_dropout = keras.layers.Dropout(config.embedding_dropout)
        self.lstms = [
            keras.layers.LSTM(config.units, return_sequences=True, name=f"lstm{i}")
            for i in range(config.layers)
        ]
        self.dropouts = [keras.layers.Dropout(config.dropout) for _ in range(config.layers)]
        heads = config.attention_heads
        if heads:
            self.query = keras.layers.Dense(heads * config.key_size, name="query")
            self.key = keras.layers.Dense(heads * config.key_size, name="key")
            self.value = keras.layers.Dense(heads * config.value_size, use_bias=False, name="value")
            self.bias = self._table("attention_bias", BIASES, heads, stddev=0.0)
        self.trunk = keras.layers.Dense(config.head_units * len(codec.fields), name="trunk")
        self.head_dropout = keras.layers.Dropout(config.dropout)
        self.heads: dict[str, keras.layers.Dense] = {}
        self.given: dict[str, Any] = {}
        for i, f in enumerate(codec.fields):
            rest = config.head_units * (len(codec.fields) - 1 - i)
            if rest:
                self.given[f.name] = self._table(f"given_{f.name}", self._given_rows(f.name), rest, 0.05)
            if f.name == "delta" and rest:
                self.given["place"] = self._table("given_place", PLACES, rest, 0.05)
            self.heads[f.name] = keras.layers.Dense(self._logits(f.name), name=f"head_{f.name}")
        if config.voices:
            rest = config.head_units * (len(codec.fields) - 1 - codec.names.index("part"))
            self.given["voice"] = self._table("given_voice", INTERVALS, rest, 0.05)
            self.voice_head = keras.layers.Dense(INTERVALS, use_bias=False, name="head_voice")

    def _table(self, name: str, rows: int, width: int, stddev: float = 0.1) -> Any:
        initializer: Any = keras.initializers.RandomNormal(stddev=stddev) if stddev else "zeros"
        return self.add_weight(name=name, shape=(rows, width), initializer=initializer)

    def _given_rows(self, name: FieldName) -> int:
        if name == "pitch" and self.shape.config.relative_pitch:
            return INTERVALS
        return self.shape.codec[name].size

    def _logits(self, name: FieldName) -> int:
        if name == "pitch" and self.shape.config.relative_pitch:
            return INTERVALS
        return self.shape.codec[name].size

    def call(self, batch: Batch, training: bool = False) -> dict[str, Any]:
        """Return the logits of every field at every step, for the targets in ``batch``."""
        facts = self._facts(batch)
        embedded = {name: tf.gather(self.tables[name], code) for name, code in facts["columns"].items()}
        x = tf.concat([self._computed(part) for part in (*embedded.values(), *facts["dense"])], axis=-1)
        x = self.input_dropout(x, training=training)
        for lstm, dropout in zip(self.lstms, self.dropouts, strict=True):
            x = dropout(lstm(x, training=training), training=training)
        if self.shape.config.attention_heads:
            note = tf.concat([embedded[name] for name in self.shape.note_columns()], axis=-1)
            x = tf.concat([x, self._attend(x, note, batch)], axis=-1)
        return self._choose(self.trunk(x), batch, facts, training)

    def _computed(self, x: Any) -> Any:
        """Return ``x`` in the type that layers compute in: bfloat16 under mixed precision."""
        return tf.cast(x, self.compute_dtype)

    def _facts(self, batch: Batch) -> dict[str, Any]:
        """Return what the codes say: categorical columns, dense inputs, pitches and places."""
        codec, config = self.shape.codec, self.shape.config
        note, clock = batch["note"], batch["clock"]
        column = {name: note[..., i] for i, name in enumerate(codec.names)}
        pitch = tf.gather(tf.constant(pitch_values(codec)), column["pitch"])
        before = tf.concat([tf.fill(tf.shape(pitch[:, :1]), ANCHOR), pitch[:, :-1]], axis=1)
        columns: dict[str, Any] = {name: c for name, c in column.items() if name != "pitch"}
        dense: list[Any] = []
        if config.relative_pitch:
            columns |= {"interval": interval_code(pitch, before), "register": pitch // 6}
            dense.append(self._histograms(column["pitch"], pitch))
        else:
            columns["pitch"] = column["pitch"]
        columns["place"] = tf.minimum(clock[..., 1], PLACES - 1)
        columns["metre"] = batch["conditions"][..., 0]
        columns["remaining"] = batch["conditions"][..., 1]
        if config.voices:
            voices = interval_code(batch["voices"], pitch[..., None])
            columns |= {f"voice{p}": voices[..., p] for p in range(self.shape.parts)}
        if config.sounding:
            dense.append(self._sounding(batch, column["pitch"], pitch))
        return {"columns": columns, "dense": dense, "pitch": pitch}

    def _one_hot(self, code: Any, values: np.ndarray) -> Any:
        """Return one-hot rows of ``values``; the code before the first note gives zeros."""
        rows = np.zeros((len(values) + 1, int(values.max()) + 1), np.float32)
        rows[np.arange(len(values)), values] = 1
        return tf.gather(tf.constant(rows), code)

    def _histograms(self, code: Any, pitch: Any) -> Any:
        """Return decayed pitch-class histograms counted from the last note's class, (batch, step, 24)."""
        values = np.asarray(self.shape.codec["pitch"].values, np.int32) % 12
        one_hot = self._one_hot(code, values)
        steps = tf.shape(code)[1]
        ago = tf.cast(tf.range(steps)[:, None] - tf.range(steps)[None, :], tf.float32)
        turn = (pitch[..., None] + tf.range(12)) % 12
        found = []
        for decay in DECAYS:
            weights = tf.where(ago >= 0, (1 - decay) * tf.pow(decay, tf.maximum(ago, 0.0)), 0.0)
            histogram = tf.einsum("ts,bsc->btc", weights, one_hot)
            found.append(tf.gather(histogram, turn, batch_dims=2))
        return tf.concat(found, axis=-1)

    def _sounding(self, batch: Batch, code: Any, pitch: Any) -> Any:
        """Return, around the last pitch, what sounds and 1 / (1 + beats left), (batch, step, 150)."""
        values = np.asarray(self.shape.codec["pitch"].values, np.int32)
        one_hot = self._one_hot(code, values)
        one_hot = tf.pad(one_hot, [[0, 0], [0, 0], [0, 128 - int(values.max()) - 1]])
        onset, end, until = (tf.cast(batch[k], tf.float32) for k in ("onset", "end", "until"))
        steps = tf.shape(code)[1]
        now, then = tf.range(steps)[:, None], tf.range(steps)[None, :]
        left = end[:, None, :] - onset[:, :, None]
        active = (left > 0) & (then <= now)[None] & (until[:, None, :] > tf.cast(now, tf.float32)[None])
        left_beats = tf.maximum(left, 0.0) / self.shape.codec.ticks_per_beat
        held = tf.cast(active, tf.float32)
        padding = [[0, 0], [0, 0], [REACH + 1, REACH + 1]]
        window = pitch[..., None] + tf.range(INTERVALS)
        return tf.concat(
            [
                tf.gather(tf.pad(tf.matmul(weights, one_hot), padding), window, batch_dims=2)
                for weights in (held, held / (1.0 + left_beats))
            ],
            axis=-1,
        )

    def _attend(self, h: Any, note: Any, batch: Batch) -> Any:
        """Return what followed the steps that resemble this one, (batch, step, heads * value_size)."""
        config = self.shape.config
        heads, steps = config.attention_heads, tf.shape(h)[1]

        def split(x: Any, size: int) -> Any:
            return tf.transpose(tf.reshape(x, [-1, steps, heads, size]), [0, 2, 1, 3])

        query, key = split(self.query(h), config.key_size), split(self.key(h), config.key_size)
        value = split(self.value(note), config.value_size)
        value = tf.concat([value[:, :, 1:], tf.zeros_like(value[:, :, :1])], axis=2)
        scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32) / np.sqrt(config.key_size)
        ago = tf.range(steps)[:, None] - tf.range(steps)[None, :]
        seen = (ago >= 2) & (ago <= config.memory)
        position = tf.cast(batch["clock"][..., 0] * POSITION_STRIDE + batch["clock"][..., 1], tf.float32)
        bias = tf.gather(self.bias, bias_code(position[:, :, None] - position[:, None, :]))
        scores = tf.where(seen, scores + tf.transpose(tf.cast(bias, tf.float32), [0, 3, 1, 2]), MASKED)
        null = tf.cast(self.bias[-1], tf.float32)[None, :, None, None]
        null = tf.broadcast_to(null, tf.shape(scores[..., :1]))
        weights = tf.nn.softmax(tf.concat([scores, null], axis=-1))[..., :-1]
        out = tf.matmul(tf.cast(weights, value.dtype), value)
        return tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [-1, steps, heads * config.value_size])

    def _choose(self, trunk: Any, batch: Batch, facts: dict[str, Any], training: bool) -> dict[str, Any]:
        """Return each field's logits, each knowing the target's fields before it."""
        codec, config = self.shape.codec, self.shape.config
        width = config.head_units
        logits: dict[str, Any] = {}
        rest = tf.cast(trunk, tf.float32)
        for i, f in enumerate(codec.fields):
            hidden = self.head_dropout(tf.nn.relu(rest[..., :width]), training=training)
            rest = rest[..., width:]
            target = batch["target"][..., i]
            if f.name == "pitch":
                logits[f.name] = self._pitch_logits(hidden, batch, facts)
            else:
                logits[f.name] = tf.cast(self.heads[f.name](hidden), tf.float32)
            if i + 1 < len(codec.fields):
                rest += tf.cast(self._given(f.name, target, batch, facts), tf.float32)
        return logits

    def _given(self, name: FieldName, target: Any, batch: Batch, facts: dict[str, Any]) -> Any:
        """Return what a chosen field adds to the hidden layers of the fields after it."""
        config, codec = self.shape.config, self.shape.codec
        if name == "pitch" and config.relative_pitch:
            pitch = tf.gather(tf.constant(pitch_values(codec)), target)
            return tf.gather(self.given[name], interval_code(pitch, facts["pitch"]))
        added = tf.gather(self.given[name], target)
        if name == "delta":
            ticks = tf.cast(tf.gather(tf.constant(tick_values(codec, "delta")), target), tf.int32)
            place = (batch["clock"][..., 1] + ticks) % tf.maximum(batch["clock"][..., 2], 1)
            added += tf.gather(self.given["place"], tf.minimum(place, PLACES - 1))
        if name == "part" and config.voices:
            voice = tf.gather(batch["voices"], target, batch_dims=2)
            added += tf.gather(self.given["voice"], interval_code(voice, facts["pitch"]))
        return added

    def _pitch_logits(self, hidden: Any, batch: Batch, facts: dict[str, Any]) -> Any:
        """Return logits over the pitch table: absolute, or by intervals from the last note and the part's."""
        codec, config = self.shape.codec, self.shape.config
        logits = tf.cast(self.heads["pitch"](hidden), tf.float32)
        if not config.relative_pitch:
            return logits
        table = tf.constant(np.asarray(codec["pitch"].values, np.int32))
        logits = tf.gather(logits, interval_code(table, facts["pitch"][..., None]), batch_dims=2)
        if config.voices:
            part = batch["target"][..., codec.names.index("part")]
            voice = tf.gather(batch["voices"], part, batch_dims=2)
            own = tf.cast(self.voice_head(hidden), tf.float32)
            logits += tf.gather(own, interval_code(table, voice[..., None]), batch_dims=2)
        return logits


def bias_code(apart: Any) -> Any:
    """Return the attention bias row for a difference of positions (a float tensor).

    floor + ceil of the bars apart is even on the same place in the bar and odd on another one; what
    lies ahead gets row 0, and everything from 65 bars on (the null row too) the last one.
    """
    bars = apart / POSITION_STRIDE
    code = tf.clip_by_value(tf.floor(bars) + tf.math.ceil(bars), -1.0, BIASES - 2.0)
    return tf.cast(code, tf.int32) + 1


def losses(logits: dict[str, Any], batch: Batch) -> Any:
    """Return the summed cross-entropy of each field in nats and the number of notes, (field + 1,)."""
    sums = []
    for i, values in enumerate(logits.values()):
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["target"][..., i], values)
        sums.append(tf.reduce_sum(loss * batch["weight"][..., i]))
    return tf.stack([*sums, tf.reduce_sum(batch["counted"])])
