"""A host of the step contract in its plainest form: one row, dictionaries, nothing clever.

The tests compare the bridge with it. Its memory holds every step as a list, cut to the last ones that
the manifest allows, where the bridge keeps a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from antiphon.models.file.manifest import Manifest


class PlainHost:
    """Steps one row."""

    def __init__(self, session: Any, manifest: Manifest) -> None:
        self.session, self.manifest = session, manifest
        self.names = [o.name for o in session.get_outputs()]
        self.state = {s.name: np.full((1, *s.shape), s.initial, s.dtype) for s in manifest.state}
        self.steps: list[dict[str, Any]] = []
        """Key, value (once known) and position of every step so far."""

    def step(
        self,
        note: Sequence[int],
        clock: Sequence[int],
        conditions: Sequence[int],
        *,
        forced: Sequence[int] | None = None,
        masks: dict[str, Any] | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        uniform: Any = None,
    ) -> dict[str, Any]:
        """Run a step; return its outputs."""
        fields = self.manifest.codec.fields
        feed: dict[str, Any] = {
            "note": np.array([note], np.int32),
            "clock": np.array([clock], np.int32),
            "conditions": np.array([conditions], np.int32),
            "forced": np.array([forced if forced is not None else [-1] * len(fields)], np.int32),
            "temperature": np.array([[temperature]], np.float32),
            "top_p": np.array([[top_p]], np.float32),
            "uniform": np.array([uniform if uniform is not None else [0.5] * len(fields)], np.float32),
            **self.state,
        }
        for f in fields:
            mask = (masks or {}).get(f.name)
            feed[f"mask_{f.name}"] = np.zeros((1, f.size), np.float32) if mask is None else mask[None]
        if self.manifest.memory is not None:
            feed |= self._memory()
        out = dict(zip(self.names, self.session.run(None, feed), strict=True))
        self.state = {name: out[f"{name}_out"] for name in self.state}
        if self.manifest.memory is not None:
            if self.steps:
                self.steps[-1]["value"] = out["value"][0]
            self.steps.append({"key": out["key"][0], "position": clock[0] * 1024 + clock[1]})
            self.steps = self.steps[-self.manifest.memory.length :]
        return out

    def _memory(self) -> dict[str, Any]:
        """Return the memory inputs: the null row, then every step whose value is known."""
        memory = self.manifest.memory
        assert memory is not None
        slots = memory.length + 1
        keys = np.zeros((1, memory.heads, memory.key_size, slots), np.float32)
        values = np.zeros((1, memory.heads, slots, memory.value_size), np.float32)
        positions = np.full((1, slots), 1e9, np.float32)
        positions[0, 0] = -1e7
        for slot, step in enumerate((s for s in self.steps if "value" in s), start=1):
            keys[0, :, :, slot] = step["key"]
            values[0, :, slot] = step["value"]
            positions[0, slot] = step["position"]
        return {"memory_keys": keys, "memory_values": values, "memory_positions": positions}

    def sample(
        self, count: int, draws: Callable[[], Any], clock: Sequence[int] = (0, 0, 96)
    ) -> list[list[int]]:
        """Return the codes of ``count`` notes chosen freely, END masked."""
        codec = self.manifest.codec
        ends = np.zeros(codec["delta"].size, np.float32)
        ends[codec.end] = -1e9
        note, now, found = codec.begin().tolist(), list(clock), []
        for _ in range(count):
            out = self.step(note, now, (1, 0), masks={"delta": ends}, uniform=draws())
            note, now = out["chosen"][0].tolist(), out["clock_out"][0].tolist()
            found.append(note)
        return found
