"""MIDI files in and out."""

from .midi_read import read_midi
from .midi_write import to_midi, write_midi

__all__ = ["read_midi", "to_midi", "write_midi"]
