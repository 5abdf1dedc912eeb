"""Work for several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest
from antiphon.train.dataset import workers
from antiphon.train.dataset.workers import run_jobs


def note_and_wait(folder: Path) -> None:
    """Leave the process's number in a folder, and stay."""
    (folder / f"{os.getpid()}.part").touch()
    (folder / f"{os.getpid()}.part").rename(folder / str(os.getpid()))
    time.sleep(600)


PARENT = """
import sys
from pathlib import Path
from antiphon.train.dataset.workers import run_jobs
from {module} import note_and_wait
if __name__ == "__main__":
    list(run_jobs(note_and_wait, [Path(sys.argv[1])] * 2, 2))
"""


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether a process lives; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_jobs_are_done_by_several_processes() -> None:
    assert sorted(run_jobs(abs, range(-4, 1), 2)) == [0, 1, 2, 3, 4]


class Pool:
    """Has one job, which ends after the third look at it."""

    def __init__(self) -> None:
        self.limits: list[float | None] = []
        self.job: Future[int] = Future()

    def submit(self, function: Callable[[int], int], job: int) -> Future[int]:
        return self.job

    def wait(
        self, running: set[Future[int]], timeout: float | None = None, return_when: str = ""
    ) -> tuple[set[Future[int]], set[Future[int]]]:
        self.limits.append(timeout)
        if len(self.limits) < 3:
            return set(), running
        self.job.set_result(7)
        return running, set()


def test_no_wait_is_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a one Ctrl-C does not end on Windows."""
    pool = Pool()
    monkeypatch.setattr(workers, "wait", pool.wait)
    assert list(workers._pump(pool, abs, [-7], 8)) == [7]  # type: ignore[arg-type]
    assert len(pool.limits) == 3
    assert all(limit is not None and limit <= 0.5 for limit in pool.limits)


def test_there_are_no_more_processes_than_windows_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """concurrent.futures refuses more than 61 there; big workstations have 64 and more processors."""
    monkeypatch.setattr("concurrent.futures.process.sys.platform", "win32")
    monkeypatch.setattr(os, "cpu_count", lambda: 128)
    asked: list[int] = []

    def make(processes: int, **kwargs: object) -> None:
        asked.append(processes)
        ProcessPoolExecutor(processes).shutdown()
        raise LookupError

    monkeypatch.setattr(workers, "ProcessPoolExecutor", make)
    with pytest.raises(LookupError):
        list(run_jobs(abs, range(1000)))
    assert asked == [61]


def started(tmp_path: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """Start a process with two jobs that never end; return it and its workers' numbers."""
    folder, script = tmp_path / "running", tmp_path / "parent.py"
    folder.mkdir()
    (tmp_path / "jobs.py").write_text(Path(__file__).read_text())
    script.write_text(PARENT.format(module="jobs"))
    parent = subprocess.Popen([sys.executable, str(script), str(folder)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len([p for p in folder.iterdir() if p.name.isdigit()]) == 2)
    except BaseException:
        parent.kill()
        raise
    return parent, [int(p.name) for p in folder.iterdir() if p.name.isdigit()]


def assert_they_end(workers: list[int]) -> None:
    """Wait for processes to end; kill those that do not."""
    try:
        wait_until(lambda: not any(map(is_running, workers)), 20.0)
    finally:
        for worker in filter(is_running, workers):
            os.kill(worker, 9)


IN_PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")


@IN_PROC
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_waits_for_no_long_job(tmp_path: Path) -> None:
    parent, workers = started(tmp_path)
    try:
        parent.send_signal(signal.SIGINT)
        assert parent.wait(20.0) != 0
    finally:
        parent.kill()
        parent.wait()
    assert_they_end(workers)


BEGINNING = """
import sys, time
from pathlib import Path
from antiphon.train.dataset.workers import run_jobs
folder = Path(sys.argv[1])
if __name__ == "__main__":
    try:
        list(run_jobs(abs, range(8), 2))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
else:  # a process that begins, as slowly as the test wants
    (folder / "begun").touch()
    while not (folder / "interrupted").exists():
        time.sleep(0.01)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes that hear Ctrl-C")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_is_for_no_process_that_begins(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(BEGINNING)
    command = [sys.executable, str(script), str(tmp_path)]
    parent = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        wait_until((tmp_path / "begun").exists)
        os.killpg(parent.pid, signal.SIGINT)
        (tmp_path / "interrupted").touch()
        _, said = parent.communicate(timeout=60.0)
    finally:
        parent.kill()
        parent.wait()
    assert said == b"stopped\n"


@IN_PROC
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    parent, workers = started(tmp_path)
    parent.kill()
    parent.wait()
    assert_they_end(workers)
