"""What sounds, in the step graph: ticks left by pitch, and what the network is told of them.

What a pitch tells depends on nothing but its ticks left, a whole number, so each pitch looks its row up in
a table made here instead of computing it: half the nodes. The state has one place more than there are
pitches, where nothing ever sounds; windows that reach beyond MIDI's pitches look there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.errors import ExportError
from ...train.backend import tf
from ...train.network.shape import ENDS, INTERVALS, PITCHES, REACH, ends_unit, pitch_values, tick_values

STATE = PITCHES + 1
"""Places of a state: the pitches, and one that stays silent."""
HELD, NEAR, RELEASED = range(3)
"""Columns of what a pitch tells."""


class Sounding:
    """Lookups for one codec."""

    def __init__(self, codec: Codec) -> None:
        self.deltas = tick_values(codec, "delta")
        self.durations = tick_values(codec, "duration")
        for name, values in (("delta", self.deltas), ("duration", self.durations)):
            if (values % 1).any():
                raise ExportError(f"the table of {name} holds fractions of a tick; prepare the data set anew")
        # A note that has ended is -1, whenever that was; nothing is left longer than the longest.
        self._longest = int(self.durations.max())
        ticks = np.arange(-1, self._longest + 1, dtype=np.float32)
        held = (ticks > 0).astype(np.float32)
        near = held / (1 + np.maximum(ticks, 0) * np.float32(1 / codec.ticks_per_beat))
        self._told = np.stack([held, near, (ticks == 0).astype(np.float32)], axis=1)
        half_beat = np.ceil(ticks / np.float32(ends_unit(codec)))
        self._ends = (half_beat[:, None] == np.arange(1, ENDS + 1)).astype(np.float32) * np.float32(0.25)
        self.struck = np.zeros((codec["pitch"].inputs, STATE), np.float32)
        """1 where a pitch code strikes, (code, STATE)."""
        values = np.asarray(codec["pitch"].values, np.int32)
        self.struck[np.arange(len(values)), values] = 1
        self._pitches = pitch_values(codec)

    def windows(self, *places: tuple[int, int]) -> npt.NDArray[np.int64]:
        """Return where windows around each pitch code lie in a row of maps, (code, windows × INTERVALS).

        Args:
            places: of each window's map its first element in the row, and the step from pitch to pitch.
        """
        around = self._pitches[:, None] + np.arange(INTERVALS) - (REACH + 1)
        around = np.where((around >= 0) & (around < PITCHES), around, PITCHES)
        return np.concatenate([first + step * around for first, step in places], axis=1).astype(np.int64)

    def row(self, left: Any) -> Any:
        """Return each pitch's row in the tables, by its ticks left (batch, STATE)."""
        return tf.cast(tf.clip_by_value(left, -1.0, float(self._longest)), tf.int32) + 1

    def told(self, row: Any, columns: int) -> Any:
        """Return the first columns of what each pitch tells, pitch by pitch, (batch, STATE × columns)."""
        return tf.reshape(tf.gather(tf.constant(self._told[:, :columns]), row), [-1, STATE * columns])

    def ends(self, row: Any) -> Any:
        """Return a quarter of how many notes end in each half beat to come, (batch, ENDS)."""
        each = tf.gather(tf.constant(self._ends), row)
        # A product with ones, not a reduce_sum: ONNX Runtime's adds up in another order in other batches.
        return tf.squeeze(tf.matmul(tf.ones([1, STATE], tf.float32), each), axis=1)
