"""The four piano-roll sets of Boulanger-Lewandowski, Bengio and Vincent (2012) as data sets of notes.

A roll is (frame, 88) of 0 and 1, its first column MIDI pitch 21. Runs of ones become notes and notes
become runs again: a bijection, for a pitch cannot begin in the frame after its own end. One frame is one
tick and one beat. The frame at which a roll ends is kept, so that a note that sounds there counts as
having lasted at least so long.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...models.errors import DatasetError
from ...models.field import Field
from ...models.score import Part
from .arrayfile import write_array
from .dataset import SPLITS, SplitName
from .writeset import check_tables, write_info, write_split

Roll = npt.NDArray[np.bool_]
LOWEST = 21
"""MIDI pitch of a roll's first column."""
KEYS = 88
SETS = {
    "jsb": "JSB_Chorales.mat",
    "nottingham": "Nottingham.mat",
    "piano": "Piano_midi.mat",
    "muse": "MuseData.mat",
}
BARS = {"jsb": 12, "nottingham": 48, "piano": 48, "muse": 48}
"""Frames whose place has a code of its own. A frame is a quarter note in jsb, where bars of 3 and 4 fit
into 12, and an eighth in the others, where bars of 4, 6, 8, 12 and 16 fit into 48."""
_LEAST = 31
"""Frames of a note, and between two, that every table holds."""
_KEYS_IN_FILE = {"train": "traindata", "valid": "validdata", "test": "testdata"}


@dataclass(frozen=True)
class RollNotes:
    """The notes of a roll, sorted by onset and pitch; (note,) each."""

    pitch: npt.NDArray[np.int64]
    onset: npt.NDArray[np.int64]
    """In frames."""
    duration: npt.NDArray[np.int64]
    frames: int
    """Of the roll."""


def notes_of(roll: Roll) -> RollNotes:
    """Return the notes of a roll (frame, 88)."""
    padded = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    change = np.diff(padded, axis=0)
    # Column by column, the k-th beginning and the k-th end belong together.
    column, onset = np.nonzero(change.T == 1)
    _, end = np.nonzero(change.T == -1)
    order = np.lexsort((column, onset))
    return RollNotes(column[order] + LOWEST, onset[order], (end - onset)[order], len(roll))


def read_rolls(path: Path) -> dict[SplitName, list[Roll]]:
    """Return the rolls of a .mat file by split; raises DatasetError that says what is wrong."""
    import scipy.io
    from scipy.io.matlab import MatReadError

    try:
        data = scipy.io.loadmat(path)
        found = {s: [np.asarray(r, bool) for r in data[_KEYS_IN_FILE[s]][0]] for s in SPLITS}
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError, MatReadError) as error:
        raise DatasetError(
            f"{path} is no piano-roll set (traindata, validdata, testdata): {error}"
        ) from error
    for split, rolls in found.items():
        if not rolls or any(r.ndim != 2 or r.shape[1] != KEYS for r in rolls):
            raise DatasetError(f"{path}: {split} must hold rolls of {KEYS} columns")
    return found


def write_dataset(rolls: dict[SplitName, list[Roll]], folder: Path, name: str) -> None:
    """Write a data set that `antiphon train` reads; a roll of fewer than two notes is left out."""
    bar = BARS.get(name, max(BARS.values()))
    folder.mkdir(parents=True, exist_ok=True)
    notes = {split: [notes_of(r) for r in found] for split, found in rolls.items()}
    codec = _codec([n for found in notes.values() for n in found])
    check_tables(codec)
    for split, pieces in notes.items():
        kept = [p for p in pieces if len(p.pitch) > 1]
        named = [(f"{split}/{i}", len(p.pitch)) for i, p in enumerate(kept)]
        write_split(folder, split, codec, named, map(_codes, kept), (_clock(p, bar) for p in kept))
        write_array(folder / f"{split}.ends.npy", np.array([p.frames for p in kept], np.int64))
    write_info(folder, codec, (), [Part(name)], monophonic=False, tonic=0, sources=[])


def _codec(pieces: list[RollNotes]) -> Codec:
    """Return tables of whole frames, from the shortest to a power of two above the longest."""
    longest = max(int(p.duration.max(initial=_LEAST)) for p in pieces)
    gap = max(int(np.diff(p.onset, prepend=0).max(initial=_LEAST)) for p in pieces)
    durations, deltas = (1 << n.bit_length() for n in (longest, gap))
    fields = (
        Field("delta", tuple(range(deltas))),
        Field("pitch", tuple(range(128))),
        Field("duration", tuple(range(1, durations + 1))),
    )
    return Codec(fields, ticks_per_beat=1)


def _codes(notes: RollNotes) -> npt.NDArray[np.int64]:
    """Return the codes of a roll's notes, (note, field)."""
    return np.stack([np.diff(notes.onset, prepend=0), notes.pitch, notes.duration - 1], axis=1)


def _clock(notes: RollNotes, bar: int) -> npt.NDArray[np.int64]:
    """Return the clock of a roll's notes in bars of ``bar`` frames, (note, 5)."""
    onset = notes.onset
    return np.stack(
        [onset, onset // bar, onset % bar, np.full_like(onset, bar), np.zeros_like(onset)], axis=1
    )
