"""Drum pitches of instruments as General MIDI."""

from __future__ import annotations

from collections.abc import Mapping

GENERAL_MIDI: Mapping[int, int] = {}
"""General MIDI already."""

ROLAND_TD11: Mapping[int, int] = {
    22: 42,  # closed hi-hat, edge
    26: 46,  # open hi-hat, edge
    47: 45,  # rims of the toms: General MIDI has no sound for them, the head is the same drum
    50: 48,
    58: 43,
    52: 57,  # edge of the second crash, which General MIDI would play as a china
    55: 49,  # edge of the first crash, which General MIDI would play as a splash
}
"""Pads whose notes General MIDI would play as something else, or not at all; the others agree (the
table on the Groove MIDI Dataset's page names the pads). Rim shots (40) stay apart from the snare's head."""

DRUM_MAPS: Mapping[str, Mapping[int, int]] = {"gm": GENERAL_MIDI, "td11": ROLAND_TD11}
