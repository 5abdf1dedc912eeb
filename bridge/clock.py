"""Time as the bridge sees it, so that tests need not wait."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the seconds since some fixed moment."""

    def now(self) -> float:
        """Return the time in seconds; never goes backwards."""


class SystemClock:
    """The computer's finest clock.

    Of Windows, before Python 3.13, `time.monotonic` goes on every 15.6 ms: three slots of the pace, and more
    than most answers take.
    """

    def now(self) -> float:
        """Return the time in seconds."""
        return time.perf_counter()


class FakeClock:
    """A clock that stands still until told.

    >>> clock = FakeClock()
    >>> clock.advance(0.5)
    >>> clock.now()
    0.5
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def now(self) -> float:
        """Return the time in seconds."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass; they must not be negative."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        self._seconds += seconds
