"""A reader that never comes back."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from antiphon.train.corpus import pieces
from antiphon.train.corpus.patience import TookTooLong, patience
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.dataset.prepare import prepare
from antiphon.train.dataset.prepareconfig import PrepareConfig

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarm clock")


def test_what_is_quick_is_left_alone() -> None:
    with patience(60.0):
        value = 1
    assert value == 1
    with pytest.raises(TookTooLong), patience(0.01):
        time.sleep(60)


def test_whose_alarm_it_was_has_it_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with contextlib.suppress(KeyError), patience(60.0):
        assert signal.getsignal(signal.SIGALRM) != before
        raise KeyError
    assert signal.getsignal(signal.SIGALRM) == before


def test_beside_the_main_thread_there_is_no_alarm() -> None:
    found: list[Any] = []

    def read() -> None:
        with patience(60.0):
            found.append(signal.getitimer(signal.ITIMER_REAL)[0])

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(60)
    assert found == [0]


def test_a_piece_that_takes_for_ever_costs_itself_alone(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pieces.read_midi

    def stuck(data: bytes, name: str) -> Any:
        while name.endswith("stuck.mid"):
            with contextlib.suppress(Exception):  # as readers do that swallow whatever comes
                time.sleep(60)
        return real(data, name)

    monkeypatch.setattr(pieces, "read_midi", stuck)
    monkeypatch.setattr(pieces, "PIECE_SECONDS", 0.2)
    notes = [(60 + i, 480 * i, 480, 80) for i in range(8)]
    for name in ("stuck", "well"):
        music.write(f"train/{name}.mid", music.midi(notes))
    prepare([music.root], tmp_path / "set", PrepareConfig(), processes=1)
    dataset = Dataset.load(tmp_path / "set")
    assert dataset.split("train").names == ("train/well.mid",)
    assert "skipped\ttook too long" in (tmp_path / "set" / "report.txt").read_text()
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
