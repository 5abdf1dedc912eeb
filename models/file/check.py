"""Whether a manifest keeps to its limits, and its tensors' names apart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import prod
from typing import Any, get_args, get_type_hints

from ..errors import ModelFileError
from ..gaps import Gaps
from .limits import MAX_ENTRIES, MAX_MEMORY, MAX_STATE, MAX_TEXT, MAX_VALUES, RANGES
from .manifest import DType, Manifest, Memory, StateTensor
from .step import inputs, outputs

_INITIAL: Mapping[DType, float] = {"int32": 2**31 - 1, "float32": 3.4e38}
"""What a state's elements may begin with, up and down."""
_KINDS: Mapping[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
}
"""By what a key is declared as: the types that JSON has for it, and their name."""


def check_manifest(manifest: Manifest) -> None:
    """Raise ModelFileError, with the key and the limit, for a value of another kind or out of its range."""
    _check_kinds(manifest)
    for key in ("parts", "state", "sources", "tasks", "conditions"):
        count = len(getattr(manifest, key))
        if count > MAX_ENTRIES:
            raise _wrong(key, f"has {count} entries, at most {MAX_ENTRIES} are allowed")
    for key in ("parts", "state", "sources"):
        for entry in getattr(manifest, key):
            _check_kinds(entry, f"{key}: ")
    for key in ("tasks", "conditions"):
        for word in getattr(manifest, key):
            _check_kind(key, str, word)
    for key in ("conditions", "metres"):
        if len(set(getattr(manifest, key))) < len(getattr(manifest, key)):
            raise _wrong(key, "names something twice")
    _check_kinds(manifest.defaults, "defaults: ")
    low, high = manifest.defaults.low, manifest.defaults.high
    if low > high:
        raise _wrong("defaults: low", f"is {low}, above high, {high}")
    if manifest.gaps is not None:
        _check_gaps(manifest.gaps)
    _check_tables(manifest)
    if manifest.memory is not None:
        _check_memory(manifest.memory)
    _check_state(manifest)


def _wrong(key: str, reason: str) -> ModelFileError:
    return ModelFileError(f"the manifest's key {key!r} {reason}: export the model anew")


def _check_kinds(entry: Any, where: str = "") -> None:
    """Check kinds and ranges of a dataclass' plain values."""
    made: type = type(entry)
    for name, kind in _declared(made).items():
        key, value = where + name, getattr(entry, name)
        if kind in _KINDS:
            _check_kind(key, kind, value)
        if key in RANGES:
            _check_range(key, value)


_declared = cache(get_type_hints)
"""What each field of a dataclass is declared as, kept: many files are read when a bridge starts."""


def _check_kind(key: str, kind: type, value: object) -> None:
    types, name = _KINDS[kind]
    # Half of a character beyond 16 bits is text to JSON, and cannot be sent.
    is_half = isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool) or is_half:
        raise _wrong(key, f"must be {name}, not {value!r:.80}")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise _wrong(key, f"has {len(value)} characters, at most {MAX_TEXT} are allowed")


def _check_range(key: str, value: float) -> None:
    low, high = RANGES[key]
    if not low <= value <= high:
        raise _wrong(key, f"must be in range {low}..{high}, not {value!r:.80}")


def _check_tables(manifest: Manifest) -> None:
    """Check the sizes of the tables (their values are checked where they are made) and the parts' number."""
    codec = manifest.codec
    for each in codec.fields:
        if len(each.values) > MAX_VALUES:
            raise _wrong("fields", f"has {len(each.values)} values for {each.name}, at most {MAX_VALUES}")
    if "delta" in codec.names and codec["delta"].values[-1] <= 0:
        raise _wrong("fields", "has no delta above 0: no note would ever follow another")
    last = max(codec["part"].values) if "part" in codec.names else 0
    if len(manifest.parts) <= last:
        raise _wrong("parts", f"has {len(manifest.parts)}, but the field part goes up to {last:g}")


def _check_gaps(gaps: Gaps) -> None:
    _check_kinds(gaps, "gaps: ")
    if not gaps.least <= gaps.typical <= gaps.most:
        raise _wrong("gaps", f"must be in order, not {gaps.least}, {gaps.typical}, {gaps.most}")


def _check_memory(memory: Memory) -> None:
    _check_kinds(memory, "memory: ")
    numbers = memory.heads * (memory.key_size + memory.value_size) * memory.length
    if numbers > MAX_MEMORY:
        raise _wrong("memory", f"means {numbers} numbers a row, at most {MAX_MEMORY} are allowed")


def _check_state(manifest: Manifest) -> None:
    """Check each tensor, their size together, and that no input or output has the name of another."""
    numbers = 0
    for state in manifest.state:
        if state.dtype not in get_args(DType):
            raise _wrong("state: dtype", f"must be {' or '.join(get_args(DType))}, not {state.dtype!r:.80}")
        if not all(type(size) is int and 1 <= size <= MAX_STATE for size in state.shape):
            raise _wrong("state: shape", f"must hold sizes from 1 to {MAX_STATE}, not {state.shape!r:.80}")
        _check_initial(state)
        numbers += prod(state.shape)
    if numbers > MAX_STATE:
        raise _wrong("state", f"means {numbers} numbers a row, at most {MAX_STATE} are allowed")
    names = [port.name for port in (*inputs(manifest), *outputs(manifest))]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _wrong("state: name", f"makes {twice!r:.80} the name of two inputs or outputs")


def _check_initial(state: StateTensor) -> None:
    most = _INITIAL[state.dtype]
    if not -most <= state.initial <= most or (state.dtype == "int32" and state.initial != int(state.initial)):
        raise _wrong("state: initial", f"must be a finite {state.dtype}, not {state.initial!r:.80}")
