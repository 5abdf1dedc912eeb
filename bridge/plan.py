"""What is read before the first choice of a request, and the rows that write its takes."""

from __future__ import annotations

from ..models.errors import RequestError
from ..models.manifest import Manifest
from ..models.note import Note
from .constraints import constraints
from .job import Job
from .opening import Context, read_context, read_text
from .primed import MakeRow, Primed, Subject
from .prompt import prompt_for
from .register import lifted
from .request import GenerationRequest
from .rows import Row, TakeRow
from .shelf import LoadedModel
from .textrow import TextRow


def subject_of(manifest: Manifest, request: GenerationRequest) -> Subject:
    """Return what a request's context is told apart by, in no more time than comparing its notes takes."""
    notes = _before(request)
    if manifest.codec.is_text:
        return (
            notes,
            request.lift,
            request.start_beat,
            request.metre,
            request.scale,
            request.tonic,
            request.text,
        )
    return notes, request.lift, request.context_metres


def needs_reading(manifest: Manifest, request: GenerationRequest) -> bool:
    """Return whether a request's takes start anywhere but at a model's beginning."""
    return manifest.codec.is_text or bool(_before(request))


def read(manifest: Manifest, primed: Primed) -> Context:
    """Return a context as the model reads it; raises RequestError where a model lacks a text's characters."""
    request = primed.request
    if manifest.codec.is_text:
        primed.prompt = prompt_for(manifest, request)
        return read_text(manifest, primed.prompt.forced[0])
    return read_context(manifest, lifted(_before(request), request.lift), request.context_metres)


def rows_of(manifest: Manifest, job: Job) -> MakeRow:
    """Return what makes the rows of a job's takes; raises RequestError when nothing could be chosen."""
    if manifest.codec.is_text:

        def text_row(primed: Primed, take: int, model: LoadedModel) -> Row:
            _check_same(manifest, model)
            assert primed.prompt is not None and primed.snapshot is not None
            return TextRow(model.manifest, job, take, primed.prompt, primed.snapshot)

        return text_row
    limits = constraints(manifest, job.request)

    def take_row(primed: Primed, take: int, model: LoadedModel) -> Row:
        _check_same(manifest, model)
        assert primed.context is not None
        return TakeRow(model.manifest, job, limits, take, primed.context, primed.snapshot)

    return take_row


def _check_same(manifest: Manifest, model: LoadedModel) -> None:
    """Raise RequestError where a model's file was replaced after a request had been made ready for it."""
    if model.manifest != manifest:
        raise RequestError("model_error", f"the file of model {manifest.name!r} has changed; ask again")


def _before(request: GenerationRequest) -> tuple[Note, ...]:
    """Return the context's notes before the answer."""
    notes = request.context
    if any(note.start >= request.start_beat for note in notes):
        notes = tuple(note for note in notes if note.start < request.start_beat)
    return notes
