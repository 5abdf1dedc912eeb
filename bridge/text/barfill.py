"""How full the bar is that a model of text writes, and which characters keep it to its metre."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from ...models.abc.field import Key, parse_key
from ...models.abc.symbol import event
from ...models.abc.tune import FIELD, Setting
from ...models.errors import MusicError
from ..leading.loops import Loops
from .barlines import Barlines
from .notelength import DIGITS, GRID, TOKEN, LastNote, measured, too_long, too_short

LONGEST_INSIDE = 20
"""Characters of a chord, of grace notes or of words, after which they are closed."""
LONGEST_IDLE = 20
"""Characters without a note in a bar, after which one is written: a model may go round one sign for ever. Of
half a million notes of folk tunes none has more of them before it, but for spaces and longer words."""
SHORTEST = Fraction(1, 8)
"""Beats of a note at least, a 32nd. Of 94,000 notes of folk tunes one in ten thousand is shorter, but a model
that has written a few short ones goes on with ever shorter ones."""
SHORTEST_OF_PLAIN = Fraction(1, 6)
"""The same after music that has none shorter than this, a triplet's sixteenth: of 870 tunes that have none in
two bars 2% have one in the next eight, of a model's answers to them 10%."""
_NOTES = "ABCDEFGabcdefg"
_DECORATIONS = "~HLMOPSTuv"
_RESTS = "zxZX"
_RESTS_OF_BARS = "ZX"
ACCIDENTALS = "^_="
_BEFORE_LETTERS = ACCIDENTALS + "["
_UNSOUNDED = frozenset(_RESTS + _BEFORE_LETTERS)
"""What is no note yet, an open chord among it."""
_CLOSERS = "|:\\\n"
"""What ends a bar, or a line after which a bar could end."""
_ENDING = re.compile(r"\[[1-9]")
_SLUR = re.compile(r"\((?![2-9])")


@dataclass(frozen=True)
class Rule:
    """Which characters may be written next."""

    only: str | None = None
    """These alone; None: all but ``never``."""
    never: str = ""
    may_end: bool = True
    """Whether the tune may end here."""
    then: str = ""
    """What is written after any of ``only``."""


FREE = Rule()


