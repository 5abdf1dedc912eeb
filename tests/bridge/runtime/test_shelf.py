"""The shelf: listing, defaults, names, loading once."""

from __future__ import annotations

import gc
import logging
import os
import threading
import weakref
from pathlib import Path

import onnx
import pytest
from antiphon.bridge.runtime.shelf import LoadedModel, ModelShelf
from antiphon.bridge.runtime.stepper import memory_sizes
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import METADATA_KEY, Memory
from antiphon.models.file.modelfile import ModelFile, ModelInfo
from onnx import helper
from tiny_model import HEADS, KEY, VALUE, save_broken_model, save_tiny_model, tiny_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_tiny_model(tmp_path / "z.onnx", "alpha")
    save_tiny_model(tmp_path / "a.onnx", "folk")
    return tmp_path


def names(shelf: ModelShelf) -> list[str]:
    return [info.name for info in shelf.models()]


def test_names_and_default(folder: Path) -> None:
    shelf = ModelShelf([folder], shipped=False)
    assert shelf.default == "folk"
    assert names(shelf) == ["alpha", "folk"]
    assert shelf.info().name == "folk"
    assert shelf.manifest("alpha").title == "Random notes"
    assert shelf.info("alpha").megabytes == (folder / "z.onnx").stat().st_size / 1e6
    chosen = ModelShelf([folder], shipped=False, default="alpha")
    assert (chosen.default, names(chosen)) == ("alpha", ["alpha", "folk"])


def test_an_empty_shelf(tmp_path: Path) -> None:
    shelf = ModelShelf([tmp_path / "none"], shipped=False)
    assert names(shelf) == []
    with pytest.raises(RequestError, match="no model"):
        shelf.info()


def test_an_unknown_model_names_the_nearest(folder: Path) -> None:
    shelf = ModelShelf([folder], shipped=False)
    for name, word in (("fokl", "did you mean 'folk'"), ("zzz", "alpha, folk")):
        with pytest.raises(RequestError, match=word) as error:
            shelf.get(name)
        assert error.value.code == "unknown_model"


