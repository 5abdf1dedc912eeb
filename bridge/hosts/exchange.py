"""Several files changed together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from ...models.wholefile import PART, insist

OLD = ".antiphon-old"
"""What is added to the name of a file's old contents while it is being exchanged."""


@dataclass(frozen=True)
class _Change:
    """One file to be written or removed; what it needs is on the disk before anything changes."""

    target: Path
    part: Path | None
    """The new contents; None where the file is to go."""
    old: Path | None
    """The old contents; None where there are none."""

    def make(self) -> None:
        if self.part is None:
            insist(self.target.unlink)
        else:
            insist(partial(self.part.replace, self.target))

    def undo(self) -> None:
        with contextlib.suppress(OSError):
            if self.old is None:
                insist(self.target.unlink)
            else:
                insist(partial(self.old.replace, self.target))


class Exchange:
    """Changes to files that :meth:`commit` makes together; without it, all is as it was.

    Every method raises OSError; whoever has a file open (on Windows) or a full disk can cause one at any
    time, so new contents and copies of old ones lie beside the files before the first of them is touched.
    """

    def __init__(self) -> None:
        self._changes: list[_Change] = []
        self._folders: list[Path] = []
        """Those made here, outer ones first."""

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for change in self._changes:
            for path in (change.part, change.old):
                if path is not None:
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            with contextlib.suppress(OSError):
                folder.rmdir()  # only if nothing came into it

    def write(self, target: Path, data: bytes) -> None:
        """Have a file written."""
        self._make_folder(target.parent)
        part = target.with_name(target.name + PART)
        self._changes.append(_Change(target, part, _kept(target)))
        part.unlink(missing_ok=True)  # of a run that was killed
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, target: Path) -> None:
        """Have a file removed."""
        self._changes.append(_Change(target, None, _kept(target)))

    def commit(self) -> None:
        """Make the changes, in order; take back those made where one fails."""
        done: list[_Change] = []
        try:
            for change in self._changes:
                done.append(change)  # first: Ctrl-C may come right after it is made
                change.make()
        except BaseException:
            for change in reversed(done):
                change.undo()
            raise

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir()
            self._folders.append(path)


def _kept(target: Path) -> Path | None:
    """Give a file a second name, a copy where the disk knows no second names; None without a file."""
    if not target.exists():
        return None
    old = target.with_name(target.name + OLD)
    old.unlink(missing_ok=True)
    try:
        old.hardlink_to(target)
    except OSError:
        try:
            shutil.copy2(target, old)
        except OSError:
            old.unlink(missing_ok=True)
            raise
    return old
