"""Lookups in constant tables and in what a row of the batch holds, in the step graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.codec import Codec
from ...train.backend import tf
from ...train.network.shape import INTERVALS, REACH


def row_of(table: npt.NDArray[Any], code: Any) -> Any:
    """Return the table's row of each code (batch, 1)."""
    return tf.gather_nd(tf.constant(table), code)


def rows_of(tables: dict[str, npt.NDArray[Any]], code: Any, dtype: Any) -> dict[str, Any]:
    """Return several tables' rows of each code (batch, 1), by name, with one lookup."""
    if not tables:
        return {}
    rows = row_of(np.concatenate([t.astype(dtype) for t in tables.values()], axis=1), code)
    widths = [t.shape[1] for t in tables.values()]
    each = tf.split(rows, widths, axis=1) if len(widths) > 1 else [rows]
    return dict(zip(tables, each, strict=True))


def pick(rows: Any, codes: Any) -> Any:
    """Return ``rows[b, codes[b, i]]``; export/conversion/tidy.py makes one GatherElements of it."""
    return tf.gather(rows, codes, batch_dims=1)


def columns_of(table: npt.NDArray[Any], index: Any, first: int = 0) -> Any:
    """Return a table's columns at each index.

    Out of one long row, by GatherElements, which copies numbers in a bare loop: Gather calls memcpy for
    every one, which takes four times as long.

    Args:
        table: (row, column).
        index: (batch, 1, …, n), int64.
        first: the index of the table's first row.

    Returns:
        (batch, column, …, n).
    """
    rows, columns = table.shape
    begins = rows * np.arange(columns).reshape(-1, *[1] * (index.shape.rank - 2))
    places = index + (begins - first)
    found = pick(tf.constant(table.T.reshape(1, -1)), tf.reshape(places, [1, -1]))
    return tf.reshape(found, tf.shape(places, out_type=tf.int64))


def views_of(references: npt.NDArray[np.integer], codec: Codec) -> npt.NDArray[np.int64]:
    """Return the interval code of every pitch seen from each reference, (reference, pitch)."""
    table = np.asarray(codec["pitch"].values, np.int64)
    apart = table[None, :] - np.asarray(references, np.int64)[:, None]
    return np.clip(apart + REACH + 1, 0, INTERVALS - 1)


def interval_of(pitch: Any, reference: Any) -> Any:
    """Return interval codes of MIDI pitches; see antiphon.train.network.shape.interval_code."""
    codes = np.clip(np.arange(-127, 128) + REACH + 1, 0, INTERVALS - 1)
    return tf.gather(tf.constant(codes, tf.int64), pitch - reference + 127)
