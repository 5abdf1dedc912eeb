"""A tune is drawn: notes, key and title are in the picture."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.engrave import draw_score
from antiphon.models.errors import ConfigError

TUNE = "X:1\nT:Made up\nM:6/8\nL:1/8\nK:D\nABc dcB|A3 D3|]\n"


def test_a_score_holds_its_notes(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    draw_score(TUNE, tmp_path / "tune.svg")
    text = (tmp_path / "tune.svg").read_text()
    root = ET.fromstring(text)
    classes = [element.get("class", "") for element in root.iter()]
    assert sum(c.split()[:1] == ["note"] for c in classes) == 8
    assert sum(c.split()[:1] == ["measure"] for c in classes) == 2
    assert "Made up" in "".join(root.itertext())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    with pytest.raises(ConfigError, match="cannot be written"):
        draw_score(TUNE, tmp_path / "none" / "tune.svg")


def test_the_extra_is_asked_for_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    assert main(["generate", "--model", "irish-abc", "--score", str(tmp_path / "t.svg")]) == 2
    said = capsys.readouterr()
    assert "antiphon[score]" in said.err and "X:1" not in said.out
