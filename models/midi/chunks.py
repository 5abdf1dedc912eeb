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
    """Return a MIDI file without what surrounds it and chunks of other kinds, all its tracks counted.

    What does not consist of chunks, such as a file with a wrong size in it, is returned as it is.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = next((body for kind, body in _chunks(data, 12, "little", even=True) if kind == b"data"), data)
    found = list(_chunks(data, 0, "big"))
    if not found or found[0][0] != HEADER or b"".join(map(_written, found)) != data:
        return data
    kept = [(kind, body) for kind, body in found if kind in (HEADER, TRACK)]
    head, tracks = kept[0][1], sum(kind == TRACK for kind, _ in kept)
    if tracks > int.from_bytes(head[2:4], "big"):  # else the header may tell of tracks that are missing
        kept[0] = (HEADER, head[:2] + min(tracks, 0xFFFF).to_bytes(2, "big") + head[4:])
    return b"".join(map(_written, kept))


def _written(chunk: tuple[bytes, bytes]) -> bytes:
    kind, body = chunk
    return kind + len(body).to_bytes(4, "big") + body


def _chunks(
    data: bytes, at: int, order: Literal["little", "big"], *, even: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks from byte ``at`` on, as kind and content; ``even`` ones are padded to an even size."""
    while at + _HEAD <= len(data):
        size = int.from_bytes(data[at + 4 : at + _HEAD], order)
        yield data[at : at + 4], data[at + _HEAD : at + _HEAD + size]
        at += _HEAD + size + (size % 2 if even else 0)
