"""Tunes with bars that do not add up, as a model writes them, to tunes that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from ..errors import AbcError
from ..score import Score
from .bar import Measure, allowed, measures_of, sections
from .pairs import agreeing
from .score import score_of
from .symbol import LENGTH_GRID, MAX_UNITS, Kind, Symbol, event, writable
from .tune import Setting, Tune, parse
from .walk import Step, usable, walk

_ROUNDS = 3
_PASSES = 4


def repair_abc(text: str) -> str:
    """Return a tune that reads, with every bar as long as its metre.

    What does not parse is left out, as are decorations of nothing, ties to nothing, repeats that never end
    and first endings without a second. A short bar gets a rest, one that is too long is cut: into several
    where it is longer by half a bar or more. Pick-ups stay, and what completes them at repeats. Bars that
    add up stay as they are. Comments, words, overlays and other fields between the notes are left out.

    >>> print(repair_abc("X:1\\nM:2/4\\nL:1/8\\nK:C\\nCDEF|GA ?5|c4|"))
    X:1
    M:2/4
    L:1/8
    K:C
    CDEF|GA z2 |c4|

    Raises:
        AbcError: there are no notes to keep, or the tune is beyond the limits of `read_abc`.
    """
    return read_repaired(text)[0]


def read_repaired(text: str) -> tuple[str, Score]:
    """Return what :func:`repair_abc` makes of a tune, and its music; raises AbcError as that does."""
    tune = parse(text)
    for _ in range(_PASSES):
        before, text = text, _mended_once(tune)
        if text == before:
            break
        tune = parse(text)
    return text, score_of(tune)


def _mended_once(tune: Tune) -> str:
    """Return a tune's text mended in one pass; what that cuts may leave a tie or a decoration alone."""
    voices = {}
    for voice, signs in tune.voices.items():
        measures = measures_of(walk(agreeing(usable(signs, barwise=True)), tune.setting))
        if measures:
            writer = _Writer()
            for measure in _mended(measures):
                writer.bar(measure)
            voices[voice] = "".join(writer.text)
    if not voices:
        raise AbcError("the tune has no notes; give the text from X: to the last bar")
    return "\n".join([*_header(tune), *_body(voices)])


def _header(tune: Tune) -> Iterator[str]:
    """Yield the header's lines: X: first, K: last."""
    fields = tune.fields if any(letter == "X" for letter, _ in tune.fields) else [("X", "1"), *tune.fields]
    keys = [content for letter, content in fields if letter == "K"]
    yield from (f"{letter}:{content}" for letter, content in fields if letter != "K")
    yield f"K:{keys[-1] if keys else 'C'}"


def _body(voices: dict[str, str]) -> Iterator[str]:
    """Yield the lines of music; an empty one would end the tune."""
    for voice, music in voices.items():
        if len(voices) > 1:
            yield f"V:{voice}"
        yield from (" ".join(line.split()) for line in music.split("\n") if line.strip())


def _mended(measures: Sequence[Measure]) -> list[Measure]:
    """Return bars that add up: cut first, then filled."""
    mended = [
        piece
        for measure, lengths in zip(measures, allowed(measures), strict=True)
        for piece in (
            _cut(measure)
            if measure.short or not _fits(measure, lengths) or _is_uneven(measure)
            else [measure]
        )
    ]
    openings = {section[0] for section in sections(mended)[1:]}
    for in_front in (False, True) * _ROUNDS:
        # Ends first: what they leave room for makes the pick-ups after them fit.
        for index, lengths in enumerate(allowed(mended)):
            if (index in openings) is in_front and not _fits(mended[index], lengths):
                _fill(mended[index], lengths, in_front)
    if not all(map(_fits, mended, allowed(mended))):  # pick-ups that go on contradicting each other
        for measure in mended[1:]:
            measure.back += measure.missing
    return mended


def _fits(measure: Measure, lengths: set[Fraction]) -> bool:
    return measure.full is None or measure.beats in lengths


def _fill(measure: Measure, lengths: set[Fraction], in_front: bool) -> None:
    """Put a rest into a bar that does not fit: the shortest that makes it."""
    full, beats = measure.full, measure.beats
    wanted = min(t for t in lengths if t == full or (t > beats and _is_written(measure, t - beats)))
    if in_front:
        measure.front += wanted - beats
    else:
        measure.back += wanted - beats


def _is_written(measure: Measure, beats: Fraction) -> bool:
    """Return whether a rest of that length can be written in each of the bar's unit notes."""
    units = {step.setting.unit for step in measure.steps}
    return all(LENGTH_GRID % (beats / (4 * unit)).denominator == 0 for unit in units)


def _cut(measure: Measure) -> Iterator[Measure]:
    """Yield a bar that is no longer than its metre and can be filled with a rest; or several."""
    full = measure.full
    if _is_uneven(measure) and all(writable(step.units) for step in measure.steps if step.sign.sounds):
        measure = Measure(measure.steps, expanded=True)
    if full is None:
        yield measure
        return
    if not _is_fillable(measure, full) and not (measure.beats > full and _is_expandable(measure)):
        measure = _plain(measure)
    for piece in _pieces(measure, full) if measure.beats > full else [measure]:
        yield piece if _is_written(piece, piece.missing) else _silence(piece)


def _is_uneven(measure: Measure) -> bool:
    """Return whether a broken rhythm stands between unequal notes, or with something else between them.

    The standard leaves open what that means, and programs read it each in their own way.
    """
    steps = measure.steps
    for index, step in enumerate(steps):
        if step.sign.kind is not Kind.BROKEN:
            continue
        around = steps[max(index - 1, 0)], steps[min(index + 1, len(steps) - 1)]
        if not all(s.sign.sounds for s in around) or around[0].sign.units != around[1].sign.units:
            return True
    return False


