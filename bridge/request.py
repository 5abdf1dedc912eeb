"""What the engine is asked for, and what it gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..models.errors import RequestError
from ..models.file.step import PHRASE_BARS
from ..models.metre import Metre, MetreMap
from ..models.note import Note
from .manner.manner import Manner

MAX_TAKES = 64
MAX_TAKE_BEATS = 4096.0
"""Length of a take in beats."""
MAX_REQUEST_NOTES = 1 << 16
"""Models read the last few hundred; more than this is a mistake."""


@dataclass(frozen=True)
class Sampling:
    """How boldly notes are chosen."""

    temperature: float = 1.0
    """Divides the logits: below 1 plainer, above 1 wilder. Above 0, at most 100."""
    top_p: float = 0.98
    """Codes are chosen among the likeliest ones up to this probability. Above 0, at most 1."""


@dataclass(frozen=True)
class GenerationRequest:
    """Notes wanted in [start_beat, end_beat). Beats are the model's: one may last several of the host's.

    Raises RequestError, bad_args or too_large, when a value is out of its limits.
    """

    model: str
    """Its name."""
    start_beat: float
    """Where the answer starts; a barline of ``metre``."""
    end_beat: float
    """No note starts at or sounds beyond it."""
    seed: int
    """The same request and seed give the same notes."""
    context: tuple[Note, ...] = ()
    """What was sent of the music before; see :attr:`before`."""
    context_metres: MetreMap = field(default_factory=MetreMap)
    """The bars of the context."""
    phrase: int = 1
    """Which bar of a phrase of eight the context's first whole bar is; 0 where that is not known."""
    metre: Metre = field(default_factory=Metre)
    """The bars of the answer."""
    takes: int = 1
    """How many answers."""
    sampling: Sampling = field(default_factory=Sampling)
    scale: frozenset[int] | None = None
    """Pitch classes 0..11 allowed; None for all."""
    low: int = 0
    """Lowest MIDI pitch."""
    high: int = 127
    """Highest MIDI pitch."""
    parts: frozenset[int] | None = None
    """Parts that may play; None for all."""
    tonic: int | None = None
    """Pitch class of the scale's tonic, None where it named none."""
    leading: float = 1.0
    """How far pitches are led, 0 to 1 (see leading/leading.py)."""
    manner: Manner = field(default_factory=Manner)
    """How the context is played, and the answer."""
    lift: int = 0
    """Semitones by which the model reads and plays higher than the host does (see register.py)."""
    stretch: float = 1.0
    """How many of the host's beats one lasts (see manner/stretch.py)."""
    tempo: float = 120.0
    """Quarter notes a minute."""
    text: str = ""
    """How the tune begins, for a model of text."""
    open_ended: bool = False
    """Whether the answer may end before ``end_beat``, where the tune does; for models of text."""
    piece_ends: bool = False
    """Whether the piece ends with the answer, so that models that can be told know how far it is."""

    def __post_init__(self) -> None:
        numbers = (self.start_beat, self.end_beat, self.sampling.temperature, self.sampling.top_p, self.tempo)
        if not all(map(math.isfinite, numbers)):
            raise RequestError("bad_args", "beats, temperature, top_p and tempo must be finite numbers")
        length = self.end_beat - self.start_beat
        _require(length > 1e-6, f"the answer would be {length:g} beats long; it must be above 0")
        if length > MAX_TAKE_BEATS:
            raise RequestError(
                "too_large", f"the answer would be {length:g} beats long, over {MAX_TAKE_BEATS:g}"
            )
        if not 1 <= self.takes <= MAX_TAKES:
            raise RequestError("too_large", f"takes {self.takes} must be in range 1..{MAX_TAKES}")
        if len(self.context) > MAX_REQUEST_NOTES:
            raise RequestError(
                "too_large", f"a context of {len(self.context)} notes is over {MAX_REQUEST_NOTES}"
            )
        sampling = self.sampling
        _require(
            0 < sampling.temperature <= 100,
            f"temperature {sampling.temperature:g} must be above 0, up to 100",
        )
        _require(0 < sampling.top_p <= 1, f"top_p {sampling.top_p:g} must be above 0, up to 1")
        _require(
            0 <= self.low <= self.high <= 127,
            f"low {self.low} and high {self.high} must be in order and in range 0..127",
        )
        _require(0 < self.stretch < math.inf, f"stretch {self.stretch:g} must be above 0, and finite")
        _require(0 <= self.leading <= 1, f"leading {self.leading:g} must be in range 0..1")
        _require(self.tempo > 0, f"tempo {self.tempo:g} must be above 0")
        _require(
            self.scale is None or all(0 <= c <= 11 for c in self.scale),
            "scale: pitch classes must be in range 0..11",
        )
        _require(0 <= self.phrase <= PHRASE_BARS, f"phrase {self.phrase} must be in range 0..{PHRASE_BARS}")

    @cached_property
    def before(self) -> tuple[Note, ...]:
        """The context less its notes from ``start_beat`` on, which are no part of it."""
        notes, start = self.context, self.start_beat
        is_before = all(note.start < start for note in notes)  # then it is told apart by identity, at once
        return notes if is_before else tuple(note for note in notes if note.start < start)

    @property
    def written(self) -> Sequence[Note]:
        """The context as a score has it, sorted by onset: as it was played but for its manner."""
        return self.manner.written(sorted(self.before, key=lambda note: note.start), self.start_beat)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise RequestError("bad_args", message)


@dataclass(frozen=True)
class Take:
    """One finished answer."""

    index: int
    """Which take of the request, from 0."""
    notes: tuple[Note, ...]
    """In the order in which they were told, which is by place on the model's grid."""
    end_beats: float
    """Where the answer ends, on the host's timeline."""
    seed: int
    """The request's."""
    nats_per_note: float
    """Mean of -log p of the notes under the model without masks at temperature 1; 0 without notes."""
    text: str = ""
    """The tune in ABC, from a model of text."""
