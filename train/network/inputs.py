"""What a step reads, computed from codes: categorical columns and windows around the last pitch.

Shapes are (batch, step, ...). Everything here looks at the step's own note and those before it; what
depends on the next note's delta (:meth:`Inputs.ahead`) is asked for once that is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import tf
from .shape import (
    ANCHOR,
    DECAYS,
    DEGREES,
    ENDS,
    INTERVALS,
    PITCHES,
    PLACES,
    REACH,
    Batch,
    Shape,
    ends_unit,
    interval_code,
    pitch_values,
    semitones_up,
    tick_values,
)

STRETCH = 512
"""Steps whose running means are computed at once."""


@dataclass(frozen=True)
class Facts:
    """What the codes of a batch say."""

    columns: dict[str, Any]
    """Categorical inputs."""
    dense: list[Any]
    """The others."""
    pitch: Any
    """The last note's pitch, ANCHOR before the first; text has none."""
    up: Any
    """Semitones from the nearest C to the tonic, with ``tonic``; else None."""
    knows_tonic: Any
    """1.0 where the tonic is told; else 0.0."""


class Inputs:
    """Reads batches of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def facts(self, batch: Batch) -> Facts:
        """Return what the codes say at every step."""
        codec, config = self.shape.codec, self.shape.config
        if codec.is_text:
            return Facts({"char": batch["note"][..., 0]}, [], None, None, None)
        note, clock, conditions = batch["note"], batch["clock"], batch["conditions"]
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
        columns["metre"], columns["remaining"] = conditions[..., 0], conditions[..., 1]
        up = knows = None
        if config.tonic:
            up, knows = semitones_up(conditions[..., 2]), tf.cast(conditions[..., 2] > 0, tf.float32)
            degree = tf.clip_by_value(pitch - up, 0, PITCHES - 1)
            columns["degree"] = tf.where(conditions[..., 2] > 0, degree, DEGREES - 1)
        if config.voices:
            voices = interval_code(batch["voices"], pitch[..., None])
            columns |= {f"voice{p}": voices[..., p] for p in range(self.shape.parts)}
        if config.sounding:
            left = self._left(batch)
            dense += [self._around(w, pitch) for w in (_held(left), self._nearness(left))]
        return Facts(columns, dense, pitch, up, knows)

    def ahead(self, batch: Batch, facts: Facts, delta: Any) -> Any:
        """Return what is held, struck, just released and how near its end at the next onset, (…, AHEAD).

        Windows around the last pitch, side by side, and how many notes end in each of the half beats after.

        Args:
            delta: ticks to that onset, int.
        """
        left = self._left(batch) - tf.cast(delta, tf.float32)[..., None]
        struck = self._struck(batch, delta)
        released = tf.cast(tf.equal(left, 0.0), tf.float32)
        windows = (_held(left) * (1.0 - struck), struck, released, self._nearness(left))
        around = [self._around(w, facts.pitch) for w in windows]
        return tf.concat([*around, self._ends(left)], axis=-1)

    def impossible(self, batch: Batch, facts: Facts, delta: Any) -> Any:
        """Return 1.0 for pitches that a piano roll cannot begin at the next onset, (…, 128).

        Those that sound or have just ended (their runs would merge), and, at the onset of the last note,
        those up to its pitch (notes of one onset come in ascending order).
        """
        left = self._left(batch) - tf.cast(delta, tf.float32)[..., None]
        blocked = left >= 0.0
        column = batch["note"][..., self.shape.codec.names.index("pitch")]
        same = (delta == 0) & (column < self.shape.codec["pitch"].begin)
        below = same[..., None] & (tf.range(PITCHES) <= facts.pitch[..., None])
        return tf.cast(blocked | below, tf.float32)

    def _ends(self, left: Any) -> Any:
        """Return a quarter of how many notes end in each half beat to come, (…, ENDS)."""
        half_beats = tf.math.ceil(left / ends_unit(self.shape.codec))
        counts = [tf.reduce_sum(tf.cast(tf.equal(half_beats, n + 1.0), tf.float32), -1) for n in range(ENDS)]
        return tf.stack(counts, axis=-1) / 4.0

    def _left(self, batch: Batch) -> Any:
        """Return the ticks that each pitch goes on sounding after the last onset, (…, 128)."""
        return tf.cast(batch["ends"] - batch["onset"][..., None], tf.float32)

    def _struck(self, batch: Batch, delta: Any) -> Any:
        now = tf.equal(batch["strikes"], batch["onset"][..., None]) & (delta == 0)[..., None]
        return tf.cast(now, tf.float32)

    def _nearness(self, left: Any) -> Any:
        """Return 1 / (1 + beats left) of what sounds."""
        beats = tf.maximum(left, 0.0) / self.shape.codec.ticks_per_beat
        return _held(left) / (1.0 + beats)

    def _around(self, pitches: Any, pitch: Any) -> Any:
        """Return (…, 128) values by pitch as a window around the last pitch, (…, 75)."""
        padded = tf.pad(pitches, [[0, 0], [0, 0], [REACH + 1, REACH + 1]])
        return tf.gather(padded, pitch[..., None] + tf.range(INTERVALS), batch_dims=2)

    def _histograms(self, code: Any, pitch: Any) -> Any:
        """Return decayed pitch-class histograms counted from the last note's class, (batch, step, 24)."""
        values = np.asarray(self.shape.codec["pitch"].values, np.int32) % 12
        # The code before the first note gives a row of zeros.
        rows = np.zeros((len(values) + 1, int(values.max()) + 1), np.float32)
        rows[np.arange(len(values)), values] = 1
        one_hot = tf.gather(tf.constant(rows), code)
        one_hot = tf.pad(one_hot, [[0, 0], [0, 0], [0, 12 - rows.shape[1]]])
        turn = (pitch[..., None] + tf.range(12)) % 12
        found = [tf.gather(decayed(one_hot, decay), turn, batch_dims=2) for decay in DECAYS]
        return tf.concat(found, axis=-1)

    def delta_ticks(self, code: Any) -> Any:
        """Return the ticks of delta codes, int."""
        return tf.cast(tf.gather(tf.constant(tick_values(self.shape.codec, "delta")), code), tf.int32)


