"""A file takes its name once it is whole; links and pipes stay what they are."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from antiphon.models.wholefile import PART, whole_file


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_bytes(b"precious")
    with whole_file(path) as out:
        out.write(b"new")
        assert path.read_bytes() == b"precious"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, RuntimeError])
def test_whatever_ends_it_early_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "tune.abc"
    path.write_bytes(b"precious")
    with pytest.raises(error), whole_file(path) as out:
        out.write(b"ne")
        raise error
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("tune.abc", b"precious")]


@pytest.mark.skipif(sys.platform == "win32", reason="links want rights there")
def test_a_link_keeps_pointing_where_it_does(tmp_path: Path) -> None:
    real, link = tmp_path / "real.mid", tmp_path / "link.mid"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with whole_file(link) as out:
        out.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.parametrize("last", ["one", "two"])
def test_who_writes_it_last_has_it_whole(tmp_path: Path, last: str) -> None:
    path, first = tmp_path / "tune.mid", ExitStack()
    outer = first.enter_context(whole_file(path))
    with whole_file(path) as inner:
        inner.write(b"tw")
        outer.write(b"one")
        if last == "two":
            first.close()
        inner.write(b"o")
    first.close()
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("tune.mid", last.encode())]


def test_one_who_fails_takes_nothing_from_another(tmp_path: Path) -> None:
    path = tmp_path / "tune.mid"
    with whole_file(path) as out:
        with suppress(RuntimeError), whole_file(path) as other:
            other.write(b"tw")
            raise RuntimeError
        out.write(b"one")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("tune.mid", b"one")]


def test_a_name_may_be_as_long_as_names_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".mid")
    try:
        path.write_bytes(b"old")
    except OSError:
        pytest.skip("names are shorter here")
    with whole_file(path) as out:
        out.write(b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(path.name, b"new")]


@pytest.fixture
def umask() -> Iterator[int]:
    """As most systems have it, whoever runs the tests."""
    before = os.umask(0o022)
    yield 0o022
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
@pytest.mark.parametrize(("mode", "kept"), [(None, 0o644), (0o600, 0o600), (0o664, 0o664), (0o444, 0o444)])
def test_a_file_keeps_its_mode(tmp_path: Path, umask: int, mode: int | None, kept: int) -> None:
    """Nobody reads on the way what nobody was to read."""
    path = tmp_path / "tune.mid"
    if mode is not None:
        path.write_bytes(b"old")
        path.chmod(mode)
    with whole_file(path) as out:
        assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()} == {kept}
        out.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == kept


@pytest.mark.parametrize("error", [None, OSError])
def test_a_file_of_the_user_s_beside_it_stays(tmp_path: Path, error: type[OSError] | None) -> None:
    path, own = tmp_path / "tune.mid", tmp_path / "tune.mid.part"
    own.write_bytes(b"precious")
    with suppress(OSError), whole_file(path) as out:
        out.write(b"new")
        if error is not None:
            raise error
    assert own.read_bytes() == b"precious"
    assert path.exists() == (error is None)


def test_what_a_killed_program_left_goes_after_a_day(tmp_path: Path) -> None:
    """What may still be written stays, and so does whatever is called otherwise."""
    left, written, others = ["0123456789abcdef", "f" * 16], "fedcba9876543210", ["tune.mid", "a" * 15]
    path = tmp_path / "tune.mid"
    path.touch()
    now = path.stat().st_mtime
    for name, age in {**dict.fromkeys([*left, *others], 25), written: 23}.items():
        part = tmp_path / (name + PART)
        part.write_bytes(b"half")
        os.utime(part, (now - age * 3600, now - age * 3600))
    with whole_file(path) as out:
        out.write(b"new")
    assert {p.name for p in tmp_path.iterdir()} == {"tune.mid", *(f"{n}{PART}" for n in (written, *others))}


def test_a_folder_that_cannot_be_listed_is_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "glob", refuse)
    with whole_file(tmp_path / "tune.mid") as out:
        out.write(b"new")
    assert (tmp_path / "tune.mid").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with whole_file(pipe) as out:
        out.write(b"new")
    reader.join(10)
    assert got == [b"new"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["no/such/folder/x", ".", "a\0b"])
def test_what_cannot_be_written_is_an_os_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError), whole_file(tmp_path / name) as out:
        out.write(b"new")


class Scanner:
    """Keeps files from being renamed, as a virus scanner on Windows that looks at one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
        self.left, self.waited, self.real = looks, 0.0, Path.replace
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(Path, "replace", lambda *paths: self.replace(*paths))
        monkeypatch.setattr("antiphon.models.wholefile.time.sleep", self.sleep)

    def replace(self, path: Path, target: Path) -> Path:
        self.left -= 1
        if self.left >= 0:
            raise PermissionError(errno.EACCES, "Access is denied", str(path))
        return self.real(path, target)

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def test_what_a_scanner_looks_at_is_written_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scanner = tmp_path / "last.npz", Scanner(monkeypatch, looks=3)
    with whole_file(path) as out:
        out.write(b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("last.npz", b"new")]
    assert 0 < scanner.waited < 0.2


def test_what_a_program_keeps_open_is_told_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scanner = tmp_path / "tune.mid", Scanner(monkeypatch, looks=1000)
    path.write_bytes(b"old")
    with pytest.raises(PermissionError), whole_file(path) as out:
        out.write(b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("tune.mid", b"old")]
    assert scanner.waited < 1


def test_elsewhere_nobody_waits_for_a_right_that_is_lacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner = Scanner(monkeypatch, looks=1)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(PermissionError), whole_file(tmp_path / "tune.mid") as out:
        out.write(b"new")
    assert scanner.waited == 0


def test_what_cannot_be_written_is_called_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "none" / "tune.abc"
    with pytest.raises(FileNotFoundError) as error, whole_file(path):
        pass
    assert error.value.filename == str(path)
