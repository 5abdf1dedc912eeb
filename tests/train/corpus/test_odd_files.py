"""A file that cannot be read costs itself alone, whatever is wrong with it."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from antiphon.train.corpus import pieces, sources
from antiphon.train.dataset import shard
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.dataset.prepare import prepare
from antiphon.train.dataset.prepareconfig import PrepareConfig

TUNE = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:C\nCDEF GABc|c4 C4|\n"


def numbered(number: int) -> str:
    """Return a tune whose notes spell its number."""
    return f"X:{number}\nM:4/4\nL:1/8\nK:C\nc{f'{number:03}'.translate(NOTES)}|c4 C4|\n"


NOTES = str.maketrans("0123456789", "CDEFGABcde")


def make(music: Any, out: Path, config: PrepareConfig | None = None) -> tuple[list[str], list[str]]:
    """Prepare the music; return the training pieces' names, and the report's lines of unreadable files."""
    prepare([music.root], out, config or PrepareConfig(), processes=1)
    lines = (out / "report.txt").read_text(encoding="utf-8").splitlines()
    unreadable = [line.split("\t", 2)[2] for line in lines if line.startswith("skipped\tunreadable")]
    return list(Dataset.load(out).split("train").names), unreadable


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.abc", b"", "it holds no tune: no line begins with X:"),
        ("words.abc", b"T:A tune\nK:C\nCDEF|\n", "it holds no tune: no line begins with X:"),
        ("cut.abc", TUNE.encode("utf-16")[:-1], "its first bytes promise UTF-16, which it is not"),
        (
            "still.mid",
            b"MThd\0\0\0\x06\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0",
            "still.mid: it holds no notes",
        ),
        ("bare.json", b"[[[60, 55]]]", "not a grid file, which is an object of splits"),
        ("package.json", b'{"name": "x", "version": 1}', "not a grid file: 'name' is no list of pieces"),
        ("tags.json", b'{"tags": ["a", "b"]}', "not a grid file: 'tags' is no list of pieces"),
        ("none.json", b'{"train": [], "test": []}', "it holds no pieces"),
        ("deep.json", b"[" * 200_000, "RecursionError: maximum recursion depth exceeded"),
        ("bytes.json", b'{"\xff": []}', "not JSON ('utf-8' codec can't decode"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_an_odd_file_is_one_line_of_the_report(
    music: Any, tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    music.write("train/good.mid", music.tune(1))
    music.write(f"train/{name}", data)
    read, (line,) = make(music, tmp_path / "set")
    assert read == ["train/good.mid"]
    assert reason in line and line.endswith(f"\ttrain/{name}")


def test_a_tunebook_in_utf_16_is_read(music: Any, tmp_path: Path) -> None:
    tunes = [numbered(n) for n in range(120)]
    music.write("train/book.abc", "\n".join(tunes).encode("utf-16"))  # more tunes than one chunk
    read, unreadable = make(music, tmp_path / "set")
    assert (len(read), unreadable) == (120, [])


def test_a_data_set_among_the_sources_does_no_harm(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.tune(1))
    make(music, music.root / "set")
    read, unreadable = make(music, tmp_path / "second")
    assert read == ["train/a.mid"]
    assert sorted(line.rpartition("\t")[2] for line in unreadable) == [
        f"set/{name}.json" for name in ("dataset", "report", "test.names", "train.names", "valid.names")
    ]


def unforeseen(*_: Any) -> Any:
    raise ZeroDivisionError("a third of nothing")


@pytest.mark.parametrize("where", ["a file's reader", "a piece's reader", "what follows"])
def test_whatever_a_reader_raises_costs_the_file_alone(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    music.write("train/a.mid", music.tune(1))
    music.write("train/b.abc", TUNE)
    if where == "a file's reader":
        monkeypatch.setitem(pieces._READERS, "midi", unforeseen)
    elif where == "a piece's reader":
        monkeypatch.setattr(pieces, "read_midi", unforeseen)
    else:
        entry = shard._entry
        monkeypatch.setattr(
            shard, "_entry", lambda p, c: unforeseen() if p.name == "train/a.mid" else entry(p, c)
        )
    read, unreadable = make(music, tmp_path / "set")
    assert read == ["train/b.abc: 1"]
    assert unreadable == ["ZeroDivisionError: a third of nothing\ttrain/a.mid"]


def test_a_reader_can_be_interrupted(music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    music.write("train/a.mid", music.tune(1))
    monkeypatch.setattr(pieces, "read_midi", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make(music, tmp_path / "set")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
@pytest.mark.parametrize("text", [False, True])
def test_a_name_of_any_bytes_is_read_and_reported(music: Any, tmp_path: Path, text: bool) -> None:
    music.write("train/good.abc", TUNE)
    for number, name in enumerate((b"caf\xe9.abc", b"two\nlines.abc", b"caf\xe9.txt", b"odd.caf\xe9")):
        music.write("train/" + os.fsdecode(name), numbered(number))
    read, _ = make(music, tmp_path / "set", PrepareConfig(text=text, least=1))
    assert sorted(read) == [r"train/caf\xe9.abc: 0", "train/good.abc: 1", r"train/two\x0alines.abc: 1"]
    lines = (tmp_path / "set/report.txt").read_text(encoding="utf-8").splitlines()
    assert "skipped\tnot a music file\t.txt\ttrain/caf\\xe9.txt" in lines
    assert "skipped\tnot a music file\t.caf\\xe9\ttrain/odd.caf\\xe9" in lines
    assert any(line.startswith("read\ttrain\t") and line.endswith(r"two\x0alines.abc: 1") for line in lines)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_a_hash_of_a_name_of_any_bytes_chooses_its_split(music: Any, tmp_path: Path) -> None:
    for number in range(30):
        music.write(os.fsdecode(b"%d\xe9.abc" % number), numbered(number))
    prepare([music.root], tmp_path / "set", PrepareConfig(), processes=1)
    counts = Dataset.load(tmp_path / "set").info["counts"]
    assert sum(count["pieces"] for count in counts.values()) == 30


def test_a_zip_with_a_name_that_is_no_utf_8_costs_itself_alone(music: Any, tmp_path: Path) -> None:
    music.write("train/good.mid", music.tune(1))
    path = music.write("train/bad.zip", b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("é.mid", music.tune(2))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    read, _ = make(music, tmp_path / "set")
    assert read == ["train/good.mid"]
    assert "skipped\tbroken zip\t" in (tmp_path / "set/report.txt").read_text(encoding="utf-8")


def test_a_zip_of_many_files_is_opened_once_for_all(music: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each opening reads the names of all: 80,000 files took hours before the first note was read."""
    opened: list[object] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, *args: Any) -> None:
            opened.append(args)
            super().__init__(*args)

    path = music.write("many.zip", music.zip({f"{n}.mid": b"%d" % n for n in range(50)}))
    monkeypatch.setattr(sources.zipfile, "ZipFile", Counted)
    items = [item for item in sources.find([path]) if isinstance(item, sources.Item)]
    assert sorted(int(sources.read_bytes(item)) for item in items) == list(range(50))
    assert len(opened) == 2  # to find them, and to read them
    sources.let_go()


