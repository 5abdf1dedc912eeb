"""Programs as their users start them, line by line, for tests across processes."""

from __future__ import annotations

import itertools
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE_SECONDS = 60.0
"""How long a line may take: far more than it does, for machines that are busy."""


class Program:
    """A program that runs, and the lines it writes; standard error and output as one.

    Args:
        words: the program and its arguments.
        environment: variables beside those of this process.
    """

    def __init__(self, words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
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
            env={**os.environ, **(environment or {})},
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
        found = self.has(pattern, PATIENCE_SECONDS)
        assert found, f"{self._name} did not write {pattern!r} but {self.lines}"
        return found

    def has(self, pattern: str, seconds: float) -> re.Match[str] | None:
        """Wait for a line that holds ``pattern``, at most ``seconds``; each line is looked at once."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            assert line is not None, f"{self._name} ended without {pattern!r}: {self.lines}"
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

    def tip(self, name: str) -> list[str]:
        """Return the lines in which the greeting says what to do with a client."""
        at = next((i for i, line in enumerate(self.lines) if line.startswith(f"  {name}  ")), None)
        assert at is not None, f"no line for {name!r} in {self.lines}"
        more = itertools.takewhile(lambda line: line.startswith(" " * 17), self.lines[at + 1 :])
        return [line[17:] for line in (self.lines[at], *more)]


def antiphon() -> Path:
    """Return the installed command."""
    name = "antiphon.exe" if sys.platform == "win32" else "antiphon"
    return Path(sysconfig.get_path("scripts")) / name


def is_free(port: int) -> bool:
    """Return whether nobody has a UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a UDP port that nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
