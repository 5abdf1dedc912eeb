"""How many pieces go round a few bars for ever, by temperature, and what keeping them from it costs.

    python tests/benchmarks/loops.py MODEL DATASET [--split valid] [--pieces 300]

For each piece of the split: 32 bars by the model from nothing, and its first four bars answered six times by
four, each answer to all before it; led out of loops (bridge/leading) and not. Counted are the pieces in
which up to eight bars come three times in a row (a single one four times), and how many of a piece's last
sixteen bars are different. Beside them the train split's own tunes of 32 bars, and how its tunes go on that
have had four bars twice. Of a model of notes also the nats a pitch of bars 5 to 16, led and not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.leading import loops
from antiphon.bridge.leading.context import read_context
from antiphon.bridge.leading.leading import WORN
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.models.file.manifest import Manifest
from antiphon.models.metre import Metre, MetreMap
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset
from continuing import Pitches, arguments, nats_of, taken
from phrases import between, tunes
from played import Passage

TEMPERATURES = (1.0, 0.7, 0.5)
BARS, TOLD, ANSWERED = 32, 4, 6
LAST = 16
LONGEST = 8

Bar = tuple[tuple[float, int, float], ...]


def bars_of(notes: Sequence[Note], metre: Metre, count: int) -> list[Bar]:
    """Return what each of so many bars sounds like, from beat 0."""
    found = []
    for bar in range(count):
        notes_of = between(notes, bar * metre.beats, (bar + 1) * metre.beats)
        found.append(tuple((round(n.start, 3), n.pitch, round(n.duration, 3)) for n in notes_of))
    return found


def goes_round(bars: Sequence[Bar]) -> bool:
    """Return whether up to eight bars come three times in a row, or one four times."""
    for size in range(1, LONGEST + 1):
        run = 0
        for bar in range(size, len(bars)):
            run = run + 1 if bars[bar] and bars[bar] == bars[bar - size] else 0
            if run >= max(2 * size, 3):
                return True
    return False


def figures(pieces: Sequence[list[Bar]]) -> str:
    """Return the share of pieces that go round, and the different bars of their last sixteen."""
    different = np.mean([len(set(bars[-LAST:])) for bars in pieces])
    return f"{np.mean([goes_round(bars) for bars in pieces]):.3f} | {different:.1f}"


def from_nothing(
    engine: Engine, manifest: Manifest, told: Sequence[Passage], temperature: float
) -> list[list[Bar]]:
    """Return 32 bars in each passage's metre."""
    found = []
    for seed, passage in enumerate(told):
        options = {"bars": BARS, "metre": str(passage.metre), "temperature": temperature}
        notes = engine.generate(resolve({}, options, None, manifest, seed))[0].notes
        found.append(bars_of(notes, passage.metre, BARS))
    return found


def in_turns(
    engine: Engine, manifest: Manifest, told: Sequence[Passage], temperature: float
) -> list[list[Bar]]:
    """Return what becomes of four bars that are answered again and again."""
    found = []
    for seed, passage in enumerate(told):
        metre, notes = passage.metre, list(passage.context)
        for answer in range(ANSWERED):
            start = TOLD * (answer + 1) * metre.beats
            options = {"bars": TOLD, "metre": str(metre), "start": start, "temperature": temperature}
            request = resolve({}, options, tuple(notes), manifest, ANSWERED * seed + answer)
            notes += engine.generate(request)[0].notes
        found.append(bars_of(notes, metre, TOLD * (ANSWERED + 1)))
    return found


def nats(stepper: Pitches, told: Sequence[Passage]) -> tuple[float, float]:
    """Return nats a pitch of what follows, not led and led."""
    sums, count, pitch = np.zeros(2), 0, stepper.manifest.codec.names.index("pitch")
    for passage in told:
        metres = MetreMap(((0.0, passage.metre),))
        notes = [*sorted(passage.context, key=lambda n: n.order), *passage.following]
        encoded = stepper.manifest.codec.encode(notes, metres)
        following = read_context(stepper.manifest, notes[: len(passage.context)], metres).loops
        assert following is not None
        for at, (logits, codes) in enumerate(stepper.following(passage), len(passage.context)):
            led = logits.copy()
            led[following.worn] -= WORN
            sums += nats_of(np.stack([logits, led]), codes[pitch])
            following.hear(int(encoded.bars[at]), int(encoded.places[at]), codes)
            count += 1
    return float(sums[0] / count), float(sums[1] / count)


def gone_on(music: Iterable[list[Bar]]) -> str:
    """Return how tunes go on that have had four bars twice."""
    size, found = 4, []
    for bars in music:
        for bar in range(2 * size, len(bars) - 1):
            before, last = bars[bar - 2 * size : bar - size], bars[bar - size : bar]
            if before == last and all(last) and bars[bar]:
                same = bars[bar] == last[0]
                found.append((bars[bar][0][1] == last[0][0][1], same, same and bars[bar + 1] == last[1]))
    pitch, one, two = np.mean(found, axis=0) if found else (0.0, 0.0, 0.0)
    return (
        f"{len(found)} times four bars come twice: {pitch:.0%} go on with the same pitch, {one:.0%} with the "
        f"same bar, {two:.0%} with the same two"
    )


Kind = Callable[[Engine, Manifest, Sequence[Passage], float], list[list[Bar]]]
KINDS: dict[str, Kind] = {"from nothing": from_nothing, "in turns": in_turns}


def main() -> None:
    args = arguments(__doc__).parse_args()
    told = taken(args, TOLD, LAST - TOLD)
    dataset = Dataset.load(args.dataset)
    whole = [
        bars_of(notes, metre, ceil(max(note.end for note in notes) / metre.beats - 1e-6))
        for notes, metre in tunes(dataset, "train", dataset.split("train").pieces)
    ]
    music = [bars[:BARS] for bars in whole if len(bars) >= BARS]
    shelf = ModelShelf([args.model.parent], shipped=False)
    manifest = shelf.manifest(args.model.stem)
    print(f"{args.model.stem}: {len(told)} pieces\n")
    print("| temperature | | led: go round | different bars of 16 | not led: go round | different bars |")
    print("|---|---|---|---|---|---|")
    if music:
        print(f"| | {len(music)} tunes of {BARS} bars | {figures(music)} | | |")
    with Engine(shelf) as engine:
        for temperature in TEMPERATURES:
            for name, kind in KINDS.items():
                row = [figures(kind(engine, manifest, told, temperature))]
                kept, loops.LONGEST = loops.LONGEST, 0
                row.append(figures(kind(engine, manifest, told, temperature)))
                loops.LONGEST = kept
                print(f"| {temperature:g} | {name} | {' | '.join(row)} |", flush=True)
    print(f"\nTrain tunes: {sum(map(goes_round, whole))} of {len(whole)} go round; {gone_on(whole)}.")
    if not manifest.codec.is_text:
        plain, led = nats(Pitches(args.model, manifest), told)
        print(f"Nats a pitch of bars {TOLD + 1} to {LAST}: not led {plain:.4f}, led {led:.4f}.")


if __name__ == "__main__":
    main()
