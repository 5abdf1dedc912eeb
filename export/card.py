"""What a model file says of itself, gathered from its run and its data set."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from ..models.errors import ExportError, ModelFileError
from ..models.file.manifest import Defaults, Manifest
from ..models.file.read import read_manifest
from ..models.gaps import WINDOW, Gaps, gaps, geometric_mean
from ..train.config.config import TrainConfig
from ..train.config.sources import sources_of
from ..train.dataset.dataset import CLOCK, Dataset, SplitName
from ..train.fit.savedrun import weights_id
from ..train.network.network import NoteNetwork
from .graph.state import memory_of, state_tensors
from .proof.verify import HeldOut


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
        phrases=shape.config.phrases,
        gaps=gaps_of(dataset),
        defaults=Defaults(
            card.temperature, card.top_p, card.metre, card.tempo, low=min(used), high=max(used)
        ),
        sources=sources_of(card.sources or dataset.info.get("sources", ())),
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


def gaps_of(dataset: Dataset) -> Gaps | None:
    """Return how closely onsets of training pieces follow one another; None of text, or where few tell."""
    if dataset.codec.is_text:
        return None
    train = dataset.split("train")
    means: list[float] = []
    for piece in map(train.piece, range(train.pieces)):
        found = gaps((train.clock[piece, CLOCK.index("tick")] / dataset.codec.ticks_per_beat).tolist())
        ends = range(WINDOW, len(found) + 1, WINDOW)
        means += [geometric_mean(found[end - WINDOW : end]) for end in ends]
    if not means:
        return None
    return Gaps(*(round(float(value), 3) for value in np.quantile(means, (0.05, 0.5, 0.95))))


def check_readable(manifest: Manifest) -> None:
    """Raise ExportError where no program would read the file, before it takes its time to make it."""
    try:
        read_manifest(manifest.to_json())
    except ModelFileError as error:
        told = str(error).removesuffix(": export the model anew")
        raise ExportError(f"no model file can say what this run asks for: {told}") from error


def own_figures(loss: HeldOut, split: SplitName) -> dict[str, float]:
    """Return what export measured, by names that say the split where it is not the test split.

    >>> own_figures(HeldOut(2.5, 2.51), "valid")
    {'valid, nats_a_note_float32': 2.5, 'valid, nats_a_note_exported': 2.51}
    """
    found = {"nats_a_note_float32": loss.float32, "nats_a_note_exported": loss.exported}
    return found if split == "test" else {f"{split}, {name}": value for name, value in found.items()}


def known_figures(folder: Path) -> dict[str, float]:
    """Return the totals that `antiphon evaluate --json RUN/test.json` left in the run's folder."""
    path = folder / "test.json"
    if not path.exists():
        return {}
    try:
        runs = json.loads(path.read_bytes())
        own = [run for run in runs if len(runs) == 1 or Path(run).resolve() == folder.resolve()]
        found = runs[own[0]]
        if (measured := found.get("weights")) and measured != weights_id(folder):
            raise LookupError("the run went on since")
        split = found.get("split", "test")
        if "bits a character" in found:
            bits = found["bits a character"]
            return {f"{split}, bits a character, {name}": value for name, value in bits.items()}
        return {f"{split}, {name}": row["total"] for name, row in found["figures"].items()}
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        raise ExportError(
            f"{path} holds no figures of this run: `antiphon evaluate {folder} --json {path}` writes it anew"
        ) from error
