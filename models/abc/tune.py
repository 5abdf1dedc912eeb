"""ABC text to a tune: its header and the signs of each voice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..errors import AbcError, MusicError
from ..metre import Metre
from .field import Key, default_unit, parse_key, parse_metre, parse_shift, parse_tempo, parse_unit
from .overlay import layers
from .symbol import Kind, Symbol, signs

MAX_CHARACTERS = 100_000
MAX_VOICES = 16
_HEADER = re.compile(r"([A-Za-z+]):")
# A line of music may begin with a letter and a repeat, as in "A:|".
FIELD = re.compile(r"([A-Zmrsuw+]):(?![:|\]])")
"""How a line begins that is a field, not music."""
COMMENT = re.compile(r"(?<!\\)%")
_FIRST = re.compile(r"^X:(?![:|\]])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the fields have said up to a sign."""

    metre: Metre | None = None
    """None: free."""
    unit: Fraction = Fraction(1, 8)
    """The unit note, in whole notes."""
    key: Key = field(default_factory=Key)
    tempo: float | None = None
    """Quarter notes a minute, where one was given."""
    shift: int = 0
    """Semitones from the notes' names to what sounds: a clef with an octave, octave=, transpose=."""
    beats: Fraction = field(init=False, compare=False, repr=False)
    """The unit note, in quarter notes: kept, for every note's length asks for it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "beats", self.unit * 4)

    def after(self, letter: str, content: str) -> Setting:
        """Return the setting after a field; raises ValueError or MusicError with the reason."""
        match letter:
            case "M":
                return replace(self, metre=parse_metre(content))
            case "L":
                return replace(self, unit=parse_unit(content))
            case "K":
                shift = parse_shift(content)
                key = parse_key(content, self.key)
                return replace(self, key=key, shift=self.shift if shift is None else shift)
            case "Q":
                tempo = parse_tempo(content, self.unit)
                return self if tempo is None else replace(self, tempo=tempo)
            case _:
                return self


@dataclass(slots=True)
class Tune:
    """One tune, taken apart."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    """(letter, content) of the header, those that cannot be read left out."""
    setting: Setting = field(default_factory=Setting)
    """What the header says."""
    voices: dict[str, list[Symbol]] = field(default_factory=dict)
    """Signs by voice, in the order in which they first sound, without overlays."""
    overlays: dict[str, list[list[Symbol]]] = field(default_factory=dict)
    """What & lays over the bars of a voice, as voices with the same barlines: see :mod:`.overlay`."""
    shifts: dict[str, int] = field(default_factory=dict)
    """What V: says of a voice's :attr:`Setting.shift`."""
    strays: list[Symbol] = field(default_factory=list)
    """What does not parse, in order of the text; not among the signs of the voices."""

    @property
    def title(self) -> str:
        """The first T: field."""
        return next((content for letter, content in self.fields if letter == "T" and content), "")


