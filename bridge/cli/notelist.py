"""Notes as lines of text, for hosts whose scripts can read and write files but not the network.

A list is UTF-8 text, a note a line: pitch start duration velocity part, times in beats; what follows a #
is a comment. An answer is written line by line as things happen, and always ends with `end`:

    progress 0.5
    take 0 2 16.0 7 1.52        index, notes, beat where it ends, seed, nats a note
    note 62 8.0 1.0 96 0
    note 65 9.0 0.5 90 0
    end

A request that fails has `fail CODE SENTENCE` before its `end`.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from ...models.errors import ConfigError, MusicError, RequestError
from ...models.note import Note
from ...models.printable import printable
from ...models.refusal import reason
from ..protocol.arguments import note
from ..request import Take

SUFFIX = ".notes"


def read_notes(path: Path) -> tuple[Note, ...]:
    """Return the notes of a list; raises MusicError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MusicError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    notes = []
    for number, line in enumerate(lines, 1):
        if words := line.split("#")[0].split():
            try:
                pitch, start, duration, velocity, part = words
                values = (int(pitch), float(start), float(duration), int(velocity), int(part))
            except ValueError as error:
                raise MusicError(
                    f"{path}, line {number}: {line!r} is no note; write pitch start duration velocity part"
                ) from error
            try:
                notes.append(note(values))
            except RequestError as error:
                raise MusicError(f"{path}, line {number}: {error}") from error
    return tuple(notes)


class AnswerFile:
    """An answer on its way to a script that reads it as it grows. A context manager that writes `end`."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {reason(error)}") from error

    def __enter__(self) -> AnswerFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._say("end")

    def progress(self, fraction: float) -> None:
        """Tell how far the request is, 0 to 1."""
        self._say("progress", fraction)

    def take(self, take: Take) -> None:
        """Write a take and its notes."""
        nats = round(take.nats_per_note, 6)
        self._say("take", take.index, len(take.notes), take.end_beats, take.seed, nats)
        for n in take.notes:
            self._say("note", n.pitch, n.start, n.duration, n.velocity, n.part)

    def model(self, name: str, title: str) -> None:
        """Tell of a model that the bridge has."""
        self._say("model", name, title)

    def verb(self, name: str) -> None:
        """Tell of something that the bridge can do."""
        self._say("verb", name)

    def fail(self, code: str, sentence: str) -> None:
        """Say what went wrong."""
        self._say("fail", code, " ".join(sentence.split()))

    def _say(self, *words: object) -> None:
        self._file.write(printable(" ".join(map(str, words))) + "\n")  # a title must not end the answer
        self._file.flush()
