"""A moment without what native libraries print: their greetings are not for musicians."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_alone = threading.RLock()
"""Of two that overlap the one that ends last would bring back the other's silence, for ever."""


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send the process' standard error, and Python's standard output, to nowhere; one thread at a time."""
    with _alone:
        try:
            saved = os.dup(2)
        except OSError:  # no standard error at all, as under pythonw
            yield
            return
        try:
            with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device, not a path
                os.dup2(nowhere.fileno(), 2)
            with contextlib.redirect_stdout(None):
                yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
