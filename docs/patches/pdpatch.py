"""Pure Data patches as text: boxes, cords, subpatches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

BOX_HEIGHT = 20
"""Of a box of one line, at 12 points."""


class Canvas:
    """A patch or subpatch in the making.

    Args:
        width: of the window.
        height: of the window.
        name: of a subpatch.
    """

    def __init__(self, width: int = 720, height: int = 560, name: str = "") -> None:
        self._size, self._name = (width, height), name
        self._boxes: list[str] = []
        self._cords: list[tuple[int, int, int, int]] = []
        self.named: dict[str, int] = {}
        """Boxes made by :meth:`put`."""
        self.places: list[tuple[int, int, int, str]] = []
        """Left, top, width in pixels and text of every box."""

    def _add(self, line: str, left: int, top: int, text: str) -> int:
        self._boxes.append(line)
        longest = max(map(len, (text or "bang").split("\n")))
        self.places.append((left, top, longest * 7 + 10, text))
        return len(self._boxes) - 1

    def obj(self, text: str, left: int, top: int) -> int:
        """Add an object; return its number."""
        return self._add(f"#X obj {left} {top} {escaped(text)};", left, top, text)

    def msg(self, text: str, left: int, top: int) -> int:
        """Add a message box."""
        return self._add(f"#X msg {left} {top} {escaped(text)};", left, top, text)

    def text(self, text: str, left: int, top: int) -> int:
        """Add a comment."""
        # Without a width Pd breaks the line after sixty characters.
        return self._add(f"#X text {left} {top} {escaped(text)}, f {len(text) + 2};", left, top, text)

    def floatatom(self, left: int, top: int) -> int:
        """Add a number box."""
        return self._add(f"#X floatatom {left} {top} 7 0 0 0 - - - 0;", left, top, "1234567")

    def sub(self, canvas: Canvas, left: int, top: int) -> int:
        """Add a subpatch."""
        lines = canvas.lines(inner=True)
        lines.append(f"#X restore {left} {top} pd {canvas._name};")
        return self._add("\n".join(lines), left, top, f"pd {canvas._name}")

    def cord(self, source: int, outlet: int, target: int, inlet: int = 0) -> None:
        """Add a cord."""
        self._cords.append((source, outlet, target, inlet))

    def chain(self, *boxes: int) -> None:
        """Connect first outlets to first inlets, one after the other."""
        for above, below in pairwise(boxes):
            self.cord(above, 0, below)

    def column(self, left: int, top: int, texts: Sequence[str], step: int = 26) -> list[int]:
        """Add objects below one another, each connected to the next; return their numbers."""
        made = [self.obj(text, left, top + step * row) for row, text in enumerate(texts)]
        self.chain(*made)
        return made

    def wire(self, *cords: str) -> None:
        """Connect boxes that have names: "a b" first outlet to first inlet, "a:1 b:2" second to third."""
        for text in cords:
            (a, o), (b, i) = ([*end.split(":"), "0"][:2] for end in text.split())
            self.cord(self.named[a], int(o), self.named[b], int(i))

    def put(self, name: str, text: str, left: int, top: int) -> int:
        """Add an object, or a message where the text ends in (, that :meth:`wire` knows by name."""
        made = self.msg(text[:-1], left, top) if text.endswith("(") else self.obj(text, left, top)
        self.named[name] = made
        return made

    def loop(self, name: str, left: int, top: int) -> None:
        """Add a loop: a number N to ``name`` gives 0 to N - 1 from ``name``.i."""
        self.put(name, "t f b", left, top)
        self.put(f"{name}.0", "0(", left + 90, top + 26)
        self.put(f"{name}.until", "until", left, top + 52)
        self.put(f"{name}.f", "f", left, top + 78)
        self.put(f"{name}.+", "+ 1", left + 90, top + 78)
        self.put(f"{name}.i", "t f f", left, top + 104)
        cords = ("{0}:1 {0}.0", "{0}.0 {0}.f:1", "{0} {0}.until", "{0}.until {0}.f", "{0}.f {0}.i",
                 "{0}.i:1 {0}.+", "{0}.+ {0}.f:1")  # fmt: skip
        self.wire(*(cord.format(name) for cord in cords))

    def overlaps(self) -> list[str]:
        """Return the pairs of boxes that lie on one another."""
        found = []
        for at, (left, top, width, text) in enumerate(self.places):
            for left2, top2, width2, text2 in self.places[at + 1 :]:
                beside = left + width <= left2 or left2 + width2 <= left
                if not beside and abs(top - top2) < BOX_HEIGHT:
                    found.append(f"[{text}] and [{text2}]")
        return found

    def lines(self, inner: bool = False) -> list[str]:
        """Return the patch as Pd keeps it."""
        width, height = self._size
        head = f"#N canvas 60 60 {width} {height} {self._name or '12'}{' 0' if inner else ''};"
        return [head, *self._boxes, *(f"#X connect {a} {o} {b} {i};" for a, o, b, i in self._cords)]

    def saved(self) -> str:
        """Return what a .pd holds."""
        return "\n".join([*self.lines(), ""])

    def save(self, path: Path) -> None:
        """Write a .pd."""
        path.write_text(self.saved(), encoding="utf-8")


def escaped(text: str) -> str:
    r"""Return a box's text as Pd keeps it.

    >>> escaped("list $1, done;")
    'list \\$1 \\, done \\;'
    """
    for sign in (",", ";"):
        text = text.replace(sign, f" \\{sign}")
    return text.replace("$", "\\$")
