"""Notes that a step graph chooses freely, held against the network's own distributions.

Several rows at once, each in circumstances of its own, as held-out pieces are all alike: they know no
temperature, no mask, no other bar length and no batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.errors import ExportError
from ...models.field import FieldName
from ...models.file.manifest import Manifest
from ...models.file.step import MASKED, PHRASE_BARS, REMAINING_BUCKETS, TEXT_LINE, TONICS
from ...train.fit.passages import Piece, passage
from .reference import KerasLogits
from .replay import Passage, Replay

Array = npt.NDArray[Any]
SLACK = 2e-4
"""Probability by which two float32 sums of one distribution may differ."""
TIE = 1e-3
"""Share by which probabilities differ at least whose order is certain: the log-probabilities agree to 1e-4
nats, and a temperature below 1 makes more of that."""


@dataclass(frozen=True)
class Circumstances:
    """What one row chooses in."""

    temperature: float
    top_p: float
    masked: float
    """Share of codes that must not be chosen."""
    beats: int
    """Of a bar."""
    middle: bool
    """Whether the notes are told to begin in mid-piece."""


ROWS = (
    Circumstances(1.0, 1.0, 0.0, 4, middle=False),
    Circumstances(0.7, 0.9, 0.3, 3, middle=True),
    Circumstances(1.5, 0.6, 0.6, 2, middle=False),
    Circumstances(1.0, 0.95, 0.0, 6, middle=True),
)


@dataclass(frozen=True)
class Choices:
    """What the graph did; every array begins (row, step)."""

    codes: Array
    clocks: Array
    """The clock that it handed out after each note, (row, step, 3)."""
    log_prob: Array
    uniform: Array
    conditions: Array
    masks: Mapping[FieldName, Array]
    """(row, code)."""


def bar_ticks(codec: Codec, row: Circumstances) -> int:
    """Return the length of a row's bars."""
    return TEXT_LINE if codec.is_text else row.beats * codec.ticks_per_beat


def choose(replay: Replay, steps: int, seed: int) -> Choices:
    """Let the graph choose ``steps`` notes in each row."""
    manifest, codec, rng = replay.manifest, replay.manifest.codec, np.random.default_rng(seed)
    rows, fields = len(ROWS), len(codec.fields)
    feed = replay.begin(rows)
    masks = {f.name: _mask(rng, f.size) for f in codec.fields}
    masks[codec.names[0]][:, codec.end] = MASKED
    feed |= {f"mask_{name}": mask for name, mask in masks.items()}
    feed["temperature"] = np.array([[row.temperature] for row in ROWS], np.float32)
    feed["top_p"] = np.array([[row.top_p] for row in ROWS], np.float32)
    feed["note"] = np.stack([codec.begin(middle=row.middle) for row in ROWS])
    feed["clock"] = np.array([[0, 0, bar_ticks(codec, row)] for row in ROWS], np.int32)
    feed["forced"] = np.full((rows, fields), -1, np.int32)
    uniform = rng.random((rows, steps, fields), np.float32) * np.float32(0.999999)
    conditions = _conditions(manifest, steps)
    found = []
    for t in range(steps):
        feed["uniform"] = uniform[:, t]
        if manifest.conditions:
            feed["conditions"] = conditions[:, t]
        out = replay.step(feed, t + 1)
        found.append([out[name] for name in ("chosen", "clock_out", "log_prob")])
        feed["note"], feed["clock"] = out["chosen"], out["clock_out"]
    codes, clocks, log_prob = (np.stack(each, axis=1) for each in zip(*found, strict=True))
    return Choices(codes, clocks, log_prob, uniform, conditions, masks)


def _mask(rng: np.random.Generator, size: int) -> Array:
    """Return each row's mask of a field, (row, code); one code at least is left, and END may not be."""
    masked = rng.random((len(ROWS), size)) < np.array([[row.masked] for row in ROWS])
    masked[np.arange(len(ROWS)), rng.integers(0, max(size - 1, 1), len(ROWS))] = False
    return np.where(masked, MASKED, 0.0).astype(np.float32)


def _conditions(manifest: Manifest, steps: int) -> Array:
    """Return conditions that take on all their values, one row's zero, (row, step, condition)."""
    remaining = REMAINING_BUCKETS + PHRASE_BARS * manifest.phrases
    sizes = (len(manifest.metres) + 1, remaining, TONICS)[: len(manifest.conditions)]
    row = np.arange(len(ROWS))[:, None]
    t = np.arange(steps)[None]
    columns = [np.broadcast_to(row, (len(ROWS), steps)), row * t, row * t]
    made = [column % size for column, size in zip(columns, sizes, strict=False)]
    return np.stack(made, axis=2).astype(np.int32) if made else np.zeros((len(ROWS), steps, 0), np.int32)


