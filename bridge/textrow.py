"""A row that writes a tune as ABC text and answers with its notes.

The header is forced as far as the request says it: the title is the model's, then come the request's
metre and key. To continue notes, the bars before are written as ABC and the model goes on from there. What
it writes is mended (:func:`antiphon.models.abc.repair_abc`) or drawn again, so that every answer plays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

import numpy as np

from ..models.abc import AbcError, read_repaired
from ..models.abc_tune import FIELD
from ..models.abc_write import exact_signature, key_name, signature, write_bars
from ..models.errors import RequestError
from ..models.manifest import Manifest
from ..models.note import Note
from ..models.score import Score
from ..models.step import MASKED, TEXT_LINE
from .job import Job
from .opening import bars_in
from .request import GenerationRequest, Take
from .stepper import Snapshot, Stepper

MOST_CHARACTERS = 2400
"""Of a tune, its header included."""
ATTEMPTS = 4
"""How often a tune is drawn before the request fails."""
CONTEXT_BARS = 12
"""Bars before the answer that the model reads at most."""
CONTEXT_NOTES = 256
"""Notes before the answer that the model reads at most; twelve bars of eighths have a hundred."""
_CHUNK = 256
_ACCIDENTALS = "^_="
_SOUNDS = frozenset("ABCDEFGabcdefgxzXZ")


@dataclass(frozen=True)
class Prompt:
    """How a tune begins."""

    forced: tuple[str, ...]
    """Pieces that are given; between two of them the model writes to the end of the line."""
    beats: float = 0.0
    """Length of the music among them, whole bars."""
    bars: int = 0
    """The same in bars."""


def prompt_for(manifest: Manifest, request: GenerationRequest) -> Prompt:
    """Return how the tune of a request begins.

    Raises:
        RequestError: bad_args, for a text with characters that the model lacks, or a scale that no key
            signature has.
    """
    sharps = None
    if request.scale is not None:
        sharps = exact_signature(request.scale)
        if sharps is None:
            raise RequestError(
                "bad_args",
                f"model {manifest.name!r} writes notation: its scales are those of key signatures, such as "
                '"D dorian" or "G major"',
            )
    # The model writes the title, its unit note (it has habits in every metre) and the key, if that is free.
    key = "K:" + ("" if sharps is None else f"{key_name(sharps)}\n")
    lines = (f"M:{request.metre}\nL:", key)
    if request.text:
        # Only a header that does not tell the metre yet is told it, after its last line is written.
        told = "M:" in request.text or "\nK:" in request.text
        prompt = Prompt((request.text,) if told else (request.text, *lines))
    elif request.context:
        prompt = _after(request, sharps)
    else:
        prompt = Prompt(("X:1\nT:", *lines))
    known = {chr(int(v)) for v in manifest.codec["char"].values}
    for character in "".join(prompt.forced):
        if character not in known:
            needs = "the music given"
            if character in request.text:
                needs = "the text"
            elif character in str(request.metre):
                needs = f"metre {request.metre}"
            raise RequestError(
                "bad_args", f"model {manifest.name!r} has no character {character!r}, which {needs} needs"
            )
    return prompt


def _after(request: GenerationRequest, sharps: int | None) -> Prompt:
    """Return the bars before the answer as a tune's beginning."""
    length, end = request.metre.beats, request.start_beat
    notes = sorted((note for note in request.context if note.start < end), key=lambda note: note.order)
    notes = notes[-CONTEXT_NOTES:]
    first = notes[0].start if notes else end
    bars = min(max(-floor((first - end) / length), 1), CONTEXT_BARS)
    start = end - bars * length
    notes = [note for note in notes if start - 1e-6 <= note.start]
    if sharps is None:
        sharps = signature(note.pitch % 12 for note in notes)
    music = write_bars(notes, start, end, request.metre, sharps)
    head = f"X:1\nM:{request.metre}\nL:1/8\nK:{key_name(sharps)}\n"
    return Prompt((head + music,), bars * length, bars)


