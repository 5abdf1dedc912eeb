"""`antiphon train CONFIG.toml`: a trained run."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from ...models.errors import ConfigError
from ..config.config import TrainConfig

log = logging.getLogger("antiphon.train")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon train`."""
    parser.add_argument(
        "config", type=Path, metavar="CONFIG.toml", help="the data set, and what network is made of it how"
    )
    parser.add_argument("--dataset", type=Path, help="instead of the configuration's data set")
    parser.add_argument("--out", type=Path, help="the run's folder (default runs/NAME of the card)")


def run(args: argparse.Namespace) -> int:
    """Train as told; returns the exit status."""
    config = TrainConfig.load(args.config, args.dataset)
    folder = args.out or Path("runs") / config.card.name
    from ..backend import tf
    from ..fit.fit import Run

    try:
        training = Run(config, folder)
        progress = training.fit()
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise ConfigError(
            f"{args.config}: not enough memory; give it a smaller fit.batch, fit.crop or network.units"
        ) from error
    log.info("best valid loss %.4f %s, at update %d", progress.best, training.unit, progress.best_step)
    return 0
