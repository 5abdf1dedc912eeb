"""A context as a model reads it: the last notes of it as codes, and what they tell of how to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.codec import Codes
from ...models.drumkit import on_kit
from ...models.file.manifest import Manifest
from ...models.file.step import REMAINING_BUCKETS, TEXT_LINE, phrase_code
from ...models.metre import MetreMap, is_pick_up
from ...models.note import Note
from ...models.quantise import off_grid
from ...models.transcribe import transcribe
from ...models.voices import LEGATO
from .choir import homes_of
from .loops import TuneLoops
from .tessitura import Tessitura, tessitura_of
from .tonality import Heard, hear
from .voiceleading import VoiceLeading, voice_leading_of

CONTEXT_WITHOUT_MEMORY = 256
"""Notes of the context that a model without attention reads."""
PLAYED_A_WRITTEN = 3
"""Notes played for one that is written, at most: chords of which a model of melodies reads the top."""
REMAINING_UNKNOWN = 0
RELEASE = 0.2
"""How far past a barline, in beats, a context may sound and still be answered there, as players let go late:
to wait for the next barline would be a bar of silence. Off the grid, where nothing is written,
it is LEGATO."""
PLAYED = 64
"""Notes whose ends tell whether they were played or written."""
EARLY = 0.12
"""How long before the middle of a bar, in beats, a pick-up of half a bar may be played: half a sixteenth."""


@dataclass(frozen=True)
class Context:
    """A context as the model reads it; every array but ``begin`` has one row a step of priming.

    What leads answers is found with it, before anybody asks for one, and is not to be changed by them.
    What says where it ends is 0 of one without notes, and of text.
    """

    begin: Codes
    """What stands before the first note, (field,)."""
    codes: Codes
    """The notes, (note, field)."""
    clocks: Codes
    """Clock of what each step reads, the last note's left out, (note, 3)."""
    metres: Codes
    """The condition `metre` at each step, (note,)."""
    remaining: Codes
    """The condition `remaining` at each step, (note,)."""
    last_beat: float = 0.0
    """Onset of the last note on the grid, in beats on the host's timeline."""
    last_bar: int = 0
    """The last note's bar, from 0."""
    last_length: int = 0
    """Ticks of that bar."""
    end_beat: float = 0.0
    """When the last sound may have been meant to end, in beats on the host's timeline."""
    phrase: int | None = None
    """How many bars into its phrase the first bar that is read is, -1 for a pick-up's; None where the model
    knows no phrases, or nobody knows where they begin."""
    tonic: int = 0
    """The condition `tonic` at each step; 0 where the model has none."""
    heard: Heard | None = None
    """What it tells of its key; None of drums and of text."""
    loops: TuneLoops | None = None
    """Whether it goes round a few bars; None where a model writes no single voice."""
    tessitura: Tessitura | None = None
    """Where its voices lie; None where a model has no several."""
    motion: VoiceLeading | None = None
    """How they have moved; None likewise."""

    @property
    def notes(self) -> int:
        """How many notes are read."""
        return len(self.codes)

    def ending_in(self, last_bar: int) -> Context:
        """Return the context of a piece that is known to end in ``last_bar``, the answer's last."""
        left = [remaining(bar, last_bar) for bar in self.clocks[:, 0].tolist()]
        return replace(self, remaining=np.array(left, np.int32))


