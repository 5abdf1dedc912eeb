"""How answers keep the swing of a beat: a model of drums after four bars whose off-beats lie late.

    python tests/benchmarks/swing.py MODEL [--answers 32]

The beat is made up: bass drum, snare and eighths of a hi-hat, hits a normal error of 0.012 beats off. The
share of off-beats in answers of four bars that lie within 0.04 beats of its own: as the bridge plays, which
takes swing out of what the model hears (bridge/manner), and without that.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from pathlib import Path

from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.manner.manner import Manner
from antiphon.bridge.request import GenerationRequest
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.note import Note

PLACES = (0.5, 0.56, 0.6, 0.62, 2 / 3, 0.7, 0.72)
NEAR = 0.04
OFF = 0.012
KICK, SNARE, HAT = 36, 38, 42
BAR = {KICK: (0.0, 2.5, 3.5), SNARE: (1.0, 3.0), HAT: tuple(eighth / 2 for eighth in range(8))}
"""Where in a bar each is struck, in beats."""
BARS = 4


def beat(place: float, rng: random.Random) -> tuple[Note, ...]:
    """Return four bars whose off-beats lie at ``place``."""
    notes = []
    for bar in range(BARS):
        for pitch, beats in BAR.items():
            for at in beats:
                swung = int(at) + (place if at % 1 else 0.0)
                start = max(4.0 * bar + swung + rng.gauss(0, OFF), 0.0)
                notes.append(Note(pitch, start, 0.1, 100 if at % 1 == 0 else 70))
    return tuple(sorted(notes, key=lambda note: note.start))


def kept(engine: Engine, request: GenerationRequest, place: float) -> float:
    """Return which share of the off-beats of a request's takes lie where they should."""
    places = [note.start % 1 for take in engine.generate(request) for note in take.notes]
    off = [each for each in places if 0.3 < each < 0.93]
    return sum(abs(each - place) < NEAR for each in off) / max(len(off), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file of drums")
    parser.add_argument("--answers", type=int, default=32, help="to each beat (32)")
    args = parser.parse_args()
    manifest = ModelInfo.read(args.model).manifest
    print(f"{manifest.name}: {args.answers} answers to each beat\n")
    print("| off-beats at | kept | without the bridge's swing |\n|---|---|---|")
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        for number, place in enumerate(PLACES):
            options = {"metre": "4/4", "bars": BARS, "takes": min(args.answers, 16)}
            shares = []
            for seed in range(-(-args.answers // 16)):
                context = beat(place, random.Random(number))
                request = resolve({}, options, context, manifest, seed)
                plain = replace(request, manner=Manner())
                shares.append([kept(engine, each, place) for each in (request, plain)])
            swings, straight = (sum(column) / len(shares) for column in zip(*shares, strict=True))
            print(f"| {place:.2f} | {swings:.2f} | {straight:.2f} |", flush=True)


if __name__ == "__main__":
    main()