class TextRow:
    """Writes one take of a request; see the module's text."""

    def __init__(self, manifest: Manifest, job: Job, take: int, prompt: Prompt, snapshot: Snapshot) -> None:
        self._manifest, self._job, self._take, self._prompt = manifest, job, take, prompt
        self.snapshot: Snapshot = snapshot
        """Where the prompt's first piece has been read."""
        self._codec = manifest.codec
        request = job.request
        key = np.array([request.seed % 2**64, take], np.uint64)
        self._random = np.random.Generator(np.random.Philox(key=key))
        self._newline = int(self._codec.encode_text("\n")[0, 0])
        self._attempts = self._steps = 0
        self._bars = _bars_wanted(request, prompt)
        self._begin()

    def _begin(self) -> None:
        """Start the tune, or start it anew."""
        self._attempts += 1
        self._given = list(self._prompt.forced)
        self._codes = self._encoded(self._given.pop(0))
        self._pending: list[int] = []
        self._nats = 0.0
        self._counter = BarCounter("".join(self._prompt.forced[:1]))

    def _encoded(self, text: str) -> list[int]:
        return [int(code) for code in self._codec.encode_text(text)[:, 0]]

    @property
    def over(self) -> bool:
        """Whether the request has ended."""
        return self._job.closed

    def enter(self, stepper: Stepper, row: int) -> None:
        """Write the inputs of the first step."""
        sampling = self._job.request.sampling
        stepper.temperature[row] = sampling.temperature
        stepper.top_p[row] = sampling.top_p
        stepper.clock[row] = (0, 0, TEXT_LINE)
        self._write(stepper, row)

    def _write(self, stepper: Stepper, row: int) -> None:
        """Write the next step's inputs: a given character, or a choice."""
        stepper.forced[row] = self._pending.pop(0) if self._pending else -1
        at = self._steps % _CHUNK
        if not at:
            self._uniform = self._random.random((_CHUNK, 1), np.float32)
        self._steps += 1
        stepper.uniform[row] = self._uniform[at]
        mask = stepper.masks["char"][row]
        mask[:] = 0.0
        if self._given:  # the title must end, but not the tune
            mask[self._codec.end] = MASKED
        elif self._job.request.scale is not None:
            for accidental in _ACCIDENTALS:
                found = np.flatnonzero(self._codec["char"].array == ord(accidental))
                mask[found] = MASKED

    def after(self, stepper: Stepper, row: int) -> bool:
        """Take the character; return whether the take is complete."""
        code = int(stepper.note[row, 0])
        ended = code >= self._codec.end
        free = stepper.forced[row, 0] < 0
        if free:
            self._nats -= float(stepper.log_prob[row, 0])
        if not ended:
            self._codes.append(code)
            self._counter.read(chr(int(self._codec["char"].values[code])))
            if free and code == self._newline and self._given:
                self._pending = self._encoded(self._given.pop(0))
        self._job.progress(self._take, min(len(self._codes) / 400, 0.95))
        if (ended or self._has_enough()) and not self._pending:
            if self._finish():
                return True
            if self._attempts >= ATTEMPTS:
                self.fail("model_error", f"model {self._manifest.name!r} wrote no tune that plays; ask again")
                return True
            self._restart(stepper, row)
            return False
        self._write(stepper, row)
        return False

    def _has_enough(self) -> bool:
        """Return whether as many bars as were asked for are written."""
        if len(self._codes) >= MOST_CHARACTERS:
            return True
        return self._bars is not None and self._counter.bars >= self._bars

    def _restart(self, stepper: Stepper, row: int) -> None:
        """Draw the tune again: the row goes back to its beginning, on with its random numbers."""
        self._begin()
        stepper.restart(row, self.snapshot)
        self.enter(stepper, row)

    def _finish(self) -> bool:
        """Tell the notes; return False when there are none that play."""
        written = self._codec.decode_text(np.array(self._codes, np.int32).reshape(-1, 1))
        try:
            text, score = read_repaired(written)
        except AbcError:
            return False
        notes, end = placed(score, self._job.request, self._prompt)
        if not notes:
            return False
        for index, note in enumerate(notes):
            self._job.note(self._take, index, note)
        seed = self._job.request.seed
        self._job.finish(Take(self._take, tuple(notes), end, seed, self._nats / len(notes), text))
        return True

    def fail(self, code: str, message: str) -> None:
        """End the whole request."""
        self._job.fail(code, message)


class BarCounter:
    """Counts the bars of a tune while it is written: barlines that come after a note or a rest."""

    def __init__(self, text: str) -> None:
        self.bars = 0
        self._line = self._bar = ""
        """What is written of the line, and of the bar in it."""
        self._begun = False
        """Whether the bar began on a line before."""
        for character in text:
            self.read(character)

    def read(self, character: str) -> None:
        """Count one more character."""
        if character not in "|\n":
            self._line += character
            self._bar += character
            return
        is_field = FIELD.match(self._line + character) is not None  # M:C| and titles have no bars
        sounds = self._begun or (not is_field and not _SOUNDS.isdisjoint(self._bar))
        if character == "\n":
            self._line, self._begun = "", sounds
        else:
            self._line += character
            if not is_field:
                self.bars += sounds
                self._begun = False
        self._bar = ""


def _bars_wanted(request: GenerationRequest, prompt: Prompt) -> int | None:
    """Return how many bars a tune has when it is long enough, None when it is to be written to its end."""
    if request.open_ended:
        return None
    bars = prompt.bars + bars_in(request.end_beat - request.start_beat, request.metre)
    # A pick-up may take the first bar's place; what continues whole bars has none.
    return bars if prompt.bars else bars + 1


def placed(score: Score, request: GenerationRequest, prompt: Prompt) -> tuple[list[Note], float]:
    """Return a tune's notes within the answer, on the host's timeline and in its range, and the end.

    A pick-up fills the end of the answer's first bar.
    """
    if not score.notes:
        return [], request.end_beat
    offset = request.start_beat - prompt.beats
    if not request.context:
        bar = score.metres.bar_at(score.notes[0].start)
        offset -= bar.start
    moved = [replace(note, start=round(note.start + offset, 6)) for note in score.notes]
    notes = [n for n in moved if request.start_beat - 1e-6 <= n.start < request.end_beat - 1e-6]
    notes = [replace(n, duration=min(n.duration, request.end_beat - n.start)) for n in notes]
    notes = [replace(n, pitch=_within(n.pitch, request.low, request.high)) for n in notes]
    notes = [n for n in notes if request.low <= n.pitch <= request.high]
    if not request.open_ended or not notes:
        return notes, request.end_beat
    last = max(note.end for note in notes)
    bars = -(-(last - request.start_beat - 1e-6) // request.metre.beats)
    return notes, request.start_beat + bars * request.metre.beats


def _within(pitch: int, low: int, high: int) -> int:
    """Return the pitch moved by octaves into a range, where one lies there."""
    if pitch < low:
        pitch += -(-(low - pitch) // 12) * 12
    elif pitch > high:
        pitch -= -(-(pitch - high) // 12) * 12
    return pitch
