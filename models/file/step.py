"""The step graph's inputs and outputs: one table for the exporter, the checker, the engine and the docs.

One run of the graph reads the note before and chooses the next. The host keeps the state and the
attention memory between runs (memory.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .manifest import DType, Manifest

Bars = TypeVar("Bars", int, npt.NDArray[np.integer[Any]])
MASKED = -1e9
"""What a mask adds to a logit that must not be chosen."""
POSITION_STRIDE = 1024
"""A memory row's position is bar × 1024 + tick in bar, exact in float32 for 16,384 bars."""
UNUSED_POSITION = 1e9
"""Position of a memory row that holds nothing yet: later than any note, so never attended to."""
NULL_POSITION = -1e7
"""Position of memory row 0, which stands for "nothing to attend to"."""
REMAINING_BUCKETS = 33
"""Codes of the condition `remaining`: 0 unknown, 1 the last bar, ... 32 for 31 or more after this one."""
TEXT_LINE = 64
"""Ticks of a "bar" of text: a character is a tick, and attention counts characters apart."""
PHRASE_BARS = 8
"""Bars of a phrase. Of a model that knows phrases, codes of `remaining` from REMAINING_BUCKETS on say that
the end is unknown and which bar of its phrase this is; REMAINING_BUCKETS is the first."""
TONICS = 13
"""Codes of the condition `tonic`: 1 for C to 12 for B, 0 unknown."""
METRE_OTHER = 0
"""Code of the condition `metre` for a metre the model has not learnt."""


def phrase_code(bar: Bars) -> Bars:
    """Return the code of `remaining` of a bar, or of an array of bars, counted from where a phrase began."""
    return REMAINING_BUCKETS + bar % PHRASE_BARS


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of the step graph."""

    name: str
    dtype: DType
    shape: tuple[int | str, ...]
    """Sizes; "batch" and "memory" are free."""
    doc: str


def inputs(manifest: Manifest) -> tuple[Port, ...]:
    """Return the step graph's inputs for a manifest, in order."""
    fields = manifest.codec.fields
    n = len(fields)
    ports = [
        Port("note", "int32", ("batch", n), "codes of the note before; at first the fields' begin codes"),
        Port("clock", "int32", ("batch", 3), "bar, tick in bar and ticks a bar of that note's onset"),
    ]
    if manifest.conditions:
        width = len(manifest.conditions)
        ports.append(Port("conditions", "int32", ("batch", width), "codes of metre, remaining and tonic"))
    ports += [
        Port("forced", "int32", ("batch", n), "codes that must be taken; -1 leaves the choice"),
    ]
    ports += [
        Port(f"mask_{f.name}", "float32", ("batch", f.size), f"added to the logits of {f.name}: 0 or -1e9")
        for f in fields
    ]
    ports += [
        Port("temperature", "float32", ("batch", 1), "divides the logits; above 0"),
        Port("top_p", "float32", ("batch", 1), "keeps the likeliest codes up to this probability, 0 to 1"),
        Port("uniform", "float32", ("batch", n), "one random number in [0, 1) a field"),
    ]
    ports += [
        Port(s.name, s.dtype, ("batch", *s.shape), "state; carry it over from one step to the next")
        for s in manifest.state
    ]
    if manifest.memory is not None:
        m = manifest.memory
        ports += [
            Port("memory_keys", "float32", ("batch", m.heads, m.key_size, "memory"), "keys of earlier steps"),
            Port("memory_values", "float32", ("batch", m.heads, "memory", m.value_size), "what came next"),
            Port("memory_positions", "float32", ("batch", "memory"), "bar × 1024 + tick in bar of each"),
        ]
    return tuple(ports)


def outputs(manifest: Manifest) -> tuple[Port, ...]:
    """Return the step graph's outputs for a manifest, in order."""
    n = len(manifest.codec.fields)
    ports = [
        Port("chosen", "int32", ("batch", n), "codes of the next note"),
        Port("log_prob", "float32", ("batch", n), "their log-probabilities under the unmodified model"),
        Port("clock_out", "int32", ("batch", 3), "bar, tick in bar and ticks a bar of the next note"),
    ]
    ports += [
        Port(f"{s.name}_out", s.dtype, ("batch", *s.shape), f"the new {s.name}") for s in manifest.state
    ]
    if manifest.memory is not None:
        m = manifest.memory
        ports += [
            Port("key", "float32", ("batch", m.heads, m.key_size), "key of this step, for the memory"),
            Port("value", "float32", ("batch", m.heads, m.value_size), "value for the step before's row"),
        ]
    return tuple(ports)
