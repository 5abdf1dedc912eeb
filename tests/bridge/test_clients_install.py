"""Putting a host's files into its folder, and taking them back."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath

import pytest
from antiphon.bridge.cli import main
from antiphon.bridge.hostclient import CARD, PLATFORMS, Surroundings, host_client, shipped
from antiphon.bridge.installation import Installation
from antiphon.models.errors import ConfigError

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


def files(**contents: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name.replace("_", "/") + ".txt"): text.encode() for name, text in contents.items()}


def seen(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.txt")}


class TestCards:
    def test_what_a_host_has(self, clients: Path) -> None:
        host = host_client("host", clients)
        assert {str(path): file.read_bytes() for path, file in host.files.items()} == {
            "a.txt": b"a", "sub/b.txt": b"b", "js/shared.js": b"s"}  # fmt: skip
        assert shipped(clients) == ["host", "other"]

    def test_the_first_folder_that_exists_else_the_first(self, clients: Path, tmp_path: Path) -> None:
        host, here = host_client("host", clients), Surroundings("linux", tmp_path, {})
        assert host.place(here) == tmp_path / "old/packages/antiphon"
        (tmp_path / "packages").mkdir()
        assert host.place(here) == tmp_path / "packages/antiphon"
        windows = Surroundings("windows", tmp_path, {"APPDATA": "D:/data"})
        assert host.place(windows) == Path("D:/data/Host/antiphon")
        with pytest.raises(ConfigError, match="--dest DIR"):
            host.place(Surroundings("macos", tmp_path, {}))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('title="O"\nfolder=""\nnext="n"\nwhat=1', "unknown key 'what'"),
            ('title="O"\nfolder=1\nnext="n"', "folder must be text"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nbeos=["x"]', "table of linux, macos, windows"),
            ('title="O"\nfolder=""\nnext="n"\n[look]\nlinux="x"', "lists of folders"),
            ('title="O"\nfolder=""\nnext="n"\ncopy="x"', "copy must be a table"),
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
        variables = {"APPDATA": "C:/a", "USERPROFILE": "C:/u", "LOCALAPPDATA": "C:/l"}
        for platform in host.look:
            assert host.place(Surroundings(platform, Path("/home/me"), variables))
        assert not host.look or set(host.look) <= set(PLATFORMS.values())


class TestInstallation:
    def test_there_and_back(self, tmp_path: Path) -> None:
        there = Installation("host", tmp_path / "new" / "antiphon")
        assert there.install(files(a="1", sub_b="2")).written == ["a.txt", "sub/b.txt"]
        assert seen(there.folder) == {"a.txt": "1", "sub/b.txt": "2"}
        again = there.install(files(a="1", sub_b="2"))
        assert (again.written, again.same) == ([], ["a.txt", "sub/b.txt"])
        assert sorted(there.uninstall().removed) == ["a.txt", "sub/b.txt"]
        assert not there.folder.exists()
        with pytest.raises(ConfigError, match="nothing of Antiphon's"):
            there.uninstall()

    def test_a_new_version_replaces_and_clears_up(self, tmp_path: Path) -> None:
        there = Installation("host", tmp_path)
        there.install(files(a="1", sub_b="2", c="3"))
        outcome = there.install(files(a="1.1", c="3"))
        assert (outcome.written, outcome.same, outcome.removed) == (["a.txt"], ["c.txt"], ["sub/b.txt"])
        assert seen(tmp_path) == {"a.txt": "1.1", "c.txt": "3"}
        assert not (tmp_path / "sub").exists()

    def test_what_the_user_changed_or_had_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        there = Installation("host", tmp_path)
        outcome = there.install(files(a="1", b="2", mine="ours"))
        assert outcome.kept == ["mine.txt"] and "mine.new.txt" in outcome.written
        (tmp_path / "a.txt").write_text("changed")
        outcome = there.install(files(a="1.1", b="2.1", mine="ours"))
        assert outcome.kept == ["a.txt", "mine.txt"]
        ours = {"a.new.txt": "1.1", "b.txt": "2.1", "mine.new.txt": "ours"}
        assert seen(tmp_path) == {"a.txt": "changed", "mine.txt": "mine", **ours}
        (tmp_path / "b.txt").write_text("changed too")
        assert there.uninstall().kept == ["b.txt"]
        assert seen(tmp_path) == {"a.txt": "changed", "b.txt": "changed too", "mine.txt": "mine"}

    def test_two_hosts_share_a_folder(self, tmp_path: Path) -> None:
        one, other = Installation("one", tmp_path), Installation("other", tmp_path)
        one.install(files(a="1"))
        other.install(files(b="2"))
        one.uninstall()
        assert seen(tmp_path) == {"b.txt": "2"} and other.exists

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_links_lead_nowhere(self, tmp_path: Path) -> None:
        outside, folder = tmp_path / "outside", tmp_path / "in"
        outside.mkdir()
        folder.mkdir()
        (outside / "a.txt").write_text("theirs")
        (folder / "sub").symlink_to(outside)
        (folder / "a.txt").symlink_to(outside / "a.txt")
        with pytest.raises(ConfigError, match="lies outside"):
            Installation("host", folder).install(files(sub_a="1"))
        outcome = Installation("host", folder).install(files(a="1"))
        assert outcome.kept == ["a.txt"] and seen(outside) == {"a.txt": "theirs"}

    def test_a_full_disk_leaves_everything_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = Installation("host", tmp_path)
        there.install(files(a="1", b="2"))
        before = sorted(tmp_path.rglob("*")), seen(tmp_path)
        count = 0

        def full(number: int) -> None:
            nonlocal count
            count += 1
            if count == 2:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match=r"cannot be written: No space left.*--dest DIR"):
            there.install(files(a="1.1", b="2.1"))
        assert (sorted(tmp_path.rglob("*")), seen(tmp_path)) == before


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
