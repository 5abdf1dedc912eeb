"""How well a model of text writes ABC, judged by abc2midi (Debian's abcmidi), an independent program.

    python tests/benchmarks/abc.py [--model irish-abc] [--models DIR] [--tunes 200] [--real DATASET] [--free]

Three shares: tunes that abc2midi reads without an error, bars that add up to their metre (a pick-up and its
complement do), and tunes of which one bar is more than three tenths. Of the model's text as it was drawn, in
all metres and in each, of what a user gets (mended, or drawn again), and of real tunes: the test split of a
data set of text.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.request import Take
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.bridge.text.barfill import FREE, BarFill
from antiphon.bridge.text.textrow import TextRow
from antiphon.models.abc import AbcError, bars
from antiphon.models.score import Score

METRES = ("6/8", "4/4", "2/4", "3/4")
_ERROR = re.compile(r"^Error", re.MULTILINE)


def reads(tune: str, folder: Path) -> bool:
    """Whether abc2midi makes a MIDI file of a tune and complains of nothing worse than a warning."""
    source, target = folder / "tune.abc", folder / "tune.mid"
    target.unlink(missing_ok=True)
    source.write_text(tune)
    words = ["abc2midi", str(source), "-o", str(target)]
    said = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    return target.exists() and not _ERROR.search(said.stdout + said.stderr)


def circles(tune: str) -> bool:
    """Whether one bar makes up more than three tenths of a tune."""
    music = tune.partition("\nK:")[2].partition("\n")[2].replace("\n", "|")
    written = Counter(bar.strip() for bar in music.split("|") if bar.strip(" :|]"))
    return max(written.values(), default=0) > 0.3 * written.total()


def judged(tunes: Iterable[str]) -> tuple[int, float, float, float]:
    """Return how many tunes, and the shares: read by abc2midi, bars that add up, tunes that circle."""
    good, fitting, written, count, circling = 0, 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for tune in tunes:
            count += 1
            good += reads(tune, Path(folder))
            circling += circles(tune)
            try:
                found = bars(tune)
            except AbcError:
                found = []
            fitting += sum(bar.fits for bar in found)
            written += len(found)
    return count, good / max(count, 1), fitting / max(written, 1), circling / max(count, 1)


def drawn(model: str, folders: Sequence[Path], count: int) -> tuple[list[str], list[str]]:
    """Return tunes as the model drew them, first attempts and later ones, and as a user gets them."""
    raw: list[str] = []
    read = TextRow._read

    def heard(row: TextRow) -> tuple[str, Score]:
        raw.append(row._codec.decode_text(np.array(row._codes, np.int32).reshape(-1, 1)))
        return read(row)

    TextRow._read = heard  # type: ignore[method-assign]
    shelf = ModelShelf(folders)
    manifest = shelf.manifest(model)
    got: list[Take] = []
    try:
        with Engine(shelf) as engine:
            for seed in range(0, count, 8):
                metre = METRES[seed // 8 % len(METRES)]
                options: dict[str, Any] = {"takes": min(8, count - seed), "metre": metre}
                got += engine.generate(resolve({}, options, None, manifest, seed))
    finally:
        TextRow._read = read  # type: ignore[method-assign]
    return raw, [take.text for take in got]


def real(dataset: Path, count: int) -> list[str]:
    """Return tunes of a data set's test split."""
    from antiphon.train.dataset.dataset import Dataset
    from antiphon.train.evaluation.textscore import text_of

    tunes = [f"{tune}\n" for tune in text_of(Dataset.load(dataset), "test").split("\n\n") if tune]
    return tunes[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="irish-abc")
    parser.add_argument("--models", action="append", type=Path, default=[], metavar="DIR")
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--real", type=Path, metavar="DATASET", help="data set of text for comparison")
    parser.add_argument("--free", action="store_true", help="without the rule that keeps bars to their metre")
    args = parser.parse_args()
    if args.free:
        BarFill.rule = lambda self: FREE  # type: ignore[method-assign]
    raw, mended = drawn(args.model, args.models, args.tunes)
    rows = {"as drawn": raw, "as a user gets them": mended}
    for metre in METRES[: -(-args.tunes // 8)]:
        rows[f"as drawn, {metre}"] = [tune for tune in raw if f"\nM:{metre}\n" in tune]
    if args.real:
        rows["real tunes, test split"] = real(args.real, args.tunes)
    print(
        "| tunes | how many | read by abc2midi | bars that add up | go round one bar |\n|---|---|---|---|---|"
    )
    for name, tunes in rows.items():
        count, good, fitting, circling = judged(tunes)
        print(f"| {name} | {count} | {good:.1%} | {fitting:.1%} | {circling:.1%} |")


if __name__ == "__main__":
    main()
