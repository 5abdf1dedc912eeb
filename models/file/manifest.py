"""What a model file says of itself: the JSON under its metadata key ``antiphon``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

from ..codec import Codec
from ..gaps import Gaps
from ..metre import Metre
from ..score import Part

DType = Literal["int32", "float32"]
FORMAT_VERSION = 1
METADATA_KEY = "antiphon"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What a model may be called: it stands in requests, on command lines and in files' names."""
CONDITIONS = ("metre", "remaining")
TONIC = "tonic"
"""A third condition that some models have: 1 for C … 12 for B, 0 unknown; of minor, its relative major's."""


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
    gaps: Gaps | None = None
    """least, typical and most of the beats between its music's onsets (models/gaps.py); null if unknown."""
    defaults: Defaults = field(default_factory=Defaults)
    """temperature, top_p, metre, tempo, low and high of requests that name none."""
    sources: tuple[Source, ...] = ()
    """The data it was trained on: name, licence and attribution of each set."""
    held_out: Mapping[str, float] = field(default_factory=dict)
    """Figures on held-out pieces: of the test split, and nats a note, unless the name says otherwise."""
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

    @cached_property
    def has_drums(self) -> bool:
        """Whether a part is drums."""
        return any(part.is_drum for part in self.parts)

    @property
    def is_melody(self) -> bool:
        """Whether it plays a single voice, which is no drums."""
        return len(self.parts) == 1 and self.monophonic and not self.has_drums

    @property
    def has_voices(self) -> bool:
        """Whether it plays several parts, each one note at a time, none of them drums."""
        return len(self.parts) > 1 and self.monophonic and not self.has_drums

    def metre_code(self, metre: Metre) -> int:
        """Return the code of the condition `metre`: 0 for one the model has not learnt."""
        text = str(metre)
        return self.metres.index(text) + 1 if text in self.metres else 0

    def to_json(self) -> str:
        """Return the JSON text that goes into the file."""
        data = asdict(self)
        del data["codec"]
        data |= self.codec.to_dict()
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
