"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

PART = ".antiphon-part"
"""What is added to a file's name until it is whole. What is called so is ours to remove: no user's file."""
WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries of :func:`insist`."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name once all is written.

    Whatever ends it early, Ctrl-C included, leaves what was there before. A link keeps pointing where it
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
    temporary = target.with_name(target.name + PART)
    try:
        # What a run that was killed left there goes. Opened anew: through a link that somebody has put there,
        # in a folder that several may write, another file would be overwritten.
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as out:
            yield out
        insist(lambda: temporary.replace(target))
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename = str(target)  # the name that somebody knows
        raise


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
