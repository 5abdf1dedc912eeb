"""Programs as their users start them, line by line, for tests across processes."""

from __future__ import annotations

import queue
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

PATIENCE_SECONDS = 60.0
"""How long a line may take: far more than it does, for machines that are busy."""


class Program:
    """A program that runs, and the lines it writes; standard error and output as one.

    Args:
        words: the program and its arguments.
    """

    def __init__(self, words: Sequence[str | Path]) -> None:
        self.lines: list[str] = []
        """All lines so far."""
        self._name = str(words[0])
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for a line that holds ``pattern``; fail the test where the program ends before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self._name} did not write {pattern!r} but {self.lines}") from None
            if line is None:
                raise AssertionError(f"{self._name} ended without {pattern!r}: {self.lines}")
            if found := re.search(pattern, line):
                return found

    def ended(self) -> int:
        """Wait for the program's end; return its exit status."""
        status = self._process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                self._queue.put(self.lines[-1])
        self._queue.put(None)


class Bridge(Program):
    """`antiphon serve`, ready to answer."""

    def __init__(self, *words: str | Path) -> None:
        super().__init__([antiphon(), "serve", "--port", "0", *words])
        try:
            self.port = int(self.until(r"listens on \S+:(\d+) \(UDP\)")[1])
            self.until("Ctrl-C ends it")
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def tip(self, name: str) -> str:
        """Return what the greeting says to do with a client."""
        found = [line.split(name, 1)[1].strip() for line in self.lines if line.strip().startswith(name)]
        assert len(found) == 1, f"no line for {name!r} in {self.lines}"
        return found[0]


def antiphon() -> Path:
    """Return the installed command."""
    name = "antiphon.exe" if sys.platform == "win32" else "antiphon"
    return Path(sysconfig.get_path("scripts")) / name


def free_port() -> int:
    """Return a UDP port that nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
