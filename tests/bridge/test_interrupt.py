"""Ctrl-C, once and by the impatient."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from antiphon.bridge.interrupt import one_interrupt
from program import Program, antiphon

pytestmark = pytest.mark.usefixtures("interruptible")
LONG = ("generate", "--model", "tiny", "--beats", "256", "--takes", "16", "--no-roll")


def test_only_the_first_is_heard_until_all_is_put_away() -> None:
    ended = False
    with pytest.raises(KeyboardInterrupt), one_interrupt():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            ended = True
    assert ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_it_is_ignored_it_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with one_interrupt():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal to another process")
def test_an_impatient_user_sees_no_crash(tiny_model: Path) -> None:
    for _ in range(5):
        with Program([antiphon(), *LONG, "--models", tiny_model.parent]) as program:
            program.until("models run on")
            for _ in range(4):
                program.signal(signal.SIGINT)
                time.sleep(0.0005)
            # The last may come when all is put away and Python itself ends.
            assert program.ended() in (130, -signal.SIGINT), program.lines
        assert not any("terminate" in line for line in program.lines)
