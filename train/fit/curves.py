"""A run's learning curves, as CSV, as PNG and for TensorBoard."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...models.wholefile import whole_file

log = logging.getLogger("antiphon.train")


def write_curves(folder: Path, history: list[dict[str, float]]) -> None:
    """Write curves.csv and curves.png from one row a validation, and TensorBoard's newest event.

    What another program has open stays as it is.
    """
    text = _csv(history)
    with _unless_open(folder / "curves.png") as path:
        _draw(path, history)
    _tensorboard(folder / "tensorboard", history[-1])
    # Last: with it, all is written.
    with _unless_open(folder / "curves.csv") as path, whole_file(path) as file:
        file.write(text.encode())


@contextmanager
def _unless_open(path: Path) -> Iterator[Path]:
    """Go on where Windows keeps a file: a spreadsheet has its own for itself, and training takes hours."""
    try:
        yield path
    except PermissionError as error:
        log.warning("%s stays as it is: another program may have it open (%s)", path, error.strerror)


def restore_curves(folder: Path, history: list[dict[str, float]]) -> None:
    """Write what a run that was killed between its checkpoint and its curves did not come to write."""
    try:
        written = (folder / "curves.csv").read_bytes()
    except OSError:
        written = b""
    if history and written != _csv(history).encode():
        write_curves(folder, history)


def _csv(history: list[dict[str, float]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(history[0]))
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def _draw(path: Path, history: list[dict[str, float]]) -> None:
    from matplotlib.figure import Figure  # slow to import, needed only here

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    steps = [row["step"] for row in history]
    for name, style in (("train", "C0"), ("valid", "C1")):
        axes.plot(steps, [row[name] for row in history], style, label=name)
    for name in [key for key in history[0] if key.startswith("valid_")]:
        axes.plot(steps, [row[name] for row in history], lw=0.8, ls="--", label=name.replace("_", " "))
    unit = "character" if "valid_char" in history[0] else "note"
    axes.set(xlabel="update", ylabel=f"nats a {unit}", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _tensorboard(folder: Path, row: dict[str, float]) -> None:
    from ..backend import tf

    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default(step=int(row["step"])):
        for name, value in row.items():
            if name not in ("step", "seconds"):
                tf.summary.scalar(name, value)
    writer.close()
