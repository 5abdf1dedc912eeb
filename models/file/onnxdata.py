"""Whether an ONNX file's tensors are in it: the format lets them lie in other files.

A model file is one file. What a graph names beside it, or elsewhere on the disk, ONNX Runtime reads before
anybody could look at it; which places it refuses depends on its version.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelFileError
from .onnxmeta import fields, opened

MAX_FIELDS = 1_000_000
"""Fields that are walked over: a model has some thousands, and each costs a microsecond."""
_EXTERNAL_DATA = 13
"""The field of a TensorProto that says where its values are."""
_INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""By kind of message, the fields that hold others which may hold tensors (onnx.proto3)."""


def check_whole(path: Path) -> None:
    """Raise ModelFileError, with the path, where values of a tensor are in another file."""
    with opened(path) as (file, size):
        is_whole = _is_whole(file, size)
    if not is_whole:
        raise ModelFileError(f"{path}: keeps some of its weights in another file: export it in one")


def _is_whole(file: BinaryIO, size: int) -> bool:
    """Walk over all messages that may hold tensors."""
    waiting, left = [("model", 0, size)], MAX_FIELDS
    while waiting:
        kind, start, end = waiting.pop()
        file.seek(start)
        for number, length in fields(file, end, left):
            left -= 1
            if kind == "tensor" and number == _EXTERNAL_DATA:
                return False
            if number in _INSIDE[kind]:
                waiting.append((_INSIDE[kind][number], file.tell(), file.tell() + length))
    return True
