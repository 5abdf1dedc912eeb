"""Files that commands are to write."""

from __future__ import annotations

from pathlib import Path

from ...models.errors import ConfigError


def check_place(path: Path) -> None:
    """Raise ConfigError where a folder has the file's name, or there is no folder for it."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.absolute().parent}; make it first")
