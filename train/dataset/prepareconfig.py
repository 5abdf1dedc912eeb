"""What `antiphon prepare` is told: a TOML file, flags, or both; parsed once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ...models.codec import TICKS_PER_BEAT
from ...models.errors import ConfigError
from ...models.field import FIELD_ORDER, FieldName
from ...models.file.limits import MAX_ENTRIES, MAX_TEXT, RANGES
from ...models.score import Part
from ..config.sources import sources_of
from ..config.toml import parse_toml
from .drummap import DRUM_MAPS

_FIELDS = tuple(name for name in FIELD_ORDER if name != "char")
DEFAULT_VELOCITY_BINS = 32
DEFAULT_OFFSET_BINS = 9


@dataclass(frozen=True)
class PartRule:
    """A part of the data set and which notes of a source it takes.

    With neither ``match`` nor ``programs`` nor ``is_drum`` a rule takes the source's parts of its name; where
    no part has the name of a rule, the part at its own place in the list, drums not counted in either. A
    single such rule takes everything but drums.
    """

    name: str
    program: int = 0
    """General MIDI program that plays it, 0..127."""
    is_drum: bool = False
    """Takes the drums."""
    match: tuple[str, ...] = ()
    """Globs on the source's part names, upper and lower case alike."""
    programs: tuple[int, ...] = ()
    """General MIDI programs of the source."""

    @property
    def is_plain(self) -> bool:
        """Whether it takes a part by name or order."""
        return not (self.match or self.programs or self.is_drum)

    @property
    def part(self) -> Part:
        """The part as models know it."""
        return Part(self.name, self.program, self.is_drum)


@dataclass(frozen=True)
class PrepareConfig:
    """How music becomes a data set."""

    ticks_per_beat: int = 24
    fields: tuple[FieldName, ...] = ()
    """Empty: delta, part (of several), pitch, duration, and those that have bins."""
    velocity_bins: int = 0
    offset_bins: int = 0
    """An odd number keeps a bin for "on the grid"."""
    drum_map: str = ""
    """"td11" turns Roland TD-11 pitches into General MIDI; "gm" keeps them; empty leaves drums out."""
    text: bool = False
    """Keep ABC tunes as text, for a model of characters; of the rest, only index, include, exclude, least
    and sources then count."""
    melody: bool = False
    """Keep one voice: no note under a held one, each ended by the next."""
    parts: tuple[PartRule, ...] = ()
    index: tuple[str, ...] = ()
    """CSV files with a column `split`; index.csv and info.csv beside the music are found by themselves."""
    include: tuple[str, ...] = ()
    """Globs on file names; others are left out."""
    exclude: tuple[str, ...] = ()
    min_notes: int = 2
    """Shorter pieces are left out; 2 at least, as one note is followed by none that could be learned."""
    least: int = 3
    """How often a delta or duration must occur in training to get a code of its own."""
    like: str = ""
    """Another data set, whose tables and metres this one gets, so that a model of that can go on with it."""
    sources: tuple[Mapping[str, str], ...] = ()
    """name, licence, attribution of each, kept with the data set."""

    def __post_init__(self) -> None:
        names = self.field_names
        if "char" in names:
            raise ConfigError("fields: char is of data sets of text, which --text makes (text = true)")
        if list(names) != [name for name in FIELD_ORDER if name in names]:
            raise ConfigError(f"fields must be among {', '.join(_FIELDS)}, in this order, each once")
        if "delta" not in names or "pitch" not in names:
            raise ConfigError("fields must hold delta and pitch")
        if self.min_notes == 1:
            raise ConfigError("min_notes 1: a piece of one note teaches nothing; 2 is the least")
        for key, low, high in _RANGES:
            if not low <= getattr(self, key) <= high:
                raise ConfigError(f"{key} {getattr(self, key)} is not in {low}..{high}")
        for key, name in (("velocity_bins", "velocity"), ("offset_bins", "offset")):
            if getattr(self, key) and name not in names:
                raise ConfigError(
                    f"{key} {getattr(self, key)}: fields has no {name}; add it, or leave {key} out"
                )
        if self.drum_map and self.drum_map not in DRUM_MAPS:
            raise ConfigError(f"drum_map {self.drum_map!r} is not one of {', '.join(DRUM_MAPS)}")
        if len(self.part_rules) > 1 and "part" not in names:
            raise ConfigError("several parts need the field part")
        if len(self.parts) > MAX_ENTRIES:
            raise ConfigError(f"parts: {len(self.parts)} parts, a model has at most {MAX_ENTRIES}")
        if long := next((rule.name for rule in self.parts if len(rule.name) > MAX_TEXT), ""):
            raise ConfigError(f"parts: {long[:40]}… has {len(long)} characters, at most {MAX_TEXT}")
        called = [rule.name.lower() for rule in self.parts if rule.name]
        if twice := next((name for name in called if called.count(name) > 1), ""):
            raise ConfigError(f"parts: two are called {twice!r}; give each a name of its own")
        if any(rule.is_drum for rule in self.parts) and not self.drum_map:
            raise ConfigError('a drum part needs a drum_map, "gm" or "td11"')
        if self.like and self.text:
            raise ConfigError("like: a data set of text has no tables but its characters")

    @property
    def field_names(self) -> tuple[FieldName, ...]:
        """The fields in the codec's order."""
        if self.fields:
            return self.fields
        wanted = {"delta", "pitch", "duration"}
        wanted |= {"part"} if len(self.part_rules) > 1 else set()
        wanted |= {"velocity"} if self.velocity_bins else set()
        wanted |= {"offset"} if self.offset_bins else set()
        return tuple(name for name in FIELD_ORDER if name in wanted)

    @property
    def part_rules(self) -> tuple[PartRule, ...]:
        """The parts, by default one: drums if there is a drum map, else everything else."""
        return self.parts or (PartRule("drums" if self.drum_map else "notes", is_drum=bool(self.drum_map)),)

    @property
    def bins(self) -> tuple[int, int]:
        """Velocity and offset bins, with their defaults for fields named without."""
        return self.velocity_bins or DEFAULT_VELOCITY_BINS, self.offset_bins or DEFAULT_OFFSET_BINS

    def settings(self) -> str:
        """Return what decides how a file is read, as text: results kept on disk are filed under it."""
        data = asdict(self)
        for key in ("index", "include", "exclude", "least", "like", "sources"):
            del data[key]
        return json.dumps(data, sort_keys=True)


