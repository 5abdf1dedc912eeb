"""What is said while a sound is written."""

import io
import sys

import numpy as np
import pytest
from antiphon.bridge.cli.soundfile import write_sound


class Silence:
    """45 seconds in three blocks, of a frame each."""

    seconds = 45.0

    def levelled(self, gain):
        yield from [np.zeros((1, 2), np.float32)] * 3


@pytest.mark.parametrize("looks_on", [True, False])
def test_a_terminal_is_told_how_far_a_long_sound_is(tmp_path, monkeypatch, looks_on):
    said = io.StringIO()
    said.isatty = lambda: looks_on
    monkeypatch.setattr(sys, "stderr", said)
    assert write_sound(Silence(), 1.0, tmp_path / "a.wav") == f"wrote {tmp_path / 'a.wav'}: 45.0 s"
    assert (tmp_path / "a.wav").stat().st_size == 44 + 3 * 4
    shown = said.getvalue().split("\r")
    assert [text.strip() for text in shown if text.strip()] == (
        ["rendering:  44%", "rendering:  89%"] if looks_on else []
    )