def test_a_users_model_hides_one_of_the_same_name(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    own = save_tiny_model(tmp_path_factory.mktemp("own") / "own.onnx", "folk", title="Mine")
    (folder / "broken.onnx").write_bytes(b"no")
    with caplog.at_level(logging.WARNING, "antiphon.engine"):
        shelf = ModelShelf([own.parent, folder], shipped=False)
        shelf.refresh()
    assert shelf.info("folk").path == own
    assert len(caplog.records) == 2  # each complaint once
    assert "hidden by" in caplog.text and "broken.onnx: not a model" in caplog.text


@pytest.mark.parametrize(
    "manifest",
    [
        "[" * 200_000,
        tiny_manifest("bad").to_json().replace('"held_out":{}', '"held_out":{"x":1%s}' % ("0" * 400)),
        tiny_manifest("bad").to_json().replace('"values":[0,1]', '"values":["0","1"]'),
    ],
    ids=["deep", "great", "text"],
)
def test_a_manifest_that_cannot_be_read_costs_its_own_file(
    folder: Path, manifest: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = onnx.load(folder / "z.onnx")
    helper.set_model_props(model, {METADATA_KEY: manifest})
    (folder / "bad.onnx").write_bytes(model.SerializeToString())
    with caplog.at_level(logging.WARNING, "antiphon.engine"):
        shelf = ModelShelf([folder], shipped=False)
        save_tiny_model(folder / "n.onnx", "newcomer")
        assert [info.name for info in shelf.refresh()] == ["newcomer"]
    assert names(shelf) == ["alpha", "folk", "newcomer"]
    assert len(caplog.records) == 1 and f"{folder / 'bad.onnx'}: the manifest" in caplog.text


@pytest.mark.parametrize("gone_at", range(3))
def test_a_file_that_goes_while_it_is_read_costs_itself(
    folder: Path, gone_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat
    looked: list[Path] = []

    def gone(path: Path, **how: bool) -> os.stat_result:
        if path.name == "z.onnx":
            looked.append(path)
            if len(looked) > gone_at:
                raise FileNotFoundError(2, "No such file or directory")
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", gone)
    assert "folk" in names(ModelShelf([folder], shipped=False))


def test_a_pipe_among_the_models_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no pipes among files")
    os.mkfifo(folder / "pipe.onnx")
    held = os.open(folder / "pipe.onnx", os.O_RDWR)
    try:
        os.write(held, b"x")
        shelf = ModelShelf([folder], shipped=False)
    finally:
        os.close(held)
    assert names(shelf) == ["alpha", "folk"]
    assert "pipe.onnx: cannot be read: it is a folder, pipe or device" in caplog.text


def test_the_longest_memory_is_tried_in_a_few_sizes(tmp_path: Path) -> None:
    for length, sizes in (
        (20, (21,)),
        (256, (64, 128, 192, 257)),
        (512, (64, 128, 192, 256, 320, 384, 448, 513)),
        (4096, (*range(64, 513, 64), 1024, 2048, 4097)),
    ):
        assert memory_sizes(Memory(1, 1, 1, length)) == sizes
    save_tiny_model(tmp_path / "long.onnx", "long", memory=Memory(HEADS, KEY, VALUE, 4096))
    assert ModelShelf([tmp_path], shipped=False).get("long").batching.most > 1


def test_refresh_finds_new_files(folder: Path) -> None:
    shelf = ModelShelf([folder], shipped=False)
    assert shelf.refresh() == []
    save_tiny_model(folder / "n.onnx", "newcomer")
    assert [info.name for info in shelf.refresh()] == ["newcomer"]
    assert "newcomer" in names(shelf)
    shelf.get("newcomer")
    (folder / "n.onnx").unlink()
    (folder / "a.onnx").unlink()
    assert shelf.refresh() == []
    assert names(shelf) == ["alpha", "newcomer"]  # what is loaded stays


def test_only_what_is_new_or_changed_is_read_and_what_is_gone_is_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    of_file = ModelInfo.read.__func__  # type: ignore[attr-defined]  # mypy sees the bound method

    def counted(cls: type[ModelInfo], path: Path | str) -> ModelInfo:
        read.append(Path(path).name)
        return of_file(cls, path)

    monkeypatch.setattr(ModelInfo, "read", classmethod(counted))
    (folder / "broken.onnx").write_bytes(b"no")
    shelf = ModelShelf([folder], shipped=False)
    assert read == ["a.onnx", "broken.onnx", "z.onnx"]
    held = weakref.ref(shelf.info("folk"))
    save_tiny_model(folder / "z.onnx", "beta")
    (folder / "a.onnx").unlink()
    for _ in range(2):
        shelf.refresh()
    assert read[3:] == ["z.onnx"]
    gc.collect()
    assert held() is None


def test_threads_load_a_model_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = ModelShelf([folder], shipped=False)
    loads: list[Path | str] = []
    load = ModelFile.load.__func__  # type: ignore[attr-defined]  # mypy sees the bound method

    def counted(cls: type[ModelFile], path: Path | str) -> ModelFile:
        loads.append(path)
        return load(cls, path)

    monkeypatch.setattr(ModelFile, "load", classmethod(counted))
    assert not shelf.is_loaded("folk")
    found: list[LoadedModel] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.get("folk"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(found) == 8 and all(model is found[0] for model in found)
    assert shelf.is_loaded("folk")


def test_a_model_that_opens_and_cannot_run_is_said_to_be_broken(tmp_path: Path) -> None:
    path = save_broken_model(tmp_path / "b.onnx")
    shelf = ModelShelf([tmp_path], shipped=False)
    with pytest.raises(RequestError, match=r"b\.onnx.*cannot be run") as error:
        shelf.get("broken")
    assert error.value.code == "model_error"
    assert not shelf.is_loaded("broken")
    save_tiny_model(path, "broken")
    assert shelf.get("broken")


def test_a_loaded_model_whose_file_changes_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It plays on as it was loaded, and whoever exports it again would wonder."""
    shelf = ModelShelf([folder], shipped=False)
    loaded = shelf.get("alpha")
    shelf.refresh()
    assert not caplog.records
    save_tiny_model(folder / "z.onnx", "alpha", seed=6)
    save_tiny_model(folder / "a.onnx", "folk", seed=6)  # not loaded yet: nothing to tell
    for _ in range(2):
        assert shelf.refresh() == []
    assert [record.message for record in caplog.records] == [
        f"{folder / 'z.onnx'}: has changed since model alpha was loaded; start the bridge again to play it"
    ]
    assert shelf.get("alpha") is loaded


def test_a_file_that_holds_another_model_than_was_listed(folder: Path) -> None:
    shelf = ModelShelf([folder], shipped=False)
    save_tiny_model(folder / "z.onnx", "other")
    with pytest.raises(RequestError, match=r"z\.onnx.*other.*not alpha") as error:
        shelf.get("alpha")
    assert error.value.code == "model_error"
    assert shelf.info("alpha").name == "alpha"
