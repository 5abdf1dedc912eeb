"""`antiphon render`: a MIDI or ABC file becomes sound."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from ..models.abc import decode_abc, read_abc
from ..models.errors import AbcError, ConfigError, MusicError
from ..models.midi import read_midi
from ..models.score import Score
from .playback import open_output, play
from .render import Renderer, find_soundfont
from .wavefile import write_wav

MAX_ABC_BYTES = 400_000
"""Above what `read_abc` takes, whatever its characters."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `render` has."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a MIDI file, or one in ABC notation")
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write 16-bit stereo at 44.1 kHz")
    parser.add_argument("--play", action="store_true", help="play it on the default audio device")
    parser.add_argument(
        "--soundfont",
        type=Path,
        metavar="FILE.sf2",
        help="how it sounds; by default, a small General MIDI one",
    )


def run(args: argparse.Namespace) -> int:
    """Render, write and play."""
    _check(args)
    renderer = Renderer(_read(args.file), find_soundfont(args.soundfont))
    stream = open_output() if args.play else None
    gain = renderer.gain()
    if args.out is not None:
        write_wav(renderer.levelled(gain, progress=sys.stderr.isatty()), args.out)
        print(f"wrote {args.out}: {renderer.seconds:.1f} s")
    if stream is not None:
        print(f"playing {renderer.seconds:.1f} s; Ctrl-C stops it", flush=True)
        play(renderer.levelled(gain), stream)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raise ConfigError for what could not be done, before any work is."""
    if args.out is None and not args.play:
        raise ConfigError("say where the sound goes: --out FILE.wav, --play or both")
    if args.out is None:
        return
    if args.out.is_dir():
        raise ConfigError(f"{args.out} is a folder; name a file")
    if not args.out.absolute().parent.is_dir():
        raise ConfigError(f"{args.out}: there is no folder {args.out.absolute().parent}; make it first")
    if args.out.exists() and args.file.exists() and args.out.samefile(args.file):
        raise ConfigError(f"{args.out} is what is to be rendered; name another file")


def _read(path: Path) -> Score:
    """Read a file by its name's end; raises MusicError with the file's name."""
    kind = path.suffix.lower()
    if kind in (".mid", ".midi", ".kar", ".rmi"):
        return read_midi(path)
    if kind != ".abc":
        raise ConfigError(f"{path}: name a file that ends in .mid, .midi, .kar, .rmi or .abc")
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
