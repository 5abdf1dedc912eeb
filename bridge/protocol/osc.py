"""OSC datagrams: checked before python-osc sees them, and built from i, f and s alone.

python-osc's parser must not meet a stranger's bytes unchecked: a bundle element of negative size
makes it loop for ever (20 bytes are enough), and tags it does not know are skipped without their
bytes, so that everything after them is garbage.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ...models.note import Note

Value = int | float | str

MAX_DATAGRAM = 65507
"""The largest UDP payload over IPv4, in bytes."""
MAX_DEPTH = 8
"""How deeply bundles may nest."""
MAX_ARGUMENTS = 2048
"""Eight times what a message of the protocol has, but for a ping. As many as a datagram holds take 23 ms to
read: a hundred of those a second, each from another port, kept everybody else waiting."""
_BUNDLE = b"#bundle\0"
_TAG_BYTES = {"i": 4, "f": 4, "d": 8, "h": 8, "T": 0, "F": 0}
_ACCEPTED = "i, f, s, d, h, T, F"


@dataclass(frozen=True, slots=True)
class Message:
    """An address and its arguments, T and F already turned into 1 and 0."""

    address: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """What a datagram, or an element of its bundle, is instead of a message."""

    address: str
    """Its address as far as it can be read, else "/"."""
    reason: str


def is_bundle(datagram: bytes) -> bool:
    """Return whether a datagram may hold more than one message."""
    return datagram.startswith(_BUNDLE)


def read(datagram: bytes) -> Iterator[Message | Malformed]:
    """Yield the messages of a datagram in order; never raises, whatever the bytes.

    Time tags are ignored: everything is done at once.

    >>> list(read(b"/a\\0\\0,i\\0\\0\\0\\0\\0\\x07"))
    [Message(address='/a', args=(7,))]
    """
    if len(datagram) > MAX_DATAGRAM:
        yield Malformed("/", f"the datagram has {len(datagram)} bytes, the limit is {MAX_DATAGRAM}")
    else:
        yield from _element(datagram, depth=0)


def _element(data: bytes, depth: int) -> Iterator[Message | Malformed]:
    """Yield what one message or bundle holds."""
    if not is_bundle(data):
        yield _message(data)
    elif depth >= MAX_DEPTH:
        yield Malformed("#bundle", f"bundles nest deeper than {MAX_DEPTH}")
    elif len(data) < 16:
        yield Malformed("#bundle", "the bundle ends inside its time tag")
    else:
        yield from _bundle(data, depth)


def _bundle(data: bytes, depth: int) -> Iterator[Message | Malformed]:
    """Yield what the elements of a bundle hold, up to the first whose size is wrong."""
    at = 16
    while at < len(data):
        if len(data) - at < 4:
            yield Malformed("#bundle", f"{len(data) - at} bytes left over after the last element")
            return
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size <= 0 or size % 4:
            yield Malformed("#bundle", f"an element of {size} bytes; give its size as 4, 8, 12 and so on")
            return
        if size > len(data) - at:
            yield Malformed(
                "#bundle",
                f"the bundle ends inside an element: {len(data) - at} of its {size} bytes are there; send it "
                "whole, or in several datagrams",
            )
            return
        yield from _element(data[at : at + size], depth + 1)
        at += size


def _message(data: bytes) -> Message | Malformed:
    """Check and parse one message."""
    address = "/"
    try:
        address, at = _string(data, 0, "the address")
        if not address.startswith("/"):
            address, bad = "/", address[:40]
            return Malformed("/", f"an OSC address starts with /, not {bad!r}")
        if not address.isascii() or not address.isprintable():
            return Malformed("/", "the address has characters outside printable ASCII")
        if at == len(data):
            return Malformed(address, "the type tag string is missing; send at least ','")
        tags, at = _string(data, at, "the type tags")
        _check_arguments(data, tags, at)
        params = OscMessage(data).params
    except Exception as error:  # a stranger's bytes: whatever is wrong becomes an answer
        return Malformed(address, str(error) or type(error).__name__)
    return Message(address, tuple(int(p) if isinstance(p, bool) else p for p in params))


def _check_arguments(data: bytes, tags: str, at: int) -> None:
    """Check that tags are known and their bytes fill the message exactly; raises ValueError."""
    if not tags.startswith(","):
        raise ValueError("the type tag string must start with ','")
    if len(tags) - 1 > MAX_ARGUMENTS:
        raise ValueError(f"{len(tags) - 1} arguments, the limit is {MAX_ARGUMENTS}")
    for tag in tags[1:]:
        if tag == "s":
            _, at = _string(data, at, "a string argument")
        elif tag in _TAG_BYTES:
            at += _TAG_BYTES[tag]
        else:
            raise ValueError(f"type tag {tag!r} is not accepted; send {_ACCEPTED}")
        if at > len(data):
            raise ValueError(f"the message ends inside an argument of type {tag!r}")
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes left over after the last argument")


def _string(data: bytes, at: int, what: str) -> tuple[str, int]:
    """Return the padded string at ``at`` and where it ends; raises ValueError."""
    end = data.find(b"\0", at)
    after = (end // 4 + 1) * 4
    if end < 0 or after > len(data):
        raise ValueError(f"{what} is not ended by a zero byte within the message")
    if any(data[end:after]):
        raise ValueError(f"{what} is not padded with zero bytes to a multiple of 4")
    try:
        return data[at:end].decode(), after
    except UnicodeDecodeError:
        raise ValueError(f"{what} is not UTF-8") from None


def build(message: Message) -> bytes:
    """Return the datagram of a message, with the types i, f and s alone.

    An int beyond 32 bits is sent as f, which every client reads; h is not.
    """
    builder = OscMessageBuilder(message.address)
    for value in message.args:
        if isinstance(value, str):
            builder.add_arg(_utf8(value).decode(), "s")
        elif isinstance(value, int) and -(2**31) <= value < 2**31:
            builder.add_arg(int(value), "i")
        else:
            builder.add_arg(_single(value), "f")
    dgram: bytes = builder.build().dgram
    return dgram


def _single(value: float) -> float:
    """Return ``value``, an int perhaps, within what a 32-bit float can hold."""
    if abs(value) > 3.4e38:
        return math.inf if value > 0 else -math.inf
    return float(value)


@dataclass(frozen=True, slots=True)
class NoteMessage:
    """A message that ends in notes, five values each: pitch, start, duration, velocity, part."""

    address: str
    head: tuple[Value, ...]
    """The arguments before the notes."""
    notes: tuple[Note, ...]

    @property
    def args(self) -> tuple[Value, ...]:
        """All arguments, flat."""
        return (*self.head, *flat(self.notes))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A message whose datagram is made already: less to keep than its notes, and nothing to send again."""

    address: str
    datagram: bytes

    @property
    def args(self) -> tuple[Value, ...]:
        """All arguments, flat."""
        (message,) = read(self.datagram)
        assert isinstance(message, Message)
        return message.args


