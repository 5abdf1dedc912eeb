"""What is read before the first choice of a request, and the rows that write its takes."""

from __future__ import annotations

from dataclasses import replace

from ...models.errors import RequestError
from ...models.file.manifest import TONIC, Manifest
from ..job import Job
from ..leading.constraints import constraints
from ..leading.context import read_context, read_text
from ..leading.opening import opening
from ..leading.register import lifted
from ..leading.tonality import told_tonic
from ..request import GenerationRequest
from ..runtime.shelf import LoadedModel
from ..take.rows import Row, TakeRow, last_bar
from ..text.prompt import prompt_for
from ..text.textrow import TextRow
from .primed import MakeRow, Reading, Subject


def subject_of(manifest: Manifest, request: GenerationRequest) -> Subject:
    """Return what a request's context is told apart by, in no more time than comparing its notes takes."""
    notes = request.before
    swing, gate = request.manner.swing, request.manner.gate
    if manifest.codec.is_text:
        return (
            notes,
            swing,
            gate,
            request.lift,
            request.start_beat,
            request.metre,
            request.scale,
            request.tonic,
            request.text,
        )
    end = (request.start_beat, request.end_beat, request.metre) if _reads_end(manifest, request) else None
    phrase = request.phrase if manifest.phrases else 0
    until = request.start_beat if gate < 1 else None  # as far as short notes are read to last
    key = (request.scale, request.tonic) if TONIC in manifest.conditions else None
    return notes, swing, gate, until, request.lift, request.context_metres, phrase, end, key


def _reads_end(manifest: Manifest, request: GenerationRequest) -> bool:
    """Return whether a model is told where the piece ends while it reads the context.

    One that knows phrases would else be told of those there, and of the end from the answer on, which costs
    it 0.01 nats a note; others lose nothing (tests/benchmarks/endings.py), and what they have read when the
    context came will do.
    """
    return manifest.phrases and request.piece_ends


def needs_reading(manifest: Manifest, request: GenerationRequest) -> bool:
    """Return whether a request's takes start anywhere but at a model's beginning."""
    return manifest.codec.is_text or bool(request.before)


def read(manifest: Manifest, request: GenerationRequest) -> Reading:
    """Return a context as the model reads it; raises RequestError where a model lacks a text's characters."""
    if manifest.codec.is_text:
        prompt = prompt_for(manifest, request)
        return Reading(read_text(manifest, prompt.forced[0]), prompt)
    notes = lifted(request.written, request.lift)
    context = read_context(manifest, notes, request.context_metres, request.phrase)
    if TONIC in manifest.conditions and context.heard is not None:
        tonic = told_tonic(request.scale, request.tonic, context.heard.beats)
        context = replace(context, tonic=tonic)
    if notes and _reads_end(manifest, request):
        last = last_bar(request, opening(manifest, context, request.start_beat, request.metre).first_bar)
        assert last is not None
        context = context.ending_in(last)
    return Reading(context)


def check_limits(manifest: Manifest, request: GenerationRequest) -> None:
    """Raise RequestError where a request's limits leave a model nothing to choose."""
    if not manifest.codec.is_text:  # its notes are moved into them
        constraints(manifest, request)


def rows_of(manifest: Manifest, job: Job) -> MakeRow:
    """Return what makes the rows of a job's takes; raises RequestError when nothing could be chosen."""
    if manifest.codec.is_text:

        def text_row(reading: Reading, take: int, model: LoadedModel) -> Row:
            _check_same(manifest, model)
            assert reading.prompt is not None and reading.snapshot is not None
            return TextRow(model.manifest, job, take, reading.prompt, reading.snapshot)

        return text_row
    limits = constraints(manifest, job.request)

    def take_row(reading: Reading, take: int, model: LoadedModel) -> Row:
        _check_same(manifest, model)
        return TakeRow(model.manifest, job, limits, take, reading.context, reading.snapshot)

    return take_row


def _check_same(manifest: Manifest, model: LoadedModel) -> None:
    """Raise RequestError where a model's file was replaced after a request had been made ready for it."""
    if model.manifest != manifest:
        raise RequestError("model_error", f"the file of model {manifest.name!r} has changed; ask again")
