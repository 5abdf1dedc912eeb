"""A trained network as one step with the sampler inside, written in TensorFlow for tf2onnx.

Weights are folded: every categorical input becomes one row of one table (its embedding times the first
layer's kernel, and times attention's value kernel), so reading the note before is a gather and a sum.
At batch 1 a node costs as much as thousands of multiplications, so the code counts nodes: tensors stay
(batch, n), codes are int64 inside (what GatherND and TopK speak), what can be a constant table is one,
and nothing is written with tf.where, which tf2onnx spells out as six nodes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ..models.codec import Codec
from ..models.step import MASKED
from ..train.network import NoteNetwork
from ..train.shape import (
    DECAYS,
    DEGREES,
    ENDS,
    INTERVALS,
    PITCHES,
    PLACES,
    REACH,
    ends_unit,
    pitch_values,
    semitones_up,
    tick_values,
)
from .folded import fold
from .steplayers import Memory, attend, run_recurrent, run_transformer

HALF_BEATS = np.arange(1, ENDS + 1, dtype=np.float32)[:, None]
TOLD = np.minimum(np.arange(13), 1).astype(np.float32)[:, None]
"""1 for tonic codes but 0, unknown."""
TONICS_UP = np.asarray(semitones_up(np.arange(13)), np.int64)
"""Semitones from the nearest C to each tonic code's; code 0, unknown, has none that counts."""


