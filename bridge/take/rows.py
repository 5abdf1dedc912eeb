"""What a row of a stepper does: read a context, or write a take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from operator import contains
from typing import Protocol

from ...models.file.manifest import CONDITIONS, TONIC, Manifest
from ...models.note import Note
from ..job import Job
from ..leading.constraints import Constraints
from ..leading.context import Context, in_phrase, remaining
from ..leading.leading import Leading
from ..leading.opening import bars_in, opening
from ..manner.manner import Player
from ..request import GenerationRequest, Take
from ..runtime.stepper import Snapshot, Stepper
from .uniforms import Uniforms
from .writer import NoteWriter

log = logging.getLogger("antiphon.engine")
_NOTES_A_BEAT = 64
"""More notes than this, on average, are no music: a take ends there, however wild its temperature."""


class Row(Protocol):
    """One sequence in a batch."""

    @property
    def snapshot(self) -> Snapshot | None:
        """Where the row starts; None for the beginning."""

    @property
    def over(self) -> bool:
        """Whether nobody waits for the row any more."""

    def enter(self, stepper: Stepper, row: int) -> None:
        """Write the inputs of the first step."""

    def after(self, stepper: Stepper, row: int) -> bool:
        """Read a step's choice and write the next one's inputs; return whether the row is finished."""

    def fail(self, code: str, message: str) -> None:
        """End the row: its step went wrong."""


class Conditions:
    """Where a manifest has its conditions.

    Args:
        manifest: the model's.
        tonic: the condition `tonic`, which stays the same.
    """

    def __init__(self, manifest: Manifest, tonic: int) -> None:
        names = manifest.conditions
        self._places = [names.index(name) if name in names else None for name in (*CONDITIONS, TONIC)]
        self._tonic = tonic

    def write(self, stepper: Stepper, row: int, metre: int, left: int) -> None:
        """Write a row's conditions, metre and remaining those given."""
        for place, value in zip(self._places, (metre, left, self._tonic), strict=True):
            if place is not None:
                stepper.conditions[row, place] = value


class PrimeRow:
    """Forces a context's notes through the graph; hands out the state before its last note is read.

    Args:
        context: at least one note; when its piece ends is unknown.
        ready: called with the snapshot.
        failed: called with a code and a message.
        wanted: whether anybody still waits.
    """

    snapshot: Snapshot | None = None

    def __init__(
        self,
        manifest: Manifest,
        context: Context,
        *,
        ready: Callable[[Snapshot], None],
        failed: Callable[[str, str], None],
        wanted: Callable[[], bool],
    ) -> None:
        self._context = context
        self._ready, self._failed, self._wanted = ready, failed, wanted
        self._conditions = Conditions(manifest, context.tonic)
        self._next = 0

    @property
    def over(self) -> bool:
        """Whether nobody waits for the context any more."""
        return not self._wanted()

    def enter(self, stepper: Stepper, row: int) -> None:
        """Write the inputs of the first step."""
        stepper.note[row] = self._context.begin
        self._write(stepper, row)

    def after(self, stepper: Stepper, row: int) -> bool:
        """Go on to the next note; return whether all are read."""
        self._next += 1
        if self._next == self._context.notes:
            self._ready(stepper.snapshot(row))
            return True
        self._write(stepper, row)
        return False

    def _write(self, stepper: Stepper, row: int) -> None:
        context, at = self._context, self._next
        stepper.clock[row] = context.clocks[at]
        stepper.forced[row] = context.codes[at]
        self._conditions.write(stepper, row, int(context.metres[at]), int(context.remaining[at]))

    def fail(self, code: str, message: str) -> None:
        """Pass a failure on."""
        self._failed(code, message)


