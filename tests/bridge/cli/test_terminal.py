"""Colours and columns of a terminal, on Windows by stand-ins for its console."""

from __future__ import annotations

import ctypes
import io
import os
import shutil
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from antiphon.bridge.cli.terminal import shows_colours, width

SEQUENCES = 0x4
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING (learn.microsoft.com/windows/console/setconsolemode)."""


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


class Console:
    """Windows' side of a console; without a mode there is none, as in Git's own terminal."""

    def __init__(self, mode: int | None, knows_sequences: bool = True) -> None:
        self.mode, self.knows_sequences = mode, knows_sequences

    def GetConsoleMode(self, handle: Any, mode: Any) -> int:  # noqa: N802 - Windows' name
        assert handle.value == 0x1234567890
        if self.mode is None:
            return 0
        mode._obj.value = self.mode
        return 1

    def SetConsoleMode(self, handle: Any, mode: Any) -> int:  # noqa: N802 - Windows' name
        if not self.knows_sequences:
            return 0
        self.mode = mode.value
        return 1


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def on_windows(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: {"kernel32": console}[name], raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(get_osfhandle=lambda number: 0x1234567890))


def test_a_console_of_windows_is_told_to_obey(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first piano roll that somebody sees there is full of ←[36m."""
    console = Console(mode=0x3)
    on_windows(monkeypatch, console)
    assert shows_colours(Terminal())
    assert console.mode == 0x3 | SEQUENCES


@pytest.mark.parametrize("console", [Console(0x3, knows_sequences=False), Console(None)])
def test_a_console_that_cannot_obey_has_no_colours(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    """Windows 8 cannot, nor what is no console at all."""
    on_windows(monkeypatch, console)
    assert not shows_colours(Terminal())


def test_a_console_that_obeys_already_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(0x7, knows_sequences=False)
    on_windows(monkeypatch, console)
    assert shows_colours(Terminal())
    assert console.mode == 0x7


@pytest.mark.parametrize(
    ("stream", "variables", "colours"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "0"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_elsewhere(
    monkeypatch: pytest.MonkeyPatch, stream: Any, variables: dict[str, str], colours: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shows_colours(stream) == colours


@pytest.mark.parametrize(("system", "columns"), [("linux", 120), ("win32", 119)])
def test_a_row_is_not_filled_on_windows(monkeypatch: pytest.MonkeyPatch, system: str, columns: int) -> None:
    """There the line's end would be an empty line."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda fallback: os.terminal_size((120, 30)))
    assert width() == columns
