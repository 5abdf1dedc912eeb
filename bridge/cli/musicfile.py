"""Files of music that the command line reads: MIDI, or a tune in ABC notation."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ...models.abc import decode_abc, read_abc
from ...models.errors import AbcError, MusicError
from ...models.midi import read_midi
from ...models.score import Score

MIDI_ENDINGS = (".mid", ".midi", ".kar", ".rmi")
ABC_ENDING = ".abc"
MAX_ABC_BYTES = 400_000
"""Above what `read_abc` takes, whatever its characters."""


def read_music(path: Path) -> Score:
    """Read a file: ABC, of several tunes the first, where its name ends so; else MIDI.

    Raises:
        MusicError: the file cannot be read; the message holds its name and the reason.
    """
    if path.suffix.lower() != ABC_ENDING:
        return read_midi(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ABC_BYTES + 1)
    except OSError as error:
        raise MusicError(f"{path}: {error.strerror or error}") from error
    if len(data) > MAX_ABC_BYTES:
        raise MusicError(f"{path}: larger than {MAX_ABC_BYTES:,} bytes; give one tune at a time")
    try:
        text = decode_abc(data)
        tunes = len(re.findall(r"^X:", text, re.MULTILINE))
        if tunes > 1:
            sys.stderr.write(f"{path} holds {tunes} tunes; this is the first\n")
        return read_abc(text)
    except AbcError as error:
        raise MusicError(f"{path}: {error}") from error
