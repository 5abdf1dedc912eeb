"""How many bars of a tune are written."""

from __future__ import annotations

from ...models.abc.tune import FIELD
from .barlines import ASIDE

_SOUNDS = frozenset("ABCDEFGabcdefgxzXZ")


class BarCounter:
    """Counts the bars of a tune while it is written: barlines that come after a note or a rest."""

    def __init__(self, text: str) -> None:
        self.bars = 0
        self.characters = 0
        """Written since the last barline or field."""
        self._line = self._bar = ""
        """What is written of the line, and of the bar in it."""
        self._begun = False
        """Whether the bar began on a line before."""
        for character in text:
            self.read(character)

    def read(self, character: str) -> None:
        """Count one more character."""
        self.characters += 1
        if character not in "|\n":
            self._line += character
            self._bar += character
            return
        is_field = FIELD.match(self._line + character) is not None  # M:C| and titles have no bars
        sounds = self._begun or (not is_field and not _SOUNDS.isdisjoint(ASIDE.sub(" ", self._bar)))
        if is_field or character == "|":
            self.characters = 0
        if character == "\n":
            self._line, self._begun = "", sounds
        else:
            self._line += character
            if not is_field:
                self.bars += sounds
                self._begun = False
        self._bar = ""
