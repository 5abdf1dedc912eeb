"""`antiphon export RUN... --out DIR`: trained runs to model files, verified and reported."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from tqdm import tqdm

from ..models.errors import ExportError, ModelFileError
from ..models.manifest import Defaults, Manifest, Source
from ..models.printable import printable
from ..models.wholefile import whole_file
from ..train.arrayfile import write_json, write_lines
from ..train.backend import tf
from ..train.config import TrainConfig
from ..train.dataset import Dataset
from ..train.fit import pieces_of
from ..train.network import NoteNetwork
from ..train.passages import passage, stack
from ..train.savedrun import load_run
from .choices import check_choices
from .convert import convert, set_manifest, weight_bytes
from .folded import memory_of, state_tensors
from .quantise import quantise
from .replay import Passage, Replay, session
from .stepgraph import StepGraph
from .verify import PARITY, PARITY_STEPS, check_nodes, check_parity, held_out

log = logging.getLogger("antiphon.export")
HELD_OUT_NOTES = 6000
"""How many held-out notes measure what quantising costs."""


@dataclass(frozen=True)
class Report:
    """One run's line in the report."""

    run: str
    name: str = ""
    file: str = ""
    error: str = ""
    parameters: int = 0
    megabytes: float = 0.0
    read_megabytes: float = 0.0
    """Weights multiplied with in every step."""
    nodes: int = 0
    parity_nats: float = 0.0
    """Largest difference from Keras over held-out notes, float32."""
    chosen_steps: int = 0
    """Notes that the graph chose freely, all of them as Keras would have."""
    loss_float32: float = 0.0
    loss_exported: float = 0.0
    """Held-out nats a note before and after quantising, on the same notes of the test split."""
    step_us: float = 0.0
    step_us_batch8: float = 0.0
    seconds: float = 0.0


def manifest_for(config: TrainConfig, dataset: Dataset, network: NoteNetwork, weights: str) -> Manifest:
    """Return the manifest of a run."""
    card, shape = config.card, network.shape
    try:
        release = version("antiphon")
    except PackageNotFoundError:  # run from a source tree
        release = "0"
    used = _pitches(dataset)
    return Manifest(
        name=card.name,
        title=card.title,
        codec=dataset.codec,
        metres=dataset.metres,
        parts=dataset.parts,
        monophonic=dataset.monophonic,
        state=state_tensors(shape),
        memory=memory_of(shape),
        conditions=shape.conditions,
        defaults=Defaults(
            card.temperature, card.top_p, card.metre, card.tempo, low=min(used), high=max(used)
        ),
        sources=tuple(map(Source.of, card.sources or dataset.info.get("sources", ()))),
        parameters=int(network.count_params()),
        quantisation=weights,
        antiphon_version=release,
        date=datetime.now(UTC).date().isoformat(),
        licence=card.licence,
    )


def _pitches(dataset: Dataset) -> list[int]:
    """Return the pitches that at least one training note in 2,000 has; of text, a fiddle's."""
    if dataset.codec.is_text:
        return [55, 88]
    codes = dataset.split("train").codes[:, dataset.codec.names.index("pitch")]
    counts = np.bincount(codes, minlength=dataset.codec["pitch"].size)
    common = np.flatnonzero(counts * 2000 >= len(codes))
    return [int(dataset.codec["pitch"].values[i]) for i in common]


