"""The folder that keeps what was read until its data set is finished, and by which readers that was."""

from __future__ import annotations

import hashlib
import logging
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...models.wholefile import write_lines

log = logging.getLogger("antiphon.prepare")
WORK_FOLDER = ".work"
_READ_BY = "readers.txt"
_LIBRARIES = ("music21", "mido")
_ROOMS = Path(__file__).parents[2]


def readers(rooms: Path = _ROOMS) -> str:
    """Return what tells the code that reads music from that of other versions, as one line.

    Antiphon's own version would not do: it stays the same between releases.
    """
    digest = hashlib.sha256()
    for folder in ("models", "train/corpus", "train/dataset"):
        for path in sorted((rooms / folder).rglob("*.py")):
            digest.update(path.relative_to(rooms).as_posix().encode() + b"\0" + path.read_bytes())
    return " ".join([digest.hexdigest()[:24], *map(_version, _LIBRARIES)])


def _version(library: str) -> str:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:  # without music21 all but MusicXML is read
        return f"no {library}"


def open_work(out: Path, by: str) -> Path:
    """Return the work folder of a data set's, emptied where it was filled by other readers than ``by``."""
    work = out / WORK_FOLDER
    note = work / _READ_BY
    if work.exists() and (not note.exists() or note.read_text(encoding="utf-8").strip() != by):
        if any(work.glob("*.json")):
            log.warning(
                "what was read before was read by another version of Antiphon, music21 or mido: "
                "reading begins anew"
            )
        shutil.rmtree(work, ignore_errors=True)  # on Windows somebody may look at a file; it counts no more
    work.mkdir(parents=True, exist_ok=True)
    write_lines(note, [by])
    return work
