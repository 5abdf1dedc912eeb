"""How far sixteen bars from nothing get from where they began, in key and in height.

    python tests/benchmarks/drift.py MODEL DATASET [--split valid] [--pieces 300]

Where a piece is in its last eight bars, compared with its first four: the share of their time in the major
scale, or its relatives, that has most of the first bars; and how many semitones each voice lies from where it
lay, mean pitch from mean pitch. The music's own sixteen bars beside as many pieces by the model, led by how
they begin (bridge/leading) and not led.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import leading, tessitura, tonality
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.metre import Metre
from antiphon.models.note import Note
from continuing import arguments, taken
from leaning import in_key
from tessitura import distance

FIRST, LAST, BARS = 4, 8, 16


def ends(notes: Sequence[Note], metre: Metre) -> tuple[list[Note], list[Note]]:
    """Return the notes of the first four bars of sixteen and of the last eight."""
    start = (BARS - LAST) * metre.beats
    return [n for n in notes if n.start < FIRST * metre.beats], [n for n in notes if n.start >= start]


def figures(pieces: Sequence[tuple[list[Note], list[Note]]]) -> str:
    """Return the share in the scale and the distance, of pieces that have notes at both ends."""
    whole = [(first, last) for first, last in pieces if first and last]
    inside = sum(in_key(first, last) for first, last in whole)
    return f"{inside[0] / inside[1]:.3f} | {np.mean([distance(first, last) for first, last in whole]):.2f}"


def written(
    engine: Engine, manifest: Manifest, metres: Sequence[Metre]
) -> list[tuple[list[Note], list[Note]]]:
    """Return the ends of one piece in each metre."""
    pieces = []
    for seed, metre in enumerate(metres):
        request = resolve({}, {"bars": BARS, "metre": str(metre)}, None, manifest, seed)
        pieces.append(ends(engine.generate(request)[0].notes, metre))
    return pieces


def main() -> None:
    args = arguments(__doc__).parse_args()
    told = taken(args, FIRST, BARS - FIRST)
    metres = [passage.metre for passage in told]
    own = [ends([*p.context, *p.following], p.metre) for p in told]
    print(f"{args.model.stem}: {len(told)} pieces\n")
    print("| | time in the first bars' scale | semitones from them |\n|---|---|---|")
    print(f"| the music | {figures(own)} |")
    shelf = ModelShelf([args.model.parent], shipped=False)
    manifest = shelf.manifest(args.model.stem)
    with Engine(shelf) as engine:
        print(f"| led | {figures(written(engine, manifest, metres))} |", flush=True)
        leading.MAX_NOTES = 0
        tessitura.OUTSIDE = tessitura.DRIFT = 0.0
        tonality.STRANGE = 0.0
        print(f"| not led | {figures(written(engine, manifest, metres))} |")


if __name__ == "__main__":
    main()
