"""The bars of a written tune, and which of them add up to their metre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from ..metre import Metre
from .symbol import Kind, Symbol
from .tune import parse
from .walk import Step, usable, walk


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """One bar as it is written, before repeats."""

    voice: str
    """Its voice, "1" where the tune names none."""
    number: int
    """Counts from 1 within the voice; a pick-up counts."""
    line: int
    """Where its first note stands, from 1."""
    column: int
    """From 1."""
    beats: float
    """How long its notes and rests are, in quarter notes."""
    metre_beats: float | None
    """How long they should be; None in free metre."""
    fits: bool
    """Whether it adds up, or is a pick-up or the rest of one at the end of a repeat or section."""
    metre: Metre | None = None
    """What its metre is; None in free metre."""


@dataclass
class Measure:
    """The steps of one bar, which stay: from its first sign to its barline and the ending after it."""

    steps: list[Step]
    expanded: bool = False
    """Lengths are written out, without tuplets and broken rhythms."""
    front: Fraction = field(default_factory=Fraction)
    """A rest to put before its notes, in beats."""
    back: Fraction = field(default_factory=Fraction)
    """A rest to put after its notes, in beats."""

    @cached_property
    def sounding(self) -> list[int]:
        """The indices of its notes and rests; at least one."""
        return [index for index, step in enumerate(self.steps) if step.sign.sounds]

    @property
    def beats(self) -> Fraction:
        """Its length with the rests around it."""
        # Asked for again and again, and sums of fractions are slow; most bars have no rests around them.
        return self.front + self._sound + self.back if self.front or self.back else self._sound

    @cached_property
    def _sound(self) -> Fraction:
        return sum((self.steps[index].beats for index in self.sounding), Fraction(0))

    @cached_property
    def full(self) -> Fraction | None:
        """The length that its metre asks for; None in free metre."""
        metre = self.steps[self.sounding[0]].setting.metre
        return None if metre is None else Fraction(metre.beats)

    @property
    def short(self) -> bool:
        """Whether it is shorter than its metre."""
        return self.full is not None and self.beats < self.full

    @property
    def missing(self) -> Fraction:
        """How much shorter than its metre it is, in beats; 0 of a longer one, and in free metre."""
        return max(self.full - self.beats, Fraction(0)) if self.full is not None else Fraction(0)

    @cached_property
    def lead(self) -> list[Symbol]:
        """The signs before its first note."""
        return [step.sign for step in self.steps[: self.sounding[0]]]

    @cached_property
    def tail(self) -> list[Symbol]:
        """The signs after its last note."""
        return [step.sign for step in self.steps[self.sounding[-1] + 1 :]]


def bars(text: str) -> list[WrittenBar]:
    """Return the bars of a tune with their lengths, to find those that are unfinished.

    What does not parse is left out. The bars come voice by voice.

    >>> [(bar.beats, bar.metre_beats, bar.fits) for bar in bars("X:1\\nM:2/4\\nL:1/8\\nK:C\\nCDEF|GA|c4|")]
    [(2.0, 2.0, True), (1.0, 2.0, False), (2.0, 2.0, True)]

    Raises:
        AbcError: more than MAX_CHARACTERS or MAX_VOICES.
    """
    tune = parse(text)
    found = []
    for voice, signs in tune.voices.items():
        measures = measures_of(walk(usable(signs), tune.setting))
        for number, (measure, lengths) in enumerate(zip(measures, allowed(measures), strict=True), 1):
            step = measure.steps[measure.sounding[0]]
            at, beats, metre = step.sign, float(measure.beats), step.setting.metre
            full = None if measure.full is None else float(measure.full)
            fits = measure.full is None or measure.beats in lengths
            found.append(WrittenBar(voice, number, at.line, at.column, beats, full, fits, metre))
    return found


def measures_of(steps: Sequence[Step]) -> list[Measure]:
    """Return the bars of a voice, each with at least one note or rest; none without any."""
    groups: list[list[Step]] = [[]]
    has_sound = closed = False
    for step in steps:
        if closed and step.sign.kind not in (Kind.BAR, Kind.ENDING, Kind.NEWLINE):
            groups.append([])
            has_sound = closed = False
        groups[-1].append(step)
        has_sound |= step.sign.sounds
        closed |= has_sound and step.sign.kind is Kind.BAR
    if not has_sound and len(groups) > 1:  # what comes after the last note
        last = groups.pop()
        groups[-1].extend(last)
    return [Measure(group) for group in groups if any(step.sign.sounds for step in group)]


def allowed(measures: Sequence[Measure]) -> list[set[Fraction]]:
    """Return the lengths that each bar may have, in beats: its metre's, and what makes a pick-up whole.

    A bar at the end of a repeat or section may leave room for the pick-up of that section, of the next one or
    of the tune; a pick-up may fill what the end of its section, or of the one before, leaves. The tune's own
    pick-up may have any length.
    """
    lengths = [set() if m.full is None else {m.full} for m in measures]
    for measure, here in zip(measures, lengths, strict=True):
        sign = measure.steps[measure.sounding[0]].sign
        if sign.kind is Kind.BARS_REST and measure.full is not None:
            here.add(sign.numbers[0] * measure.full)
    if not measures:
        return lengths
    if measures[0].short:
        lengths[0].add(measures[0].beats)
    found = sections(measures)
    for number, section in enumerate(found):
        first = section[0]
        following = [found[number + 1][0]] if number + 1 < len(found) else []
        before = _lasts(measures, found[number - 1]) if number else []
        own = _lasts(measures, section)
        for last in own:
            _complement(measures, lengths, last, [first, *following, 0])
        if number:
            _complement(measures, lengths, first, [*before, *own])
    return lengths


def _complement(
    measures: Sequence[Measure], lengths: list[set[Fraction]], index: int, others: list[int]
) -> None:
    """Allow a bar the lengths that short bars leave it."""
    full = measures[index].full
    if full is not None:
        lengths[index] |= {
            full - measures[o].beats for o in others if measures[o].short and measures[o].beats < full
        }


def sections(measures: Sequence[Measure]) -> list[range]:
    """Return the bars that belong together: up to a repeat or double bar, endings included."""
    found, start = [], 0
    for index, measure in enumerate(measures):
        after = [*measure.tail, *(measures[index + 1].lead if index + 1 < len(measures) else [])]
        ends = any(sign.divides for sign in after)
        if index + 1 == len(measures) or (ends and all(sign.kind is not Kind.ENDING for sign in after)):
            found.append(range(start, index + 1))
            start = index + 1
    return found


def _lasts(measures: Sequence[Measure], section: range) -> list[int]:
    """Return the bars of a section after which music goes elsewhere: its last, those with a repeat sign."""
    return [
        index
        for index in section
        if index == section[-1] or any(sign.ends_repeat for sign in measures[index].tail)
    ]
