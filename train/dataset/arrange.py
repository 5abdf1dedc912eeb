"""A score's notes brought into the parts and pitches of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from ...models.codec import nearest_tick
from ...models.note import Note
from ...models.quantise import EXACT
from ...models.score import Part, Score
from ...models.voices import skyline
from .drummap import DRUM_MAPS
from .prepareconfig import PartRule, PrepareConfig

_ONE_HIT = 0.02
"""Beats. Hits of one drum closer than this (10 ms at 120) are one hit that two zones of a pad sensed;
flams are three times as far apart."""


def arrange(score: Score, config: PrepareConfig) -> list[Note]:
    """Return the notes a data set keeps, sorted, each pitch of a part sounding once at a time."""
    return tidied(taken(score, config), config)


def taken(score: Score, config: PrepareConfig) -> list[Note]:
    """Return the notes of the parts that a data set asks for, with its parts and drums, in no order."""
    rules = config.part_rules
    notes: list[Note] = []
    rule_of: dict[int, int | None] = {}
    named = _by_name(score.parts, rules)
    for note in score.notes:
        source = score.parts[note.part] if note.part < len(score.parts) else Part()
        if note.part not in rule_of:
            plain = named.get(note.part) if named else _in_order(score.parts, note.part, rules)
            rule_of[note.part] = _rule_for(source, plain, rules)
        index = rule_of[note.part]
        if index is None:
            continue
        pitch = DRUM_MAPS[config.drum_map].get(note.pitch, note.pitch) if source.is_drum else note.pitch
        notes.append(replace(note, pitch=pitch, part=index))
    return notes


def tidied(notes: Iterable[Note], config: PrepareConfig) -> list[Note]:
    """Return notes as a data set keeps them: sorted, a melody if asked for, nothing struck twice at once."""
    rules = config.part_rules
    if "offset" not in config.field_names:
        notes = (on_grid(note, config.ticks_per_beat) for note in notes)
    notes = sorted(notes, key=lambda note: note.order)
    drums = [note for note in notes if rules[note.part].is_drum]
    pitched = [note for note in notes if not rules[note.part].is_drum]
    if config.melody:
        pitched = melody(pitched, config.ticks_per_beat)
    pitched = separated(pitched, config.ticks_per_beat)
    return sorted([*single_hits(drums), *pitched], key=lambda note: note.order)


def _place(parts: Sequence[Part | PartRule], index: int) -> int:
    """Return a part's place among those that are not drums: where a file has its drums does not matter."""
    return sum(not part.is_drum for part in parts[:index])


def _by_name(parts: Sequence[Part], rules: Sequence[PartRule]) -> dict[int, int]:
    """Return which rule takes each part, where a part has the name of a rule that takes by name or order.

    The parts of other names get the rules that are left, in order; {} where no name agrees.
    """
    numbers = {rule.name.lower(): index for index, rule in enumerate(rules) if rule.is_plain and rule.name}
    names = [part.name.strip().lower() for part in parts]
    named = {p: numbers[name] for p, name in enumerate(names) if name in numbers and not parts[p].is_drum}
    if not named:
        return {}
    choosy = [rule for rule in rules if not rule.is_plain and not rule.is_drum]
    free = [
        p
        for p, part in enumerate(parts)
        if p not in named and not part.is_drum and not any(_chooses(rule, part) for rule in choosy)
    ]
    left = [index for index, rule in enumerate(rules) if rule.is_plain and index not in named.values()]
    return named | dict(zip(free, left, strict=False))


def _chooses(rule: PartRule, source: Part) -> bool:
    """Whether a rule's patterns or programs take a part."""
    named = any(fnmatchcase(source.name.lower(), glob.lower()) for glob in rule.match)
    return named or source.program in rule.programs


def _in_order(parts: Sequence[Part], number: int, rules: Sequence[PartRule]) -> int | None:
    """Return which rule takes a part by its place."""
    place = _place(parts, number)
    return next((i for i, rule in enumerate(rules) if rule.is_plain and _place(rules, i) == place), None)


def _rule_for(source: Part, plain: int | None, rules: Sequence[PartRule]) -> int | None:
    """Return which part of the data set takes a source's part; ``plain`` is the rule of its name or order."""
    for index, rule in enumerate(rules):
        if rule.is_drum != source.is_drum:
            continue
        if rule.match or rule.programs:
            if _chooses(rule, source):
                return index
        elif rule.is_drum or len(rules) == 1 or plain == index:
            return index
    return None


def on_grid(note: Note, ticks_per_beat: int) -> Note:
    """Return the note on the nearest ticks, at least one long: what a codec without offsets keeps.

    >>> on_grid(Note(60, 1.01, 0.49), 24).start
    1.0
    """
    start = nearest_tick(note.start, ticks_per_beat)
    length = max(nearest_tick(note.duration, ticks_per_beat), 1)
    return replace(note, start=start / ticks_per_beat, duration=length / ticks_per_beat)


def single_hits(notes: Iterable[Note]) -> list[Note]:
    """Return drum hits without double triggers, the louder one's velocity kept; sorted by onset."""
    kept: list[Note] = []
    last: dict[tuple[int, int], int] = {}
    for note in notes:
        key = (note.part, note.pitch)
        place = last.get(key)
        if place is not None and note.start - kept[place].start < _ONE_HIT:
            louder = max(kept[place].velocity, note.velocity)
            kept[place] = replace(kept[place], velocity=louder)
            continue
        last[key] = len(kept)
        kept.append(note)
    return kept


def melody(notes: Iterable[Note], ticks_per_beat: int) -> list[Note]:
    """Return one voice, the highest: no note under a held one, each ended by the next onset on the grid.

    >>> [n.pitch for n in melody([Note(60, 0, 1), Note(64, 0, 2), Note(62, 1, 1), Note(65, 2, 1)], 24)]
    [64, 65]
    """
    highest: dict[int, Note] = {}
    for note in skyline(_uncovered(notes)):
        tick = nearest_tick(note.start, ticks_per_beat)
        if tick not in highest or note.pitch > highest[tick].pitch:
            highest[tick] = note
    voice = [highest[tick] for tick in sorted(highest)]
    return [
        replace(note, duration=min(note.duration, after.start - note.start)) if after else note
        for note, after in zip(voice, [*voice[1:], None], strict=False)
    ]


def _uncovered(notes: Iterable[Note]) -> Iterator[Note]:
    """Yield notes that do not lie wholly under a higher one.

    What begins a little before a held note ends is a melody played legato only if it lasts longer.
    """
    held: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, -n.pitch)):
        held = [other for other in held if other.end > note.start]
        if all(other.pitch <= note.pitch or other.end + EXACT < note.end for other in held):
            held.append(note)
            yield note


def separated(notes: Iterable[Note], ticks_per_beat: int) -> list[Note]:
    """Return notes of which no pitch of a part sounds twice at once: the next onset ends the one before.

    Of two at the same onset on the grid the longer one is kept. ``notes`` are sorted by onset.
    """
    kept: list[Note] = []
    last: dict[tuple[int, int], int] = {}
    for note in notes:
        key = (note.part, note.pitch)
        place = last.get(key)
        if place is not None:
            before = kept[place]
            if nearest_tick(before.start, ticks_per_beat) == nearest_tick(note.start, ticks_per_beat):
                kept[place] = replace(before, duration=max(before.duration, note.duration))
                continue
            if before.end > note.start:
                kept[place] = replace(before, duration=note.start - before.start)
        last[key] = len(kept)
        kept.append(note)
    return kept