def read_context(manifest: Manifest, notes: Sequence[Note], metres: MetreMap, phrase: int = 1) -> Context:
    """Return the last notes of a context, as many as the model looks back on, as codes.

    Args:
        manifest: the model's.
        notes: of the context.
        metres: its bars.
        phrase: which bar of a phrase its first whole bar is, from 1; 0 where that is not known.
    """
    codec = manifest.codec
    most = manifest.memory.length if manifest.memory else CONTEXT_WITHOUT_MEMORY
    ordered = sorted(notes, key=lambda n: n.start)
    played = ordered[-PLAYED_A_WRITTEN * most :]
    written = as_learnt(manifest, played, metres)
    cut = len(played) < len(notes) or len(written) > most
    encoded = codec.encode(written[-most:], metres)
    heard = None if manifest.has_drums else hear(ordered)
    place = _phrase(ordered, encoded.origin, metres) + phrase - 1 if manifest.phrases and phrase else None
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1).astype(np.int32)
    loops = _loops(manifest, encoded.codes, clocks)
    codes = np.array([manifest.metre_code(metre) for metre in encoded.metres], dtype=np.int32)
    empty = Context(
        begin=codec.begin(),
        codes=encoded.codes,
        clocks=clocks,
        metres=codes,
        remaining=np.zeros(0, np.int32),
        phrase=place,
        heard=heard,
        loops=loops,
        tessitura=tessitura_of(manifest, encoded.codes),
        motion=voice_leading_of(manifest, encoded.codes),
    )
    if not len(encoded):
        return empty
    # The first step reads the barline before the first note.
    read = np.concatenate([np.array([[0, 0, encoded.bar_ticks[0]]], np.int32), clocks[:-1]])
    return replace(
        empty,
        begin=codec.begin(middle=cut),
        clocks=read,
        metres=np.concatenate([codes[:1], codes[:-1]]),
        remaining=np.array([in_phrase(place, bar) for bar in read[:, 0].tolist()], np.int32),
        last_beat=codec.to_beats(codec.to_ticks(written[-1].start)),
        last_bar=int(encoded.bars[-1]),
        last_length=int(encoded.bar_ticks[-1]),
        end_beat=release(notes),
    )


def read_text(manifest: Manifest, text: str) -> Context:
    """Return the beginning of a tune as codes, for a model of text."""
    codes = manifest.codec.encode_text(text)
    clocks = np.tile(np.array([0, 0, TEXT_LINE], np.int32), (len(codes), 1))
    zeros = np.zeros(len(codes), np.int32)
    return Context(begin=manifest.codec.begin(), codes=codes, clocks=clocks, metres=zeros, remaining=zeros)


def as_learnt(manifest: Manifest, notes: Sequence[Note], metres: MetreMap) -> list[Note]:
    """Return notes in the form in which a model has learnt music, sorted as its codec wants them."""
    if manifest.has_drums:  # they sound together, for no time in particular
        return sorted(on_kit(notes, manifest.codec["pitch"].values), key=lambda n: n.order)
    codec = manifest.codec
    voices = len(manifest.parts) if manifest.monophonic else None
    return transcribe(
        notes,
        metres,
        voices=voices,
        homes=homes_of(manifest),
        timing=codec.is_of_scores,
        unit=codec.unit,
    )


def _loops(manifest: Manifest, codes: Codes, clocks: Codes) -> TuneLoops | None:
    """Return what a tune has gone round; None of a model of more voices."""
    if not manifest.is_melody:
        return None
    placed = zip(clocks[:, 0].tolist(), clocks[:, 1].tolist(), codes.tolist(), strict=True)
    return TuneLoops(manifest.codec, placed)


def _phrase(notes: Sequence[Note], origin: float, metres: MetreMap) -> int:
    """Return how many bars after a context's first whole one that bar is which begins at ``origin``.

    The first whole bar comes after that of a pick-up, which may be played a little early.
    """
    if not notes:
        return 0
    bar = metres.bar_at(notes[0].start)
    late = notes[0].start + EARLY - bar.start
    return metres.bars_between(bar.start, origin) - is_pick_up(late, bar.metre.beats)


def release(notes: Sequence[Note]) -> float:
    """Return the earliest beat at which notes may have been meant to end."""
    end = max(note.end for note in notes)
    # A quarter of the places past a barline are on the grid, and a player's release may fall there, too.
    is_played = off_grid([end]) or off_grid(note.end for note in notes[-PLAYED:])
    return end - (LEGATO if is_played else RELEASE)


def in_phrase(phrase: int | None, bar: int) -> int:
    """Return the condition `remaining` of a bar where the end is unknown.

    Args:
        phrase: how many bars into its phrase bar 0 is; None where the model is not told.
        bar: counted from 0.
    """
    return REMAINING_UNKNOWN if phrase is None else phrase_code(phrase + bar)


def remaining(bar: int, last_bar: int) -> int:
    """Return the condition `remaining` in ``bar`` of a piece that ends in ``last_bar``."""
    return min(max(last_bar - bar, 0), REMAINING_BUCKETS - 2) + 1
