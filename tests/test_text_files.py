"""Text is UTF-8 wherever it is read or written, whatever a system or its locale would choose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def without_encoding(code: str) -> Iterator[int]:
    """Yield the lines of a program that read or write a text file in the machine's own encoding."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {keyword.arg for keyword in node.keywords}
            if node.func.attr in ("read_text", "write_text") and "encoding" not in named:
                yield node.lineno


def test_no_file_is_in_the_machines_own_encoding() -> None:
    sources = [
        path for room in ("models", "train", "export", "bridge") for path in (ROOT / room).rglob("*.py")
    ]
    assert len(sources) > 100
    code = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources}
    found = [f"{name}:{line}" for name, text in code.items() for line in without_encoding(text)]
    assert found == []


def test_the_check_can_fail() -> None:
    assert list(without_encoding("path.read_text()\npath.write_text(text, encoding='utf-8')\n")) == [1]
