"""A file that cannot be read costs itself alone, whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from antiphon.train import pieces, shard
from antiphon.train.dataset import Dataset
from antiphon.train.prepare import prepare
from antiphon.train.prepareconfig import PrepareConfig

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
