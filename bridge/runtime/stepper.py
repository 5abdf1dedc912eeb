"""Rows of one model that step together: ONNX Runtime with every buffer bound in place.

A row is one sequence of notes in the making. All arrays are allocated once for MAX_ROWS rows, rows come
first, and so the first n rows of any of them are one stretch of memory that a binding can point to. What
a step writes and the next one reads (note, clock, state) has two buffers that swap roles: nothing is
copied, and what a step read is still there after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.file.feed import first_feed
from ...models.file.manifest import Manifest, Memory
from ...models.file.memory import empty_memory, remember
from ...models.file.step import NULL_POSITION, POSITION_STRIDE, UNUSED_POSITION, outputs

MAX_ROWS = 16
"""From here on a bigger batch hardly gains speed and makes every row in it slower."""
BUCKET = 64
"""Slots by which the attention memory grows."""
_EVEN = 512
"""Slots from which on it doubles instead."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Batching:
    """How rows of a model may share a run without changing each other's results (see batching.probe)."""

    least: int = 1
    """Rows a run has at least; missing ones are padding."""
    most: int = MAX_ROWS
    """Rows a run has at most."""
    whole_memory: bool = False
    """Whether the memory must have its full size from the start."""


@dataclass(frozen=True)
class Snapshot:
    """All that a row carries from one step to the next, copied out of its stepper."""

    state: dict[str, Array]
    """By tensor name, note and clock among them."""
    steps: int
    """Steps taken."""
    memory: tuple[Array, Array, Array] | None
    """Keys, values and positions, as far as they are used."""
    position: float
    """Position of the last step's note."""

    @property
    def bytes(self) -> int:
        """What it takes to keep."""
        return sum(array.nbytes for array in (*self.state.values(), *(self.memory or ())))


