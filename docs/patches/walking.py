"""What a message becomes on its way through a patcher, as far as native objects are concerned."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from drawing import Placed, placed

Atom = int | float | str
Heard = tuple[int, tuple[Atom, ...]]
"""Inlet and message."""


class Walk:
    """A patcher whose simple objects work; all others only hear.

    Max sends from right to left, and an outlet's cords in the order of their targets from right to left.
    """

    def __init__(self, patcher: dict[str, Any]) -> None:
        self.boxes = {box.id: box for box in placed(patcher)}
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        """By box, what arrived there."""
        self._cords: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
        self._kept: dict[str, list[Atom]] = {}
        for entry in patcher["lines"]:
            (a, o), (b, i) = entry["patchline"]["source"], entry["patchline"]["destination"]
            self._cords[a, o].append((b, i))

    def find(self, text: str) -> list[Placed]:
        """Return the boxes whose text, or whose class, begins so."""
        return [box for box in self.boxes.values() if (box.text or box.maxclass).startswith(text)]

    def click(self, box: Placed) -> None:
        """Click a message box."""
        for part in box.text.split(","):
            self.say(box.id, 0, *map(atom, part.replace('"', "").split()))

    def say(self, name: str, outlet: int, *message: Atom) -> None:
        """Let a box say something."""
        targets = sorted(self._cords[name, outlet], key=lambda t: self.boxes[t[0]].rect[0], reverse=True)
        for target, inlet in targets:
            self._hear(self.boxes[target], inlet, message)

    def _hear(self, box: Placed, inlet: int, message: tuple[Atom, ...]) -> None:
        self.heard[box.id].append((inlet, message))
        words = box.text.split()
        if box.maxclass == "message":
            self.click(box)
        elif box.maxclass != "newobj":
            return
        elif words[0] == "prepend":
            self.say(box.id, 0, *words[1:], *message)
        elif words[0] in ("pack", "pipe", "makenote"):
            self._keep(box, words[0], inlet, message)
        elif words[0] == "unpack":
            self._spread(box, list(message))
        elif words[0] == "midiformat":
            self.say(box.id, 0, *message)
        elif words[0] == "s":
            for receiver in self.find(f"r {words[1]}"):
                self.say(receiver.id, 0, *message)

    def _keep(self, box: Placed, kind: str, inlet: int, message: tuple[Atom, ...]) -> None:
        """Store what comes to the right; the leftmost inlet lets all of it go."""
        kept = self._kept.setdefault(box.id, [0] * box.inlets)
        if message and isinstance(message[0], str):
            return  # clear, stop
        for at, value in enumerate(message[: box.inlets - inlet]):
            kept[inlet + at] = value
        if inlet == 0 and kind == "pack":
            self.say(box.id, 0, *kept)
        elif inlet == 0:  # the time is left out: pipe's delay, makenote's duration
            values = kept[:-1] if kind == "pipe" else [*kept[:2], *kept[3:]]
            self._spread(box, values)

    def _spread(self, box: Placed, values: list[Atom]) -> None:
        for outlet in range(min(box.outlets, len(values)) - 1, -1, -1):
            self.say(box.id, outlet, values[outlet])


def atom(word: str) -> Atom:
    """Return a word as Max reads it.

    >>> [atom(word) for word in ("60", "0.", "4/4")]
    [60, 0.0, '4/4']
    """
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word