class TakeRow:
    """Samples one take of a request."""

    def __init__(
        self,
        manifest: Manifest,
        job: Job,
        limits: Constraints,
        take: int,
        context: Context,
        snapshot: Snapshot | None,
    ) -> None:
        request = job.request
        self.snapshot = snapshot
        self._manifest, self._job, self._limits, self._take = manifest, job, limits, take
        self._opening = opening(manifest, context, request.start_beat, request.metre)
        self._last_bar = last_bar(request, self._opening.first_bar)
        self._writer = NoteWriter(
            manifest.codec,
            voices=limits.parts if manifest.monophonic else None,
            start=request.start_beat,
            end=request.end_beat,
            gap=self._opening.gap,
            lift=request.lift,
        )
        self._player = Player(request.manner, request.start_beat, request.end_beat, request.stretch)
        self._uniforms = Uniforms(request.seed, take, len(manifest.codec.fields))
        self._steps = 0
        self._most_steps = 64 + int((request.end_beat - request.start_beat) * _NOTES_A_BEAT)
        self._leading = Leading(manifest, request, limits.fixed["pitch"], context)
        self._part = manifest.codec.index("part")
        self._entries = self._leading.entries(self._opening.gap)
        """The parts that begin the answer together, as far as they have not yet."""
        self._conditions = Conditions(manifest, context.tonic)
        self._longest_rest = longest_rest(manifest, limits, self._opening.clock[2])
        self._left = self._remaining(self._opening.clock[0])
        self._delta: tuple[int, bool, float] | None = None
        self._nats = 0.0
        self._notes: list[Note] = []

    @property
    def over(self) -> bool:
        """Whether the request has ended."""
        return self._job.closed

    def enter(self, stepper: Stepper, row: int) -> None:
        """Write the inputs of the first step."""
        start, sampling = self._opening, self._job.request.sampling
        stepper.clock[row] = start.clock
        stepper.forced[row] = -1
        stepper.temperature[row] = sampling.temperature
        stepper.top_p[row] = sampling.top_p
        self._conditions.write(stepper, row, start.metre, self._left)
        for name, mask in self._limits.fixed.items():
            stepper.masks[name][row] = mask
        stepper.masks["pitch"][row] = self._leading.mask(self._ending(0, start.clock[2]))
        latest = max(min(start.latest, start.gap + self._writer.last_tick), start.gap)
        if self._entries:
            latest = start.gap
            stepper.masks["part"][row] = self._limits.parts_within(0, self._entries[0])
        stepper.masks["delta"][row] = self._limits.delta_within(start.gap, latest)
        stepper.uniform[row] = self._uniforms.next()

    def after(self, stepper: Stepper, row: int) -> bool:
        """Write the chosen note down; return whether the take is complete."""
        writer = self._writer
        codes: list[int] = stepper.note[row].tolist()
        if not all(map(contains, self._limits.allowed, codes)):
            return self._forbidden(codes)
        ended = codes[0] >= self._manifest.codec.end
        if not ended and self._limits.ticks[codes[0]] < writer.least:
            return self._forbidden(codes)
        written = "end" if ended else writer.write(codes)
        self._steps += 1
        if written == "end" or self._steps >= self._most_steps:
            self._finish()
            return True
        bar, tick, length = stepper.clock[row].tolist()
        if written == "note":
            self._nats -= sum(stepper.log_prob[row].tolist())
            self._leading.hear(codes, bar, tick)
            if writer.codes is not None:
                stepper.note[row] = writer.codes
        else:
            self._leading.wait(codes)
        for note in writer.ready():
            self._tell(note)
        self._job.progress(self._take, writer.done)
        self._prepare(stepper, row, bar, tick, length)
        return False

    def _prepare(self, stepper: Stepper, row: int, bar: int, tick: int, length: int) -> None:
        """Write what differs of the next step's inputs; bar, tick and length are the chosen note's clock."""
        left = self._remaining(bar)
        if left != self._left:
            self._left = left
            self._conditions.write(stepper, row, self._opening.metre, left)
        ends = self._last_bar is not None and bar >= self._last_bar
        soonest = (bar - self._opening.first_bar) * length + tick + self._writer.least
        ending = self._ending(soonest, length)
        stepper.masks["pitch"][row] = self._leading.mask(ending)
        stepper.uniform[row] = self._uniforms.next()
        if self._entries and self._wait_for_entries(stepper, row):
            return
        least = self._writer.least
        delta = (least, ends, least + self._longest_rest)
        if delta != self._delta:
            self._delta = delta
            stepper.masks["delta"][row] = self._limits.delta(*delta)
        if ends:
            stepper.masks["delta"][row, -1] = self._leading.rest(ending)

    def _wait_for_entries(self, stepper: Stepper, row: int) -> bool:
        """Leave out no part that begins the answer: in a chord they come in order. False when all have."""
        entered = int(stepper.note[row, self._part])
        self._entries = [part for part in self._entries if part > entered]
        if self._entries:
            stepper.masks["part"][row] = self._limits.parts_within(entered + 1, self._entries[0])
            stepper.masks["delta"][row] = self._limits.delta_within(0, 0)
        else:
            stepper.masks["part"][row] = self._limits.fixed["part"]
        return bool(self._entries)

    def _ending(self, tick: int, length: int) -> float:
        """Return how far the last bar's length before the end of a piece is over, 0 to 1.

        Args:
            tick: from the answer's start.
            length: ticks a bar.
        """
        if self._last_bar is None:
            return 0.0
        return min(max(1 - (self._writer.last_tick + 1 - tick) / length, 0.0), 1.0)

    def _remaining(self, bar: int) -> int:
        """Return the condition `remaining` of a bar."""
        if self._last_bar is not None:
            return remaining(bar, self._last_bar)
        start = self._opening
        return in_phrase(start.phrase, bar - start.first_bar)

    def _forbidden(self, codes: list[int]) -> bool:
        """Fail the request: masks are added to logits, and are lost on what is huge or no number."""
        name = self._manifest.name
        log.error("model %s chose %s, which its masks forbid", name, codes)
        self.fail(
            "model_error",
            f"model {name} chose what it must not, so its weights are damaged: copy its file again",
        )
        return True

    def _tell(self, written: Note) -> None:
        note = self._player.play(written)
        self._job.note(self._take, len(self._notes), note)
        self._notes.append(note)

    def _finish(self) -> None:
        for note in self._writer.rest():
            self._tell(note)
        request = self._job.request
        count = self._writer.total
        nats = self._nats / count if count else 0.0
        end = request.end_beat * request.stretch
        self._job.finish(Take(self._take, tuple(self._notes), end, request.seed, nats))

    def fail(self, code: str, message: str) -> None:
        """End the whole request."""
        self._job.fail(code, message)


def last_bar(request: GenerationRequest, first_bar: int) -> int | None:
    """Return the bar in which the piece ends, None where the request leaves that open."""
    if not request.piece_ends:
        return None
    return first_bar + bars_in(request.end_beat - request.start_beat, request.metre) - 1


def longest_rest(manifest: Manifest, limits: Constraints, length: int) -> float:
    """Return the most ticks by which a note may come later than the soonest place for it.

    A model of voices counts on all of them. Where some may not play, the next note is mostly one of theirs,
    and of what is left to choose all is about as unlikely: sopranos of chorales alone were silent for a third
    of their answers.

    Args:
        manifest: the model's.
        limits: of the request.
        length: ticks a bar.
    """
    if not manifest.has_voices or limits.parts == manifest.codec["part"].size:
        return inf
    return length / 2
