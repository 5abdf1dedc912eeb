"""A trained network stepped by Keras: its own layers, one note a call, under tf.function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from antiphon.export.card import manifest_for
from antiphon.export.conversion.convert import convert
from antiphon.export.graph.stepgraph import Facts, StepGraph
from antiphon.export.graph.steplayers import MemoryBias, attend
from antiphon.export.proof.replay import Replay, session
from antiphon.models.file.step import MASKED, POSITION_STRIDE, UNUSED_POSITION
from antiphon.train.fit.savedrun import load_run
from antiphon.train.network.network import NoteNetwork

CLOSE = 1e-4
"""Largest difference of a log-probability from the exported graph's, nats."""


class KerasGraph(StepGraph):
    """The step with nothing folded: embeddings, LSTM or GRU cells and Dense layers are Keras' own.

    Attention's lookup, masks and sampler have no layer in Keras; they are the step graph's TensorFlow.
    """

    def __init__(self, network: NoteNetwork) -> None:
        super().__init__(network)
        config = network.shape.config
        plain = config.cell != "transformer" and not (config.layer_norm or config.residual)
        if not plain or config.tonic or config.roll or config.attention_values != "next":
            raise ValueError("Keras is timed with plain LSTM or GRU layers only; name a run that has them")
        self.network = network

    def __call__(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the step's outputs."""
        out: dict[str, Any] = {}
        network, config = self.network, self.config
        facts = self._facts(inputs)
        columns, dense = self._columns(inputs, facts, out)
        column = tf.unstack(tf.concat(columns, axis=1), num=len(self.shape.columns()), axis=1)
        read = {
            name: tf.gather(network.tables[name], code)
            for name, code in zip(self.shape.columns(), column, strict=True)
        }
        x = tf.concat([*read.values(), *dense], axis=-1)
        note_read = tf.concat([read[name] for name in self.shape.note_columns()], axis=-1)
        for i, layer in enumerate(network.recurrent.layers):
            names = [f"{kind}{i}" for kind in {"lstm": "hc", "gru": "h"}[config.cell]]
            x, states = layer.cell(x, [inputs[name] for name in names])
            out.update(zip((f"{name}_out" for name in names), states, strict=True))
            if config.attention_heads and i == config.attends_after:
                value = network.induction.value(note_read)
                out["value"] = tf.reshape(value, [-1, config.attention_heads, config.value_size])
                memory = MemoryBias(inputs, self.folded, self.codec.ticks_per_beat)
                x = tf.concat([x, attend(config, self.folded, inputs, x, memory, out)], axis=1)
        self._choose(inputs, network.trunk(x), facts, out)
        return out

    def _logits(self, name: str, hidden: Any, views: list[Any], facts: Facts) -> Any:
        logits = self.network.heads[name](hidden)
        if name != "pitch" or not self.config.relative_pitch:
            return logits
        if self.config.voices:
            logits = tf.concat([logits, self.network.voice_head(hidden)], axis=1)
        return sum(tf.gather(logits, view, batch_dims=1) for view in views)


class KerasStep:
    """One row of a run's network with a full memory, doing a note what the bridge's stepper does."""

    def __init__(self, run: Path) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        config, dataset, self._network = load_run(run)
        self._manifest = manifest_for(config, dataset, self._network, "float32")
        self._graph = KerasGraph(self._network)
        self._call = tf.function(self._advance, autograph=False)
        self._feed = self._middle()
        self._rng = np.random.default_rng(1)
        self._carried = {name: tf.constant(array) for name, array in self._feed.items()}
        if self._manifest.memory:
            self._carried["position"] = tf.constant(self._feed["memory_positions"][:, -1:] + 1)

    def _advance(self, carried: dict[str, Any], uniform: Any) -> tuple[dict[str, Any], Any, Any]:
        """Return what the next step reads, and this one's codes and log-probabilities."""
        out = self._graph({**carried, "uniform": uniform})
        after = {**carried, "note": out["chosen"], "clock": out["clock_out"]}
        for state in self._manifest.state:
            after[state.name] = out[f"{state.name}_out"]
        if self._manifest.memory:
            # The oldest row goes, behind the null row; the value and place of the last one come now.
            keys, values = carried["memory_keys"], carried["memory_values"]
            positions, clock = carried["memory_positions"], tf.cast(carried["clock"], tf.float32)
            unused = tf.fill(tf.shape(positions[:, :1]), np.float32(UNUSED_POSITION))
            value = out["value"][:, :, None]
            after["memory_keys"] = tf.concat([keys[..., :1], keys[..., 2:], out["key"][..., None]], -1)
            kept = [values[:, :, :1], values[:, :, 2:-1], value, tf.zeros_like(value)]
            after["memory_values"] = tf.concat(kept, 2)
            kept = [positions[:, :1], positions[:, 2:-1], carried["position"], unused]
            after["memory_positions"] = tf.concat(kept, 1)
            after["position"] = clock[:, :1] * POSITION_STRIDE + clock[:, 1:2]
        return after, out["chosen"], out["log_prob"]

    def _middle(self) -> dict[str, np.ndarray]:
        """Return inputs from the middle of a piece: every memory row is in use."""
        codec, memory = self._manifest.codec, self._manifest.memory
        rng = np.random.default_rng(3)
        feed = Replay(session(self._float32()), self._manifest).begin()
        feed[f"mask_{codec.fields[0].name}"][:, codec.end] = MASKED
        feed["note"] = np.array([[len(f.values) // 2 for f in codec.fields]], np.int32)
        feed["clock"] = np.array([[40, codec.ticks_per_beat, 4 * codec.ticks_per_beat]], np.int32)
        if self._manifest.conditions:
            feed["conditions"] = np.zeros((1, len(self._manifest.conditions)), np.int32)
        feed["forced"] = np.full((1, len(codec.fields)), -1, np.int32)
        if memory:
            for name in ("memory_keys", "memory_values"):
                feed[name] = rng.normal(size=feed[name].shape).astype(np.float32)
            feed["memory_positions"][:, 1:] = np.arange(memory.length) * 100
        return feed

    def _float32(self) -> bytes:
        if not hasattr(self, "_converted"):
            self._converted = convert(StepGraph(self._network), self._manifest).SerializeToString()
        return bytes(self._converted)

    def step(self) -> np.ndarray:
        """Choose the next note; return its codes, (1, field)."""
        uniform = self._rng.random(self._feed["uniform"].shape, np.float32)
        self._carried, chosen, log_prob = self._call(self._carried, tf.constant(uniform))
        log_prob.numpy()
        return chosen.numpy()

    def check(self) -> None:
        """Raise ValueError when this is another network than the exported one."""
        opened = session(self._float32())
        names = [o.name for o in opened.get_outputs()]
        found = dict(zip(names, opened.run(None, self._feed), strict=True))
        _, chosen, log_prob = self._call(self._carried, tf.constant(self._feed["uniform"]))
        apart = float(np.abs(log_prob.numpy() - found["log_prob"]).max())
        if not apart <= CLOSE or not np.array_equal(chosen.numpy(), found["chosen"]):
            raise ValueError(f"Keras' step differs from the exported one by {apart:.2e} nats")
