"""What it does to lead the voices of an answer to where its context lies: to the music, and to answers.

    python tests/benchmarks/tessitura.py MODEL DATASET [--split valid] [--pieces 300] [--bars 4]

The first bars of pieces are told, and the next four follow. For each strength, 1 being what the bridge does
(bridge/tessitura.py): the nats of a pitch that the music went on with, and how many semitones the voices of
answers lie from their context's, mean pitch from mean pitch: on average, and nine in ten at most. The music's
own figures stand above.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from antiphon.bridge import tessitura, tonality
from antiphon.bridge.engine import Engine
from antiphon.bridge.shelf import ModelShelf
from antiphon.bridge.tessitura import Tessitura
from antiphon.models.metre import MetreMap
from antiphon.models.modelfile import ModelFile
from antiphon.models.note import Note
from antiphon.train.dataset import Dataset
from leaning import FOLLOWING, Pitches, request_of
from played import Passage, passages

STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0)
OUTSIDE, DRIFT = tessitura.OUTSIDE, tessitura.DRIFT


def lead(strength: float) -> None:
    """Make the bridge lead so strongly."""
    tessitura.OUTSIDE, tessitura.DRIFT = strength * OUTSIDE, strength * DRIFT


def nats(stepper: Pitches, passage: Passage) -> np.ndarray:
    """Return the nats of the pitches that follow, one sum for each strength."""
    context, following, metre = passage.context, passage.following, passage.metre
    manifest = stepper.manifest
    codec, column = manifest.codec, manifest.codec.names.index("pitch")
    encoded = codec.encode([*sorted(context, key=lambda n: n.order), *following], MetreMap(((0.0, metre),)))
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
    key = tonality.of_music(context)[codec["pitch"].array.astype(np.int64) % 12].astype(np.float32)
    leaders = []
    for strength in STRENGTHS:
        lead(strength)
        leaders.append(Tessitura(codec, encoded.codes[: len(context)]))
    stepper.clear()
    stepper.add()
    stepper.conditions[0, :1] = manifest.metre_code(metre)
    note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
    found = np.zeros(len(STRENGTHS))
    for at, codes in enumerate(encoded.codes):
        stepper.note[0], stepper.clock[0], stepper.forced[0] = note, clock, codes
        stepper.step()
        if at >= len(context):
            logits = stepper.logits[0] + np.stack([leader.lead(key) for leader in leaders])
            found += np.logaddexp.reduce(logits, axis=1) - logits[:, codes[column]]
            for strength, leader in zip(STRENGTHS, leaders, strict=True):
                lead(strength)
                leader.hear(codes.tolist())
        note, clock = codes, clocks[at]
    return found


def distance(context: Sequence[Note], notes: Sequence[Note]) -> float:
    """Return how many semitones voices lie from where they lay, on average; 0 where none is in both."""
    away = []
    for part in {note.part for note in context}:
        before = [note.pitch for note in context if note.part == part]
        after = [note.pitch for note in notes if note.part == part]
        if after:
            away.append(abs(float(np.mean(after) - np.mean(before))))
    return float(np.mean(away)) if away else 0.0


def told(distances: Sequence[float]) -> str:
    """Return the mean and the ninth decile."""
    return f"{np.mean(distances):.2f} | {np.percentile(distances, 90):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file of voices")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="what antiphon prepare wrote")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(valid)")
    parser.add_argument("--pieces", type=int, default=300, help="of the split at most (300)")
    parser.add_argument("--bars", type=int, default=4, help="that are told (4)")
    args = parser.parse_args()
    file = ModelFile.load(args.model)
    taken = list(passages(Dataset.load(args.dataset), args.pieces, args.split, args.bars, FOLLOWING))
    if not taken:
        raise SystemExit(f"{args.dataset} has no piece of {args.bars + FOLLOWING} bars in one metre")
    notes = sum(len(passage.following) for passage in taken)
    stepper = Pitches(args.model, file.manifest)
    losses = sum(nats(stepper, passage) for passage in taken) / notes
    print(f"{file.manifest.name}: {notes} notes that follow {args.bars} bars of {len(taken)} pieces\n")
    print("| strength | nats a pitch | semitones from the context | 9 in 10 within |\n|---|---|---|---|")
    own = [distance(passage.context, passage.following) for passage in taken]
    print(f"| the music | | {told(own)} |")
    shelf = ModelShelf([args.model.parent], shipped=False)
    with Engine(shelf) as engine:
        for strength, loss in zip(STRENGTHS, losses, strict=True):
            lead(strength)
            found = []
            for seed, passage in enumerate(taken):
                request = request_of(shelf.manifest(file.manifest.name), passage, args.bars, seed)
                found.append(distance(passage.context, engine.generate(request)[0].notes))
            print(f"| {strength:g} | {loss:.4f} | {told(found)} |", flush=True)


if __name__ == "__main__":
    main()
