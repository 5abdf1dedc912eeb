"""Pages agree with the code, and their links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLES = runpy.run_path(str(ROOT / "docs" / "tables.py"))
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = [
    *PAGES,
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "models").glob("*.md")),
    ROOT / "tests/benchmarks/README.md",
]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_tables_are_those_of_the_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert TABLES["written"](text) == text, "run `python docs/tables.py`"


def test_a_stale_table_is_noticed() -> None:
    page = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert TABLES["written"](page.replace("`bars`", "`barns`", 1)) == page


def test_every_table_is_shown_somewhere() -> None:
    shown = {m["name"] for page in PAGES for m in TABLES["BLOCK"].finditer(page.read_text(encoding="utf-8"))}
    assert shown == set(TABLES["TABLES"])


@pytest.mark.parametrize("page", TEXTS, ids=[str(page.relative_to(ROOT)) for page in TEXTS])
def test_links_lead_somewhere(page: Path) -> None:
    dead = [
        link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()
    ]
    assert not dead


def test_the_readme_names_every_address_and_option() -> None:
    from antiphon.bridge.options import OPTIONS
    from antiphon.bridge.protocol import REQUESTS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [entry.address for entry in REQUESTS if entry.address not in readme] == []
    assert [option.key for option in OPTIONS if option.key not in readme] == []
