"""The signs of a line of ABC music: notes, rests, barlines and what stands between them.

After the ABC standard 2.1, sections 4 and 9. What does not parse becomes a STRAY with its reason, so that the
reader can say where a tune is wrong and the repair can leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

MAX_UNITS = 999
"""The longest note or rest, in unit notes; above 64 whole notes, the longest bar, in eighths."""
LENGTH_GRID = 192
"""Denominators of written lengths divide it: 64ths and their triplets. It keeps all sums exact and small."""
MAX_BARS_REST = 64
MAX_ENDING = 9
NATURAL = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
"""MIDI pitches of the letters; small ones are an octave higher."""
ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
"""Semitones."""
TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
"""Into the time of how many: section 4.13; 5, 7 and 9 depend on the metre."""
CHORD = re.compile(r"[A-G][#b]?(?:m|maj|min|dim|aug|sus|add|[0-9]|\+|[()#b])*(?:/[A-Ga-g][#b]?)?")
"""The content of a chord symbol: root, kind and bass (section 4.18)."""


class Kind(StrEnum):
    """What a sign is."""

    NOTE = "note"
    """One pitch, or a chord in brackets."""
    REST = "rest"
    BARS_REST = "rest of whole bars"
    BAR = "barline"
    ENDING = "ending"
    TUPLET = "tuplet"
    BROKEN = "broken rhythm"
    TIE = "tie"
    HARMONY = "chord symbol"
    """Whatever stands in quotation marks: annotations and words, too; see CHORD."""
    FIELD = "field"
    MARK = "mark"
    """Sounds like nothing here: slurs, decorations, grace notes, spacers."""
    OVERLAY = "overlay"
    """What follows begins with its bar."""
    NEWLINE = "line end"
    STRAY = "stray"
    """Does not parse; ``stem`` says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """One pitch as it is written."""

    letter: str
    """``"A"`` to ``"G"``."""
    natural: int
    """MIDI pitch without any accidental."""
    accidental: int | None
    """Semitones, where one is written: -2..2."""
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """One sign."""

    kind: Kind
    text: str
    """As it is written; nothing for a field on a line of its own."""
    line: int
    """From 1."""
    column: int
    """From 1."""
    stem: str = ""
    """A note without its length; a field's or chord symbol's content; a stray's reason."""
    heads: tuple[Head, ...] = ()
    units: Fraction = Fraction(0)
    """Length of a note or rest in unit notes, before tuplets and broken rhythm."""
    numbers: tuple[int, ...] = ()
    """Tuplet: p, q (0: by the metre), r. Broken rhythm: points, negative for ``<``. Rest of bars: how many.
    Barline: how often the music before it is played (0: no repeat), 1 if a repeat begins, 1 if a section
    ends. Ending: its numbers."""

    @property
    def sounds(self) -> bool:
        """Whether it takes time."""
        return self.kind in (Kind.NOTE, Kind.REST, Kind.BARS_REST)

    @property
    def ends_repeat(self) -> bool:
        """Whether it is a barline from which music goes back."""
        return self.kind is Kind.BAR and self.numbers[0] > 0

    @property
    def begins_repeat(self) -> bool:
        """Whether it is a barline to which music goes back."""
        return self.kind is Kind.BAR and self.numbers[1] > 0

    @property
    def divides(self) -> bool:
        """Whether it is a barline between sections: a repeat's, or a double one."""
        return self.kind is Kind.BAR and any(self.numbers)


