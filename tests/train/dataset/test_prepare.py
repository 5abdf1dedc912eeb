"""`antiphon prepare` from files to arrays."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import unicodedata
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import mido
import numpy as np
import pytest
from antiphon.models.errors import ConfigError, DatasetError
from antiphon.models.midi.read import MAX_BYTES as MIDI_BYTES
from antiphon.train.cli.prepare import add_arguments, run
from antiphon.train.corpus import sources
from antiphon.train.dataset import prepare as prepare_module
from antiphon.train.dataset import writeset
from antiphon.train.dataset.dataset import SPLITS, Dataset, SplitName, begin_again
from antiphon.train.dataset.prepare import prepare
from antiphon.train.dataset.prepareconfig import PartRule, PrepareConfig
from antiphon.train.dataset.rolls import KEYS, write_dataset
from antiphon.train.dataset.shard import Shard, write_shard


def parse(*words: str | Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def names(out: Path) -> dict[str, list[str]]:
    return {split: sorted(Dataset.load(out).split(split).names) for split in SPLITS}


def make(music: Any, out: Path, config: PrepareConfig | None = None, **options: Any) -> Dataset:
    prepare([music.root], out, config or PrepareConfig(), processes=1, **options)
    return Dataset.load(out)


def test_codes_and_clock_of_a_piece(music: Any, tmp_path: Path) -> None:
    notes = [(60, 0, 480, 80), (64, 720, 240, 80), (67, 1440, 480, 80), (72, 1920, 160, 80)]
    music.write("train/waltz.mid", music.midi(notes, metre=(3, 4)))
    dataset = make(music, tmp_path / "set")
    train = dataset.split("train")
    assert dataset.codec.names == ("delta", "pitch", "duration")
    decoded = dataset.codec.decode(np.asarray(train.codes, dtype=np.int32))
    assert [(n.pitch, n.start) for n in decoded] == [(60, 0), (64, 1.5), (67, 3), (72, 4)]
    # a third of a beat occurs only once: it becomes the nearest, half a beat
    assert [n.duration for n in decoded] == [1.0, 0.5, 1.0, 0.5]
    # tick, bar, tick in bar, ticks a bar, metre code
    assert train.clock.tolist() == [
        [0, 0, 0, 72, 1],
        [36, 0, 36, 72, 1],
        [72, 1, 0, 72, 1],
        [96, 1, 24, 72, 1],
    ]
    assert dataset.metres == ("3/4",)
    assert dataset.monophonic
    assert train.offsets.tolist() == [0, 4]
    lost = dataset.info["report"]["encoding"]
    assert (lost["notes"], lost["durations_moved"], lost["moved"]) == (4, 1, 0)


def test_rare_lengths_share_a_code_and_frequent_ones_get_their_own(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.midi([(60 + i, 480 * i, 160, 80) for i in range(5)]))
    music.write("train/b.mid", music.midi([(60, 0, 100, 80), (62, 480, 480, 80)]))
    dataset = make(music, tmp_path / "set")
    assert 8 in dataset.codec["duration"].values
    assert 5 not in dataset.codec["duration"].values
    assert {12 * n for n in range(1, 33)} <= set(dataset.codec["delta"].values)


def test_a_metre_of_few_notes_has_no_code(music: Any, tmp_path: Path) -> None:
    many = [(60 + i % 12, 240 * i, 240, 80) for i in range(1000)]
    for name, count, metre in (("many", 1000, (4, 4)), ("some", 20, (3, 4)), ("few", 4, (7, 8))):
        music.write(f"train/{name}.mid", music.midi(many[:count], metre=metre))
    assert make(music, tmp_path / "set").metres == ("4/4", "3/4")


def test_a_data_set_like_another_has_its_tables_and_metres(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.midi([(60 + i, 480 * i, 160, 80) for i in range(5)], metre=(3, 4)))
    first = make(music, tmp_path / "first")
    (music.root / "train/a.mid").unlink()
    music.write("train/b.mid", music.midi([(60 + i, 480 * i, 100, 80) for i in range(5)]))
    alone = make(music, tmp_path / "alone")
    like = make(music, tmp_path / "like", PrepareConfig(like=str(first.path)))
    assert alone.codec != first.codec and alone.metres == ("4/4",)
    assert like.codec == first.codec
    assert like.metres == ("3/4",)
    decoded = like.codec.decode(np.asarray(like.split("train").codes, dtype=np.int32))
    assert {n.duration for n in decoded} == {1 / 3}  # 5 ticks are no length there; 8 are the nearest
    assert like.split("train").clock[:, 4].tolist() == [0] * 5  # another metre than the model knows


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            PrepareConfig(velocity_bins=8),
            "has the fields delta, pitch, duration, not",
        ),
        (PrepareConfig(ticks_per_beat=12), "has 24 ticks a beat, not 12"),
        (PrepareConfig(parts=(PartRule("bass", 33),)), "the parts of .* are others: notes"),
    ],
)
def test_a_data_set_that_keeps_other_things_cannot_be_like_it(
    music: Any, tmp_path: Path, config: PrepareConfig, told: str
) -> None:
    music.write("train/a.mid", music.tune(1))
    make(music, tmp_path / "first")
    with pytest.raises(ConfigError, match=f"like: .*{told}"):
        make(music, tmp_path / "second", replace(config, like=str(tmp_path / "first")))
    assert not (tmp_path / "second").exists()


def test_transposed_duplicates_are_dropped_and_test_wins(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.tune(1))
    music.write("valid/a.mid", music.tune(1, transpose=3))
    music.write("test/a.mid", music.tune(1, transpose=-5))
    music.write("train/b.mid", music.tune(2))
    music.write("valid/b.mid", music.tune(2, transpose=12))
    music.write("train/c.mid", music.tune(3))
    dataset = make(music, tmp_path / "set")
    assert names(tmp_path / "set") == {
        "train": ["train/c.mid"],
        "valid": ["valid/b.mid"],
        "test": ["test/a.mid"],
    }
    assert dataset.info["report"]["skipped"] == {"duplicate": 3}
    assert "skipped\tduplicate\tof test/a.mid\ttrain/a.mid" in (tmp_path / "set/report.txt").read_text()


def test_a_different_rhythm_is_no_duplicate(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.midi([(60, 0, 240, 80), (62, 240, 240, 80), (64, 480, 240, 80)]))
    music.write("train/b.mid", music.midi([(60, 0, 240, 80), (62, 360, 240, 80), (64, 480, 240, 80)]))
    assert make(music, tmp_path / "set").info["counts"]["train"]["pieces"] == 2


def test_drums_are_no_duplicates_when_transposed(music: Any, tmp_path: Path) -> None:
    for name, pitch in (("a", 36), ("b", 38)):
        music.write(f"train/{name}.mid", music.midi([(pitch, 480 * i, 60, 90) for i in range(4)], channel=9))
    config = PrepareConfig(fields=("delta", "pitch"), drum_map="gm")
    dataset = make(music, tmp_path / "set", config)
    assert dataset.info["counts"]["train"]["pieces"] == 2
    assert dataset.codec["pitch"].values == (36, 38)


def test_drum_pads_become_general_midi_with_velocity_and_offset(music: Any, tmp_path: Path) -> None:
    hits = [(22, 0, 40, 100), (42, 4, 40, 60), (36, 490, 40, 127), (26, 950, 40, 1)]
    music.write("train/groove.mid", music.midi(hits, channel=9))
    music.write("train/piano.mid", music.tune(1))
    config = PrepareConfig(
        ticks_per_beat=12, drum_map="td11", fields=("delta", "pitch", "velocity", "offset")
    )
    dataset = make(music, tmp_path / "set", config)
    notes = dataset.codec.decode(np.asarray(dataset.split("train").codes, dtype=np.int32))
    # 22 and 42 are two zones of one closed hi-hat, hit once
    assert [n.pitch for n in notes] == [42, 36, 46]
    assert [n.start for n in notes] == pytest.approx([0, 490 / 480, 950 / 480], abs=0.5 / 9 / 12)
    assert [n.velocity for n in notes] == pytest.approx([100, 127, 1], abs=2)
    assert dataset.parts[0].is_drum
    assert not dataset.monophonic
    assert dataset.info["report"]["skipped"] == {"no notes in the parts asked for": 1}


def test_drums_that_nobody_asked_for_are_told_how_to_be_kept(music: Any, tmp_path: Path) -> None:
    music.write("train/beat.mid", music.midi([(36, 480 * i, 60, 90) for i in range(4)], channel=9))
    music.write("train/tune.mid", music.tune(1))
    dataset = make(music, tmp_path / "set")
    assert dataset.info["report"]["skipped"] == {"drums alone": 1}
    assert "drums alone\tfor a data set of drums: --drum-map gm" in (tmp_path / "set/report.txt").read_text()


def test_broken_files_are_reported_and_the_rest_goes_on(music: Any, tmp_path: Path) -> None:
    music.write("train/good.mid", music.tune(1))
    music.write("train/broken.mid", b"MThd but nothing else")
    music.write(
        "train/broken.abc",
        "X:1\nT:odd\nM:4/4\nL:1/8\nK:C\n%%%\n\nX:2\nT:fine\nM:4/4\nL:1/8\nK:C\nCDEF GABc|c4 C4|\n",
    )
    music.write("train/broken.musicxml", "<score-partwise><part>")
    music.write("train/broken.zip", b"PK\x03\x04 no zip")
    music.write("train/grid.json", '{"train": [[[60, 55], [60]]]}')
    music.write("notes.txt", "no music")
    dataset = make(music, tmp_path / "set")
    report = dataset.info["report"]
    assert names(tmp_path / "set")["train"] == ["train/broken.abc: 2", "train/good.mid"]
    assert report["skipped"] == {"broken zip": 1, "not a music file": 1, "unreadable": 4}
    lines = (tmp_path / "set/report.txt").read_text().splitlines()
    assert any(line.startswith("skipped\tunreadable") and line.endswith("train/broken.mid") for line in lines)
    assert json.loads((tmp_path / "set/report.json").read_text()) == report


@pytest.mark.parametrize(
    ("metre", "grid", "beyond"),
    [((4, 4), 24, 0), ((4, 4), 256, 0), ((4, 4), 257, 16), ((42, 4), 24, 0), ((43, 4), 24, 16)],
)
def test_bars_longer_than_attentions_memory_tells_apart_are_reported(
    music: Any,
    tmp_path: Path,
    metre: tuple[int, int],
    grid: int,
    beyond: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A position in the memory is bar × 1024 + tick, in every model file."""
    notes = [(60 + i % 8, 480 * i, 480, 80) for i in range(16)]
    music.write("train/a.mid", music.midi(notes, metre=metre))
    words = (music.root, "--out", tmp_path / "set", "--ticks-per-beat", str(grid), "--processes", "1")
    assert run(parse(*words)) == 0
    told = f"  {beyond:8} notes in bars of more than 1024 ticks"
    assert (told in capsys.readouterr().out) is bool(beyond)
    assert (told in (tmp_path / "set/report.txt").read_text()) is bool(beyond)


