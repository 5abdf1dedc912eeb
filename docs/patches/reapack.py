"""Writes the index of a ReaPack repository: `python docs/patches/reapack.py URL > index.xml`.

URL is where the folder bridge/clients/reaper can be fetched from, file by file. The index is what the
headers of the scripts say; its form is described in ReaPack's wiki, "Index format".
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

SCRIPTS = Path(__file__).parents[2] / "bridge" / "clients" / "reaper"
CATEGORY = "MIDI"


def header(text: str) -> dict[str, list[str]]:
    """Return the tags of a script's header, each with its lines."""
    tags: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        tag = re.match(r"-- @(\w+)\s*(.*)", line)
        if tag:
            name = tag[1]
            tags[name] = [tag[2]] if tag[2] else []
        elif name and (more := re.match(r"--\s\s+(.*)", line)):
            tags[name].append(more[1])
        else:
            break
    return tags


def index(url: str) -> ElementTree.Element:
    """Return the index of all packages, one for each script that is not marked @noindex."""
    root = ElementTree.Element("index", version="1", name="Antiphon")
    category = ElementTree.SubElement(root, "category", name=CATEGORY)
    for script in sorted(SCRIPTS.glob("*.lua")):
        tags = header(script.read_text(encoding="utf-8"))
        if "noindex" in tags:
            continue
        title = tags["description"][0]
        package = ElementTree.SubElement(category, "reapack", name=script.name, type="script", desc=title)
        version = ElementTree.SubElement(
            package,
            "version",
            name=tags["version"][0],
            author=tags["author"][0],
            time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        ElementTree.SubElement(version, "changelog").text = "\n".join(tags["changelog"])
        _source(version, url, script.name, "", True)
        for line in tags.get("provides", []):
            option, pattern = re.fullmatch(r"\[(main|nomain)\] (.*)", line).groups()  # type: ignore[union-attr]
            for path in sorted(SCRIPTS.glob(pattern)):
                name = path.relative_to(SCRIPTS).as_posix()
                _source(version, url, name, name, option == "main")
    return root


def _source(version: ElementTree.Element, url: str, name: str, file: str, is_action: bool) -> None:
    """Add a file of a package; ``file`` is empty for the one that gives the package its name."""
    attributes = ({"file": file} if file else {}) | ({"main": "main"} if is_action else {})
    source = ElementTree.SubElement(version, "source", attributes)
    source.text = f"{url.rstrip('/')}/{quote(name)}"


def main() -> None:
    """Print the index for the URL given."""
    if len(sys.argv) != 2 or "://" not in sys.argv[1]:
        sys.exit("usage: python docs/patches/reapack.py https://…/bridge/clients/reaper > index.xml")
    root = index(sys.argv[1])
    ElementTree.indent(root)
    print('<?xml version="1.0" encoding="utf-8"?>')
    print(ElementTree.tostring(root, encoding="unicode"))


if __name__ == "__main__":
    main()
