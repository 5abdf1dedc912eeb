"""The compound-note network: one step a note, fields chosen by the chain rule.

The input of step t is note t (step 0 reads the codes that stand before the first note); its output is
the distribution of note t + 1, field by field. Shapes are (batch, step, ...). Between the two stand
recurrent layers with attention (see antiphon.train.network.attention) or a Transformer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.field import FieldName
from ..backend import keras, tf
from .attention import Induction, RelativeBias
from .inputs import Facts, Inputs
from .shape import (
    AHEAD,
    IMPOSSIBLE,
    INTERVALS,
    PITCHES,
    PLACES,
    Batch,
    Shape,
    interval_code,
    pitch_values,
)
from .stack import Recurrent, Transformer


@keras.saving.register_keras_serializable("antiphon")
class NoteNetwork(keras.Model):
    """See the module's text. Call it with a batch; it returns {field: logits (batch, step, code)}.

    What a batch holds is said at :func:`antiphon.train.fit.passages.passage`.
    """

    def __init__(self, shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = shape
        self.inputs_of = Inputs(shape)
        config, codec = shape.config, shape.codec
        self.tables = {
            name: self._table(f"table_{name}", rows, config.embedding, 0.1)
            for name, rows in shape.columns().items()
        }
        self.input_dropout = keras.layers.Dropout(config.embedding_dropout)
        if shape.attends:
            self.bias = RelativeBias(config, self._table, shape.memory_heads, codec.ticks_per_beat)
        # Keras finds weights in layers and lists of layers, not in plain objects that hold some.
        if config.cell == "transformer":
            self.transformer = Transformer(config, self.bias)
            self._layers_within = [self.transformer.input, *self.transformer.blocks, self.transformer.norm]
        else:
            self.recurrent = Recurrent(config)
            self._layers_within = [
                *self.recurrent.layers,
                *self.recurrent.norms,
                *self.recurrent.dropouts,
            ]
            if config.attention_heads:
                self.induction = Induction(config, self.bias)
                self._layers_within += [self.induction.query, self.induction.key, self.induction.value]
        self.trunk = keras.layers.Dense(config.head_units * len(codec.fields), name="trunk")
        self.head_dropout = keras.layers.Dropout(config.dropout)
        if config.ahead_dropout:
            self.ahead_dropout = keras.layers.Dropout(config.ahead_dropout)
        self._make_heads()

    def _make_heads(self) -> None:
        config, fields = self.shape.config, self.shape.codec.fields
        names = self.shape.codec.names
        self.heads: dict[str, keras.layers.Dense] = {}
        self.given: dict[str, Any] = {}
        for i, f in enumerate(fields):
            rest = config.head_units * (len(fields) - 1 - i)
            if rest:
                self.given[f.name] = self._table(f"given_{f.name}", self._codes(f.name), rest, 0.05)
            if f.name == "delta" and rest:
                self.given["place"] = self._table("given_place", PLACES, rest, 0.05)
                if config.sounding_ahead:
                    self.given["ahead"] = self._table("given_ahead", AHEAD, rest, 0.05)
            self.heads[f.name] = keras.layers.Dense(self._codes(f.name), name=f"head_{f.name}")
        if config.voices:
            rest = config.head_units * (len(fields) - 1 - names.index("part"))
            self.given["voice"] = self._table("given_voice", INTERVALS, rest, 0.05)
            self.voice_head = keras.layers.Dense(INTERVALS, use_bias=False, name="head_voice")
        if config.tonic:
            self.degree_head = keras.layers.Dense(PITCHES, name="head_degree")

    def _table(self, name: str, rows: int, width: int, stddev: float = 0.0) -> Any:
        initializer: Any = keras.initializers.RandomNormal(stddev=stddev) if stddev else "zeros"
        return self.add_weight(name=name, shape=(rows, width), initializer=initializer)

    def _codes(self, name: FieldName) -> int:
        """Return how many codes a field's head chooses from, and what it gives has rows for."""
        if name == "pitch" and self.shape.config.relative_pitch:
            return INTERVALS
        return self.shape.codec[name].size

    def call(self, batch: Batch, training: bool = False) -> dict[str, Any]:
        """Return the logits of every field at every step, for the targets in ``batch``."""
        facts = self.inputs_of.facts(batch)
        embedded = {name: tf.gather(self.tables[name], code) for name, code in facts.columns.items()}
        # Under mixed precision layers compute in bfloat16.
        parts = [tf.cast(part, self.compute_dtype) for part in (*embedded.values(), *facts.dense)]
        x = self.input_dropout(tf.concat(parts, axis=-1), training=training)
        config = self.shape.config
        if config.cell == "transformer":
            x = self.transformer(x, batch, training)
        else:
            note = tf.concat([embedded[name] for name in self.shape.note_columns()], axis=-1)

            def attend(layer: int, h: Any) -> Any:
                if not config.attention_heads or layer != config.attends_after:
                    return h
                return tf.concat([h, self.induction(h, note, batch)], axis=-1)

            x = self.recurrent(x, attend, training)
        return self._choose(self.trunk(x), batch, facts, training)

    def _choose(self, trunk: Any, batch: Batch, facts: Facts, training: bool) -> dict[str, Any]:
        """Return each field's logits, each knowing the target's fields before it."""
        codec, width = self.shape.codec, self.shape.config.head_units
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
                rest += tf.cast(self._given(f.name, target, batch, facts, training), tf.float32)
        return logits

    def _given(self, name: FieldName, target: Any, batch: Batch, facts: Facts, training: bool) -> Any:
        """Return what a chosen field adds to the hidden layers of the fields after it."""
        config, codec = self.shape.config, self.shape.codec
        if name == "pitch" and config.relative_pitch:
            pitch = tf.gather(tf.constant(pitch_values(codec)), target)
            return tf.gather(self.given[name], interval_code(pitch, facts.pitch))
        added = tf.gather(self.given[name], target)
        if name == "delta":
            ticks = self.inputs_of.delta_ticks(target)
            place = (batch["clock"][..., 1] + ticks) % tf.maximum(batch["clock"][..., 2], 1)
            added += tf.gather(self.given["place"], tf.minimum(place, PLACES - 1))
            if config.sounding_ahead:
                ahead = self.inputs_of.ahead(batch, facts, ticks)
                table = tf.convert_to_tensor(self.given["ahead"])
                ahead = tf.cast(ahead, table.dtype)
                if config.ahead_dropout:
                    ahead = self.ahead_dropout(ahead, training=training)
                added += tf.tensordot(ahead, table, 1)
        if name == "part" and config.voices:
            voice = tf.gather(batch["voices"], target, batch_dims=2)
            added += tf.gather(self.given["voice"], interval_code(voice, facts.pitch))
        return added

    def _pitch_logits(self, hidden: Any, batch: Batch, facts: Facts) -> Any:
        """Return logits over the pitch table: absolute, or by intervals from the last note and the part's."""
        codec, config = self.shape.codec, self.shape.config
        logits = tf.cast(self.heads["pitch"](hidden), tf.float32)
        table = tf.constant(np.asarray(codec["pitch"].values, np.int32))
        if config.relative_pitch:
            logits = tf.gather(logits, interval_code(table, facts.pitch[..., None]), batch_dims=2)
        if config.voices:
            part = batch["target"][..., codec.names.index("part")]
            voice = tf.gather(batch["voices"], part, batch_dims=2)
            own = tf.cast(self.voice_head(hidden), tf.float32)
            logits += tf.gather(own, interval_code(table, voice[..., None]), batch_dims=2)
        if config.tonic:
            degrees = tf.clip_by_value(table - facts.up[..., None], 0, PITCHES - 1)
            by_degree = tf.cast(self.degree_head(hidden), tf.float32)
            logits += tf.gather(by_degree, degrees, batch_dims=2) * facts.knows_tonic[..., None]
        if config.roll:
            delta = self.inputs_of.delta_ticks(batch["target"][..., 0])
            impossible = self.inputs_of.impossible(batch, facts, delta)
            logits += tf.gather(impossible, table, axis=-1) * IMPOSSIBLE
        return logits


def build(shape: Shape) -> NoteNetwork:
    """Return a network with its weights made."""
    network = NoteNetwork(shape)
    lead, fields = (1, 4), len(shape.codec.fields)  # as few steps as any
    sizes = {"note": fields, "target": fields, "conditions": 3, "voices": shape.parts}
    sizes |= {"ends": PITCHES, "strikes": PITCHES}
    batch: Batch = {name: tf.zeros([*lead, size], tf.int32) for name, size in sizes.items()}
    network({**batch, "clock": tf.ones([*lead, 3], tf.int32), "onset": tf.zeros(lead, tf.int32)})
    return network