def test_zips_are_read_in_place_and_bad_names_refused(music: Any, tmp_path: Path) -> None:
    members = {"train/a.mid": music.tune(1), "../evil.mid": music.tune(2), "/etc/evil.mid": music.tune(3)}
    members |= {".": b"", "folder/": b""}
    music.write("nameless.zip", music.zip({"~": b""}).replace(b"~", b"\0"))
    music.write("set.zip", music.zip(members))
    before = sorted(p for p in tmp_path.rglob("*") if p.suffix == ".mid")
    dataset = make(music, tmp_path / "set")
    assert names(tmp_path / "set")["train"] == ["train/a.mid"]
    assert dataset.info["report"]["skipped"] == {"unsafe name in a zip": 4}
    assert sorted(p for p in tmp_path.rglob("*") if p.suffix == ".mid") == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_last_is_read(music: Any, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for count in (8, 12, 10):
            archive.writestr("train/a.mid", music.tune(1, count=count))
    music.write("set.zip", buffer.getvalue())
    dataset = make(music, tmp_path / "set")
    assert dataset.info["counts"]["train"] == {"pieces": 1, "notes": 10}
    assert dataset.info["report"]["skipped"] == {"a name that a zip holds again": 2}


def test_hidden_files_are_left_alone(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.tune(1))
    music.write("train/._a.mid", b"resource fork")
    music.write("mac.zip", music.zip({"__MACOSX/train/b.mid": b"resource fork"}))
    assert make(music, tmp_path / "set").info["report"]["skipped"] == {"hidden file": 2}


@pytest.mark.parametrize("include", [(), ("*.mid", "*.zip")])
def test_links_that_hold_no_file_are_told(music: Any, tmp_path: Path, include: tuple[str, ...]) -> None:
    music.write("train/a.mid", music.tune(1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.mid").write_bytes(music.tune(2))
    links = {"more": elsewhere, "b.mid": elsewhere / "b.mid", "gone.mid": tmp_path / "no.mid",
             "gone.zip": tmp_path / "no.zip", ".#a.mid": tmp_path / "me@here"}  # fmt: skip
    for name, target in links.items():
        (music.root / "train" / name).symlink_to(target)
    dataset = make(music, tmp_path / "set", PrepareConfig(include=include))
    assert names(tmp_path / "set")["train"] == ["train/a.mid", "train/b.mid"]
    folder, nowhere = "a link to a folder is not followed; name the folder itself", "the link leads nowhere"
    hidden = "hidden file"
    assert dataset.info["report"]["skipped"] == {folder: 1, hidden: 1, nowhere: 2}
    lines = (tmp_path / "set/report.txt").read_text().splitlines()
    assert f"skipped\t{folder}\t\ttrain/more" in lines
    assert f"skipped\t{nowhere}\t\ttrain/gone.zip" in lines


def test_include_and_exclude_choose_files(music: Any, tmp_path: Path) -> None:
    for number, name in enumerate(("full/a.mid", "full/b.mid", "melody/a.mid")):
        music.write(f"train/{name}", music.tune(number))
    config = PrepareConfig(include=("*/full/*",), exclude=("b.mid",))
    dataset = make(music, tmp_path / "set", config)
    assert names(tmp_path / "set")["train"] == ["train/full/a.mid"]
    assert dataset.info["report"]["skipped"] == {"excluded": 1, "not included": 1}


def test_too_large_files_are_refused(music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1000)
    music.write("train/a.mid", music.tune(1))
    music.write("train/b.mid", music.tune(2, count=300))
    music.write("c.zip", music.zip({"train/c.mid": music.tune(3, count=300)}))
    assert make(music, tmp_path / "set").info["report"]["skipped"] == {"too large": 2}


def test_midi_has_a_limit_of_its_own(music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_MIDI_BYTES", 1000)
    music.write("train/a.mid", music.tune(1))
    music.write("train/b.mid", music.tune(2, count=300))
    music.write("c.zip", music.zip({"train/c.mid": music.tune(3, count=300)}))
    music.write("train/d.abc", "X:1\nM:4/4\nL:1/8\nK:C\n" + "CDEF GABc|" * 200)
    info = make(music, tmp_path / "set").info
    assert info["report"]["skipped"] == {"too large": 2}
    assert "at most 1000\ttrain/b.mid" in (tmp_path / "set/report.txt").read_text(encoding="utf-8")


def test_the_page_tells_how_large_files_may_be() -> None:
    page = (Path(__file__).parents[3] / "docs/prepare.md").read_text(encoding="utf-8")
    most, midi = (sources.most_bytes(kind) for kind in ("musicxml", "midi"))
    assert f"files above {most >> 20} MB, of MIDI above {midi >> 20} MB, are refused" in page
    assert midi == MIDI_BYTES


@pytest.mark.parametrize("form", ["{}/", "{}.zip", "all/{}/tunes.zip"])
def test_a_source_or_a_zip_that_is_called_a_split_is_one(music: Any, tmp_path: Path, form: str) -> None:
    for number, split in enumerate(SPLITS * 3):
        if form.endswith("/"):
            music.write(f"{split}/{number}.mid", music.tune(number))
        elif not (music.root / form.format(split)).exists():
            members = {f"{n}.mid": music.tune(n) for n in range(number, 9, 3)}
            music.write(form.format(split), music.zip(members))
    roots = [music.root] if "all" in form else [music.root / form.format(split) for split in SPLITS]
    info = prepare(roots, tmp_path / "set", PrepareConfig(), processes=1)
    assert names(tmp_path / "set") == {
        split: [f"{n}.mid" for n in range(place, 9, 3)] for place, split in enumerate(SPLITS)
    }
    assert info["report"]["split_by"] == {"name": 9}


def test_the_name_of_the_only_source_splits_nothing(music: Any, tmp_path: Path) -> None:
    for number in range(9):
        music.write(f"test/{number}.mid", music.tune(number))
    info = prepare([music.root / "test"], tmp_path / "set", PrepareConfig(), processes=1)
    assert info["report"]["split_by"] == {"hash": 9}


def test_an_index_decides_the_split(music: Any, tmp_path: Path) -> None:
    for number in range(6):
        music.write(f"tunes/{number}.mid", music.tune(number))
    rows = [
        f"tunes/{n}.mid,{split}" for n, split in enumerate(["test", "validation", "train", "test", "train"])
    ]
    music.write("index.csv", "\n".join(["file,split", *rows]))
    dataset = make(music, tmp_path / "set")
    found = names(tmp_path / "set")
    assert found["test"][:2] == ["tunes/0.mid", "tunes/3.mid"]
    assert "tunes/1.mid" in found["valid"]
    assert dataset.info["report"]["split_by"] == {"hash": 1, "index": 5}


def test_an_index_counts_for_its_own_source_alone(music: Any, tmp_path: Path) -> None:
    for number, source in enumerate(("one", "two")):
        for n in range(3):
            music.write(f"{source}/{n}.mid", music.tune(3 * number + n))
    music.write("one/index.csv", "file,split\n" + "".join(f"{n}.mid,test\n" for n in range(3)))
    music.write("two/index.csv", "file,split\n" + "".join(f"{n}.mid,train\n" for n in range(3)))
    roots = [music.root / "one", music.root / "two"]
    info = prepare(roots, tmp_path / "set", PrepareConfig(), processes=1)
    assert names(tmp_path / "set") == {
        "train": [f"{n}.mid" for n in range(3)], "valid": [], "test": [f"{n}.mid" for n in range(3)]
    }  # fmt: skip
    assert info["report"]["split_by"] == {"index": 6}


@pytest.mark.parametrize("zipped", [False, True])
def test_an_index_in_any_folder_and_in_a_zip_counts_for_its_folder(
    music: Any, tmp_path: Path, zipped: bool
) -> None:
    files = {
        f"{split}ish/deep/{n}.mid": music.tune(3 * m + n) for m, split in enumerate(SPLITS) for n in (0, 1)
    }
    files |= {
        f"{split}ish/index.csv": f"file,split\ndeep/0.mid,{split}\n1,{split}".encode() for split in SPLITS
    }
    for name, data in {"set.zip": music.zip(files)}.items() if zipped else files.items():
        music.write(f"at/{name}", data)
    music.write("at/.hidden/index.csv", "none of ours")
    music.write("at/notes/index.csv", "none of ours")
    config = PrepareConfig(include=("*.mid",), exclude=("notes/*",))
    info = prepare([music.root / "at"], tmp_path / "set", config, processes=1)
    assert {split: len(mine) for split, mine in names(tmp_path / "set").items()} == dict.fromkeys(SPLITS, 2)
    assert info["report"]["split_by"] == {"index": 6}


def test_an_index_beside_files_that_are_sources(music: Any, tmp_path: Path) -> None:
    roots = [music.write(f"{n}.mid", music.tune(n)) for n in range(3)]
    music.write("index.csv", "file,split\n0.mid,train\n1.mid,valid\n2.mid,test\n")
    info = prepare(roots, tmp_path / "set", PrepareConfig(), processes=1)
    assert names(tmp_path / "set") == {split: [f"{n}.mid"] for n, split in enumerate(SPLITS)}
    assert info["report"]["skipped"] == {}


def test_an_index_beside_a_source_may_be_left_out(music: Any, tmp_path: Path) -> None:
    root = music.write("a.mid", music.tune(1))
    music.write("index.csv", "page,word\n1,a\n")
    with pytest.raises(ConfigError, match="leave it out with --exclude"):
        prepare([root], tmp_path / "set", PrepareConfig(), processes=1)
    prepare([root], tmp_path / "set", PrepareConfig(exclude=("index.csv",)), processes=1)


@pytest.mark.parametrize("asked", [False, True])
def test_index_rows_that_name_no_piece_are_told(
    music: Any, tmp_path: Path, asked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    music.write("train/0.mid", music.tune(0))
    index = music.write("index.csv", "file,split\ntrain/0.mid,train\ntrain/gone.mid,test\n\nx.mid,test\n")
    index = index.rename(tmp_path / "mine.csv") if asked else index
    words = ("--index", index) if asked else ()
    assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1", *words)) == 0
    told = f"2 of 3 index rows name no piece that was read, such as 'train/gone.mid' (index {index}, line 3)"
    assert told in capsys.readouterr().out.splitlines()
    assert told in (tmp_path / "set/report.txt").read_text().splitlines()


@pytest.mark.parametrize("text", [False, True])
def test_an_index_asked_for_that_names_no_piece_is_refused(music: Any, tmp_path: Path, text: bool) -> None:
    tunes = "".join(f"X:{n}\nL:1/8\nK:C\n{note * 8}|\n" for n, note in enumerate("CDEFGA"))
    music.write("train/tunes.abc", tunes)
    good = music.write("good.csv", "file,split\ntunes,train\n")
    bad = music.write("bad.csv", "file,id,split\nother,99,train\n")
    config = PrepareConfig(index=(str(good), str(bad)), text=text)
    told = r"bad\.csv: none of its 1 rows names a piece: .* 'other' and '99' .* is called 'train/tun"
    with pytest.raises(ConfigError, match=told):
        prepare([music.root], tmp_path / "set", config, processes=1)


def test_indexes_that_contradict_each_other_are_told(music: Any, tmp_path: Path) -> None:
    music.write("deep/0.mid", music.tune(0))
    music.write("deep/index.csv", "file,split\n0.mid,test\n")
    music.write("index.csv", "file,split\ndeep/0.mid,train\n")
    info = make(music, tmp_path / "set").info
    assert names(tmp_path / "set")["test"] == ["deep/0.mid"]
    (told,) = info["report"]["remarks"]
    assert told.startswith(
        "1 pieces are in two splits by two indexes, such as deep/0.mid: the index in the in"
    )


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("zipped", [False, True])
def test_names_with_accents_are_the_same_however_they_are_written(
    music: Any, tmp_path: Path, form: Literal["NFC", "NFD"], zipped: bool
) -> None:
    file = unicodedata.normalize(form, "Žižka/Dvořák café.mid")
    if zipped:
        # The bit that says UTF-8 is taken away, from both headers of the only member.
        data = bytearray(music.zip({file: music.tune(0)}))
        for start, bits in ((data.index(b"PK\x03\x04"), 6), (data.index(b"PK\x01\x02"), 8)):
            data[start + bits + 1] &= ~0x08
        music.write("old.zip", bytes(data))
    else:
        music.write(file, music.tune(0))
    music.write("index.csv", f"file,split\n{unicodedata.normalize('NFC', file)},test\n")
    make(music, tmp_path / "set")
    assert names(tmp_path / "set")["test"] == [unicodedata.normalize("NFC", file)]
    music.write("index.csv", f"file,split\n{unicodedata.normalize('NFD', file)},valid\n")
    make(music, tmp_path / "set", overwrite=True)
    assert len(names(tmp_path / "set")["valid"]) == 1


def test_a_zips_names_that_are_no_utf_8_are_code_page_437(music: Any, tmp_path: Path) -> None:
    data = music.zip({"train/caf~.mid": music.tune(0)}).replace(b"caf~", b"caf\x82")
    music.write("dos.zip", data)
    make(music, tmp_path / "set")
    assert names(tmp_path / "set")["train"] == ["train/café.mid"]


def test_stopped_and_run_again_it_reads_only_the_rest(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "CHUNK_FILES", 1)
    for number in range(6):
        music.write(f"train/{number}.mid", music.tune(number))
    read: list[str] = []
    limit = 3

    def stop_at_the_limit(base: Path, chunk: Any, config: Any) -> None:
        if len(read) == limit:
            raise KeyboardInterrupt
        read.append(chunk[0].item.name)
        write_shard(base, chunk, config)

    monkeypatch.setattr(prepare_module, "write_shard", stop_at_the_limit)
    assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1")) == 130
    with pytest.raises(DatasetError, match="no finished data set"):
        Dataset.load(tmp_path / "set")
    limit = 99
    assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1")) == 0
    assert read == [f"train/{number}.mid" for number in range(6)]
    make(music, tmp_path / "whole")
    for name in ("codes", "clock", "pieces"):
        arrays = [np.load(tmp_path / folder / f"train.{name}.npy") for folder in ("set", "whole")]
        assert np.array_equal(*arrays)
    assert not (tmp_path / "set/.work").exists()


def test_what_other_readers_have_read_is_read_anew(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    music.write("train/a.mid", music.tune(1))
    read: list[str] = []
    monkeypatch.setattr(prepare_module, "select", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(prepare_module, "write_shard", lambda *a: (read.append("read"), write_shard(*a)))
    for version, times, told in (("old", 1, 0), ("old", 1, 0), ("new", 2, 1), ("new", 2, 0)):
        monkeypatch.setattr(prepare_module, "readers", lambda version=version: version)
        caplog.clear()
        assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1")) == 130
        assert len(read) == times
        assert caplog.text.count("reading begins anew") == told
        assert len(list((tmp_path / "set/.work").glob("*.npy"))) == 1


def test_a_changed_file_is_read_again(music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    music.write("train/a.mid", music.tune(1))
    monkeypatch.setattr(prepare_module, "select", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1")) == 130
    monkeypatch.undo()
    music.write("train/a.mid", music.tune(1, count=20))
    assert make(music, tmp_path / "set").info["counts"]["train"]["notes"] == 20


def test_other_splits_after_a_stop_are_those_of_a_fresh_start(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        music.write(f"{number}.mid", music.tune(number, count=10 + number))
    music.write("index.csv", "file,split\n" + "".join(f"{n}.mid,{SPLITS[n % 3]}\n" for n in range(6)))
    monkeypatch.setattr(sources, "CHUNK_FILES", 1)
    with monkeypatch.context() as patch:
        patch.setattr(prepare_module, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert run(parse(music.root, "--out", tmp_path / "set", "--processes", "1")) == 130
    music.write("index.csv", "file,split\n" + "".join(f"{n}.mid,train\n" for n in range(5)) + "5.mid,test\n")
    for folder in ("set", "fresh"):
        make(music, tmp_path / folder)
    for split in SPLITS:
        for name in ("codes", "clock", "pieces"):
            arrays = [np.load(tmp_path / folder / f"{split}.{name}.npy") for folder in ("set", "fresh")]
            assert np.array_equal(*arrays)


@pytest.mark.parametrize("words", [(), ("--text",)])
@pytest.mark.parametrize("below", [".", "deep/er"])
def test_a_file_is_no_folder_for_a_data_set(
    music: Any, tmp_path: Path, words: tuple[str, ...], below: str
) -> None:
    music.write("train/a.mid", music.tune(1))
    (tmp_path / "set").write_text("mine")
    with pytest.raises(ConfigError, match=r"--out .*set.* is a file; choose a folder"):
        run(parse(music.root, "--out", tmp_path / "set" / below, *words))
    assert (tmp_path / "set").read_text() == "mine"


def test_several_processes_give_the_same_arrays(
    music: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(40):
        music.write(f"{number % 3}/{number}.mid", music.tune(number % 12, count=16 + number))
    make(music, tmp_path / "one")
    assert run(parse(music.root, "--out", tmp_path / "two", "--processes", "2")) == 0
    assert "40 pieces read" in capsys.readouterr().out
    for split in SPLITS:
        for name in ("codes", "clock", "pieces"):
            arrays = [np.load(tmp_path / folder / f"{split}.{name}.npy") for folder in ("one", "two")]
            assert np.array_equal(*arrays)
    assert (tmp_path / "one/report.txt").read_text() == (tmp_path / "two/report.txt").read_text()


def test_a_finished_data_set_is_not_overwritten_unasked(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.tune(1))
    make(music, tmp_path / "set")
    with pytest.raises(DatasetError, match="--overwrite"):
        make(music, tmp_path / "set")
    music.write("train/b.mid", music.tune(2))
    assert make(music, tmp_path / "set", overwrite=True).info["counts"]["train"]["pieces"] == 2


def test_a_data_set_that_is_made_anew_is_none_until_it_is_finished(music: Any, tmp_path: Path) -> None:
    for i in range(3):
        music.write(f"train/{i}.mid", music.tune(i))
    make(music, tmp_path / "set")
    begin_again(tmp_path / "set")
    with pytest.raises(DatasetError):
        Dataset.load(tmp_path / "set")


@pytest.mark.parametrize("text", [False, True])
def test_pieces_are_not_cut_off_where_those_of_the_set_before_were(
    music: Any, tmp_path: Path, text: bool
) -> None:
    """Only a set of piano rolls says where its pieces were cut off."""
    rolls: dict[SplitName, list[Any]] = {split: [np.eye(20, KEYS, dtype=bool)] for split in SPLITS}
    write_dataset(rolls, tmp_path / "set", "jsb")
    assert Dataset.load(tmp_path / "set").split("train").ends is not None
    bars = ("CDEF GABc", "cccc GGGG", "EGAG EDCD")
    for split, bar in zip(SPLITS, bars, strict=True):  # as many pieces, so that no count contradicts the ends
        music.write(f"{split}/a.abc", f"X:1\nT:a\nM:4/4\nL:1/8\nK:C\n{bar}|{bar}|\n")
    dataset = make(music, tmp_path / "set", PrepareConfig(text=text, least=1), overwrite=True)
    for split in SPLITS:
        assert dataset.split(split).pieces == 1
        assert dataset.split(split).ends is None


@pytest.mark.parametrize("text", [False, True])
def test_tables_whose_codes_do_not_fit_are_refused_before_the_old_set_goes(
    music: Any, tmp_path: Path, text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    music.write("train/a.abc", "X:1\nT:a\nM:4/4\nL:1/8\nK:C\nCDEF GABc|cccc GGGG|\n")
    config = PrepareConfig(text=text, least=1)
    first = make(music, tmp_path / "set", config)
    most = max(len(field.values) for field in first.codec.fields)
    monkeypatch.setattr(writeset, "MAX_VALUES", most - 1)
    with pytest.raises(DatasetError, match=f"would have {most} codes.*at most {most - 1}: choose"):
        make(music, tmp_path / "set", config, overwrite=True)
    assert Dataset.load(tmp_path / "set").info == first.info
    monkeypatch.setattr(writeset, "MAX_VALUES", most)
    make(music, tmp_path / "set", config, overwrite=True)


def test_a_shard_is_loaded_for_each_pass_and_no_oftener(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To select, to choose tables, to encode, and to count: what is kept of all at once is a label."""
    monkeypatch.setattr(sources, "CHUNK_FILES", 1)
    for number in range(3):
        music.write(f"train/{number}.mid", music.tune(number, count=10 + number))
    loaded: list[Path] = []
    load = Shard.load
    monkeypatch.setattr(Shard, "load", lambda base: (loaded.append(base), load(base))[1])
    make(music, tmp_path / "set")
    assert sorted(Counter(loaded).values()) == [4, 4, 4]


def test_nothing_readable_says_why(music: Any, tmp_path: Path) -> None:
    music.write("a.mid", b"nonsense")
    with pytest.raises(DatasetError, match=r"not one piece.*a\.mid: unreadable"):
        make(music, tmp_path / "set")
    with pytest.raises(ConfigError, match="does not exist"):
        prepare([tmp_path / "nowhere"], tmp_path / "set", PrepareConfig(), processes=1)


def test_a_melody_played_a_little_over_its_notes_is_one_voice(music: Any, tmp_path: Path) -> None:
    notes = [(60 + i % 7, 240 * i + 6 * (i % 3), 262, 80) for i in range(12)]
    music.write("train/legato.mid", music.midi(notes))
    assert make(music, tmp_path / "set", PrepareConfig(melody=True)).monophonic
    assert not make(music, tmp_path / "both").monophonic


def test_notes_that_are_left_out_are_counted(music: Any, tmp_path: Path) -> None:
    """A second track that no part takes, and a unison within the first."""
    flute, other = ([(60 + i, 480 * i, 480, 80) for i in range(count)] for count in (8, 5))
    first = mido.MidiFile(file=io.BytesIO(music.midi([*flute, (60, 0, 960, 80)])))
    second = mido.MidiFile(file=io.BytesIO(music.midi(other, channel=1)))
    first.tracks += second.tracks
    first.type = 1
    buffer = io.BytesIO()
    first.save(file=buffer)
    music.write("train/two.mid", buffer.getvalue())
    music.write("train/one.mid", music.tune(1))
    parts = (PartRule("upper"), PartRule("lower"))
    alone = make(music, tmp_path / "all", PrepareConfig(parts=parts)).info["report"]
    assert alone["left_out"] == {"not_asked": 0, "doubled": 1}
    report = make(
        music, tmp_path / "set", PrepareConfig(parts=(PartRule("upper"), PartRule("x", match=("x",))))
    )
    assert report.info["report"]["left_out"] == {"not_asked": 5, "doubled": 1}
    text = (tmp_path / "set/report.txt").read_text()
    assert "5 notes left out, of parts that were not asked for" in text
    assert "1 notes left out, under the melody or struck twice at once" in text


def test_a_folder_that_may_not_be_read_has_a_line(
    music: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music.write("train/open/a.mid", music.tune(1))
    closed = music.write("train/closed/b.mid", music.tune(2)).parent
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if not isinstance(path, int) and Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = make(music, tmp_path / "set").info["report"]
    assert (report["read"], report["skipped"]) == (1, {"unreadable": 1})
    why = "Permission denied; ask for the right to it, or choose another place"
    assert f"skipped\tunreadable\t{why}\ttrain/closed\n" in (tmp_path / "set/report.txt").read_text()
