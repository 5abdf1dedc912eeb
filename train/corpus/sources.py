"""What there is to read: music files in folders, in zips and by themselves, as units of work."""

from __future__ import annotations

import hashlib
import os
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Literal

from ...models.abc import decode_abc
from ...models.errors import ConfigError, MusicError
from ...models.midi.read import MAX_BYTES as MAX_MIDI_BYTES
from ...models.printable import printable
from ...models.refusal import reason

Kind = Literal["midi", "abc", "musicxml", "grid", "index"]
KINDS: dict[str, Kind] = {
    ".mid": "midi",
    ".midi": "midi",
    ".kar": "midi",
    ".rmi": "midi",
    ".abc": "abc",
    ".musicxml": "musicxml",
    ".xml": "musicxml",
    ".mxl": "musicxml",
    ".json": "grid",
}
INDEX_NAMES = ("index.csv", "info.csv")
"""What files are called that say which piece is in which split."""
MAX_BYTES = 64 * 2**20
"""Larger files, and zip members that unpack to more, are refused; MIDI's limit is :func:`most_bytes`."""
MAX_MEMBERS = 1_000_000
_IS_UTF_8 = 0x800
"""Bit of a zip member's flags (APPNOTE.TXT 4.4.4); without it a name is read as code page 437."""
CHUNK_FILES = 32
CHUNK_TUNES = 100


@dataclass(frozen=True)
class Place:
    """Where a file's name begins: its source, and its zip."""

    root: str = ""
    """The source's folder on disk."""
    title: str = ""
    """That folder's own name; "" where the folders of all sources have one name, which tells nothing."""
    holder: str = ""
    """The zip's path below the source's folder, "" outside of one."""


@dataclass(frozen=True)
class Item:
    """One music file, on disk or in a zip; zips are read in place and never unpacked to disk."""

    path: str
    """The file on disk: the music itself, or the zip that holds it."""
    member: str
    """Its name in the zip, "" outside of one."""
    name: str
    """What reports and indexes call it: its path below the source, with slashes, :func:`printable`."""
    kind: Kind
    stamp: str
    """Changes when its content does."""
    place: Place = Place()


@dataclass(frozen=True)
class Work:
    """A file, or a stretch of the tunes of one."""

    item: Item
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class Skipped:
    """A file or a piece that will not be in the data set."""

    name: str
    reason: str
    """A few words, the same for all of its sort: totals are counted by it."""
    detail: str = ""


