"""The models a bridge can play: the shipped ones and a user's folders."""

from __future__ import annotations

import difflib
import importlib.resources
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.errors import ModelFileError, RequestError
from ...models.file.manifest import Manifest
from ...models.file.modelfile import ModelFile, ModelInfo, list_models
from .batching import probe
from .provider import Providers
from .stepper import Batching

log = logging.getLogger("antiphon.engine")
FIRST_CHOICE = "folk"
_Stamp = tuple[Path, int, int]
_Read = dict[_Stamp, ModelInfo | str]
"""What files said of themselves, or what is wrong with them: to read a hundred takes 40 ms, and they are
looked at often. No errors: one that is raised again and again keeps what was known each time."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run."""

    info: ModelInfo
    session: Any
    """onnxruntime.InferenceSession, for any number of threads."""
    batching: Batching

    @property
    def manifest(self) -> Manifest:
        """What the file says of itself."""
        return self.info.manifest


def _stamp(path: Path) -> _Stamp | None:
    """Return what tells whether a file is still the same; None for one that is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_mtime_ns, found.st_size


def shipped_folder() -> Path | None:
    """Return the folder of the models that ship, None where the package is not unpacked on disk."""
    folder = importlib.resources.files("antiphon.models")
    return next((Path(str(p)).parent for p in folder.iterdir() if p.name.endswith(".onnx")), None)


class ModelShelf:
    """Knows all models, loads each on first use. Thread-safe.

    Args:
        folders: a user's folders; a model there hides a shipped one of the same name.
        default: the model of requests that name none; by default ``folk``, else the first by name.
        shipped: whether the shipped models stand on the shelf.
        provider_level: at which the log says what runs the models.

    Raises ConfigError where the user has chosen a provider that there is not.
    """

    def __init__(
        self,
        folders: Iterable[Path | str] = (),
        *,
        default: str | None = None,
        shipped: bool = True,
        provider_level: int = logging.DEBUG,
    ) -> None:
        self._folders = [Path(folder) for folder in folders]
        own = shipped_folder() if shipped else None
        if own is not None:
            self._folders.append(own)
        self._wanted = default
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._infos: dict[str, ModelInfo] = {}
        self._loaded: dict[str, LoadedModel] = {}
        self._stamps: dict[str, _Stamp | None] = {}
        """Of the files of loaded models."""
        self._complained: set[str] = set()
        self._read: _Read = {}
        self.providers = Providers(provider_level)
        self.refresh()

    def refresh(self) -> list[ModelInfo]:
        """Look at the folders again; return the models that were not there before.

        A file that is no model is logged once. A loaded model stays as it is; that its file has changed is
        logged, too.
        """
        read: _Read = {}
        models, errors = list_models(self._folders, lambda path: self._known(path, read))
        self._read = read  # less what was there before and is gone
        found: dict[str, ModelInfo] = {}
        for info in models:
            if info.name in found:
                self._complain(f"{info.path}: hidden by {found[info.name].path}, which has the same name")
            found.setdefault(info.name, info)
        for error in errors:
            self._complain(str(error))
        with self._lock:
            stamps = dict(self._stamps)
        for name in stamps.keys() & found.keys():
            path = found[name].path
            if _stamp(path) != stamps[name]:
                self._complain(
                    f"{path}: has changed since model {name} was loaded; start the bridge again to play it"
                )
        with self._lock:
            added = [info for name, info in found.items() if name not in self._infos]
            self._infos = {**found, **{name: model.info for name, model in self._loaded.items()}}
        return added

    def _known(self, path: Path, read: _Read) -> ModelInfo:
        """Return what a file says of itself, read anew only where it has changed; raises ModelFileError.

        It is added to ``read``.
        """
        stamp = _stamp(path)
        if stamp is None:
            return ModelInfo.read(path)  # which says what is wrong
        said = self._read.get(stamp)
        if said is None:
            try:
                said = ModelInfo.read(path)
            except ModelFileError as error:
                said = str(error)
        read[stamp] = said
        if isinstance(said, str):
            raise ModelFileError(said)
        return said

    def _complain(self, text: str) -> None:
        if text not in self._complained:
            self._complained.add(text)
            log.warning("%s", text)

    def models(self) -> list[ModelInfo]:
        """Return all models, by name."""
        with self._lock:
            return [self._infos[name] for name in sorted(self._infos)]

    @property
    def default(self) -> str:
        """The model of requests that name none; raises RequestError where there is no model at all."""
        with self._lock:
            names = sorted(self._infos)
        if self._wanted is not None:
            return self._wanted
        if not names:
            raise RequestError("unknown_model", "there is no model: put .onnx files into the models folder")
        return FIRST_CHOICE if FIRST_CHOICE in names else names[0]

    def info(self, name: str = "") -> ModelInfo:
        """Return what is known of a model ("" means the default); raises RequestError(unknown_model)."""
        name = name or self.default
        with self._lock:
            found = self._infos.get(name)
        if found is not None:
            return found
        names = [info.name for info in self.models()]
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}"
        raise RequestError("unknown_model", f"no model {name!r}; {hint}")

    def manifest(self, name: str) -> Manifest:
        """Return what a model says of itself; raises RequestError(unknown_model)."""
        return self.info(name).manifest

    def is_loaded(self, name: str) -> bool:
        """Return whether a model is loaded."""
        with self._lock:
            return name in self._loaded

    def load(self, name: str) -> None:
        """Load a model ahead of its first use; raises RequestError as :meth:`get` does."""
        self.get(name)

    def get(self, name: str = "") -> LoadedModel:
        """Return a model ready to run, loading it if need be (about 50 ms).

        Raises RequestError: unknown_model, or model_error for a file that is broken.
        """
        info = self.info(name)
        with self._lock:
            loading = self._loading.setdefault(info.name, threading.Lock())
        with loading:
            with self._lock:
                found = self._loaded.get(info.name)
            if found is not None:
                return found
            try:
                stamp = _stamp(info.path)
                file = ModelFile.load(info.path)
                if file.info.name != info.name:
                    raise ModelFileError(f"{info.path}: holds model {file.info.name} now, not {info.name}")
                session = self.providers.session(file)
                model = LoadedModel(file.info, session, probe(session, file.manifest))
            except ModelFileError as error:
                where = "" if str(info.path) in str(error) else f"{info.path}: "
                raise RequestError("model_error", f"{where}{error}") from error
            log.debug("loaded %s: %s", info.path, model.batching)
            with self._lock:
                self._loaded[info.name] = model
                self._stamps[info.name] = stamp
                self._infos[info.name] = model.info  # the file may have been replaced since it was listed
            return model
