"""ABC tunes as text: a data set of characters.

A tune is kept as X:1, its title, metre, unit length and key, and its music; what else a header says (who
transcribed it, where from), comments and what follows the empty line at its end are left out. One tune is one
piece; those of several voices are left out, as a text has no two lines at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...models.abc import AbcError, decode_abc
from ...models.abc.symbol import Kind
from ...models.abc.tune import parse, tune_lines
from ...models.codec import Codec, Codes
from ...models.errors import DatasetError
from ...models.file.step import TEXT_LINE
from ...models.score import Part
from ..corpus.abcfile import BookTune, Names, tunes
from ..corpus.pieces import unreadable
from ..corpus.sources import Item, Skipped, let_go, read_bytes
from .dataset import SPLITS, SplitName, begin_again
from .prepareconfig import PrepareConfig
from .preparereport import write_text_report
from .sametune import SameTunes
from .splits import Splits
from .writeset import check_tables, write_info, write_split

KEPT = ("T", "M", "L", "K")
"""Header fields after X:, in the order that tunes begin with."""
LONGEST = 4000
"""Characters of the longest tune kept."""
FLUTE = 73
"""General MIDI program that plays tunes."""
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What other readers than ABC's take for the end of a line."""


def tidy(text: str) -> str | None:
    """Return a tune in the form that the model learns, None when it has no key or no music.

    >>> tidy("X:7\\nZ:somebody\\nK:D\\nT:A tune\\nM:6/8\\nABc|\\n")
    'X:1\\nT:A tune\\nM:6/8\\nK:D\\nABc|\\n'
    """
    header: dict[str, str] = {}
    music: list[str] = []
    sounds = False
    for line in tune_lines(text):
        content = _BREAKS.sub(" ", line.content).strip()
        if not line.letter:
            sounds = True
            music.append(" ".join(line.text.split()))
        elif line.letter in ("M", "L", "K") and "K" in header and (sounds or line.letter in header):
            music.append(f"{line.letter}:{content}")  # a change within the tune
        elif line.letter in ("M", "L"):
            header[line.letter] = content
        elif line.letter in KEPT:
            header.setdefault(line.letter, content)
    if "K" not in header or not any("|" in line for line in music):
        return None
    lines = ["X:1", *(f"{key}:{header[key]}" for key in KEPT if key in header), *music]
    return "\n".join(lines) + "\n"


def _voices(text: str) -> int:
    """Return in how many voices a tune has music, overlays (&) counted; raises AbcError for too many."""
    tune = parse(text)
    overlays = sum(any(sign.heads for sign in over) for laid in tune.overlays.values() for over in laid)
    voices = tune.voices.values()
    return overlays + sum(any(sign.heads or sign.kind is Kind.BAR for sign in voice) for voice in voices)


