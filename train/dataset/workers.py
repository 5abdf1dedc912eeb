"""Work for several processes: in order of finishing, stopped cleanly by Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.synchronize import Event
from typing import TypeVar

from ...models.errors import DatasetError

Job = TypeVar("Job")
Result = TypeVar("Result")
GRACE_SECONDS = 2.0
"""How long jobs may go on after Ctrl-C, so that what is nearly done is kept; one alone may take minutes."""
LOOK_SECONDS = 0.2
"""How long a wait lasts at most: without a limit Windows would hear no Ctrl-C before the next job is done."""
MAX_PROCESSES = 61
"""Processes that Windows can wait for."""
_WAITING = 4  # jobs handed out a process: enough to keep it busy, few enough to stop quickly


def run_jobs(
    function: Callable[[Job], Result], jobs: Sequence[Job], processes: int | None = None
) -> Iterator[Result]:
    """Yield ``function(job)`` of every job as each finishes; with one process, here and in order.

    ``function`` and the jobs are pickled: processes are spawned, so it works alike on every system.

    Raises:
        DatasetError: a process was killed, most often for lack of memory.
    """
    processes = min(processes or os.cpu_count() or 1, len(jobs), MAX_PROCESSES)
    if processes <= 1:
        yield from map(function, jobs)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_attend, initargs=(stop,)) as pool:
        try:
            yield from _pump(pool, function, jobs, processes * _WAITING)
        except BrokenProcessPool as error:
            raise DatasetError(
                "a process was killed, perhaps for lack of memory; run it again with --processes 1: "
                "what is done is kept"
            ) from error
        except BaseException:  # Ctrl-C, or what the caller raised
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _pump(
    pool: ProcessPoolExecutor, function: Callable[[Job], Result], jobs: Sequence[Job], ahead: int
) -> Iterator[Result]:
    """Keep ``ahead`` jobs in the pool and yield what is finished."""
    todo = iter(jobs)
    with _interrupts_kept_back():
        running: set[Future[Result]] = {pool.submit(function, job) for job in islice(todo, ahead)}
    while running:
        done, running = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
        with _interrupts_kept_back():
            running |= {pool.submit(function, job) for job in islice(todo, len(done))}
        for future in done:
            yield future.result()


@contextmanager
def _interrupts_kept_back() -> Iterator[None]:
    """Keep Ctrl-C back, and for good from the processes that begin meanwhile.

    A terminal sends it to them, too, and they import for a second before they :func:`_attend`. Windows has no
    such mask.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _attend(stop: Event) -> None:
    """Leave Ctrl-C to the process that the person started; end with it, or soon after it says so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_end_soon_after, args=(stop,), daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it was killed: no job will come any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end_soon_after(stop: Event) -> None:
    """End this process, whatever its job is at, a little after ``stop``: what is written is written whole."""
    stop.wait()
    time.sleep(GRACE_SECONDS)
    os._exit(1)
