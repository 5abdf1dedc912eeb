"""ABC tunebooks: the tunes of a file, each read with its repeats as written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from ...models.abc import AbcError, bars, read_abc
from ...models.abc.tune import COMMENT, FIELD
from ...models.errors import MusicError
from ...models.metre import Metre
from ...models.score import Score
from .barlines import BarSpan, metre_map

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
class BookTune:
    """One tune of a tunebook."""

    name: str
    """The `id=` of a comment before it, else its X: number; told apart where its file repeats it."""
    text: str
    """It without comments, grace notes and old programs' line breaks."""
    written: str
    """As it stands in the file."""
    line: int
    """Where in the file it begins, from 1."""


def tunes(text: str) -> Iterator[BookTune]:
    """Yield the tunes of a tunebook in order; raises MusicError where it holds none.

    >>> [tune.name for tune in tunes("X:1\\nK:C\\nCDE|\\n\\nX:2\\nK:C\\nC|\\n")]
    ['1', '2']
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TUNE.finditer(text)]
    if not starts:
        raise MusicError("it holds no tune: no line begins with X:")
    before = text[: starts[0]]
    line = 1 + before.count("\n")
    names = Names()
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        body = text[start:end]
        named = _IDENTITY.search(before[before.rfind("\n\n") + 1 :])
        number = body[2:].partition("\n")[0].strip()
        yield BookTune(names.new(named[1] if named else number), clean(body), body, line)
        before = body
        line += body.count("\n")


def clean(text: str) -> str:
    """Return a tune without what is not its music: comments, grace notes, `!` as a line break.

    A `!` is part of a decoration only when its partner follows on the same line without a space or
    bar line between; old programs ended lines with a single one.

    >>> clean("A!trill!B c2|!")
    'A!trill!B c2|'
    """
    lines = []
    for written in text.split("\n"):  # splitlines would end lines at a form feed and others, too
        line = COMMENT.split(written, maxsplit=1)[0].rstrip()
        if not FIELD.match(line):
            line = _DECORATION.sub("\0\\1\0", line).replace("!", "").replace("\0", "!")
            line = _GRACE.sub("", line).replace("`", "")
        if line.strip() or not written.strip():  # what is left empty is no empty line, which ends a tune
            lines.append(line)
    return "\n".join(lines).strip()


def read_tune(tune: BookTune) -> Score:
    """Return one tune as a Score; raises MusicError with the tune's name and the reason.

    music21 would not do: it holds no accidental to the barline, ties no chords and no accidentals, plays
    voices that stand line by line one after the other, and knows nothing of L: between notes or of Z4.
    """
    try:
        score = read_abc(tune.written, repeats=False)
    except AbcError as error:
        where = f"line {tune.line + error.line - 1}, column {error.column}: " if error.line else ""
        raise MusicError(f"{tune.name}: {where}{str(error).partition(': ')[2]}") from error
    written = bars(tune.written)
    starts = accumulate((bar.beats for bar in written), initial=0.0)
    first = [
        BarSpan(start, bar.beats, bar.metre or Metre())
        for start, bar in zip(starts, written, strict=False)
        if bar.voice == written[0].voice
    ]
    return replace(score, metres=metre_map(first))
