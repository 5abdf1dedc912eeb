"""The provider is chosen by looking, said once, and quiet."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest
from antiphon.bridge.client.client import Client
from antiphon.bridge.runtime import provider
from antiphon.bridge.runtime.provider import CUDA, Providers, choose, cuda_missing
from antiphon.models.errors import ConfigError
from antiphon.models.file.modelfile import ModelFile
from program import PATIENCE_SECONDS, Bridge, antiphon


@pytest.fixture(scope="module")
def file(tiny_model: Path) -> ModelFile:
    return ModelFile.load(tiny_model)


def test_it_is_said_once_and_without_noise(
    file: ModelFile, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    providers = Providers(logging.INFO)
    with caplog.at_level(logging.INFO, "antiphon.engine"):
        sessions = [providers.session(file) for _ in range(3)]
    assert providers.choice is not None
    assert {s.get_providers()[0] for s in sessions} == {providers.choice.provider}
    assert sum("models run on" in record.message for record in caplog.records) == 1
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("words", [["generate", "--model", "tiny", "--bars", "1"], ["doctor"]])
def test_a_command_for_once_keeps_it_to_itself(tiny_model: Path, words: list[str]) -> None:
    """It says it where it is asked for all."""
    for level, said in (("info", 0), ("debug", 1)):
        command = [antiphon(), *words, "--models", str(tiny_model.parent), "--log-level", level]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.stderr.count("models run on") == said, done.stderr


def test_a_bridge_says_it_once(tiny_model: Path) -> None:
    with Bridge("--models", tiny_model.parent, "--default", "tiny") as bridge:
        with Client("127.0.0.1", bridge.port) as client:
            for _ in range(2):
                client.generate(bars=1)
        bridge.until("models run on")
        assert bridge.has("models run on", 0.5) is None


def test_without_the_provider_or_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert "no CUDA provider" in cuda_missing()
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, "CPUExecutionProvider"])
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(provider, "_loads", lambda library: False)
    assert cuda_missing() == "no NVIDIA driver"
    monkeypatch.setattr(provider, "_loads", lambda library: "libcuda" in library)
    assert "libcublasLt.so.12" in cuda_missing()
    monkeypatch.setattr(provider, "_loads", lambda library: "13" not in library)
    assert cuda_missing() == ""


class Slow:
    """A session that takes its time, or fails."""

    def __init__(self, session: Any, seconds: float) -> None:
        self.session, self.seconds = session, seconds

    def io_binding(self) -> Any:
        return self.session.io_binding()

    def run_with_iobinding(self, binding: Any) -> None:
        import time

        if self.seconds < 0:
            raise RuntimeError("CUDA failure 35")
        time.sleep(self.seconds)
        self.session.run_with_iobinding(binding)


def test_cuda_must_work_and_be_faster(file: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(provider.ENVIRONMENT, raising=False)
    monkeypatch.setattr(provider, "cuda_missing", lambda: "")
    monkeypatch.setattr(provider, "cuda_session", lambda file: None)
    assert "does not start" in choose(file).reason
    for seconds in (0.002, -1.0):  # slower; broken
        monkeypatch.setattr(provider, "cuda_session", lambda file, s=seconds: Slow(file.session, s))
        assert choose(file).provider == "CPUExecutionProvider"
    slow = ModelFile(file.info, Slow(file.session, 0.002))
    monkeypatch.setattr(provider, "cuda_session", lambda _: file.session)
    assert choose(slow).provider == CUDA
    assert "µs on CUDA" in choose(slow).reason


def test_the_user_may_choose(file: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "cuda_missing", lambda: "")
    monkeypatch.setattr(provider, "cuda_session", lambda file: Slow(file.session, 0.002))
    monkeypatch.setenv(provider.ENVIRONMENT, "cuda")
    assert choose(file).provider == CUDA
    monkeypatch.setenv(provider.ENVIRONMENT, "cpu")
    assert choose(file).provider == "CPUExecutionProvider"


@pytest.mark.parametrize("wish", ["gpu", "cpu,cuda", " cpu"])
def test_a_wish_that_there_is_not_is_refused(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(provider.ENVIRONMENT, wish)
    with pytest.raises(ConfigError, match=f"^ANTIPHON_PROVIDER={wish} must be cpu or cuda, or not be set$"):
        Providers()


@pytest.mark.parametrize("wish", ["", "CPU", "cuda"])
def test_case_does_not_matter_and_nothing_is_no_wish(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(provider.ENVIRONMENT, wish)
    assert Providers().choice is None


def test_no_bridge_starts_with_a_wrong_one(tiny_model: Path) -> None:
    command = [antiphon(), "serve", "--port", "0", "--models", str(tiny_model.parent)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, provider.ENVIRONMENT: "gpu"},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "antiphon: ANTIPHON_PROVIDER=gpu must be cpu or cuda, or not be set\n"
