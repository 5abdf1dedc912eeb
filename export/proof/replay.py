"""Drive a step graph through given notes: its log-probabilities, its choices, its speed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from ...models.file.feed import Feed, first_feed
from ...models.file.manifest import Manifest
from ...models.file.memory import remember
from ...models.file.modelfile import session_options
from ...models.file.step import POSITION_STRIDE

Passage = dict[str, npt.NDArray[Any]]
TIMED_STEPS = 400


def session(model: bytes | str) -> ort.InferenceSession:
    """Open a model on the CPU as the bridge does: what is timed here is what it will take there."""
    return ort.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])


@dataclass
class Replay:
    """A host of the step contract in its plainest form: dictionaries, as many rows as ``begin`` made."""

    session: Any
    """An ``onnxruntime.InferenceSession``, or what has its ``get_outputs`` and ``run``."""
    manifest: Manifest
    _position: Any = field(default=None, init=False, repr=False)
    """Memory positions of the step before, a row each."""

    def begin(self, batch: int = 1) -> Feed:
        """Return the inputs of the first step of a batch."""
        return first_feed(self.manifest, batch)

    def step(self, feed: dict[str, Any], number: int) -> dict[str, Any]:
        """Run step ``number`` (from 1), then carry state and memory over in ``feed``; return the outputs."""
        names = [o.name for o in self.session.get_outputs()]
        out = dict(zip(names, self.session.run(None, feed), strict=True))
        for state in self.manifest.state:
            feed[state.name] = out[f"{state.name}_out"]
        if self.manifest.memory is not None:
            self._remember(feed, out, number)
        return out

    def _remember(self, feed: dict[str, Any], out: dict[str, Any], number: int) -> None:
        """Write what the step handed out into the memory of ``feed``."""
        keys, values, positions = (feed[f"memory_{name}"] for name in ("keys", "values", "positions"))
        own = (out["key"], out["value"], self._position)
        remember((keys, values, positions), slice(None), number - 1, *own)
        self._position = feed["clock"][:, 0] * POSITION_STRIDE + feed["clock"][:, 1]

    def log_probs(self, passage: Passage) -> npt.NDArray[np.float32]:
        """Return the log-probability of each target field of one passage, (step, field)."""
        return self._replayed(passage, np.zeros_like(passage["weight"]))

    def nats(self, passage: Passage) -> npt.NDArray[np.float32]:
        """Return the weighted loss of each target field of one passage, (step, field), in nats.

        Where the music was cut off, a target's code stands for itself and every code after it, as in
        :func:`antiphon.train.fit.loss.nats`.
        """
        censored = passage.get("censored", np.zeros_like(passage["weight"]))
        return np.asarray(-self._replayed(passage, censored) * passage["weight"])

    def _replayed(self, passage: Passage, censored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Step through a passage; return each target's log-probability, or that of it and all codes after it.

        Args:
            passage: the notes.
            censored: 1 where the codes after a target count too, (step, field).
        """
        feed = self.begin()
        found = []
        for t in range(len(passage["note"])):
            for name in ("note", "clock"):
                feed[name] = passage[name][t : t + 1]
            if self.manifest.conditions:
                feed["conditions"] = passage["conditions"][t : t + 1, : len(self.manifest.conditions)]
            feed["forced"] = passage["target"][t : t + 1]
            cut = map(int, np.flatnonzero(censored[t]))
            beyond = {column: self._or_later(feed, column) for column in cut}
            row = self.step(feed, t + 1)["log_prob"][0].copy()
            row[list(beyond)] = list(beyond.values())
            found.append(row)
        return np.array(found)

    def _or_later(self, feed: dict[str, Any], column: int) -> float:
        """Return the log-probability of a field's forced code and those after it: a row of the batch each."""
        first, last = int(feed["forced"][0, column]), self.manifest.codec.fields[column].size
        codes = np.arange(first, last, dtype=np.int32)
        rows = {name: np.repeat(array, len(codes), axis=0) for name, array in feed.items()}
        rows["forced"][:, column] = codes
        (log_prob,) = self.session.run(["log_prob"], rows)
        return float(np.logaddexp.reduce(log_prob[:, column]))

    def microseconds(self, batch: int) -> float:
        """Return the median time of one step with a full memory, inputs and outputs bound in place."""
        feed = self.begin(batch)
        feed["note"][:] = 0
        feed["clock"][:] = (40, 12, 96)
        if self.manifest.memory is not None:
            positions = feed["memory_positions"]
            positions[:, 1:] = np.arange(positions.shape[1] - 1) * 100
        binding = self.session.io_binding()
        for name, array in feed.items():
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array)))
        for output in self.session.get_outputs():
            binding.bind_output(output.name, "cpu")
        times = []
        for _ in range(TIMED_STEPS):
            began = time.perf_counter_ns()
            self.session.run_with_iobinding(binding)
            times.append(time.perf_counter_ns() - began)
        return float(np.median(times)) / 1000


def nats_a_note(replay: Replay, passages: list[Passage]) -> npt.NDArray[np.float64]:
    """Return the held-out loss of some whole pieces by field, as training counts it."""
    total, notes = np.zeros(len(replay.manifest.codec.fields)), 0.0
    for passage in passages:
        total += replay.nats(passage).sum(axis=0)
        notes += float(passage["counted"].sum())
    return np.asarray(total / max(notes, 1.0))
