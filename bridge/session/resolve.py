"""Options and a context become one validated request to the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor

from ...models.abc.field import parse_metre
from ...models.errors import RequestError
from ...models.file.manifest import Manifest
from ...models.file.step import PHRASE_BARS
from ...models.metre import Metre, MetreMap
from ...models.note import Note
from ..leading.choir import in_its_voice
from ..leading.opening import barline_after
from ..leading.register import lift
from ..manner.manner import Knows, Manner, manner_of
from ..manner.stretch import shortened, stretch_of
from ..manner.swing import swings
from ..protocol.options import AUTO, OptionValue
from ..protocol.scale import Scale, parse_scale
from ..request import GenerationRequest, Sampling
from ..text.prompt import check_text

MAX_BEATS_TOGETHER = 4096
"""Length of an answer, all takes together."""
MAX_TUNE_BARS = 64
"""Length of a tune by a model of text, where no length is asked for."""
MAX_TUNE_BEATS = 256
"""The same in beats: sixteen takes, the most there are, stay within MAX_BEATS_TOGETHER in any metre."""
_HALF_TICK = 1 / 48
"""Beats before the answer's start from which on a note is at it: a 32-bit float of a beat is not exact."""


def model_name(options: Mapping[str, OptionValue], default: str) -> str:
    """Return the model that a request asks for."""
    name = options.get("model", AUTO)
    return default if name == AUTO else str(name)


def context_metre(
    settings: Mapping[str, OptionValue], options: Mapping[str, OptionValue], manifest: Manifest
) -> Metre:
    """Return the metre that the context is read in: the client's setting, else the request's."""
    for source in (settings, options):
        if source.get("metre", AUTO) != AUTO:
            return Metre.parse(str(source["metre"]))
    return Metre.parse(manifest.defaults.metre)


def anchored(metre: Metre, barline: float = 0.0) -> MetreMap:
    """Return bars of one metre with a barline at ``barline``, the same map for each barline of it.

    >>> anchored(Metre(3, 4), 9.0) == anchored(Metre(3, 4))
    True
    """
    phase = barline - floor(barline / metre.beats + 1e-6) * metre.beats
    return MetreMap(((0.0 if abs(phase) < 1e-6 else phase, metre),))


def resolve(
    settings: Mapping[str, OptionValue],
    options: Mapping[str, OptionValue],
    context: tuple[Note, ...] | None,
    manifest: Manifest,
    seed: int,
) -> GenerationRequest:
    """Return the request that a client means; raises RequestError that says what cannot be.

    Args:
        settings: the client's, by ``/antiphon/set``.
        options: the request's own, which go before the settings.
        context: the notes to be continued; None to generate from nothing.
        manifest: the model's.
        seed: for a request that names none.
    """
    merged = _merge(settings, options, begins=not context)
    # A text of its own tells its metre before one that was set.
    told = options if _told_metre(options) else merged
    metre = _metre(told, manifest)
    heard_in = context_metre(settings, options, manifest)
    before, metres, start = _place(merged, context, heard_in, manifest)
    notes = in_its_voice(before, manifest, parts := _parts(merged, manifest))
    takes = int(_value(merged, "takes", 1))
    is_text = manifest.codec.is_text
    ending = _ending(merged, manifest, begins=context is None)
    # A model of text that nobody told a length writes its tune to the end.
    open_ended = is_text and ending == "closed" and context is None and not _has_length(merged)
    beats = _tune_length(metre) if open_ended else _length(merged, metre)
    stretch = _stretch(merged, notes, manifest)
    _check_total(takes, max(beats, beats / stretch))
    if stretch != 1:
        notes, start, beats = shortened(notes, stretch), start / stretch, beats / stretch
        metres = anchored(heard_in, start)
    low, high, semitones = reach = _range(merged, manifest, notes)
    scale = _scale(merged, manifest, parts, reach)
    return GenerationRequest(
        model=manifest.name,
        context=notes,
        context_metres=metres,
        phrase=_phrase(merged, stretch),
        start_beat=start,
        end_beat=start + beats,
        metre=metre,
        seed=int(_value(merged, "seed", seed)),
        takes=takes,
        sampling=_sampling(merged, manifest),
        scale=None if scale is None else scale.classes,
        tonic=None if scale is None else scale.tonic,
        low=low,
        high=high,
        parts=parts,
        leading=_value(merged, "leading", 1.0),
        manner=_manner(notes, heard_in, metre, start, manifest),
        lift=semitones,
        stretch=stretch,
        tempo=_value(merged, "tempo", manifest.defaults.tempo),
        piece_ends=ending == "closed" and not open_ended,
        text=_beginning(merged, manifest),
        open_ended=open_ended,
    )


