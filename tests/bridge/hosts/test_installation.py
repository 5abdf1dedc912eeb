"""Files in a user's folder: all written or none, and the user's own left alone."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from antiphon.bridge.hosts.installation import Installation
from antiphon.models.errors import ConfigError
from folder import state


def files(**contents: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name.replace("_", "/") + ".txt"): text.encode() for name, text in contents.items()}


def seen(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.txt")}


@pytest.fixture
def anybody_s() -> Iterator[Path]:
    """A folder, as a user to whom not everything is allowed: root becomes nobody for a test."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        is_root = os.name != "nt" and os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)


class TestInstallation:
    def test_there_and_back(self, tmp_path: Path) -> None:
        (tmp_path / "new").mkdir()
        there = Installation("host", tmp_path / "new", "antiphon")
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

    def test_ours_beside_theirs_is_theirs_once_they_change_it(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("mine")
        there = Installation("host", tmp_path)
        assert there.install(files(a="1")).beside == {"a.txt": "a.new.txt"}
        (tmp_path / "a.new.txt").write_text("mine, too")
        assert there.install(files(a="2")).beside == {"a.txt": "a.new2.txt"}
        assert seen(tmp_path) == {"a.txt": "mine", "a.new.txt": "mine, too", "a.new2.txt": "2"}
        (tmp_path / "a.txt").write_text("2")  # the user has taken ours over
        outcome = there.install(files(a="2"))
        assert (outcome.same, outcome.removed) == (["a.txt"], ["a.new2.txt"])
        assert seen(tmp_path) == {"a.txt": "2", "a.new.txt": "mine, too"}

    def test_a_changed_file_that_no_longer_ships_stays(self, tmp_path: Path) -> None:
        there = Installation("host", tmp_path)
        there.install(files(a="1", b="2"))
        (tmp_path / "b.txt").write_text("mine")
        assert there.install(files(a="1")).kept == ["b.txt"]
        there.uninstall()
        assert seen(tmp_path) == {"b.txt": "mine"}

    def test_the_host_s_own_folder_stays(self, tmp_path: Path) -> None:
        there = Installation("host", tmp_path / "dest")
        there.install(files(a="1"))
        there.uninstall()
        assert list(tmp_path.rglob("*")) == [tmp_path / "dest"]

    @pytest.mark.parametrize("text", ["{", "[]", '"x"'])
    def test_without_its_record_every_file_is_the_user_s(self, tmp_path: Path, text: str) -> None:
        there = Installation("host", tmp_path)
        there.install(files(a="1", b="2"))
        (record,) = tmp_path.glob(".antiphon-*.json")
        record.write_text(text)
        with pytest.raises(ConfigError, match="cannot be read"):
            there.uninstall()
        outcome = there.install(files(a="1", b="3"))
        assert (outcome.same, outcome.kept) == (["a.txt"], ["b.txt"])
        assert there.uninstall().removed == ["a.txt", "b.new.txt"]

    def test_a_record_is_not_believed_everything(self, tmp_path: Path) -> None:
        theirs, there = tmp_path / "theirs.txt", Installation("host", tmp_path / "in")
        there.install(files(a="1"))
        theirs.write_text("x")
        (record,) = there.folder.glob(".antiphon-*.json")
        record.write_text(json.dumps({"../theirs.txt": hashlib.sha256(b"x").hexdigest()}))
        with pytest.raises(ConfigError, match="lies outside"):
            there.uninstall()
        assert theirs.exists() and there.exists

    def test_a_folder_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").mkdir()
        (tmp_path / "sub").write_text("a file")
        there = Installation("host", tmp_path)
        assert there.install(files(a="1")).beside == {"a.txt": "a.new.txt"}
        before = state(tmp_path)
        with pytest.raises(ConfigError, match="cannot be written"):
            there.install(files(c="1", sub_b="2"))
        assert state(tmp_path) == before

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_links_lead_nowhere(self, tmp_path: Path) -> None:
        outside, folder = tmp_path / "outside", tmp_path / "in"
        outside.mkdir()
        folder.mkdir()
        (outside / "a.txt").write_text("theirs")
        (folder / "sub").symlink_to(outside)
        (folder / "a.txt").symlink_to(outside / "a.txt")
        (folder / "dead.txt").symlink_to(outside / "nothing.txt")
        (folder / "circle").symlink_to(folder / "circle")
        for name in ("sub_a", "circle_a"):
            before = state(tmp_path)
            with pytest.raises(ConfigError, match="lies outside"):
                Installation("host", folder).install(files(new_x="1", **{name: "1"}))
            assert state(tmp_path) == before
        with pytest.raises(ConfigError, match="lies outside"):
            Installation("host", folder, "sub").install(files(b="1"))
        outcome = Installation("host", folder).install(files(a="1", dead="1"))
        assert outcome.kept == ["a.txt", "dead.txt"] and seen(outside) == {"a.txt": "theirs"}
        assert not (outside / "nothing.txt").exists()

    def test_a_link_that_has_taken_a_file_s_place_is_kept(self, tmp_path: Path) -> None:
        theirs, there = tmp_path / "theirs.txt", Installation("host", tmp_path / "in")
        there.install(files(a="1"))
        theirs.write_text("1")
        (there.folder / "a.txt").unlink()
        (there.folder / "a.txt").symlink_to(theirs)
        assert there.uninstall().kept == ["a.txt"]
        assert theirs.read_text() == "1" and (there.folder / "a.txt").is_symlink()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
    def test_missing_permissions_leave_everything_as_it_was(self, anybody_s: Path) -> None:
        there = Installation("host", anybody_s)
        there.install(files(a="1", sub_b="2"))
        before = state(anybody_s)
        (anybody_s / "sub").chmod(0o500)
        with pytest.raises(ConfigError, match="cannot be written: Permission denied"):
            there.install(files(a="1.1", sub_b="2.1"))
        with pytest.raises(ConfigError, match="cannot be changed: Permission denied"):
            there.uninstall()
        assert state(anybody_s) == before
        (anybody_s / "sub").chmod(0o700)
        assert there.uninstall().removed == ["a.txt", "sub/b.txt"]


class TestTrouble:
    """Whatever the system refuses, and whenever: the folder is as it was, and one line says why."""

    OLD, NEW = files(a="1", b="2", sub_c="3"), files(a="1.1", b="2.1", new_d="4")

    def steps(self, monkeypatch: pytest.MonkeyPatch, fails: int) -> list[str]:
        """Have the system refuse one of its steps, by number, and tell of those that were taken."""
        taken: list[str] = []

        def refused(kind: str, real: Any) -> Any:
            def step(*args: Any, **options: Any) -> Any:
                taken.append(kind)
                if len(taken) == fails:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return real(*args, **options)

            return step

        monkeypatch.setattr(os, "fsync", refused("fsync", os.fsync))
        for kind in ("replace", "mkdir"):
            monkeypatch.setattr(Path, kind, refused(kind, getattr(Path, kind)))
        return taken

    @pytest.mark.parametrize("links", [True, False])
    def test_a_refusal_at_any_step_leaves_everything_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
    ) -> None:
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        before = state(tmp_path)
        if not links:
            monkeypatch.setattr(Path, "hardlink_to", not_supported)
        for fails in itertools.count(1):
            with monkeypatch.context() as patch:
                taken = self.steps(patch, fails)
                try:
                    there.install(self.NEW)
                except ConfigError as error:
                    assert "cannot be written: No space left" in str(error)
                else:
                    break
            assert state(tmp_path) == before, taken
        assert fails > 8 and set(taken) == {"fsync", "replace", "mkdir"}
        assert seen(tmp_path) == {"a.txt": "1.1", "b.txt": "2.1", "new/d.txt": "4"}
        assert not list(tmp_path.rglob("*.txt.antiphon-*"))

    def test_a_file_that_cannot_go_keeps_the_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on Windows, where a host has the file open."""
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        before, real = state(tmp_path), Path.unlink

        def unlink(path: Path, missing_ok: bool = False) -> None:
            if path.name == "b.txt":
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            real(path, missing_ok)

        monkeypatch.setattr(Path, "unlink", unlink)
        with pytest.raises(ConfigError, match=r"cannot be changed: Permission denied .*b\.txt"):
            there.uninstall()
        assert state(tmp_path) == before

    def test_a_scanner_that_looks_at_files_is_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on Windows, where a file that anybody has open can neither be replaced nor removed."""
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        refused: set[str] = set()

        def once(name: str) -> None:
            real = getattr(Path, name)

            def step(path: Path, *args: Any, **options: Any) -> Any:
                if path.exists() and path.name not in refused:
                    refused.add(path.name)
                    raise PermissionError(errno.EACCES, "Access is denied", str(path))
                return real(path, *args, **options)

            monkeypatch.setattr(Path, name, step)

        monkeypatch.setattr(sys, "platform", "win32")
        once("replace")
        assert there.install(self.NEW).written == ["a.txt", "b.txt", "new/d.txt"]
        once("unlink")
        assert sorted(there.uninstall().removed) == ["a.txt", "b.txt", "new/d.txt"]
        assert {"a.txt.antiphon-part", "b.txt"} <= refused
        assert seen(tmp_path) == {}

    @pytest.mark.parametrize("late", [False, True])
    def test_ctrl_c_leaves_everything_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
    ) -> None:
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        before, real = state(tmp_path), Path.replace

        def replace(path: Path, target: Path) -> Path:
            if target.name == "b.txt" and path.suffix == ".antiphon-part":
                if late:
                    real(path, target)
                raise KeyboardInterrupt
            return real(path, target)

        monkeypatch.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            there.install(self.NEW)
        assert state(tmp_path) == before

    def test_what_cannot_be_cleared_away_keeps_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on Windows, where a virus scanner has looked at a file for too long."""
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        real = Path.unlink

        def unlink(path: Path, missing_ok: bool = False) -> None:
            if path.name == "a.txt.antiphon-old" and path.exists():
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            real(path, missing_ok)

        monkeypatch.setattr(Path, "unlink", unlink)
        there.install(self.NEW)
        assert [path.name for path in tmp_path.rglob("*.txt.antiphon-*")] == ["a.txt.antiphon-old"]

    def test_what_a_killed_run_left_is_no_trouble(self, tmp_path: Path) -> None:
        there = Installation("host", tmp_path)
        there.install(self.OLD)
        for name in ("a.txt.antiphon-part", "a.txt.antiphon-old"):
            (tmp_path / name).write_text("half")
        there.install(self.NEW)
        assert seen(tmp_path)["a.txt"] == "1.1" and not list(tmp_path.rglob("*.txt.antiphon-*"))


def not_supported(path: Path, target: Path) -> None:
    """Refuse a second name, as FAT does."""
    raise OSError(errno.EPERM, "Operation not permitted")
