"""Ctrl-C, kept back."""

from __future__ import annotations

import signal
import threading

import pytest
from antiphon.models.interrupt import kept_interrupt

pytestmark = pytest.mark.usefixtures("interruptible")


def test_kept_it_is_raised_where_it_is_heeded_and_at_the_end() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), kept_interrupt() as heed:
        heed()
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
            reached.append("after")
        try:
            heed()
        except KeyboardInterrupt:
            reached.append("heeded")
    assert reached == ["after", "after", "heeded"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(ZeroDivisionError), kept_interrupt():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError  # what went wrong before is told


def test_another_thread_leaves_it_to_the_main_one() -> None:
    reached = []

    def work() -> None:
        with kept_interrupt() as heed:
            heed()
            reached.append("through")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert reached == ["through"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
