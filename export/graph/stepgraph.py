"""A trained network as one step with the sampler inside, written in TensorFlow for tf2onnx.

Weights are folded: every categorical input becomes one row of one table (its embedding times the first
layer's kernel, and times attention's value kernel), so reading the note before is a gather and a sum.
At batch 1 a node costs as much as thousands of multiplications, so the code counts nodes: tensors stay
(batch, n), codes are int64 inside (what GatherND and TopK speak), what can be a constant table is one,
and nothing is written with tf.where, which tf2onnx spells out as six nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.file.step import TONICS
from ...train.backend import tf
from ...train.network.network import NoteNetwork
from ...train.network.shape import (
    DECAYS,
    DEGREES,
    IMPOSSIBLE,
    INTERVALS,
    PITCHES,
    PLACES,
    pitch_values,
    semitones_up,
    tick_values,
)
from .folded import fold
from .lookups import interval_of, pick, row_of, rows_of, views_of
from .sampler import draw, rare
from .sounding import HELD, NEAR, RELEASED, STATE, Sounding
from .steplayers import MemoryBias, attend, run_recurrent, run_transformer

TOLD = np.minimum(np.arange(TONICS), 1).astype(np.float32)[:, None]
"""1 for tonic codes but 0, unknown."""
TONICS_UP = np.asarray(semitones_up(np.arange(TONICS)), np.int64)
"""Semitones from the nearest C to each tonic code's; code 0, unknown, has none that counts."""


@dataclass
class Facts:
    """What a step knows so far; codes are (batch, 1) and int64."""

    note: dict[str, Any]
    """The note before, by field."""
    clock: list[Any]
    """Its bar, tick and ticks a bar."""
    conditions: list[Any]
    """One tensor (batch, condition), or none."""
    forced: list[Any]
    """A field each; below 0 where the choice is free."""
    rows: dict[str, Any] = field(default_factory=dict)
    """What is looked up by the last pitch."""
    tonic: Any = None
    """Its code, for a network that reads one."""
    left: Any = None
    """Ticks that each pitch goes on sounding after the last onset, (batch, STATE)."""
    struck: Any = None
    """1 for the pitches that begin at the last onset, (batch, STATE)."""
    impossible: Any = None
    """1 for the pitches that no piano roll can begin at the next onset, (batch, PITCHES)."""


