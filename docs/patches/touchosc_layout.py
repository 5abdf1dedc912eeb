"""Build the layout for TouchOSC: python docs/patches/touchosc_layout.py

A .tosc is XML, compressed by zlib: a tree of nodes, each a control with properties and values. What the
controls do is in the root's script, touchosc_layout.lua; each button and fader only tells the root that it
was touched.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

FILE = Path(__file__).parents[2] / "bridge/clients/touchosc/antiphon.tosc"
SCRIPT = Path(__file__).with_suffix(".lua")
VERSION = "3"
"""Of the format. Later ones only widen what messages say of connections, and this layout has no messages."""
WIDTH, HEIGHT, MARGIN = 800, 480, 16
Frame = tuple[int, int, int, int]
Colour = tuple[float, float, float, float]
GREY, BLUE, GREEN, RED = (
    (0.3, 0.3, 0.34, 1.0),
    (0.2, 0.4, 0.8, 1.0),
    (0.15, 0.55, 0.35, 1.0),
    (0.7, 0.2, 0.2, 1.0),
)
WHITE, DARK = (1.0, 1.0, 1.0, 1.0), (0.09, 0.09, 0.11, 1.0)
PRESSED = """function onValueChanged(key)
  if key == "x" and self.values.x == 1 then root:notify("pressed", self.name) end
end
"""
MOVED = """function onValueChanged(key)
  if key == "x" then root:notify("moved", self.name) end
