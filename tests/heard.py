"""What a client heard of the bridge, put together as a musician's patch would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from antiphon.bridge.client.client import Take
from antiphon.models.note import Note

Reply = tuple[Any, ...]
"""A reply's address and its arguments."""


@dataclass(frozen=True)
class Heard:
    """One take."""

    notes: tuple[Note, ...]
    end_beats: float
    seed: int


def heard(replies: Iterable[Reply], name: str | int, take: int = 0) -> Heard:
    """Return a take from the notes and the done that came for it; fail the test where they disagree."""
    about = [reply for reply in replies if reply[1:3] == (name, take)]
    chunks = {reply[3]: reply for reply in about if reply[0] == "/antiphon/notes"}
    done = [reply for reply in about if reply[0] == "/antiphon/done"]
    assert len(done) == 1, about
    assert chunks, about
    of = {reply[4] for reply in chunks.values()}
    assert of == {len(chunks)} and sorted(chunks) == list(range(len(chunks))), about
    notes: list[Note] = []
    for seq in sorted(chunks):
        values = chunks[seq][6:]
        assert len(values) == 5 * chunks[seq][5]
        notes += [Note(*values[at : at + 5]) for at in range(0, len(values), 5)]
    assert done[0][3] == len(notes)
    return Heard(tuple(notes), done[0][4], done[0][5])


def same(take: Take) -> Heard:
    """Return what a client should have heard of a take."""
    assert take.notes, "an answer without notes shows nothing"
    return Heard(take.notes, take.end_beats, take.seed)


def failures(replies: Iterable[Reply]) -> list[Reply]:
    """Return what every ``/antiphon/fail`` said: id, code and message."""
    return [reply[1:] for reply in replies if reply[0] == "/antiphon/fail"]


def flat(notes: Iterable[Note]) -> list[float]:
    """Return notes as a message has them."""
    return [value for n in notes for value in (n.pitch, n.start, n.duration, n.velocity, n.part)]
