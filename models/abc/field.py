"""The fields of an ABC tune that change how its notes sound: metre, unit note, tempo, key.

After the ABC standard 2.1, section 3. Every function raises ValueError with the reason, or MusicError for a
metre.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from ..metre import Metre
from .symbol import ACCIDENTALS, NATURAL

UNITS = (1, 2, 4, 8, 16, 32, 64)
TEMPOS = (5.0, 1000.0)
"""Quarter notes a minute."""
LETTERS_BY_FIFTHS = "FCGDAEB"
"""In which signatures take their sharps; flats come the other way round."""
_MODES = {
    "maj": ("major", 0), "ion": ("major", 0), "min": ("minor", -3), "aeo": ("minor", -3),
    "lyd": ("lydian", 1), "mix": ("mixolydian", -1), "dor": ("dorian", -2), "phr": ("phrygian", -4),
    "loc": ("locrian", -5),
}  # fmt: skip
_KEY = re.compile(r"([A-G])([#b]?)[ \t]*([A-Za-z]*)")
_EXPLICIT = re.compile(r"(?<!\S)(\^\^?|__?|=)([A-Ga-g])(?!\S)")
_CLEFS = ("treble", "bass", "alto", "tenor", "perc", "clef", "octave", "transpose", "middle", "exp")
_CLEF = re.compile(
    r"(?<!\S)(?:clef[ \t]*=[ \t]*(?:treble|alto|tenor|bass|perc|none|[GFC])|treble|alto|tenor|bass)[1-5]?"
    r"([+-](?:8|15))?(?!\S)",
    re.ASCII,
)
_OCTAVE = re.compile(r"(?<!\S)octave[ \t]*=[ \t]*([+-]?[0-9])(?!\S)", re.ASCII)
_TRANSPOSE = re.compile(r"(?<!\S)transpose[ \t]*=[ \t]*([+-]?[0-9]{1,2})(?!\S)", re.ASCII)
# It begins with its word: looked for from each letter on, a long word took a time that grew with its square.
_NAMED = re.compile(r'(?<![a-z])[a-z]+="[^"]*"', re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """What K: says."""

    name: str | None = None
    """Such as "D dorian"; None for no key."""
    accidentals: Mapping[str, int] = field(default_factory=dict)
    """Semitones by letter, where the signature has any."""

    @property
    def tonic(self) -> int | None:
        """Its pitch class; None for no key.

        >>> parse_key("Bb").tonic, parse_key("F#m").tonic
        (10, 6)
        """
        if self.name is None:
            return None
        return (NATURAL[self.name[0]] + {"#": 1, "b": -1}.get(self.name[1], 0)) % 12

    def letters(self, pitch_class: int) -> str:
        """Return the notes that sound a pitch class without an accidental: none, or one and its octave.

        >>> parse_key("D").letters(6), parse_key("D").letters(5)
        ('Ff', '')
        """
        return "".join(
            letter + letter.lower()
            for letter, natural in NATURAL.items()
            if (natural + self.accidentals.get(letter, 0) - pitch_class) % 12 == 0
        )


def parse_key(text: str, before: Key | None = None) -> Key:
    """Read the content of ``K:``; one with settings alone, such as clef=bass, leaves the key ``before``.

    >>> parse_key("Ador").accidentals
    {'F': 1}
    """
    text = text.strip()
    if text[:2] in ("HP", "Hp"):  # the bagpipe scale; HP only leaves the signature away in print
        return Key("A mixolydian", {"F": 1, "C": 1})
    if not text or text.lower().startswith("none"):
        return Key(None, _explicit(text))
    if text.lower().startswith(_CLEFS):
        written = _explicit(text)
        return Key(None, written) if written or before is None else before
    match = _KEY.match(text)
    if match is None:
        raise ValueError(f"key {text[:20]!r}: write a tonic and a mode, such as G, Em or Ador")
    word, rest = match[3].lower(), text[match.end() :]
    if word.startswith(_CLEFS):  # not a mode, but a setting such as clef=bass
        word, rest = "", rest.partition(" ")[2]
    mode = ("minor", -3) if word == "m" else _MODES.get(word[:3] or "maj")
    if mode is None:
        raise ValueError(f"mode {match[3]!r} of key {text[:20]!r}: write maj, m, dor, phr, lyd, mix or loc")
    sharps = LETTERS_BY_FIFTHS.index(match[1]) - 1 + 7 * {"#": 1, "b": -1, "": 0}[match[2]] + mode[1]
    if not -7 <= sharps <= 7:
        raise ValueError(f"key {text[:20]!r} would need {abs(sharps)} accidentals; write its neighbour")
    signature = {} if " exp" in text else accidentals_of(sharps)
    return Key(f"{match[1]}{match[2]} {mode[0]}", {**signature, **_explicit(rest)})


@cache
def accidentals_of(sharps: int) -> Mapping[str, int]:
    """Return the accidentals of a key signature by letter, in semitones; flats are sharps below 0.

    >>> dict(accidentals_of(2)), dict(accidentals_of(-1))
    ({'F': 1, 'C': 1}, {'B': -1})
    """
    if sharps < 0:
        return dict.fromkeys(LETTERS_BY_FIFTHS[sharps:], -1)
    return dict.fromkeys(LETTERS_BY_FIFTHS[:sharps], 1)


def _explicit(text: str) -> dict[str, int]:
    """Return the accidentals that are written out, as in ``K:D =c``."""
    return {letter.upper(): ACCIDENTALS[sign] for sign, letter in _EXPLICIT.findall(text)}


def parse_shift(text: str) -> int | None:
    """Read how far from its notes' names K: or V: has them sound (section 4.6), in semitones; None: not said.

    >>> parse_shift("C clef=treble-8"), parse_shift("T octave=-2 transpose=1"), parse_shift("Ador")
    (-12, -23, None)
    """
    text = _NAMED.sub(" ", text)
    clef, octave, transpose = (sign.search(text) for sign in (_CLEF, _OCTAVE, _TRANSPOSE))
    if clef is None and octave is None and transpose is None:
        return None
    octaves = {"8": 1, "15": 2}[clef[1][1:]] * (1 if clef[1][0] == "+" else -1) if clef and clef[1] else 0
    octaves += int(octave[1]) if octave else 0
    return 12 * octaves + (int(transpose[1]) if transpose else 0)


def parse_metre(text: str) -> Metre | None:
    """Read the content of ``M:``; None for free metre.

    >>> str(parse_metre("C|")), str(parse_metre("(2+3)/8"))
    ('2/2', '5/8')
    """
    text = text.strip()
    if text in ("C", "c"):
        return Metre(4, 4)
    if text in ("C|", "c|"):
        return Metre(2, 2)
    if text.lower() in ("none", ""):
        return None
    match = re.fullmatch(r"\(?([0-9]{1,3}(?:\+[0-9]{1,3}){0,15})\)?[ \t]*/[ \t]*([0-9]{1,3})", text, re.ASCII)
    if match is None:
        raise ValueError(f"metre {text[:20]!r}: write it as M:6/8, M:C or M:none")
    return Metre(sum(map(int, match[1].split("+"))), int(match[2]))


def parse_unit(text: str) -> Fraction:
    """Read the content of ``L:``, in whole notes.

    >>> parse_unit("1/8")
    Fraction(1, 8)
    """
    match = re.fullmatch(r"1(?:[ \t]*/[ \t]*([0-9]{1,2}))?", text.strip(), re.ASCII)
    if match is None or int(match[1] or 1) not in UNITS:
        raise ValueError(f"unit note {text.strip()[:20]!r}: write L:1/8, or another power of two up to 1/64")
    return Fraction(1, int(match[1] or 1))


def default_unit(metre: Metre | None) -> Fraction:
    """Return the unit note of a tune without ``L:``: 1/16 in short bars, else 1/8 (section 3.1.7)."""
    return Fraction(1, 16) if metre is not None and metre.beats < 3 else Fraction(1, 8)


def parse_tempo(text: str, unit: Fraction) -> float | None:
    """Read the content of ``Q:`` in quarter notes a minute; None where there are only words.

    >>> parse_tempo("3/8=100", Fraction(1, 8)), parse_tempo("120", Fraction(1, 8))
    (150.0, 60.0)
    """
    bare = re.sub(r'"[^"]*"?', " ", text).strip()
    if not bare or not any(letter.isdigit() for letter in bare):
        return None
    beat, equals, speed = bare.rpartition("=")
    if re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{0,6})?", speed.strip(), re.ASCII) is None:
        raise ValueError(f"tempo {text.strip()[:20]!r}: write it as Q:1/4=120")
    whole = _beat(beat) if equals and beat.strip() not in ("C", "c") else unit
    quarters = float(speed) * float(whole) * 4.0
    if not TEMPOS[0] <= quarters <= TEMPOS[1]:
        raise ValueError(
            f"tempo of {quarters:g} quarter notes a minute; it must be {TEMPOS[0]:g} to {TEMPOS[1]:g}"
        )
    return quarters


def _beat(text: str) -> Fraction:
    """Return the length before the equals sign, in whole notes: a sum, for uneven beats."""
    if re.fullmatch(r"[ \t]*(?:[0-9]{1,2}/[0-9]{1,2}[ \t]*){1,4}", text, re.ASCII) is None:
        raise ValueError(f"beat {text.strip()[:20]!r}: write it as in Q:3/8=120")
    parts = [part.split("/") for part in text.split()]
    if any(int(lower) == 0 or int(upper) == 0 for upper, lower in parts):
        raise ValueError(f"beat {text.strip()[:20]!r} has no length")
    return sum((Fraction(int(upper), int(lower)) for upper, lower in parts), Fraction(0))
