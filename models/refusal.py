"""What the system refused, as a person is told it."""

from __future__ import annotations

import errno
import sys

_ADVICE = {
    errno.ENOSPC: "make room, then give the same command again",
    errno.EACCES: "ask for the right to it, or choose another place",
}
_IN_USE = "close the program that has it open, if one has, or "
"""Goes before what is advised for a refusal on Windows, which gives one reason for both."""


def reason(error: OSError) -> str:
    """Return the system's reason, with what to do about it where that is known.

    >>> reason(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device; make room, then give the same command again'
    """
    advice = _ADVICE.get(error.errno or 0, "")
    if error.errno == errno.EACCES and sys.platform == "win32":
        advice = _IN_USE + advice
    return f"{error.strerror or error}{advice and f'; {advice}'}"


def refusal(error: OSError) -> str:
    """Return the reason after the name of the file, where the system tells it.

    >>> refusal(FileNotFoundError(errno.ENOENT, "No such file or directory", "tune.mid"))
    'tune.mid: No such file or directory'
    """
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason(error)}"


def first_line(error: Exception, most: int = 300) -> str:
    """Return what a library's error says first, ``most`` characters of it; its class where it says nothing.

    >>> first_line(RuntimeError("Load model failed\\nin file onnx.cc, line 7")), first_line(KeyError())
    ('Load model failed', 'KeyError')
    """
    lines = str(error).strip().splitlines()
    return lines[0][:most] if lines else type(error).__name__
