"""Ctrl-C, once and by the impatient."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest
from antiphon.bridge.cli import interrupt
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.interrupt import heeding_the_closing, one_interrupt
from antiphon.bridge.engine.engine import Engine
from antiphon.models.interrupt import kept_interrupt
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


def test_generate_is_not_broken_off_anywhere(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else Ctrl-C might come as the engine's lock is taken, and its workers would wait for it for ever."""
    reached = []

    def submit(self: Engine, *args: object) -> SimpleNamespace:
        signal.raise_signal(signal.SIGINT)
        reached.append("after")  # and the request never ends
        return SimpleNamespace(cancel=lambda: reached.append("cancelled"))

    monkeypatch.setattr(Engine, "submit", submit)
    assert main([*LONG, "--models", str(tiny_model.parent)]) == 130
    assert reached == ["after", "cancelled"]


@pytest.mark.parametrize("way", [one_interrupt, kept_interrupt])
def test_where_it_is_ignored_it_stays_ignored(way: Callable[[], AbstractContextManager[object]]) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with way():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal to another process")
def test_an_impatient_user_sees_no_crash(tiny_model: Path) -> None:
    for _ in range(5):
        words = [antiphon(), *LONG, "--models", tiny_model.parent, "--log-level", "debug"]
        with Program(words) as program:
            program.until("models run on")
            for _ in range(4):
                program.signal(signal.SIGINT)
                time.sleep(0.0005)
            # The last may come when all is put away and Python itself ends.
            assert program.ended() in (130, -signal.SIGINT), program.lines
        assert not any("terminate" in line for line in program.lines)


def test_a_closed_window_of_windows_waits_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as its handler returns the process is no more; for Ctrl-C others are asked."""
    asked: dict[object, bool] = {}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE, raising=False)
    kernel32 = SimpleNamespace(SetConsoleCtrlHandler=lambda handler, on: asked.update({id(handler): on}))
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: {"kernel32": kernel32}[name], raising=False)
    called: list[int] = []
    answers: list[int] = []
    with heeding_the_closing(called):
        (handler,) = (one for one in interrupt._handlers if asked.get(id(one)))
        assert not handler(0) and not handler(1), "Ctrl-C and Ctrl-Break are signals"
        assert not called
        closing = threading.Thread(target=lambda: answers.append(handler(2)), daemon=True)
        closing.start()
        closing.join(0.2)
        assert called == [2] and not answers
    closing.join(10)
    assert answers == [1]
    assert list(asked.values()) == [False]
