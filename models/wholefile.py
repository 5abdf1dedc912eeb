"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

PART = ".antiphon-part"
"""How the name of a file ends until it is whole. What is called so is ours to remove: no user's file."""
ABANDONED_SECONDS = 24 * 3600.0
"""After so long without a byte more a part is of a program that was killed, and nobody's any more."""
_DIGITS = 16
"""Of a part's name."""
WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries of :func:`insist`."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name once all is written.

    Whatever ends it early, Ctrl-C included, leaves what was there before; what a program that was killed has
    begun is removed a day later, by the next that writes beside it. Where several write one file, it is the
    last one's to end, and whole. A file that is replaced keeps its mode. A link keeps pointing where it
    does; what is no regular file, such as a pipe or a device, is written to as it is.

    Raises:
        OSError: it cannot be written, such as for a full disk.
    """
    if "\0" in str(path):  # which would be a ValueError
        raise OSError(errno.EINVAL, "a name cannot hold a null character", str(path))
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not target.is_file():
        with target.open("wb") as out:
            yield out
        return
    # A name that nobody else has, and short: the target's own may be as long as names may be.
    temporary = target.with_name(secrets.token_hex(_DIGITS // 2) + PART)
    try:
        with _created(temporary, _mode(target)) as out:
            _remove_abandoned(target.parent, os.fstat(out.fileno()).st_mtime)
            yield out
        insist(lambda: temporary.replace(target))
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename = str(target)  # the name that somebody knows
        raise


def _mode(target: Path) -> int | None:
    """Return the mode of a file that is to be replaced; None of a new one, for which the umask decides."""
    if sys.platform == "win32":  # where all that it says is whether a file may be replaced
        return None
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def _created(path: Path, mode: int | None) -> BinaryIO:
    """Create a file and open it for writing; raises OSError, also where there is one.

    It never has more rights than it is to have: who opens it meanwhile may read on.
    """
    asked = 0o666 if mode is None else mode
    out = open(str(path), "xb", opener=lambda name, flags: os.open(name, flags, asked))  # noqa: SIM115 - given
    if mode is not None:
        with suppress(OSError):  # some file systems keep no modes
            path.chmod(mode)  # the umask may have taken some of it
    return out


def _remove_abandoned(folder: Path, now: float) -> None:
    """Remove the parts of files that nobody will finish, as far as the system lets us.

    Args:
        folder: where they lie.
        now: by the clock of its file system, which may be another computer's.
    """
    with suppress(OSError):
        for part in folder.glob("[0-9a-f]" * _DIGITS + PART):
            with suppress(OSError):  # another program has removed it, or it is another user's
                if now - part.lstat().st_mtime > ABANDONED_SECONDS:
                    part.unlink()


def insist(change: Callable[[], object]) -> None:
    """Rename or remove a file; raises OSError.

    Windows refuses it while another program has the file open, even for reading. Virus scanners and the
    search index look at every new file, for some milliseconds: an hour's training must not end with that.
    """
    for seconds in WAITS if sys.platform == "win32" else ():
        try:
            change()
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    change()


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    """Write a value as JSON; raises OSError where it cannot."""
    write_lines(path, [json.dumps(value, indent=indent)])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text; raises OSError where it cannot."""
    with whole_file(path) as out:
        for line in lines:
            out.write(f"{line}\n".encode())
