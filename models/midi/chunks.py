"""The chunks of a MIDI file: a header and its tracks, which other chunks may surround.

Standard MIDI Files 1.0 has readers skip chunks of kinds that they do not know; RIFF files of the kind RMID
hold a MIDI file as their chunk `data`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

HEADER, TRACK = b"MThd", b"MTrk"
_HEAD = 8
"""Bytes of a chunk's kind and size."""


def standard(data: bytes) -> bytes:
    """Return a MIDI file without what surrounds it and without chunks of other kinds.

    What does not consist of chunks, such as a file with a wrong size in it, is returned as it is.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = next((body for kind, body in _chunks(data, 12, "little", even=True) if kind == b"data"), data)
    found = list(_chunks(data, 0, "big"))
    if {kind for kind, _ in found} <= {HEADER, TRACK}:
        return data
    if sum(_HEAD + len(body) for _, body in found) != len(data) or found[0][0] != HEADER:
        return data
    return b"".join(
        kind + len(body).to_bytes(4, "big") + body for kind, body in found if kind in (HEADER, TRACK)
    )


def _chunks(
    data: bytes, at: int, order: Literal["little", "big"], *, even: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks from byte ``at`` on, as kind and content; ``even`` ones are padded to an even size."""
    while at + _HEAD <= len(data):
        size = int.from_bytes(data[at + 4 : at + _HEAD], order)
        yield data[at : at + 4], data[at + _HEAD : at + _HEAD + size]
        at += _HEAD + size + (size % 2 if even else 0)
