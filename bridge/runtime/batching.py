"""How rows of a model may share a run, found by trying.

The same request must give the same notes whatever else runs, so a row's result may not depend, in any
bit, on who shares its batch. Whether that holds is a matter of kernels: products of integers do so by
nature; measured on onnxruntime 1.31 (x86-64, AVX-512), MatMul gives a row the same bits in every batch of
1 to 16, attention does so whatever the memory's size, but a sum over an inner axis is taken in another
order when the batch is 1, which changes the last bit of the state and, some thousand notes later, a note.
Another processor or release may differ. So each model is probed once when it loads (some milliseconds),
and a row that would feel lonely gets company: a padding row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models.errors import ModelFileError
from ...models.file.feed import Feed, first_feed
from ...models.file.manifest import Manifest, Memory
from ...models.file.memory import empty_memory
from ...models.refusal import first_line
from .stepper import MAX_ROWS, Batching, memory_sizes


def probe(session: Any, manifest: Manifest) -> Batching:
    """Return the smallest batches and memories with which a model's rows do not feel each other.

    Raises ModelFileError for a model that opens and cannot be run.
    """
    try:
        return _probe(session, manifest)
    except Exception as error:  # ONNX Runtime's errors share no base below Exception
        raise ModelFileError(f"cannot be run: {first_line(error)}") from error


def _probe(session: Any, manifest: Manifest) -> Batching:
    grown = memory_sizes(manifest.memory) if manifest.memory else ()
    slots = grown[0] if grown else 0
    feed = _random_feed(manifest, MAX_ROWS, slots)
    for size in grown or (0,):
        # ONNX Runtime plans its memory at the first run of a key, the dimensions of all inputs xor-ed: where
        # an even number of inputs has a batch, all batches share one key, and only the first to run is
        # planned well. The others pay an allocation a node, some 20 us a step: so a lone row goes first.
        lone = _wider(feed, manifest.memory, size) if size > slots else feed
        session.run(None, {name: array[:1] for name, array in lone.items()})
    everything = session.run(None, feed)
    sizes = sorted({2, 3, 5, 8, 11, MAX_ROWS - 1})
    together = all(_agrees(session, feed, everything, row, size) for size in sizes for row in (0, 1))
    if not together:
        return Batching(least=1, most=1, whole_memory=True)
    alone = all(_agrees(session, feed, everything, row, 1) for row in range(MAX_ROWS))
    return Batching(
        least=1 if alone else 2,
        whole_memory=not all(
            _same(session.run(None, _wider(feed, manifest.memory, size)), everything) for size in grown[1:]
        ),
    )


def _random_feed(manifest: Manifest, rows: int, slots: int) -> Feed:
    """Return inputs like those in the middle of a piece."""
    rng = np.random.default_rng(1)
    feed = first_feed(manifest, rows, slots)
    carried = [state.name for state in manifest.state if state.dtype == "float32"]
    for name in (*carried, "memory_keys", "memory_values") if slots else carried:
        feed[name][:] = rng.standard_normal(feed[name].shape, np.float32) * np.float32(0.5)
    fields = manifest.codec.fields
    feed["note"][:] = np.stack([rng.integers(0, len(f.values), rows) for f in fields], axis=1)
    feed["clock"][:, :2] = (40, manifest.codec.ticks_per_beat)
    feed["top_p"][:] = 0.98
    feed["uniform"][:] = rng.random((rows, len(fields)), np.float32)
    if slots:
        # Steps half a bar apart; the last row is a key that still waits for its value.
        feed["memory_positions"][:, 1:-1] = np.arange(1, slots - 1, dtype=np.float32) * 512
    return feed


def _wider(feed: Feed, memory: Memory | None, slots: int) -> Feed:
    """Return the same inputs with unused memory rows added."""
    assert memory is not None
    rows, used = feed["memory_positions"].shape
    grown = empty_memory(memory, rows, slots)
    grown["memory_keys"][..., :used] = feed["memory_keys"]
    grown["memory_values"][:, :, :used] = feed["memory_values"]
    grown["memory_positions"][:, :used] = feed["memory_positions"]
    return feed | grown


def _agrees(session: Any, feed: Feed, everything: list[Any], row: int, size: int) -> bool:
    """Return whether ``size`` rows from ``row`` on give the bits that they gave in the full batch."""
    part = session.run(None, {name: array[row : row + size] for name, array in feed.items()})
    return _same(part, [array[row : row + size] for array in everything])


def _same(found: list[Any], wanted: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
