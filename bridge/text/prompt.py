"""How a tune begins: what a model of text is given before it writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from ...models.abc.write import key_name, mode_name, signature, write_bars
from ...models.errors import RequestError
from ...models.file.manifest import Manifest
from ...models.metre import Metre
from ...models.note import Note
from ..leading.cadence import keys_of
from ..leading.register import lifted
from ..leading.tonality import told_by
from ..request import GenerationRequest

CONTEXT_BARS = 12
"""Bars before the answer that the model reads at most."""
CONTEXT_NOTES = 256
"""Notes before the answer that the model reads at most; twelve bars of eighths have a hundred."""
EARLY = 1 / 16
"""Beats before a barline at which a player means the bar after it."""
OTHER_UNIT = 0.5
"""Beats that a longer bar may be too long rather than have another unit."""
_STAND_INS = ("4/4", "6/8", "3/4", "2/4", "3/8", "9/8", "12/8", "3/2")
_NEAR = 1e-6


@dataclass(frozen=True)
class Layout:
    """Bars as they are asked for, and as the text has them; times are in beats from a barline."""

    metre: Metre
    """Of the request."""
    written: Metre
    """Of the text."""
    count: int = 1
    """Bars of the text that stand for one of the request; together they are no shorter than it."""

    @property
    def block(self) -> float:
        """How long those bars are, in beats."""
        return self.count * self.written.beats

    def in_text(self, beat: float) -> float:
        """Return where the text has a time of the music: as far behind the barline."""
        if self.block == self.metre.beats:
            return beat
        bar = floor((beat + EARLY) / self.metre.beats)
        return beat + bar * (self.block - self.metre.beats)

    def in_music(self, beat: float) -> float:
        """Return where a time of the text is played: no later than the next barline."""
        if self.block == self.metre.beats:
            return beat
        bar = floor(beat / self.block + _NEAR)
        return bar * self.metre.beats + min(beat - bar * self.block, self.metre.beats)

    def has(self, beat: float) -> bool:
        """Return whether a time of the text is played: the end of a bar that is too long is not."""
        return beat - floor(beat / self.block + _NEAR) * self.block < self.metre.beats - _NEAR


@dataclass(frozen=True)
class Prompt:
    """How a tune begins."""

    forced: tuple[str, ...]
    """Pieces that are given; between two of them the model writes to the end of the line."""
    layout: Layout
    """The bars that it is written in."""
    bars: int = 0
    """Bars of music among the pieces, as the text counts them; whole ones, which the answer follows."""
    begins_short: bool = True
    """Whether the answer may begin with a pick-up. It leaves the rest of its bar silent, and takes one of
    so many bars as are asked for, which the tune's cadence lacks then."""

    tonic: int | None = None
    """Pitch class that a tune comes to its end on, where it is to end; None: the tonic of its key."""

    @property
    def beats(self) -> float:
        """Length of that music in the text."""
        return self.bars * self.layout.written.beats

    @property
    def latest(self) -> float | None:
        """By which beat of its first bar the answer begins: after music the middle, else the first.

        None where it may have a pick-up.
        """
        if self.begins_short:
            return None
        return self.layout.metre.beats / 2 if self.bars else 0.0

    @property
    def rest(self) -> float:
        """How long the last note of a tune that ends is, in the text: a pulse, and what is not played."""
        return self.layout.written.pulse + self.layout.block - self.layout.metre.beats


def prompt_for(manifest: Manifest, request: GenerationRequest) -> Prompt:
    """Return how the tune of a request begins.

    Raises:
        RequestError: bad_args, for a text with characters that the model lacks.
    """
    # Of a scale that no signature has, as the blues, the nearest; the notes are moved into it afterwards.
    sharps = None if request.scale is None else signature(request.scale)
    known = alphabet(manifest)
    layout = layout_for(request.metre, known)
    before = sorted(lifted(request.written, request.lift), key=lambda n: n.order)
    # The model writes the title, its unit note (it has habits in every metre) and the key, if that is free.
    key = "K:" + ("" if sharps is None else f"{_key(request, sharps, known)}\n")
    lines = (f"M:{layout.written}\nL:", key)
    if request.text:
        prompt = _begun(request, lines, layout)
    elif before:
        prompt = _after(before[-CONTEXT_NOTES:], request.start_beat, layout, sharps)
    else:
        prompt = Prompt(("X:1\nT:", *lines), layout, begins_short=request.open_ended)
    check_text(manifest, request.text)
    check_text(manifest, str(layout.written), f"metre {request.metre}")
    check_text(manifest, "".join(prompt.forced), "the music given")
    # Also of what is to stay open: what is read once may be shared with a request that is to end.
    return replace(prompt, tonic=_home(request, before[-CONTEXT_NOTES:]))


