"""Ctrl-C, heard where it breaks nothing off."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def kept_interrupt() -> Iterator[Callable[[], None]]:
    """Keep Ctrl-C back, and give what raises it once it has come; the end raises it, too.

    Raised by a handler it could break off any code: the taking of a lock, so that whoever wants it next waits
    for ever, or what Python does when an object goes, so that nobody hears of it.
    """
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield lambda: None  # ignored, or another's; threads hear no signal
        return
    called: list[int] = []

    def heed() -> None:
        if called:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    try:
        yield heed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    heed()
