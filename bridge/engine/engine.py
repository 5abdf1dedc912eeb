"""Requests in, notes out: a queue, and workers that step batches of rows.

Every worker is a thread with steppers of its own, one a model; ONNX Runtime lets go of Python's lock
while it runs, so workers share nothing but the queue. A row may share its runs with any other (see
batching.py), so who runs beside whom is a matter of speed alone.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from types import TracebackType

from ...models.errors import RequestError
from ...models.file.manifest import Manifest
from ..interfaces import Cancellable, Listener
from ..job import Job
from ..request import GenerationRequest, Take
from ..runtime.shelf import LoadedModel, ModelShelf
from ..runtime.stepper import Snapshot
from ..take.rows import PrimeRow, Row
from .crew import Crew
from .plan import check_limits, needs_reading, read, rows_of, subject_of
from .primed import Primed, PrimedShelf, Reading, Subject, Waiter
from .turns import Task, Turns
from .waiting import LOOK_SECONDS, Waiting

log = logging.getLogger("antiphon.engine")
MAX_WORKERS = 2
"""By default: a musician's machine has other things to do."""
WARM_SECONDS = 10.0
"""After a context or a request, how long idle workers keep the model in the processor's caches: another
request is likely, and a first step takes several times as long where everything else has been there since."""
WARM_EVERY = 0.01
"""Seconds between two steps of nothing: some hundredths of a core."""