class StepGraph(tf.Module):
    """One step of ``network``; ``__call__`` maps the contract's inputs to its outputs."""

    def __init__(self, network: NoteNetwork) -> None:
        super().__init__()
        self.shape = network.shape
        self.codec: Codec = network.shape.codec
        self.config = network.shape.config
        self.folded = fold(network)
        # Plain arrays become constants of the graph; variables could not be read while it is traced.
        self.trunk = (network.trunk.kernel.numpy(), network.trunk.bias.numpy())
        self.heads = {n: (h.kernel.numpy(), h.bias.numpy()) for n, h in network.heads.items()}
        self.given = {name: table.numpy() for name, table in network.given.items()}
        if self.config.voices:  # one product for both: the hidden layer is the same
            kernel, bias = self.heads["pitch"]
            voices = network.voice_head.kernel.numpy()
            bias = np.concatenate([bias, np.zeros(voices.shape[1], np.float32)])
            self.heads["pitch"] = np.concatenate([kernel, voices], axis=1), bias
        if self.config.tonic:
            self.degree_head = (network.degree_head.kernel.numpy(), network.degree_head.bias.numpy())
        self.sounds = self.config.sounding or self.config.sounding_ahead
        if self.sounds:
            self.sounding = Sounding(self.codec)
        if self.config.sounding_ahead:
            # What was just struck is held too, but told apart: its weights do without the others'.
            self.given["ahead"] = self.given["ahead"].copy()
            self.given["ahead"][INTERVALS : 2 * INTERVALS] -= self.given["ahead"][:INTERVALS]

    def __call__(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the step's outputs; see :mod:`antiphon.models.file.step`."""
        out: dict[str, Any] = {}
        facts = self._facts(inputs)
        columns, dense = self._columns(inputs, facts, out)
        x = self._layers(inputs, self._read(columns), dense, out)
        trunk = tf.matmul(x, self.trunk[0]) + self.trunk[1]
        self._choose(inputs, trunk, facts, out)
        return out

    def _read(self, columns: list[Any]) -> Any:
        """Return the sum of the folded table's rows of all columns, (batch, width)."""
        codes, table = tf.concat(columns, axis=1), self.folded.table
        if codes.shape[1] == 1:  # text
            return row_of(table, codes)
        rows = tf.gather(tf.constant(table), codes + self.folded.offsets)
        # A product with ones, not a reduce_sum: ONNX Runtime's adds up in another order in other batches.
        ones = tf.ones([1, rows.shape[1]], tf.float32)
        return tf.squeeze(tf.matmul(ones, rows), axis=1)

    def _facts(self, inputs: Any) -> Facts:
        """Return the integers that the step reads, cast and taken apart together."""
        count, conditions = len(self.codec.fields), len(self.shape.conditions)
        names = ["note", "clock", *(["conditions"] if conditions else []), "forced"]
        all_codes = tf.cast(tf.concat([inputs[name] for name in names], axis=1), tf.int64)
        widths = [1] * (count + 3) + [conditions] * bool(conditions) + [1] * count
        each = tf.split(all_codes, widths, axis=1)
        note = dict(zip(self.codec.names, each, strict=False))
        facts = Facts(note, each[count : count + 3], each[count + 3 : -count], each[-count:])
        if not self.codec.is_text:
            facts.rows = self._by_pitch(note["pitch"])
        return facts

    def _by_pitch(self, code: Any) -> dict[str, Any]:
        """Return what is looked up by the last pitch: one lookup of integers and one of floats."""
        config, values = self.config, np.asarray(self.codec["pitch"].values, np.int32)
        integers: dict[str, npt.NDArray[Any]] = {}
        floats: dict[str, npt.NDArray[Any]] = {}
        around = []
        if config.relative_pitch:
            integers["views"] = views_of(pitch_values(self.codec), self.codec)
            added = np.zeros((len(values) + 1, len(DECAYS), 12), np.float32)
            added[np.arange(len(values)), :, values % 12] = 1 - np.array(DECAYS, np.float32)
            floats["histogram"] = added.reshape(len(added), -1)
            turn = (pitch_values(self.codec)[:, None] + np.arange(12)) % 12
            around.append(np.concatenate([turn + 12 * i for i in range(len(DECAYS))], axis=1))
        if self.sounds:
            floats["struck"] = self.sounding.struck
        if config.sounding:
            first = 12 * len(DECAYS) if config.relative_pitch else 0
            around.append(self.sounding.windows((first + HELD, 2), (first + NEAR, 2)))
        if around:
            integers["around"] = np.concatenate(around, axis=1)
        if config.sounding_ahead:
            places = ((HELD, 3), (3 * STATE, 1), (RELEASED, 3), (NEAR, 3))
            integers["ahead"] = self.sounding.windows(*places)
        return rows_of(integers, code, np.int64) | rows_of(floats, code, np.float32)

    def _layers(self, inputs: Any, read: Any, dense: list[Any], out: Any) -> Any:
        """Return what the heads read."""
        config, folded = self.config, self.folded
        memory = MemoryBias(inputs, folded, self.codec.ticks_per_beat) if self.shape.attends else None
        if config.cell == "transformer":
            assert memory is not None
            if dense:
                read += tf.matmul(tf.concat(dense, axis=1), folded.first)
            return run_transformer(config, folded, inputs, read, memory, out)
        values = config.attention_heads * config.value_size
        if values:
            read, value = tf.split(read, [folded.table.shape[1] - values, values], axis=1)
            if config.attention_values == "own":
                out["held_value_out"], value = value, inputs["held_value"]
            out["value"] = tf.reshape(value, [-1, config.attention_heads, config.value_size])

        def with_attention(layer: int, h: Any) -> Any:
            if memory is None or layer != config.attends_after:
                return h
            return tf.concat([h, attend(config, folded, inputs, h, memory, out)], axis=1)

        return run_recurrent(config, folded, inputs, read, dense, with_attention, out)

    def _columns(self, inputs: Any, facts: Facts, out: Any) -> tuple[list[Any], list[Any]]:
        """Return the categorical columns (batch, 1 or more) and the other inputs."""
        codec, config, note = self.codec, self.config, facts.note
        if codec.is_text:
            return [note["char"]], []
        pitch = tf.gather(tf.constant(pitch_values(codec)), note["pitch"])
        by_name = {name: code for name, code in note.items() if name != "pitch"}
        dense: list[Any] = []
        if config.relative_pitch:
            by_name["interval"] = interval_of(pitch, inputs["before"])
            by_name["register"] = tf.gather(tf.constant(pitch_values(codec) // 6, tf.int64), note["pitch"])
            out["before_out"] = pitch
            decays = np.repeat(np.array(DECAYS, np.float32), 12)
            out["histogram_out"] = inputs["histogram"] * decays + facts.rows["histogram"]
            dense.append(out["histogram_out"])
        else:
            by_name["pitch"] = note["pitch"]
        by_name["place"] = tf.minimum(facts.clock[1], PLACES - 1)
        columns = [by_name[n] for n in self.shape.columns() if n in by_name]
        (conditions,) = facts.conditions
        if config.tonic:
            conditions, facts.tonic = tf.split(conditions, [2, 1], axis=1)
            columns += [conditions, self._degree(note["pitch"], facts.tonic)]
        else:
            columns.append(conditions)
        if config.voices:
            columns.append(self._voices(inputs, note["part"], pitch, out))
        if self.sounds:
            dense += self._sounding(inputs, facts)
        if "around" in facts.rows:
            dense = [pick(tf.concat(dense, axis=1) if len(dense) > 1 else dense[0], facts.rows["around"])]
        return columns, dense

    def _degree(self, code: Any, tonic: Any) -> Any:
        """Return the code of the last pitch as it would be with the tonic on C."""
        values = pitch_values(self.codec)
        degrees = np.clip(values[None, :] - TONICS_UP[:, None], 0, PITCHES - 1)
        degrees[0] = DEGREES - 1
        table = tf.constant(degrees.ravel(), tf.int64)
        return tf.gather(table, tonic * len(values) + code)

    def _voices(self, inputs: Any, part: Any, pitch: Any, out: Any) -> Any:
        speaks = np.eye(self.shape.parts + 1, self.shape.parts, dtype=np.int32)
        voices = inputs["voices"] + row_of(speaks, part) * (pitch - inputs["voices"])
        out["voices_out"] = voices
        return interval_of(voices, pitch)

    def _sounding(self, inputs: Any, facts: Facts) -> list[Any]:
        """Keep what the last note changed; return what each pitch tells, where the network reads that."""
        lasts = tf.gather(tf.constant(self.sounding.durations), facts.note["duration"])
        now = facts.rows["struck"]
        facts.left = inputs["sounding"] + now * (lasts - inputs["sounding"])
        if self.config.sounding_ahead:
            facts.struck = tf.maximum(inputs["struck"], now)
        return [self.sounding.told(self.sounding.row(facts.left), 2)] if self.config.sounding else []

    def _pass(self, delta: Any, facts: Facts, out: Any) -> Any:
        """Go on to the next onset by a code of ``delta``; return what sounds there, where that is read."""
        left = out["sounding_out"] = facts.left - tf.gather(tf.constant(self.sounding.deltas), delta)
        if not self.config.sounding_ahead:
            return None
        same = tf.gather(tf.constant((self.sounding.deltas <= 0).astype(np.float32)), delta)
        struck = out["struck_out"] = facts.struck * same
        if self.config.roll:
            upto = np.zeros((self.codec["pitch"].inputs, PITCHES), np.float32)
            upto[:-1] = np.arange(PITCHES)[None, :] <= pitch_values(self.codec)[:-1, None]
            below = row_of(upto, facts.note["pitch"]) * same
            facts.impossible = tf.maximum(tf.cast(left[:, :PITCHES] >= 0.0, tf.float32), below)
        row = self.sounding.row(left)
        maps = tf.concat([self.sounding.told(row, 3), struck], axis=1)
        return tf.concat([pick(maps, facts.rows["ahead"]), self.sounding.ends(row)], axis=1)

    def _choose(self, inputs: Any, trunk: Any, facts: Facts, out: Any) -> None:
        """Choose the fields one after the other."""
        codec, width, count = self.codec, self.config.head_units, len(self.codec.fields)
        free = tf.split(tf.cast(inputs["forced"] < 0, tf.int64), count, 1)
        uniform = tf.split(inputs["uniform"], count, 1)
        top_p = inputs["top_p"]
        below = rare(top_p, max(f.size for f in codec.fields))
        pitch = facts.note.get("pitch")
        views = [facts.rows["views"]] if self.config.relative_pitch else []
        chosen: dict[str, Any] = {}
        log_probs = []
        rest = trunk
        for i, f in enumerate(codec.fields):
            hidden = rest
            if i + 1 < count:
                hidden, rest = tf.split(rest, [width, width * (count - 1 - i)], axis=1)
            logits = self._logits(f.name, tf.nn.relu(hidden), views, facts)
            mask = inputs[f"mask_{f.name}"]
            drawn = draw(logits, mask, inputs["temperature"], top_p, below, uniform[i])
            code = tf.maximum(drawn * free[i], facts.forced[i])  # -1 where the choice is free
            chosen[f.name] = code
            log_probs.append(pick(tf.nn.log_softmax(logits), code))
            if not i:
                place = self._clock(code, facts.clock, out)
                ahead = self._pass(code, facts, out) if self.sounds else None
            if f.name == "part" and self.config.voices:
                voice = pick(out["voices_out"], code)
                first = self.heads["pitch"][1].size - INTERVALS  # after what the pitch head says itself
                views.append(row_of(views_of(np.arange(128), codec) + first, voice))
            if i + 1 < count:
                rest += self._given(f.name, code, views, place)
                if not i and ahead is not None:
                    rest += tf.matmul(ahead, self.given["ahead"])
                if f.name == "part" and self.config.voices:
                    now = tf.gather(tf.constant(pitch_values(codec)), pitch)
                    rest += row_of(self.given["voice"], interval_of(voice, now))
        out["chosen"] = tf.cast(tf.concat(list(chosen.values()), axis=1), tf.int32)
        out["log_prob"] = tf.concat(log_probs, axis=1)

    def _clock(self, delta: Any, clock: Any, out: Any) -> Any:
        """Write the next note's clock; return its place in the bar, (batch, 1)."""
        bar, tick, length = clock
        if self.codec.is_text:
            passed = tf.ones_like(delta)
        else:
            passed = tf.gather(tf.constant(tick_values(self.codec, "delta"), tf.int64), delta)
        total = tick + passed
        bars = tf.truncatediv(total, length)
        place = tf.math.floormod(total, length)
        out["clock_out"] = tf.cast(tf.concat([bar + bars, place, length], axis=1), tf.int32)
        return tf.minimum(place, PLACES - 1)

    def _given(self, name: str, code: Any, views: list[Any], place: Any) -> Any:
        """Return what a chosen code adds to the hidden layers of the fields after it."""
        if name == "pitch" and self.config.relative_pitch:
            code = pick(views[0], code)
        added = row_of(self.given[name], code)
        if name == "delta":
            added += row_of(self.given["place"], place)
        return added

    def _logits(self, name: str, hidden: Any, views: list[Any], facts: Facts) -> Any:
        """Return a field's logits; ``views`` are where the pitch head says what of each pitch."""
        kernel, bias = self.heads[name]
        logits = tf.matmul(hidden, kernel) + bias
        if name != "pitch":
            return logits
        said = [pick(logits, view) for view in views]
        if not self.config.relative_pitch:
            count = self.codec["pitch"].size
            said.insert(0, tf.split(logits, [count, INTERVALS], axis=1)[0] if views else logits)
        logits = sum(said[1:], said[0])
        table = np.asarray(self.codec["pitch"].values, np.int64)
        if self.config.tonic:
            degrees = np.clip(table[None, :] - TONICS_UP[:, None], 0, PITCHES - 1)
            by_degree = tf.matmul(hidden, self.degree_head[0]) + self.degree_head[1]
            picked = pick(by_degree, row_of(degrees, facts.tonic))
            logits += picked * row_of(TOLD, facts.tonic)
        if self.config.roll:
            logits += tf.gather(facts.impossible, tf.constant(table), axis=1) * np.float32(IMPOSSIBLE)
        return logits
