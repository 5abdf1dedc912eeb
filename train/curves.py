"""A run's learning curves, as CSV, as PNG and for TensorBoard."""

from __future__ import annotations

import csv
from pathlib import Path


def write_curves(folder: Path, history: list[dict[str, float]]) -> None:
    """Write curves.csv and curves.png from one row a validation, and TensorBoard's newest event."""
    with (folder / "curves.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    _draw(folder / "curves.png", history)
    _tensorboard(folder / "tensorboard", history[-1])


def _draw(path: Path, history: list[dict[str, float]]) -> None:
    from matplotlib.figure import Figure  # slow to import, needed only here

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    steps = [row["step"] for row in history]
    for name, style in (("train", "C0"), ("valid", "C1")):
        axes.plot(steps, [row[name] for row in history], style, label=name)
    for name in [key for key in history[0] if key.startswith("valid_")]:
        axes.plot(steps, [row[name] for row in history], lw=0.8, ls="--", label=name.replace("_", " "))
    axes.set(xlabel="update", ylabel="nats a note", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def _tensorboard(folder: Path, row: dict[str, float]) -> None:
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default(step=int(row["step"])):
        for name, value in row.items():
            if name not in ("step", "seconds"):
                tf.summary.scalar(name, value)
    writer.close()
