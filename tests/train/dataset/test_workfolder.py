"""What was read by other readers counts no more."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from antiphon.train.dataset import workfolder
from antiphon.train.dataset.workfolder import open_work, readers


def test_readers_are_told_by_their_code(tmp_path: Path) -> None:
    for folder in ("models/midi", "train/corpus", "train/dataset", "train/fit"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1\n", encoding="utf-8")
    seen = [readers(tmp_path)]
    for name, text in (
        ("models/midi/a.py", "2\n"),
        ("train/corpus/a.py", "2\n"),
        ("train/dataset/b.py", "1\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        seen.append(readers(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "train/fit/a.py").write_text("2\n", encoding="utf-8")
    assert readers(tmp_path) == seen[-1]


def test_readers_are_told_by_their_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    before = readers()
    monkeypatch.setattr(workfolder, "version", lambda library: "99.0")
    assert readers() != before
    assert readers().endswith("music21 99.0 mido 99.0")


@pytest.mark.parametrize("note", ["other\n", None])
def test_another_readers_work_is_taken_away(
    tmp_path: Path, note: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    work = open_work(tmp_path, "mine")
    (work / "shard.json").write_text("{}", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        open_work(tmp_path, "mine")
        assert (work / "shard.json").exists() and not caplog.records
        if note is None:
            (work / "readers.txt").unlink()
        else:
            (work / "readers.txt").write_text(note, encoding="utf-8")
        assert open_work(tmp_path, "mine") == work
    assert not (work / "shard.json").exists()
    assert "another version of Antiphon, music21 or mido: reading begins anew" in caplog.text
    caplog.clear()
    open_work(tmp_path, "mine")
    assert not caplog.records
