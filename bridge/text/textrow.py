"""A row that writes a tune as ABC text and answers with its notes.

The header is forced as far as the request says it: the title is the model's, then come the request's
metre and key. To continue notes, the bars before are written as ABC and the model goes on from there (see
prompt.py). What it writes is mended (:func:`antiphon.models.abc.repair_abc`), or drawn again where no note of
it lies in the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ...models.abc import AbcError, read_repaired
from ...models.abc.write import in_octave
from ...models.file.manifest import Manifest
from ...models.file.step import MASKED, TEXT_LINE
from ...models.note import Note
from ...models.score import Score
from ..job import Job
from ..leading.constraints import Mask
from ..leading.opening import bars_in
from ..leading.register import OCTAVE
from ..manner.manner import Player
from ..request import GenerationRequest, Take
from ..runtime.stepper import Snapshot, Stepper
from ..take.uniforms import Uniforms
from .barcounter import BarCounter
from .barfill import ACCIDENTALS, FREE, BarFill, Rule
from .placing import has_no_room_before, placed
from .prompt import Prompt

MAX_CHARACTERS = 2400
"""Of a tune, its header included."""
ATTEMPTS = 8
"""How often a tune is drawn before its take is left empty."""
MAX_STEPS = 4 * MAX_CHARACTERS
"""Characters of a take, all attempts together, after which none is begun."""
IN_VAIN = 2
"""How often a tune may be written further, as its answer's end is silent, without a note more in the answer:
then what is written mostly lies beyond it. Each time the whole tune is read."""
LONGEST_BAR = 84
"""Characters of a bar after which its barline is written, whatever the model would write: it may go round
one rest for ever. One bar in 40,000 of irish-abc's training tunes has more than 64, none more than 83."""
_LENGTHS = "123468/|"
"""What a last note's length and barline are spelt with."""
_REPEATS = ":["
"""What repeats and their endings are written with. A tune that is to end in a bar has none: what is written
last is heard last."""
_TITLE = Rule(may_end=False)


