"""Tunes as text: prepared, learnt, measured, exported."""

from __future__ import annotations

import bz2
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.session.resolve import resolve
from antiphon.export.export import export
from antiphon.models.abc import read_abc
from antiphon.models.errors import CodecError, ConfigError
from antiphon.train.config.config import TrainConfig
from antiphon.train.corpus.abcfile import tunes
from antiphon.train.dataset import abctext
from antiphon.train.dataset.abctext import tidy
from antiphon.train.dataset.dataset import SPLITS, Dataset
from antiphon.train.evaluation.textscore import bits_a_character, text_of
from antiphon.train.fit.fit import Run
from antiphon.train.fit.passages import passage, pieces_of
from antiphon.train.fit.savedrun import load_run

NETWORK = {
    "cell": "lstm",
    "units": 32,
    "layers": 1,
    "head_units": 24,
    "embedding": 8,
    "relative_pitch": False,
    "memory": 64,
}


def tune(number: int) -> str:
    """A made-up tune, its own by two notes, with what tunebooks have around one."""
    rng = np.random.default_rng(number)
    bars = ["".join(rng.choice(list("DEFGABcd"), 6)) for _ in range(4)]
    return (
        f"% id=made#{number} somewhere\nX:{number + 3}\nT:Number {number}\nZ:nobody\nM:6/8\nL:1/8\n"
        f"K:D\n{'|'.join(bars)}|!\n{'|'.join(bars[:2])}:|\n\n"
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tunes")
    numbers = {"train": range(40), "valid": range(40, 48), "test": range(48, 56)}
    for split, wanted in numbers.items():
        (root / f"made.{split}.abc").write_text("".join(map(tune, wanted)))
    (root / "notes.txt").write_text("not a tune")
    with (root / "made.train.abc").open("a") as file:
        file.write("X:9\nT:Rare\nM:6/8\nK:D\nABc|§|\n\nX:10\nT:No key\nABc|\n\n" + tune(3))
    assert main(["prepare", str(root), "--text", "--out", str(root / "set")]) == 0
    return root / "set"


def test_a_tune_keeps_its_music_and_little_else() -> None:
    kept = tidy(next(tunes(tune(1))).text)
    assert kept is not None
    lines = kept.splitlines()
    assert lines[:5] == ["X:1", "T:Number 1", "M:6/8", "L:1/8", "K:D"]
    assert len(lines) == 7 and lines[-1].endswith(":|")
    assert tidy("X:1\nT:x\nABc|") is None


def test_ctrl_c_says_that_nothing_of_text_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.abc").write_text(tune(1))
    monkeypatch.setattr(abctext, "tidy", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["prepare", str(tmp_path), "--text", "--out", str(tmp_path / "set")]) == 130
    assert "stopped; the same command begins anew: of text nothing is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("K:D\nABc|\n\nAbout this tune: it has | bars.\n", "K:D\nABc|\n"),
        ("K:D\n\nABc|\n", "K:D\nABc|\n"),
        ("K:D\nABc|\n% words\n!\nABd|\n", "K:D\nABc|\nABd|\n"),
        ("T:Jig % mine\nM:6/8 % or 3/4\nK:D % major\nABc| % slow\n", "T:Jig\nM:6/8\nK:D\nABc|\n"),
        ("T:Wait\x85 what|\nK:D\nABc|\n", "T:Wait  what|\nK:D\nABc|\n"),
        ("T:One\u2028two|\fthree|\nK:D\nABc|\n", "T:One two| three|\nK:D\nABc|\n"),
        ("T:100\\% fun\nK:D\nABc|\n", "T:100\\% fun\nK:D\nABc|\n"),
        ("M:4/4\nK:D\nM:3/4\nABc|\n", "M:4/4\nK:D\nM:3/4\nABc|\n"),
        ("M:4/4\nM:3/4\nK:D\nABc|\n", "M:3/4\nK:D\nABc|\n"),
        ("K:D\nABc|\nL:1/16\nABc|\n", "K:D\nABc|\nL:1/16\nABc|\n"),
        ("K:D\nABc|\nA:|\nd:|2\n", "K:D\nABc|\nA:|\nd:|2\n"),
        ("K:D\nABc|\nw:la la\n+: la\n", "K:D\nABc|\n"),
    ],
)
def test_music_is_kept_and_nothing_else(written: str, kept: str) -> None:
    assert tidy(next(tunes(f"X:3\n{written}")).text) == f"X:1\n{kept}"