class BarFill:
    """Follows a tune character by character. What it cannot measure, as quintuplets, is left alone.

    Args:
        text: what is written so far.
        latest: by which beat of the first bar after ``text`` a note begins; None where the tune's first
            bar may be a pick-up.
    """

    def __init__(self, text: str, latest: float | None = None) -> None:
        self._setting: Setting | None = Setting()
        self._full: int | None = None
        """How long a bar is, on the grid; None where that is free or unknown."""
        self._in_body = False
        self._line = ""
        self._before = ""
        """Of the bar, what stands on lines before."""
        self._bar = ""
        self._pick_up = 0
        """How long the tune's first bar is, if it is short."""
        self._is_first = True
        self._begins_short = latest is None
        self._repeats = False
        """Whether a repeat has begun and not ended."""
        self._begins_section = False
        """Whether the bar is the first after a double barline or a repeat."""
        self._after_pick_up = False
        """Whether the last bar was a pick-up, which may stand before the barline of its section."""
        self._owes = False
        """Whether the section began with a pick-up, for which its last bar leaves room."""
        self._is_silent = False
        """Whether the last bar was rests and nothing else."""
        self._barlines = Barlines()
        self._loops: Loops[tuple[str, ...]] = Loops()
        """Knows each bar's notes, as they are written."""
        self._ends_section = False
        """Whether the last barline must be a double one or a repeat: its bar leaves room for the pick-up."""
        self._latest: float | None = None
        """By which beat of this bar a note begins, where that matters."""
        self._briefest: Fraction | None = None
        """Beats of the shortest note so far, None without any."""
        self._key = Key()
        self._end: tuple[int | None, Fraction] | None = None
        """The pitch class and the beats of the note that ends the tune in this bar."""
        for character in text:
            self.read(character)
        self._latest = latest
        is_plain = self._briefest is not None and self._briefest >= SHORTEST_OF_PLAIN
        self._least = SHORTEST_OF_PLAIN if is_plain else SHORTEST

    def end(self, tonic: int | None, beats: float) -> None:
        """Have this bar end the tune with a note of so many beats: that pitch class, or the key's tonic."""
        self._end = tonic, Fraction(beats)

    def read(self, character: str) -> None:
        """Take one more character."""
        if character == "\n":
            if _is_field(self._line):
                self._field()
                self._barlines.drop(self._line)
            else:
                self._before += self._bar + " "
                self._barlines.read("\n")
            self._line = self._bar = ""
            return
        self._line += character
        ends_bar = character == "|" and not _is_field(self._line)
        self._barlines.read(character, ends_bar and self._sounds(rests=True))
        if ends_bar:
            self._repeats = self._repeats and not self._line.endswith(":|")
            self._close()
        else:
            self._repeats = self._repeats or self._line.endswith("|:")
            self._bar += character
        if self._line.endswith(("||", ":|", "|:", "|]")):
            self._begins_section = not self._after_pick_up

    def _field(self) -> None:
        letter, _, content = self._line.partition(":")
        self._in_body = self._in_body or letter == "K"
        if letter == "K":
            with suppress(ValueError):  # a model spells some keys in its own way
                self._key = parse_key(content, self._key)
        if letter in ("M", "L") and self._setting is not None:
            try:
                self._setting = self._setting.after(letter, content.strip())
            except (MusicError, ValueError):
                self._setting = None
            self._full = _bar_length(self._setting)

    def _close(self) -> None:
        """Take in that the bar has ended."""
        full, (lengths, _) = self._full, measured(self._before + self._bar)
        filled = sum(lengths)
        if lengths and self._setting is not None:
            brief = self._setting.beats * min(lengths) / GRID
            self._briefest = min(brief, self._briefest or brief)
        if self._sounds(rests=True):
            self._latest = self._end = None
            self._is_silent = not self._sounds()
            tokens = TOKEN.finditer(self._before + self._bar)
            notes = tuple(t[0] for t in tokens if t["chord"] or (t["note"] and t["note"] not in _RESTS))
            self._loops.close(notes)
        self._ends_section = False
        if filled and full is not None:
            if self._is_first:
                self._pick_up = filled if filled < full else 0
            self._after_pick_up = False
            if self._is_first or self._begins_section:
                self._owes = self._after_pick_up = 0 < self._pick_up == filled
            else:
                self._ends_section = self._owes and full - filled == self._pick_up
            self._begins_section = False
        self._is_first = self._is_first and not filled
        self._before = self._bar = ""

    @property
    def has_pick_up(self) -> bool:
        """Whether the tune's first bar is a short one."""
        return self._pick_up > 0

    def rule(self) -> Rule:
        """Return which characters keep the bar to its metre, and the tune from going round for ever."""
        if not self._in_body or _is_field(self._line):
            return FREE
        rule = self._last_note() or self._kept()
        if rule.only is None and self._idle() > LONGEST_IDLE:
            rule = Rule(_NOTES, may_end=False)
        never = self._refused_rests()
        for notes in self._loops.worn():
            never += notes[0].lstrip(_BEFORE_LETTERS)[0]
        if never and rule.only in (None, _NOTES) and not self._sounds():
            return replace(rule, never=rule.never + never)
        return rule

    def _kept(self) -> Rule:
        """Return which characters keep the bar to its metre, in the tune's body."""
        full = self._before_end()
        if full is None:
            return self._between()
        inside = self._inside()
        if inside is not None:
            return inside
        lengths, last = measured(self._before + self._bar)
        filled = sum(lengths)
        if not filled:
            return self._between()
        if filled > full:  # a shorter last note may still do
            return FREE if last is None or last.lower else Rule("/", may_end=False)
        if self._bar.endswith(("<", ">")):
            return Rule(never="<>" + _CLOSERS, may_end=False)
        if filled == full:
            return Rule(self._closing(last), may_end=False)
        room, never, least = full - filled, "", self._shortest()
        if room < least:
            return Rule(self._closing(last), may_end=False)
        if not self._sounds():
            room = self._longest_wait(full) - filled
            never = _RESTS if room < GRID else ""
        never += too_long(room, last) + too_short(least, last)
        if self._begins_section:
            may_close = filled == self._pick_up
        else:
            may_close = self._owes and full - filled == self._pick_up
        if may_close or (self._is_first and self._begins_short):
            return Rule(never=never)
        return Rule(never=never + _CLOSERS, may_end=False)

    def _before_end(self) -> int | None:
        """Return how long the bar is without the note that ends the tune, on the grid; None: not known."""
        if self._full is None or self._end is None or self._setting is None:
            return self._full
        return max(self._full - int(self._end[1] / self._setting.beats * GRID), 0)

    def _last_note(self) -> Rule | None:
        """Return what ends the tune, where its last note is to be written; else None."""
        before = self._before_end()
        if self._end is None or self._full is None or before is None or self._inside() is not None:
            return None
        bar = self._before + self._bar
        filled = sum(measured(bar)[0])
        if not filled <= before < filled + max(self._shortest(), 1):
            return None
        tonic = self._key.tonic if self._end[0] is None else self._end[0]
        slurs = ")" * (len(_SLUR.findall(bar)) - bar.count(")"))
        return Rule(
            ("" if tonic is None else self._key.letters(tonic)) or _NOTES,
            may_end=False,
            then=f"{event('', Fraction(self._full - before, GRID))}{slurs}|",
        )

    def _shortest(self) -> int:
        """Return how short a note may be, on the grid; where less is left of a bar, that is silent."""
        return 0 if self._setting is None else int(GRID * self._least / self._setting.beats)

    def _longest_wait(self, full: int) -> int:
        """Return how long the rests before the bar's first note may be, on the grid."""
        if self._latest is None or self._setting is None:
            return full - 1  # alone they do not fill it
        return min(full - 1, int(Fraction(self._latest) / self._setting.beats * GRID))

    def _refused_rests(self) -> str:
        """Return which rests may not stand before the bar's first note, however short they are."""
        if self._is_silent:
            return _RESTS
        if self._latest is None:
            return ""
        return _RESTS if self._full is not None and self._longest_wait(self._full) < GRID else _RESTS_OF_BARS

    def _between(self) -> Rule:
        """Return what may follow where nothing of a bar is written, or what cannot be told."""
        if self._sounds(rests=True):
            return FREE
        follows = self._line.endswith("|")
        if follows and self._ends_section:
            return Rule("|]" if self._repeats else "|]:")
        never = self._barlines.refused() + (":" if follows and self._repeats else "")
        is_open = self._line.rstrip().endswith("|:") or (follows and self._repeats)
        return Rule(never=never, may_end=not is_open)

    def _inside(self) -> Rule | None:
        """Return what may follow inside a chord, grace notes or words, and after a decoration; else None."""
        bar = self._before + self._bar
        opened = [(bar.rfind('"'), '"')] if bar.count('"') % 2 else []
        for begin, end in ("[]", "{}"):
            at = bar.rfind(begin)
            if at > bar.rfind(end) and not _ENDING.match(bar, at):
                opened.append((at, end))
        if opened:
            at, end = max(opened)
            is_long = len(bar) - at > LONGEST_INSIDE
            never = _CLOSERS + (' ["' if end == "]" else "")
            return Rule(only=end, may_end=False) if is_long else Rule(never=never, may_end=False)
        if len(self._line) > 1 and bar.endswith(tuple(_DECORATIONS)):  # a line may begin as a field does
            return Rule(never=' |:)]-<>"\n\\' + DIGITS, may_end=False)
        return None

    def _closing(self, last: LastNote | None) -> str:
        """Return what may follow when the bar is full: what belongs to its last note, and its barline."""
        if self._line.endswith(":"):
            return "|"
        bar = self._before + self._bar
        signs = "|:"
        if not bar.endswith((" ", "\\")):
            signs += " "
        if last is not None:
            signs += "-"
        if len(_SLUR.findall(bar)) > bar.count(")"):
            signs += ")"
        if self._bar:  # a line may go on before the barline
            signs += "\n" if bar.endswith("\\") else "\\"
        return signs

    def _sounds(self, rests: bool = False) -> bool:
        """Return whether the bar has a note, or a rest where they count, too."""
        for token in TOKEN.finditer(self._before + self._bar):
            written = token["chord"] or token["note"] or token["other"]
            if written and (rests or not set(written) <= _UNSOUNDED):
                return True
        return False

    def _idle(self) -> int:
        """Return how many characters stand after the bar's last note or rest."""
        bar = self._before + self._bar
        if len(bar) <= LONGEST_IDLE:
            return 0
        ends = (token.end() for token in TOKEN.finditer(bar) if token["note"] or token["chord"])
        return len(bar) - max(ends, default=0)


def _is_field(line: str) -> bool:
    return line[1:2] == ":" and FIELD.match(line) is not None


def _bar_length(setting: Setting | None) -> int | None:
    """Return how long a bar is, on the grid; None where that is free or unknown."""
    if setting is None or setting.metre is None:
        return None
    length = Fraction(setting.metre.numerator, setting.metre.denominator) / setting.unit * GRID
    return length.numerator if length.denominator == 1 else None
