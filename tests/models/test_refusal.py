"""What the system refused, as a person is told it."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest
from antiphon.models.errors import MusicError
from antiphon.models.midi import write_midi
from antiphon.models.note import Note
from antiphon.models.score import Score


@pytest.mark.parametrize("system", ["linux", "win32"])
def test_a_file_that_a_daw_has_open_is_to_be_closed_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """Sequencers keep the MIDI files open that they play."""

    def replace(path: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Access is denied", str(path))

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr("antiphon.models.wholefile.WAITS", ())
    with pytest.raises(MusicError, match=r"tune\.mid: cannot be written \(Access is denied; .*place") as told:
        write_midi(Score((Note(60, 0.0, 1.0),)), tmp_path / "tune.mid")
    assert ("close the program that has it open" in str(told.value)) == (system == "win32")
