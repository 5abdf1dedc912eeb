"""A tune to a score: repeats are written out, ties joined, barlines found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from ..errors import AbcError
from ..metre import Metre, MetreMap
from ..note import Note
from ..score import DEFAULT_TEMPO, Part, Score
from .symbol import CHORD, Kind
from .tune import Tune, parse
from .walk import Step, fitted, walk

MAX_NOTES = 20_000
MAX_BEATS = 50_000
"""Over six hours at 120 quarter notes a minute."""
_Ties = dict[int, tuple[Fraction, Fraction]]
"""Pitch to onset and end so far."""


def read_abc(text: str, *, repeats: bool = True) -> Score:
    """Read the first tune of an ABC text, with its repeats written out.

    Each voice is a part, with what & lays over its bars. Grace notes, decorations, slurs and words are left
    out. A text without X: is read from its beginning.

    Args:
        text: from X: on.
        repeats: False reads every bar once, in the order in which they are written.

    >>> [note.pitch for note in read_abc("X:1\\nM:2/4\\nK:G\\n|:EF:|").notes]
    [64, 66, 64, 66]

    Raises:
        AbcError: it does not parse, with line, column and what to do; or it has no notes, or more than
            MAX_CHARACTERS, MAX_NOTES or MAX_BEATS.
    """
    return score_of(parse(text), repeats=repeats)


def score_of(tune: Tune, *, repeats: bool = True) -> Score:
    """Return a tune's music; see :func:`read_abc`."""
    if tune.strays:
        first = tune.strays[0]
        raise AbcError(first.stem, first.line, first.column)
    heard = [_heard(tune, voice, part, repeats) for part, voice in enumerate(tune.voices)]
    notes = Score.ordered([note for voice in heard for note in voice.notes])
    if not notes:
        raise AbcError("the tune has no notes; give the text from X: to the last bar")
    if len(notes) > MAX_NOTES:
        raise _too_many()
    first_voice = heard[0]
    return Score(
        notes=notes,
        metres=_metres(first_voice.bars),
        tempos=_tempos(tune, first_voice.tempos),
        parts=tuple(Part(name if len(heard) > 1 else "") for name in tune.voices),
        key=tune.setting.key.name,
        chords=tuple(first_voice.chords),
        title=tune.title,
    )


def _heard(tune: Tune, voice: str, part: int, repeats: bool) -> _Heard:
    """Return what a voice plays, and its overlays with it."""
    setting = replace(tune.setting, shift=tune.shifts.get(voice, tune.setting.shift))
    steps = walk(tune.voices[voice], setting)
    heard = _listen(played(steps) if repeats else steps, part)
    for overlay in tune.overlays.get(voice, ()):
        laid = fitted(steps, walk(overlay, setting))
        heard.notes += _listen(played(laid) if repeats else laid, part).notes
    return heard


def _too_many() -> AbcError:
    return AbcError(f"more than {MAX_NOTES:,} notes; take repeats away, or give a shorter tune")


@dataclass(slots=True)
class _Sounded:
    """A bar as it was played."""

    start: Fraction
    length: Fraction
    metre: Metre
    at_repeat: bool
    """Whether it ends where a repeat or a section does: there, a short bar goes on in the next one."""

    @property
    def full(self) -> Fraction:
        return Fraction(self.metre.beats)


@dataclass(slots=True)
class _Heard:
    """What one voice plays; times in beats."""

    notes: list[Note] = field(default_factory=list)
    bars: list[_Sounded] = field(default_factory=list)
    tempos: list[tuple[float, float]] = field(default_factory=list)
    chords: list[tuple[float, str]] = field(default_factory=list)


def _listen(steps: Iterable[Step], part: int) -> _Heard:
    """Play a voice, its steps as they come."""
    heard = _Heard()
    now = bar_start = Fraction(0)
    open_ties: _Ties = {}
    metre = Metre()
    for step in steps:
        sign = step.sign
        if sign.sounds:
            metre = (step.setting.metre or Metre()) if now == bar_start else metre
            end = now + step.beats
            open_ties = _sound(heard, step, now, end, open_ties, part)
            now = end
            if len(heard.notes) > MAX_NOTES:
                raise _too_many()
            if now > MAX_BEATS:
                raise AbcError(f"longer than {MAX_BEATS:,} beats; take repeats away", sign.line, sign.column)
        elif sign.kind is Kind.BAR and now > bar_start:
            heard.bars.append(_Sounded(bar_start, now - bar_start, metre, sign.divides))
            bar_start = now
        elif sign.kind is Kind.BAR and heard.bars:
            heard.bars[-1].at_repeat |= sign.divides
        elif sign.kind is Kind.HARMONY and CHORD.fullmatch(sign.stem):
            heard.chords.append((float(now), sign.stem))
        elif sign.kind is Kind.FIELD and sign.stem[0] == "Q" and step.setting.tempo is not None:
            heard.tempos.append((float(now), step.setting.tempo))
    _release(heard, open_ties, part)
    if now > bar_start:
        heard.bars.append(_Sounded(bar_start, now - bar_start, metre, True))
    return heard


