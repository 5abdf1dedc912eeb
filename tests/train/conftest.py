"""Small music files that the tests of `antiphon prepare` make themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import mido
import pytest

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


class MusicFiles:
    """Makes files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def midi(
        self,
        notes: Sequence[tuple[int, int, int, int]],
        *,
        channel: int = 0,
        metre: tuple[int, int] = (4, 4),
        name: str = "",
    ) -> bytes:
        """Return a MIDI file of notes (pitch, start, duration, velocity), in ticks of 480 a beat."""
        events = [(start, 1, pitch, velocity) for pitch, start, _, velocity in notes]
        events += [(start + length, 0, pitch, 0) for pitch, start, length, _ in notes]
        track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1])])
        if name:
            track.append(mido.MetaMessage("track_name", name=name))
        now = 0
        for tick, on, pitch, velocity in sorted(events):
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, note=pitch, velocity=velocity, channel=channel, time=tick - now))
            now = tick
        buffer = io.BytesIO()
        mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(file=buffer)
        return buffer.getvalue()

    def tune(self, seed: int, *, transpose: int = 0, count: int = 16) -> bytes:
        """Return a MIDI melody of eighth notes whose second interval tells its seed (below 12)."""
        pitches = [SCALE[i * (1 + seed % 5) % 8] for i in range(count)]
        pitches[:2] = [60, 62 + seed]
        return self.midi([(pitch + transpose, 240 * i, 240, 80) for i, pitch in enumerate(pitches)])

    def write(self, name: str, data: bytes | str) -> Path:
        """Write a file and the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def zip(self, members: dict[str, bytes]) -> bytes:
        """Return a zip of the members."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return buffer.getvalue()


@pytest.fixture
def music(tmp_path: Path) -> MusicFiles:
    return MusicFiles(tmp_path / "music")
