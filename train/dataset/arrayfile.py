"""Arrays of a data set on disk: each file takes its name once it is whole.

A run that has the file before mapped into its memory keeps that one, but for Windows, which refuses to write
then (dataset.begin_again). A full disk is the error of a full disk: numpy's own writers say how much they
could write, and writing to a map ends the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...models.wholefile import whole_file


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array as a .npy file; raises OSError where it cannot."""
    write_rows(path, [array], array.shape, array.dtype)


def write_rows(
    path: Path, parts: Iterable[npt.NDArray[Any]], shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write arrays one after the other into one .npy file, which together have ``shape``.

    No more than one of them is in memory at a time. Raises OSError where it cannot be written.
    """
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with whole_file(path) as out:
        np.lib.format.write_array_header_1_0(out, header)
        for part in parts:
            out.write(np.ascontiguousarray(part, dtype=dtype).tobytes())