def clock_of(length: int) -> Codes:
    """Return the clock of a text's characters, (character, 5): tick, bar, place, bar ticks, metre code."""
    tick = np.arange(1, length + 1)
    columns = [tick, tick // TEXT_LINE, tick % TEXT_LINE, np.full(length, TEXT_LINE), np.zeros(length, int)]
    return np.stack(columns, axis=1).astype(np.int32)


def prepare_text(
    found: Iterable[Item | Skipped], out: Path, config: PrepareConfig, splits: Splits
) -> dict[str, Any]:
    """Make a data set of the characters of the tunes ``found``; return what dataset.json holds.

    Of equal tunes one is kept, that of the stronger split, as in selecting pieces of notes. Characters that
    fewer than ``config.least`` training tunes use, and tunes with one, are left out.

    Raises:
        DatasetError: not one tune is left for training.
        ConfigError: an index that was asked for names no tune.
    """
    texts: dict[SplitName, dict[str, str]] = {split: {} for split in SPLITS}
    skipped: list[Skipped] = []
    same, of = SameTunes(), dict[str, SplitName]()
    for name, split, text in _tunes(found, splits, skipped):
        of[name] = split
        texts[split][name] = text
        for lost, kept_one in same.add(name, split, text):
            del texts[of[lost]][lost]
            skipped.append(Skipped(lost, "the same music as another tune", f"of {kept_one}"))
    if not texts["train"]:
        raise DatasetError(f"no ABC tune for training: {_so_far(texts, skipped)}")
    remarks = splits.remarks()
    used = Counter(c for text in texts["train"].values() for c in set(text))
    known = {c for c, n in used.items() if n >= config.least}
    kept = {split: _without_rare(mine, known, skipped) for split, mine in texts.items()}
    if not kept["train"]:
        raise DatasetError(
            f"all {len(texts['train'])} tunes for training have characters that fewer than {config.least} "
            "of them use; give more tunes, or least = 1 in a configuration (--config)"
        )
    return _save(out, kept, Codec.of_characters(known), config, skipped, remarks)


def _so_far(texts: dict[SplitName, dict[str, str]], skipped: Sequence[Skipped]) -> str:
    """Return where the tunes went, in words."""
    counts: dict[str, int] = {split: len(mine) for split, mine in texts.items() if mine}
    counts |= Counter(skip.reason for skip in skipped)
    return ", ".join(f"{what} {count}" for what, count in counts.items()) or "the sources are empty"


def _without_rare(texts: dict[str, str], known: set[str], skipped: list[Skipped]) -> dict[str, str]:
    """Return the tunes of known characters alone."""
    kept = {}
    for name, text in texts.items():
        rare = sorted(set(text) - known)
        if rare:
            skipped.append(Skipped(name, "a rare character", " ".join(map(ascii, rare[:5]))))
        else:
            kept[name] = text
    return kept


def _save(
    out: Path,
    texts: dict[SplitName, dict[str, str]],
    codec: Codec,
    config: PrepareConfig,
    skipped: Sequence[Skipped],
    remarks: Sequence[str],
) -> dict[str, Any]:
    """Write the arrays, the report and, last, dataset.json."""
    check_tables(codec)
    out.mkdir(parents=True, exist_ok=True)
    begin_again(out)
    counts = {}
    for split, mine in texts.items():
        pieces = [(name, len(text)) for name, text in mine.items()]
        codes = map(codec.encode_text, mine.values())
        clocks = (clock_of(length) for _, length in pieces)
        counts[split] = write_split(out, split, codec, pieces, codes, clocks)
    return write_info(
        out,
        codec,
        (),
        [Part("tune", FLUTE)],
        monophonic=True,
        sources=[dict(source) for source in config.sources],
        counts=counts,
        report=write_text_report(out, texts, skipped, remarks),
    )


def _tunes(
    found: Iterable[Item | Skipped], splits: Splits, skipped: list[Skipped]
) -> Iterator[tuple[str, SplitName, str]]:
    """Yield name, split and tidied text of every tune; note what is left out."""
    names = Names()  # two sources may hold files of one name
    for item in found:
        if isinstance(item, Skipped):
            skipped.append(item)
            continue
        if item.kind != "abc":
            skipped.append(Skipped(item.name, "not an ABC file"))
            continue
        try:
            book = list(tunes(decode_abc(read_bytes(item))))
        except Exception as error:  # as in reading notes: a file nobody foresaw costs itself alone
            skipped.append(unreadable(item.name, error))
            continue
        for tune in book:
            name = names.new(f"{item.name}: {tune.name}")
            tidied = _tidied(name, tune)
            if isinstance(tidied, Skipped):
                skipped.append(tidied)
            else:
                yield name, splits.of(item.name, tune.name, place=item.place)[0], tidied
    let_go()


def _tidied(name: str, tune: BookTune) -> str | Skipped:
    """Return a tune as the model learns it, or why it is left out."""
    tidied = tidy(tune.text)
    if tidied is None:
        return Skipped(name, "no key or no barline")
    if len(tidied) > LONGEST:
        return Skipped(name, "too long", f"{len(tidied)} characters, at most {LONGEST}")
    try:
        voices = _voices(tune.text)
    except AbcError as error:
        return unreadable(name, error)
    return tidied if voices < 2 else Skipped(name, "several voices", f"{voices} voices; text keeps one alone")