class StepGraph(tf.Module):
    """One step of ``network``; ``__call__`` maps the contract's inputs to its outputs."""

    def __init__(self, network: NoteNetwork) -> None:
        super().__init__()
        self.spec = network.shape
        self.codec: Codec = network.shape.codec
        self.config = network.shape.config
        self.folded = fold(network)
        # Plain arrays become constants of the graph; variables could not be read while it is traced.
        self.trunk = (network.trunk.kernel.numpy(), network.trunk.bias.numpy())
        self.heads = {n: (h.kernel.numpy(), h.bias.numpy()) for n, h in network.heads.items()}
        self.given = {name: table.numpy() for name, table in network.given.items()}
        self.voice_head = network.voice_head.kernel.numpy() if self.config.voices else None
        if self.config.tonic:
            self.degree_head = (network.degree_head.kernel.numpy(), network.degree_head.bias.numpy())

    def __call__(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the step's outputs; see :mod:`antiphon.models.step`."""
        out: dict[str, Any] = {}
        codes = tf.split(tf.cast(inputs["note"], tf.int64), len(self.codec.fields), axis=1)
        note = dict(zip(self.codec.names, codes, strict=True))
        clock = tf.split(tf.cast(inputs["clock"], tf.int64), 3, axis=1)
        columns, dense = self._columns(inputs, note, clock, out)
        table = tf.constant(self.folded.table)
        rows = tf.gather(table, tf.concat(columns, axis=1) + self.folded.offsets)
        # A product with ones, not a reduce_sum: ONNX Runtime's adds up in another order in other batches.
        ones = tf.ones([1, rows.shape[1]], tf.float32)
        read = tf.squeeze(tf.matmul(ones, rows), axis=1)
        x = self._layers(inputs, read, dense, out)
        trunk = tf.matmul(x, self.trunk[0]) + self.trunk[1]
        self._choose(inputs, trunk, clock, note.get("pitch"), out)
        return out

    def _layers(self, inputs: Any, read: Any, dense: list[Any], out: Any) -> Any:
        """Return what the heads read."""
        config, folded = self.config, self.folded
        memory = Memory(inputs, folded, self.codec.ticks_per_beat) if self.spec.attends else None
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

    def _columns(self, inputs: Any, note: Any, clock: Any, out: Any) -> tuple[list[Any], list[Any]]:
        """Return the categorical columns (batch, 1 or more) and the other inputs."""
        codec, config = self.codec, self.config
        if codec.is_text:
            return [note["char"]], []
        values = np.asarray(codec["pitch"].values, np.int32)
        pitch = tf.gather(tf.constant(pitch_values(codec)), note["pitch"])
        by_name = {name: code for name, code in note.items() if name != "pitch"}
        dense: list[Any] = []
        if config.relative_pitch:
            by_name["interval"] = _interval(pitch, inputs["before"])
            by_name["register"] = tf.gather(tf.constant(pitch_values(codec) // 6, tf.int64), note["pitch"])
            out["before_out"] = pitch
            dense.append(self._histogram(inputs, note["pitch"], values, out))
        else:
            by_name["pitch"] = note["pitch"]
        by_name["place"] = tf.minimum(clock[1], PLACES - 1)
        columns = [by_name[n] for n in self.spec.columns() if n in by_name]
        conditions = tf.cast(inputs["conditions"], tf.int64)
        if config.tonic:
            conditions, self._tonic = tf.split(conditions, [2, 1], axis=1)
            columns += [conditions, self._degree(note["pitch"])]
        else:
            columns.append(conditions)
        if config.voices:
            columns.append(self._voices(inputs, note["part"], pitch, out))
        if config.sounding or config.sounding_ahead:
            dense += self._sounding(inputs, note, values, out)
        return columns, dense

    def _degree(self, code: Any) -> Any:
        """Return the code of the last pitch as it would be with the tonic on C."""
        values = pitch_values(self.codec)
        degrees = np.clip(values[None, :] - TONICS_UP[:, None], 0, PITCHES - 1)
        degrees[0] = DEGREES - 1
        table = tf.constant(degrees.ravel(), tf.int64)
        return tf.gather(table, self._tonic * len(values) + code)

    def _histogram(self, inputs: Any, code: Any, values: npt.NDArray[np.int32], out: Any) -> Any:
        decays = np.array(DECAYS, np.float32)
        added = np.zeros((len(values) + 1, 12, len(DECAYS)), np.float32)
        added[np.arange(len(values)), values % 12] = 1 - decays
        turn = (pitch_values(self.codec)[:, None] + np.arange(12)) % 12
        histogram = inputs["histogram"] * decays + _row(added, code)
        out["histogram_out"] = histogram
        turned = _pick(histogram, _row(turn.astype(np.int64), code))
        return tf.reshape(turned, [-1, 12 * len(DECAYS)])

    def _voices(self, inputs: Any, part: Any, pitch: Any, out: Any) -> Any:
        speaks = np.eye(self.spec.parts + 1, self.spec.parts, dtype=np.int32)
        voices = pitch * _row(speaks, part) + inputs["voices"] * _row(1 - speaks, part)
        out["voices_out"] = voices
        return _interval(voices, pitch)

    def _sounding(self, inputs: Any, note: Any, values: npt.NDArray[np.int32], out: Any) -> list[Any]:
        struck = np.zeros((len(values) + 1, PITCHES), np.float32)
        struck[np.arange(len(values)), values] = 1
        passed = tf.gather(tf.constant(tick_values(self.codec, "delta")), note["delta"])
        lasts = tf.gather(tf.constant(tick_values(self.codec, "duration")), note["duration"])
        now = _row(struck, note["pitch"])
        left = (inputs["sounding"] - passed) * _row(1 - struck, note["pitch"]) + lasts * now
        out["sounding_out"] = left
        if self.config.sounding_ahead:
            still = inputs["struck"] * tf.cast(passed <= 0.0, tf.float32)
            out["struck_out"] = tf.maximum(still, now)
        if not self.config.sounding:
            return []
        return [self._around(list(self._held(left)), note["pitch"])]

    def _held(self, left: Any) -> tuple[Any, Any]:
        """Return 1 for what sounds, and how near it is to its end: 1 / (1 + beats left)."""
        ticks = tf.nn.relu(left)
        held = tf.sign(ticks)
        return held, held / (1.0 + ticks * np.float32(1 / self.codec.ticks_per_beat))

    def _around(self, maps: list[Any], code: Any) -> Any:
        """Return maps over the pitches (batch, 128) as windows around the last pitch, side by side."""
        around = pitch_values(self.codec)[:, None, None] + np.arange(INTERVALS) - (REACH + 1)
        each = around + PITCHES * np.arange(len(maps))[:, None]
        nothing = PITCHES * len(maps)  # a zero after the last map, for what lies outside of MIDI's pitches
        index = np.where((around >= 0) & (around < PITCHES), each, nothing).reshape(len(around), -1)
        joined = tf.pad(tf.concat(maps, axis=1), [[0, 0], [0, 1]])
        return _pick(joined, _row(index.astype(np.int64), code))

    def _ahead(self, delta: Any, code: Any, out: Any) -> Any:
        """Return what sounds at the next onset around the last pitch; keeps what a roll cannot begin there.

        Args:
            delta: the code chosen.
            code: of the last pitch.
        """
        ticks = tf.gather(tf.constant(tick_values(self.codec, "delta")), delta)
        left = out["sounding_out"] - ticks
        same = tf.cast(ticks <= 0.0, tf.float32)
        struck = out["struck_out"] * same
        released = tf.cast(tf.equal(left, 0.0), tf.float32)
        if self.config.roll:
            upto = np.zeros((self.codec["pitch"].inputs, PITCHES), np.float32)
            upto[:-1] = np.arange(PITCHES)[None, :] <= pitch_values(self.codec)[:-1, None]
            below = _row(upto, code) * same
            self._impossible = tf.maximum(tf.cast(left >= 0.0, tf.float32), below)
        held, nearness = self._held(left)
        maps = [held * (1.0 - struck), struck, released, nearness]
        return tf.concat([self._around(maps, code), self._ends(left)], axis=1)

    def _ends(self, left: Any) -> Any:
        half_beats = tf.math.ceil(left / np.float32(ends_unit(self.codec)))
        each = tf.cast(tf.equal(tf.expand_dims(half_beats, 1), tf.constant(HALF_BEATS)), tf.float32)
        return tf.reshape(tf.matmul(each, np.full((PITCHES, 1), 0.25, np.float32)), [-1, ENDS])

    def _choose(self, inputs: Any, trunk: Any, clock: Any, pitch: Any, out: Any) -> None:
        """Choose the fields one after the other; ``pitch`` is the code of the note before."""
        codec, width, count = self.codec, self.config.head_units, len(self.codec.fields)
        is_forced = tf.cast(inputs["forced"] >= 0, tf.int64)
        forced = tf.split(tf.cast(inputs["forced"], tf.int64) * is_forced, count, 1)
        free = tf.split(1 - is_forced, count, 1)
        uniform = tf.split(inputs["uniform"], count, 1)
        views = self._views(pitch)
        chosen: dict[str, Any] = {}
        log_probs = []
        rest = trunk
        for i, f in enumerate(codec.fields):
            hidden = rest
            if i + 1 < count:
                hidden, rest = tf.split(rest, [width, width * (count - 1 - i)], axis=1)
            logits = self._logits(f.name, tf.nn.relu(hidden), views)
            mask = inputs[f"mask_{f.name}"]
            drawn = _draw(logits, mask, inputs["temperature"], inputs["top_p"], uniform[i])
            code = drawn * free[i] + forced[i]
            chosen[f.name] = code
            log_probs.append(_pick(tf.nn.log_softmax(logits), code))
            if not i:
                place = self._clock(code, clock, out)
            if f.name == "part" and self.config.voices:
                voice = _pick(out["voices_out"], code)
                seen = _views_of(np.arange(128), codec)
                views.append(_row(seen, voice))
            if i + 1 < count:
                rest += self._given(f.name, code, views, place)
                if f.name == "delta" and self.config.sounding_ahead:
                    rest += tf.matmul(self._ahead(code, pitch, out), self.given["ahead"])
                if f.name == "part" and self.config.voices:
                    now = tf.gather(tf.constant(pitch_values(codec)), pitch)
                    rest += _row(self.given["voice"], _interval(voice, now))
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
        place = total - bars * length
        out["clock_out"] = tf.cast(tf.concat([bar + bars, place, length], axis=1), tf.int32)
        return tf.minimum(place, PLACES - 1)

    def _views(self, pitch: Any) -> list[Any]:
        """Return, for the note before, the interval code of every pitch: [(batch, pitch)]."""
        if not self.config.relative_pitch:
            return []
        return [_row(_views_of(pitch_values(self.codec), self.codec), pitch)]

    def _given(self, name: str, code: Any, views: list[Any], place: Any) -> Any:
        """Return what a chosen code adds to the hidden layers of the fields after it."""
        if name == "pitch" and self.config.relative_pitch:
            code = _pick(views[0], code)
        added = _row(self.given[name], code)
        if name == "delta":
            added += _row(self.given["place"], place)
        return added

    def _logits(self, name: str, hidden: Any, views: list[Any]) -> Any:
        kernel, bias = self.heads[name]
        logits = tf.matmul(hidden, kernel) + bias
        if name != "pitch":
            return logits
        if self.config.relative_pitch:
            logits = _pick(logits, views[0])
        if self.config.voices:
            logits += _pick(tf.matmul(hidden, self.voice_head), views[1])
        table = np.asarray(self.codec["pitch"].values, np.int64)
        if self.config.tonic:
            degrees = np.clip(table[None, :] - TONICS_UP[:, None], 0, PITCHES - 1)
            by_degree = tf.matmul(hidden, self.degree_head[0]) + self.degree_head[1]
            picked = _pick(by_degree, _row(degrees, self._tonic))
            logits += picked * _row(TOLD, self._tonic)
        if self.config.roll:
            logits += tf.gather(self._impossible, tf.constant(table), axis=1) * np.float32(MASKED)
        return logits


def _row(table: npt.NDArray[Any], code: Any) -> Any:
    """Return the table's row of each code (batch, 1)."""
    return tf.gather_nd(tf.constant(table), code)


def _pick(rows: Any, codes: Any) -> Any:
    """Return ``rows[b, codes[b, i]]``; export/tidy.py makes one GatherElements of it."""
    return tf.gather(rows, codes, batch_dims=1)


def _views_of(references: npt.NDArray[np.integer], codec: Codec) -> npt.NDArray[np.int64]:
    """Return the interval code of every pitch seen from each reference, (reference, pitch)."""
    table = np.asarray(codec["pitch"].values, np.int64)
    apart = table[None, :] - np.asarray(references, np.int64)[:, None]
    return np.clip(apart + REACH + 1, 0, INTERVALS - 1)


def _interval(pitch: Any, reference: Any) -> Any:
    """Return interval codes of MIDI pitches; see antiphon.train.shape.interval_code."""
    codes = np.clip(np.arange(-127, 128) + REACH + 1, 0, INTERVALS - 1)
    return tf.gather(tf.constant(codes, tf.int64), pitch - reference + 127)


def _draw(logits: Any, mask: Any, temperature: Any, top_p: Any, uniform: Any) -> Any:
    """Return codes drawn from the nucleus of the masked, tempered distribution, (batch, 1).

    Nucleus sampling: Holtzman et al. 2020, "The curious case of neural text degeneration". Codes are
    sorted by probability, so the draw inverts the sorted cumulative distribution.
    """
    probability = tf.nn.softmax((logits + mask) / temperature)
    sorted_p, codes = tf.math.top_k(probability, k=logits.shape[-1], index_type=tf.int64)
    upto = tf.cumsum(sorted_p, axis=1)
    # The nucleus ends where the sum first reaches top_p: sums below it count as 1, and the least is left.
    nucleus = tf.reduce_min(tf.maximum(upto, tf.cast(upto < top_p, tf.float32)), axis=1, keepdims=True)
    # The first sum beyond the draw; the likeliest code where rounding leaves none.
    beyond = tf.cast(upto > uniform * nucleus, tf.float32)
    return _pick(codes, tf.expand_dims(tf.argmax(beyond, axis=1), 1))
