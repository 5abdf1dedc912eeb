"""What a data set's files are on disk: whole, or told to be impossible."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.bridge.cli.commands import main
from antiphon.models.wholefile import PART
from antiphon.train.dataset.arrayfile import write_array, write_rows
from antiphon.train.dataset.dataset import Dataset

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
BOOK = "".join(
    f"X:{n}\nL:1/8\nK:C\n{'CDEFGABc'[n % 8]}{'CDEFGABc'[n // 8]}GE CEGc|c4 C4|\n\n" for n in range(40)
)


@pytest.mark.parametrize("shape", [(0, 3), (5, 3), (4,)])
def test_arrays_are_read_as_they_were_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    write_array(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
    write_rows(tmp_path / "b.npy", [array[:2], array[2:]], shape, np.int16)
    found = np.load(tmp_path / "b.npy", mmap_mode="r" if shape[0] else None)
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, array)


@needs_full
@pytest.mark.parametrize("notes", [1, 100_000])
def test_a_full_disk_is_the_systems_error(notes: int) -> None:
    with pytest.raises(OSError) as error:
        write_array(FULL, np.zeros((notes, 5), np.int32))
    assert error.value.errno == errno.ENOSPC


@needs_full
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("name", ["train.codes.npy", "train.clock.npy", "valid.names.json", "report.txt"])
def test_a_full_disk_is_told_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: bool
) -> None:
    (tmp_path / "book.abc").write_text(BOOK)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / name).symlink_to(FULL)
    words = ["prepare", str(tmp_path / "book.abc"), "--out", str(tmp_path / "set"), "--processes", "1"]
    assert main([*words, *(["--text"] if text else [])]) == 2
    assert capsys.readouterr().err.rstrip().endswith("; make room, then give the same command again")
    assert not (tmp_path / "set/dataset.json").exists()


LIMITED = """
import resource, sys
from antiphon.bridge.cli.commands import main
resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit there")
def test_what_ends_an_array_half_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(BOOK)
    words = ["prepare", str(tmp_path / "book.abc"), "--text", "--out", str(tmp_path / "set")]
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (2, f"antiphon: {os.strerror(errno.EFBIG)}")
    assert not list((tmp_path / "set").glob("*" + PART))


@pytest.mark.skipif(sys.platform == "win32", reason="what is mapped cannot be replaced there")
@pytest.mark.parametrize("more", [[], ["--text"]])
def test_what_a_run_has_mapped_stays_when_the_data_set_is_replaced(tmp_path: Path, more: list[str]) -> None:
    words = ["prepare", str(tmp_path / "book.abc"), "--out", str(tmp_path / "set"), "--processes", "1", *more]
    (tmp_path / "book.abc").write_text(BOOK)
    assert main(words) == 0
    mapped: Any = Dataset.load(tmp_path / "set").split("train")
    before = np.array(mapped.codes), np.array(mapped.clock)
    (tmp_path / "book.abc").write_text(BOOK[: len(BOOK) // 2].replace("GE", "EG"))
    assert main([*words, "--overwrite"]) == 0
    np.testing.assert_array_equal(mapped.codes, before[0])
    np.testing.assert_array_equal(mapped.clock, before[1])
    assert len(Dataset.load(tmp_path / "set").split("train").codes) < len(before[0])


@pytest.mark.parametrize("more", [[], ["--text"]])
def test_a_data_set_that_windows_cannot_replace_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    """Files that a run has mapped into its memory can neither be replaced nor removed there."""
    words = ["prepare", str(tmp_path / "book.abc"), "--out", str(tmp_path / "set"), "--processes", "1", *more]
    (tmp_path / "book.abc").write_text(BOOK)
    assert main(words) == 0
    before = np.array(Dataset.load(tmp_path / "set").split("train").codes)
    (tmp_path / "book.abc").write_text(BOOK[: len(BOOK) // 2].replace("GE", "EG"))

    def unless_mapped(real: Any) -> Any:
        def step(path: Path, *args: Any, **options: Any) -> Any:
            if any(Path(each).name.endswith((".codes.npy", ".clock.npy")) for each in (path, *args)):
                raise PermissionError(errno.EACCES, "Access is denied", str(path))
            return real(path, *args, **options)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setattr("antiphon.models.wholefile.WAITS", ())
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, unless_mapped(getattr(Path, name)))
        assert main([*words, "--overwrite"]) == 2
    assert "is in use, perhaps by a run that learns from it" in capsys.readouterr().err
    np.testing.assert_array_equal(Dataset.load(tmp_path / "set").split("train").codes, before)
    assert main([*words, "--overwrite"]) == 0
    assert len(Dataset.load(tmp_path / "set").split("train").codes) < len(before)


def test_what_cannot_be_cleared_away_costs_no_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where the search index looks at a folder for a moment."""
    (tmp_path / "book.abc").write_text(BOOK)
    real = os.rmdir

    def rmdir(path: Any, **options: Any) -> None:
        if Path(path).name == ".work":
            raise PermissionError(errno.EACCES, "Access is denied", str(path))
        real(path, **options)

    monkeypatch.setattr(os, "rmdir", rmdir)
    words = ["prepare", str(tmp_path / "book.abc"), "--out", str(tmp_path / "set"), "--processes", "1"]
    assert main(words) == 0
    assert main([*words, "--overwrite"]) == 0
    assert Dataset.load(tmp_path / "set").split("train").pieces
