"""How far a request is: what is complete counts, and no fraction is less than one before."""

from __future__ import annotations

import threading

import pytest
from antiphon.bridge.job import PROGRESS_STEP, Job
from antiphon.bridge.request import GenerationRequest, Take
from antiphon.models.note import Note


class Log:
    def __init__(self) -> None:
        self.fractions: list[float] = []

    def on_note(self, take: int, index: int, note: Note) -> None:
        pass

    def on_progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def on_take(self, take: Take) -> None:
        pass

    def on_done(self) -> None:
        pass

    def on_fail(self, code: str, message: str) -> None:
        raise AssertionError(message)


def job_of(takes: int) -> tuple[Job, Log]:
    log = Log()
    request = GenerationRequest("tiny", 0.0, 4.0, seed=1, takes=takes)
    return Job(request, log, lambda job: None, lambda job: None), log


def test_a_complete_take_counts_in_full() -> None:
    job, log = job_of(4)
    for take in range(3):
        job.progress(take, 0.2)
        job.finish(Take(take, (), 4.0, 1, 0.0))
    job.progress(3, 0.5)
    assert log.fractions[-1] == pytest.approx((3 + 0.5) / 4)


def test_a_place_is_free_before_the_last_take_is_told() -> None:
    """Whoever has it may ask at once how many requests wait."""
    ended: list[Job] = []
    heard: list[int] = []

    class Asking(Log):
        def on_take(self, take: Take) -> None:
            heard.append(len(ended))

    job = Job(GenerationRequest("tiny", 0.0, 4.0, seed=1, takes=2), Asking(), ended.append, ended.append)
    for take in range(2):
        job.finish(Take(take, (), 4.0, 1, 0.0))
    assert heard == [0, 1] and set(ended) == {job}


def test_progress_of_two_workers_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    job, log = job_of(2)
    steps = 2000

    def work(take: int) -> None:
        for step in range(steps):
            job.progress(take, step / steps)

    threads = [threading.Thread(target=work, args=(take,)) for take in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.fractions == sorted(log.fractions)
    assert all(b - a >= PROGRESS_STEP - 1e-9 for a, b in zip(log.fractions, log.fractions[1:], strict=False))
    assert len(log.fractions) > 10
