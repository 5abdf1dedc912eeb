"""The signs of one voice with what they mean: how long they last, and at which pitch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..errors import AbcError
from .symbol import Head, Kind, Symbol
from .tune import Setting


@dataclass(slots=True)
class Step:
    """One sign with its meaning."""

    sign: Symbol
    setting: Setting
    """What holds there; for a field, what holds after it."""
    units: Fraction = Fraction(0)
    """How long it lasts in unit notes, tuplets and broken rhythm included."""
    pitches: tuple[tuple[int, bool], ...] = ()
    """(MIDI pitch, whether it is tied to the next note)."""

    @property
    def beats(self) -> Fraction:
        """How long it lasts, in quarter notes."""
        return self.units * self.setting.beats


def walk(signs: Iterable[Symbol], setting: Setting) -> list[Step]:
    """Return a voice's steps, in the order in which they are written.

    Raises:
        AbcError: a tuplet or a broken rhythm that lacks notes.
    """
    walker = _Walker(setting)
    for sign in signs:
        walker.take(sign)
    return walker.finished()


class _Walker:
    """Goes through a voice."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.steps: list[Step] = []
        self.last: Step | None = None
        """The last note or rest."""
        self.tuplet: Symbol | None = None
        self.left, self.factor = 0, Fraction(1)
        self.broken: Symbol | None = None
        self.heard: dict[int, int] = {}
        """The last note's pitches, by those without accidental."""
        self.tied: dict[int, int] = {}
        """Those of them that a tie holds."""
        self.altered: dict[str, int] = {}
        """Accidentals of this bar, which hold in every octave (section 11.3)."""

    def take(self, sign: Symbol) -> None:
        """Take the next sign in."""
        step = Step(sign, self.setting)
        match sign.kind:
            case Kind.NOTE | Kind.REST | Kind.BARS_REST:
                self._event(step)
            case Kind.BAR:
                self.altered = {}
            case Kind.FIELD:
                letter, _, content = sign.stem.partition(":")
                step.setting = self.setting = self.setting.after(letter, content)
                if letter == "K":
                    self.altered = {}
            case Kind.TUPLET:
                self._open_tuplet(sign)
            case Kind.BROKEN:
                if self.last is None or self.broken is not None:
                    raise _error(sign, "stands between no two notes")
                self.broken = sign
            case Kind.TIE if self.last is not None:
                self.last.pitches = tuple((pitch, True) for pitch, _ in self.last.pitches)
                self.tied = self.heard
        self.steps.append(step)

    def _open_tuplet(self, sign: Symbol) -> None:
        if self.left:
            raise _error(sign, "begins inside another one")
        p, q, r = sign.numbers
        metre = self.setting.metre
        compound = metre is not None and metre.numerator % 3 == 0 and metre.numerator > 3
        self.tuplet, self.left, self.factor = sign, r, Fraction(q or (3 if compound else 2), p)

    def _event(self, step: Step) -> None:
        """Take a note or a rest in."""
        step.units = self._written(step.sign)
        if self.left:
            step.units *= self.factor
            self.left -= 1
        if self.broken is not None and self.last is not None:
            points = self.broken.numbers[0]
            short = Fraction(1, 2 ** abs(points))
            self.last.units *= short if points < 0 else 2 - short
            step.units *= 2 - short if points < 0 else short
            self.broken = None
        heads = [(head.natural, *self._pitch(head)) for head in step.sign.heads]
        step.pitches = tuple({pitch: is_tied for _, pitch, is_tied in heads}.items())
        self.last = step
        self.heard = {natural: pitch for natural, pitch, _ in heads}
        self.tied = {natural: pitch for natural, pitch, is_tied in heads if is_tied}

    def _written(self, sign: Symbol) -> Fraction:
        if sign.kind is not Kind.BARS_REST:
            return sign.units
        metre = self.setting.metre
        bar = Fraction(metre.numerator, metre.denominator) if metre is not None else Fraction(1)
        return sign.numbers[0] * bar / self.setting.unit

    def _pitch(self, head: Head) -> tuple[int, bool]:
        """Return where a head sounds; remember its accidental."""
        if head.accidental is not None:
            self.altered[head.letter] = head.accidental
        elif head.natural in self.tied and head.letter not in self.altered:
            return self.tied[head.natural], head.tied  # over a barline, a tie keeps its accidental
        signature = self.setting.key.accidentals.get(head.letter, 0)
        pitch = head.natural + self.altered.get(head.letter, signature) + self.setting.shift
        if not 0 <= pitch <= 127:
            pitch = pitch % 12 + (0 if pitch < 0 else 108)  # the nearest octave that is sure to hold it
        return pitch, head.tied

    def finished(self) -> list[Step]:
        """Return the steps; raises AbcError where the last tuplet or broken rhythm is unfinished."""
        if self.left and self.tuplet is not None:
            raise _error(self.tuplet, f"lacks {self.left} of its notes")
        if self.broken is not None:
            raise _error(self.broken, "has no note after it")
        return self.steps


