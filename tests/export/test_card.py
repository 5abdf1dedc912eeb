"""What a file says of its music, and its figures, which are of the run and split that were measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from antiphon.export.card import gaps_of, known_figures
from antiphon.models.errors import ExportError
from antiphon.models.gaps import WINDOW
from antiphon.models.note import Note
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.fit.savedrun import BEST, weights_id
from made_music import small_codec, write_music


def test_figures_of_several_runs_are_told_apart(tmp_path: Path) -> None:
    figures = {
        str(tmp_path / name): {"figures": {"network": {"total": t}}} for name, t in (("a", 1), ("b", 2))
    }
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test.json").write_text(json.dumps(figures))
    assert known_figures(tmp_path / "b") == {"test, network": 2}
    with pytest.raises(ExportError, match="holds no figures of this run"):
        known_figures(tmp_path / "c")


def test_how_fast_music_is_is_told_of_the_training_pieces(tmp_path: Path) -> None:
    """Eight passages in eighths, two in halves, one in sixteenths."""
    passages = [(0.5, 8), (2.0, 2), (0.25, 1)]
    pieces = [[Note(60, gap * i, gap) for i in range(1 + WINDOW * count)] for gap, count in passages]
    short = [pieces[0][:WINDOW]]
    made = write_music(tmp_path / "set", small_codec(1), {"train": pieces, "valid": short, "test": short})
    found = gaps_of(Dataset.load(made))
    assert found is not None
    assert (found.typical, 0.25 < found.least < 0.5, found.most) == (0.5, True, 2.0)
    made = write_music(tmp_path / "few", small_codec(1), {"train": short, "valid": short, "test": short})
    assert gaps_of(Dataset.load(made)) is None


@pytest.mark.parametrize("text", ["{}", "[]", '{"run": {}}', "no json"])
def test_figures_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "test.json").write_text(text)
    with pytest.raises(ExportError, match="holds no figures of this run: `antiphon evaluate"):
        known_figures(tmp_path)


@pytest.mark.parametrize(("told", "split"), [({}, "test"), ({"split": "valid"}, "valid")])
def test_figures_are_of_the_split_that_was_measured(tmp_path: Path, told: Any, split: str) -> None:
    figures = {"figures": {"network": {"total": 1.5}}, **told}
    (tmp_path / "test.json").write_text(json.dumps({str(tmp_path): figures}))
    assert known_figures(tmp_path) == {f"{split}, network": 1.5}


@pytest.mark.parametrize("is_same", [True, False])
def test_figures_of_other_weights_are_none_of_the_run(tmp_path: Path, is_same: bool) -> None:
    """As they are when a run goes on after it was measured."""
    (tmp_path / BEST).write_bytes(b"weights")
    row = {"split": "test", "weights": weights_id(tmp_path), "figures": {"network": {"total": 2.0}}}
    (tmp_path / "test.json").write_text(json.dumps({str(tmp_path): row}))
    if is_same:
        assert known_figures(tmp_path) == {"test, network": 2.0}
        return
    (tmp_path / BEST).write_bytes(b"better weights")
    with pytest.raises(ExportError, match="holds no figures of this run"):
        known_figures(tmp_path)
