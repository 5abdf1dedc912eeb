"""Pages agree with the code: tables, links, and the commands that they show."""

from __future__ import annotations

import argparse
import inspect
import re
import runpy
import shlex
import textwrap
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import COMMANDS, load
from antiphon.bridge.client.client import Client
from antiphon.models.file.modelfile import ModelInfo
from antiphon.train.config.config import TrainConfig
from antiphon.train.dataset.prepareconfig import load as load_prepare

ROOT = Path(__file__).parents[1]
TABLES = runpy.run_path(str(ROOT / "docs" / "tables.py"))
PAGES = sorted((ROOT / "docs").rglob("*.md"))
TEXTS = [
    *PAGES,
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "models").glob("*.md")),
    ROOT / "tests/benchmarks/README.md",
]
CONFIGURATIONS = sorted((ROOT / "train" / "configs").glob("*.toml"))
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


def test_the_page_on_python_names_all_that_a_client_is_made_with() -> None:
    page = (ROOT / "docs" / "hosts" / "python.md").read_text(encoding="utf-8")
    told = re.search(r"^`Client\((.*)\)`: ", page, re.MULTILINE)
    made = inspect.signature(Client).parameters.values()
    assert told and told[1].replace('"', "'") == ", ".join(f"{p.name}={p.default!r}" for p in made)


@pytest.mark.parametrize("page", TEXTS, ids=[str(page.relative_to(ROOT)) for page in TEXTS])
def test_links_lead_somewhere(page: Path) -> None:
    dead = [
        link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()
    ]
    assert not dead


def anchors(page: Path) -> set[str]:
    """Return the names that a page's headings go by: small letters, hyphens for spaces, nothing else."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXTS, ids=[str(page.relative_to(ROOT)) for page in TEXTS])
def test_links_lead_to_headings(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    dead = [
        f"{path}#{name}"
        for path, name in links
        if name not in anchors((page.parent / path) if path else page)
    ]
    assert not dead


def test_the_page_of_hosts_leads_to_every_page_beside_it() -> None:
    hosts = ROOT / "docs" / "hosts"
    links = set(LINK.findall((hosts / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in hosts.glob("*.md")} - {"README.md"} - links == set()


def test_the_readme_names_every_address_and_option() -> None:
    from antiphon.bridge.protocol.options import OPTIONS
    from antiphon.bridge.protocol.table import REQUESTS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [entry.address for entry in REQUESTS if entry.address not in readme] == []
    assert [option.key for option in OPTIONS if option.key not in readme] == []


def parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of a subcommand; a wrong argument raises ArgumentError instead of leaving."""
    made = argparse.ArgumentParser(prog=f"antiphon {name}", exit_on_error=False)
    load(COMMANDS[name]).add_arguments(made)
    return made


def commands(text: str) -> list[list[str]]:
    """Return the words of every command that a page shows, in a block or within a sentence."""
    shown = re.findall(r"`(antiphon [^`]+)`", text)
    shown += re.findall(r"^(?: {4}(?:pip .*&& )?|# +)(antiphon .*)$", text, re.MULTILINE)
    return [shlex.split(" ".join(command.split()), comments=True)[1:] for command in shown]


def options(text: str) -> set[str]:
    """Return the options that a page names within sentences."""
    return {word for code in re.findall(r"`(--[^`]+)`", text) for word in code.split() if word[:2] == "--"}


def wrong(words: list[str]) -> str:
    """Return what is wrong with a command; the name alone may stand for it."""
    name, *rest = words
    if name not in COMMANDS:
        return f"no command {name}"
    try:
        if rest and rest != ["--help"]:
            made = parser(name)
            made.add_argument("--log-level")  # which all of them have
            made.parse_args(rest)
    except (argparse.ArgumentError, SystemExit) as error:
        return f"{' '.join(words)}: {error}"
    return ""


