"""Passages of a data set as arrays: what a network reads and predicts, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.file.step import REMAINING_BUCKETS, phrase_code
from ...models.metre import is_pick_up
from ..config.sections import Told
from ..dataset.dataset import Dataset, SplitName
from ..network.shape import ANCHOR, PITCHES, pitch_values, tick_values

Array = npt.NDArray[np.int32]
LONG_AGO = -(1 << 24)
"""When what has never happened happened, in ticks."""
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Piece:
    """One piece's codes (note, field) and clock (note, 5): tick, bar, place, bar ticks, metre code."""

    codes: npt.NDArray[np.integer]
    clock: npt.NDArray[np.integer]
    tonic: int | None = None
    """Pitch class, where the set tells it."""
    end: int | None = None
    """Tick at which the music is cut off: what would reach beyond is known to do so, and no more."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def first_bar(self) -> int:
        """The first whole bar: 1 after a pick-up's."""
        _, bar, place, ticks, _ = self.clock[0].tolist()
        return int(bar > 0 or is_pick_up(place, ticks))


def pieces_of(dataset: Dataset, split: SplitName) -> list[Piece]:
    """Return the pieces of a split that hold at least two notes."""
    return [piece for _, piece in numbered_pieces(dataset, split)]


def numbered_pieces(dataset: Dataset, split: SplitName) -> Iterator[tuple[int, Piece]]:
    """Yield the pieces of a split that hold at least two notes, each with its place in the split."""
    data = dataset.split(split)
    for index in range(data.pieces):
        at = data.piece(index)
        if at.stop - at.start > 1:
            end = None if data.ends is None else int(data.ends[index])
            yield index, Piece(data.codes[at], data.clock[at], dataset.tonic, end)


def passage(
    codec: Codec, piece: Piece, first: int, length: int, *, told: Told = "nothing", transpose: int = 0
) -> Arrays:
    """Return the steps that predict notes ``first`` to ``first + length - 1``, END after the last one.

    A passage from the middle starts at the barline of its first note's bar, and that note's delta, which
    is then no interval between notes, counts for nothing.

    Args:
        codec: what the piece's codes mean.
        piece: where it is cut from.
        first: the first note that is predicted.
        length: how many are, END included, as far as there are.
        told: what the condition `remaining` tells: how many bars are left to the end, or the places of bars
            in their phrases.
        transpose: semitones, as far as all of the passage can be moved by them.

    Returns:
        Arrays of one row a step:
        ``note``, the codes of the note that it reads, and ``target``, of the one that it predicts, (step,
        field);
        ``weight``, what the loss of each field counts, (step, field);
        ``counted``, 1 where the target is a note and not END, (step,);
        ``clock``, bar, tick in bar and ticks a bar of the note read, (step, 3), and ``onset``, its tick,
        (step,);
        ``conditions``, the codes of metre, bars that remain and tonic, (step, 3);
        ``voices``, with several parts each one's last pitch, (step, part);
        ``strikes`` and ``ends``, with durations when each pitch last began and ends, in ticks, (step, 128);
        ``censored``, of a piece that is cut off 1 where the target's code stands for all after it too,
        (step, field).
    """
    n = len(piece)
    last = min(first + length, n)
    ends = first + length > n
    codes = piece.codes[first:last].astype(np.int32)
    clock = piece.clock[first:last].astype(np.int32)
    transpose = within_table(codec, codes, transpose)
    codes = _transposed(codec, codes, transpose)
    bar0, tick0 = int(clock[0, 1]), int(clock[0, 0] - clock[0, 2])
    if first:
        if not codec.is_text:
            codes[0, 0] = codec["delta"].nearest(float(clock[0, 2]))
    else:
        bar0, tick0 = 0, 0  # a piece may begin with empty bars
    note, target, weight = _steps(codec, codes, middle=first > 0, ends=ends)
    seen = _clock(clock, tick0, bar0, len(note))
    result: Arrays = {
        "note": note,
        "target": target,
        "weight": weight,
        "clock": seen[:, 1:4],
        "conditions": _conditions(piece, seen[:, 4], bar0 + seen[:, 1], told, transpose),
        "counted": np.concatenate([np.ones(len(codes), np.float32), np.zeros(int(ends), np.float32)]),
        "onset": seen[:, 0],
    }
    result |= _voices(codec, note)
    result |= _sounding(codec, note, seen[:, 0])
    if piece.end is not None:
        result |= _censored(codec, target, clock[:, 0], seen[-1, 0] + tick0, piece.end, ends)
    return result


