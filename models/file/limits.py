"""What a manifest may say: no file may break the list of all models, or fill a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..field import RANGES as FIELD_RANGES

MAX_TEXT = 4096
"""Characters of any text."""
MAX_ENTRIES = 256
"""Parts, state tensors, sources, tasks or conditions."""
MAX_VALUES = 1 << 16
"""Values of a field's table."""
MAX_STATE = 1 << 20
"""Numbers of all state tensors of a row together; 4 MB."""
MAX_MEMORY = 1 << 22
"""Numbers of a row's memory: heads × (key_size + value_size) × length; 16 MB."""
RANGES: Mapping[str, tuple[float, float]] = {
    "memory: heads": (1, 1024),
    "memory: key_size": (1, 1024),
    "memory: value_size": (1, 1024),
    "memory: length": (2, 4096),  # a note is complete in the memory once the next one is read
    "parts: program": (0, 127),
    "defaults: temperature": (0.05, 4),
    "defaults: top_p": (0.01, 1),
    "defaults: tempo": (10, 400),
    "defaults: low": (0, 127),
    "defaults: high": (0, 127),
    "gaps: least": (0.01, 100),
    "gaps: typical": (0.01, 100),
    "gaps: most": (0.01, 100),
    "parameters": (0, 10**12),
}
"""The least and the greatest of each number."""


def limits() -> Iterator[tuple[str, str]]:
    """Yield what is limited and to what, as the page on the model file shows it."""
    for key, (low, high) in RANGES.items():
        yield key, f"{low}..{high}"
    for name, (low, high, _) in FIELD_RANGES.items():
        yield f"fields: {name}", f"values {low}..{high}"
    yield "fields", f"up to {MAX_VALUES} values each"
    yield "memory", f"heads × (key_size + value_size) × length up to {MAX_MEMORY}"
    yield "state", f"up to {MAX_STATE} numbers in all"
    yield "parts, state, sources, tasks, conditions", f"up to {MAX_ENTRIES} each"
    yield "any text", f"up to {MAX_TEXT} characters"