@pytest.mark.parametrize("page", [*TEXTS, *CONFIGURATIONS], ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_as_their_parsers_have_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [found for words in commands(text) if (found := wrong(words))] == []


COMMAND = re.compile(r"`((?:antiphon|pip|--\w+) [^`\n]+)`|^ {4}((?:antiphon|pip) .*)$", re.MULTILINE)


@pytest.mark.parametrize("page", TEXTS, ids=[str(page.relative_to(ROOT)) for page in TEXTS])
def test_commands_mean_the_same_in_every_shell(page: Path) -> None:
    """Windows' Command Prompt takes ' for a letter, and zsh, macOS' shell, a # that is typed."""
    found = ["".join(match.groups("")) for match in COMMAND.finditer(page.read_text(encoding="utf-8"))]
    assert [command for command in found if "'" in command or re.search(r"\s#", command)] == []


@pytest.mark.parametrize("room", ["models", "train", "export", "bridge"])
def test_what_is_to_be_installed_is_told_for_every_shell(room: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / room).rglob("*.py")]
    assert [told for text in texts for told in re.findall(r"pip install '.*", text)] == []


def test_many_commands_are_looked_at() -> None:
    shown = [words for page in TEXTS for words in commands(page.read_text(encoding="utf-8"))]
    assert {words[0] for words in shown if len(words) > 1} >= COMMANDS.keys() - {"models", "doctor"}
    assert any("tune.mid" in words for words in shown)


@pytest.mark.parametrize("words", ["prepare x --out y --melodies", "export runs/x", "serv", "train"])
def test_a_wrong_command_is_noticed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = commands(f"Say `antiphon {words} `.\n\n    antiphon {words}\n")
    assert len(shown) == 2
    assert all(bool(wrong(command)) is (words != "train") for command in shown)


@pytest.mark.parametrize("page", TEXTS[:-1], ids=lambda page: str(page.relative_to(ROOT)))
def test_options_exist(page: Path) -> None:
    """Those of the page's own command, if it is about one; those of the benchmarks are their own."""
    about = [page.stem] if page.stem in COMMANDS else list(COMMANDS)
    known = {flag for name in about for action in parser(name)._actions for flag in action.option_strings}
    assert options(page.read_text(encoding="utf-8")) <= known


def test_the_page_on_prepare_names_every_option() -> None:
    page = (ROOT / "docs" / "prepare.md").read_text(encoding="utf-8")
    flags = {flag for action in parser("prepare")._actions for flag in action.option_strings}
    assert flags - {"-h", "--help"} <= set(re.findall(r"--[a-z-]+", page))


def test_the_page_on_prepare_names_every_reason() -> None:
    page = (ROOT / "docs" / "prepare.md").read_text(encoding="utf-8")
    reasons = {
        reason
        for file in (ROOT / "train").rglob("*.py")
        for reason in re.findall(r'Skipped\([^",]+, "([^"]+)"', file.read_text(encoding="utf-8"))
    }
    table = page[page.index("| Reason |") : page.index("## Stopping")]
    firsts = "".join(row.split("|")[1] for row in table.splitlines()[2:] if row)
    assert reasons | {"duplicate"} == set(re.findall("`([^`]+)`", firsts))


def blocks(page: str, begin: str) -> list[str]:
    """Return the TOML blocks of a page whose first line starts with ``begin``."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(rf"(?:^    {begin}.*\n)(?:^(?: {{4}}.*)?\n)*", text, re.MULTILINE)
    return list(map(textwrap.dedent, found))


def test_the_configurations_of_the_pages_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    (prepared,) = blocks("prepare.md", "drum_map")
    file.write_text(prepared, encoding="utf-8")
    assert len(load_prepare(file, {}).parts) == 3
    for page in ("training-config.md", "train-your-own.md"):
        (trained,) = blocks(page, "dataset")
        file.write_text(trained, encoding="utf-8")
        assert TrainConfig.load(file).card.name == "mine"


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.onnx")), ids=lambda path: path.stem)
def test_figures_are_the_models_own(path: Path) -> None:
    """A model file says what was measured of it; its card and the README say the same."""
    held = ModelInfo.read(path).manifest.held_out
    figures = {name.removeprefix("test, ").removeprefix("bits a character, "): v for name, v in held.items()}
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    for name in ("network", "5-gram"):
        (line,) = re.findall(rf"^\| {name} \|.*$", card, re.MULTILINE)
        assert line.split("|")[-2].strip() == f"{figures[name]:.3f}"
    (row,) = re.findall(rf"^\| `{path.stem}` \|.*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = [cell.strip() for cell in row.split("|")][3:5]
    better = min(figure for name, figure in figures.items() if name.startswith("5-gram"))
    assert told == [f"{figures['network']:.2f}", f"{better:.2f}"]
