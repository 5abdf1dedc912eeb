"""The models that a client has loaded, and which one it plays meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ...models.errors import AntiphonError, RequestError
from ..interfaces import House
from ..protocol.arguments import shortened
from ..protocol.options import OptionValue

log = logging.getLogger("antiphon.session")


class Loads:
    """Loads models in the background, for one client.

    Args:
        settings: the client's. A model is the one it plays as soon as it is asked for, and gives way to the
            one before where it cannot be loaded.
        house: what all sessions share.
        hold: lets syncs wait until what it returns is called.
        reply: sends a reply, an address and its arguments.
    """

    def __init__(
        self,
        settings: dict[str, OptionValue],
        house: House,
        hold: Callable[[], Callable[[], None]],
        reply: Callable[..., None],
    ) -> None:
        self._settings = settings
        self._house = house
        self._hold = hold
        self._reply = reply
        self.lock = threading.Lock()
        """Held by whoever changes the settings: a load that fails does so on another thread than messages."""
        self._formers: dict[str, OptionValue | None] = {}
        """The model that each one being loaded follows."""
        self._closed = ""
        """Why nothing more is loaded."""

    def load(self, name: str) -> None:
        """Load a model; raises RequestError ``unknown_model`` or ``busy``."""
        name = self._house.models.info(name).name  # an unknown one is told at once
        with self.lock:
            former, is_loading = self._settings.get("model"), name in self._formers
            self._formers.setdefault(name, former)
            # At once, so that what the client sends next finds it, and a model set after it is not set back.
            self._settings["model"] = name
        release = self._hold()  # a sync waits for the reply

        def work() -> None:
            try:
                self._work(name)
            finally:
                release()

        try:
            self._house.background(work)
        except RequestError:
            if is_loading:  # what it gives way to is for the one that waits already
                with self.lock:
                    self._set_back(name, former)
            else:
                self._give_way(name)
            release()
            raise

    def begin_anew(self) -> None:
        """Forget what a program wanted that had the client's port before."""
        with self.lock:
            self._settings.clear()
            self._formers.clear()

    def close(self, reason: str) -> None:
        """Load nothing more; what waits is refused when its turn comes."""
        self._closed = reason

    def _work(self, name: str) -> None:
        """Load a model and say how it went."""
        try:
            if self._closed:
                raise RequestError("cancelled", self._closed)
            self._house.models.load(name)
        except AntiphonError as error:
            self._refuse(name, getattr(error, "code", "model_error"), shortened(str(error)))
        except Exception:  # nobody else would tell the client
            log.exception("model %s could not be loaded", name)
            self._refuse(name, "model_error", "the bridge made a mistake; its log says more")
        else:
            with self.lock:
                self._formers.pop(name, None)
            self._reply("/antiphon/loaded", name)

    def _refuse(self, name: str, code: str, text: str) -> None:
        self._give_way(name)
        self._reply("/antiphon/fail", "/antiphon/load", code, text)

    def _give_way(self, name: str) -> None:
        """Let the client play what it did before."""
        with self.lock:
            former = self._formers.pop(name, None)
            self._formers |= {other: former for other, before in self._formers.items() if before == name}
            self._set_back(name, former)

    def _set_back(self, name: str, former: OptionValue | None) -> None:
        """Let a model be the client's again where ``name`` has followed it; the lock is held."""
        if self._settings.get("model") == name:
            if former is None:
                del self._settings["model"]
            else:
                self._settings["model"] = former
