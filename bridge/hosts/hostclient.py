"""What ships for each host: files, where the host looks for them, and what to do once they are there."""

from __future__ import annotations

import difflib
import importlib.resources
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from ...models.errors import ConfigError

CARD = "install.toml"
PLATFORMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
DOCUMENTS = "DOCUMENTS"
"""What cards call Windows' folder of documents, which need not lie in the home: OneDrive takes it."""
_SHELL_FOLDERS = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
_KEYS = ("title", "folder", "next", "look", "copy")
_ABSOLUTE = re.compile(r"(~|%\w+%|[A-Za-z]:)?/")


def _variables() -> Mapping[str, str]:
    """Return the environment's variables, on Windows with where the documents are."""
    if sys.platform != "win32":
        return os.environ
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _SHELL_FOLDERS) as key:
            documents = winreg.ExpandEnvironmentStrings(winreg.QueryValueEx(key, "Personal")[0])
    except OSError:  # nobody has moved it
        documents = str(Path.home() / "Documents")
    return {**os.environ, DOCUMENTS: documents}


@dataclass(frozen=True)
class Surroundings:
    """The computer as far as folders go; the real one by default."""

    platform: str = PLATFORMS.get(sys.platform, "linux")
    home: Path = field(default_factory=Path.home)
    variables: Mapping[str, str] = field(default_factory=_variables)

    def expand(self, text: str) -> Path | None:
        """Return a folder written with ~ and %VARIABLES%; None where a variable is not set here."""
        names = re.findall(r"%(\w+)%", text)
        if not all(self.variables.get(name) for name in names):
            return None
        for name in names:
            text = text.replace(f"%{name}%", self.variables[name])
        return self.home / text[2:] if text.startswith("~/") else Path(text)


@dataclass(frozen=True)
class HostClient:
    """The client of one host."""

    name: str
    """What the command line calls it."""
    title: str
    folder: str
    """Where the files go below the destination; "" straight into it."""
    next: str
    """What a musician does then."""
    look: Mapping[str, tuple[str, ...]]
    """By platform, the folders where the host looks, with ~ and %VARIABLES%."""
    files: Mapping[PurePosixPath, Traversable]
    """By path below the folder."""

    def places(self, here: Surroundings) -> list[Path]:
        """Return the folders where the host may look; the files go to the first of them that exists.

        Raises:
            ConfigError: none is known, so the user has to name one.
        """
        found = [path for text in self.look.get(here.platform, ()) if (path := here.expand(text))]
        if not found:
            raise ConfigError(f"say where the files for {self.title} are to go: --dest DIR")
        return sorted(found, key=lambda path: not path.is_dir())  # which keeps the order otherwise


def shipped(folder: Traversable | None = None) -> list[str]:
    """Return the names of all hosts that have a client."""
    return sorted(entry.name for entry in (folder or _clients()).iterdir() if (entry / CARD).is_file())


def host_client(name: str, folder: Traversable | None = None) -> HostClient:
    """Return a host's client; raises ConfigError where there is none, or its card is wrong.

    Args:
        name: as in :func:`shipped`.
        folder: what holds a folder for each host; by default the one that ships.
    """
    folder = folder or _clients()
    names = shipped(folder)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise ConfigError(f"no client for {name!r}; {hint}")
    card = _card(folder / name / CARD, f"clients/{name}/{CARD}")
    files = {path: file for path, file in _walk(folder / name) if str(path) != CARD}
    for target, source in card.get("copy", {}).items():
        file = folder.joinpath(*PurePosixPath(source).parts)
        if not file.is_file():
            raise ConfigError(f"clients/{name}/{CARD}: copy: there is no {source}")
        files[PurePosixPath(target)] = file
    look = {platform: tuple(places) for platform, places in card.get("look", {}).items()}
    return HostClient(name, card["title"], card["folder"], card["next"], look, files)


def _clients() -> Traversable:
    return importlib.resources.files("antiphon.bridge") / "clients"


def _walk(folder: Traversable, below: str = "") -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _walk(entry, f"{below}{entry.name}/")
        else:
            yield PurePosixPath(below + entry.name), entry


def _card(file: Traversable, where: str) -> Mapping[str, Any]:
    """Read a card; raises ConfigError that names the key which is wrong."""
    try:
        card = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from error
    if unknown := card.keys() - set(_KEYS):
        raise ConfigError(f"{where}: unknown key {min(unknown)!r}; known are {', '.join(_KEYS)}")
    for key in ("title", "folder", "next"):
        if not isinstance(card.get(key), str):
            raise ConfigError(f"{where}: {key} must be text")
    if card["folder"] and not _stays(card["folder"]):
        raise ConfigError(f"{where}: folder {card['folder']!r} must lie below the destination")
    _check_look(card.get("look", {}), where)
    _check_copy(card.get("copy", {}), where)
    return card


def _check_look(look: object, where: str) -> None:
    if not isinstance(look, dict) or not look.keys() <= set(PLATFORMS.values()):
        raise ConfigError(f"{where}: look must be a table of {', '.join(PLATFORMS.values())}")
    for platform, places in look.items():
        if not isinstance(places, list) or not places or not all(isinstance(t, str) for t in places):
            raise ConfigError(f"{where}: look.{platform} must be a list of folders")
        if wrong := [text for text in places if not _ABSOLUTE.match(text)]:
            raise ConfigError(
                f"{where}: look.{platform}: {wrong[0]!r} must begin with ~/, %VARIABLE%/ or the disk's root"
            )


def _check_copy(copied: object, where: str) -> None:
    if not isinstance(copied, dict) or not all(isinstance(source, str) for source in copied.values()):
        raise ConfigError(f"{where}: copy must be a table of target = source")
    for path in (*copied, *copied.values()):
        if not _stays(path):
            raise ConfigError(f"{where}: copy: {path!r} must be a file below the folder")


def _stays(path: str) -> bool:
    """Return whether a path, written with /, stays below where it begins."""
    pure = PurePosixPath(path)
    return bool(pure.parts) and not pure.is_absolute() and not {"..", "\\"} & {*pure.parts, *path}
