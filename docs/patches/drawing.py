"""Patchers as pictures, and what is wrong with them: overlaps, cords to nowhere, inlets that hear nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Rect = tuple[float, float, float, float]

OBJECTS: dict[str, tuple[int, int]] = {
    # name: inlets, outlets; from the reference pages of Max 8. -1: as many as arguments.
    "js": (-2, -2), "udpsend": (1, 0), "udpreceive": (1, 1), "pattr": (1, 3), "pattrstorage": (1, 1),
    "prepend": (1, 1), "print": (1, 0), "coll": (1, 4), "noteout": (3, 0), "notein": (1, 3),
    "antiphon": (1, 4),
    "p": (0, 0), "pack": (-1, 1), "unpack": (1, -1), "pipe": (-1, -3), "makenote": (-5, -6), "midiin": (1, 1),
    "midiout": (1, 0), "midiparse": (1, 8), "midiformat": (7, 2), "route": (1, -4), "live.thisdevice": (1, 3),
    "s": (1, 0), "r": (0, 1),
    "t": (1, -1), "loadbang": (1, 1), "thispatcher": (1, 2), "live.miditool.in": (1, 2),
    "live.miditool.out": (1, 1), "sprintf": (-1, 1), "zl.join": (2, 2), "deferlow": (1, 1), "dict": (2, 5),
}  # fmt: skip
"""What every object of these patches has. Below 0 the arguments decide, see :func:`counts`."""


@dataclass(frozen=True)
class Placed:
    """A box and where it is."""

    id: str
    maxclass: str
    text: str
    rect: Rect
    inlets: int
    outlets: int
    presented: Rect | None


def patchers(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the patcher of a file, and those inside it, with their names."""
    yield from _patchers(path.name, json.loads(path.read_text(encoding="utf-8"))["patcher"])


