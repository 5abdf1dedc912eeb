"""Ctrl-C and SIGTERM, for commands that run an engine."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

HINT_SECONDS = 4.0
"""How long an end may take before it is said what it waits for; it takes less than a second."""
GRACE_SECONDS = 2.0
"""How long all may still be put away after a second call to stop."""
CLOSED = (2, 5, 6)
"""What Windows tells a program when its window is closed, its user leaves or the computer is turned off
(learn.microsoft.com/windows/console/handlerroutine)."""
CLOSED_SECONDS = 4.0
"""How long the end may then take; Windows grants five seconds."""
_LOOK_SECONDS = 0.1
_handlers: list[object] = []
"""What Windows was told to call; it may still be inside one that it was told to forget."""
log = logging.getLogger("antiphon.server")


@contextlib.contextmanager
def one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C end what runs, and no further one break that end off.

    An engine that is not closed leaves threads inside ONNX Runtime, which abort the process as Python ends.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # ignored, or another's
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def heed_the_impatient(called: Sequence[int]) -> None:
    """End the process soon after a second call to stop, whatever a model is at.

    ONNX Runtime cannot be interrupted: a graph that never ends keeps its worker, and would keep the bridge.

    Args:
        called: the numbers of the signals so far, one at least; handlers add to it.
    """

    def watch() -> None:
        hint = time.monotonic() + HINT_SECONDS
        while len(called) < 2:
            time.sleep(_LOOK_SECONDS)
            if hint and time.monotonic() > hint:
                hint = 0.0
                log.warning("a model is still being loaded or run; Ctrl-C again ends the bridge at once")
        time.sleep(GRACE_SECONDS)
        log.warning("the bridge ends although a model is still being loaded or run")
        # Python's own end would wait for the thread in question, or abort.
        os._exit(128 + called[-1])

    threading.Thread(target=watch, name="antiphon-end", daemon=True).start()


@contextlib.contextmanager
def heeding_the_closing(called: list[int]) -> Iterator[None]:
    """Have a closed window count as a call to stop on Windows, and keep the process until the block ends.

    There is no signal for it: Python's own handler notes it down as Ctrl-Break, and as soon as that returns
    the process is no more.

    Args:
        called: gets what Windows tells.
    """
    if sys.platform != "win32":
        yield
        return
    import ctypes
    from ctypes import wintypes

    ended = threading.Event()

    def heed(event: int) -> bool:
        if event in CLOSED:
            called.append(event)
            ended.wait(CLOSED_SECONDS)
        return event in CLOSED

    handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(heed)
    _handlers.append(handler)
    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.SetConsoleCtrlHandler(handler, True)
    try:
        yield
    finally:
        kernel32.SetConsoleCtrlHandler(handler, False)
        ended.set()