def test_tunes_of_several_voices_are_left_out(tmp_path: Path) -> None:
    heads = [f"X:{n}\nM:4/4\nL:1/8\nV:1\nV:2 clef=bass\nK:C\n" for n in range(6)]
    bodies = ["V:1\nCD|\nV:2\nC,D,|\n", "[V:1]EF|[V:2]C,|\n", "M:3/4\nV:2\nGA|\n", "FG|\nV:3\nCB|\n"]
    bodies += ["V:1\nADAF|\nV:2\nz4|\n", "V:1\nAEFD\nV:2\nCGEB|\n"]
    (tmp_path / "a.train.abc").write_text("\n".join(map(str.__add__, heads, bodies)))
    assert prepared(tmp_path) == ["a.train.abc: 2"]
    lines = (tmp_path / "set/report.txt").read_text().splitlines()
    assert "skipped\tseveral voices\t2 voices; text keeps one alone\ta.train.abc: 0" in lines


def test_tunes_with_overlays_are_of_several_voices(tmp_path: Path) -> None:
    head = "M:4/4\nL:1/4\nK:C\n"
    bodies = ["CDEF|G4 & E4|", "CDEF|GABc|", "cBAG|FEDC & z4|"]
    tunes = [f"X:{n}\n{head}{body}\n" for n, body in enumerate(bodies)]
    (tmp_path / "a.train.abc").write_text("\n".join(tunes))
    assert prepared(tmp_path) == ["a.train.abc: 1", "a.train.abc: 2"]
    lines = (tmp_path / "set/report.txt").read_text().splitlines()
    assert "skipped\tseveral voices\t2 voices; text keeps one alone\ta.train.abc: 0" in lines


def test_what_is_left_out_is_counted(dataset: Path) -> None:
    info = json.loads((dataset / "dataset.json").read_text())
    assert {s: c["pieces"] for s, c in info["counts"].items()} == {"train": 40, "valid": 8, "test": 8}
    skipped = info["report"]["skipped"]
    assert skipped["a rare character"] == 1
    assert skipped["no key or no barline"] == 1
    assert skipped["the same music as another tune"] == 1


def test_every_piece_left_out_has_a_line_in_the_report(dataset: Path) -> None:
    lines = (dataset / "report.txt").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("read\ttrain\t") for line in lines) == 40
    assert "skipped\ta rare character\t'R' 'a' '\\xa7'\tmade.train.abc: 9" in lines
    assert (
        "skipped\tthe same music as another tune\tof made.train.abc: made#3\tmade.train.abc: made#3 (2)"
        in lines
    )
    assert "skipped\tnot a music file\t.txt\tnotes.txt" in lines
    totals = json.loads((dataset / "report.json").read_text())
    assert totals == json.loads((dataset / "dataset.json").read_text())["report"]
    assert totals["read"] == 56


def numbered(number: int, of: int) -> str:
    """A tune of its own by ``number``, whose X: is ``of`` and whose title all share."""
    return re.sub("^% id.*\nX:.*\nT:.*", f"X:{of}\nT:A tune", tune(number))


def prepared(root: Path, *sources: Path) -> list[str]:
    """Prepare the text of the sources; return the names of all splits' tunes."""
    config = root / "all.toml"
    config.write_text("text = true\nleast = 1\n")
    out = str(root / "set")
    assert main(["prepare", *map(str, sources or [root]), "--config", str(config), "--out", out]) == 0
    data = Dataset.load(root / "set")
    return [name for split in SPLITS for name in data.split(split).names]


def test_of_equal_tunes_the_tested_one_stays(tmp_path: Path) -> None:
    splits = {"a.train": range(6), "b.valid": (3, 4), "c.test": (2, 3), "d.train": (0, 2)}
    for name, numbers in splits.items():
        (tmp_path / f"{name}.abc").write_text("".join(numbered(n, of=n) for n in numbers))
    prepared(tmp_path)
    data = Dataset.load(tmp_path / "set")
    assert {split: list(data.split(split).names) for split in SPLITS} == {
        "train": ["a.train.abc: 0", "a.train.abc: 1", "a.train.abc: 5"],
        "valid": ["b.valid.abc: 4"],
        "test": ["c.test.abc: 2", "c.test.abc: 3"],
    }
    lines = (tmp_path / "set/report.txt").read_text().splitlines()
    assert "skipped\tthe same music as another tune\tof c.test.abc: 3\tb.valid.abc: 3" in lines


HEAD = "X:1\nM:4/4\nL:1/8\nK:"
OTHER = "X:2\nT:what the tunes below are written with, 0123456789/|:]()ABCDEFGabcd MLKX\nK:G\nGABG|\n\n"


