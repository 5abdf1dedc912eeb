r"""Text of others, as a terminal, a log or a list may show it.

A control character in a name that came in a message or a file would do what it says there: begin a line that
looks like another, or send a terminal's escape sequences, which change its title, its screen and more.
"""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, what ends a line, and what stands for bytes that are no UTF-8."""
_BAR = r"\|"
"""As a Markdown table's cell may hold it."""


def printable(text: str) -> str:
    r"""Return text that is one line of UTF-8 without control characters, whatever bytes it is made of.

    >>> print(printable("caf\udce9\n.mid"))
    caf\xe9\x0a.mid
    """
    return _UNPRINTABLE.sub(_escaped, text)


def printable_lines(text: str) -> str:
    r"""Return the same of each line.

    >>> print(printable_lines("X:1\nT:\x1b[2J"))
    X:1
    T:\x1b[2J
    """
    return "\n".join(map(printable, text.split("\n")))


def table_row(*cells: str) -> str:
    r"""Return a row of a Markdown table, whatever its cells hold.

    >>> print(table_row("runs/a|b", "0.45"))
    | runs/a\|b | 0.45 |
    """
    return f"| {' | '.join(printable(cell).replace('|', _BAR) for cell in cells)} |"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as os.fsdecode has it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