def _merge(
    settings: Mapping[str, OptionValue], options: Mapping[str, OptionValue], *, begins: bool
) -> dict[str, OptionValue]:
    """Return settings overridden by options; an own number of bars drops the set number of beats.

    Args:
        settings: the client's.
        options: the request's own.
        begins: whether music begins; else it has no text of its own, and one that was set waits.
    """
    merged = {**settings, **options}
    if options.get("bars", AUTO) != AUTO:
        merged.pop("beats", None)
    if not begins:
        if options.get("text", AUTO) != AUTO:
            raise RequestError(
                "bad_args", "text begins a tune from nothing, and there is a context; leave text out"
            )
        merged.pop("text", None)
    return merged


def _check_total(takes: int, beats: float) -> None:
    """Raise RequestError where takes of so many beats are too much together."""
    if beats * takes > MAX_BEATS_TOGETHER:
        raise RequestError(
            "too_large", f"{takes} takes of {beats:g} beats are more than {MAX_BEATS_TOGETHER} beats together"
        )


def _sampling(options: Mapping[str, OptionValue], manifest: Manifest) -> Sampling:
    """Return how boldly notes are chosen."""
    return Sampling(
        _value(options, "temperature", manifest.defaults.temperature),
        _value(options, "top_p", manifest.defaults.top_p),
    )


def _value(options: Mapping[str, OptionValue], key: str, default: float) -> float:
    """Return a number, or the default where it is left to the bridge."""
    value = options.get(key, AUTO)
    return default if value == AUTO else float(value)


def _metre(options: Mapping[str, OptionValue], manifest: Manifest) -> Metre:
    """Return the answer's metre: the one asked for, that of the text given, or the model's usual one."""
    asked = options.get("metre", AUTO)
    if asked != AUTO:
        return Metre.parse(str(asked))
    return _told_metre(options) or Metre.parse(manifest.defaults.metre)


def _told_metre(options: Mapping[str, OptionValue]) -> Metre | None:
    """Return the metre that the beginning of a tune tells, None where it tells none or writes none.

    Raises MusicError for one that there is not, such as 3/0.
    """
    told = re.search(r"^M:(.*)$", str(options.get("text", "")), re.MULTILINE)
    try:
        return parse_metre(told[1]) if told else None
    except ValueError:  # a beginning may be anything that the model can spell
        return None


def _beginning(options: Mapping[str, OptionValue], manifest: Manifest) -> str:
    """Return how the tune begins, for a model of text; raises RequestError where the model cannot."""
    text = options.get("text", AUTO)
    if text == AUTO:
        return ""
    if not manifest.codec.is_text:
        leave = "leave text out, or send text auto"
        raise RequestError("bad_args", f"model {manifest.name!r} writes no text; {leave}")
    check_text(manifest, str(text))
    return str(text)


def _length(options: Mapping[str, OptionValue], metre: Metre) -> float:
    """Return the answer's length in beats."""
    return _value(options, "beats", _value(options, "bars", 4.0) * metre.beats)


def _ending(options: Mapping[str, OptionValue], manifest: Manifest, *, begins: bool) -> str:
    """Return how an answer ends, "open" or "closed"; raises RequestError where a model cannot close it.

    Left to the bridge, music from nothing closes, but for text of a given length, which then has no repeats.
    """
    asked = options.get("ending", AUTO)
    if asked == "closed" and not (manifest.codec.is_text or "remaining" in manifest.conditions):
        leave = "leave ending out, or send ending auto"
        raise RequestError("bad_args", f"model {manifest.name!r} is not told where a piece ends; {leave}")
    if asked != AUTO:
        return str(asked)
    return "closed" if begins and not (manifest.codec.is_text and _has_length(options)) else "open"


def _has_length(options: Mapping[str, OptionValue]) -> bool:
    return any(options.get(key, AUTO) != AUTO for key in ("bars", "beats"))


