"""Networks of many shapes trained for the same time on the same notes: nats a note, and microseconds a step.

    python tests/benchmarks/networks.py DATASET... --out DIR [--seconds 120] [--only NAME...]

Every variant changes what its name says of the first one: two LSTM layers of 96 with four heads, small
enough to learn something in minutes. Its updates are as many as fit into the time: eight are timed first,
and the learning rate falls to 0 over what fits. Time is the processor's, so that other programs take
nothing away; give it one core (`taskset -c 0` on Linux), as threads that wait for others count too. A
variant that is there already is not trained again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow as tf
from antiphon.export.export import export
from antiphon.train.config.config import TrainConfig
from antiphon.train.config.sections import CardConfig, FitConfig, NetworkConfig
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.evaluation.ngram import NGram
from antiphon.train.fit.fit import Run
from antiphon.train.fit.loss import evaluate_pieces, loss_of
from antiphon.train.fit.passages import pieces_of
from antiphon.train.fit.savedrun import load_run

VARIANTS: dict[str, dict[str, Any]] = {
    "lstm, 4 heads": {},
    "no attention": {"attention_heads": 0},
    "2 heads": {"attention_heads": 2},
    "8 heads": {"attention_heads": 8},
    "reach 64": {"memory": 64},
    "reach 1024": {"memory": 1024},
    "attention after layer 1 of 2": {"attention_layer": 0},
    "by beats": {"attention_position": "beats"},
    "by bars and beats": {"attention_position": "both"},
    "values of their own": {"attention_values": "own"},
    "gru": {"cell": "gru", "units": 112},
    "gru, 2 heads": {"cell": "gru", "units": 112, "attention_heads": 2},
    "gru, 2 heads, 1 layer": {"cell": "gru", "units": 160, "layers": 1, "attention_heads": 2},
    "gru, 1 layer": {"cell": "gru", "units": 160, "layers": 1},
    "gru, 1 head, 1 layer": {"cell": "gru", "units": 160, "layers": 1, "attention_heads": 1},
    "lstm, 2 heads, 1 layer": {"units": 144, "layers": 1, "attention_heads": 2},
    "layer norm": {"layer_norm": True},
    "residual": {"residual": True},
    "transformer": {"cell": "transformer", "units": 72, "layers": 3, "key_size": 24, "value_size": 24},
    "sounding ahead": {"sounding_ahead": True},
    "gru, by bars and beats, sounding ahead": {
        "cell": "gru",
        "units": 112,
        "attention_position": "both",
        "sounding_ahead": True,
    },
}


def config_of(dataset: Dataset, name: str) -> TrainConfig:
    """Return a variant for a data set: polyphony reads what sounds, several parts read their voices."""
    several = len(dataset.parts) > 1
    drums = any(part.is_drum for part in dataset.parts)
    base = NetworkConfig(
        cell="lstm",
        units=96,
        layers=2,
        attention_heads=4,
        head_units=96,
        embedding=32,
        relative_pitch=not drums,
        sounding=several,
        voices=several,
        dropout=0.1,
    )
    network = replace(base, **VARIANTS[name])
    fit = FitConfig(batch=16, crop=192, average=0.98, transpose=(-5, 6) if several else (0, 0))
    return TrainConfig(str(dataset.path), network, fit, CardConfig(name="variant"))


def timed_config(config: TrainConfig, seconds: float) -> TrainConfig:
    """Return the configuration with as many updates as fit into ``seconds``."""
    folder = Path(tempfile.mkdtemp())
    try:
        run = Run(config, folder)
        batches = [{k: tf.constant(v) for k, v in run.batch(i).items()} for i in range(8)]
        for batch in batches[:2]:
            run._train_step(batch)
        began = time.process_time()
        for batch in batches:
            run._train_step(batch)
        each = (time.process_time() - began) / len(batches)
    finally:
        shutil.rmtree(folder)
    steps = max(int(seconds / each), 10)
    fit = replace(config.fit, steps=steps, evaluate_every=max(steps // 4, 1))
    return replace(config, fit=fit)


def measure(dataset: Dataset, name: str, seconds: float, folder: Path) -> dict[str, Any]:
    """Train, evaluate and export one variant; returns its row."""
    config = timed_config(config_of(dataset, name), seconds)
    progress = Run(config, folder).fit()
    _, _, network = load_run(folder)
    test = evaluate_pieces(
        loss_of(network), dataset.codec, pieces_of(dataset, "test"), network.shape.config.told
    )
    report = export(folder, folder / "model")
    return {
        "variant": name,
        "parameters": report.parameters,
        "updates": progress.step,
        "valid": progress.best,
        "test": float(test.sum()),
        "step_us": report.step_us,
        "step_us_batch8": report.step_us_batch8,
    }


def table(name: str, rows: list[dict[str, Any]], baseline: float) -> str:
    """Return one data set's rows as Markdown."""
    lines = [
        f"| {name} | parameters | updates | valid | test | µs a step |",
        "|---|---|---|---|---|---|",
        *(
            f"| {r['variant']} | {r['parameters']:,} | {r['updates']} "
            f"| {r['valid']:.3f} | {r['test']:.3f} | {r['step_us']:.0f} |"
            for r in rows
        ),
        f"| 5-gram | | | | {baseline:.3f} | |",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=120.0, help="processor time of each's training")
    parser.add_argument("--only", nargs="+", choices=tuple(VARIANTS), default=tuple(VARIANTS),
                        metavar="NAME", help="of " + "; ".join(VARIANTS))  # fmt: skip
    args = parser.parse_args()
    for path in args.datasets:
        dataset = Dataset.load(path)
        rows = []
        for name in args.only:
            if name.endswith("sounding ahead") and "duration" not in dataset.codec.names:
                continue
            folder = args.out / path.name / name.replace(" ", "-").replace(",", "")
            done = folder / "row.json"
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                done.parent.mkdir(parents=True)
                row = measure(dataset, name, args.seconds, folder)
                done.write_text(json.dumps(row, indent=1))
            rows.append(json.loads(done.read_text()))
            sys.stderr.write(f"{path.name}: {rows[-1]}\n")
        train, test = pieces_of(dataset, "train"), pieces_of(dataset, "test")
        baseline = float(NGram(dataset.codec).fit(train).nats_a_note(test).sum())
        text = table(path.name, rows, baseline)
        (args.out / f"{path.name}.md").write_text(text + "\n")
        print(text)


if __name__ == "__main__":
    main()
