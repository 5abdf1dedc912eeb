"""The provider is chosen by looking, said once, and quiet."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest
from antiphon.bridge import provider
from antiphon.bridge.provider import CUDA, Providers, choose, cuda_missing
from antiphon.models.modelfile import ModelFile


@pytest.fixture(scope="module")
def file(tiny_model: Path) -> ModelFile:
    return ModelFile.load(tiny_model)


def test_it_is_said_once_and_without_noise(
    file: ModelFile, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    providers = Providers()
    with caplog.at_level(logging.INFO, "antiphon.engine"):
        sessions = [providers.session(file) for _ in range(3)]
    assert providers.choice is not None
    assert {s.get_providers()[0] for s in sessions} == {providers.choice.provider}
    assert sum("models run on" in record.message for record in caplog.records) == 1
    assert capfd.readouterr().err == ""


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
