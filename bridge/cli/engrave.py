"""A tune in ABC as a drawn score, by Verovio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...models.errors import AbcError, ConfigError
from ...models.refusal import reason
from ...models.wholefile import whole_file

_OPTIONS = {
    "inputFrom": "abc",
    "scale": 50,
    "adjustPageHeight": True,
    "pageHeight": 60000,
    "header": "auto",
    "footer": "none",
    "svgViewBox": True,
}


def verovio() -> Any:
    """Return the library; raises ConfigError that names the extra where it is missing."""
    try:
        import verovio as library
    except ModuleNotFoundError as error:
        raise ConfigError('drawing a score needs Verovio: pip install "antiphon[score]"') from error
    return library


def draw_score(text: str, path: Path) -> None:
    """Write a tune as SVG on one page.

    Args:
        text: a tune in ABC that :func:`antiphon.models.abc.read_abc` reads.
        path: the file.

    Raises:
        ConfigError: the extra is missing or the file cannot be written.
        AbcError: Verovio draws nothing.
    """
    library = verovio()
    library.enableLog(library.LOG_OFF)
    toolkit = library.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(text) or not toolkit.getPageCount():
        raise AbcError("this tune cannot be drawn; its MIDI and ABC can still be written")
    try:
        with whole_file(path) as out:
            out.write(toolkit.renderToSVG(1).encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {reason(error)}") from error
