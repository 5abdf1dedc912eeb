"""`antiphon clients`: the cards of what ships, and the command itself."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

import pytest
from antiphon.bridge.cli import clients as cli_clients
from antiphon.bridge.cli.commands import main
from antiphon.bridge.hosts import hostclient
from antiphon.bridge.hosts.hostclient import CARD, PLATFORMS, Surroundings, host_client, shipped
from antiphon.models.errors import ConfigError
from folder import state

CARD_TEXT = """
title = "A host"
folder = "antiphon"
next = "Restart it."
[look]
linux = ["~/old/packages", "~/packages"]
windows = ["%NOWHERE%/x", "%APPDATA%/Host"]
[copy]
"js/shared.js" = "other/shared.js"
"""


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    """Two hosts, one of which borrows a file of the other."""
    root = tmp_path / "clients"
    other = 'title="O"\nfolder=""\nnext="n"'
    texts = {"host/install.toml": CARD_TEXT, "host/a.txt": "a", "host/sub/b.txt": "b"}
    for name, text in {**texts, "other/shared.js": "s", "other/install.toml": other}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class TestCards:
    def test_what_a_host_has(self, clients: Path) -> None:
        host = host_client("host", clients)
        assert {str(path): file.read_bytes() for path, file in host.files.items()} == {
            "a.txt": b"a", "sub/b.txt": b"b", "js/shared.js": b"s"}  # fmt: skip
        assert shipped(clients) == ["host", "other"]

    def test_the_first_folder_that_exists_else_the_first(self, clients: Path, tmp_path: Path) -> None:
        host, here = host_client("host", clients), Surroundings("linux", tmp_path, {})
        assert host.places(here) == [tmp_path / "old/packages", tmp_path / "packages"]
        (tmp_path / "packages").mkdir()
        assert host.places(here)[0] == tmp_path / "packages"
        windows = Surroundings("windows", tmp_path, {"APPDATA": "D:/data"})
        assert host.places(windows) == [Path("D:/data/Host")]
        unset = Surroundings("windows", tmp_path, {"APPDATA": ""})
        with pytest.raises(ConfigError, match="--dest DIR"):
            host.places(unset)
        with pytest.raises(ConfigError, match="--dest DIR"):
            host.places(Surroundings("macos", tmp_path, {}))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('title="O"\nfolder=""\nnext="n"\nwhat=1', "unknown key 'what'"),
            ('title="O"\nfolder=1\nnext="n"', "folder must be text"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nbeos=["x"]', "table of linux, macos, windows"),
            ('title="O"\nfolder="../up"\nnext="n"', "folder '../up' must lie below"),
            ('title="O"\nfolder="/tmp"\nnext="n"', "folder '/tmp' must lie below"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nlinux="x"', "look.linux must be a list of folders"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nlinux=[]', "look.linux must be a list of folders"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nlinux=["x"]', "look.linux: 'x' must begin with"),
            ('title="O"\nfolder=""\nnext="n"\ncopy="x"', "copy must be a table"),
            ('title="O"\nfolder=""\nnext="n"\n[copy]\n"../x"="other/shared.js"', "copy: '../x' must be"),
            ('title="O"\nfolder=""\nnext="n"\n[copy]\nx="other/none.js"', "copy: there is no other/none.js"),
            ('title="O"\nfolder', "install.toml: "),
        ],
    )
    def test_a_wrong_card_names_the_key(self, clients: Path, text: str, told: str) -> None:
        (clients / "host" / CARD).write_text(text)
        with pytest.raises(ConfigError, match=told):
            host_client("host", clients)

    def test_an_unknown_host_names_the_nearest(self, clients: Path) -> None:
        with pytest.raises(ConfigError, match="did you mean 'host'"):
            host_client("hosst", clients)

    @pytest.mark.parametrize("name", shipped())
    def test_what_ships_is_whole(self, name: str) -> None:
        host = host_client(name)
        assert host.files and host.title and host.next
        assert all(file.is_file() for file in host.files.values())
        assert not any(path.suffix == ".py" for path in host.files)
        for platform, places in host.look.items():
            variables = {name: f"C:/{name}" for name in re.findall(r"%(\w+)%", " ".join(places))}
            assert len(host.places(Surroundings(platform, Path("/home/me"), variables))) == len(places)
        assert not host.look or set(host.look) <= set(PLATFORMS.values())


class Registry:
    """What `winreg` tells where somebody's documents are; nothing where they were never moved."""

    HKEY_CURRENT_USER = 1

    def __init__(self, told: str) -> None:
        self.told = told

    def OpenKey(self, root: int, path: str) -> contextlib.nullcontext[str]:  # noqa: N802 - as it is called
        if not self.told:
            raise FileNotFoundError(path)
        return contextlib.nullcontext(path.rpartition("\\")[2])

    def QueryValueEx(self, key: str, name: str) -> tuple[str, int]:  # noqa: N802
        assert (key, name) == ("User Shell Folders", "Personal")
        return self.told, 2

    def ExpandEnvironmentStrings(self, text: str) -> str:  # noqa: N802
        return text.replace("%USERPROFILE%", "/me")


