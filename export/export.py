"""A trained run to a model file, verified before it is packed."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..models.errors import ExportError, ModelFileError
from ..models.manifest import Defaults, Manifest, Source
from ..models.wholefile import whole_file
from ..train.backend import tf
from ..train.config import TrainConfig
from ..train.dataset import Dataset
from ..train.network import NoteNetwork
from ..train.passages import passage, pieces_of, stack
from ..train.savedrun import load_run
from .choices import check_choices
from .convert import convert, set_manifest, weight_bytes
from .folded import memory_of, state_tensors
from .quantise import quantise
from .replay import Passage, Replay, session
from .report import Report
from .stepgraph import StepGraph
from .verify import PARITY, PARITY_STEPS, check_nodes, check_parity, held_out

HELD_OUT_NOTES = 6000
"""How many held-out notes measure what quantising costs."""


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
