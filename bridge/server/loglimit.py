"""A limit on what strangers can make the log grow by."""

from __future__ import annotations

import logging
import threading

MAX_LINES = 20
"""Of one place in the code, in one window of time."""
WINDOW_SECONDS = 60.0


class LogLimit(logging.Filter):
    """Lets every place in the code write so many lines a minute; the first one after tells what was left out.

    What is remembered grows with the code, not with what was received.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, int], tuple[float, int]] = {}
        """By file and line: when the window began, and how many lines came in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        place = record.pathname, record.lineno
        with self._lock:
            began, count = self._windows.get(place, (record.created, 0))
            # A clock that was put back begins a new window, too.
            is_new = not 0 <= record.created - began < WINDOW_SECONDS
            left_out = max(count - MAX_LINES, 0) if is_new else 0
            began, count = (record.created, 1) if is_new else (began, count + 1)
            self._windows[place] = began, count
        if left_out:
            record.msg = f"{record.msg} ({left_out} such lines before were left out)"
        return count <= MAX_LINES
