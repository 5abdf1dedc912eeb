"""What is read before the first choice of a request, and the rows that write its takes."""

from __future__ import annotations

from ..models.manifest import Manifest
from .constraints import constraints
from .job import Job
from .primed import MakeRow, Primed, Subject
from .request import GenerationRequest
from .rows import Row, TakeRow
from .shelf import LoadedModel
from .textrow import Prompt, TextRow, prompt_for


def subject_of(manifest: Manifest, request: GenerationRequest) -> Subject:
    """Return what is read before the first choice of a request."""
    if manifest.codec.is_text:
        return prompt_for(manifest, request)
    notes = request.context
    if any(note.start >= request.start_beat for note in notes):
        notes = tuple(note for note in notes if note.start < request.start_beat)
    return notes, request.context_metres


def rows_of(manifest: Manifest, job: Job, subject: Subject) -> MakeRow:
    """Return what makes the rows of a job's takes; raises RequestError when nothing could be chosen."""
    if isinstance(subject, Prompt):

        def text_row(primed: Primed, take: int, model: LoadedModel) -> Row:
            assert primed.snapshot is not None
            return TextRow(model.manifest, job, take, subject, primed.snapshot)

        return text_row
    limits = constraints(manifest, job.request)

    def take_row(primed: Primed, take: int, model: LoadedModel) -> Row:
        assert primed.context is not None
        return TakeRow(model.manifest, job, limits, take, primed.context, primed.snapshot)

    return take_row
