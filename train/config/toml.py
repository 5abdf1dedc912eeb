"""Configurations in TOML, with what to do about what Windows' paths become in it."""

from __future__ import annotations

import tomllib
from typing import Any

from ...models.errors import ConfigError

_SLASHES = (
    "in double quotes a backslash begins an escape: write folders with /, as C:/music, or in 'single quotes'"
)


def parse_toml(text: str) -> dict[str, Any]:
    """Return what TOML says; raises ConfigError that names the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{error}; {_SLASHES}" if "\\" in text else str(error)) from error


def check_path(key: str, path: str) -> None:
    """Raise ConfigError for a path in which an escape has become a control character, as in datasets\\new."""
    if any(character < " " for character in path):
        raise ConfigError(f"{key} = {path!r}: {_SLASHES}")
