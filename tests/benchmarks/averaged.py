"""What several runs on the same notes would reach together: nats a note of the mean of their probabilities.

    python tests/benchmarks/averaged.py RUN RUN… [--split test]

An ensemble is no model that could be served, as each of its networks would have to be stepped for each note,
but it says what a network taught by these (`[fit] teachers`) can hope for.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf
from antiphon.train.config.sections import Told
from antiphon.train.dataset.dataset import SPLITS, SplitName
from antiphon.train.evaluation.evaluate import table
from antiphon.train.fit.batches import whole_pieces
from antiphon.train.fit.loss import nats
from antiphon.train.fit.passages import pieces_of
from antiphon.train.fit.savedrun import load_run


def averaged(runs: list[Path], split: SplitName) -> dict[str, dict[str, float]]:
    """Return nats a note by field of each run and of all together; all must be of one data set.

    A field's probability is the mean over runs, given the note's fields before it; the chain rule then makes
    a note's of them, so that the sum over fields is a proper likelihood.
    """
    loaded = [load_run(run) for run in runs]
    codec = loaded[0][1].codec
    if any(dataset.codec != codec for _, dataset, _ in loaded):
        raise SystemExit("the runs' data sets have different fields: an average needs the same choices")
    losses = [
        tf.function(lambda batch, network=network: nats(network(batch, training=False), batch))
        for _, _, network in loaded
    ]
    total, notes = np.zeros((len(runs) + 1, len(codec.fields))), 0.0
    told: Told = "phrase" if all(config.network.phrases for config, _, _ in loaded) else "nothing"
    for batch in whole_pieces(codec, pieces_of(loaded[0][1], split), told, positions=3072):
        tensors = {name: tf.constant(array) for name, array in batch.items()}
        each = np.stack([loss(tensors).numpy() for loss in losses])
        together = -np.log(np.exp(-each).mean(axis=0)) * (batch["weight"] > 0)
        total += np.concatenate([each, together[None]]).sum(axis=(1, 2))
        notes += float(batch["counted"].sum())
    rows = dict(zip([*map(str, runs), "averaged"], total / notes, strict=True))
    return {
        name: {**dict(zip(codec.names, map(float, row), strict=True)), "total": float(row.sum())}
        for name, row in rows.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--split", choices=SPLITS, default="test")
    args = parser.parse_args()
    print(table(averaged(args.runs, args.split)))


if __name__ == "__main__":
    main()
