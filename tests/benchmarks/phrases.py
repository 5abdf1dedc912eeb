"""What it does to tell a network the places of bars in their phrases: to tunes, and to where phrases end.

    python tests/benchmarks/phrases.py MODEL DATASET [--split valid] [--pieces 300]

MODEL was trained with `phrases = true`. The bridge takes the first whole bar of a context for the first of a
phrase. So twelve bars are cut out of tunes that begin where that is so (0 bars after the tune's first whole
bar), and where it is not: the nats of a note of bars 5 to 8 and 9 to 12, the bars before told, with the
places of bars in phrases and without. Below, how many bars of tunes that are continued from bar 5 end with a
note of a beat or more, bar by bar, and how many of the tunes themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from antiphon.bridge.engine import Engine
from antiphon.bridge.opening import in_phrase
from antiphon.bridge.resolve import resolve
from antiphon.bridge.shelf import ModelShelf
from antiphon.bridge.stepper import Stepper
from antiphon.models.manifest import Manifest
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.modelfile import ModelFile
from antiphon.models.note import Note
from antiphon.train.dataset import Dataset
from continuing import arguments

LATE = (0, 4, 2, 1)
"""Bars after a tune's first whole bar with which contexts begin."""
BARS = 12
TOLD = 4
TOLD_PHRASES = (None, 0)
"""Rows of the stepper: told nothing, told that the first bar begins a phrase."""

Tune = tuple[list[Note], Metre]


def tunes(dataset: Dataset, split: str, most: int) -> Iterator[Tune]:
    """Yield a split's tunes of one metre, their first whole bar at beat 0."""
    data = dataset.split(split)  # type: ignore[arg-type]
    for piece in list(map(data.piece, range(data.pieces)))[:most]:
        codes = set(data.clock[piece, 4].tolist())
        if len(codes) > 1 or 0 in codes:
            continue
        metre = Metre.parse(dataset.metres[codes.pop() - 1])
        notes = dataset.codec.decode(data.codes[piece])
        pick_up = metre.beats if 2 * notes[0].start >= metre.beats else 0.0
        yield [replace(note, start=note.start - pick_up) for note in notes], metre


def between(notes: Sequence[Note], start: float, end: float) -> list[Note]:
    """Return the notes that begin from ``start`` to ``end``, in beats from ``start``."""
    return [replace(n, start=n.start - start) for n in notes if start - 1e-6 <= n.start < end - 1e-6]


def nats(stepper: Stepper, notes: Sequence[Note], metre: Metre) -> npt.NDArray[np.float64]:
    """Return the sums of nats and the notes of each bar, (told, bar, 2)."""
    manifest, codec = stepper.manifest, stepper.manifest.codec
    encoded = codec.encode(notes, MetreMap(((0.0, metre),)))
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
    found = np.zeros((len(TOLD_PHRASES), BARS, 2))
    stepper.clear()
    note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
    for _ in TOLD_PHRASES:
        stepper.add()
    for at, codes in enumerate(encoded.codes):
        for row, phrase in enumerate(TOLD_PHRASES):
            stepper.note[row], stepper.clock[row], stepper.forced[row] = note, clock, codes
            stepper.conditions[row, :2] = manifest.metre_code(metre), in_phrase(phrase, int(clock[0]))
        stepper.step()
        bar = min(int(encoded.bars[at]), BARS - 1)
        found[:, bar, 0] -= stepper.log_prob[: len(TOLD_PHRASES)].sum(axis=1)
        found[:, bar, 1] += 1
        note, clock = codes, clocks[at]
    return found


def long_ends(notes: Sequence[Note], metre: Metre) -> npt.NDArray[np.float64]:
    """Return 1 for bars that end with a note that begins a beat or more before the barline, (bar,)."""
    ends = np.zeros(BARS)
    for bar in range(BARS):
        here = between(notes, bar * metre.beats, (bar + 1) * metre.beats)
        ends[bar] = bool(here) and metre.beats - max(n.start for n in here) >= 1 - 1e-6
    return ends


def continued(engine: Engine, manifest: Manifest, tune: Tune, seed: int) -> list[Note]:
    """Return a tune that a model goes on with from bar 5."""
    notes, metre = tune
    cut = TOLD * metre.beats
    before = [note for note in notes if note.start < cut - 1e-6]
    options = {"bars": BARS - TOLD, "start": cut, "metre": str(metre)}
    return [*before, *engine.generate(resolve({}, options, tuple(before), manifest, seed))[0].notes]


def main() -> None:
    args = arguments(__doc__).parse_args()
    model = ModelFile.load(args.model)
    if not model.manifest.phrases:
        raise SystemExit(f"{args.model} knows no phrases: train with phrases = true")
    found = list(tunes(Dataset.load(args.dataset), args.split, args.pieces))
    stepper = Stepper(model.session, model.manifest)
    print(f"{model.manifest.name}: nats a note\n")
    print(
        "| context begins, bars on | tunes | bars 5-8 | told | bars 9-12 | told |\n|---|---|---|---|---|---|"
    )
    for late in LATE:
        crops = [
            (between(notes, late * metre.beats, (late + BARS) * metre.beats), metre)
            for notes, metre in found
            if max(n.end for n in notes) >= (late + BARS) * metre.beats - 1e-6
        ]
        crops = [(notes, metre) for notes, metre in crops if len(notes) >= BARS]
        sums = sum((nats(stepper, *crop) for crop in crops), np.zeros((len(TOLD_PHRASES), BARS, 2)))
        four = sums.reshape(len(TOLD_PHRASES), -1, 4, 2).sum(axis=2)
        each = four[..., 0] / np.maximum(four[..., 1], 1)
        cells = [f"{each[told, part]:.3f}" for part in (1, 2) for told in range(len(TOLD_PHRASES))]
        print(f"| {late} | {len(crops)} | {' | '.join(cells)} |")
    whole = [tune for tune in found if max(n.end for n in tune[0]) >= (BARS + TOLD) * tune[1].beats - 1e-6]
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        answered = [
            long_ends(continued(engine, model.manifest, tune, seed), tune[1])
            for seed, tune in enumerate(whole)
        ]
    music = [long_ends(*tune) for tune in whole]
    print(f"\n| bars that end long, of {len(whole)} tunes | {' | '.join(map(str, range(5, BARS + 1)))} |")
    print("|---|" + "---|" * (BARS - TOLD))
    for name, ends in (("tunes", music), ("continued", answered)):
        shares = np.mean(ends, axis=0)[TOLD:] if ends else np.zeros(BARS - TOLD)
        print(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} |")


if __name__ == "__main__":
    main()