@pytest.mark.parametrize(
    "copy",
    [
        f"{HEAD}C\nCDEF\nGABc|c4C4|\n",
        f"{HEAD}C\nCD EF GA Bc | c4 C4 |]\n",
        f"{HEAD}D\nDEFGABcd|d4D4|\n",
        "X:1\nM:4/4\nL:1/16\nK:C\nC2D2E2F2G2A2B2c2|c8C8|\n",
        "X:1\nM:4/4\nL:1/4\nK:C\nCDEFGABc|\nc4C4|\n",
    ],
    ids=["line breaks", "spacing", "key", "unit", "letters"],
)
def test_the_same_music_written_otherwise_is_not_in_two_splits(tmp_path: Path, copy: str) -> None:
    (tmp_path / "a.train.abc").write_text(f"{HEAD}C\nCDEFGABc|c4C4|\n\n" + OTHER)
    (tmp_path / "b.test.abc").write_text(copy)
    assert prepared(tmp_path) == ["a.train.abc: 2", "b.test.abc: 1"]


def test_the_same_music_that_cannot_be_read_is_compared_by_its_letters(tmp_path: Path) -> None:
    broken = "X:1\nM:4/4\nL:1/8\nK:C\nCD(3EF|\n"
    (tmp_path / "a.train.abc").write_text(broken + "\n" + OTHER)
    (tmp_path / "b.test.abc").write_text(broken.replace("(", "\n("))
    assert prepared(tmp_path) == ["a.train.abc: 2", "b.test.abc: 1"]


def test_a_tune_that_is_the_same_as_two_others_leaves_one(tmp_path: Path) -> None:
    a, b = f"{HEAD}C\nCDEFGABc|c4C4|\n", f"{HEAD}C\nC2D2E2F2G2A2B2c2|c8C8|\n"
    both = b.replace("L:1/8", "L:1/16")  # the notes of a, the letters of b
    (tmp_path / "a.train.abc").write_text("\n".join([a, b, OTHER, a]))
    (tmp_path / "b.test.abc").write_text(both)
    assert prepared(tmp_path) == ["a.train.abc: 2", "b.test.abc: 1"]


