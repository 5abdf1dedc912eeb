"""`antiphon render`: a MIDI or ABC file becomes sound."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...models.errors import ConfigError
from ..sound.playback import open_output, play
from ..sound.render import Renderer, find_soundfont
from .musicfile import ABC_ENDING, MIDI_ENDINGS, read_music
from .outfile import check_place
from .soundfile import write_sound

ENDING = ".wav"


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
    renderer = Renderer(read_music(args.file), find_soundfont(args.soundfont))
    stream = open_output() if args.play else None
    gain = renderer.gain()
    if args.out is not None:
        print(write_sound(renderer, gain, args.out))
    if stream is not None:
        print(f"playing {renderer.seconds:.1f} s; Ctrl-C stops it", flush=True)
        play(renderer.levelled(gain), stream)
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raise ConfigError for what could not be done, before any work is."""
    if args.file.suffix.lower() not in (*MIDI_ENDINGS, ABC_ENDING):
        raise ConfigError(f"{args.file}: name a file that ends in {', '.join(MIDI_ENDINGS)} or {ABC_ENDING}")
    if args.out is None and not args.play:
        raise ConfigError("say where the sound goes: --out FILE.wav, --play or both")
    if args.out is None:
        return
    check_place(args.out)
    if args.out.exists() and args.file.exists() and args.out.samefile(args.file):
        raise ConfigError(f"{args.out} is what is to be rendered; name another file")
    if args.out.suffix.lower() != ENDING and (args.out.is_file() or not args.out.exists()):  # else a device
        raise ConfigError(f"--out {args.out}: render writes WAV; name a file that ends in {ENDING}")
