"""MIDI files in and out."""

from .read import read_midi
from .write import to_midi, write_midi

__all__ = ["read_midi", "to_midi", "write_midi"]
