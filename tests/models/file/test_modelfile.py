"""Model files: good ones, and every kind of bad one."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from antiphon.models.errors import ModelFileError
from antiphon.models.file import modelfile
from antiphon.models.file.manifest import METADATA_KEY, Manifest, Memory
from antiphon.models.file.modelfile import ModelFile, ModelInfo, list_models
from antiphon.models.file.onnxmeta import read_metadata
from onnx import helper
from tiny_model import save_tiny_model, tiny_manifest
from tiny_model import tiny_model as build


def test_a_good_file_loads(tiny_model: Path) -> None:
    file = ModelFile.load(tiny_model)
    assert file.manifest == tiny_manifest()
    assert file.info == ModelInfo.read(tiny_model)
    assert file.info.megabytes == tiny_model.stat().st_size / 1e6
    assert file.session.get_providers() == ["CPUExecutionProvider"]


def test_metadata_are_those_that_onnx_reads(tiny_model: Path, tmp_path: Path) -> None:
    model = onnx.load(tiny_model)
    helper.set_model_props(model, {"other": "x" * 5000, "k" * 5000: "y", METADATA_KEY: "{}", "empty": ""})
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    wanted = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert {key: read_metadata(path, key) for key in ("other", METADATA_KEY, "empty")} == {
        key: wanted[key] for key in ("other", METADATA_KEY, "empty")
    }
    assert read_metadata(path, "none") is None


def metadata(key: str, value: bytes) -> bytes:
    """Return an entry of metadata as it stands in a file."""
    entry = field(1, key.encode()) + field(2, value)
    return field(14, entry)


def field(number: int, content: bytes) -> bytes:
    """Return a protobuf field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def test_other_metadata_are_not_kept(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(tiny_model.read_bytes() + b"".join(metadata(f"k{k}", bytes(1 << 20)) for k in range(40)))
    tracemalloc.start()
    try:
        info = ModelInfo.read(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()
    assert info.name == "tiny"


def test_a_manifest_of_megabytes_is_none(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(tiny_model.read_bytes() + metadata(METADATA_KEY, b" " * (5 << 20)))
    refuses(path, "metadata key 'antiphon' has more than 4 MB")


def test_millions_of_fields_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(b"\x08\x08" * 1_000_000)
    began = time.perf_counter()
    refuses(path, "not a model")
    assert time.perf_counter() - began < 1.0


def refuses(path: Path, *words: str) -> None:
    """Check that loading names the file and says ``words``."""
    with pytest.raises(ModelFileError) as error:
        ModelFile.load(path)
    for word in (str(path), *words):
        assert word in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"MThd\x00\x00\x00\x06", b"\x08", b"PK\x03\x04" * 100, b"\x08\x09hello world"]
)
def test_what_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"not a model|truncated"):
        ModelFile.load(path)


def elsewhere() -> onnx.TensorProto:
    """Return a tensor whose values are in another file."""
    tensor = onnx.TensorProto(name="w", dims=[2], data_type=1, data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret.bin")
    return tensor


@pytest.mark.parametrize("place", ["initializer", "constant", "branch", "function", "default", "sparse"])
def test_a_model_of_several_files_is_refused(place: str, tiny_model: Path, tmp_path: Path) -> None:
    """The other file may lie anywhere, and it is ONNX Runtime that reads it."""
    model = onnx.load(tiny_model)
    constant = helper.make_node("Constant", [], ["k"], value=elsewhere())
    if place == "initializer":
        model.graph.initializer.append(elsewhere())
    elif place == "constant":
        model.graph.node.append(constant)
    elif place == "branch":
        branch = helper.make_graph([constant], "b", [], [])
        inner = helper.make_node("If", ["c"], ["k"], then_branch=branch, else_branch=branch)
        model.graph.node.append(
            helper.make_node("If", ["c"], ["k"], then_branch=helper.make_graph([inner], "a", [], []))
        )
    elif place == "function":
        model.functions.append(helper.make_function("d", "f", [], ["k"], [constant], []))
    elif place == "default":
        value = helper.make_attribute("v", elsewhere())
        model.functions.append(helper.make_function("d", "f", [], [], [], [], attribute_protos=[value]))
    else:
        model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=elsewhere(), dims=[2]))
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    refuses(path, "keeps some of its weights in another file: export it in one")


