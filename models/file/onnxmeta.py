"""The metadata of an ONNX file, read without loading the model.

An ONNX file is one protobuf message (onnx.proto3, ModelProto): a row of fields, each a tag and a value.
Walking over the top level finds the metadata in microseconds, and tells a file that was cut off from one
that never was a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelFileError

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
_KEY, _VALUE = 1, 2
_LARGEST_VALUE = 4 << 20
"""Bytes of the entry read at most; our manifests have some kilobytes."""
_LONGEST_KEY = 256
"""Bytes of a key that is read; a longer one is not ours."""
_MAX_FIELDS = 10_000
"""Fields of a message that are walked over: a model has some dozens, and each costs a microsecond."""


class _CutOffError(Exception):
    """The file ends inside a field."""


class _TooLargeError(Exception):
    """The entry is no manifest."""


class _NoModelError(Exception):
    """The bytes are not an ONNX message."""


def read_metadata(path: Path, key: str) -> str | None:
    """Return one entry of an ONNX file's metadata; None for a file that lacks it. Nothing else is read.

    Raises ModelFileError, with the path, for a file that is missing, is no ONNX file or is cut off.
    """
    with opened(path) as (file, size):
        try:
            return _metadata(file, size, key)
        except _TooLargeError as error:
            most = f"{_LARGEST_VALUE >> 20} MB: export the model anew"
            raise ModelFileError(f"{path}: its metadata key {key!r} has more than {most}") from error


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file for :func:`fields`, with its bytes; what they find wrong becomes a ModelFileError."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            yield file, size
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _CutOffError as error:
        raise ModelFileError(f"{path}: truncated (the file ends inside a field): copy it again") from error
    except (_NoModelError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path}: not a model (no ONNX file)") from error


def _metadata(file: BinaryIO, size: int, key: str) -> str | None:
    """Walk over the top level of ModelProto; the last entry of a key counts."""
    if file.read(1) != b"\x08":  # a varint in field 1: every exporter writes ir_version first
        raise _NoModelError
    file.seek(0)
    seen: set[int] = set()
    found: tuple[int, int] | None = None
    for number, length in fields(file, size):
        seen.add(number)
        if number == _METADATA:
            found = _value_of(file, file.tell() + length, key) or found
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise _CutOffError if _IR_VERSION in seen and len(seen) > 1 else _NoModelError
    if found is None:
        return None
    start, length = found
    if length > _LARGEST_VALUE:
        raise _TooLargeError
    file.seek(start)
    return file.read(length).decode("utf-8")


def _value_of(file: BinaryIO, end: int, key: str) -> tuple[int, int] | None:
    """Return where the value of a StringStringEntryProto lies, and its bytes; None for another key."""
    is_ours, value = False, None
    for number, length in fields(file, end):
        if number == _KEY:
            is_ours = length <= _LONGEST_KEY and file.read(length) == key.encode()
        elif number == _VALUE:
            value = file.tell(), length
    return (value or (end, 0)) if is_ours else None


def fields(file: BinaryIO, end: int, most: int = _MAX_FIELDS) -> Iterator[tuple[int, int]]:
    """Yield number and bytes of each field of a message that goes up to ``end``, standing at its value.

    A message of ``most`` fields or more is none of a model's.
    """
    for _ in range(most):
        if file.tell() >= end:
            return
        number, length = _field(file, end)
        after = file.tell() + length
        yield number, length
        file.seek(after)
    raise _NoModelError


def _field(file: BinaryIO, size: int) -> tuple[int, int]:
    """Read a tag; return the field's number and the bytes of its value that follow."""
    tag = _varint(file)
    number, wire = tag >> 3, tag & 7
    if wire == 0:
        _varint(file)
        length = 0
    elif wire == 2:
        length = _varint(file)
    elif wire in (1, 5):
        length = 8 if wire == 1 else 4
    else:
        raise _NoModelError
    if not 1 <= number <= 1000:  # ModelProto's highest is below 30
        raise _NoModelError
    if file.tell() + length > size:
        raise _CutOffError
    return number, length


def _varint(file: BinaryIO) -> int:
    """Read a base-128 number of at most ten bytes."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _CutOffError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise _NoModelError
