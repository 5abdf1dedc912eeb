"""A model file: an ONNX step graph whose metadata say what it is."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from ..refusal import first_line
from .manifest import METADATA_KEY, Manifest
from .onnxdata import check_whole
from .onnxmeta import read_metadata
from .read import read_manifest
from .step import Port, inputs, outputs

LARGEST_MODEL = 512 << 20
"""Bytes of the largest file that is opened."""
CPU = ("CPUExecutionProvider",)


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model file without loading it."""

    path: Path
    manifest: Manifest
    size: int
    """Bytes."""

    @property
    def name(self) -> str:
        """What requests call the model."""
        return self.manifest.name

    @property
    def megabytes(self) -> float:
        """The file's size."""
        return self.size / 1e6

    @classmethod
    def read(cls, path: Path | str) -> ModelInfo:
        """Read a file's manifest, in about a millisecond; raises ModelFileError that says what is wrong."""
        path = Path(path)
        size = _size(path)
        text = read_metadata(path, METADATA_KEY)
        if text is None:
            raise ModelFileError(
                f"{path}: an ONNX file, but not an Antiphon model (no metadata key {METADATA_KEY!r})"
            )
        try:
            return cls(path, read_manifest(text), size)
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from error
        except Exception as error:  # a manifest that nobody has thought of concerns its own file alone
            reason = f"{type(error).__name__}: {error!s:.300}"
            raise ModelFileError(f"{path}: its manifest cannot be read: {reason}") from error


def _size(path: Path) -> int:
    """Return a file's bytes; raises ModelFileError for what is no file, or too large, before it is opened."""
    try:
        found = path.stat()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for its other end
        raise ModelFileError(f"{path}: cannot be read: it is a folder, pipe or device, no file: move it away")
    if found.st_size > LARGEST_MODEL:
        size, most = found.st_size >> 20, LARGEST_MODEL >> 20
        raise ModelFileError(f"{path}: {size} MB, more than the {most} MB allowed")
    return found.st_size


@dataclass(frozen=True)
class ModelFile:
    """A model file that was opened and found to keep its manifest's word."""

    info: ModelInfo
    session: Any
    """onnxruntime.InferenceSession; may be run from several threads at once."""

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.info.path

    @property
    def manifest(self) -> Manifest:
        """What the file says of itself."""
        return self.info.manifest

    @classmethod
    def load(cls, path: Path | str) -> ModelFile:
        """Open a model on one CPU thread and check it; raises ModelFileError that says what is wrong."""
        info = ModelInfo.read(path)
        check_whole(info.path)
        session = open_session(info.path)
        try:
            check_graph(session, info.manifest)
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from error
        return cls(info, session)


def runtime() -> Any:
    """Return the module of ONNX Runtime; raises ModelFileError where it is missing or broken.

    It is broken on a Windows that lacks Microsoft's C++ runtime, or has an old one.
    """
    try:
        import onnxruntime as ort

        ort.InferenceSession  # noqa: B018 - of what is half installed Python makes an empty package
    except (ImportError, AttributeError) as error:
        raise ModelFileError(
            f"ONNX Runtime cannot be used ({error}); `antiphon doctor` says what to do"
        ) from error
    return ort


def session_options() -> Any:
    """Return how ONNX Runtime is to run a step: on one thread, without spinning.

    One thread a session: two spin and cost milliseconds at the 99th percentile, and a step is too small
    to share. Callers run several sessions' steps at once from threads of their own.
    """
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # A step's tensors are many and small. To let later ones take earlier ones' place saves no memory that
    # shows and costs up to 6 % of its time (tests/benchmarks/step.py).
    options.enable_mem_reuse = False
    options.log_severity_level = 4  # what matters is raised; the rest is noise on the user's terminal
    return options


def open_session(path: Path, providers: Sequence[str] = CPU) -> Any:
    """Open a file in ONNX Runtime (see session_options); raises ModelFileError when it refuses."""
    ort = runtime()
    # Where there is one provider only, falling back means failing twice, the first time on standard output.
    falls_back = int(len(providers) > 1)
    try:
        return ort.InferenceSession(
            str(path), session_options(), providers=list(providers), enable_fallback=falls_back
        )
    except Exception as error:  # ONNX Runtime's errors share no base below Exception
        raise ModelFileError(f"{path}: ONNX Runtime cannot open it: {first_line(error)}") from error


def check_graph(session: Any, manifest: Manifest) -> None:
    """Compare a graph's inputs and outputs with what its manifest promises; raises ModelFileError."""
    _check_ports("input", session.get_inputs(), inputs(manifest))
    _check_ports("output", session.get_outputs(), outputs(manifest))


def _check_ports(kind: str, found: Iterable[Any], wanted: Sequence[Port]) -> None:
    by_name = {value.name: value for value in found}
    missing = [port.name for port in wanted if port.name not in by_name]
    extra = sorted(by_name.keys() - {port.name for port in wanted})
    if missing or extra:
        wrong = [f"{name} is missing" for name in missing] + [f"{name} is not wanted" for name in extra]
        raise ModelFileError(f"the graph contradicts its manifest: {kind} {', '.join(wrong)}")
    for port in wanted:
        value = by_name[port.name]
        dtype = {"tensor(int32)": "int32", "tensor(float)": "float32"}.get(value.type, value.type)
        if dtype != port.dtype:
            raise ModelFileError(
                f"the graph contradicts its manifest: {kind} {port.name} is {dtype}, not {port.dtype}"
            )
        if not _shape_fits(value.shape, port.shape):
            raise ModelFileError(
                f"the graph contradicts its manifest: {kind} {port.name} has shape {_text(value.shape)}, "
                f"the manifest means {_text(port.shape)}"
            )


def _shape_fits(found: Sequence[int | str | None], wanted: Sequence[int | str]) -> bool:
    """Return whether sizes agree: a number means itself, a name any size."""
    if len(found) != len(wanted):
        return False
    pairs = zip(found, wanted, strict=True)
    return all(a == b if isinstance(b, int) else not isinstance(a, int) for a, b in pairs)


def _text(shape: Sequence[int | str | None]) -> str:
    return "(" + ", ".join(str(size or "?") for size in shape) + ")"


def list_models(
    folders: Iterable[Path | str], read: Callable[[Path], ModelInfo] = ModelInfo.read
) -> tuple[list[ModelInfo], list[ModelFileError]]:
    """Return the models in folders, by folder and name, and what is wrong with the other .onnx files.

    Args:
        folders: one that does not exist holds nothing.
        read: returns what a file says of itself, or raises ModelFileError.
    """
    models: list[ModelInfo] = []
    errors: list[ModelFileError] = []
    for folder in folders:
        for path in sorted(Path(folder).glob("*.onnx")):
            try:
                models.append(read(path))
            except ModelFileError as error:
                errors.append(error)
    return models, errors
