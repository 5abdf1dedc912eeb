"""ABC tunebooks: the tunes of a file, each read by music21, repeats as written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from antiphon.models.errors import MusicError
from antiphon.models.score import Score

from .music21score import to_score

_TUNE = re.compile(r"^X:", re.MULTILINE)
_IDENTITY = re.compile(r"^%.*?\bid=(\S+)", re.MULTILINE)
_DECORATION = re.compile(r"!([^!\s|]+)!")
_GRACE = re.compile(r"\{[^{}]*\}")


class Names:
    """Tells things of one name apart.

    >>> names = Names()
    >>> [names.new(name) for name in ("1", "2", "1", "1")]
    ['1', '2', '1 (2)', '1 (3)']
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def new(self, name: str) -> str:
        """Return a name that was not given before: this one, or this one with a number."""
        self._seen[name] += 1
        return name if self._seen[name] == 1 else self.new(f"{name} ({self._seen[name]})")


@dataclass(frozen=True)
class Tune:
    """One tune of a tunebook."""

    name: str
    """The `id=` of a comment before it, else its X: number; told apart where its file repeats it."""
    text: str


def tunes(text: str) -> Iterator[Tune]:
    """Yield the tunes of a tunebook in order; raises MusicError where it holds none.

    >>> [tune.name for tune in tunes("X:1\\nK:C\\nCDE|\\n\\nX:2\\nK:C\\nC|\\n")]
    ['1', '2']
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TUNE.finditer(text)]
    if not starts:
        raise MusicError("it holds no tune: no line begins with X:")
    before = text[: starts[0]]
    names = Names()
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        body = text[start:end]
        named = _IDENTITY.search(before[before.rfind("\n\n") + 1 :])
        number = body[2:].partition("\n")[0].strip()
        yield Tune(names.new(named[1] if named else number), clean(body))
        before = body


def clean(text: str) -> str:
    """Return a tune without what music21 misreads: comments, grace notes, `!` as a line break.

    A `!` is part of a decoration only when its partner follows on the same line without a space or
    bar line between; old programs ended lines with a single one.

    >>> clean("A!trill!B c2|!")
    'A!trill!B c2|'
    """
    lines = []
    for line in text.splitlines():
        if line.startswith("%"):
            continue
        if not re.match(r"[A-Za-z]:", line):
            line = _DECORATION.sub("\0\\1\0", line.partition("%")[0]).replace("!", "").replace("\0", "!")
            line = _GRACE.sub("", line).replace("`", "")
        lines.append(line)
    return "\n".join(lines).strip()


def read_tune(tune: Tune) -> Score:
    """Return one tune as a Score; raises MusicError with the tune's name and the reason."""
    from music21 import converter

    try:
        return to_score(converter.parse(tune.text, format="abc"), tune.name)
    except MusicError:
        raise
    except Exception as error:  # music21 raises whatever its parsers stumble over
        raise MusicError(f"{tune.name}: not readable as ABC ({type(error).__name__}: {error})") from error
