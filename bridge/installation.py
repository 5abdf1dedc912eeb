"""Files of ours in a folder of the user's: written whole or not at all, undone without a trace of ours.

A record beside them holds the SHA-256 of each as it was written, so that what the user has changed
since is known, and neither overwritten nor removed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..models.errors import ConfigError

RECORD = ".antiphon-{}.json"
_STAGED = ".antiphon-part"


@dataclass
class Outcome:
    """What was done, as paths below the folder."""

    written: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Were there already."""
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """The user's own or changed by the user: left alone."""


class Installation:
    """One host's files in one folder.

    Args:
        name: the host, which names the record: several hosts may share a folder.
        folder: where the files go.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        self._record = folder / RECORD.format(name)

    @property
    def exists(self) -> bool:
        """Whether something of ours is there."""
        return self._record.is_file()

    def install(self, files: Mapping[PurePosixPath, bytes]) -> Outcome:
        """Write ``files``, by path below the folder; return what was done.

        A file that the user has changed, or had before, is kept, and ours is put beside it as
        ``name.new.ext``. Files of an earlier version that no longer ship are removed if unchanged.

        Raises:
            ConfigError: the folder cannot be written; then everything is as it was.
        """
        before = self._load()
        outcome, staged = Outcome(), {}
        wanted: dict[str, str] = {}
        try:
            for path, data in files.items():
                target = self._target(path, data, before, outcome)
                name = target.relative_to(self.folder).as_posix()
                wanted[name] = _digest(data)
                if name not in outcome.same:
                    staged[target] = _stage(target, data)
                    outcome.written.append(name)
            for target, part in staged.items():
                part.replace(target)
            gone = {n: sha for n, sha in before.items() if n not in wanted and n not in outcome.kept}
            self._remove(gone, outcome)
            self._save(wanted)
        except OSError as error:
            for part in staged.values():
                part.unlink(missing_ok=True)
            raise ConfigError(
                f"{self.folder} cannot be written: {error.strerror or error}; choose another with --dest DIR"
            ) from error
        return outcome

    def uninstall(self) -> Outcome:
        """Remove what was written and not changed since; raises ConfigError where nothing is of ours."""
        if not self.exists:
            raise ConfigError(f"nothing of Antiphon's was installed in {self.folder}")
        outcome = Outcome()
        try:
            self._remove(self._load(), outcome)
            self._record.unlink()
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                self.folder.rmdir()
        except OSError as error:
            raise ConfigError(f"{self.folder}: {error.strerror or error}") from error
        return outcome

    def _target(self, path: PurePosixPath, data: bytes, before: Mapping[str, str], outcome: Outcome) -> Path:
        """Return where a file goes: to its place, or beside what the user keeps there."""
        target = self.folder.joinpath(*path.parts)
        if path.is_absolute() or ".." in path.parts or not self._within(target):
            raise ConfigError(f"{target} lies outside {self.folder}, perhaps by a link; it is not written")
        if not target.is_symlink() and not target.exists():
            return target
        digest = _digest(target.read_bytes()) if target.is_file() and not target.is_symlink() else ""
        if digest == _digest(data):
            outcome.same.append(path.as_posix())
        elif digest != before.get(path.as_posix(), None):
            outcome.kept.append(path.as_posix())
            return target.with_name(f"{target.stem}.new{target.suffix}")
        return target

    def _within(self, target: Path) -> bool:
        return target.parent.resolve().is_relative_to(self.folder.resolve())

    def _remove(self, names: Mapping[str, str], outcome: Outcome) -> None:
        """Remove files that are as they were written, and the folders that this leaves empty."""
        for name, digest in names.items():
            target = self.folder / name
            if not target.is_file() or target.is_symlink() or not self._within(target):
                continue
            if _digest(target.read_bytes()) != digest:
                outcome.kept.append(name)
                continue
            target.unlink()
            outcome.removed.append(name)
            for parent in target.parents:
                if parent == self.folder or any(parent.iterdir()):
                    break
                parent.rmdir()

    def _load(self) -> dict[str, str]:
        """Return the record; none, or an unreadable one, means that every file there is the user's."""
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in record.items()} if isinstance(record, dict) else {}

    def _save(self, record: Mapping[str, str]) -> None:
        text = json.dumps(dict(sorted(record.items())), indent=1).encode()
        _stage(self._record, text).replace(self._record)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _stage(target: Path, data: bytes) -> Path:
    """Write data beside its target, on the disk for sure; a failure leaves nothing behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + _STAGED)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return part
