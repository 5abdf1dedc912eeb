"""The metadata of an ONNX file, read without loading the model.

An ONNX file is one protobuf message (onnx.proto3, ModelProto): a row of fields, each a tag and a value.
Walking over the top level finds the metadata in microseconds, and tells a file that was cut off from one
that never was a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import ModelFileError

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
_LARGEST_ENTRY = 16 << 20
"""Bytes of metadata read at most; our manifests have some kilobytes."""


class _CutOffError(Exception):
    """The file ends inside a field."""


class _NoModelError(Exception):
    """The bytes are not an ONNX message."""


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of an ONNX file.

    Raises ModelFileError, with the path, for a file that is missing, is no ONNX file or is cut off.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _metadata(file, size)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _CutOffError as error:
        raise ModelFileError(f"{path}: truncated (the file ends inside a field): copy it again") from error
    except (_NoModelError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path}: not a model (no ONNX file)") from error


def _metadata(file: BinaryIO, size: int) -> dict[str, str]:
    """Walk over the top level of ModelProto."""
    found: dict[str, str] = {}
    seen: set[int] = set()
    if file.read(1) != b"\x08":  # a varint in field 1: every exporter writes ir_version first
        raise _NoModelError
    file.seek(0)
    while file.tell() < size:
        number, length = _field(file, size)
        seen.add(number)
        if number == _METADATA and length <= _LARGEST_ENTRY:
            key, value = _entry(file.read(length))
            found[key] = value
        else:
            file.seek(length, 1)
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise _CutOffError if _IR_VERSION in seen and len(seen) > 1 else _NoModelError
    return found


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


def _entry(data: bytes) -> tuple[str, str]:
    """Return key and value of a StringStringEntryProto."""
    texts = dict(_texts(data))
    return texts.get(1, ""), texts.get(2, "")


def _texts(data: bytes) -> Iterator[tuple[int, str]]:
    from io import BytesIO

    file = BytesIO(data)
    while file.tell() < len(data):
        number, length = _field(file, len(data))
        yield number, file.read(length).decode("utf-8")