def _sound(heard: _Heard, step: Step, now: Fraction, end: Fraction, ties: _Ties, part: int) -> _Ties:
    """Play a note, chord or rest from ``now`` to ``end``; return what is tied on from it."""
    tied_on: _Ties = {}
    for pitch, tied in step.pitches:
        start, _ = ties.pop(pitch, (now, now))
        if tied:
            tied_on[pitch] = (start, end)
        else:
            heard.notes.append(_note(pitch, start, end, part))
    _release(heard, ties, part)  # what nothing was tied to
    return tied_on


def _release(heard: _Heard, ties: _Ties, part: int) -> None:
    heard.notes.extend(_note(pitch, start, end, part) for pitch, (start, end) in ties.items())


def _note(pitch: int, start: Fraction, end: Fraction, part: int) -> Note:
    return Note(pitch, float(start), float(end - start), part=part)


def played(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield a voice's steps in the order in which they are played.

    A repeat without a beginning goes back to the last repeat, double bar or the start (section 4.8).
    """
    section, ends, highest = _sections(steps)
    index = start = 0
    turn, in_ending = 1, False
    while index < len(steps):
        sign = steps[index].sign
        here = section[index]
        if sign.kind is Kind.ENDING and turn not in sign.numbers:
            if in_ending and turn + 1 in sign.numbers:  # |1 … |2 without a repeat sign between them
                index, turn, in_ending = start, turn + 1, False
                continue
            index = _ending(steps, index, turn, ends[here])
            in_ending = True
            if index == ends[here]:
                start, turn, in_ending = index, 1, False
            continue
        yield steps[index]
        index += 1
        if sign.kind is Kind.ENDING:
            in_ending = True
        if sign.kind is not Kind.BAR:
            continue
        plays, begins, _ = sign.numbers
        if plays and turn < max(plays, highest[here]):
            index, turn, in_ending = start, turn + 1, False
        elif plays:  # the last time: past the endings that were for other times
            index = start = max(index, ends[here]) if in_ending else index
            turn, in_ending = 1, False
        elif begins or section[index - 1] != section[min(index, len(steps) - 1)]:
            start, turn, in_ending = index, 1, False


def _ending(steps: Sequence[Step], index: int, turn: int, end: int) -> int:
    """Return where the ending for a turn is played from, or else where its section ends."""
    for later in range(index + 1, end):
        sign = steps[later].sign
        if sign.kind is Kind.ENDING and turn in sign.numbers:
            return later
    return end


def _goes_on(steps: Sequence[Step], index: int) -> bool:
    """Return whether a section goes on after a barline: an ending or its repeat sign comes before a note."""
    for step in steps[index + 1 : index + 5]:
        if step.sign.sounds:
            return False
        if step.sign.kind is Kind.ENDING:
            return True
        if step.sign.ends_repeat:
            return not steps[index].sign.ends_repeat
    return False


def _sections(steps: Sequence[Step]) -> tuple[list[int], list[int], list[int]]:
    """Return each step's section, where each section ends, and its highest ending.

    A section is what one repeat sign repeats, with all its endings.
    """
    section: list[int] = []
    ends: list[int] = []
    highest = [1]
    explicit = False
    for index, step in enumerate(steps):
        section.append(len(ends))
        sign = step.sign
        if sign.kind is Kind.ENDING:
            highest[-1] = max(highest[-1], *sign.numbers)
        if sign.kind is not Kind.BAR or _goes_on(steps, index):
            continue
        plays, begins, breaks = sign.numbers
        if plays or begins or (breaks and (not explicit or highest[-1] > 1)):
            explicit = bool(begins)
            ends.append(index + 1)
            highest.append(1)
    return section, [*ends, len(steps)], highest


def _metres(bars: Sequence[_Sounded]) -> MetreMap:
    """Return where the barlines fall, first those that a repeat cuts in two put together again."""
    whole: list[_Sounded] = []
    for bar in bars:
        last = whole[-1] if whole else None
        if (
            last
            and last.at_repeat
            and last.length < last.full
            and last.length + bar.length == bar.full == last.full
        ):
            whole[-1] = _Sounded(last.start, bar.full, bar.metre, bar.at_repeat)
        else:
            whole.append(bar)
    if not whole:
        return MetreMap()
    # The map counts backwards from its first barline, so a pick-up lies before it.
    first = whole[0]
    is_pickup = first.length < first.full and len(whole) > 1
    changes = [(first.start + first.length if is_pickup else first.start, first.metre)]
    for _, bar in pairwise(whole):
        anchor, metre = changes[-1]
        if bar.start == anchor:
            changes[-1] = (anchor, bar.metre)
        elif bar.metre != metre or (bar.start - anchor) % Fraction(metre.beats):
            changes.append((bar.start, bar.metre))
    return MetreMap(tuple((float(beat), metre) for beat, metre in changes))


def _tempos(tune: Tune, changes: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the tempo map: the header's, or the usual one, and those between the notes."""
    return tuple({0.0: tune.setting.tempo or DEFAULT_TEMPO, **dict(changes)}.items())
