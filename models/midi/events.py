"""The events of a MIDI file, walked over before mido makes an object of each.

An event of two bytes becomes some 250, and a number is read to its end however long it is: a file within the
limit of bytes could fill a machine's memory, or keep it busy for hours.
"""

from __future__ import annotations

MAX_EVENTS = 2_000_000
"""Twice what the most notes need to begin and end."""
LONGEST_NUMBER = 16
"""Bytes; Standard MIDI Files 1.0 has four. What is a little longer is read."""
_HEAD = 8
"""Bytes of a chunk's kind and size."""
_META, _SYSTEM_EXCLUSIVE = 0xFF, (0xF0, 0xF7)
_DATA_BYTES = {0xC: 1, 0xD: 1, 0xF: 0}
"""By the upper half of a status, where it is not 2."""
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


def check_events(data: bytes) -> None:
    """Raise ValueError for more than MAX_EVENTS, or a number of more than LONGEST_NUMBER bytes.

    Whatever else is wrong is left to the reader; it goes through the bytes as mido does.
    """
    left, at = MAX_EVENTS, _HEAD + int.from_bytes(data[4:_HEAD], "big")
    try:
        for _ in range(int.from_bytes(data[10:12], "big")):
            end = at + _HEAD + int.from_bytes(data[at + 4 : at + _HEAD], "big")
            at += _HEAD
            status = 0
            while at != end:
                at, status = _event(data, at, status)
                left -= 1
                if left < 0:
                    raise ValueError(f"more than {MAX_EVENTS:,} events; thin out its controllers")
    except IndexError:
        return  # the data end within an event


def _event(data: bytes, at: int, status: int) -> tuple[int, int]:
    """Return where the event at ``at`` ends, and the status that holds for those after it."""
    _, at = _number(data, at)
    first = data[at]
    at += 1
    if first == _META:
        length, at = _number(data, at + 1)
        return at + length, status
    running = first < 0x80
    status = status if running else first
    if status in _SYSTEM_EXCLUSIVE:
        length, at = _number(data, at)
        return at + length, status
    length = _SYSTEM_BYTES.get(status, _DATA_BYTES.get(status >> 4, 2))
    return at + max(length - running, 0), status


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at ``at``, seven bits a byte, and where it ends."""
    value = 0
    for place in range(at, at + LONGEST_NUMBER):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    raise ValueError(f"a number of more than {LONGEST_NUMBER} bytes; export it again")
