"""Which of ONNX Runtime's providers runs a model: CUDA where it works and is faster, else the CPU."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from ...models.errors import ConfigError, ModelFileError
from ...models.file.modelfile import CPU, ModelFile, open_session
from ...models.silence import silence
from .stepper import Stepper

log = logging.getLogger("antiphon.engine")
CUDA = "CUDAExecutionProvider"
ENVIRONMENT = "ANTIPHON_PROVIDER"
"""The variable that is set to one of WISHES to choose without looking."""
WISHES = ("cpu", "cuda")
_TRIED_STEPS = 40
# What onnxruntime-gpu's CUDA provider links to. Asking for the provider without them prints a load error.
_LIBRARIES: dict[str, tuple[str, ...]] = {
    "linux": ("libcuda.so.1", "libcublasLt.so.{cuda}", "libcudart.so.{cuda}", "libcudnn.so.9"),
    "win32": ("nvcuda.dll", "cublasLt64_{cuda}.dll", "cudart64_{cuda}.dll", "cudnn64_9.dll"),
}
_CUDA_VERSIONS = ("13", "12")


@dataclass(frozen=True)
class Choice:
    """A provider and why it was chosen."""

    provider: str
    reason: str


class Providers:
    """Chooses a provider once, with the first model, and opens sessions with it. Thread-safe."""

    def __init__(self, level: int = logging.DEBUG) -> None:
        """Choose nothing yet.

        Args:
            level: at which the choice is logged. Who runs a bridge wants to know it; who runs a command for
                once may take it for an error.

        Raises ConfigError as :func:`wished` does.
        """
        wished()  # who has misspelt it hears of it before anything is played
        self._level = level
        self._lock = threading.Lock()
        self.choice: Choice | None = None

    def session(self, file: ModelFile) -> Any:
        """Return a session of ``file`` with the provider chosen; says which once in the log."""
        with self._lock:
            if self.choice is None:
                self.choice = choose(file)
                log.log(
                    self._level,
                    "models run on %s: %s",
                    self.choice.provider.removesuffix("ExecutionProvider"),
                    self.choice.reason,
                )
            if self.choice.provider != CUDA:
                return file.session
        return cuda_session(file) or file.session


def wished() -> str:
    """Return which of WISHES the user has chosen, "" for none; raises ConfigError for anything else."""
    wish = os.environ.get(ENVIRONMENT, "").lower()
    if wish and wish not in WISHES:
        raise ConfigError(f"{ENVIRONMENT}={wish:.80} must be {' or '.join(WISHES)}, or not be set")
    return wish


def choose(file: ModelFile) -> Choice:
    """Look for CUDA and, where it works, time a step of ``file`` with both; raises ConfigError."""
    wish = wished()
    if wish == "cpu":
        return Choice(CPU[0], f"{ENVIRONMENT}=cpu")
    missing = cuda_missing()
    if missing:
        return Choice(CPU[0], missing)
    session = cuda_session(file)
    if session is None:
        return Choice(CPU[0], "CUDA is installed, but does not start")
    if wish == "cuda":
        return Choice(CUDA, f"{ENVIRONMENT}=cuda")
    cpu, cuda = step_seconds(file.session, file), step_seconds(session, file)
    times = f"a step takes {cpu * 1e6:.0f} µs on the CPU and {cuda * 1e6:.0f} µs on CUDA"
    return Choice(CUDA if cuda < cpu else CPU[0], times)


def cuda_missing() -> str:
    """Return why CUDA cannot be asked for, "" when nothing speaks against it."""
    import onnxruntime as ort

    if CUDA not in ort.get_available_providers():
        return "this ONNX Runtime has no CUDA provider"
    names = _LIBRARIES.get(sys.platform)
    if names is None:
        return f"CUDA is not looked for on {sys.platform}"
    if importlib.util.find_spec("nvidia") is not None:  # NVIDIA's Python packages bring the libraries
        with contextlib.suppress(AttributeError, OSError, RuntimeError), silence():
            ort.preload_dlls()  # prints what it misses
    for version in _CUDA_VERSIONS:
        absent = [n for n in (name.format(cuda=version) for name in names) if not _loads(n)]
        if not absent:
            return ""
        if absent[0] == names[0]:
            return "no NVIDIA driver"
    return f"no CUDA libraries ({absent[0]})"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def cuda_session(file: ModelFile) -> Any | None:
    """Return a CUDA session of ``file``, or None when ONNX Runtime falls back or fails."""
    with silence(), contextlib.suppress(ModelFileError):
        session = open_session(file.path, (CUDA, *CPU))
        return session if session.get_providers()[0] == CUDA else None
    return None


def step_seconds(session: Any, file: ModelFile) -> float:
    """Return the median time of a step of one row; infinite when it fails."""
    stepper = Stepper(session, file.manifest)
    stepper.add()
    times = []
    try:
        for _ in range(_TRIED_STEPS):
            began = time.perf_counter()
            stepper.step()
            times.append(time.perf_counter() - began)
    except Exception as error:  # a provider that starts and then fails is no choice, whatever it raises
        log.debug("a timed step failed: %s", error)
        return float("inf")
    return median(times)
