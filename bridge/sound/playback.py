"""Sound to the loudspeakers."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from ...models.errors import ConfigError
from .render import EXTRA, SAMPLE_RATE, Block

INSTEAD = "or write a file with --out FILE.wav"
PIECE = 4_410
"""Frames handed over at a time: Ctrl-C is heard within a tenth of a second."""


def open_output() -> Any:
    """Return the default audio output, started; closing it is the caller's part.

    Raises:
        ConfigError: there is no library for it, or no device.
    """
    library = _sounddevice()
    try:
        stream = library.OutputStream(samplerate=SAMPLE_RATE, channels=2, dtype="float32")
        stream.start()
    except (library.PortAudioError, ValueError) as error:
        raise ConfigError(f"no audio device plays here ({error}); plug one in, {INSTEAD}") from error
    return stream


def _sounddevice() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise ConfigError(f"playing needs sounddevice, which is not installed: {EXTRA}") from error
    except OSError as error:  # its wheels for Linux come without PortAudio
        raise ConfigError(f"playing needs PortAudio: apt install libportaudio2, {INSTEAD}") from error


def play(blocks: Iterable[Block], stream: Any) -> None:
    """Play sound to its end on what `open_output` returned, and close that; Ctrl-C falls silent at once.

    Raises:
        ConfigError: the device has gone.
    """
    try:
        for block in blocks:
            for start in range(0, len(block), PIECE):
                stream.write(block[start : start + PIECE])
        stream.stop()
    except _sounddevice().PortAudioError as error:
        raise ConfigError(f"the audio device has stopped ({error}); try again, {INSTEAD}") from error
    finally:
        stream.close(ignore_errors=True)
