"""MusicXML, plain or compressed (.mxl), read by music21."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from contextlib import suppress
from xml.etree import ElementTree

from ...models.errors import MusicError
from ...models.score import Score
from .music21score import to_score
from .sources import MAX_BYTES
from .xmlrepair import mend

MAX_BEATS = 1000
"""Of a bar, of which music21 makes a list; the numbers of an ending add up to no more either."""
_MAX_DIGITS = 100
_NUMBER = re.compile(r"\d+")
_ZIP_MAGIC = b"PK\x03\x04"
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_ENCODING = re.compile(rb"""<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")


def read_musicxml(data: bytes, name: str) -> Score:
    """Return a MusicXML file's score: ties merged, repeats as written, chord symbols kept, no cue notes.

    Raises:
        MusicError: with the file's name and the reason.
    """
    from music21 import converter

    text = _decode(_unpack(data, name) if data.startswith(_ZIP_MAGIC) else data, name)
    if "<!ENTITY" in text:  # no score needs one, and nested ones blow up in the parser
        raise MusicError(f"{name}: XML entity declarations are not read")
    root = _parsed(text)
    if root is not None:
        _check_numbers(root, name)
    try:
        if root is not None and mend(root):
            text = ElementTree.tostring(root, encoding="unicode")
        return to_score(converter.parseData(text, format="musicxml"), name)
    except MusicError:
        raise
    except Exception as error:  # music21 raises whatever its parsers stumble over
        raise MusicError(f"{name}: not readable as MusicXML ({type(error).__name__}: {error})") from error


def _parsed(text: str) -> ElementTree.Element | None:
    """Return XML's root; None where it is none, as music21 says then."""
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None


def _check_numbers(root: ElementTree.Element, name: str) -> None:
    """Raise MusicError for a metre or an ending of which music21 would make a list that fills the memory."""
    written = [beats.text or "" for beats in root.iter("beats")]
    written += [ending.get("number", "") for ending in root.iter("ending")]
    for word in written:
        # Digits may have _ between them, as Python reads them.
        if len(word) > _MAX_DIGITS or sum(map(int, _NUMBER.findall(word.replace("_", "")))) > MAX_BEATS:
            raise MusicError(f"{name}: {word[:20]!r} as a bar's beats or an ending's number; put that right")


def _decode(data: bytes, name: str) -> str:
    """Return XML as text without its declaration, whose encoding then no longer counts.

    UTF-16 is told by its byte-order mark or by the zero beside the first "<" (XML 1.0, appendix F). What
    is not UTF-8 then has the encoding of its declaration; some programs declare one and write UTF-8.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        elif data.startswith((b"<\0", b"\0<")):
            text = data.decode("utf-16-le" if data.startswith(b"<") else "utf-16-be")
        else:
            text = _decode_bytes(data)
    except (UnicodeError, LookupError) as error:
        raise MusicError(f"{name}: not readable as MusicXML ({error})") from error
    declared = _DECLARATION.match(text)  # searched for, it takes hours of many spaces
    return text[declared.end() :] if declared else text


def _decode_bytes(data: bytes) -> str:
    """Return text in UTF-8 or in the encoding that its declaration names."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _ENCODING.match(data)
        if declared is None:
            raise
        return data.decode(declared[1].decode("ascii"))


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
    """Return the score's name, which the container file gives, or else the first name of a score."""
    names = archive.namelist()
    with (
        suppress(KeyError, ElementTree.ParseError),  # some programs write an apostrophe there as it is
        archive.open("META-INF/container.xml") as member,
    ):
        for element in ElementTree.fromstring(member.read(2**16)).iter():
            if element.tag.rpartition("}")[2] == "rootfile" and element.attrib["full-path"] in names:
                return element.attrib["full-path"]
    for name in names:
        if name.lower().endswith((".xml", ".musicxml")) and not name.startswith(("META-INF/", "__MACOSX/")):
            return name
    raise MusicError("it holds no score")