class Stepper:
    """Up to MAX_ROWS rows of one model.

    Between steps a caller writes a row's ``conditions``, ``forced``, ``masks[field]``, ``temperature``,
    ``top_p`` and ``uniform`` (all (row, ...)), and may overwrite its ``note`` and ``clock``. After a
    step those two hold what was chosen. Not thread-safe.
    """

    def __init__(self, session: Any, manifest: Manifest, batching: Batching | None = None) -> None:
        self.manifest = manifest
        self.batching = batching or Batching()
        self.rows = 0
        self._session = session
        self._phase = 0
        self._bindings: dict[tuple[int, int, int], Any] = {}
        """By rows, phase and slots."""
        # Lists: a row's numbers are read one by one, for which arrays take several times as long.
        self._steps = [0] * MAX_ROWS
        self._position = [0.0] * MAX_ROWS
        self._carried = {"note": "chosen", "clock": "clock_out"} | {
            s.name: f"{s.name}_out" for s in manifest.state
        }
        memory = manifest.memory
        self._sizes = (memory_sizes(memory) if memory else ())[-1 if self.batching.whole_memory else 0 :]
        self._memories: dict[int, tuple[Array, Array, Array]] = {}
        """Keys, values and positions, by slots."""
        self._slots = 0
        self._allocate()
        self._point_to_next()

    def _allocate(self) -> None:
        """Make every buffer; padding rows get harmless values."""
        first = first_feed(self.manifest, MAX_ROWS, BUCKET)
        made = {name: array for name, array in first.items() if not name.startswith("memory_")}
        self._first = {name: array[0].copy() for name, array in made.items()}
        # Inputs that callers write and no step does: one buffer each will do.
        self._given = [name for name in made if name not in self._carried]
        self._outputs = [port.name for port in outputs(self.manifest)]
        for port in outputs(self.manifest):
            sizes = [size for size in port.shape if isinstance(size, int)]
            made[port.name] = np.zeros((MAX_ROWS, *sizes), port.dtype)
        self._buffers = (made, {name: made[name].copy() for name in self._carried})
        # A text model has no conditions.
        self.conditions = made.get("conditions", np.zeros((MAX_ROWS, 0), np.int32))
        self.forced = made["forced"]
        self.temperature, self.top_p, self.uniform = made["temperature"], made["top_p"], made["uniform"]
        self.masks = {f.name: made[f"mask_{f.name}"] for f in self.manifest.codec.fields}
        self.log_prob = made["log_prob"]
        self._given_arrays = [made[name] for name in self._given]
        self._keys: Array
        self._values: Array
        self._positions: Array
        if self._sizes:
            self._key, self._value = made["key"], made["value"]
            self._resize(self._sizes[0])

    @property
    def bytes(self) -> int:
        """What its arrays take."""
        arrays = [array for buffers in self._buffers for array in buffers.values()]
        arrays += [array for memory in self._memories.values() for array in memory]
        return sum(array.nbytes for array in arrays)

    def _point_to_next(self) -> None:
        """Point ``note`` and ``clock`` to what the next step reads."""
        buffers = self._buffers[self._phase]
        self.note: Array = buffers["note"]
        self.clock: Array = buffers["clock"]

    def _reset(self, row: int) -> None:
        """Fill a row with what stands before the first note, and with neutral choices."""
        for name, array in zip(self._given, self._given_arrays, strict=True):
            array[row] = self._first[name]
        for buffers in self._buffers:
            for name in self._carried:
                buffers[name][row] = self._first[name]
        self._steps[row] = 0

    def restart(self, row: int, snapshot: Snapshot | None = None) -> None:
        """Put a row back to its beginning, or to where ``snapshot`` was taken."""
        self._reset(row)
        if self._sizes:
            self._positions[row] = UNUSED_POSITION
            self._positions[row, 0] = NULL_POSITION
        if snapshot is not None:
            self._restore(row, snapshot)

    def add(self, snapshot: Snapshot | None = None) -> int:
        """Add a row, at its beginning or where ``snapshot`` was taken; return its index."""
        if self.rows >= self.batching.most:
            raise IndexError(f"a stepper of this model holds {self.batching.most} rows")
        row = self.rows
        if self._sizes and not row:
            self._resize(self._sizes[0])
        self.rows += 1
        try:
            self.restart(row, snapshot)
        except Exception:  # no memory for what it carries
            self.rows = row
            raise
        return row

    def _restore(self, row: int, snapshot: Snapshot) -> None:
        for name, value in snapshot.state.items():
            self._buffers[self._phase][name][row] = value
        self._steps[row] = snapshot.steps
        self._position[row] = snapshot.position
        if snapshot.memory is not None:
            keys, values, positions = snapshot.memory
            used = positions.shape[0]
            if used > self._slots:
                self._resize(used)
            self._keys[row, :, :, :used] = keys
            self._values[row, :, :used] = values
            self._positions[row, :used] = positions

    def snapshot(self, row: int) -> Snapshot:
        """Return a copy of all that a row carries."""
        memory = None
        if self._sizes:
            used = min(self._steps[row] + 1, self._slots)
            memory = (
                self._keys[row, :, :, :used].copy(),
                self._values[row, :, :used].copy(),
                self._positions[row, :used].copy(),
            )
        state = {name: self._buffers[self._phase][name][row].copy() for name in self._carried}
        return Snapshot(state, self._steps[row], memory, self._position[row])

    def inputs(self, row: int) -> list[Array]:
        """Return copies of the inputs that callers have written for a row's next step."""
        return [array[row].copy() for array in self._given_arrays]

    def put_inputs(self, row: int, kept: list[Array]) -> None:
        """Write what :meth:`inputs` returned."""
        for array, values in zip(self._given_arrays, kept, strict=True):
            array[row] = values

    def remove(self, row: int) -> None:
        """Remove a row; the last one takes its place."""
        last = self.rows = self.rows - 1
        if row == last:
            return
        for name in self._carried:
            buffer = self._buffers[self._phase][name]
            buffer[row] = buffer[last]
        numbers: list[Any] = [*self._given_arrays, self._steps, self._position]
        for each in numbers:
            each[row] = each[last]
        if self._sizes:
            for array in (self._keys, self._values, self._positions):
                array[row] = array[last]

    def clear(self) -> None:
        """Remove all rows."""
        self.rows = 0

    def step(self) -> None:
        """Run one step for all rows."""
        rows = self.rows
        if self._sizes and self._slots < self._sizes[-1]:
            used = max(self._steps[:rows]) + 2
            if used > self._slots:
                self._resize(used)
        self._session.run_with_iobinding(self._binding(max(rows, self.batching.least)))
        if self._sizes:
            self._remember(rows)
        for row in range(rows):
            self._steps[row] += 1
        self._phase ^= 1
        self._point_to_next()

    def rehearse(self) -> None:
        """Run a step of no row, which changes nothing: weights and code come into the processor's caches."""
        if not self.rows:
            self._session.run_with_iobinding(self._binding(self.batching.least))

    def _binding(self, rows: int) -> Any:
        """Return the binding of a run of so many rows, now."""
        known = self._bindings.get((rows, self._phase, self._slots))
        return self._bind(rows) if known is None else known

    def _remember(self, rows: int) -> None:
        """Write what the step handed out into the memory."""
        memory, first = (self._keys, self._values, self._positions), 0
        while first < rows:
            # Takes of one request have the same number of steps behind them: all of them at once.
            steps, last = self._steps[first], first + 1
            while last < rows and self._steps[last] == steps:
                last += 1
            these = slice(first, last) if last - first > 1 else first  # an index is quicker than a slice
            remember(memory, these, steps, self._key[these], self._value[these], self._position[these])
            first = last
        for row, (bar, tick, _) in enumerate(self.clock[:rows].tolist()):
            self._position[row] = bar * POSITION_STRIDE + tick

    def _resize(self, used: int) -> None:
        """Give the memory the least size that holds ``used`` slots, keeping what the rows have in it.

        No row may have begun its ring anew.
        """
        slots = next(size for size in self._sizes if size >= min(used, self._sizes[-1]))
        if slots not in self._memories:
            self._memories[slots] = self._make_memory(slots)
        keys, values, positions = self._memories[slots]
        kept, rows = min(self._slots, slots), self.rows
        if rows:
            keys[:rows, :, :, :kept] = self._keys[:rows, :, :, :kept]
            values[:rows, :, :kept] = self._values[:rows, :, :kept]
            positions[:rows, kept:] = UNUSED_POSITION
            positions[:rows, :kept] = self._positions[:rows, :kept]
        self._keys, self._values, self._positions, self._slots = keys, values, positions, slots

    def _make_memory(self, slots: int) -> tuple[Array, Array, Array]:
        memory = self.manifest.memory
        assert memory is not None
        made = empty_memory(memory, MAX_ROWS, slots)
        return made["memory_keys"], made["memory_values"], made["memory_positions"]

    def _bind(self, rows: int) -> Any:
        """Make the binding of ``rows`` rows in the current phase.

        A binding holds bare pointers: every array in it is an attribute of this object, so it lives as long.
        """
        binding = self._session.io_binding()
        reads, writes = self._buffers[self._phase], self._buffers[self._phase ^ 1]
        made = self._buffers[0]
        bound = {name: made[name] for name in self._given} | {name: reads[name] for name in self._carried}
        if self._sizes:
            bound |= {
                "memory_keys": self._keys,
                "memory_values": self._values,
                "memory_positions": self._positions,
            }
        for name, array in bound.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, (rows, *array.shape[1:]), array.ctypes.data)
        source = {out: name for name, out in self._carried.items()}
        for name in self._outputs:
            array = writes[source[name]] if name in source else made[name]
            binding.bind_output(name, "cpu", 0, array.dtype.type, (rows, *array.shape[1:]), array.ctypes.data)
        self._bindings[rows, self._phase, self._slots] = binding
        return binding


def memory_sizes(memory: Memory) -> tuple[int, ...]:
    """Return the numbers of slots that a memory has while it fills up, the whole last.

    Each size is tried when the model loads, and its arrays are kept: few sizes for a long memory.
    """
    whole = memory.length + 1
    sizes = [*range(BUCKET, _EVEN + 1, BUCKET)]
    while sizes[-1] < whole:
        sizes.append(2 * sizes[-1])
    return (*(size for size in sizes if size < whole - BUCKET // 2), whole)