def _patchers(name: str, patcher: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, patcher
    for entry in patcher["boxes"]:
        if "patcher" in entry["box"]:
            yield from _patchers(f"{name} {entry['box'].get('text', '')}", entry["box"]["patcher"])


def placed(patcher: dict[str, Any]) -> list[Placed]:
    """Return a patcher's boxes."""
    found = []
    for entry in patcher["boxes"]:
        b = entry["box"]
        presented = tuple(b["presentation_rect"]) if b.get("presentation") else None
        found.append(
            Placed(b["id"], b["maxclass"], b.get("text", ""), tuple(b["patching_rect"]), b["numinlets"],
                   b["numoutlets"], presented)  # type: ignore[arg-type]
        )  # fmt: skip
    return found


def faults(patcher: dict[str, Any]) -> list[str]:
    """Return what is wrong with a patcher, a line each."""
    boxes = placed(patcher)
    by_id = {box.id: box for box in boxes}
    found = [f"{len(boxes) - len(by_id)} ids are used twice"] if len(by_id) < len(boxes) else []
    heard: set[str] = set()
    seen: set[tuple[Any, ...]] = set()
    for entry in patcher["lines"]:
        (a, o), (b, i) = entry["patchline"]["source"], entry["patchline"]["destination"]
        if a not in by_id or b not in by_id:
            found.append(f"a cord from {a} to {b}, which are not both there")
            continue
        if not 0 <= o < by_id[a].outlets or not 0 <= i < by_id[b].inlets:
            found.append(f"[{by_id[a].text}] outlet {o} to [{by_id[b].text}] inlet {i}: there is no such one")
        if (a, o, b, i) in seen:
            found.append(f"[{by_id[a].text}] to [{by_id[b].text}] twice")
        seen.add((a, o, b, i))
        heard.add(b)
    for box in boxes:
        found += _box_faults(box, box.id in heard)
    for kind in ("rect", "presented"):
        found += _overlaps([(b, getattr(b, kind)) for b in boxes if getattr(b, kind)], kind)
    return found


def _box_faults(box: Placed, is_heard: bool) -> list[str]:
    """Return what is wrong with one box."""
    if box.maxclass != "newobj":
        return []
    words = box.text.split()
    name, given = words[0], [w for w in words[1:] if not w.startswith("@")]
    if name not in OBJECTS:
        return [f"[{box.text}] is no object that is known here"]
    inlets, outlets = counts(name, given, (box.inlets, box.outlets))
    found = []
    if (box.inlets, box.outlets) != (inlets, outlets):
        found.append(
            f"[{box.text}] has {inlets} inlets and {outlets} outlets, not {box.inlets}, {box.outlets}"
        )
    silent = ("udpreceive", "notein", "pattr", "pattrstorage", "loadbang", "live.thisdevice", "midiin", "p",
              "dict", "live.miditool.in", "js", "coll", "r")  # fmt: skip
    if not is_heard and name not in silent:
        found.append(f"[{box.text}] hears nothing")
    return found


def counts(name: str, given: list[str], drawn: tuple[int, int]) -> tuple[int, int]:
    """Return how many inlets and outlets an object with these arguments has.

    A js has as many of both as its script says, which its tests compare with the patch.
    """
    rules = {
        -1: len(given) or 2,
        -3: len(given) - 1,
        -4: len(given) + 1,
        -5: 4 if len(given) > 2 else 3,  # a channel as the third argument
        -6: 3 if len(given) > 2 else 2,
    }
    inlets, outlets = OBJECTS[name]
    if name == "js":
        return drawn
    return rules.get(inlets, inlets), rules.get(outlets, outlets)


def _overlaps(rects: list[tuple[Placed, Rect]], kind: str) -> list[str]:
    found = []
    for at, (one, a) in enumerate(rects):
        for other, b in rects[at + 1 :]:
            apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
            if not apart:
                name = [box.text or box.maxclass for box in (one, other)]
                found.append(f"[{name[0]}] and [{name[1]}] overlap ({kind})")
    return found


def draw(patcher: dict[str, Any], *, presentation: bool = False, scale: float = 1.0) -> Image.Image:
    """Return a picture of a patcher, as it is patched or presented, ``scale`` times as large."""
    boxes = [(b, b.presented if presentation else b.rect) for b in placed(patcher)]
    shown = [(b, (r[0] * scale, r[1] * scale, r[2] * scale, r[3] * scale)) for b, r in boxes if r]
    width = max(rect[0] + rect[2] for _, rect in shown) + 30
    height = max(rect[1] + rect[3] for _, rect in shown) + 30
    image = Image.new("RGB", (round(width), round(height)), (228, 228, 226))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(11 * min(scale, 1.5))
    places = {b.id: rect for b, rect in shown}
    counts = {b.id: (b.inlets, b.outlets) for b, _ in shown}
    for entry in [] if presentation else patcher["lines"]:
        (a, o), (b, i) = entry["patchline"]["source"], entry["patchline"]["destination"]
        start, end = places[a], places[b]
        x0 = start[0] + 8 + (start[2] - 16) * (o / max(counts[a][1] - 1, 1))
        x1 = end[0] + 8 + (end[2] - 16) * (i / max(counts[b][0] - 1, 1))
        pen.line((x0, start[1] + start[3], x1, end[1]), fill=(120, 130, 150), width=2)
    for box, (left, top, w, h) in shown:
        fill = {"message": (200, 200, 205), "comment": None}.get(box.maxclass, (70, 74, 82))
        if fill:
            pen.rounded_rectangle((left, top, left + w, top + h), 4, fill=fill)
        ink = (235, 235, 235) if fill == (70, 74, 82) else (30, 30, 30)
        text = _caption(patcher, box) if presentation else box.text or box.maxclass
        for row, line in enumerate(_lines(text, w)):
            pen.text((left + 6, top + 4 + 15 * row), line, fill=ink, font=font)
    return image


def _caption(patcher: dict[str, Any], box: Placed) -> str:
    """Return what a control shows: its text, or its value at first."""
    made = next(entry["box"] for entry in patcher["boxes"] if entry["box"]["id"] == box.id)
    valueof = made.get("saved_attribute_attributes", {}).get("valueof", {})
    if box.maxclass == "live.text":
        return str(made.get("texton", box.text))
    if box.maxclass == "live.dial":
        return f"{valueof['parameter_shortname']} {valueof['parameter_initial'][0]:g}"
    if "parameter_enum" in valueof:
        return f"{valueof['parameter_enum'][int(valueof['parameter_initial'][0])]}"
    if "parameter_initial" in valueof:
        return f"{valueof['parameter_initial'][0]:g}"
    return box.text


def _lines(text: str, width: float) -> list[str]:
    """Return a text in lines that fit."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and (len(lines[-1]) + 1 + len(word)) * 6.0 > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