@pytest.mark.parametrize(
    ("told", "documents"),
    [(r"%USERPROFILE%/OneDrive/Dokumente", "/me/OneDrive/Dokumente"), ("D:/Mine", "D:/Mine"), ("", "")],
)
@pytest.mark.parametrize("host", ["max", "live"])
def test_documents_are_where_windows_has_them(
    monkeypatch: pytest.MonkeyPatch, host: str, told: str, documents: str
) -> None:
    """OneDrive takes the folder with it, and hosts go by Windows."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", Registry(told))
    here = Surroundings("windows")
    places = list(host_client(host).places(here))
    assert places and all(place.is_relative_to(documents or Path.home() / "Documents") for place in places)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clients"]) == 0
    assert "node" in capsys.readouterr().out
    assert main(["clients", "install", "node", "--dest", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "4 written" in said and "require" in said
    assert (tmp_path / "antiphon-client/antiphon.js").is_file()
    assert main(["clients", "uninstall", "node", "--dest", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []
    assert main(["clients", "install", "cubase"]) == 2
    assert "no client for 'cubase'" in capsys.readouterr().err
    assert main(["clients", "install"]) == 2
    assert "name a host" in capsys.readouterr().err


@pytest.mark.parametrize("name", shipped())
def test_each_goes_there_and_back(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = host_client(name)
    assert main(["clients", "install", name, "--dest", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"{host.title}: {len(host.files)} written, in {tmp_path / host.folder}" in said
    assert said.endswith(f"{host.next}\n")
    there = {path: (tmp_path / host.folder / path).read_bytes() for path in host.files}
    assert there == {path: file.read_bytes() for path, file in host.files.items()}
    assert main(["clients", "uninstall", name, "--dest", str(tmp_path)]) == 0
    assert "is yours" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_an_installation_is_found_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clients: Path
) -> None:
    """Though the host has another folder by now, which would be the first choice."""
    here = Surroundings("linux", tmp_path, {})
    monkeypatch.setattr(cli_clients, "Surroundings", lambda: here)
    monkeypatch.setattr(hostclient, "_clients", lambda: clients)
    (tmp_path / "packages").mkdir()
    assert main(["clients", "install", "host"]) == 0
    (tmp_path / "old/packages").mkdir(parents=True)
    there = tmp_path / "packages/antiphon"
    capsys.readouterr()
    assert main(["clients"]) == 0
    assert f"A host: is in {there}\n" in capsys.readouterr().out
    (there / "a.txt").write_text("changed")
    assert main(["clients", "install", "host"]) == 0
    said = capsys.readouterr().out
    assert "1 written, 2 there already" in said and said.endswith("Restart it.\n")
    assert "a.txt is yours, or changed by you: left as it is; ours is beside it, a.new.txt" in said
    assert main(["clients", "uninstall", "host"]) == 0
    assert "3 removed" in (said := capsys.readouterr().out) and "What is left there is yours." in said
    assert state(tmp_path / "packages") == {"antiphon": "/", "antiphon/a.txt": "changed"}
    assert main(["clients", "uninstall", "host"]) == 2
    assert "nothing of Antiphon's was installed in" in capsys.readouterr().err


def test_dest_may_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it does behind = in a shell, and always in Windows' own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert main(["clients", "install", "node", "--dest=~/js"]) == 0
    assert (tmp_path / "js/antiphon-client/antiphon.js").is_file()
    assert main(["clients", "list", "node", "--dest=~/js"]) == 0
    assert f"is in {tmp_path / 'js'}" in capsys.readouterr().out
