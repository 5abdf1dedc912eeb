"""What music slower or faster beside its beat costs: nats a note of four bars after one, two and four.

    python tests/benchmarks/stretch.py MODEL DATASET [--split valid] [--pieces 300]

Each passage is told and followed at half, once, twice and four times its time, in bars as long as before. It
is read as it is, and as the bridge reads it (bridge/manner/stretch.py), in beats of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from antiphon.bridge.manner.stretch import stretch_of, stretched
from antiphon.bridge.session.resolve import anchored
from antiphon.models.file.modelfile import ModelFile
from antiphon.models.note import Note
from continuing import arguments, taken
from played import Listener, Passage

TOLD = (1, 2, 4)
"""Bars."""
TIMES = (0.5, 1.0, 2.0, 4.0)


def in_time(passage: Passage, times: float) -> Passage:
    """Return a passage so many times as slow."""

    def slower(notes: Sequence[Note]) -> list[Note]:
        return [stretched(note, times) for note in notes]

    return replace(passage, context=slower(passage.context), following=slower(passage.following))


def main() -> None:
    args = arguments(__doc__).parse_args()
    listener = Listener(ModelFile.load(args.model))

    def nats(passage: Passage, cut: float) -> float:
        return listener.nats(passage.context, passage, anchored(passage.metre, cut))

    print(f"{listener.manifest.name}: {args.split} pieces, {listener.manifest.gaps}\n")
    print("| bars told | time | nats a note, read as it is | as the bridge reads it | read in other beats |")
    print("|---|---|---|---|---|")
    for bars in TOLD:
        passages = taken(args, bars)
        notes = sum(len(passage.following) for passage in passages)
        for times in TIMES:
            plain = read = 0.0
            others = 0
            for passage in passages:
                cut = bars * passage.metre.beats * times
                slow = in_time(passage, times)
                beat = stretch_of(slow.context, listener.manifest)
                plain += nats(slow, cut)
                read += nats(in_time(slow, 1 / beat), cut / beat)
                others += beat != 1
            share = others / len(passages)
            print(
                f"| {bars} | {times:g} | {plain / notes:.3f} | {read / notes:.3f} | {share:.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
