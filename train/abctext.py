"""ABC tunes as text: a data set of characters.

A tune is kept as X:1, its title, metre, unit length and key, and its music; what else a header says (who
transcribed it, where from) and comments are left out. One tune is one piece.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..models.codec import Codec, Codes
from ..models.errors import DatasetError
from ..models.step import TEXT_LINE
from .abcfile import tunes
from .dataset import FORMAT_VERSION, SPLITS, SplitName, codec_to_json
from .prepareconfig import PrepareConfig
from .sources import Item, Skipped, decode_text, find, read_bytes
from .splits import Splits

log = logging.getLogger("antiphon.prepare")
KEPT = ("T", "M", "L", "K")
"""Header fields after X:, in the order that tunes begin with."""
LONGEST = 4000
"""Characters of the longest tune kept."""
_HEADER = re.compile(r"^([A-Za-z]):\s*(.*?)\s*$")


def tidy(text: str) -> str | None:
    """Return a tune in the form that the model learns, None when it has no key or no music.

    >>> tidy("X:7\\nZ:somebody\\nK:D\\nT:A tune\\nM:6/8\\nABc|\\n")
    'X:1\\nT:A tune\\nM:6/8\\nK:D\\nABc|\\n'
    """
    header: dict[str, str] = {}
    music: list[str] = []
    for line in text.splitlines():
        field = _HEADER.match(line)
        if field is None:
            music.append(" ".join(line.split()))
        elif field[1] in KEPT:
            if field[1] in ("M", "L", "K") and field[1] in header and music:
                music.append(f"{field[1]}:{field[2]}")  # a change within the tune
            else:
                header.setdefault(field[1], field[2])
    music = [line for line in music if line]
    if "K" not in header or not any("|" in line for line in music):
        return None
    lines = ["X:1", *(f"{key}:{header[key]}" for key in KEPT if key in header), *music]
    return "\n".join(lines) + "\n"


def clock_of(length: int) -> Codes:
    """Return the clock of a text's characters, (character, 5): tick, bar, place, bar ticks, metre code."""
    tick = np.arange(1, length + 1)
    columns = [tick, tick // TEXT_LINE, tick % TEXT_LINE, np.full(length, TEXT_LINE), np.zeros(length, int)]
    return np.stack(columns, axis=1).astype(np.int32)


def prepare_text(sources: Sequence[Path], out: Path, config: PrepareConfig, splits: Splits) -> dict[str, Any]:
    """Make a data set of characters; return what dataset.json holds.

    Equal tunes are kept once. Characters that fewer than ``config.least`` training tunes use, and tunes
    with one, are left out.

    Raises:
        DatasetError: not one tune could be read.
    """
    found: dict[SplitName, dict[str, str]] = {split: {} for split in SPLITS}
    skipped: Counter[str] = Counter()
    seen: set[str] = set()
    for name, split, text in _tunes(find(sources, config.include, config.exclude), splits, skipped):
        body = text.partition("\nK:")[2]
        if body in seen:
            skipped["the same music as another tune"] += 1
        else:
            seen.add(body)
            found[split][name] = text
    if not found["train"]:
        raise DatasetError(f"no ABC tune for training in {', '.join(map(str, sources))}: {dict(skipped)}")
    used = Counter(c for text in found["train"].values() for c in set(text))
    codec = Codec.of_characters(c for c, n in used.items() if n >= config.least)
    counts = {}
    out.mkdir(parents=True, exist_ok=True)
    (out / "dataset.json").unlink(missing_ok=True)
    for split, texts in found.items():
        counts[split] = _write(out, split, texts, codec, skipped)
    info: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "codec": codec_to_json(codec),
        "metres": [],
        "parts": [{"name": "tune", "program": 73, "is_drum": False}],
        "monophonic": True,
        "sources": [dict(source) for source in config.sources],
        "counts": counts,
        "report": {"skipped": dict(skipped)},
    }
    (out / "dataset.json").write_text(json.dumps(info, indent=1), encoding="utf-8")
    return info


def _tunes(
    items: Iterable[Item | Skipped], splits: Splits, skipped: Counter[str]
) -> Iterable[tuple[str, SplitName, str]]:
    """Yield name, split and tidied text of every tune; count what is left out."""
    for item in items:
        if isinstance(item, Skipped) or item.kind != "abc":
            skipped["not an ABC file"] += 1
            continue
        try:
            text = decode_text(read_bytes(item))
        except (OSError, DatasetError) as error:
            log.warning("%s: %s", item.name, error)
            skipped["unreadable"] += 1
            continue
        for tune in tunes(text):
            tidied = tidy(tune.text)
            if tidied is None:
                skipped["no key or no barline"] += 1
            elif len(tidied) > LONGEST:
                skipped[f"longer than {LONGEST} characters"] += 1
            else:
                yield f"{item.name}: {tune.name}", splits.of(item.name, tune.name)[0], tidied


def _write(
    out: Path, split: SplitName, texts: dict[str, str], codec: Codec, skipped: Counter[str]
) -> dict[str, int]:
    """Write one split; return its counts."""
    known = {int(v) for v in codec["char"].values}
    kept = {name: text for name, text in texts.items() if all(ord(c) in known for c in text)}
    skipped["a rare character"] += len(texts) - len(kept)
    codes = [codec.encode_text(text) for text in kept.values()] or [np.zeros((0, 1), np.int32)]
    clocks = [clock_of(len(c)) for c in codes]
    np.save(out / f"{split}.codes.npy", np.concatenate(codes).astype(np.int16))
    np.save(out / f"{split}.clock.npy", np.concatenate(clocks))
    np.save(out / f"{split}.pieces.npy", np.cumsum([0, *(len(text) for text in kept.values())]))
    (out / f"{split}.names.json").write_text(json.dumps(list(kept)), encoding="utf-8")
    return {"pieces": len(kept), "notes": sum(len(text) for text in kept.values())}