def _steps(
    codec: Codec, codes: Array, *, middle: bool, ends: bool
) -> tuple[Array, Array, npt.NDArray[np.float32]]:
    """Return what each step reads, what it predicts and what that counts, (step, field) each."""
    steps = len(codes) + ends
    end_row = np.zeros((1, codes.shape[1]), np.int32)
    end_row[0, 0] = codec.end
    note = np.concatenate([codec.begin(middle=middle)[None], codes])[:steps]
    target = np.concatenate([codes, end_row])[:steps]
    weight = np.ones(target.shape, np.float32)
    weight[0, 0] = not middle
    if ends:
        weight[-1, 1:] = 0.0
    return note, target, weight


def _clock(clock: Array, tick0: int, bar0: int, steps: int) -> Array:
    """Return the clock of the note that each step reads, (step, 5), from the passage's own beginning."""
    head = np.array([[tick0, bar0, 0, clock[0, 3], clock[0, 4]]], np.int32)
    return np.concatenate([head, clock])[:steps] - np.array([tick0, bar0, 0, 0, 0], np.int32)


def _conditions(piece: Piece, metres: Array, bars: Array, told: Told, transpose: int) -> Array:
    """Return the codes of metre, remaining and tonic, (step, 3).

    Args:
        piece: whose steps they are.
        metres: codes, (step,).
        bars: of the piece, from 0, (step,).
        told: what `remaining` tells.
        transpose: semitones that the tonic moves by.
    """
    conditions = np.zeros((len(metres), 3), np.int32)
    conditions[:, 0] = metres
    if told == "end":
        conditions[:, 1] = np.minimum(int(piece.clock[-1, 1]) - bars, REMAINING_BUCKETS - 2) + 1
    elif told == "phrase":
        conditions[:, 1] = phrase_code(bars - piece.first_bar)
    if piece.tonic is not None:
        conditions[:, 2] = (piece.tonic + transpose) % 12 + 1
    return conditions


def _censored(codec: Codec, target: Array, onsets: Array, last: int, end: int, ends: bool) -> Arrays:
    """Return which targets the cut at tick ``end`` hides the rest of, (step, field); sets their codes.

    A note that sounds up to the cut lasted at least so long, and after the last note there was none
    before it.
    """
    censored = np.zeros(target.shape, np.float32)
    column = codec.index("duration")
    if column is not None:
        ticks = tick_values(codec, "duration")[target[: len(onsets), column]]
        censored[: len(onsets), column] = onsets + ticks >= end
    if ends:
        wait = end - last
        table = codec["delta"].values
        target[-1, 0] = int(np.searchsorted(table, wait)) if wait <= table[-1] else codec.end
        censored[-1, 0] = 1.0
    return {"censored": censored}


def within_table(codec: Codec, codes: Array, semitones: int) -> int:
    """Return how far all pitches can be moved: so far as asked, or as the table reaches."""
    if not semitones or not len(codes):
        return semitones
    table = np.asarray(codec["pitch"].values)
    pitches = table[codes[:, codec.names.index("pitch")]]
    return int(np.clip(semitones, table[0] - pitches.min(), table[-1] - pitches.max()))


def _transposed(codec: Codec, codes: Array, semitones: int) -> Array:
    """Return a copy with every pitch moved; codes must then lie in the table."""
    codes = codes.copy()
    if semitones:
        column = codec.names.index("pitch")
        table = np.asarray(codec["pitch"].values)
        moved = table[codes[:, column]] + semitones
        codes[:, column] = np.abs(table[None, :] - moved[:, None]).argmin(axis=1)
    return codes


def _voices(codec: Codec, note: Array) -> Arrays:
    """Return each part's last pitch after every step, (step, part)."""
    if "part" not in codec.names:
        return {}
    parts = codec["part"].size
    pitch = pitch_values(codec)[note[:, codec.names.index("pitch")]]
    part = note[:, codec.names.index("part")]
    voices = np.full((len(note), parts), ANCHOR, np.int32)
    for p in range(parts):
        at = np.where(part == p, np.arange(len(note)), -1)
        at = np.maximum.accumulate(at)
        voices[:, p] = np.where(at >= 0, pitch[at], ANCHOR)
    return {"voices": voices}


def _sounding(codec: Codec, note: Array, onset: Array) -> Arrays:
    """Return, after every step, when each pitch was last struck and when that note ends, (step, 128)."""
    if "duration" not in codec.names:
        return {}
    duration = tick_values(codec, "duration")[note[:, codec.names.index("duration")]].astype(np.int32)
    column = note[:, codec.names.index("pitch")]
    steps = np.arange(len(note))
    at = np.full((len(note), PITCHES), -1)
    begun = column < codec["pitch"].begin
    at[steps[begun], pitch_values(codec)[column[begun]]] = steps[begun]
    at = np.maximum.accumulate(at, axis=0)
    return {
        "ends": np.where(at >= 0, (onset + duration)[at], LONG_AGO).astype(np.int32),
        "strikes": np.where(at >= 0, onset[at], LONG_AGO).astype(np.int32),
    }
