"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import platform
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from antiphon.bridge.cli import checks as doctor
from antiphon.bridge.cli.checks import (
    Level,
    check_models,
    check_onnxruntime,
    check_port,
    check_python,
    check_trip,
)
from antiphon.bridge.cli.commands import main
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.provider import ENVIRONMENT
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.server import Server
from forgetful_bridge import Forgetful
from tiny_model import save_broken_model, save_tiny_model


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_tiny_model(tmp_path / "tiny.onnx")
    assert main(["doctor", "--models", str(tmp_path), "--port", str(free_port())]) == 0
    printed = capsys.readouterr().out
    for words in ("Python", "onnxruntime", "model tiny", "is free", "bytes pass", "four bars", "All is well"):
        assert words in printed


def test_a_folder_that_is_none_is_bad_and_the_other_checks_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, gone = save_tiny_model(tmp_path / "tiny.onnx"), tmp_path / "gone"
    words = ["--models", str(gone), "--models", str(file), "--models", str(tmp_path)]
    assert main(["doctor", *words, "--port", str(free_port())]) == 1
    printed = capsys.readouterr().out
    assert f"BAD   --models {gone} is not a folder\n      → name a folder that exists" in printed
    assert f"BAD   --models {file} is not a folder" in printed
    for others in ("Python", "model tiny", "is free", "bytes pass", "four bars", "2 things to put right"):
        assert others in printed


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("here", "level"), [((3, 10), Level.BAD), ((3, 12), Level.GOOD), ((3, 99), Level.NOTE)]
)
def test_pythons(monkeypatch: pytest.MonkeyPatch, here: tuple[int, int], level: Level) -> None:
    monkeypatch.setattr(sys, "version_info", (*here, 0, "final", 0))
    (finding,) = check_python()
    assert finding.level is level
    assert bool(finding.advice) == (level is not Level.GOOD)