Outgoing = Message | NoteMessage | Encoded


def encode(message: Outgoing) -> bytes:
    """Return a message's datagram."""
    if isinstance(message, Encoded):
        return message.datagram
    return build_notes(message) if isinstance(message, NoteMessage) else build(message)


def encoded(message: Outgoing) -> Encoded:
    """Return a message with its datagram made."""
    return Encoded(message.address, encode(message))


def flat(notes: tuple[Note, ...]) -> list[Value]:
    """Return five values a note."""
    values: list[Value] = []
    for note in notes:
        values += (note.pitch, note.start, note.duration, note.velocity, note.part)
    return values


def build_notes(message: NoteMessage) -> bytes:
    """Return a message's datagram, several times faster than :func:`build`: by one struct.pack.

    Starts and durations are f even where they are ints. Nothing here looks at the numbers: what 32 bits
    cannot hold raises struct.error or OverflowError.
    """
    count = len(message.notes)
    tags = [
        "i" if isinstance(value, int) else "f" if isinstance(value, float) else "s" for value in message.head
    ]
    body = b"".join(
        pad(value) if isinstance(value, str) else struct.pack(">" + tag, value)
        for tag, value in zip(tags, message.head, strict=True)
    )
    start = pad(message.address) + pad("," + "".join(tags) + "iffii" * count) + body
    return start + _layout(count).pack(*flat(message.notes))


@lru_cache(maxsize=64)
def _layout(notes: int) -> struct.Struct:
    """Return how ``notes`` notes are packed."""
    return struct.Struct(">" + "iffii" * notes)


def pad(text: str) -> bytes:
    """Return a string as OSC has it: UTF-8, zero-ended, padded to a multiple of 4."""
    data = _utf8(text)
    return data + b"\0" * (4 - len(data) % 4)


def _utf8(text: str) -> bytes:
    """Return a string as bytes without NULs; what UTF-8 lacks, as a byte of a file name, is spelt out."""
    return text.replace("\0", "").encode(errors="backslashreplace")