def test_a_graph_of_a_million_fields_is_no_model(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(tiny_model.read_bytes() + field(7, field(1, b"") * 1_000_000))
    refuses(path, "not a model")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    refuses(tmp_path / "none.onnx", "cannot be read")
    refuses(tmp_path, "cannot be read")


def test_a_file_beyond_the_limit_is_not_opened(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelfile, "LARGEST_MODEL", 1000)
    monkeypatch.setattr(modelfile, "read_metadata", lambda path, key: pytest.fail("was read"))
    refuses(tiny_model, "more than the 0 MB allowed")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    try:
        os.write(held, b"x")  # whoever opens it all the same fails here, instead of waiting
        refuses(path, "folder, pipe or device")
    finally:
        os.close(held)


def test_anothers_onnx_file(tmp_path: Path, tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    del model.metadata_props[:]
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    refuses(path, "not an Antiphon model", METADATA_KEY)


def test_every_truncation_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    whole = tiny_model.read_bytes()
    path = tmp_path / "x.onnx"
    for length in sorted({1, 2, 50, 1000, *range(0, len(whole), len(whole) // 60), len(whole) - 1}):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"truncated|not a model|not an Antiphon model"):
            ModelInfo.read(path)
    path.write_bytes(whole[: len(whole) // 2])
    refuses(path, "truncated")


def with_manifest(path: Path, text: str) -> Path:
    """Write the tiny model with another manifest."""
    model = build(tiny_manifest())
    helper.set_model_props(model, {METADATA_KEY: text})
    path.write_bytes(model.SerializeToString())
    return path


def test_a_newer_format(tmp_path: Path) -> None:
    data = json.loads(tiny_manifest().to_json())
    text = json.dumps(data | {"format_version": 99, "what_is_this": 1})
    refuses(with_manifest(tmp_path / "x.onnx", text), "format 99", "update Antiphon")


@pytest.mark.parametrize("key", ["name", "fields", "state", "metres"])
def test_a_manifest_that_lacks_a_key(tmp_path: Path, key: str) -> None:
    data = json.loads(tiny_manifest().to_json())
    del data[key]
    refuses(with_manifest(tmp_path / "x.onnx", json.dumps(data)), key)


def test_a_manifest_that_is_no_json(tmp_path: Path) -> None:
    refuses(with_manifest(tmp_path / "x.onnx", "{"), "not JSON")


def test_an_error_that_nobody_has_thought_of_names_the_file(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(text: str) -> Manifest:
        raise ZeroDivisionError("in the dark")

    monkeypatch.setattr("antiphon.models.file.modelfile.read_manifest", breaks)
    refuses(tiny_model, "manifest cannot be read: ZeroDivisionError: in the dark")


def test_shapes_that_contradict_the_manifest(tmp_path: Path) -> None:
    good = tiny_manifest()
    path = tmp_path / "x.onnx"
    units = tuple(replace(s, shape=(13,)) if s.name == "h" else s for s in good.state)
    refuses(
        with_manifest(path, replace(good, state=units).to_json()),
        "input h has shape (batch, 12)",
        "(batch, 13)",
    )
    deeper = tuple(replace(s, shape=(12, 1)) if s.name == "h" else s for s in good.state)
    refuses(with_manifest(path, replace(good, state=deeper).to_json()), "(batch, 12)", "(batch, 12, 1)")
    kinds = tuple(replace(s, dtype="float32") if s.name == "before" else s for s in good.state)
    refuses(with_manifest(path, replace(good, state=kinds).to_json()), "input before is int32, not float32")
    more = replace(good, state=(*good.state, replace(good.state[0], name="extra")))
    refuses(with_manifest(path, more.to_json()), "input extra is missing")
    refuses(with_manifest(path, replace(good, memory=None).to_json()), "memory_keys is not wanted")
    refuses(
        with_manifest(path, replace(good, memory=Memory(2, 4, 6, 100)).to_json()), "memory_values has shape"
    )


def test_a_batch_that_is_fixed(tmp_path: Path) -> None:
    model = build(tiny_manifest())
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    refuses(path, "input note has shape (1, 4)")


def test_outputs_that_contradict_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    model = build(tiny_manifest())
    model.graph.output.remove(next(output for output in model.graph.output if output.name == "log_prob"))
    path.write_bytes(model.SerializeToString())
    refuses(path, "output log_prob is missing")


@pytest.mark.parametrize("operation", [b"NoSuchOperation", b"NoSuchOper\xb1tion"])
def test_a_broken_graph_is_quiet(operation: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = build(tiny_manifest())
    model.graph.node[0].op_type = "NoSuchOperation"
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString().replace(b"NoSuchOperation", operation))
    refuses(path, "ONNX Runtime cannot open it")
    assert capfd.readouterr() == ("", "")


def test_listing(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "b.onnx", "second")
    save_tiny_model(tmp_path / "a.onnx", "first")
    (tmp_path / "c.onnx").write_bytes(b"no")
    (tmp_path / "d.txt").write_text("no")
    models, errors = list_models([tmp_path, tmp_path / "none"])
    assert [m.name for m in models] == ["first", "second"]
    assert len(errors) == 1 and "c.onnx" in str(errors[0])