def _home(request: GenerationRequest, heard: Sequence[Note]) -> int | None:
    """Return the tonic that is named, or that of the likeliest key of what is heard; None for neither."""
    if request.tonic is not None or not heard:
        return request.tonic
    return int(keys_of(told_by(heard)).sum(axis=0).argmax())


def _key(request: GenerationRequest, sharps: int, known: frozenset[str]) -> str:
    """Return what K: says of a scale: tonic and mode, where the signature has that and it can be spelt."""
    name = mode_name(request.tonic, sharps, request.scale or frozenset())
    return name if name and known.issuperset(name) else key_name(sharps)


def alphabet(manifest: Manifest) -> frozenset[str]:
    """Return the characters that a model of text knows."""
    return frozenset(chr(int(value)) for value in manifest.codec["char"].values)


def check_text(manifest: Manifest, text: str, needs: str = "the text") -> None:
    """Raise RequestError where a text has a character that the model lacks.

    Args:
        manifest: of a model of text.
        text: to be read.
        needs: whose characters they are, for the error.
    """
    known = alphabet(manifest)
    for character in text:
        if character not in known:
            raise RequestError(
                "bad_args", f"model {manifest.name!r} has no character {character!r}, which {needs} needs"
            )


def layout_for(metre: Metre, known: frozenset[str]) -> Layout:
    """Return how a model with the characters ``known`` writes music in a metre.

    One that it cannot spell it writes in bars that are a little longer, and of the same unit where that costs
    little; what is too much of them is not played.

    >>> layout = layout_for(Metre(5, 4), frozenset("234689/"))
    >>> str(layout.written), layout.count
    ('3/4', 2)
    """
    if known.issuperset(str(metre)):
        return Layout(metre, metre)
    others = [Metre.parse(text) for text in _STAND_INS if known.issuperset(text)]
    if not others:
        return Layout(metre, metre)

    def cost(other: Metre) -> float:
        return -metre.beats % other.beats + OTHER_UNIT * (other.denominator != metre.denominator)

    nearest = min(others, key=cost)
    return Layout(metre, nearest, ceil(metre.beats / nearest.beats))


def _begun(request: GenerationRequest, lines: tuple[str, str], layout: Layout) -> Prompt:
    """Return the beginning that the request gives, with the lines that its header lacks.

    They come after its last line, which the model writes to the end where it is not ended.
    """
    text, (metre, key) = request.text, lines
    if re.search("^K:", text, re.MULTILINE):  # the header is over
        return Prompt((text,), Layout(request.metre, request.metre))
    if not re.search("^M:", text, re.MULTILINE):
        return Prompt((text + metre, key) if text.endswith("\n") else (text, metre, key), layout)
    pieces = [text]
    if request.scale is not None:
        pieces += [key] if "\nL:" in text else ["L:", key]
        if text.endswith("\n"):
            pieces[:2] = [text + pieces[1]]
    return Prompt(tuple(pieces), Layout(request.metre, request.metre))


def _after(notes: Sequence[Note], end: float, layout: Layout, sharps: int | None) -> Prompt:
    """Return the bars of music before the answer as a tune's beginning.

    Bars in which no note begins are left out: a model that reads bars of rest writes bars of rest. So is a
    first bar that begins with a rest of half of it or more, where another follows: a tune would have a
    pick-up there, and a model that reads a bar that begins so writes more of them.
    """
    length = layout.written.beats
    moved = [_moved(note, layout, end) for note in notes]
    begins = [min(floor((note.start + EARLY) / length), -1) for note in moved]
    if begins[-1] > begins[0] and moved[0].start - begins[0] * length >= length / 2 - _NEAR:
        first = next(index for index, bar in enumerate(begins) if bar > begins[0])
        moved, begins = moved[first:], begins[first:]
    places: dict[int, int] = {}
    place = last = begins[0]
    for bar in begins:
        place += bar != last
        places[bar], last = place, bar
    first = max(places[begins[0]], place + 1 - CONTEXT_BARS)
    kept = [
        replace(note, start=max(note.start - bar * length, 0.0) + (places[bar] - first) * length)
        for note, bar in zip(moved, begins, strict=True)
        if places[bar] >= first
    ]
    if sharps is None:
        sharps = signature(note.pitch % 12 for note in kept)
    bars = place + 1 - first
    music = write_bars(kept, 0.0, bars * length, layout.written, sharps)
    head = f"X:1\nM:{layout.written}\nL:1/8\nK:{key_name(sharps)}\n"
    return Prompt((head + music,), layout, bars, begins_short=False)


def _moved(note: Note, layout: Layout, end: float) -> Note:
    """Return a note at its place in the text, counted from the answer's start."""
    start = layout.in_text(note.start - end)
    return replace(note, start=start, duration=layout.in_text(note.end - end) - start)
