"""The tables `[[sources]]` of a configuration: what a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...models.errors import ConfigError
from ...models.file.limits import MAX_ENTRIES, MAX_TEXT
from ...models.file.manifest import Source

_KEYS = ("name", "licence", "attribution")


def source_of(entry: Any) -> Source:
    """Return what a table says; raises ConfigError that names the key.

    >>> source_of({"name": "My songs", "licence": "CC BY 4.0"})
    Source(name='My songs', licence='CC BY 4.0', attribution='')
    """
    if not isinstance(entry, Mapping) or not {"name", "licence"} <= entry.keys() <= set(_KEYS):
        raise ConfigError(f"sources: {entry!r} must be a table of {', '.join(_KEYS)}")
    wrong = next((key for key in entry if not isinstance(entry[key], str)), None)
    if wrong:
        raise ConfigError(f"sources: {wrong} must be text, not {entry[wrong]!r}")
    long = next((key for key in entry if len(entry[key]) > MAX_TEXT), None)
    if long:
        raise ConfigError(f"sources: {long} has {len(entry[long])} characters, at most {MAX_TEXT}")
    return Source(**entry)


def sources_of(entries: Sequence[Any]) -> tuple[Source, ...]:
    """Return what a list of tables says; raises ConfigError likewise, and for too many."""
    if len(entries) > MAX_ENTRIES:
        raise ConfigError(f"sources: {len(entries)}, at most {MAX_ENTRIES}; join some")
    return tuple(map(source_of, entries))
