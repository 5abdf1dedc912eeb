"""Draw the layout for TouchOSC from the file that ships: python docs/patches/touchosc_picture.py"""

from __future__ import annotations

import zlib
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[2]
LAYOUT = ROOT / "bridge/clients/touchosc/antiphon.tosc"
PICTURE = ROOT / "docs/hosts/touchosc.png"
CAPTIONS = {
    "status": "12 notes, seed 417, to beat 16",
    "temperature_caption": "temperature  auto",
    "bars_caption": "bars  4",
    "seed_caption": "seed  417",
    "tempo_caption": "tempo  120",
    "model_caption": "folk",
}
"""What the script shows after a first answer."""
POSITIONS = {"seed": 417 / 999}


def find(node: Element, key: str) -> Element:
    """Return the value of a property, or of a value object."""
    for entry in (*node.findall("properties/property"), *node.findall("values/value")):
        if entry.findtext("key") == key:
            found = entry.find("value" if entry.tag == "property" else "default")
            assert found is not None
            return found
    raise KeyError(key)


def draw() -> Image.Image:
    """Return the surface as its frames and colours say; TouchOSC's own rendering differs in detail."""
    (root,) = fromstring(zlib.decompress(LAYOUT.read_bytes()))
    size = [int(find(root, "frame").findtext(name, "")) for name in "wh"]
    image = Image.new("RGB", (size[0], size[1]), colour(root))
    pen = ImageDraw.Draw(image)
    for node in root.findall("children/node"):
        x, y, w, h = (int(find(node, "frame").findtext(name, "")) for name in "xywh")
        name = find(node, "name").text or ""
        if node.get("type") == "LABEL":
            font = ImageFont.load_default(int(find(node, "textSize").text or 0))
            text = CAPTIONS.get(name) or find(node, "text").text or ""
            pen.text((x + w / 2, y + h / 2), text, "white", font, anchor="mm")
            continue
        pen.rounded_rectangle((x, y, x + w, y + h), 4, outline=colour(node), width=2)
        if node.get("type") == "FADER":
            w *= POSITIONS.get(name) or float(find(node, "x").text or 0)
            w = max(w, 6)
        pen.rounded_rectangle((x, y, x + w, y + h), 4, fill=colour(node))
    return image


def colour(node: Element) -> tuple[int, int, int]:
    """Return a node's colour in whole numbers."""
    r, g, b = (round(255 * float(find(node, "color").findtext(name, ""))) for name in "rgb")
    return r, g, b


if __name__ == "__main__":
    draw().save(PICTURE, optimize=True)
