"""An engine and a shelf for tests of the conversation: notes by rule, at once or when told."""

from __future__ import annotations

import threading
from pathlib import Path

from antiphon.bridge.clock import FakeClock
from antiphon.bridge.interfaces import House
from antiphon.bridge.lull import Lull
from antiphon.bridge.request import Take
from antiphon.bridge.session.session import Session
from antiphon.models.codec import Codec
from antiphon.models.errors import RequestError
from antiphon.models.file.manifest import Manifest
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.note import Note
from antiphon.models.score import Part


def manifest(name="folk", parts=("melody",), is_drum=False):
    return Manifest(
        name=name,
        title=name.title() + " tunes",
        codec=Codec.default(parts=len(parts)),
        metres=("4/4", "6/8", "3/4"),
        parts=tuple(Part(part, is_drum=is_drum) for part in parts),
        monophonic=True,
        state=(),
        memory=None,
    )


class FakeShelf:
    def __init__(self, *cards):
        self.cards = {card.name: card for card in cards or (
            manifest(), manifest("chorale", ("soprano", "alto", "tenor", "bass")),
            manifest("drums", ("kit",), is_drum=True))}  # fmt: skip
        self.loaded = set()
        self.added = []
        self.default = "folk"

    def models(self):
        return [self.info(name) for name in sorted(self.cards)]

    def info(self, name):
        name = name or self.default
        if name not in self.cards:
            raise RequestError("unknown_model", f"no model {name!r}; there are {', '.join(self.cards)}")
        return ModelInfo(Path(name + ".onnx"), self.cards[name], 4_000_000)

    def is_loaded(self, name):
        return name in self.loaded

    def load(self, name):
        self.loaded.add(name)

    def refresh(self):
        added, self.added = self.added, []
        self.cards.update({card.name: card for card in added})
        return [self.info(card.name) for card in added]


def rule(request, take):
    """The fake's notes: one each half beat, its pitch by seed, take and place."""
    count = round((request.end_beat - request.start_beat) * 2)
    return tuple(
        Note(40 + (request.seed + 7 * take + i) % 40, request.start_beat + i / 2, 0.5, 90)
        for i in range(count)
    )


class FakeJob:
    def __init__(self, request, listener):
        self.request, self.listener = request, listener
        self.cancelled = False

    def cancel(self):
        self.cancelled = True

    def play(self):
        """Make all takes at once, unless cancelled."""
        listener = self.listener
        for index in range(self.request.takes):
            notes = rule(self.request, index)
            for i, note in enumerate(notes):
                listener.on_note(index, i, note)
            listener.on_take(Take(index, notes, self.request.end_beat, self.request.seed, 1.5))
            listener.on_progress((index + 1) / self.request.takes)
        listener.on_done()


class FakeEngine:
    """Answers at once, on a thread of its own, or (`manual`) when a test plays the job."""

    def __init__(self, *, manual=False, threaded=False, limit=64):
        self.manual, self.threaded, self.limit = manual, threaded, limit
        self.jobs, self.primed, self.submitted = [], [], []

    @property
    def queued(self):
        return len(self.jobs) if self.manual else 0

    def prime(self, key, request, client=None):
        self.primed.append((key, request))

    def check(self, request, client, replaces):
        """As the engine does: what is cancelled has room of its own, and what is replaced needs none."""
        for cancelled in (False, True):
            held = [job for job in self.jobs if job.cancelled is cancelled and job is not replaces]
            if self.manual and len(held) >= self.limit:
                raise RequestError("busy", f"{self.limit} requests wait already")

    def submit(self, request, listener, key=None, client=None, replaces=None):
        self.check(request, client, replaces)
        self.submitted.append(request)
        job = FakeJob(request, listener)
        job.key = key
        if self.manual:
            self.jobs.append(job)
        elif self.threaded:
            threading.Thread(target=job.play, daemon=True).start()
        else:
            job.play()
        return job

    def close(self):
        pass


class Talk:
    """A session with a fake engine, shelf and clock, and all it has said."""

    def __init__(self, **engine):
        self.engine = FakeEngine(**engine)
        self.shelf = FakeShelf()
        self.clock = FakeClock()
        self.said = []
        self.ports = []
        self.background = lambda work: work()
        self.lull = Lull()
        house = House(
            self.engine,
            self.shelf,
            self.clock,
            "0.1.0",
            lambda: 4242,
            lambda work: self.background(work),
            self.lull,
        )
        self.session = Session("client", house, self._send)

    def _send(self, message, port):
        self.said.append((message.address, *message.args))
        self.ports.append(port)

    def say(self, address, *args):
        """Send one message; return what was said to it."""
        from antiphon.bridge.protocol.osc import Message

        before = len(self.said)
        self.session.handle(Message("/antiphon/" + address, args))
        while self.lull:
            self.lull.work()
        return self.said[before:]


def flat(*notes):
    """Return notes as the protocol has them."""
    return [value for n in notes for value in (n.pitch, n.start, n.duration, n.velocity, n.part)]


FAIL = "/antiphon/fail"
FOUR = tuple(Note(60 + i, float(i), 1.0) for i in range(4))


def context(talk, name="x", notes=FOUR, seq=0, of=1):
    return talk.say("context", name, seq, of, len(notes), *flat(*notes))


def request(talk):
    """The last request that the engine was given."""
    return talk.engine.jobs[-1].request
