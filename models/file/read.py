"""A manifest read from a model file's metadata: JSON that anybody may have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..codec import Codec
from ..errors import AntiphonError, ModelFileError
from ..field import Field
from ..gaps import Gaps
from ..metre import Metre
from ..score import Part
from .check import check_manifest
from .manifest import FORMAT_VERSION, NAME, Defaults, Manifest, Memory, Source, StateTensor


def read_manifest(text: str) -> Manifest:
    """Read a manifest; raises ModelFileError that names the wrong key."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the manifest is not JSON: {error}: export the model anew") from error
    if not isinstance(data, dict):
        raise ModelFileError("the manifest is not a JSON object")
    version = data.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise ModelFileError("the manifest has no format_version")
    if version < 1:
        raise ModelFileError(
            f"the file has format {version!r:.80}, which is unknown, the first was 1: export the model anew"
        )
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"the file has format {version!r:.80}, this Antiphon reads up to {FORMAT_VERSION}: "
            "update Antiphon"
        )
    return _read(data)


def _read(data: dict[str, Any]) -> Manifest:
    """Build a manifest from parsed JSON."""
    key = "fields"
    try:
        tables = tuple(Field(f["name"], tuple(_list(f["values"]))) for f in _list(data["fields"]))
        key = "ticks_per_beat"
        codec = Codec(tables, data["ticks_per_beat"])
        for key, build in _REQUIRED.items():
            data[key] = build(data[key])
        key = "gaps"
        data[key] = None if data.get(key) is None else Gaps(**data[key])
    except _WRONG as error:
        raise ModelFileError(
            f"the manifest's key {key!r:.80} is missing or wrong: {error!s:.300}: export the model anew"
        ) from error
    # Keys that a later version added are left alone.
    known = {name: value for name, value in data.items() if name in Manifest.__dataclass_fields__}
    manifest = Manifest(**{**known, "codec": codec})
    _check_name(manifest.name)
    check_manifest(manifest)
    return manifest


_WRONG = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, AntiphonError)
"""What values of any kind make of reading them; a whole number may be too great for a float, too."""


def _check_name(name: Any) -> None:
    if name == "":
        raise ModelFileError("the manifest's key 'name' is empty")
    if isinstance(name, str) and not NAME.fullmatch(name):  # else its kind is what is wrong
        raise ModelFileError(
            "the manifest's key 'name' must be up to 64 lower-case letters, digits and hyphens, such as "
            f"my-tunes, not {name!r:.80}"
        )


def _list(value: Any) -> list[Any]:
    """Return a JSON array; text and objects can be walked over, too, and mean something else."""
    if not isinstance(value, list):
        raise TypeError(f"must be a list, not {value!r:.80}")
    return value


def _defaults(defaults: Defaults) -> Defaults:
    if isinstance(defaults.metre, str):  # else its kind is what is wrong
        Metre.parse(defaults.metre)
    return defaults


def _as_it_is(value: Any) -> Any:
    return value  # of which kind it is, is checked with the others


_REQUIRED: dict[str, Callable[[Any], Any]] = {
    "name": _as_it_is,
    "title": _as_it_is,
    "monophonic": _as_it_is,
    "metres": lambda v: tuple(str(Metre.parse(m)) for m in _list(v)),
    "parts": lambda v: tuple(Part(**p) for p in _list(v)),
    "state": lambda v: tuple(StateTensor(**{**s, "shape": tuple(_list(s["shape"]))}) for s in _list(v)),
    "memory": lambda v: None if v is None else Memory(**v),
    "tasks": lambda v: tuple(_list(v)),
    "conditions": lambda v: tuple(_list(v)),
    "defaults": lambda v: _defaults(Defaults(**v)),
    "sources": lambda v: tuple(Source(**s) for s in _list(v)),
    "held_out": lambda v: {str(k): float(x) for k, x in v.items()},
}
