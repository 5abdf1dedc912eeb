"""What the system refused, as a person is told it."""

from __future__ import annotations

import errno

_ADVICE = {
    errno.ENOSPC: "make room, then give the same command again",
    errno.EACCES: "choose another place, or ask for the right to write there",
}


def reason(error: OSError) -> str:
    """Return the system's reason, with what to do about it where that is known.

    >>> reason(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device; make room, then give the same command again'
    """
    advice = _ADVICE.get(error.errno or 0, "")
    return f"{error.strerror or error}{advice and f'; {advice}'}"


def refusal(error: OSError) -> str:
    """Return the reason after the name of the file, where the system tells it.

    >>> refusal(FileNotFoundError(errno.ENOENT, "No such file or directory", "tune.mid"))
    'tune.mid: No such file or directory'
    """
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason(error)}"
