"""The configuration of `antiphon prepare`: what it says, what it refuses, which flags go before it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from antiphon.models.errors import ConfigError
from antiphon.train.cli.prepare import add_arguments, run
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.dataset.prepareconfig import load


def parse(*words: str | Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_flags_win_over_the_configuration_file(music: Any, tmp_path: Path) -> None:
    music.write("train/a.mid", music.tune(1))
    toml = music.write(
        "c.toml", 'ticks_per_beat = 12\nvelocity_bins = 8\nparts = [{ name = "flute", program = 73 }]\n'
    )
    words = (
        music.root,
        "--out",
        tmp_path / "set",
        "--config",
        toml,
        "--velocity-bins",
        "16",
        "--processes",
        "1",
    )
    assert run(parse(*words)) == 0
    dataset = Dataset.load(tmp_path / "set")
    assert dataset.codec.ticks_per_beat == 12
    assert len(dataset.codec["velocity"].values) == 16
    assert dataset.parts[0].program == 73


def part(keys: str) -> str:
    """A configuration of one part."""
    return f'parts = [{{ name = "bass", {keys} }}]'


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("tick = 3", "unknown key 'tick'"),
        ("min_notes = 1", "min_notes 1: a piece of one note teaches nothing; 2 is the least"),
        ("ticks_per_beat = 0", r"ticks_per_beat 0 is not in 1\.\.960"),
        ('ticks_per_beat = "12"', "ticks_per_beat must be of type int"),
        (
            'fields = ["pitch", "delta"]',
            "among delta, part, pitch, duration, velocity, offset, in this order",
        ),
        ('fields = ["delta", "pitch", "char"]', r"fields: char is of data sets of text, which --text makes"),
        ('fields = ["delta"]', "delta and pitch"),
        ('drum_map = "td99"', "drum_map 'td99'"),
        ("parts = [{ program = 3 }]", "neither a name"),
        ('parts = [{ name = "a", instrument = 3 }]', "unknown key 'instrument'"),
        ('parts = ["a", "b"]\nfields = ["delta", "pitch"]', "need the field part"),
        ("fields = [", "Unclosed array|Invalid|Expected|Unexpected"),
        ("parts = 5", "parts must be a list, not 5"),
        ('parts = "lead"', r"parts must be a list, not 'lead': write \[\"lead\"\]"),
        ("include = [5]", r"include must be a list of text, not \[5\]"),
        ('exclude = "*.mid"', r"exclude must be a list, not '\*\.mid': write \[\"\*\.mid\"\]"),
        ("fields = [5]", r"fields must be a list of text, not \[5\]"),
        ("sources = 5", "sources must be a list, not 5"),
        (part("programs = 5"), "parts: bass: programs must be a list, not 5"),
        (part("programs = [128]"), r"parts: bass: programs: 128 is not in 0\.\.127"),
        (part("program = 500"), r"parts: bass: program 500 is not in 0\.\.127"),
        (part('program = "x"'), r"parts: bass: program 'x' is not in 0\.\.127"),
        (part("program = true"), r"parts: bass: program True is not in 0\.\.127"),
        (part('is_drum = "yes"'), "parts: bass: is_drum must be true or false, not 'yes'"),
        (part('match = "*x*"'), r"parts: bass: match must be a list, not '\*x\*': write \[\"\*x\*\"\]"),
        ('fields = ["delta", "pitch"]\nvelocity_bins = 8', "velocity_bins 8: fields has no velocity; add it"),
        ('fields = ["delta", "pitch"]\noffset_bins = 9', "offset_bins 9: fields has no offset"),
        ('parts = ["alto", "Alto"]', "two are called 'alto'"),
        (f"parts = {[str(i) for i in range(300)]}", "300 parts, a model has at most 256"),
        (part("match = [1]"), r"parts: bass: match must be a list of text, not \[1\]"),
    ],
)
def test_wrong_configurations_name_the_key(music: Any, tmp_path: Path, toml: str, message: str) -> None:
    music.write("train/a.mid", music.tune(1))
    path = music.write("c.toml", toml)
    with pytest.raises(ConfigError, match=f"c.toml: .*(?:{message})"):
        run(parse(music.root, "--out", tmp_path / "set", "--config", path))


def test_an_option_may_say_what_the_file_leaves_open(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('parts = [{ name = "kit", is_drum = true }]')
    with pytest.raises(ConfigError, match=r"c\.toml: a drum part needs a drum_map"):
        load(path, {})
    assert load(path, {"drum_map": "td11"}).part_rules[0].name == "kit"
    with pytest.raises(ConfigError, match=r"c\.toml, with the options given: min_notes 0"):
        load(path, {"drum_map": "gm", "min_notes": 0})


def test_a_configuration_that_is_not_utf_8_says_so(music: Any, tmp_path: Path) -> None:
    path = music.write("c.toml", 'parts = ["Fl\u00f6te"]\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"c\.toml: TOML is UTF-8, which this is not"):
        run(parse(music.root, "--out", tmp_path / "set", "--config", path))


def test_the_shipped_configurations_parse() -> None:
    from importlib.resources import files

    folder = Path(str(files("antiphon.train"))) / "configs"
    configs = {path.name.split(".")[0]: load(path, {}) for path in folder.glob("*.prepare.toml")}
    assert configs["folk"].field_names == ("delta", "pitch", "duration")
    assert [rule.name for rule in configs["chorale"].part_rules] == ["soprano", "alto", "tenor", "bass"]
    assert configs["drums"].bins == (32, 9)


def test_a_folder_with_backslashes_is_told_how_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(r'like = "C:\Users\me\mine"', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c\.toml: .*\(at line 1, .*write folders with /"):
        load(tmp_path / "c.toml", {})
