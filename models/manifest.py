"""What a model file says of itself: the JSON under its metadata key ``antiphon``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .codec import Codec
from .errors import AntiphonError, ConfigError, ModelFileError
from .field import Field
from .limits import check
from .metre import Metre
from .score import Part
from .step import DType

FORMAT_VERSION = 1
METADATA_KEY = "antiphon"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What a model may be called: it stands in requests, on command lines and in files' names."""
CONDITIONS = ("metre", "remaining")
TONIC = "tonic"
"""A third condition that some models have: 1 for C … 12 for B, 0 unknown."""


@dataclass(frozen=True)
class StateTensor:
    """One tensor that the host carries from step to step."""

    name: str
    shape: tuple[int, ...]
    """Without the batch axis."""
    dtype: DType = "float32"
    initial: float = 0.0
    """What every element holds before the first note."""


@dataclass(frozen=True)
class Memory:
    """The attention memory that the host keeps."""

    heads: int
    key_size: int
    value_size: int
    length: int
    """How many notes back the model was trained to look."""


@dataclass(frozen=True)
class Source:
    """A data set that the model was trained on."""

    name: str
    licence: str
    attribution: str = ""

    @classmethod
    def of(cls, entry: Any) -> Source:
        """Return what a table of a configuration says; raises ConfigError that names the key."""
        known = ("name", "licence", "attribution")
        if not isinstance(entry, Mapping) or not {"name", "licence"} <= entry.keys() <= set(known):
            raise ConfigError(f"sources: {entry!r} must be a table of {', '.join(known)}")
        wrong = next((key for key in entry if not isinstance(entry[key], str)), None)
        if wrong:
            raise ConfigError(f"sources: {wrong} must be text, not {entry[wrong]!r}")
        return cls(**entry)


@dataclass(frozen=True)
class Defaults:
    """How the model likes to be sampled."""

    temperature: float = 1.0
    top_p: float = 0.98
    metre: str = "4/4"
    tempo: float = 120.0
    low: int = 0
    high: int = 127


@dataclass(frozen=True)
class Manifest:
    """Everything a program must know to run a model file."""

    name: str
    """What requests call it: lower-case letters, digits and hyphens."""
    title: str
    """What people call it, in a line."""
    codec: Codec
    metres: tuple[str, ...]
    """The metres learnt, "6/8"; code = index + 1, code 0 means another one."""
    parts: tuple[Part, ...]
    """name, program (General MIDI, from 0) and is_drum of each."""
    monophonic: bool
    """Whether no part ever sounds two notes at once."""
    state: tuple[StateTensor, ...]
    """Tensors to carry over: name, shape without the batch axis, dtype and initial value."""
    memory: Memory | None
    """heads, key_size, value_size and length of the attention memory; null without one."""
    tasks: tuple[str, ...] = ("generate", "continue")
    """What it was trained for."""
    conditions: tuple[str, ...] = CONDITIONS
    """What the input `conditions` holds, in order."""
    phrases: bool = False
    """Whether codes of the condition `remaining` from 33 on tell a bar's place in its phrase of eight."""
    defaults: Defaults = field(default_factory=Defaults)
    """temperature, top_p, metre, tempo, low and high of requests that name none."""
    sources: tuple[Source, ...] = ()
    """The data it was trained on: name, licence and attribution of each set."""
    held_out: Mapping[str, float] = field(default_factory=dict)
    """Figures on held-out pieces, nats a note unless the name says otherwise."""
    parameters: int = 0
    """How many weights it has."""
    quantisation: str = "float32"
    """float32, or int8 for eight-bit weights."""
    antiphon_version: str = ""
    """What exported it."""
    date: str = ""
    """When, as YYYY-MM-DD."""
    licence: str = ""
    """Of the weights."""
    format_version: int = FORMAT_VERSION
    """Of this manifest."""

    def metre_code(self, metre: Metre) -> int:
        """Return the code of the condition `metre`: 0 for one the model has not learnt."""
        text = str(metre)
        return self.metres.index(text) + 1 if text in self.metres else 0

    def to_json(self) -> str:
        """Return the JSON text that goes into the file."""
        data = asdict(self)
        codec = data.pop("codec")
        data["ticks_per_beat"] = codec["ticks_per_beat"]
        data["fields"] = codec["fields"]
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest; raises ModelFileError that names the wrong key."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelFileError(f"the manifest is not JSON: {error}: export the model anew") from error
        if not isinstance(data, dict):
            raise ModelFileError("the manifest is not a JSON object")
        version = data.get("format_version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ModelFileError("the manifest has no format_version")
        if version > FORMAT_VERSION:
            raise ModelFileError(
                f"the file has format {version!r:.80}, this Antiphon reads up to {FORMAT_VERSION}: "
                "update Antiphon"
            )
        return _read(data)


def _read(data: dict[str, Any]) -> Manifest:
    """Build a manifest from parsed JSON."""
    data = dict(data)
    key = "fields"
    try:
        tables = tuple(Field(f["name"], tuple(_list(f["values"]))) for f in _list(data.pop("fields")))
        key = "ticks_per_beat"
        codec = Codec(tables, data.pop("ticks_per_beat"))
        for key, build in _NESTED.items():
            data[key] = build(data[key])
        key = ", ".join(sorted(data.keys() - set(Manifest.__dataclass_fields__)))
        known = {name: value for name, value in data.items() if name in Manifest.__dataclass_fields__}
        manifest = Manifest(codec=codec, **known)
    except _WRONG as error:
        raise ModelFileError(
            f"the manifest's key {key!r:.80} is missing or wrong: {error!s:.300}: export the model anew"
        ) from error
    _check_name(manifest.name)
    check(manifest)
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


_NESTED: dict[str, Any] = {
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
