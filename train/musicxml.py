"""MusicXML, plain or compressed (.mxl), read by music21."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

from antiphon.models.errors import MusicError
from antiphon.models.score import Score

from .music21score import to_score

MAX_BYTES = 64 * 2**20
_ZIP_MAGIC = b"PK\x03\x04"


def read_musicxml(data: bytes, name: str) -> Score:
    """Return a MusicXML file's score, ties merged, repeats as written, chord symbols kept.

    Raises:
        MusicError: with the file's name and the reason.
    """
    from music21 import converter

    text = _unpack(data, name) if data.startswith(_ZIP_MAGIC) else data
    if b"<!ENTITY" in text:  # no score needs one, and nested ones blow up in the parser
        raise MusicError(f"{name}: XML entity declarations are not read")
    try:
        return to_score(converter.parseData(text, format="musicxml"), name)
    except MusicError:
        raise
    except Exception as error:  # music21 raises whatever its parsers stumble over
        raise MusicError(f"{name}: not readable as MusicXML ({type(error).__name__}: {error})") from error


def _unpack(data: bytes, name: str) -> bytes:
    """Return the score inside an .mxl."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_root_file(archive)) as member:
            text = member.read(MAX_BYTES + 1)
    except Exception as error:  # zipfile and zlib have a dozen ways to say that it is broken
        raise MusicError(f"{name}: not readable as compressed MusicXML ({error})") from error
    if len(text) > MAX_BYTES:
        raise MusicError(f"{name}: unpacks to more than {MAX_BYTES} bytes")
    return text


def _root_file(archive: zipfile.ZipFile) -> str:
    """Return the score's name, which the container file gives."""
    with archive.open("META-INF/container.xml") as member:
        root = ElementTree.fromstring(member.read(2**16))
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "rootfile":
            return element.attrib["full-path"]
    raise MusicError("its container names no score")
