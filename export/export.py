"""A trained run to a model file, verified before it is packed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import onnx

from ..models.wholefile import whole_file
from ..train.config.sections import Told
from ..train.dataset.dataset import Dataset, SplitName
from ..train.fit.passages import passage, pieces_of
from ..train.fit.savedrun import load_run
from .card import check_readable, known_figures, manifest_for, own_figures
from .conversion.convert import convert, set_manifest, weight_bytes
from .conversion.quantise import products, quantise
from .graph.stepgraph import StepGraph
from .proof.calibrate import find_ranges
from .proof.choices import check_choices
from .proof.reference import keras_log_probs, keras_logits
from .proof.replay import Passage, Replay, session
from .proof.verify import PARITY, PARITY_STEPS, check_nodes, check_parity, held_out
from .report import Report

HELD_OUT_NOTES = 6000
"""How many held-out notes measure what quantising costs."""
CALIBRATION_NOTES = 3000
"""How many notes of the train split tell what values activations take."""


def export(folder: Path, out: Path, weights: str = "int8") -> Report:
    """Export one run; raises AntiphonError, or whatever the converter raises, when it cannot be."""
    began = time.monotonic()
    config, dataset, network = load_run(folder)
    manifest = manifest_for(config, dataset, network, weights)
    check_readable(manifest)
    full = convert(StepGraph(network), manifest)
    check_nodes(full)
    plain = Replay(session(full.SerializeToString()), manifest)
    told = config.network.told
    split, passages = _passages(dataset, ("test", "valid"), told, HELD_OUT_NOTES)
    logits = keras_logits(network)
    parity = check_parity(plain, keras_log_probs(logits), passages)
    chosen = check_choices(plain, logits, PARITY_STEPS, PARITY)
    final, small = full, plain
    if weights == "int8" and products(full):  # a tiny network has none that is worth it
        _, heard = _passages(dataset, ("train",), told, CALIBRATION_NOTES)
        final = quantise(full, find_ranges(full, manifest, heard))
        check_nodes(final)
        small = Replay(session(final.SerializeToString()), manifest)
    loss = held_out(plain, small, passages)
    held = own_figures(loss, split) | known_figures(folder)
    quantisation = "float32" if final is full else weights
    set_manifest(final, replace(manifest, held_out=held, quantisation=quantisation))
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
        parity_steps=parity.steps,
        chosen_steps=chosen,
        split=split,
        loss_float32=loss.float32,
        loss_exported=loss.exported,
        step_us=small.microseconds(1),
        step_us_batch8=small.microseconds(8),
        seconds=time.monotonic() - began,
    )


def _passages(
    dataset: Dataset, splits: tuple[SplitName, ...], told: Told, notes: int
) -> tuple[SplitName, list[Passage]]:
    """Return the first split that has any pieces, the last one where none has, and whole pieces of it.

    They are evenly drawn, of about so many notes.
    """
    for split in splits:
        pieces = pieces_of(dataset, split)
        if pieces:
            break
    every = max(1, round(sum(map(len, pieces)) / notes))
    return split, [passage(dataset.codec, p, 0, len(p) + 1, told=told) for p in pieces[::every]]


def _write(path: Path, model: onnx.ModelProto) -> None:
    """Write a model so that the file is either whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(model.SerializeToString())
