"""Which voice a line is that nobody gave one: most hosts send a bass line as part 0, which is the soprano."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from statistics import fmean

from ...models.file.manifest import Manifest
from ...models.note import Note
from ...models.quantise import SLIPS
from ...models.voices import homes, overlaps, voice_of
from ..same import Same

NOTES = 64
"""Of a line, its last, that tell how high it lies."""


def homes_of(manifest: Manifest) -> Sequence[float]:
    """Return how high each voice of a choir mostly lies, the highest first.

    None where the names do not say so: parts of a model may lie in any order.
    """
    names = [part.name.strip().lower() for part in manifest.parts]
    if not manifest.has_voices or (names[0], names[-1]) != ("soprano", "bass"):
        return ()
    return homes(len(names), manifest.defaults.low, manifest.defaults.high)


def in_its_voice(
    notes: tuple[Note, ...], manifest: Manifest, parts: Collection[int] | None
) -> tuple[Note, ...]:
    """Return a line of part 0, alone and for a choir, as the voice that it lies in; else the same notes.

    Args:
        notes: that the model answers.
        manifest: the model's.
        parts: those that may play, None for all. Whoever names some knows which is which.
    """
    known = homes_of(manifest) if parts is None else ()
    return _placed(Same(notes), tuple(known)) if known and notes else notes


# The same tuple, as what has been read of a context is told apart by it.
@lru_cache(maxsize=64)
def _placed(notes: Same[Note], known: tuple[float, ...]) -> tuple[Note, ...]:
    line = notes.held
    if any(note.part for note in line) or overlaps(line) > SLIPS:
        return line
    last = sorted(line, key=lambda note: note.start)[-NOTES:]
    voice = voice_of(fmean(note.pitch for note in last), known)
    return tuple(replace(note, part=voice) for note in line) if voice else line
