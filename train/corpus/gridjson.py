"""Grids of voices as JSON, such as JSB Chorales: {"train": [[[S, A, T, B], ...], ...], ...}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from ...models.errors import MusicError
from ...models.metre import MetreMap
from ...models.note import Note
from ...models.score import Part, Score

STEP_BEATS = 0.25
"""A step of the grid is a 16th."""
SATB = ("soprano", "alto", "tenor", "bass")


@dataclass(frozen=True)
class GridPiece:
    """One piece of a grid file."""

    name: str
    split: str
    """The file's own key: train, valid or test."""
    rows: list[list[int]]
    """(step, voice), -1 for silence."""


def pieces(text: str | bytes, name: str) -> Iterator[GridPiece]:
    """Yield the pieces of a grid file; raises MusicError where it is not one."""
    try:
        splits = json.loads(text)
    except ValueError as error:
        raise MusicError(f"{name}: not JSON ({error})") from error
    if not isinstance(splits, dict):
        raise MusicError(f"{name}: not a grid file, which is an object of splits")
    for split, members in splits.items():
        if not isinstance(members, list) or not all(isinstance(rows, list) for rows in members):
            raise MusicError(f"{name}: not a grid file: {split!r} is no list of pieces")
    if not any(splits.values()):
        raise MusicError(f"{name}: it holds no pieces")
    for split, members in splits.items():
        for index, rows in enumerate(members):
            yield GridPiece(f"{split}/{index:03}", str(split), rows)


def read_grid(piece: GridPiece) -> Score:
    """Return a grid as a Score of one part a voice; equal neighbours in a voice are one note.

    Raises:
        MusicError: rows of unequal length, or pitches outside 0..127.
    """
    rows = piece.rows
    voices = {len(row) if isinstance(row, list) else -1 for row in rows}
    if len(voices) != 1 or voices <= {-1, 0}:
        raise MusicError(f"{piece.name}: a grid needs rows of one length, one column a voice")
    count = voices.pop()
    notes = [
        note for voice in range(count) for note in _voice([row[voice] for row in rows], voice, piece.name)
    ]
    if not notes:
        raise MusicError(f"{piece.name}: it holds no notes")
    names = SATB if count == len(SATB) else tuple(f"voice {i + 1}" for i in range(count))
    return Score(
        Score.ordered(notes), MetreMap(), parts=tuple(Part(name) for name in names), title=piece.name
    )


def _voice(column: list[int], voice: int, name: str) -> Iterator[Note]:
    """Yield the notes of one voice."""
    start = 0
    for step in range(1, len(column) + 1):
        if step < len(column) and column[step] == column[start]:
            continue
        pitch = column[start]
        if not isinstance(pitch, int) or pitch > 127:
            raise MusicError(f"{name}: pitch {pitch!r} at step {start} is not in 0..127")
        if pitch >= 0:
            yield Note(pitch, start * STEP_BEATS, (step - start) * STEP_BEATS, part=voice)
        start = step