class Engine:
    """Generates notes on worker threads. Thread-safe; a context manager that closes itself.

    Args:
        models: the shelf.
        workers: threads; by default one a core, at most two.
        queue_limit: requests in the house before more are answered ``busy``, but for those of clients who
            have less than an even share of them.
    """

    def __init__(self, models: ModelShelf, *, workers: int | None = None, queue_limit: int = 64) -> None:
        self.models = models
        self._limit = queue_limit
        self._lock = threading.Condition()
        self._tasks = Turns()
        self._jobs: set[Job] = set()
        self._cancelled: list[Job] = []
        self._primed = PrimedShelf()
        self._idle = 0
        self._warm_until = 0.0
        self._closing = False
        count = workers or min(os.cpu_count() or 1, MAX_WORKERS)
        self._workers = [
            threading.Thread(target=self._work, name=f"antiphon-worker-{index}", daemon=True)
            for index in range(count)
        ]
        for worker in self._workers:
            worker.start()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def queued(self) -> int:
        """Requests waiting or being worked on."""
        with self._lock:
            return len(self._jobs)

    def prime(self, key: Hashable, request: GenerationRequest, client: Hashable = None) -> None:
        """Read a request's context ahead of it, in the background.

        It replaces what was read before for the same key and model. Without notes before the answer there is
        nothing to read.

        Raises:
            RequestError: unknown_model.
        """
        manifest = self.models.manifest(request.model)
        subject = subject_of(manifest, request)
        if not (request.context and needs_reading(manifest, request)):
            return
        with self._lock:
            if self._closing or self._primed.find(key, manifest.name, subject) is not None:
                return
            self._tasks.sweep()
            if self._tasks.count(client) >= self._limit:
                return  # only a head start is lost
            primed = Primed(manifest.name, request, subject, kept=True)
            self._primed.put(key, primed)
            self._tasks.append(self._priming(primed, client))
            self._called()

    def submit(
        self,
        request: GenerationRequest,
        listener: Listener,
        key: Hashable = None,
        client: Hashable = None,
        replaces: Cancellable | None = None,
    ) -> Job:
        """Start a request; its listener hears how it goes.

        Args:
            request: what is wanted.
            listener: called from worker threads.
            key: what :meth:`prime` was called with.
            client: who asks: clients take turns where requests wait for a worker.
            replaces: a request that has been cancelled for this one, and takes up no room any more.

        Raises:
            RequestError: unknown_model, bad_args when the limits leave the model nothing, or busy.
        """
        manifest = self.models.manifest(request.model)
        job = Job(request, listener, self._ended, self._cancel, client)
        subject = subject_of(manifest, request)
        waiter = Waiter(job, rows_of(manifest, job))
        with self._lock:
            self._check_room(client, replaces)
            self._jobs.add(job)
            primed, new = self._context(request, manifest, subject, key)
            if primed.reading is not None:
                self._add_takes(waiter, primed.model, primed.reading)
            else:
                primed.waiting.append(waiter)
                if new:
                    self._tasks.append(self._priming(primed, client))
            self._called(len(self._tasks))
        return job

    def check(self, request: GenerationRequest, client: Hashable, replaces: Cancellable | None) -> None:
        """Raise what :meth:`submit` would raise, while what is to be replaced still runs."""
        check_limits(self.models.manifest(request.model), request)
        with self._lock:
            self._check_room(client, replaces)

    def _check_room(self, client: Hashable, replaces: Cancellable | None) -> None:
        """Raise RequestError where there is no room for one more request; the lock is held.

        Beyond the limit there is room for those who have less than an even share of it, one at least, so that
        nobody's requests, however many and long, keep another from asking. A share shrinks as clients come:
        ``n`` of them have limit * (1 + 1/2 + ... + 1/limit) + n waiting at most, and of ``n`` there are only
        as many as the bridge remembers.
        """
        if self._closing:
            raise RequestError("cancelled", "the bridge is shutting down")
        for held in (self._jobs, self._cancelled):
            if len(held) < self._limit:
                continue
            clients = [each.client for each in held if each is not replaces]
            share = max(self._limit // len({*clients, client}), 1)
            if len(clients) >= self._limit and clients.count(client) >= share:
                raise RequestError("busy", f"{self._limit} requests are waiting already; try again soon")

    def generate(self, request: GenerationRequest, look: Callable[[], None] = lambda: None) -> list[Take]:
        """Return a request's takes when they are done; raises RequestError when it fails.

        Meanwhile ``look`` is called now and then; what it raises ends the wait.
        """
        waiting = Waiting()
        job = self.submit(request, waiting)
        try:
            return waiting.wait(look=look)
        except BaseException:
            job.cancel()
            raise

    def close(self) -> None:
        """Fail what is under way with ``cancelled`` and end the workers."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        for worker in self._workers:
            while worker is not threading.current_thread() and worker.is_alive():
                worker.join(LOOK_SECONDS)
        for job in [*self._jobs, *self._cancelled]:
            job.fail("cancelled", "the bridge is shutting down")

    def _context(
        self, request: GenerationRequest, manifest: Manifest, subject: Subject, key: Hashable
    ) -> tuple[Primed, bool]:
        """Return the request's context, read or to be read, and whether it is new."""
        shared = key is not None and bool(request.context)
        if shared:
            found = self._primed.find(key, manifest.name, subject)
            if found is not None:
                return found, False
        primed = Primed(manifest.name, request, subject, kept=shared)
        if not needs_reading(manifest, request):
            primed.reading = read(manifest, request)
        elif shared:
            self._primed.put(key, primed)
        return primed, True

    def _priming(self, primed: Primed, client: Hashable) -> Task:
        """Return the task that reads a context."""

        def ready(reading: Reading, snapshot: Snapshot) -> None:
            with self._lock:
                primed.reading = replace(reading, snapshot=snapshot)
                self._primed.trim()
                waiting, primed.waiting = primed.waiting, []
                for waiter in waiting:
                    self._add_takes(waiter, primed.model, primed.reading)
                self._lock.notify_all()

        def fail(code: str, message: str) -> None:
            with self._lock:
                self._primed.drop(primed)
                waiting, primed.waiting = primed.waiting, []
            for waiter in waiting:
                waiter.job.fail(code, message)

        def make(model: LoadedModel) -> Row:
            reading = read(model.manifest, primed.request)
            return PrimeRow(
                model.manifest,
                reading.context,
                ready=partial(ready, reading),
                failed=fail,
                wanted=lambda: not primed.unwanted,
            )

        return Task(client, primed.model, make, fail, lambda: primed.unwanted)

    def _add_takes(self, waiter: Waiter, model: str, reading: Reading) -> None:
        """Queue a request's takes; the lock is held."""
        job = waiter.job
        for take in range(job.request.takes):
            make = partial(waiter.row, reading, take)
            self._tasks.append(Task(job.client, model, make, job.fail, lambda: job.closed))

    def _ended(self, job: Job) -> None:
        with self._lock:
            self._jobs.discard(job)

    def _cancel(self, job: Job) -> None:
        """Let a worker tell the listener: whoever cancels may hold locks that the listener needs.

        Its place is free at once, for the request that replaces it.
        """
        with self._lock:
            if job in self._jobs:
                self._jobs.remove(job)
                self._cancelled.append(job)
                self._lock.notify()

    def _work(self) -> None:
        """Step rows until the engine closes."""
        crew = Crew(self.models)
        while True:
            try:
                self._run(crew)
                return
            except Exception as error:  # no memory, say: were it to die, its requests would stay open
                log.exception("a worker failed, and begins anew")
                crew.collapse(error)
                crew = Crew(self.models)

    def _run(self, crew: Crew) -> None:
        while True:
            busy = bool(crew)
            # Looked at without the lock: a step later will do, and most steps find nothing.
            called = not busy or self._tasks or self._cancelled or self._closing
            if called and not self._serve(crew, busy):
                return
            crew.step()

    def _called(self, workers: int = 1) -> None:
        """Wake so many workers: something has come in. The lock is held."""
        self._warm_until = time.monotonic() + WARM_SECONDS
        self._lock.notify(workers)

    def _serve(self, crew: Crew, busy: bool) -> bool:
        """Look after the queue, waiting for something to do unless ``busy``; False when the engine closes.

        While others are idle a busy worker leaves them the queue, and an idle one leaves them their share.
        """
        with self._lock:
            if not busy:
                self._wait(crew)
            if self._closing:
                return False
            if not (busy and self._idle):
                wanted = len(self._tasks) if busy else -(-len(self._tasks) // (self._idle + 1))
                crew.pick(self._tasks, wanted, {job.client for job in self._jobs})
            cancelled, self._cancelled = self._cancelled, []
        if cancelled:
            self._end_cancelled(cancelled)
        crew.start()
        return True

    def _wait(self, crew: Crew) -> None:
        """Wait for something to do, counted among the idle, and keep warm what may be asked for next.

        The lock is held, but for steps of nothing.
        """
        self._idle += 1
        try:
            while not self._tasks and not self._cancelled and not self._closing:
                is_warm = time.monotonic() < self._warm_until
                if self._lock.wait(WARM_EVERY if is_warm else None) or not is_warm:
                    continue
                self._lock.release()
                try:
                    crew.warm()
                finally:
                    self._lock.acquire()
        finally:
            self._idle -= 1

    def _end_cancelled(self, jobs: list[Job]) -> None:
        """Tell listeners, without the lock, which they may need; then forget the takes that wait."""
        for job in jobs:
            job.fail("cancelled", "cancelled by its client")
        with self._lock:
            self._tasks.sweep()