def test_tunes_of_one_number_are_all_kept(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text("".join(numbered(n, of=1) for n in range(40)))
    names = prepared(tmp_path)
    assert sorted(names) == sorted(["book.abc: 1", *(f"book.abc: 1 ({n})" for n in range(2, 41))])
    assert all(split["pieces"] for split in Dataset.load(tmp_path / "set").info["counts"].values())


def test_files_of_one_name_from_several_sources_are_all_kept(tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        for n in range(20):
            (tmp_path / folder / f"{n}.abc").write_text(numbered(100 * number + n, of=1))
    names = prepared(tmp_path, tmp_path / "a", tmp_path / "b")
    assert len(set(names)) == len(names) == 40
    assert {"0.abc: 1", "0.abc: 1 (2)"} <= set(names)


def test_an_index_knows_all_tunes_of_a_number(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text("".join(numbered(n, of=n // 10) for n in range(40)))
    (tmp_path / "index.csv").write_text("id,split\n0,train\n1,train\n2,valid\n3,test\n")
    prepared(tmp_path)
    counts = Dataset.load(tmp_path / "set").info["counts"]
    assert {split: count["pieces"] for split, count in counts.items()} == {
        "train": 20,
        "valid": 10,
        "test": 10,
    }


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.abc", b"", "it holds no tune"),
        ("utf16.abc", "T:no number\n".encode("utf-16"), "it holds no tune"),
        ("half.zip", b"", "Bad CRC-32"),
    ],
)
def test_a_file_that_cannot_be_read_costs_itself_alone(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / "book.train.abc").write_text("".join(map(tune, range(10))))
    if name == "half.zip":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("good.train.abc", tune(10))
            archive.writestr("bad.train.abc", tune(11))
        data = (tmp_path / name).read_bytes().replace(b"T:Number 11\n", b"T:Nomber 11\n")
    (tmp_path / name).write_bytes(data)
    names = prepared(tmp_path)
    assert len(names) == 10 + (name == "half.zip")
    (line,) = [x for x in (tmp_path / "set/report.txt").read_text().splitlines() if "\tunreadable\t" in x]
    assert reason in line and line.endswith(".abc")


def test_no_tune_for_training_is_an_error_that_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["prepare", str(tmp_path), "--text", "--out", str(tmp_path / "set")]
    (tmp_path / "book.test.abc").write_text("".join(map(tune, range(3))) + "X:7\nABc|\n")
    assert main(words) != 0
    assert "no ABC tune for training: test 3, no key or no barline 1" in capsys.readouterr().err
    (tmp_path / "book.train.abc").write_text("".join(map(tune, range(3, 5))))
    assert main(words) != 0
    assert "all 2 tunes for training have characters that fewer than 3" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_characters_and_codes(dataset: Path) -> None:
    data = Dataset.load(dataset)
    text = text_of(data, "test").split("\n\n")[0] + "\n"
    assert text.startswith("X:1\nT:Number 48\n")
    codes = data.codec.encode_text(text)
    np.testing.assert_array_equal(codes, pieces_of(data, "test")[0].codes)
    assert data.codec.decode_text(codes) == text
    ended = np.concatenate([codes, [[data.codec.end]], codes])
    assert data.codec.decode_text(ended) == text
    with pytest.raises(CodecError, match="no character '§'"):
        data.codec.encode_text("§")


def test_a_chunk_is_its_characters_and_the_one_after_each(dataset: Path) -> None:
    data = Dataset.load(dataset)
    piece = pieces_of(data, "train")[0]
    one = passage(data.codec, piece, 10, 20)
    np.testing.assert_array_equal(one["note"][1:, 0], piece.codes[10:29, 0])
    np.testing.assert_array_equal(one["target"][:, 0], piece.codes[10:30, 0])
    assert one["note"][0, 0] == data.codec["char"].begin + 1
    whole = passage(data.codec, piece, 0, len(piece) + 1)
    assert whole["note"][0, 0] == data.codec["char"].begin
    assert whole["target"][-1, 0] == data.codec.end


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = {
        "dataset": str(dataset),
        "network": {**NETWORK, "attention_position": "beats"},
        "fit": {"crop": 64, "batch": 8, "steps": 60, "evaluate_every": 30, "warmup": 5, "average": 0.9},
        "card": {"name": "made-text", "metre": "6/8"},
    }
    folder = tmp_path_factory.mktemp("run") / "text"
    Run(TrainConfig.from_dict(settings), folder).fit()
    return folder


def test_bits_a_character(run: Path) -> None:
    _, data, network = load_run(run)
    found = bits_a_character(network, data, "test")
    text = text_of(data, "test").encode()
    assert found["bz2, the tunes alone"] == pytest.approx(8 * len(bz2.compress(text)) / len(text))
    assert 0.5 < found["5-gram"] < found["bz2, the tunes alone"]
    assert found["xz, after the training tunes"] < found["xz, the tunes alone"]
    # Learnt something: well below even odds over the alphabet.
    assert found["network"] < 0.8 * np.log2(data.codec["char"].size)


def test_a_step_of_text_is_a_character(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(run)]) == 0
    shown = capsys.readouterr().out
    assert "\nOne character: " in shown and "note" not in shown


def test_from_text_to_notes(run: Path, tmp_path: Path) -> None:
    report = export(run, tmp_path)
    assert report.parity_nats < 1e-4 and report.chosen_steps == 1000
    shelf = ModelShelf([tmp_path], default="made-text", shipped=False)
    manifest = shelf.manifest("made-text")
    assert manifest.codec.is_text and manifest.conditions == ()
    with Engine(shelf) as engine:
        (take,) = engine.generate(resolve({}, {"bars": 4, "temperature": 0.7}, None, manifest, seed=1))
    assert take.notes and take.text.startswith("X:1\n")
    assert len(read_abc(take.text).notes) >= len(take.notes)


def test_text_has_no_pitches(dataset: Path, tmp_path: Path) -> None:
    config = TrainConfig.from_dict({"dataset": str(dataset), "network": {**NETWORK, "relative_pitch": True}})
    with pytest.raises(ConfigError, match="relative_pitch = false"):
        Run(config, tmp_path / "run")


def test_text_has_no_phrases(dataset: Path, tmp_path: Path) -> None:
    config = TrainConfig.from_dict({"dataset": str(dataset), "network": {**NETWORK, "phrases": True}})
    with pytest.raises(ConfigError, match="phrases = false"):
        Run(config, tmp_path / "run")


def test_text_is_not_transposed(dataset: Path, tmp_path: Path) -> None:
    settings = {"dataset": str(dataset), "network": NETWORK, "fit": {"transpose": [-3, 3]}}
    with pytest.raises(ConfigError, match=r"fit\.transpose: a data set of text"):
        Run(TrainConfig.from_dict(settings), tmp_path / "run")
