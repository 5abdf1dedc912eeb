"""Max patchers as data: boxes, cords and the JSON that Max reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

HEIGHT = 22.0
CHARACTER = 6.6
"""Width of a character of Max' default font, about."""


@dataclass
class Box:
    """A box of a patcher."""

    id: str
    maxclass: str
    rect: tuple[float, float, float, float]
    """Left, top, width, height."""
    inlets: int
    outlets: int
    text: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    """Attributes; presentation_rect among them for what a device shows."""

    def to_json(self) -> dict[str, Any]:
        """Return what Max reads."""
        box: dict[str, Any] = {
            "id": self.id,
            "maxclass": self.maxclass,
            "numinlets": self.inlets,
            "numoutlets": self.outlets,
            "patching_rect": list(self.rect),
        }
        if self.outlets:
            box["outlettype"] = [""] * self.outlets
        if self.text is not None:
            box["text"] = self.text
        return {"box": {**box, **self.more}}


class Patcher:
    """A patcher in the making.

    Args:
        width: of the window.
        height: of the window.
        attributes: of the patcher itself.
    """

    def __init__(self, width: float, height: float, **attributes: Any) -> None:
        self.boxes: dict[str, Box] = {}
        self.cords: list[tuple[str, int, str, int]] = []
        self._size = (width, height)
        self._attributes = attributes

    def box(
        self, maxclass: str, left: float, top: float, *, inlets: int = 1, outlets: int = 1,
        text: str | None = None, width: float | None = None, height: float = HEIGHT, **more: Any,
    ) -> str:  # fmt: skip
        """Add a box; return its id."""
        if width is None:
            width = max(len(text or "") * CHARACTER + 16, 30.0)
        name = f"obj-{len(self.boxes) + 1}"
        rect = (left, top, float(round(width)), height)
        self.boxes[name] = Box(name, maxclass, rect, inlets, outlets, text, more)
        return name

    def obj(self, text: str, left: float, top: float, inlets: int = 1, outlets: int = 1, **more: Any) -> str:
        """Add an object."""
        return self.box("newobj", left, top, inlets=inlets, outlets=outlets, text=text, **more)

    def message(self, text: str, left: float, top: float, **more: Any) -> str:
        """Add a message box."""
        return self.box("message", left, top, inlets=2, text=text, **more)

    def comment(self, text: str, left: float, top: float, width: float | None = None, **more: Any) -> str:
        """Add a comment; one that is longer than its width takes several lines."""
        if width is None:
            width = len(text) * CHARACTER + 10
        lines = -(-len(text) * CHARACTER // (width - 10))
        return self.box(
            "comment", left, top, outlets=0, text=text, width=width, height=6 + 15.0 * lines, **more
        )

    def patch(self, source: str, outlet: int, target: str, inlet: int = 0) -> None:
        """Add a cord."""
        self.cords.append((source, outlet, target, inlet))

    def chain(self, *names: str) -> None:
        """Connect first outlets to first inlets, one after the other."""
        for above, below in pairwise(names):
            self.patch(above, 0, below)

    def to_json(self, origin: Sequence[float] = (60.0, 90.0)) -> dict[str, Any]:
        """Return the patcher as Max reads it."""
        return {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 0, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [*origin, *self._size],
            "bglocked": 0,
            "openinpresentation": 0,
            "default_fontsize": 12.0,
            "default_fontface": 0,
            "default_fontname": "Arial",
            "gridonopen": 1,
            "gridsize": [15.0, 15.0],
            **self._attributes,
            "boxes": [box.to_json() for box in self.boxes.values()],
            "lines": [{"patchline": {"source": [a, o], "destination": [b, i]}} for a, o, b, i in self.cords],
        }

    def save(self, path: Path) -> None:
        """Write a .maxpat or .maxhelp."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"patcher": self.to_json()}, indent="\t", ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
