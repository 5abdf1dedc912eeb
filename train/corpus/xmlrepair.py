"""MusicXML that the standard allows and music21 does not read, or reads as something else, put right."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,3}(?:\.[0-9]{0,9})?\s*")
_KEPT = ("duration", "voice", "staff")
"""What a rest has of the note in whose place it stands."""


def mend(root: Element) -> bool:
    """Make cue notes rests, and transpositions what music21 reads; return whether anything was changed."""
    transposed = [_mend_transpose(transpose) for transpose in root.iter("transpose")]
    holders = [holder for holder in root.iter() if holder.find("note/cue") is not None]
    for measure in holders:
        _silence_cues(measure)
    return any(transposed) or bool(holders)


def _silence_cues(measure: Element) -> None:
    """Make rests of a measure's cue notes, which are silent (the standard's ``<cue>``): others play them.

    Of a cued chord the first note becomes one, unless a note of the chord sounds.
    """
    rest: Element | None = None
    for note in measure.findall("note"):
        is_cue, chord = note.find("cue") is not None, note.find("chord")
        if chord is None:
            rest = None
        elif rest is not None and not is_cue:
            measure.remove(rest)
            note.remove(chord)
            rest = None
        if is_cue and (chord is not None or note.find("grace") is not None):
            measure.remove(note)
        elif is_cue:
            rest = note
            note[:] = [Element("rest"), *(child for child in note if child.tag in _KEPT)]


def _mend_transpose(transpose: Element) -> bool:
    """Write a transposition as whole semitones, its octaves among them; return whether that could be done.

    ``<diatonic>``, which only spells the notes, may be missing, and is left out where it contradicts them.
    """
    told = {child.tag: child.text or "" for child in transpose}
    chromatic, octave = told.get("chromatic", "0"), told.get("octave-change", "0")
    if not (_NUMBER.fullmatch(chromatic) and _NUMBER.fullmatch(octave)):
        return False  # music21 says so
    octaves = int(float(octave))
    semitones = round(float(chromatic)) + 12 * octaves
    diatonic = told.get("diatonic", "")
    transpose[:] = []
    if _NUMBER.fullmatch(diatonic):
        steps = int(float(diatonic)) + 7 * octaves
        if abs(steps - semitones * 7 / 12) < 2:
            SubElement(transpose, "diatonic").text = str(steps)
    SubElement(transpose, "chromatic").text = str(semitones)
    return True