@pytest.mark.parametrize(
    ("system", "machine", "build"),
    [
        ("Linux", "x86_64", "onnxruntime-gpu"),
        ("Linux", "aarch64", "onnxruntime"),
        ("Darwin", "arm64", "onnxruntime"),
        ("Windows", "AMD64", "onnxruntime-gpu"),
        ("Windows", "ARM64", "onnxruntime"),
    ],
)
def test_a_broken_onnxruntime_is_replaced_by_a_build_that_there_is(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, build: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # importing it raises ImportError
    (finding,) = check_onnxruntime()
    assert finding.level is Level.BAD
    assert finding.advice.endswith(f"pip install --force-reinstall {build}")
    kind = {"AMD64": "x64", "ARM64": "arm64"}.get(machine, "")
    assert (f"vc_redist.{kind}.exe" in finding.advice) == (system == "Windows")


def test_a_wrong_provider_is_said_once_and_the_other_checks_go_on(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "gpu")
    assert main(["doctor", "--models", str(tiny_model.parent), "--port", str(free_port())]) == 1
    said = capsys.readouterr().out
    assert "BAD   ANTIPHON_PROVIDER=gpu must be cpu or cuda, or not be set\n      → unset it" in said
    assert "is free" in said and said.endswith("1 thing to put right.\n"), said


class Unloadable:
    """What finds a package and cannot load it, as Windows without Microsoft's C++ runtime."""

    def find_spec(self, name: str, *where: object) -> None:
        if name.partition(".")[0] == "onnxruntime":
            raise ImportError("DLL load failed while importing onnxruntime_pybind11_state")


@pytest.fixture
def unloadable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    finder = Unloadable()
    sys.meta_path.insert(
        0, finder
    )  # in place: what is imported meanwhile, as six, may add finders of its own
    yield
    sys.meta_path.remove(finder)


@pytest.mark.usefixtures("unloadable")
def test_without_onnxruntime_the_doctor_says_so_and_goes_on(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--models", str(tiny_model.parent), "--port", str(free_port())]) == 1
    said = capsys.readouterr().out
    assert "BAD   onnxruntime cannot be used: DLL load failed" in said
    assert "is free" in said and said.endswith("1 thing to put right.\n"), said


@pytest.mark.usefixtures("unloadable")
def test_without_onnxruntime_others_name_the_doctor(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "--model", "tiny", "--models", str(tiny_model.parent)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "DLL load failed" in line and "`antiphon doctor` says what to do" in line


def test_a_broken_model_is_bad(tmp_path: Path) -> None:
    good = save_tiny_model(tmp_path / "good.onnx").read_bytes()
    (tmp_path / "broken.onnx").write_bytes(good[: len(good) // 2])
    bad = [f for f in check_models([tmp_path]) if f.level is Level.BAD]
    assert len(bad) == 1
    assert "broken.onnx" in bad[0].text
    assert "export or download it again" in bad[0].advice


def test_a_model_that_opens_and_cannot_run_is_bad(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "good.onnx", "good")
    save_broken_model(tmp_path / "broken.onnx")
    (bad,) = (f for f in check_models([tmp_path]) if f.level is Level.BAD)
    assert "model broken" in bad.text and "cannot be run" in bad.text
    assert "export it again" in bad.advice


def test_a_default_model_that_cannot_run_is_no_matter_of_a_firewall(tmp_path: Path) -> None:
    save_broken_model(tmp_path / "folk.onnx", "folk")
    (bad,) = (f for f in check_trip([tmp_path]) if f.level is Level.BAD)
    assert "folk.onnx: " in bad.text and "cannot be run" in bad.text
    assert "firewall" not in bad.advice


def test_no_model_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "shipped_folder", lambda: None)
    (finding,) = check_models([])
    assert finding.level is Level.BAD
    assert "--models" in finding.advice


def test_a_stranger_on_the_port_is_bad() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        (finding,) = check_port("127.0.0.1", stranger.getsockname()[1])
    assert finding.level is Level.BAD
    assert "--port" in finding.advice


def test_a_host_that_is_unknown_is_no_matter_of_the_port() -> None:
    (finding,) = check_port("no.such.host.invalid", 7374)
    assert finding.level is Level.BAD
    assert "--host no.such.host.invalid" in finding.text
    assert "--port" not in finding.advice


def test_another_computer_where_nobody_answers() -> None:
    (finding,) = check_port("192.0.2.1", 7374)  # of no computer in the world (RFC 5737)
    assert finding.level is Level.BAD
    assert "no bridge answers at 192.0.2.1:7374" in finding.text
    assert "--host 0.0.0.0" in finding.advice


def test_a_bridge_of_another_protocol_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgetful_bridge.PROTOCOL", 2)
    with Forgetful() as bridge:
        (finding,) = check_port("127.0.0.1", bridge.port)
    assert finding.level is Level.BAD
    assert "the bridge speaks protocol 2 and this client 1" in finding.text


def test_a_bridge_on_the_port_is_good(engine: Engine, shelf: ModelShelf) -> None:
    with Server(engine, shelf, host="127.0.0.1", port=0) as server:
        (finding,) = check_port(*server.address)
    assert finding.level is Level.GOOD
    assert "answers on UDP port" in finding.text


def test_an_older_bridge_is_noted(engine: Engine, shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(engine, shelf, host="127.0.0.1", port=0) as server:
        monkeypatch.setattr(doctor, "version", lambda: "99.0")
        (finding,) = check_port(*server.address)
    assert finding.level is Level.NOTE
    assert "99.0" in finding.advice


def test_small_datagrams_are_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny_model(tmp_path / "tiny.onnx")
    ping = doctor.Client.ping

    def small(client: doctor.Client, size: int = 0) -> float:
        if size > 5000:
            raise doctor.AntiphonError("too large")
        return ping(client, size)

    monkeypatch.setattr(doctor.Client, "ping", small)
    (finding,) = (f for f in check_trip([tmp_path]) if "datagram" in f.text)
    assert finding.level is Level.BAD
    assert "maxdgram" in finding.advice


def test_a_closed_loopback_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny_model(tmp_path / "tiny.onnx")

    def closed(client: doctor.Client, size: int = 0) -> float:
        raise doctor.AntiphonError("no answer")

    monkeypatch.setattr(doctor.Client, "ping", closed)
    finding = next(check_trip([tmp_path]))
    assert finding.level is Level.BAD
    assert "firewall" in finding.advice
