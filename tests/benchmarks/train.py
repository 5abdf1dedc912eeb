"""`antiphon train`: notes a second, and what mixed_bfloat16 gains and costs against float32.

Both precisions start from the same weights, see the same batches and take turns, one update each. All
cores are TensorFlow's. Without --config the network is 2×256 and the music is made up: the speed is that
of a real one, the loss is not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import measure
import numpy as np
import tensorflow as tf
from antiphon.train.config.config import TrainConfig
from antiphon.train.config.sections import FitConfig, NetworkConfig
from antiphon.train.fit.fit import Run

COLUMNS = (
    "precision", "notes a second", "ms an update", "batches' share", "speed-up", "updates",
    "train nats a note", "valid nats a note",
)  # fmt: skip
Precision = Literal["float32", "mixed_bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "mixed_bfloat16")
LAST = 10
"""Updates whose training loss is averaged."""


class Training:
    """A run that takes one update a call."""

    def __init__(self, config: TrainConfig, folder: Path, precision: Precision) -> None:
        self.run = Run(replace(config, fit=replace(config.fit, precision=precision)), folder / precision)
        self.drawing: list[float] = []
        """Seconds that each batch took to draw."""
        self.losses: list[float] = []
        self.notes: list[float] = []
        self._step = 0

    def update(self) -> float:
        """Draw a batch and learn from it, as the run's own loop does; return the seconds."""
        began = time.perf_counter()
        batch = {name: tf.constant(array) for name, array in self.run.batch(self._step).items()}
        drawn = time.perf_counter()
        sums = self.run._train_step(batch).numpy()
        took = time.perf_counter() - began
        self._step += 1
        self.drawing.append(drawn - began)
        self.losses.append(float(sums[:-1].sum() / max(sums[-1], 1)))
        self.notes.append(float(sums[-1]))
        return took

    def valid(self) -> float:
        """Return the valid split's nats a note, under the averaged weights."""
        with self.run.average.in_place():
            return float(self.run.validate().sum())


def configuration(args: argparse.Namespace, folder: Path) -> TrainConfig:
    """Return the configuration with as many updates as asked for."""
    if args.config:
        config = TrainConfig.load(args.config)
        config = replace(config, dataset=str(args.dataset or config.dataset))
    else:
        from made_music import write_dataset

        pieces, notes = (6, 30) if args.quick else (200, 300)
        config = TrainConfig(str(args.dataset or write_dataset(folder / "set", pieces, notes)))
    if args.quick:
        network = NetworkConfig(units=12, layers=1, head_units=10, embedding=6, key_size=4, value_size=6)
        config = replace(config, network=network, fit=FitConfig(crop=24, batch=4))
    return replace(config, fit=replace(config.fit, steps=args.updates, warmup=min(30, args.updates // 3)))


def check_same_start(trainings: dict[Precision, Training]) -> None:
    """Raise ValueError unless all start from the same weights."""
    first, *others = ([v.numpy() for v in t.run.network.trainable_variables] for t in trainings.values())
    for other in others:
        if not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True)):
            raise ValueError("the precisions start from different weights")


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__, models=False)
    parser.add_argument("--config", type=Path, help="a training configuration; default: 2×256")
    parser.add_argument("--dataset", type=Path, help="instead of the configuration's, or of made-up music")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    args = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.updates = 3
    table = measure.Table("Train", COLUMNS)
    with tempfile.TemporaryDirectory() as name:
        config = configuration(args, Path(name))
        trainings = {precision: Training(config, Path(name), precision) for precision in args.precision}
        check_same_start(trainings)
        contestants: dict[str, Any] = {precision: t.update for precision, t in trainings.items()}
        said = measure.rounds(contestants, args.updates - 1, warm_up=1)  # the first one traces the graph
        for precision, training in trainings.items():
            took = said[precision]
            table.add(
                precision,
                measure.median(n / s for n, s in zip(training.notes[1:], took, strict=True)),
                measure.median(took) * 1e3,
                measure.median(training.drawing[1:]) / measure.median(took),
                measure.median(a / b for a, b in zip(said[args.precision[0]], took, strict=True)),
                args.updates,
                float(np.mean(training.losses[-LAST:])),
                training.valid(),
            )
    music = args.config or "made-up music (its losses say nothing of real music)"
    table.notes.append(
        f"{music}; {config.network.layers}×{config.network.units}, "
        f"{config.fit.batch} passages of {config.fit.crop} notes an update, seed {config.fit.seed}."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
