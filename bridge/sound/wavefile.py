"""WAV files, written whole or not at all."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...models.errors import MusicError
from ...models.refusal import reason
from ...models.wholefile import whole_file
from .render import SAMPLE_RATE, Block


def write_wav(blocks: Iterable[Block], path: Path) -> None:
    """Write sound as 16-bit stereo at SAMPLE_RATE; samples beyond -1..1 are clipped.

    It is written beside the file and takes its name at the end. Whatever ends it early, Ctrl-C included,
    leaves what was there before.

    Raises:
        MusicError: it cannot be written, with the file's name and the reason, such as a full disk.
    """
    try:
        with whole_file(path) as out, wave.open(out, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            for block in blocks:
                file.writeframes(np.rint(np.clip(block, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    except OSError as error:
        raise MusicError(f"{path}: cannot be written ({reason(error)})") from error