def decayed(x: Any, decay: float) -> Any:
    """Return a running mean, (batch, step, size): each step keeps ``decay`` of it and adds the rest.

    Within stretches of at most STRETCH steps it is a product with a matrix; what a stretch ends with decays
    on in the later ones. A long piece then needs memory in proportion to its length, not to its square.
    """
    steps, length = tf.shape(x)[1], x.shape[1]
    if length is not None and length <= STRETCH:
        return tf.einsum("ts,bsc->btc", _weights(steps, decay), x)
    width = tf.minimum(steps, STRETCH)
    count = -(-steps // width)
    x = tf.pad(x, [[0, 0], [0, count * width - steps], [0, 0]])
    x = tf.reshape(x, [-1, count, width, x.shape[2]])
    own = tf.einsum("ts,bnsc->bntc", _weights(width, decay), x)
    power = tf.cast(width, tf.float32)
    # A stretch brings what those before it ended with; those ends decay from one to the next.
    ends = tf.pad(own[:, :-1, -1], [[0, 0], [1, 0], [0, 0]])
    brought = tf.einsum("nm,bmc->bnc", _weights(count, tf.pow(decay, power), 1.0), ends)
    fading = tf.pow(decay, tf.range(1.0, power + 1.0))
    own += fading[:, None] * brought[:, :, None]
    return tf.reshape(own, [-1, count * width, own.shape[3]])[:, :steps]


def _weights(steps: Any, decay: Any, share: Any = None) -> Any:
    """Return what every step (column) weighs at every step (row); ``share`` is the newest one's."""
    ago = tf.cast(tf.range(steps)[:, None] - tf.range(steps)[None, :], tf.float32)
    share = 1 - decay if share is None else share
    return tf.where(ago >= 0, share * tf.pow(decay, tf.maximum(ago, 0.0)), 0.0)


def _held(left: Any) -> Any:
    return tf.cast(left > 0.0, tf.float32)
