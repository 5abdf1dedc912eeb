"""The models that a client has loaded, and which one it plays meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ...models.errors import AntiphonError, RequestError
from ..interfaces import House
from ..protocol.arguments import shortened
from ..protocol.options import OptionValue

log = logging.getLogger("antiphon.session")


@dataclass(frozen=True, eq=False)
class _Asked:
    """A model that the client has asked for, each time anew; None where the bridge was to choose."""

    model: OptionValue | None


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
        self._asked: list[_Asked] = []
        """The models being loaded, in the order in which they were asked for, after the one played before."""
        self._closed = ""
        """Why nothing more is loaded."""

    def load(self, name: str) -> None:
        """Load a model; raises RequestError ``unknown_model`` or ``busy``."""
        name = self._house.models.info(name).name  # an unknown one is told at once
        asked = _Asked(name)
        with self.lock:
            former = self._settings.get("model")
            if not self._asked or self._asked[-1].model != former:  # it was set since: no load changes that
                self._asked = [_Asked(former)]
            self._asked.append(asked)
            # At once, so that what the client sends next finds it, and a model set after it is not set back.
            self._settings["model"] = name
        release = self._hold()  # a sync waits for the reply

        def work() -> None:
            try:
                self._work(name, asked)
            finally:
                release()

        try:
            self._house.background(work)
        except RequestError:
            self._give_way(asked)
            release()
            raise

    def begin_anew(self) -> None:
        """Forget what a program wanted that had the client's port before."""
        with self.lock:
            self._settings.clear()
            self._asked.clear()

    def close(self, reason: str) -> None:
        """Load nothing more; what waits is refused when its turn comes."""
        self._closed = reason

    def _work(self, name: str, asked: _Asked) -> None:
        """Load a model and say how it went."""
        try:
            if self._closed:
                raise RequestError("cancelled", self._closed)
            self._house.models.load(name)
        except AntiphonError as error:
            self._refuse(asked, getattr(error, "code", "model_error"), shortened(str(error)))
        except Exception:  # nobody else would tell the client
            log.exception("model %s could not be loaded", name)
            self._refuse(asked, "model_error", "the bridge made a mistake; its log says more")
        else:
            with self.lock:
                if asked in self._asked:  # what was played before it is never gone back to
                    del self._asked[: self._asked.index(asked)]
            self._reply("/antiphon/loaded", name)

    def _refuse(self, asked: _Asked, code: str, text: str) -> None:
        self._give_way(asked)
        self._reply("/antiphon/fail", "/antiphon/load", code, text)

    def _give_way(self, asked: _Asked) -> None:
        """Let the client play what it did before, unless it has asked for another model since."""
        with self.lock:
            if asked not in self._asked:
                return
            is_last = asked is self._asked[-1]
            self._asked.remove(asked)
            if is_last and self._settings.get("model") == asked.model:
                former = self._asked[-1].model
                if former is None:
                    del self._settings["model"]
                else:
                    self._settings["model"] = former