def find(
    sources: Sequence[Path], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[Item | Skipped]:
    """Yield the music of ``sources`` (folders, zips, files), sorted by name within each, and indexes.

    An index is skipped, as no music, and yielded too. ``include``, which is for music, and ``exclude`` are
    globs on names and base names. Raises ConfigError for a source that does not exist.
    """
    roots = [source if source.is_dir() else source.parent for source in sources]
    titles = [(root.resolve() if root.name in ("", "..") else root).name for root in roots]
    for source, root, title in zip(sources, roots, titles, strict=True):
        if not source.exists():
            raise ConfigError(f"source {source} does not exist")
        place = Place(str(root), called(title) if len(set(titles)) > 1 else "")
        files = [source]
        if not source.is_dir():
            yield from (one for one in _beside(place) if not _matches(one.name, one.name, exclude))
        else:
            files, closed = _within(source)
            yield from (Skipped(_name_of(path, place), "unreadable", why) for path, why in closed)
        for path in files:
            is_folder = path.is_dir()  # a linked one, where nobody has looked for what is included
            for found in _at(path, place):
                base = PurePosixPath(found.name).name
                if isinstance(found, Item) and found.kind == "index":
                    if not _is_hidden(found.name) and not _matches(found.name, base, exclude):
                        yield found
                elif isinstance(found, Item) and _is_hidden(found.name):
                    yield Skipped(found.name, "hidden file")
                elif include and not is_folder and not _matches(found.name, base, include):
                    yield Skipped(found.name, "not included")
                elif _matches(found.name, base, exclude):
                    yield Skipped(found.name, "excluded")
                else:
                    yield found


def _within(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Return the files and idle links in a folder and those below it; and what may not be read, and why."""
    errors: list[OSError] = []
    files, closed = [], []
    for at, folders, names in os.walk(folder, onerror=errors.append):
        for path in (Path(at, name) for name in (*folders, *names)):
            try:
                if path.is_file() or _is_idle_link(path):
                    files.append(path)
            except OSError as error:  # a folder that may be listed but not entered
                closed.append((path, reason(error)))
    closed += [(Path(error.filename), reason(error)) for error in errors]
    # By parts: Windows' own order knows no case, and the first of two equal pieces is kept.
    return sorted(files, key=lambda path: path.parts), sorted(closed)


def _beside(place: Place) -> Iterator[Item]:
    """Yield the indexes in the folder of a source that is a file."""
    for path in (Path(place.root) / name for name in INDEX_NAMES):
        if path.is_file():
            yield Item(str(path), "", path.name, "index", "", place)


def most_bytes(kind: Kind) -> int:
    """Return how large a file may be: of MIDI the reader takes less."""
    return min(MAX_BYTES, MAX_MIDI_BYTES) if kind == "midi" else MAX_BYTES


def _is_hidden(name: str) -> bool:
    """Whether a name is one that systems write for themselves, such as macOS' __MACOSX/._tune.mid."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _matches(name: str, base: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) or fnmatchcase(base, glob) for glob in globs)


def _is_idle_link(path: Path) -> bool:
    """Whether a path is a link to a folder, or to nothing."""
    return path.is_symlink() and (path.is_dir() or not path.exists())


def _at(path: Path, place: Place) -> Iterator[Item | Skipped]:
    """Yield what lies at a path: a file, a zip's members, or why a link is neither."""
    if not _is_idle_link(path):
        yield from _in_zip(path, place) if path.suffix.lower() == ".zip" else _on_disk(path, place)
        return
    name = _name_of(path, place)
    if _is_hidden(name):  # such as an editor's lock, a link that leads nowhere
        yield Skipped(name, "hidden file")
    elif path.is_dir():
        yield Skipped(name, "a link to a folder is not followed; name the folder itself")
    else:
        yield Skipped(name, "the link leads nowhere")


def _name_of(path: Path, place: Place) -> str:
    """Return what reports and indexes call a file on disk."""
    return called(path.relative_to(place.root).as_posix())


def called(text: str) -> str:
    """Return a name as names are compared: macOS writes an accent as a character of its own (NFD)."""
    return printable(unicodedata.normalize("NFC", text))


def label_of(file: str, name: str) -> str:
    """Return what reports call a piece: its file, and its own name in a file of several."""
    return name if name == file else f"{file}: {name}"


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name: many programs write UTF-8 without the bit that says so."""
    name = info.filename
    if not info.flag_bits & _IS_UTF_8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return called(name.replace("\\", "/"))


def _on_disk(path: Path, place: Place) -> Iterator[Item | Skipped]:
    """Yield one file."""
    name = _name_of(path, place)
    kind = KINDS.get(path.suffix.lower())
    stat = path.stat()
    if kind is None:
        yield Skipped(name, "not a music file", path.suffix)
        if path.name in INDEX_NAMES:
            yield Item(str(path), "", name, "index", "", place)
    elif stat.st_size > most_bytes(kind):
        yield Skipped(name, "too large", f"{stat.st_size} bytes, at most {most_bytes(kind)}")
    else:
        yield Item(str(path), "", name, kind, f"{stat.st_size}:{stat.st_mtime_ns}", place)


def _in_zip(path: Path, place: Place) -> Iterator[Item | Skipped]:
    """Yield a zip's members by name."""
    place = replace(place, holder=_name_of(path, place))
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:  # a name that is no UTF-8
        yield Skipped(printable(path.name), "broken zip", str(error))
        return
    if len(members) > MAX_MEMBERS:
        yield Skipped(printable(path.name), "too large", f"{len(members)} members, at most {MAX_MEMBERS}")
        return
    for info, after in zip_longest(members, members[1:]):
        if info.filename.endswith("/"):
            continue
        name = _member_name(info)
        if after and after.filename == info.filename:
            yield Skipped(name, "a name that a zip holds again", "the last of them is read")
            continue
        pure = PurePosixPath(name)
        kind = KINDS.get(pure.suffix.lower())
        if not pure.parts or pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
            yield Skipped(name, "unsafe name in a zip")
        elif pure.suffix.lower() == ".zip" and not _is_hidden(name):
            yield Skipped(name, "a zip within a zip is not read; unpack the outer one")
        elif kind is None:
            yield Skipped(name, "not a music file", pure.suffix)
            if pure.name in INDEX_NAMES:
                yield Item(str(path), info.filename, name, "index", "", place)
        elif info.file_size > most_bytes(kind):
            yield Skipped(name, "too large", f"{info.file_size} bytes, at most {most_bytes(kind)}")
        else:
            yield Item(str(path), info.filename, name, kind, f"{info.file_size}:{info.CRC}", place)


def read_bytes(item: Item) -> bytes:
    """Return a file's content; raises MusicError when it cannot be read or is larger than it says."""
    try:
        if not item.member:
            return Path(item.path).read_bytes()
        found = Path(item.path).stat()
        with _archive(item.path, found.st_size, found.st_mtime_ns).open(item.member) as member:
            data = member.read(MAX_BYTES + 1)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise MusicError(f"{item.name}: cannot be read: {error}") from error
    except Exception as error:  # zlib.error and its kin, by compression method
        raise MusicError(f"{item.name}: cannot be unpacked: {error}") from error
    if len(data) > MAX_BYTES:
        raise MusicError(f"{item.name}: unpacks to more than {MAX_BYTES} bytes")
    return data


@lru_cache(maxsize=1)
def _archive(path: str, size: int, changed_ns: int) -> zipfile.ZipFile:
    """Return a zip, kept open: to open it means to read all members' names, and there may be a million.

    A file that has changed since is another one.
    """
    return zipfile.ZipFile(path)


def let_go() -> None:
    """Close the zip that was read last, if any: Windows keeps an open file from being changed."""
    _archive.cache_clear()


def chunks(items: Iterable[Item]) -> Iterator[tuple[Work, ...]]:
    """Yield units of work that take a process a few seconds; tunebooks are cut by tunes."""
    batch: list[Work] = []
    for item in items:
        if item.kind == "abc":
            yield from ((work,) for work in _cut(item))
            continue
        batch.append(Work(item))
        if len(batch) == CHUNK_FILES:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def _cut(item: Item) -> Iterator[Work]:
    """Yield stretches of a tunebook."""
    try:
        lines = decode_abc(read_bytes(item)).replace("\r", "\n")
        count = lines.count("\nX:") + lines.startswith("X:")
    except MusicError:
        count = 1  # reading it again for its tunes reports the reason
    for start in range(0, max(count, 1), CHUNK_TUNES):
        yield Work(item, start, start + CHUNK_TUNES)


def chunk_key(chunk: tuple[Work, ...], settings: str) -> str:
    """Return a name for a chunk's result: another one as soon as a file or a setting changes."""
    digest = hashlib.sha256(settings.encode())
    for work in chunk:
        digest.update(repr(work).encode())
    return digest.hexdigest()[:24]
