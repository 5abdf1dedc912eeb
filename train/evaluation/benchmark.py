"""Train and score on the published piano-roll sets.

Each set is turned into notes (:mod:`antiphon.train.dataset.rolls`), a network is trained on its train split
with every choice made on valid, and the test split is scored once
(:mod:`antiphon.train.evaluation.framescore`). What is there already is not done again, so the command resumes
where it was stopped.
"""

from __future__ import annotations

import logging
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...models.errors import DatasetError
from ...models.printable import table_row
from ...models.wholefile import write_json
from ..config.config import TrainConfig
from ..dataset.dataset import Dataset, SplitName
from ..dataset.rolls import SETS, read_rolls, write_dataset
from ..fit.fit import Run
from ..fit.passages import pieces_of
from ..fit.savedrun import load_run
from .framescore import score_pieces, scorer

log = logging.getLogger("antiphon.train")
CONFIGS = Path(__file__).parents[1] / "configs"
PUBLISHED = {
    "RNN-RBM (Boulanger-Lewandowski et al. 2012)": (6.27, 2.39, 7.09, 6.01),
    "RNN-NADE (the same)": (5.56, 2.31, 7.05, 5.60),
    "LSTM, independent outputs (Bai et al. 2018)": (8.45, 3.29, None, None),
    "TCN, independent outputs (Bai et al. 2018)": (8.10, 3.07, None, None),
    "DMM-Aug-NADE (Krishnan et al. 2017)": (5.12, 2.31, 7.05, 6.05),
}
"""Nats a frame on the test splits: jsb, nottingham, piano, muse."""


def config_for(name: str, folder: Path, steps: int | None = None) -> TrainConfig:
    """Return the shipped configuration of a set, its data set below ``folder``."""
    data = tomllib.loads((CONFIGS / f"frames-{name}.toml").read_text(encoding="utf-8"))
    config = TrainConfig.from_dict({**data, "dataset": str(folder / "datasets" / name)})
    return config if steps is None else replace(config, fit=replace(config.fit, steps=steps))


def prepare(source: Path, name: str, folder: Path) -> None:
    """Turn a set's .mat file into a data set, unless that was done."""
    target = folder / "datasets" / name
    if not (target / "dataset.json").exists():
        write_dataset(read_rolls(source / SETS[name]), target, name)


def benchmark(name: str, folder: Path, split: SplitName, steps: int | None) -> dict[str, Any]:
    """Train a set's network to its end and score it; returns the figures."""
    out = folder / "runs" / name
    progress = Run(config_for(name, folder, steps), out).fit()
    _, dataset, network = load_run(out)
    score = scorer(network)
    found: dict[str, Any] = {
        "parameters": int(network.count_params()),
        "updates": progress.best_step,
        "minutes": progress.seconds / 60,
    }
    for one in dict.fromkeys(("valid", split)):
        found[one] = asdict(score_pieces(score, dataset.codec, _whole(dataset, one)))
    write_json(out / "frames.json", found, indent=1)
    return found


def _whole(dataset: Dataset, split: SplitName) -> list[Any]:
    """Return a split's pieces; raises DatasetError when one is missing from the count."""
    pieces = pieces_of(dataset, split)
    if len(pieces) != dataset.split(split).pieces:
        raise DatasetError(f"{dataset.path}: {split} has pieces of fewer than two notes")
    return pieces


def table(found: dict[str, dict[str, Any]], split: SplitName) -> str:
    """Return the figures as Markdown tables beside the published ones."""
    lines = [
        f"| {split} split | parameters | minutes | nats a frame | all frames | valid |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        if "error" in one:
            lines.append(table_row(name, one["error"], *[""] * 4))
            continue
        lines.append(
            f"| {name} | {one['parameters']:,} | {one['minutes']:.0f} | {one[split]['published']:.3f} "
            f"| {one[split]['all_frames']:.3f} | {one['valid']['published']:.3f} |"
        )
    lines += ["", "| published, test | " + " | ".join(SETS) + " |", "|---" * (len(SETS) + 1) + "|"]
    for name, figures in PUBLISHED.items():
        cells = ("–" if x is None else f"{x:.2f}" for x in figures)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