def _tune_length(metre: Metre) -> float:
    """Return the most beats of a tune that is written to its end, whole bars."""
    return min(MAX_TUNE_BARS, MAX_TUNE_BEATS // metre.beats) * metre.beats


def _place(
    options: Mapping[str, OptionValue], context: tuple[Note, ...] | None, metre: Metre, manifest: Manifest
) -> tuple[tuple[Note, ...], MetreMap, float]:
    """Return the context before the answer, its bars, and the beat where the answer starts."""
    told = options.get("start", AUTO)
    if told != AUTO:
        start = float(told)
        before = context or ()
        if any(note.start >= start - _HALF_TICK for note in before):
            before = tuple(note for note in before if note.start < start - _HALF_TICK)
        if context and not before:
            raise RequestError("no_context", f"all notes of the context lie at or after start {start:g}")
        return before, anchored(metre, start), start
    metres = anchored(metre)
    if not context:
        return (), metres, 0.0
    return context, metres, barline_after(context, metres, manifest.parts)


def _stretch(options: Mapping[str, OptionValue], notes: Sequence[Note], manifest: Manifest) -> float:
    """Return how many beats one of the model's lasts; raises RequestError for a model of text."""
    asked = options.get("stretch", AUTO)
    if asked == AUTO:
        return stretch_of(notes, manifest)
    if manifest.codec.is_text and asked != 1:
        leave = "leave stretch out, or send stretch auto"
        raise RequestError("bad_args", f"model {manifest.name!r} writes text, in note values; {leave}")
    return float(asked)


def _phrase(options: Mapping[str, OptionValue], stretch: float) -> int:
    """Return which bar of a phrase a context's first is, in the model's bars; 0 where that is not known."""
    told = int(_value(options, "phrase", 1))
    return told and floor((told - 1) / stretch) % PHRASE_BARS + 1


def _range(
    options: Mapping[str, OptionValue], manifest: Manifest, notes: Sequence[Note]
) -> tuple[int, int, int]:
    """Return the lowest and highest pitch, and how far the model plays above them (see register.py).

    An end that is left open is the model's own, in the register of the notes to be answered.
    """
    ends = [options.get(key, AUTO) for key in ("low", "high")]
    asked_low, asked_high = (None if end == AUTO else int(end) for end in ends)
    semitones = lift(manifest, notes, asked_low, asked_high)
    own_low, own_high = (
        min(max(end - semitones, 0), 127) for end in (manifest.defaults.low, manifest.defaults.high)
    )
    low = own_low if asked_low is None else asked_low
    high = own_high if asked_high is None else asked_high
    if low <= high:
        return low, high, semitones
    if asked_low is None:
        reason = f"high {high} is below the model's lowest pitch {low}; give low, too"
    elif asked_high is None:
        reason = f"low {low} is above the model's highest pitch {high}; give high, too"
    else:
        reason = f"low {low} is above high {high}; give a low that is not above high"
    raise RequestError("bad_args", reason)


def _parts(options: Mapping[str, OptionValue], manifest: Manifest) -> frozenset[int] | None:
    """Return the indices of the parts asked for, None for all."""
    text = options.get("parts", AUTO)
    if text == AUTO:
        return None
    names = {part.name.lower(): index for index, part in enumerate(manifest.parts) if part.name}
    found = set()
    named = [word.strip().lower() for word in str(text).split(",")]
    # A name may have spaces; hosts that take a comma for the end of a message write them between parts.
    words = [word for name in named for word in ([name] if name in names else name.split())]
    for word in words:
        index = int(word) if word.isdecimal() and len(word) < 4 else names.get(word, -1)
        if not 0 <= index < len(manifest.parts):
            have = ", ".join(f"{i} {part.name}".strip() for i, part in enumerate(manifest.parts))
            raise RequestError("bad_args", f"model {manifest.name!r} has no part {word!r}; it has {have}")
        found.add(index)
    if not found:
        raise RequestError("bad_args", 'parts is empty; name some, as in "0,3"')
    return frozenset(found)


def _scale(
    options: Mapping[str, OptionValue],
    manifest: Manifest,
    parts: frozenset[int] | None,
    reach: tuple[int, int, int],
) -> Scale | None:
    """Return the scale asked for, None where that is open, checking that some pitch is left within reach."""
    text = options.get("scale", AUTO)
    asked = [part for i, part in enumerate(manifest.parts) if parts is None or i in parts]
    if text != AUTO and any(part.is_drum for part in asked):
        leave = "leave scale out, or send scale auto"
        raise RequestError("bad_args", f"drums have no scale; for model {manifest.name!r} {leave}")
    scale = None if text == AUTO else parse_scale(str(text))
    low, high, semitones = reach
    known = (
        manifest.codec["pitch"].values if not manifest.codec.is_text else range(semitones, 128 + semitones)
    )
    there = (pitch for pitch in known if low <= pitch - semitones <= high)
    if not any(scale is None or pitch % 12 in scale.classes for pitch in there):
        within = "" if text == AUTO else f" of scale {text!r}"
        raise RequestError("bad_args", f"model {manifest.name!r} has no pitch{within} in range {low}..{high}")
    return scale


def _manner(
    notes: Sequence[Note], heard_in: Metre, metre: Metre, barline: float, manifest: Manifest
) -> Manner:
    """Return how a context is played; straight where its answer is in bars of which no beat swings."""
    manner = manner_of(notes, heard_in, barline, Knows.of(manifest))
    return manner if swings(metre) else replace(manner, swing=None)
