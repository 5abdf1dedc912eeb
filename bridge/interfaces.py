"""What a session needs of the rest of the bridge; the engine and the tests' fakes both fit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..models.file.modelfile import ModelInfo
from ..models.note import Note
from .clock import Clock
from .lull import Lull
from .request import GenerationRequest, Take


class Cancellable(Protocol):
    """A request on its way, as who asked holds it."""

    def cancel(self) -> None:
        """Stop before the next note."""


class Listener(Protocol):
    """Hears how a request goes, from the engine's threads, one call at a time.

    The last call is on_done or on_fail. What a listener raises is logged and ends its request.
    """

    def on_note(self, take: int, index: int, note: Note) -> None:
        """A note of a take is fixed; they come in order."""

    def on_progress(self, fraction: float) -> None:
        """``fraction`` of the answer exists, 0 to 1."""

    def on_take(self, take: Take) -> None:
        """A take is complete."""

    def on_done(self) -> None:
        """All takes are complete."""

    def on_fail(self, code: str, message: str) -> None:
        """There will be no more; ``code`` is one of the protocol's."""


class Generator(Protocol):
    """Turns requests into notes."""

    @property
    def queued(self) -> int:
        """Requests waiting or being worked on."""

    def prime(self, key: Hashable, request: GenerationRequest, client: Hashable = None) -> None:
        """Read a request's context ahead of it, in the background; raises RequestError."""

    def check(self, request: GenerationRequest, client: Hashable, replaces: Cancellable | None) -> None:
        """Raise RequestError where a request could not take the place of another of its client's."""

    def submit(
        self,
        request: GenerationRequest,
        listener: Listener,
        key: Hashable = None,
        client: Hashable = None,
        replaces: Cancellable | None = None,
    ) -> Cancellable:
        """Start a request; raises RequestError, ``busy`` when the queue is full without what it replaces."""


class Catalogue(Protocol):
    """The models at hand."""

    @property
    def default(self) -> str:
        """The model of clients that name none; raises RequestError where there is no model."""

    def models(self) -> Sequence[ModelInfo]:
        """Return what is known of all models, by name."""

    def info(self, name: str) -> ModelInfo:
        """Return what is known of a model; raises RequestError ``unknown_model``."""

    def is_loaded(self, name: str) -> bool:
        """Return whether the model is ready to run."""

    def load(self, name: str) -> object:
        """Load a model, which may take a while; raises RequestError."""

    def refresh(self) -> Sequence[ModelInfo]:
        """Look for new model files and return their models."""


@dataclass(frozen=True)
class House:
    """What all sessions share."""

    engine: Generator
    models: Catalogue
    clock: Clock
    version: str
    """The bridge's, told to clients."""
    new_seed: Callable[[], int]
    """Chooses the seed of a request that has none."""
    background: Callable[[Callable[[], None]], None]
    """Runs something slow on another thread; raises RequestError ``busy`` when too much waits."""
    lull: Lull
    """Does something once no message waits."""
