"""Sound: the notes are where they were written, and a WAV file is whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.musicfile import read_music
from antiphon.bridge.sound import playback, render
from antiphon.bridge.sound.render import SAMPLE_RATE, Block, Renderer, find_soundfont, seconds_at
from antiphon.bridge.sound.wavefile import write_wav
from antiphon.models.errors import ConfigError, MusicError
from antiphon.models.midi import write_midi
from antiphon.models.note import Note
from antiphon.models.score import Part, Score
from antiphon.models.wholefile import PART
from program import PATIENCE_SECONDS, antiphon

MELODY = Score(tuple(Note(60 + i % 5, i * 0.5, 0.3) for i in range(16)), tempos=((0.0, 100.0), (4.0, 50.0)))
ABC = "X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nC z E z|\n"


@pytest.fixture
def midi(tmp_path: Path) -> Path:
    path = tmp_path / "tune.mid"
    write_midi(MELODY, path)
    return path


def needs_symusic() -> None:
    pytest.importorskip("symusic", reason="the extra `audio` is not installed")


def read(path: Path) -> Block:
    """The samples of a WAV file, -1..1."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, SAMPLE_RATE)
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (data.reshape(-1, 2) / 32768).astype(np.float32)


def onsets(sound: Block) -> list[float]:
    """When the energy of 2 ms rises above ten times that of the 20 ms before, in seconds."""
    size = SAMPLE_RATE // 500
    mono = np.abs(sound).max(axis=1)
    levels = mono[: len(mono) // size * size].reshape(-1, size).max(axis=1)
    found: list[float] = []
    for i, level in enumerate(levels):
        before, now = levels[max(i - 10, 0) : i].max(initial=0.0), i * size / SAMPLE_RATE
        if level > 0.02 and level > 10 * before and (not found or now - found[-1] > 0.1):
            found.append(now)
    return found


def test_onsets_in_the_file_are_those_of_the_notes(midi: Path, tmp_path: Path) -> None:
    needs_symusic()
    out = tmp_path / "tune.wav"
    assert main(["render", str(midi), "--out", str(out)]) == 0
    sound = read(out)
    wanted = seconds_at(MELODY, np.array([note.start for note in MELODY.notes]))
    found = onsets(sound)
    assert len(found) == len(wanted)
    assert np.abs(np.array(found) - wanted).max() < 0.015
    assert 0.85 < np.abs(sound).max() < 0.95
    assert [path.name for path in tmp_path.iterdir() if path.suffix == PART] == []


def test_a_book_of_tunes_is_told_apart_from_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs_symusic()
    (tmp_path / "book.abc").write_text(f"{ABC}\n{ABC}")
    assert main(["render", str(tmp_path / "book.abc"), "--out", str(tmp_path / "tune.wav")]) == 0
    assert "holds 2 tunes; this is the first" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_abc_is_heard_too(tmp_path: Path, encoding: str) -> None:
    needs_symusic()
    (tmp_path / "tune.abc").write_text(ABC.replace("M:", "T:Für Elise\nM:"), encoding=encoding)
    assert main(["render", str(tmp_path / "tune.abc"), "--out", str(tmp_path / "tune.wav")]) == 0
    assert onsets(read(tmp_path / "tune.wav")) == pytest.approx([0.0, 1.0], abs=0.015)


def test_blocks_sound_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_symusic()
    soundfont = find_soundfont(None)
    whole = np.concatenate(list(Renderer(MELODY, soundfont).blocks()))
    monkeypatch.setattr(render, "BLOCK_SECONDS", 0.7)
    blocks = list(Renderer(MELODY, soundfont).blocks())
    assert len(blocks) > 5
    cut = np.concatenate(blocks)
    assert cut.shape == whole.shape
    # A note may begin a sample earlier or later: block starts are no whole numbers of its samples.
    assert onsets(cut) == pytest.approx(onsets(whole), abs=0.003)
    assert np.abs(cut).mean() == pytest.approx(np.abs(whole).mean(), rel=0.02)


def test_drums_ring_until_they_are_struck_again() -> None:
    notes = (Note(49, 0.0, 0.1), Note(49, 1.0, 0.1), Note(36, 0.0, 0.1))
    (struck,) = render._struck(Score(notes, parts=(Part("kit", 0, True),)))
    assert sorted((n.pitch, n.start, round(n.length, 6)) for n in struck) == [
        (36, 0.0, 2.0), (49, 0.0, 0.5), (49, 0.5, 2.0)]  # fmt: skip


def test_seconds_follow_the_tempos() -> None:
    score = Score((), tempos=((0.0, 120.0), (4.0, 60.0), (6.0, 240.0)))
    assert seconds_at(score, np.array([-2.0, 0.0, 4.0, 5.0, 10.0])).tolist() == [-1.0, 0.0, 2.0, 3.0, 5.0]


def test_a_pick_up_before_beat_0_begins_the_sound() -> None:
    (struck,) = render._struck(Score((Note(60, -1.0, 1.0), Note(62, 0.0, 1.0))))
    assert [n.start for n in struck] == [0.0, 0.5]


def blocks_until(error: BaseException) -> Iterator[Block]:
    """Two blocks, then an error."""
    yield np.zeros((100, 2), np.float32)
    yield np.ones((100, 2), np.float32)
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MusicError("stop"), ValueError("bug")])
def test_what_stops_early_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "tune.wav"
    path.write_bytes(b"old")
    with pytest.raises(type(error)):
        write_wav(blocks_until(error), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with pytest.raises(MusicError, match=r"No space left.*make room"):
        write_wav(blocks_until(OSError(28, "No space left on device")), tmp_path / "tune.wav")
    assert list(tmp_path.iterdir()) == []


def test_samples_beyond_the_limit_are_clipped(tmp_path: Path) -> None:
    path = tmp_path / "tune.wav"
    write_wav([np.array([[2.0, -2.0], [0.5, 0.0]], np.float32)], path)
    assert read(path).tolist() == pytest.approx(np.array([[1.0, -1.0], [0.5, 0.0]]), abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.mid", "--out", "a.wav"], "none.mid: No such file"),
        (["none.abc", "--out", "a.wav"], "none.abc: No such file"),
        (["tune.mid"], "say where the sound goes"),
        (["tune.txt", "--out", "a.wav"], "ends in .mid, .midi, .kar, .rmi or .abc"),
        (["tune.mid", "--out", "none/a.wav"], "there is no folder"),
        (["tune.mid", "--out", "."], "is a folder"),
        (["tune.mid", "--out", "tune.mid"], "name another file"),
        (["tune.mid", "--out", "a.mp3"], "--out a.mp3: render writes WAV; name a file that ends in .wav"),
        (["tune.mid", "--out", "a"], "--out a: render writes WAV; name a file that ends in .wav"),
        (["tune.mid", "--out", "silent.mid"], "name a file that ends in .wav"),
        (["tune.mid", "--out", "a.wav", "--soundfont", "none.sf2"], "none.sf2: No such file"),
        (["tune.mid", "--out", "a.wav", "--soundfont", "tune.mid"], "is no SoundFont"),
        (["tune.mid", "--out", "a.wav", "--soundfont", "cut.sf2"], "cut.sf2 cannot be read"),
        (["silent.mid", "--out", "a.wav"], "no notes"),
        (["wrong.abc", "--out", "a.wav"], "wrong.abc: ABC line 3, column 3"),
        (["long.mid", "--out", "a.wav"], "at most 2 are rendered"),
    ],
)
def test_errors_say_what_to_do(
    arguments: list[str],
    said: str,
    midi: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if said.endswith(("cannot be read", "are rendered")):
        needs_symusic()
    monkeypatch.chdir(midi.parent)
    write_midi(Score(()), "silent.mid")
    write_midi(Score((Note(60, 0.0, 1.0), Note(60, 20_000.0, 1.0))), "long.mid")
    Path("wrong.abc").write_text("X:1\nK:C\nA)9\n")
    Path("cut.sf2").write_bytes(b"RIFF\0\0\0\0sfbk")
    before = set(midi.parent.iterdir())
    assert main(["render", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert set(midi.parent.iterdir()) == before


def test_a_missing_extra_is_named(
    midi: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "symusic", None)
    assert main(["render", str(midi), "--out", str(midi.with_suffix(".wav"))]) == 2
    assert 'pip install "antiphon[audio]"' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ConfigError, match=r"antiphon\[audio\]"):
        playback.open_output()


class Device:
    """Stands in for the audio library: counts what is played."""

    class PortAudioError(Exception):
        """As the library's."""

    def __init__(self, broken: bool = False) -> None:
        self.broken, self.frames, self.open = broken, 0, 0

    def OutputStream(self, **settings: object) -> Device:  # noqa: N802 - the library's name
        if self.broken:
            raise self.PortAudioError("Error querying device -1")
        self.open += 1
        return self

    def start(self) -> None:
        assert self.open == 1

    def write(self, block: Block) -> None:
        assert block.dtype == np.float32 and block.flags["C_CONTIGUOUS"]
        self.frames += len(block)

    def stop(self) -> None:
        assert self.frames

    def close(self, ignore_errors: bool) -> None:
        self.open -= 1


def test_play(midi: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    needs_symusic()
    device = Device()
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    assert main(["render", str(midi), "--play"]) == 0
    assert device.open == 0
    assert device.frames == round(Renderer(read_music(midi), find_soundfont(None)).seconds * SAMPLE_RATE)
    assert "playing" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/usr/share/alsa/alsa.conf").is_file(), reason="ALSA is not installed")
def test_what_the_device_gets_is_what_the_file_holds(midi: Path, tmp_path: Path) -> None:
    """PortAudio and ALSA as they are, with ALSA's own device that keeps what it is given."""
    needs_symusic()
    try:
        __import__("sounddevice")
    except (ImportError, OSError) as error:
        pytest.skip(f"nothing to play with: {error}")
    got, out = tmp_path / "got.raw", tmp_path / "tune.wav"
    keeps = f'type file slave.pcm "null" file "{got}" format "raw"'
    (tmp_path / ".asoundrc").write_text(
        f"pcm.!default {{ type plug slave {{ pcm {{ {keeps} }} format S16_LE }} }}\n"
    )
    quiet = {"PULSE_SERVER": "none", "JACK_NO_START_SERVER": "1"}  # no other way to a loudspeaker
    subprocess.run(
        [antiphon(), "render", midi, "--out", out, "--play"],
        env={**os.environ, **quiet, "HOME": str(tmp_path)},
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    played = np.fromfile(got, "<i2").reshape(-1, 2) / 32768
    written = read(out)
    assert played.shape == written.shape
    assert np.abs(played - written).max() <= 2 / 32768  # each was rounded by itself


def test_without_a_device_it_says_so(
    midi: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_symusic()
    monkeypatch.setitem(sys.modules, "sounddevice", Device(broken=True))
    assert main(["render", str(midi), "--play"]) == 2
    assert "no audio device plays here" in capsys.readouterr().err


def test_a_silent_soundfont_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = SimpleNamespace(render=lambda score, stereo: np.zeros((2, 44_100), np.float32))
    needs_symusic()
    renderer = Renderer(MELODY, find_soundfont(None))
    monkeypatch.setattr(renderer, "_synthesizer", silent)
    with pytest.raises(ConfigError, match="no sound"):
        renderer.peak()


def test_blocks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_symusic()
    monkeypatch.setattr(render, "BLOCK_SECONDS", 1.0)
    sizes = [len(block) for block in Renderer(MELODY, find_soundfont(None)).blocks()]
    assert all(a == SAMPLE_RATE for a, _ in pairwise(sizes))
