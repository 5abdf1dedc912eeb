"""Models that were played last stay in the processor's caches for a while."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from antiphon.bridge.engine import engine as engine_module
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.request import GenerationRequest
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper

Rehearsed = Callable[..., bool]


def ask(seed: int) -> GenerationRequest:
    return GenerationRequest("tiny", 0.0, 4.0, seed=seed)


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> Rehearsed:
    """Return what waits for an engine's next step of nothing, for so many seconds; False where none comes."""
    stepped: defaultdict[threading.Thread, threading.Event] = defaultdict(threading.Event)
    rehearse = Stepper.rehearse

    def noted(stepper: Stepper) -> None:
        rehearse(stepper)
        stepped[threading.current_thread()].set()

    def next_one(engine: Engine, seconds: float = 30.0) -> bool:
        (worker,) = engine._workers  # other tests' engines may rest nearby
        stepped[worker].clear()
        return stepped[worker].wait(seconds)

    monkeypatch.setattr(Stepper, "rehearse", noted)
    return next_one


def test_after_a_request_the_model_is_kept_warm(shelf: ModelShelf, rehearsed: Rehearsed) -> None:
    with Engine(shelf, workers=1) as engine:
        wanted = engine.generate(ask(1))
        assert rehearsed(engine) and rehearsed(engine)
        assert engine.generate(ask(1)) == wanted
        assert rehearsed(engine)


def test_after_a_context_too(shelf: ModelShelf, rehearsed: Rehearsed) -> None:
    with Engine(shelf, workers=1) as engine:
        context = engine.generate(ask(1))[0].notes
        with engine._lock:
            engine._warm_until = 0.0
        engine.prime("key", replace(ask(2), start_beat=4.0, end_beat=8.0, context=context))
        assert rehearsed(engine)


def test_nothing_is_kept_warm_for_ever(
    shelf: ModelShelf, rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "WARM_SECONDS", 0.0)
    with Engine(shelf, workers=1) as engine:
        engine.generate(ask(1))
        assert not rehearsed(engine, 20 * engine_module.WARM_EVERY)
        monkeypatch.setattr(engine_module, "WARM_SECONDS", 30.0)
        engine.generate(ask(1))  # the worker that waits has not been lost
        assert rehearsed(engine)


def test_a_model_that_fails_is_left_alone(
    shelf: ModelShelf, rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(stepper: Any) -> None:
        raise RuntimeError("no such luck")

    with Engine(shelf, workers=1) as engine:
        engine.generate(ask(1))
        assert rehearsed(engine)
        monkeypatch.setattr(Stepper, "step", fails)
        with pytest.raises(Exception, match="no such luck"):
            engine.generate(ask(1))
        assert not rehearsed(engine, 20 * engine_module.WARM_EVERY)
