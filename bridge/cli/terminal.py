"""What the terminal can show: colours, and how many columns."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

WIDEST = 200
"""Columns; longer lines are hard to follow."""
_VIRTUAL_TERMINAL = 0x4
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING of Windows' SetConsoleMode: escape sequences are obeyed."""


def shows_colours(stream: TextIO) -> bool:
    """Return whether a stream obeys ANSI's escape sequences, and the user wants them (no-color.org)."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.platform != "win32" or _obeys(stream)


def width() -> int:
    """Return how many columns a line may have, WIDEST at most.

    In the Command Prompt of Windows a line that fills its row begins the next one, and its end one more.
    """
    columns = shutil.get_terminal_size((100, 24)).columns - (sys.platform == "win32")
    return min(columns, WIDEST)


def _obeys(stream: TextIO) -> bool:
    """Have a console of Windows obey escape sequences: by itself it shows them as they are."""
    import ctypes
    import msvcrt
    from ctypes import wintypes

    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    console = wintypes.HANDLE(msvcrt.get_osfhandle(stream.fileno()))  # type: ignore[attr-defined,unused-ignore]
    mode = wintypes.DWORD()
    if not kernel32.GetConsoleMode(console, ctypes.byref(mode)):
        return False
    wanted = wintypes.DWORD(mode.value | _VIRTUAL_TERMINAL)
    return bool(mode.value & _VIRTUAL_TERMINAL or kernel32.SetConsoleMode(console, wanted))