def _error(sign: Symbol, reason: str) -> AbcError:
    return AbcError(f"{sign.kind} {sign.text} {reason}; take it out", sign.line, sign.column)


def usable(signs: Sequence[Symbol], barwise: bool = False) -> list[Symbol]:
    """Return the signs without the tuplets and broken rhythms that lack notes: `walk` takes what remains.

    Args:
        signs: a voice.
        barwise: leave those out, too, that reach across a barline.
    """
    kept: list[Symbol] = []
    ahead = _sounds_ahead(signs, barwise)
    left, may_break = 0, False
    for sign, following in zip(signs, ahead, strict=True):
        if sign.sounds:
            left, may_break = max(left - 1, 0), True
        elif sign.kind is Kind.BAR and barwise:
            may_break = False
        elif sign.kind is Kind.TUPLET:
            if left or following < sign.numbers[2]:
                continue
            left = sign.numbers[2]
        elif sign.kind is Kind.BROKEN:
            if not may_break or not following:
                continue
            may_break = False
        kept.append(sign)
    return kept


def _sounds_ahead(signs: Sequence[Symbol], barwise: bool) -> list[int]:
    """Return how many notes and rests come after each sign."""
    counts, count = [], 0
    for sign in reversed(signs):
        count = 0 if barwise and sign.kind is Kind.BAR else count
        counts.append(count)
        count += sign.sounds
    return counts[::-1]


def fitted(voice: Sequence[Step], overlay: Sequence[Step]) -> list[Step]:
    """Return an overlay's steps with a rest in each bar that is shorter than the voice's.

    Raises:
        AbcError: a bar of it is longer than the voice's.
    """
    steps: list[Step] = []
    for own, laid in zip(_split(voice), _split(overlay), strict=True):
        missing = _beats(own) - _beats(laid)
        if missing < 0:
            first = next(step.sign for step in laid if step.sign.sounds)
            raise AbcError("what & lays over the bar is longer than it; shorten it", first.line, first.column)
        ends = 1 if laid and laid[-1].sign.kind is Kind.BAR else 0
        steps += laid[: len(laid) - ends]
        if missing:
            sign, setting = own[-1].sign, own[-1].setting
            steps.append(
                Step(Symbol(Kind.REST, "", sign.line, sign.column), setting, missing / setting.beats)
            )
        steps += laid[len(laid) - ends :]
    return steps


def _split(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield the steps of each bar, its barline with it."""
    bar: list[Step] = []
    for step in steps:
        bar.append(step)
        if step.sign.kind is Kind.BAR:
            yield bar
            bar = []
    yield bar


def _beats(steps: Sequence[Step]) -> Fraction:
    return sum((step.beats for step in steps if step.sign.sounds), Fraction(0))