def _is_fillable(measure: Measure, full: Fraction) -> bool:
    return measure.beats <= full and _is_written(measure, full - measure.beats)


def _is_expandable(measure: Measure) -> bool:
    return all(writable(step.units) for step in measure.steps if step.sign.kind is Kind.NOTE)


def _plain(measure: Measure) -> Measure:
    """Return a bar without its tuplets and broken rhythms, whose sums cannot be filled."""
    steps = [
        replace(step, units=step.sign.units) if step.sign.kind in (Kind.NOTE, Kind.REST) else step
        for step in measure.steps
    ]
    return Measure(steps, expanded=True)


def _pieces(measure: Measure, full: Fraction) -> list[Measure]:
    """Return a bar that is too long as several, the last at least half full; no note crosses a barline."""
    pieces: list[list[Step]] = [[]]
    room = full
    for step in measure.steps:
        if step.sign.sounds:
            if room == 0:
                pieces[-1].append(Step(Symbol(Kind.BAR, "|", 0, 0, numbers=(0, 0, 0)), step.setting))
                pieces.append([])
                room = full = _full(step.setting, full)
            unit = step.setting.unit
            beats = min(step.beats, room)
            if not writable(beats / (4 * unit)):
                continue
            sign = replace(step.sign, kind=Kind.REST) if step.sign.kind is Kind.BARS_REST else step.sign
            step = Step(sign, step.setting, beats / (4 * unit))
            room -= beats
        pieces[-1].append(step)
    if len(pieces) > 1 and room * 2 > full:
        rest = pieces.pop()
        pieces[-1].pop()
        pieces[-1].extend(step for step in rest if not step.sign.sounds)
    return [Measure(steps, expanded=True) for steps in pieces if any(step.sign.sounds for step in steps)]


def _full(setting: Setting, before: Fraction) -> Fraction:
    """Return how long a bar is that begins there; as long as the one before in free metre."""
    return before if setting.metre is None else Fraction(setting.metre.beats)


def _silence(measure: Measure) -> Measure:
    """Return a bar's rest: for the few whose lengths no rest completes."""
    full, first = measure.beats + measure.missing, measure.sounding[0]
    before, step = measure.steps[:first], measure.steps[first]
    units = min(full / (4 * step.setting.unit), Fraction(MAX_UNITS))
    rest = Step(replace(step.sign, kind=Kind.REST, stem="z", heads=(), units=units), step.setting, units)
    after = [s for s in measure.steps[first:] if not s.sign.sounds]
    silence = Measure([*before, rest, *after], expanded=True)
    silence.back = full - rest.beats
    return silence


class _Writer:
    """Writes bars as text, signs that are unchanged the way they were."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.before: Symbol | None = None

    def bar(self, measure: Measure) -> None:
        """Write one bar."""
        front, back = _places(measure)
        for index, step in enumerate(measure.steps):
            if index == front and measure.front:
                self.text.append(f" {_rests(measure.front, step.setting)} ")
            if not _decorates_nothing(measure.steps[index:]):
                self._sign(step, measure.expanded)
            if index == back and measure.back:
                self.text.append(f" {_rests(measure.back, step.setting)}")

    def _sign(self, step: Step, expanded: bool) -> None:
        sign, before = step.sign, self.before
        if before is None or sign.line != before.line or sign.column != before.column + len(before.text):
            self.text.append(" ")
        self.before = sign
        if sign.kind is Kind.NEWLINE:
            self.text.append(" " if sign.text else "\n")
        elif sign.kind is Kind.FIELD:
            self.text.append(sign.text or f"\n{sign.stem}\n")
        elif sign.kind is Kind.ENDING:
            self.text.append(f"[{sign.text.lstrip('[')}")
        elif expanded and sign.sounds:
            self.text.append(event(sign.stem or "z", step.units))
        elif not (expanded and sign.kind in (Kind.TUPLET, Kind.BROKEN)):
            self.text.append(sign.text)


def _places(measure: Measure) -> tuple[int, int]:
    """Return the signs before which and after which rests go: outside what belongs to a note."""
    front, back = measure.sounding[0], measure.sounding[-1]
    while front and measure.steps[front - 1].sign.kind in (Kind.MARK, Kind.TUPLET, Kind.HARMONY):
        front -= 1
    while back + 1 < len(measure.steps) and measure.steps[back + 1].sign.kind in (Kind.MARK, Kind.TIE):
        back += 1
    return front, back


def _rests(beats: Fraction, setting: Setting) -> str:
    """Write a rest, or several where one would be too long."""
    units = beats / (4 * setting.unit)
    whole, last = divmod(units, MAX_UNITS)
    rests = [f"z{MAX_UNITS}"] * int(whole)
    return " ".join([*rests, event("z", last)] if last else rests)


def _decorates_nothing(steps: Sequence[Step]) -> bool:
    """Return whether the first step is a decoration that no note follows; slurs are none."""
    if steps[0].sign.kind is not Kind.MARK or _is_slur(steps[0].sign):
        return False
    after = next((s for s in steps if s.sign.kind is not Kind.MARK or _is_slur(s.sign)), None)
    return after is None or not (after.sign.sounds or after.sign.kind is Kind.HARMONY)


def _is_slur(sign: Symbol) -> bool:
    return not sign.text.strip(" ()`-")
