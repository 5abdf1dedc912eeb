"""What is printed where characters are lacking: each is spelt with others instead of a question mark.

Windows gives programs its old code page, such as cp1252, for what goes into a file, a pipe or Git's own
terminal. A piano roll of question marks would not tell where a note begins, nor sharps from flats.
"""

from __future__ import annotations

import codecs

NAME = "antiphon.plainer"
"""The handler's name among Python's, for ``errors=`` of a stream; it is known once this module is loaded."""
_PLAIN = {
    "█": "#", "▒": "=", "│": "|", "♯": "#", "♭": "b", "→": "->", "…": "...", "×": "x", "µ": "u", "±": "+-",
    "–": "-",
}  # fmt: skip


def plainer(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that an encoding lacks, ? for those without a plainer spelling.

    >>> "C♯4 █▒ 音".encode("cp1252", NAME)
    b'C#4 #= ?'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


codecs.register_error(NAME, plainer)