class TextRow:
    """Writes one take of a request; see the module's text."""

    def __init__(self, manifest: Manifest, job: Job, take: int, prompt: Prompt, snapshot: Snapshot) -> None:
        self._manifest, self._job, self._take, self._prompt = manifest, job, take, prompt
        self.snapshot: Snapshot = snapshot
        """Where the prompt's first piece has been read."""
        self._codec = manifest.codec
        request = job.request
        self._uniforms = Uniforms(request.seed, take, 1)
        self._newline = int(self._codec.encode_text("\n")[0, 0])
        # Tunes may have been learned without barlines: then no rule could be kept.
        self._barline = self._encoded("|") if ord("|") in self._codec["char"].values else []
        self._attempts = self._steps = 0
        self._characters = "".join(map(chr, map(int, self._codec["char"].values)))
        self._signed = request.scale is None
        """Whether accidentals may be written: in a scale the key says them."""
        can_end = request.leading > 0 and set(_LENGTHS) <= set(self._characters)
        self._ends = request.piece_ends and can_end
        """Whether the tune is brought to its end in the answer's last bar."""
        self._begin()

    def _begin(self) -> None:
        """Start the tune, or start it anew."""
        self._attempts += 1
        self._reached, self._in_vain = 0.0, 0
        self._bars = _bars_wanted(self._job.request, self._prompt)
        self._given = list(self._prompt.forced)
        self._codes = self._encoded(self._given.pop(0))
        self._pending: list[int] = []
        self._then = ""
        self._nats = 0.0
        self._counter = BarCounter("".join(self._prompt.forced[:1]))
        self._fill = BarFill("".join(self._prompt.forced[:1]), self._prompt.latest)

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
        forced = self._pending.pop(0) if self._pending else -1
        stepper.forced[row] = forced
        self._steps += 1
        stepper.uniform[row] = self._uniforms.next()
        rule = self._rule() if forced < 0 else FREE
        self._then = rule.then
        stepper.masks["char"][row] = _mask(self._characters, self._codec.end, rule)

    def _rule(self) -> Rule:
        """Return which characters may be chosen next."""
        if self._given:  # the title must end, but not the tune
            return _TITLE
        due = self._due()
        if self._ends and self._counter.bars + 1 == due:
            self._fill.end(self._prompt.tonic, self._prompt.rest)
        rule = self._fill.rule() if self._barline else FREE
        if not self._signed:
            rule = replace(rule, never=rule.never + ACCIDENTALS)
        if self._ends:
            rule = replace(rule, never=rule.never + _REPEATS)
        if due is not None and self._counter.bars < due:
            rule = replace(rule, may_end=False)  # rather another strain than silence
        return rule

    def after(self, stepper: Stepper, row: int) -> bool:
        """Take the character; return whether the take is complete."""
        code = int(stepper.note[row, 0])
        ended = code >= self._codec.end
        free = bool(stepper.forced[row, 0] < 0)
        if free:
            self._nats -= float(stepper.log_prob[row, 0])
        if not ended:
            self._add(code, free)
        self._job.progress(self._take, min(len(self._codes) / 400, 0.95))
        if (ended or self._has_enough()) and not self._pending:
            return self._conclude(stepper, row, ended)
        self._write(stepper, row)
        return False

    def _add(self, code: int, free: bool) -> None:
        """Take in a character, and what is given after it; ``free``: whether it was the model's choice."""
        self._codes.append(code)
        character = self._characters[code]
        self._counter.read(character)
        self._fill.read(character)
        if free and code == self._newline and self._given:
            self._pending = self._encoded(self._given.pop(0))
        elif free and self._then:
            self._pending = self._encoded(self._then)
        elif not self._given and self._counter.characters >= LONGEST_BAR:
            self._pending = self._pending or list(self._barline)

    def _conclude(self, stepper: Stepper, row: int, ended: bool) -> bool:
        """Finish the take with the tune as it is, and return True; or write it further, or draw it again."""
        text, score = self._read()
        notes, end = placed(score, self._job.request, self._prompt)
        missing = 0 if ended or len(self._codes) >= MAX_CHARACTERS else self._missing(notes)
        is_good = bool(notes) and not self._is_late(notes)
        if is_good and missing:
            assert self._bars is not None
            self._bars += missing
            self._write(stepper, row)
        elif is_good or self._attempts >= ATTEMPTS or self._steps >= MAX_STEPS:
            self._finish(text, notes, end)
            return True
        else:
            self._restart(stepper, row)
        return False

    def _has_enough(self) -> bool:
        """Return whether as many bars as were asked for are written."""
        if len(self._codes) >= MAX_CHARACTERS:
            return True
        due = self._due()
        return due is not None and self._counter.bars >= due

    def _due(self) -> int | None:
        """Return how many bars the tune has when it is long enough, None when it is written to its end."""
        if self._bars is None:
            return None
        return self._bars + (self._fill.has_pick_up and has_no_room_before(self._job.request, self._prompt))

    def _restart(self, stepper: Stepper, row: int) -> None:
        """Draw the tune again: the row goes back to its beginning, on with its random numbers."""
        self._begin()
        stepper.restart(row, self.snapshot)
        self.enter(stepper, row)

    def _read(self) -> tuple[str, Score]:
        """Return the tune as far as it is written, mended, and its notes; none where it cannot be read."""
        written = self._codec.decode_text(np.array(self._codes, np.int32).reshape(-1, 1))
        try:
            return read_repaired(written)
        except AbcError:
            return written, Score(())

    def _missing(self, notes: Sequence[Note]) -> int:
        """Return how many of its bars an answer lacks: short ones in the text were counted, too.

        None any more once what was written since the last IN_VAIN times that this was asked added no note.
        """
        request = self._job.request
        if request.open_ended or not notes:
            return 0
        end = max(note.end for note in notes) - request.start_beat
        self._in_vain = 0 if end > self._reached else self._in_vain + 1
        self._reached = end
        if self._in_vain == IN_VAIN:
            return 0
        played = bars_in(end, request.metre)
        asked = bars_in(request.end_beat - request.start_beat, request.metre)
        return max(asked - played, 0) * self._prompt.layout.count

    def _is_late(self, notes: Sequence[Note]) -> bool:
        """Return whether an answer without a pick-up is silent for more than half of its first bar."""
        latest = self._prompt.latest
        return latest is not None and notes[0].start > self._job.request.start_beat + latest + 1e-6

    def _finish(self, text: str, notes: Sequence[Note], end: float) -> None:
        """Tell the notes, played as the context was."""
        request = self._job.request
        player = Player(request.manner, request.start_beat, request.end_beat)
        notes = [player.play(note) for note in notes]
        for index, note in enumerate(notes):
            self._job.note(self._take, index, note)
        nats = self._nats / len(notes) if notes else 0.0
        text = in_octave(text, -request.lift // OCTAVE)
        self._job.finish(Take(self._take, tuple(notes), end, request.seed, nats, text))

    def fail(self, code: str, message: str) -> None:
        """End the whole request."""
        self._job.fail(code, message)


@lru_cache(4096)
def _mask(characters: str, end: int, rule: Rule) -> Mask:
    """Return what may be written next, (code,); ``end`` is the code after those of the characters."""
    allowed = np.zeros(end + 1, bool)
    for code, character in enumerate(characters):
        allowed[code] = character not in rule.never and (rule.only is None or character in rule.only)
    allowed[end] = rule.may_end
    if not allowed.any():
        allowed[:] = True
    mask = np.where(allowed, 0.0, MASKED).astype(np.float32)
    mask.setflags(write=False)
    return mask


def _bars_wanted(request: GenerationRequest, prompt: Prompt) -> int | None:
    """Return how many bars were asked for, those before the answer too; None for a tune up to its end."""
    if request.open_ended:
        return None
    asked = bars_in(request.end_beat - request.start_beat, request.metre)
    return prompt.bars + asked * prompt.layout.count