def keras_logits(network: NoteNetwork) -> Any:
    """Return a function from a passage to Keras' logits, a field's (step, code)."""
    call = tf.function(lambda batch: network(batch, training=False), reduce_retracing=True)

    def logits(one: Passage) -> list[np.ndarray]:
        steps = len(one["note"])
        batch = {k: tf.constant(v) for k, v in stack([one], -(-steps // 64) * 64).items()}
        return [scores[0, :steps].numpy() for scores in call(batch).values()]

    return logits


def keras_log_probs(network: NoteNetwork) -> Any:
    """Return a function from a passage to Keras' log-probabilities of its targets, (step, field)."""
    logits = keras_logits(network)

    def log_probs(one: Passage) -> np.ndarray:
        scores = [tf.nn.log_softmax(field).numpy() for field in logits(one)]
        targets = [one["target"][:, i : i + 1] for i in range(len(scores))]
        found = [np.take_along_axis(*each, axis=1)[:, 0] for each in zip(scores, targets, strict=True)]
        return np.stack(found, axis=1)

    return log_probs


def export(folder: Path, out: Path, weights: str = "int8") -> Report:
    """Export one run; raises AntiphonError, or whatever the converter raises, when it cannot be."""
    began = time.monotonic()
    config, dataset, network = load_run(folder)
    manifest = manifest_for(config, dataset, network, weights)
    _check_readable(manifest)
    full = convert(StepGraph(network), manifest)
    check_nodes(full)
    plain = Replay(session(full.SerializeToString()), manifest)
    passages = _held_out_passages(dataset)
    keras = keras_log_probs(network)
    parity = check_parity(plain, keras, passages)
    chosen = check_choices(plain, keras_logits(network), PARITY_STEPS, PARITY)
    final = quantise(full) if weights == "int8" else full
    check_nodes(final)
    small = Replay(session(final.SerializeToString()), manifest)
    loss = held_out(plain, small, passages)
    held = {"nats_a_note_float32": loss["float32"], "nats_a_note_exported": loss["exported"]}
    held |= _known_figures(folder)
    set_manifest(final, replace(manifest, held_out=held))
    path = out / f"{config.card.name}.onnx"
    _write(path, final)
    return Report(
        run=str(folder),
        name=config.card.name,
        file=str(path),
        parameters=manifest.parameters,
        megabytes=path.stat().st_size / 1e6,
        read_megabytes=weight_bytes(final) / 1e6,
        nodes=len(final.graph.node),
        parity_nats=parity.worst,
        chosen_steps=chosen,
        loss_float32=loss["float32"],
        loss_exported=loss["exported"],
        step_us=small.microseconds(1),
        step_us_batch8=small.microseconds(8),
        seconds=time.monotonic() - began,
    )


def _check_readable(manifest: Manifest) -> None:
    """Raise ExportError where no program would read the file, before it takes its time to make it."""
    try:
        Manifest.from_json(manifest.to_json())
    except ModelFileError as error:
        raise ExportError(f"no model file can say what this run asks for: {error}") from error


def _known_figures(folder: Path) -> dict[str, float]:
    """Return the totals that `antiphon evaluate --json RUN/test.json` left in the run's folder."""
    path = folder / "test.json"
    if not path.exists():
        return {}
    try:
        runs = json.loads(path.read_bytes())
        own = [run for run in runs if len(runs) == 1 or Path(run).resolve() == folder.resolve()]
        found = runs[own[0]]
        if "bits a character" in found:
            bits = found["bits a character"]
            return {f"test, bits a character, {name}": value for name, value in bits.items()}
        return {f"test, {name}": row["total"] for name, row in found["figures"].items()}
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise ExportError(
            f"{path} holds no figures of this run: `antiphon evaluate {folder} --json {path}` writes it anew"
        ) from error


def _held_out_passages(dataset: Dataset) -> list[Passage]:
    """Return whole test pieces, evenly drawn, of about HELD_OUT_NOTES notes."""
    pieces = pieces_of(dataset, "test") or pieces_of(dataset, "valid")
    total = sum(len(p) for p in pieces)
    every = max(1, round(total / HELD_OUT_NOTES))
    return [passage(dataset.codec, p, 0, len(p) + 1) for p in pieces[::every]]


def _write(path: Path, model: onnx.ModelProto) -> None:
    """Write a model so that the file is either whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(model.SerializeToString())


def find_runs(folders: list[Path]) -> tuple[list[Path], list[Report]]:
    """Return the runs among folders and below them, and a report on each folder that holds none.

    Raises ExportError where there is no run at all.
    """
    runs: dict[Path, None] = {}
    empty: dict[Path, None] = {}
    for folder in folders:
        found = dict.fromkeys(p.parent for p in sorted(folder.rglob("config.json")))
        if not found:
            empty[folder] = None
        runs |= found
    reasons = {folder: f"no run (a folder with config.json) in {folder}" for folder in empty}
    if not runs:
        raise ExportError("; ".join(reasons.values()))
    return list(runs), [Report(run=str(folder), error=reason) for folder, reason in reasons.items()]


def _check_name(folder: Path, before: list[Report]) -> None:
    """Raise ExportError where a run's file would take the place of another run's, just written."""
    name = TrainConfig.load(folder / "config.json").card.name
    same = next((r for r in before if r.name == name), None)
    if same is not None:
        raise ExportError(
            f"its card.name, {name}, is that of {same.run} too, which is in {same.file} now: export it into "
            "another --out"
        )


def report_table(reports: list[Report]) -> str:
    """Return the report as a Markdown table."""
    lines = [
        "| run | file | MB | nodes | parity | loss float32 | loss exported | µs a step | µs at batch 8 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in reports:
        if r.error:
            lines.append(f"| {r.run} | failed: {r.error} | | | | | | | |")
        else:
            lines.append(
                f"| {r.run} | {r.file} | {r.megabytes:.2f} | {r.nodes} | {r.parity_nats:.1e} | "
                f"{r.loss_float32:.4f} | {r.loss_exported:.4f} | {r.step_us:.0f} | {r.step_us_batch8:.0f} |"
            )
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `antiphon export`."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run, or a folder of runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model files and the report")
    parser.add_argument("--weights", choices=("int8", "float32"), default="int8",
                        help="how they are kept (default: int8, the smaller)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Export runs and write export.json and export.md; returns 1 when any failed."""
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"--out {args.out} cannot be a folder: {error.strerror or error}") from error
    runs, reports = find_runs(args.runs)
    for empty in reports:  # a typing error is said before the minutes that the other runs take
        log.error("%s", empty.error)
    for folder in tqdm(runs, unit="run", disable=None):
        try:
            _check_name(folder, reports)
            reports.append(export(folder, args.out, args.weights))
        except KeyboardInterrupt:
            # What it was making is thrown away, of which TensorFlow would complain at length.
            logging.getLogger("tensorflow").setLevel(logging.CRITICAL)
            raise
        except Exception as error:  # one failing run must not stop the others, whatever broke in it
            log.error("%s: %s", folder, error, exc_info=log.isEnabledFor(logging.DEBUG))
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")
            reports.append(Report(run=str(folder), error=reason[:300]))
    write_json(args.out / "export.json", [asdict(r) for r in reports], indent=1)
    write_lines(args.out / "export.md", [printable(line) for line in report_table(reports).split("\n")])
    sys.stdout.write(report_table(reports) + "\n")
    return int(any(r.error for r in reports))
