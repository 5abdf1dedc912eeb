"""What fixes a network's tensors: its inputs' tables, its conditions, and the codes of derived inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.codec import Codec
from ...models.field import FieldName
from ...models.file.manifest import CONDITIONS, TONIC
from ...models.file.step import MASKED, PHRASE_BARS, POSITION_STRIDE, REMAINING_BUCKETS
from ..backend import tf
from ..config.sections import NetworkConfig

Batch = dict[str, Any]
"""Tensors (batch, step, ...) by the names that antiphon.train.fit.passages.passage gives them."""
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
"""Rows of the attention bias by bars: 0 for what lies ahead, then two a bar (same place, another place)."""
BEATS_APART = 128
BEAT_BIASES = BEATS_APART + 2
"""Rows of the attention bias by beats: 0 for what lies ahead, then one a beat."""
DECAYS = (0.85, 0.985)
"""Of the two pitch-class histograms, a note."""
PITCHES = 128
DEGREES = PITCHES + 1
"""Pitches as they would be with the tonic on C, and one code for an unknown tonic."""
ENDS = 16
"""Times ahead, half a beat each, at which what sounds may end."""
IMPOSSIBLE = MASKED / 1000
"""What `roll` adds to the logit of a pitch that no roll can hold: less than a request's mask, which must hold
even where all that it allows is impossible."""
AHEAD = 4 * INTERVALS + ENDS
"""What is held, struck, just released and how near its end at the next onset, around the last pitch; and
how many notes end when."""


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

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions that the network reads, in order."""
        if self.codec.is_text:
            return ()
        return (*CONDITIONS, TONIC) if self.config.tonic else CONDITIONS

    def columns(self) -> dict[str, int]:
        """Return the categorical inputs of a step and their sizes, in order."""
        if self.codec.is_text:
            return {"char": self.codec["char"].inputs}
        columns: dict[str, int] = {f.name: f.inputs for f in self.codec.fields if f.name != "pitch"}
        if self.config.relative_pitch:
            columns |= {"interval": INTERVALS, "register": REGISTERS}
        else:
            columns["pitch"] = self.codec["pitch"].inputs
        remaining = REMAINING_BUCKETS + PHRASE_BARS * self.config.phrases
        columns |= {"place": PLACES, "metre": self.metres + 1, "remaining": remaining}
        if self.config.tonic:
            columns["degree"] = DEGREES
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

    @property
    def attends(self) -> bool:
        """Whether the network reads a memory of earlier steps, as every Transformer does."""
        return self.config.attention_heads > 0

    @property
    def memory_heads(self) -> int:
        """Heads of the attention memory: those of every block of a Transformer, side by side."""
        return self.config.blocks * self.config.attention_heads


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


def bias_code(apart: Any) -> Any:
    """Return the attention bias row for a difference of positions (a float tensor).

    floor + ceil of the bars apart is even on the same place in the bar and odd on another one; what
    lies ahead gets row 0, and everything from 65 bars on (the null row too) the last one.
    """
    bars = apart / POSITION_STRIDE
    code = tf.clip_by_value(tf.floor(bars) + tf.math.ceil(bars), -1.0, BIASES - 2.0)
    return tf.cast(code, tf.int32) + 1


def beat_code(apart: Any, bar_ticks: Any, ticks_per_beat: int) -> Any:
    """Return the row of the attention bias by beats for a difference of positions (float tensors).

    A bar of the present length is taken for every bar between: the memory holds bars and places, not
    ticks. What lies ahead gets row 0; the null row and everything from 128 beats on the last one.
    """
    bars = tf.floor(apart / POSITION_STRIDE + 0.5)
    ticks = bars * bar_ticks + (apart - bars * POSITION_STRIDE)
    beats = tf.floor(ticks / ticks_per_beat)
    return tf.cast(tf.clip_by_value(beats, -1.0, BEATS_APART), tf.int32) + 1


def ends_unit(codec: Codec) -> int:
    """Return the ticks of half a beat, at least 1."""
    return max(codec.ticks_per_beat // 2, 1)


def semitones_up(tonic: Any) -> Any:
    """Return how far a tonic code (1 for C … 12 for B, 0 unknown) lies from the nearest C, -6 to 5."""
    return (tonic + 5) % 12 - 6