_LENGTH = r"[0-9]{0,4}(?:/{1,6}[0-9]{0,4})?"
_PITCH = r"(?:\^\^?|__?|=)?[A-Ga-g][,']{0,8}"
# No alternative can run past the sign that would begin it again, so the time is linear in the line's length.
_SIGN = re.compile(
    rf"""
    (?P<space>[ \t`\\#*;?@$]+)
  | (?P<harmony>"[^"]*")
  | (?P<mark>![^!\s|\[\]:"]{{1,30}}! | \+[a-z]{{2,16}}\+ | \{{[^{{}}]*\}} | \.?\((?![2-9&]) | \)
      | [~H-Wh-w] | \.(?!\|) | y{_LENGTH})
  | (?P<newline>!)
  | (?P<field>\[[A-Za-z]:[^\[\]]*\])
  | (?P<ending>\[[1-9](?:[,-][1-9])*)
  | (?P<bar>(?: \.?:*(?:\[\|\]? | \|+\]?)(?::+(?!\|))? | :{{2,}} )(?P<number>[1-9](?:[,-][1-9])*)?)
  | (?P<tuplet>\([2-9](?: :[0-9]?(?: :[0-9]{{0,2}})? )?)
  | (?P<note>(?P<pitch>{_PITCH})(?P<length>{_LENGTH}))
  | (?P<rest>[zx](?P<silence>{_LENGTH}))
  | (?P<bars_rest>[ZX](?P<bars>[0-9]{{0,3}}))
  | (?P<chord>\[(?P<inside>[^\[\]|"\n]{{1,200}})\](?P<times>{_LENGTH}))
  | (?P<overlays>\(&|&\)|&{{2,}})
  | (?P<overlay>&)
  | (?P<broken><{{1,3}}|>{{1,3}})
  | (?P<tie>-)
  | (?P<stray>.)
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_PLAIN = {"tie": Kind.TIE, "mark": Kind.MARK, "newline": Kind.NEWLINE, "overlay": Kind.OVERLAY}
"""Signs that say no more than that they are there."""
_HEAD = re.compile(
    rf"({_PITCH})({_LENGTH})(-?)|[\s`~.()H-Wh-w]+|[zx]{_LENGTH}|![^!]{{1,30}}!|(.)", re.ASCII | re.DOTALL
)


def signs(text: str, line: int) -> Iterator[Symbol]:
    """Yield the signs of one line of music, without its comment.

    >>> [sign.kind.value for sign in signs("A2|", 1)]
    ['note', 'barline']
    """
    for match in _SIGN.finditer(text):
        name = match.lastgroup or ""
        column = match.start() + 1
        if name == "space":
            continue
        try:
            yield from _sign(name, match, line, column)
        except ValueError as error:
            yield Symbol(Kind.STRAY, match[0], line, column, stem=str(error))


def _sign(name: str, match: re.Match[str], line: int, column: int) -> Iterator[Symbol]:
    """Yield what a match means; raises ValueError with the reason it means nothing."""
    text = match[0]
    match name:
        case "note":
            units = length(match["length"])
            yield Symbol(Kind.NOTE, text, line, column, match["pitch"], (_head(match["pitch"]),), units)
        case "chord":
            stem, heads, units = _chord(match["inside"])
            units = _checked(units * length(match["times"]))
            yield Symbol(Kind.NOTE, text, line, column, stem, heads, units)
        case "rest":
            yield Symbol(Kind.REST, text, line, column, text[0], (), length(match["silence"]))
        case "bars_rest":
            bars = int(match["bars"] or 1)
            if not 1 <= bars <= MAX_BARS_REST:
                raise ValueError(f"a rest of {bars} bars; write 1 to {MAX_BARS_REST}")
            yield Symbol(Kind.BARS_REST, text, line, column, numbers=(bars,))
        case "bar":
            yield from _bar(text, match["number"] or "", line, column)
        case "ending":
            yield Symbol(Kind.ENDING, text, line, column, numbers=_ending(text[1:]))
        case "tuplet":
            yield Symbol(Kind.TUPLET, text, line, column, numbers=_tuplet(text[1:]))
        case "broken":
            yield Symbol(
                Kind.BROKEN, text, line, column, numbers=(len(text) if text[0] == ">" else -len(text),)
            )
        case "harmony":
            yield Symbol(Kind.HARMONY, text, line, column, text[1:-1].strip())
        case "field":
            yield Symbol(Kind.FIELD, text, line, column, text[1:-1])
        case "overlays":
            raise ValueError(
                f"{text!r} lays several bars over others, which is not read; write & in each bar"
            )
        case "stray":
            raise ValueError(f"{text!r} means nothing here; take it out")
        case _:
            yield Symbol(_PLAIN[name], text, line, column)


@lru_cache(512)
def length(text: str) -> Fraction:
    """Return a written length in unit notes; raises ValueError.

    >>> [str(length(text)) for text in ("", "3", "3/2", "/", "//")]
    ['1', '3', '3/2', '1/2', '1/4']
    """
    upper, slash, rest = text.partition("/")
    lower = rest.lstrip("/")
    slashes = len(slash) + len(rest) - len(lower)
    if slashes > 1 and lower:
        raise ValueError(f"length {text!r}: write one slash and a number, or slashes alone")
    below = int(lower) if lower else 2**slashes
    if below == 0:
        raise ValueError(f"length {text!r} divides by 0; write a number above it")
    return _checked(Fraction(int(upper or 1), below))


def _checked(units: Fraction) -> Fraction:
    """Return a length; raises ValueError where no music has it."""
    if not writable(units):
        raise ValueError(
            f"length of {units} unit notes; write above 0, at most {MAX_UNITS}, in 64ths or their triplets"
        )
    return units


def writable(units: Fraction) -> bool:
    """Return whether a length can be written, and read again."""
    return 0 < units <= MAX_UNITS and units.numerator <= 9999 and LENGTH_GRID % units.denominator == 0


def event(stem: str, units: Fraction) -> str:
    """Write a note or rest; one whose length has thirds as a triplet of one, which every program reads.

    >>> event("A", Fraction(2, 3)), event("A", Fraction(3, 2))
    ('(3:2:1A', 'A3/2')
    """
    if units.denominator % 3:
        return stem + _written(units)
    return f"(3:2:1{stem}{_written(units * Fraction(3, 2))}"


def _written(units: Fraction) -> str:
    """Write a length in unit notes.

    >>> [_written(Fraction(*f)) for f in ((1, 1), (3, 1), (1, 2), (3, 2))]
    ['', '3', '/2', '3/2']
    """
    upper = "" if units.numerator == 1 else str(units.numerator)
    return upper if units.denominator == 1 else f"{upper}/{units.denominator}"


@lru_cache(512)
def _head(text: str, tied: bool = False) -> Head:
    accidental = text.rstrip("abcdefgABCDEFG,'")
    letter = text[len(accidental)]
    natural = NATURAL[letter.upper()] + 12 * (letter.islower() + text.count("'") - text.count(","))
    if not 3 <= natural <= 124:
        raise ValueError(f"{text!r} is outside MIDI's pitches; take octave marks away")
    return Head(letter.upper(), natural, ACCIDENTALS.get(accidental), tied)


def _chord(inside: str) -> tuple[str, tuple[Head, ...], Fraction]:
    """Return a chord's stem, pitches and length, which is that of its first note."""
    heads, stems, lengths = [], [], []
    for match in _HEAD.finditer(inside):
        if match[1]:
            heads.append(_head(match[1], bool(match[3])))
            stems.append(match[1] + match[3])
            lengths.append(length(match[2]))
        elif match[4]:
            raise ValueError(f"{match[4]!r} means nothing in a chord; take it out")
    if not heads:
        raise ValueError("a chord without notes; take the brackets away")
    return f"[{''.join(stems)}]", tuple(heads), lengths[0]


def _tuplet(text: str) -> tuple[int, int, int]:
    """Return p, q and r of ``3:2:3``; q is 0 where the metre decides."""
    p, q, r, *_ = [int(part) if part else 0 for part in text.split(":")] + [0, 0]
    return p, q or TUPLET_TIME.get(p, 0), r or p


def _bar(text: str, number: str, line: int, column: int) -> Iterator[Symbol]:
    """Yield a barline and the ending that begins with it."""
    stroke = text[: len(text) - len(number)]
    signs_only = stroke.lstrip(".")
    before = len(signs_only) - len(signs_only.lstrip(":"))
    after = len(signs_only) - len(signs_only.rstrip(":"))
    if before == len(signs_only):  # "::" alone is both
        before = after = 1
    section = "||" in stroke or ("]" in stroke) != ("[" in stroke)  # "[|]" is a barline that nobody sees
    plays = min(before + 1, MAX_ENDING) if before else 0
    numbers = (plays, 1 if after else 0, 1 if section else 0)
    yield Symbol(Kind.BAR, stroke, line, column, numbers=numbers)
    if number:
        yield Symbol(Kind.ENDING, number, line, column + len(stroke), numbers=_ending(number))


def _ending(text: str) -> tuple[int, ...]:
    """Return the numbers of ``1,3`` or ``1-3``."""
    numbers: list[int] = []
    for part in text.split(","):
        low, *high = part.split("-")
        numbers.extend(range(int(low), int(high[-1] if high else low) + 1))
    if not numbers:
        raise ValueError(f"ending {text!r} goes backwards; write it as 1,2 or 1-2")
    return tuple(sorted(set(numbers)))