end
"""
EAST, TOGGLE = 1, 1
COMMON = {"background": True, "cornerRadius": 4.0, "grabFocus": True, "interactive": True, "locked": False,
          "orientation": 0, "outline": True, "outlineStyle": 0, "pointerPriority": 0, "shape": 1,
          "visible": True}  # fmt: skip
"""Properties of every control, as the editor makes them."""


def property_of(parent: Element, key: str, value: object) -> None:
    """Add a property, its type by that of the value: a frame has whole numbers, a colour floats."""
    if isinstance(value, tuple):
        kind, names = ("c", "rgba") if isinstance(value[0], float) else ("r", "xywh")
    else:
        kind, names = {bool: "b", int: "i", float: "f", str: "s"}[type(value)], ""
    node = SubElement(parent, "property", type=kind)
    SubElement(node, "key").text = key
    inner = SubElement(node, "value")
    if isinstance(value, tuple):
        for name, part in zip(names, value, strict=True):
            SubElement(inner, name).text = f"{part:g}"
    else:
        inner.text = (
            str(int(value)) if isinstance(value, bool) else f"{value:g}" if kind == "f" else str(value)
        )


def value_of(parent: Element, key: str, default: str, *, kept: bool) -> None:
    """Add a value; one that is kept is saved with the layout as it is."""
    node = SubElement(parent, "value")
    told = {
        "key": key,
        "locked": "0",
        "lockedDefaultCurrent": str(int(kept)),
        "default": default,
        "defaultPull": "0",
    }
    for name, text in told.items():
        SubElement(node, name).text = text


def control(kind: str, name: str, frame: Frame, colour: Colour, more: dict[str, object],
            values: Sequence[tuple[str, str]], *, kept: bool = False) -> Element:  # fmt: skip
    """Return a control. Its ID depends on its name alone, so that the same layout is the same file."""
    node = Element("node", ID=str(uuid.uuid5(uuid.NAMESPACE_URL, f"antiphon:{name}")), type=kind)
    properties = SubElement(node, "properties")
    for key, value in sorted({**COMMON, "name": name, "frame": frame, "color": colour, **more}.items()):
        property_of(properties, key, value)
    held = SubElement(node, "values")
    value_of(held, "touch", "false", kept=False)
    for key, default in values:
        value_of(held, key, default, kept=kept)
    return node


def label(name: str, frame: Frame, text: str, size: int = 16, *, kept: bool = False) -> Element:
    """Return a text that takes no touches, so that it may lie on a button."""
    looks = {"interactive": False, "background": False, "outline": False, "font": 0, "textAlignH": 2,
             "textAlignV": 2, "textClip": True, "textColor": WHITE, "textLength": 0,
             "textSize": size}  # fmt: skip
    return control("LABEL", name, frame, DARK, looks, [("text", text)], kept=kept)


def button(name: str, frame: Frame, colour: Colour, text: str | None = None) -> Iterator[Element]:
    """Yield a button that tells the root of being pressed, and its caption."""
    looks = {"buttonType": 0, "press": True, "release": True, "valuePosition": False, "script": PRESSED}
    yield control("BUTTON", name, frame, colour, looks, [("x", "0")])
    yield label(f"{name}_caption", frame, text or name, kept=text is not None)


def toggle(name: str, frame: Frame, text: str) -> Iterator[Element]:
    """Yield a button that stays down."""
    looks = {"buttonType": TOGGLE, "press": True, "release": False, "valuePosition": False}
    yield control("BUTTON", name, frame, GREY, looks, [("x", "0")], kept=True)
    yield label(f"{name}_caption", frame, text)


def fader(name: str, frame: Frame, start: float) -> Iterator[Element]:
    """Yield a fader from left to right that tells the root of being moved, and its caption above."""
    x, y, width, height = frame
    looks = {"orientation": EAST, "bar": True, "barDisplay": 0, "cursor": True, "cursorDisplay": 0,
             "grid": False, "gridSteps": 10, "response": 0, "responseFactor": 100,
             "script": MOVED}  # fmt: skip
    yield label(f"{name}_caption", (x, y, width, 24), name)
    yield control(
        "FADER", name, (x, y + 28, width, height - 28), BLUE, looks, [("x", f"{start:.6g}")], kept=True
    )


def controls() -> Iterator[Element]:
    """Yield everything on the surface."""
    wide = (WIDTH - 5 * MARGIN) // 4
    columns = [MARGIN + i * (wide + MARGIN) for i in range(4)]
    yield label("status", (MARGIN, 12, WIDTH - 2 * MARGIN, 48), "Antiphon", 20)
    for x, (name, colour) in zip(columns, [("generate", GREEN), ("continue", GREEN), ("again", BLUE),
                                           ("cancel", RED)], strict=True):  # fmt: skip
        yield from button(name, (x, 72, wide, 96), colour)
    for x, (name, text) in zip(columns, [("play", None), ("stop", None), ("model", "auto"), ("hello", None)],
                               strict=True):  # fmt: skip
        yield from button(name, (x, 184, wide, 72), GREY, text)
    double = 2 * wide + MARGIN
    yield from fader("temperature", (columns[0], 272, double, 88), 0.0)
    yield from fader("bars", (columns[2], 272, double, 88), 3 / 31)
    yield from fader("seed", (columns[0], 376, double, 88), 0.0)
    yield from toggle("lock", (columns[2], 404, 64, 60), "lock")
    yield from button("ending", (columns[2] + 64 + MARGIN, 404, 120, 60), GREY, "ending auto")
    left = 64 + 120 + 2 * MARGIN
    yield from fader("tempo", (columns[2] + left, 376, double - left, 88), 0.4)


def xml() -> str:
    """Return the layout as TouchOSC reads it once it is unpacked."""
    looks = {
        "script": SCRIPT.read_text(encoding="utf-8"),
        "cornerRadius": 0.0,
        "interactive": False,
        "grabFocus": False,
    }
    root = control("GROUP", "antiphon", (0, 0, WIDTH, HEIGHT), DARK, looks, [])
    children = SubElement(root, "children")
    children.extend(controls())
    return f"<?xml version='1.0' encoding='UTF-8'?><lexml version='{VERSION}'>{written(root)}</lexml>"


def written(node: Element, text: bool = False) -> str:
    """Return a node as text, with CDATA where TouchOSC's own editor has it: around keys and texts."""
    attributes = "".join(f" {name}='{value}'" for name, value in node.items())
    inner = "".join(written(child, node.get("type") == "s") for child in node)
    if node.text is not None:
        inner = f"<![CDATA[{node.text}]]>" if text or node.tag in ("key", "default") else node.text
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>"


if __name__ == "__main__":
    FILE.write_bytes(zlib.compress(xml().encode(), 9))