def test_a_zip_that_has_changed_is_read_anew(music: Any) -> None:
    for data in (b"one", b"three"):
        path = music.write("a.zip", music.zip({"a.mid": data}))
        (item,) = sources.find([path])
        assert isinstance(item, sources.Item) and sources.read_bytes(item) == data
        sources.let_go()  # Windows would not let an open file be written


def test_a_zip_within_a_zip_is_told_to_be_unpacked(music: Any) -> None:
    inner = music.zip({"a.mid": b"one"})
    path = music.write("outer.zip", music.zip({"songs/Inner.ZIP": inner, "__MACOSX/._Inner.zip": b"two"}))
    found = [(one.name, one.reason) for one in sources.find([path]) if isinstance(one, sources.Skipped)]
    assert found == [
        ("__MACOSX/._Inner.zip", "not a music file"),
        ("songs/Inner.ZIP", "a zip within a zip is not read; unpack the outer one"),
    ]


def test_prepare_lets_go_of_the_zips_it_read(music: Any, tmp_path: Path) -> None:
    music.write("train.zip", music.zip({"train/a.mid": music.tune(1), "train/b.abc": TUNE.encode()}))
    for text in (False, True):
        prepare([music.root], tmp_path / f"set{text}", PrepareConfig(text=text, least=1), processes=1)
        assert sources._archive.cache_info().currsize == 0


def test_files_come_in_one_order_on_every_system(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths of Windows are compared without case."""
    for name in ("b.abc", "B/x.abc", "a.abc", "C.abc"):
        music.write(f"train/{name}", TUNE)
    monkeypatch.setattr(Path, "__lt__", lambda path, other: str(path).lower() < str(other).lower())
    found = [one.name for one in sources.find([music.root])]
    assert found == ["train/B/x.abc", "train/C.abc", "train/a.abc", "train/b.abc"]
