"""Files of ours in a folder of the user's: all written or none, undone without a trace of ours.

A record beside them holds the SHA-256 of each as it was written, so that what the user has changed
since is known, and neither overwritten nor removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ...models.errors import ConfigError
from .exchange import Exchange

RECORD = ".antiphon-{}.json"


@dataclass
class Outcome:
    """What was done, as paths below the folder."""

    written: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Were there already."""
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """The user's own or changed by the user: left alone."""
    beside: dict[str, str] = field(default_factory=dict)
    """By name of a file that was kept: where ours is."""


class Installation:
    """One host's files in one folder.

    Args:
        name: the host, which names the record: several hosts may share a folder.
        dest: the host's own folder, where nothing outside is touched, whatever links lie in it.
        below: where the files go below it; "" straight into it.
    """

    def __init__(self, name: str, dest: Path, below: str = "") -> None:
        self.folder = dest / below
        self._dest = dest
        self._record = self.folder / RECORD.format(name)

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
        before = self._load(strict=False)
        record: dict[str, str] = {}
        outcome = Outcome()
        with _told(f"{self.folder} cannot be written", "; choose another with --dest DIR"):
            with Exchange() as change:
                for path, data in files.items():
                    self._write(path, data, before, record, outcome, change)
                gone = {n: sha for n, sha in before.items() if n not in record and n not in outcome.kept}
                self._remove(gone, outcome, change)
                if record != before or not self.exists:
                    change.write(self._record, json.dumps(dict(sorted(record.items())), indent=1).encode())
                change.commit()
            self._tidy(outcome.removed)
        return outcome

    def uninstall(self) -> Outcome:
        """Remove what was written and not changed since; return what was done.

        Raises:
            ConfigError: nothing is of ours, or it cannot be removed; then everything is as it was.
        """
        if not self.exists:
            raise ConfigError(f"nothing of Antiphon's was installed in {self.folder}")
        outcome = Outcome()
        with _told(f"{self.folder} cannot be changed"):
            with Exchange() as change:
                self._remove(self._load(strict=True), outcome, change)
                change.remove(self._record)
                change.commit()
            self._tidy([*outcome.removed, self._record.name])
        return outcome

    def _write(
        self, path: PurePosixPath, data: bytes, before: Mapping[str, str], record: dict[str, str],
        outcome: Outcome, change: Exchange,
    ) -> None:  # fmt: skip
        """Have a file written to its place, or beside what the user keeps there."""
        digest = hashlib.sha256(data).hexdigest()
        for name in _names(path):
            found = self._look(name)
            if found in ("", digest, before.get(name)):
                break
            if name == path.as_posix():
                outcome.kept.append(name)
        if name != path.as_posix():
            outcome.beside[path.as_posix()] = name
        record[name] = digest
        if found == digest:
            outcome.same.append(name)
        else:
            change.write(self.folder / name, data)
            outcome.written.append(name)

    def _remove(self, names: Mapping[str, str], outcome: Outcome, change: Exchange) -> None:
        """Have files removed that are as they were written."""
        for name, digest in names.items():
            found = self._look(name)
            if found == digest:
                change.remove(self.folder / name)
                outcome.removed.append(name)
            elif found:
                outcome.kept.append(name)

    def _look(self, name: str) -> str:
        """Return the SHA-256 of a file; "" where nothing is, "other" where a link or a folder is."""
        target = self.folder / name
        if not self._is_within(target):
            raise ConfigError(f"{target} lies outside {self._dest}, perhaps by a link: nothing is done")
        if target.is_symlink() or target.is_dir():
            return "other"
        return hashlib.sha256(target.read_bytes()).hexdigest() if target.exists() else ""

    def _is_within(self, target: Path) -> bool:
        try:
            place = target.parent.resolve()
        except (OSError, RuntimeError):  # links in a circle, before Python 3.13
            return False
        # Python 3.13 gives up on a circle in silence, and leaves the link as it is.
        leads_round = any(path.is_symlink() for path in (place, *place.parents))
        return not leads_round and place.is_relative_to(self._dest.resolve())

    def _tidy(self, names: Iterable[str]) -> None:
        """Remove the folders that are empty now; never the host's own."""
        for name in names:
            for parent in (self.folder / name).parents:
                if parent in (self._dest, *self._dest.parents):
                    break
                with contextlib.suppress(OSError):
                    parent.rmdir()  # refuses where something is left

    def _load(self, *, strict: bool) -> dict[str, str]:
        """Return the record; none, or an unreadable one, means that every file there is the user's."""
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            if not isinstance(record, dict):
                raise ValueError("not an object")
        except (OSError, ValueError) as error:
            if strict:
                raise ConfigError(
                    f"{self._record} cannot be read ({error}), so nobody knows which files are Antiphon's: "
                    "remove them yourself, or install again and then uninstall"
                ) from error
            return {}
        return {str(name): str(digest) for name, digest in record.items()}


def _names(path: PurePosixPath) -> Iterator[str]:
    """Yield where a file may go: its own name, then ones beside it."""
    yield path.as_posix()
    for number in itertools.count(1):
        yield path.with_name(f"{path.stem}.new{number if number > 1 else ''}{path.suffix}").as_posix()


@contextlib.contextmanager
def _told(what: str, advice: str = "") -> Iterator[None]:
    """Turn what the system refuses into a ConfigError."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ConfigError(f"{what}: {error.strerror or error}{where}{advice}") from error
