"""A WAV file written while somebody looks on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..sound.render import BLOCK_SECONDS, Block, Renderer
from ..sound.wavefile import write_wav


def write_sound(renderer: Renderer, gain: float, path: Path) -> str:
    """Write a score as a WAV file, and say so; raises MusicError where it cannot be written.

    Args:
        renderer: of the score.
        gain: what makes it as loud as it may be.
        path: the file.
    """
    blocks = renderer.levelled(gain)
    write_wav(_followed(blocks, renderer.seconds) if sys.stderr.isatty() else blocks, path)
    return f"wrote {path}: {renderer.seconds:.1f} s"


def _followed(blocks: Iterator[Block], seconds: float) -> Iterator[Block]:
    """Yield a sound's blocks; of several, say on stderr how much of its ``seconds`` is done."""
    for index, block in enumerate(blocks):
        if index:
            sys.stderr.write(f"\rrendering: {min(index * BLOCK_SECONDS / seconds, 1.0):4.0%}")
        yield block
    if seconds > BLOCK_SECONDS:
        sys.stderr.write("\r" + " " * 20 + "\r")