def parse(text: str) -> Tune:
    """Take the first tune of a text apart.

    Raises:
        AbcError: more than MAX_CHARACTERS, MAX_VOICES or MAX_OVERLAYS. What does not parse is no error here,
            but a stray.
    """
    if len(text) > MAX_CHARACTERS:
        raise AbcError(f"more than {MAX_CHARACTERS:,} characters; give one tune at a time")
    parser = _Parser()
    for line in tune_lines(text):
        parser.line(line)
    return parser.finished()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a tune."""

    number: int
    """In the text, from 1."""
    text: str
    """Without its comment and what is blank at its end."""
    letter: str
    """Of its field; nothing where it is music."""

    @property
    def content(self) -> str:
        """What its field says."""
        return self.text[2:].strip()


def tune_lines(text: str) -> Iterator[Line]:
    """Yield the lines of a text's first tune; it ends at an empty line after music, or at the next X:.

    >>> [line.letter for line in tune_lines("Words.\\nX:1\\nK:C\\n\\nABc|\\n\\nWords.")]
    ['X', 'K', '']
    """
    in_body = has_music = False
    for number, line in _bare_lines(text):
        match = (FIELD if in_body else _HEADER).match(line)
        letter = match[1] if match else ""
        if (letter == "X" and in_body) or (has_music and not line.strip()):
            return
        if line.strip():
            yield Line(number, line, letter)
            has_music |= not letter
            in_body |= letter in ("", "K")


def _bare_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines from the first X: on, without comments."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    first = _FIRST.search(text)
    start = first.start() if first else 0
    for number, line in enumerate(text[start:].split("\n"), 1 + text.count("\n", 0, start)):
        bare = COMMENT.split(line, maxsplit=1)[0].rstrip()
        if bare or "%" not in line:  # a line of comment is no empty line, which would end the tune
            yield number, bare


class _Parser:
    """Goes through the lines."""

    def __init__(self) -> None:
        self.tune = Tune()
        self.has_begun = False
        """Whether the header is over."""
        self.given_unit = False
        self.voice = "1"

    def line(self, line: Line) -> None:
        """Take a line in."""
        if not line.letter:
            if not self.has_begun:
                self._stray(line.number, "the notes begin without a key; put a line such as K:C before them")
                self._begin()
            self._music(line.text, line.number)
        elif self.has_begun:
            self._body_field(line.letter, line.content, line.number, 1, "")
        else:
            self._header(line.letter, line.content, line.number)

    def _header(self, letter: str, content: str, number: int) -> None:
        """Take a field of the header in; K: ends it."""
        if letter == "V":
            self._declare(content)  # the one in the body chooses it
            return
        try:
            self.tune.setting = self.tune.setting.after(letter, content)
        except (ValueError, MusicError) as error:
            self._stray(number, str(error))
        else:
            self.tune.fields.append((letter, content))
            self.given_unit |= letter == "L"
        if letter == "K":
            self._begin()

    def _begin(self) -> None:
        """End the header: the unit note follows from the metre where none was given."""
        self.has_begun = True
        setting = self.tune.setting
        if not self.given_unit:
            self.tune.setting = replace(setting, unit=default_unit(setting.metre))

    def _body_field(self, letter: str, content: str, number: int, column: int, text: str) -> None:
        """Take a field between the notes in; text is empty for one on a line of its own."""
        if letter == "V":
            self._choose(content, number)
        elif letter in "KLMQ":
            try:
                # A tempo in unit notes is read again, with the unit note that holds there.
                Setting().after(letter, content)
            except (ValueError, MusicError) as error:
                self._stray(number, str(error), column)
            else:
                self._add(Symbol(Kind.FIELD, text, number, column, stem=f"{letter}:{content}"))

    def _declare(self, content: str) -> str:
        """Note down what V: says of a voice; return its name."""
        name, _, settings = content.strip().partition(" ")
        shift = parse_shift(settings)
        if shift is not None and len(self.tune.shifts) < MAX_VOICES:
            self.tune.shifts[name] = shift
        return name or "1"

    def _choose(self, content: str, number: int) -> None:
        """Go on with another voice."""
        self.voice = self._declare(content)
        if self.voice not in self.tune.voices and len(self.tune.voices) >= MAX_VOICES:
            raise AbcError(f"more than {MAX_VOICES} voices; leave some out", number, 1)

    def _music(self, line: str, number: int) -> None:
        """Take a line of music in."""
        for sign in signs(line, number):
            if sign.kind is Kind.FIELD:
                letter, _, content = sign.stem.partition(":")
                self._body_field(letter, content.strip(), number, sign.column, sign.text)
            elif sign.kind is Kind.STRAY:
                self._stray(number, sign.stem, sign.column, sign.text)
            else:
                self._add(sign)
        self._add(Symbol(Kind.NEWLINE, "", number, len(line) + 1))

    def _add(self, sign: Symbol) -> None:
        self.tune.voices.setdefault(self.voice, []).append(sign)

    def _stray(self, number: int, reason: str, column: int = 1, text: str = "") -> None:
        self.tune.strays.append(Symbol(Kind.STRAY, text, number, column, stem=reason))

    def finished(self) -> Tune:
        """Return the tune."""
        if not self.has_begun:
            self._begin()
        for voice, symbols in self.tune.voices.items():
            self.tune.voices[voice], *overlays = layers(symbols)
            if overlays:
                self.tune.overlays[voice] = overlays
        return self.tune
