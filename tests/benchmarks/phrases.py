"""What telling the places of bars in phrases does: to the nats of tunes or grooves, to how phrases end.

    python tests/benchmarks/phrases.py MODEL DATASET [--split valid] [--pieces 300]

The bridge takes the first whole bar of a context for the first of a phrase, unless the option `phrase` tells
another place. So twelve bars are cut out of tunes that begin where that is so (0 bars after the tune's first
whole bar), and where it is not: the nats of a note of bars 5 to 8, 9 to 12 and both, the bars before told.
Where MODEL was trained with `phrases = true`, it is told of phrases nothing, that the first bar begins one,
and its true place. Below, how many bars of tunes that are continued from bar 5 end with a note of a beat or
more, or of drums have a fill, bar by bar, and how many of the tunes themselves, which have more than twelve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading.context import in_phrase
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.runtime.stepper import Stepper
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.metre import Metre, MetreMap, is_pick_up
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset, SplitName
from continuing import arguments
from played import in_one_metre

LATE = (0, 4, 2, 1)
"""Bars after a tune's first whole bar with which contexts begin."""
BARS = 12
TOLD = 4
PARTS = {"bars 5-8": slice(4, 8), "9-12": slice(8, 12), "5-12": slice(4, 12)}

TOMS = {41, 43, 45, 47, 48, 50}
"""General MIDI's."""

Tune = tuple[list[Note], Metre]
Mark = Callable[[Sequence[Note], Metre], bool]


def tunes(dataset: Dataset, split: SplitName, most: int) -> Iterator[Tune]:
    """Yield a split's tunes of one metre, their first whole bar at beat 0."""
    for notes, metre in in_one_metre(dataset, split, most):
        first = metre.beats if is_pick_up(notes[0].start, metre.beats) else 0.0
        yield [replace(note, start=note.start - first) for note in notes], metre


def between(notes: Sequence[Note], start: float, end: float) -> list[Note]:
    """Return the notes that begin from ``start`` to ``end``, in beats from ``start``."""
    return [replace(n, start=n.start - start) for n in notes if start - 1e-6 <= n.start < end - 1e-6]


def crops_of(found: Sequence[Tune], late: int) -> Iterator[Tune]:
    """Yield twelve bars of each tune that has them and as many notes, from so many bars on."""
    for notes, metre in found:
        start, end = late * metre.beats, (late + BARS) * metre.beats
        crop = between(notes, start, end)
        if max(n.end for n in notes) >= end - 1e-6 and len(crop) >= BARS:
            yield crop, metre


def nats(
    stepper: Stepper, told: Sequence[int | None], notes: Sequence[Note], metre: Metre
) -> npt.NDArray[np.float64]:
    """Return sums of nats and notes of each bar, (told, bar, 2).

    Args:
        stepper: of the model.
        told: how many bars into its phrase bar 0 is; None where nothing is told.
        notes: twelve bars.
        metre: of theirs.
    """
    manifest, codec = stepper.manifest, stepper.manifest.codec
    encoded = codec.encode(notes, MetreMap(((0.0, metre),)))
    clocks = np.stack([encoded.bars, encoded.places, encoded.bar_ticks], axis=1)
    found = np.zeros((len(told), BARS, 2))
    stepper.clear()
    note, clock = codec.begin(), np.array([0, 0, encoded.bar_ticks[0]])
    for _ in told:
        stepper.add()
    for at, codes in enumerate(encoded.codes):
        for row, phrase in enumerate(told):
            stepper.note[row], stepper.clock[row], stepper.forced[row] = note, clock, codes
            stepper.conditions[row, :2] = manifest.metre_code(metre), in_phrase(phrase, int(clock[0]))
        stepper.step()
        bar = min(int(encoded.bars[at]), BARS - 1)
        found[:, bar, 0] -= stepper.log_prob[: len(told)].sum(axis=1)
        found[:, bar, 1] += 1
        note, clock = codes, clocks[at]
    return found


def ends_long(bar: Sequence[Note], metre: Metre) -> bool:
    """Return whether a bar, from beat 0, ends with a note that begins a beat or more before the barline."""
    return bool(bar) and metre.beats - max(note.start for note in bar) >= 1 - 1e-6


def has_fill(bar: Sequence[Note], metre: Metre) -> bool:
    """Return whether two strokes or more of a bar fall on toms."""
    return sum(note.pitch in TOMS for note in bar) >= 2


def marked(tune: Tune, mark: Mark) -> list[bool]:
    """Return which of a tune's bars are marked, (bar,)."""
    notes, metre = tune
    return [mark(between(notes, bar * metre.beats, (bar + 1) * metre.beats), metre) for bar in range(BARS)]


def continued(engine: Engine, manifest: Manifest, tune: Tune, seed: int) -> Tune:
    """Return a tune that a model goes on with from bar 5."""
    notes, metre = tune
    cut = TOLD * metre.beats
    before = [note for note in notes if note.start < cut - 1e-6]
    options = {"bars": BARS - TOLD, "start": cut, "metre": str(metre)}
    return [*before, *engine.generate(resolve({}, options, tuple(before), manifest, seed))[0].notes], metre


def main() -> None:
    args = arguments(__doc__).parse_args()
    model = ModelFile.load(args.model)
    found = list(tunes(Dataset.load(args.dataset), args.split, args.pieces))
    stepper = Stepper(model.session, model.manifest)
    tellings = ("", ", told 1", ", told right")[: 1 + 2 * model.manifest.phrases]
    columns = [part + telling for part in PARTS for telling in tellings]
    print(f"{model.manifest.name}: nats a note\n")
    print(f"| context begins, bars on | tunes | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for late in LATE:
        crops = list(crops_of(found, late))
        told = (None, 0, late)[: len(tellings)]
        sums = sum(nats(stepper, told, *crop) for crop in crops)
        cells = [row[part].sum(axis=0) for part in PARTS.values() for row in sums] if crops else []
        print(f"| {late} | {len(crops)} | {' | '.join(f'{total / notes:.3f}' for total, notes in cells)} |")
    # Of a tune that goes on, bar 12 is not the end that everybody makes long.
    whole = [tune for tune in found if max(n.end for n in tune[0]) >= (BARS + 1) * tune[1].beats - 1e-6]
    with Engine(ModelShelf([args.model.parent], shipped=False)) as engine:
        answers = [continued(engine, model.manifest, tune, seed) for seed, tune in enumerate(whole)]
    drums = all(part.is_drum for part in model.manifest.parts)
    mark, title = (has_fill, "have a fill") if drums else (ends_long, "end long")
    print(f"\n| bars that {title}, of {len(whole)} tunes | {' | '.join(map(str, range(5, BARS + 1)))} |")
    print("|---|" + "---|" * (BARS - TOLD))
    for name, played in (("tunes", whole), ("continued", answers)):
        bars = [marked(tune, mark) for tune in played]
        shares = np.mean(bars, axis=0)[TOLD:] if bars else np.zeros(BARS - TOLD)
        print(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} |")


if __name__ == "__main__":
    main()
