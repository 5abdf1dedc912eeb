"""`antiphon export` loses no work: what stands in its way is said first, and what is done stays known."""

from __future__ import annotations

import argparse
import errno
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from antiphon.export import export as exporting
from antiphon.export.cli import export as cli_export
from antiphon.export.report import Report, report_table
from antiphon.models.errors import ExportError


@pytest.fixture
def asked(tmp_path: Path) -> argparse.Namespace:
    """Two runs to be exported."""
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        text = json.dumps({"dataset": "set", "card": {"name": name}})
        (tmp_path / "runs" / name / "config.json").write_text(text)
    return argparse.Namespace(runs=[tmp_path / "runs"], out=tmp_path / "models", weights="int8")


def test_a_folder_that_takes_no_files_is_told_before_anything_is_exported(
    asked: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(exporting, "export", lambda *_: pytest.fail("it began"))
    with pytest.raises(ExportError, match=r"--out .*models takes no files: Read-only file system"):
        cli_export.run(asked)


def test_nothing_is_left_of_trying(asked: argparse.Namespace) -> None:
    cli_export._make_folder(asked.out)
    assert list(asked.out.iterdir()) == []


def test_what_was_exported_before_ctrl_c_is_in_the_report(
    asked: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def export(folder: Path, out: Path, weights: str) -> Report:
        if folder.name == "two":
            raise KeyboardInterrupt
        return Report(run=str(folder), name=folder.name, file=str(out / "one.onnx"))

    monkeypatch.setattr(exporting, "export", export)
    with pytest.raises(KeyboardInterrupt):
        cli_export.run(asked)
    (report,) = json.loads((asked.out / "export.json").read_text())
    assert report["name"] == "one"
    assert "one.onnx" in capsys.readouterr().out


def test_ctrl_c_in_the_first_run_keeps_the_report_that_was_there(
    asked: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(*_: Any) -> Report:
        raise KeyboardInterrupt

    asked.out.mkdir()
    (asked.out / "export.json").write_text("[]")
    monkeypatch.setattr(exporting, "export", export)
    with pytest.raises(KeyboardInterrupt):
        cli_export.run(asked)
    assert (asked.out / "export.json").read_text() == "[]"


def test_the_table_is_shown_where_the_report_cannot_be_written(
    asked: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (asked.out / "export.json").mkdir(parents=True)
    monkeypatch.setattr(exporting, "export", lambda folder, *_: Report(run=str(folder), name=folder.name))
    with pytest.raises(OSError):
        cli_export.run(asked)
    assert "runs/two" in Path(capsys.readouterr().out).as_posix()


def test_a_run_that_is_named_in_several_ways_is_exported_once(
    asked: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def export(folder: Path, *_: Any) -> Report:
        done.append(folder)
        return Report(run=str(folder), name=folder.name)

    monkeypatch.setattr(exporting, "export", export)
    monkeypatch.chdir(tmp_path / "runs")
    asked.runs = [Path("one"), tmp_path / "runs/one", Path("one/../one"), tmp_path / "runs"]
    assert cli_export.run(asked) == 0
    assert done == [Path("one"), tmp_path / "runs/two"]
    assert [r["error"] for r in json.loads((asked.out / "export.json").read_text())] == ["", ""]


def test_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no run"):
        cli_export.find_runs([tmp_path])


def test_a_run_of_any_name_has_one_row_of_as_many_cells_as_the_head() -> None:
    name = "runs/one | of\n two"
    table = report_table([Report(run=name, file="one.onnx"), Report(run=name, error="no | here")])
    lines = table.splitlines()
    assert len(lines) == 4
    assert {line.replace("\\|", "").count("|") for line in lines} == {12}
