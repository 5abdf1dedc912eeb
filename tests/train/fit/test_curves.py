"""Learning curves on disk, while somebody looks at them."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest
from antiphon.train.fit.curves import restore_curves, write_curves

HISTORY = [
    {"step": step, "seconds": 1.0, "train": 2.0, "valid": 2.5, "valid_pitch": 2.5} for step in (25, 50)
]


@pytest.mark.parametrize("name", ["curves.csv", "curves.png"])
def test_curves_that_a_program_has_open_end_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """As a spreadsheet on Windows has its table."""
    write_curves(tmp_path, HISTORY[:1])
    before = {path.name: path.read_bytes() for path in tmp_path.glob("curves.*")}
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.name == name:
            raise PermissionError(errno.EACCES, "Access is denied", str(path))
        return real(path, target)

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(Path, "replace", replace)
        write_curves(tmp_path, HISTORY)
    after = {path.name: path.read_bytes() for path in tmp_path.glob("curves.*")}
    assert [other for other in sorted(after) if after[other] == before[other]] == [name]
    assert f"{name} stays as it is: another program may have it open" in caplog.text
    write_curves(tmp_path, HISTORY)
    assert (tmp_path / name).read_bytes() != before[name]


@pytest.mark.parametrize("name", ["curves.csv", "curves.png"])
def test_curves_that_find_no_room_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What comes after them would find none either."""
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.name == name:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        write_curves(tmp_path, HISTORY)


def test_a_run_that_goes_on_brings_a_table_up_to_date(tmp_path: Path) -> None:
    write_curves(tmp_path, HISTORY[:1])
    restore_curves(tmp_path, HISTORY)
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 3
