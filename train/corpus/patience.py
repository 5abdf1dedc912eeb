"""An end to waiting for a reader: a file that keeps music21 busy for ever must not end the others' work."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLong(BaseException):
    """Raised in the middle of whatever took too long; no Exception, so that no reader swallows it."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the block when it takes longer.

    Needs an alarm clock, which Windows lacks, and the main thread, where every process of `prepare`
    reads; elsewhere the block takes its time.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
