"""What native libraries print is kept from musicians; what Antiphon says is not."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from antiphon.models.silence import silence


def test_nothing_is_said_meanwhile(capfd: pytest.CaptureFixture[str]) -> None:
    with silence():
        os.write(2, b"hidden")
        print("hidden")
    os.write(2, b"shown")
    print("shown")
    assert capfd.readouterr() == ("shown\n", "shown")


def test_two_threads_leave_what_they_found(capfd: pytest.CaptureFixture[str]) -> None:
    """As two models that are opened at once."""
    inside, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with silence():
            inside.set()
            may_end.wait(5)

    def second() -> None:
        inside.wait(5)
        threading.Timer(0.1, may_end.set).start()  # by then this one would be inside, too
        with silence():
            may_end.wait(5)
            one.result(0.5)

    before = sys.stdout
    with ThreadPoolExecutor() as pool:
        one = pool.submit(first)
        pool.submit(second).result(10)
    assert sys.stdout is before
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