def check_choices(replay: Replay, keras: KerasLogits, steps: int, parity: float) -> int:
    """Let the graph choose notes and compare all that it hands out with what Keras and the codec say.

    Returns the notes compared, at least ``steps``; raises ExportError where a log-probability is further
    apart than ``parity`` nats, a note is not the one that the random number draws, or a clock is wrong.
    """
    codec = replay.manifest.codec
    each = -(-steps // len(ROWS))
    made = choose(replay, each, seed=0)
    for index, row in enumerate(ROWS):
        codes = made.codes[index]
        passed = np.ones(each, int) if codec.is_text else codec.fields[0].array[codes[:, 0]].astype(int)
        ticks, length = np.cumsum(passed), bar_ticks(codec, row)
        clocks = np.stack([ticks // length, ticks % length, np.full(each, length)], axis=1)
        if wrong := np.flatnonzero((clocks != made.clocks[index]).any(axis=1)).tolist():
            at, told = wrong[0], made.clocks[index, wrong[0]].tolist()
            raise ExportError(f"after note {at} the graph's clock is {told}, not {clocks[at].tolist()}")
        logits = keras(_passage(codec, made, index, clocks, ticks))
        _check_row(codec, made, index, logits, parity)
    return each * len(ROWS)


def _passage(codec: Codec, made: Choices, index: int, clocks: Array, ticks: Array) -> Passage:
    """Return a row's notes as arrays that the network reads."""
    seen = np.column_stack([ticks, clocks, np.zeros(len(ticks), int)]).astype(np.int32)
    one = passage(codec, Piece(made.codes[index], seen), 0, len(ticks))
    one["note"][0] = codec.begin(middle=ROWS[index].middle)
    given = made.conditions[index]
    one["conditions"][:, : given.shape[1]] = given
    return one


def _check_row(codec: Codec, made: Choices, index: int, logits: list[Array], parity: float) -> None:
    """Compare a row's log-probabilities and choices with the network's distributions."""
    row = ROWS[index]
    for column, (field, scores) in enumerate(zip(codec.fields, logits, strict=True)):
        codes = made.codes[index, :, column]
        exact = scores.astype(np.float64)
        own = np.take_along_axis(exact - _log_sum(exact), codes[:, None], axis=1)[:, 0]
        apart = float(np.abs(own - made.log_prob[index, :, column]).max())
        if not apart <= parity:
            raise ExportError(f"over notes that the graph chose, Keras differs by {apart:.2e} nats")
        tempered = (exact + made.masks[field.name][index]) / row.temperature
        chances = np.exp(tempered - _log_sum(tempered))
        for t, code in enumerate(codes):
            if not is_drawn(chances[t], row.top_p, float(made.uniform[index, t, column]), int(code)):
                raise ExportError(f"note {t}: the graph chose code {code} of {field.name}, which Keras' "
                                  "probabilities and the random number do not give")  # fmt: skip


def _log_sum(scores: Array) -> Array:
    """Return log of the sum of exponentials, (step, 1)."""
    most = scores.max(axis=1, keepdims=True)
    return most + np.log(np.exp(scores - most).sum(axis=1, keepdims=True))


def is_drawn(chances: Array, top_p: float, uniform: float, code: int) -> bool:
    """Return whether a random number draws a code from the nucleus of a distribution.

    The codes are in order of their probabilities, those that are as good as equal in any; up to SLACK either
    way, as sums are rounded.

    >>> chances = np.array([0.2, 0.5, 0.3])
    >>> [is_drawn(chances, 0.7, 0.9, code) for code in range(3)]
    [False, False, True]
    """
    ordered = np.sort(chances)[::-1]
    upto = np.cumsum(ordered)
    first = int((ordered > chances[code] * (1 + TIE)).sum())
    final = int((ordered >= chances[code] * (1 - TIE)).sum()) - 1
    below = upto[first] - ordered[first]
    last = len(upto) - 1
    # Where a sum is as good as top_p, either it or the next one ends the nucleus.
    ends = {min(int(np.searchsorted(upto, top_p + off)), last) for off in (-SLACK, SLACK)}
    return any(first <= end and below - SLACK <= uniform * upto[end] <= upto[final] + SLACK for end in ends)