_RANGES = (
    ("ticks_per_beat", *TICKS_PER_BEAT),
    ("velocity_bins", 0, 127),
    ("offset_bins", 0, 999),
    ("min_notes", 2, 10**6),
    ("least", 1, 10**9),
)


def load(path: Path | None, overrides: Mapping[str, Any]) -> PrepareConfig:
    """Read a TOML file, if any, and let ``overrides`` that are not None win.

    Raises:
        ConfigError: naming the file and the key.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = _values(parse_toml(path.read_text(encoding="utf-8-sig")))
        except (OSError, ConfigError) as error:
            raise ConfigError(f"{path}: {error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: TOML is UTF-8, which this is not: {error}") from error
    given = {key: value for key, value in overrides.items() if value is not None}
    try:  # Both together must make sense: what the file leaves open an option may say.
        return PrepareConfig(**{**values, **given})
    except ConfigError as error:
        where = f"{path}, with the options given" if given else str(path)
        raise (ConfigError(f"{where}: {error}") if path is not None else error) from error


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what parsed TOML says, key by key."""
    known = {field.name: field.default for field in fields(PrepareConfig)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise ConfigError(f"unknown key {key!r}; known are {', '.join(known)}")
        values[key] = _value(key, value, known[key])
    return values


def _value(key: str, value: Any, default: Any) -> Any:
    """Return what a key's TOML says, of its default's type."""
    if key == "parts":
        return tuple(part_rule(entry) for entry in _list(key, value))
    if key == "sources":
        sources_of(_list(key, value))
        return tuple(value)
    if isinstance(default, tuple):
        return _texts(key, value)
    if type(value) is not type(default):
        raise ConfigError(f"{key} must be of type {type(default).__name__}, not {value!r}")
    return value


def _list(key: str, value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    meant = f": write [{json.dumps(value, ensure_ascii=False)}]" if isinstance(value, str) else ""
    raise ConfigError(f"{key} must be a list, not {value!r}{meant}")


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not all(isinstance(entry, str) for entry in _list(key, value)):
        raise ConfigError(f"{key} must be a list of text, not {value!r}")
    return tuple(value)


def _program(key: str, value: Any) -> int:
    low, high = RANGES["parts: program"]
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{key} {value!r} is not in {low}..{high}")
    return value


def part_rule(entry: Any) -> PartRule:
    """Return a part from its name or its TOML table; raises ConfigError naming the part and the key."""
    if isinstance(entry, str):
        return PartRule(entry)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ConfigError(f"parts: {entry!r} is neither a name nor a table with one")
    unknown = entry.keys() - {field.name for field in fields(PartRule)}
    if unknown:
        raise ConfigError(f"parts: unknown key {min(unknown)!r}")
    where = f"parts: {entry['name']}:"
    drum = entry.get("is_drum", False)
    if not isinstance(drum, bool):
        raise ConfigError(f"{where} is_drum must be true or false, not {drum!r}")
    programs = _list(f"{where} programs", entry.get("programs", []))
    return PartRule(
        entry["name"],
        _program(f"{where} program", entry.get("program", 0)),
        drum,
        _texts(f"{where} match", entry.get("match", [])),
        tuple(_program(f"{where} programs:", program) for program in programs),
    )
