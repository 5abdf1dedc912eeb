"""1, 8 and 32 clients at once: `continue`, four bars in, four bars out, each asking again when answered.

All clients live in one thread of this process, apart from the bridge's. Their contexts are there and read
before the clock starts. Numbers of clients and models take turns.
"""

from __future__ import annotations

import argparse
import selectors
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle

import measure
from antiphon.bridge.protocol.osc import read
from antiphon.models.file.modelfile import ModelInfo
from serving import DONE, FAIL, PATIENCE, Asker, contexts, request_datagram, serving

COLUMNS = (
    "model",
    "clients",
    "requests a second",
    "times 1 client",
    "last note p50 ms",
    "p99",
    "notes a second",
)
CLIENTS = (1, 8, 32)
IDS = ("a", "b")
READING_SECONDS = 0.03
"""For a context of four bars."""


class Crowd:
    """Clients of one model. Each has two contexts and asks about them in turn.

    In turn, because a request replaces one of the same id that still runs, and the bridge sends a take's
    done a moment before it strikes the request off.
    """

    def __init__(self, port: int, model: str, most: int, bars: int) -> None:
        self.model, self.bars = model, bars
        self.askers = [Asker(port) for _ in range(most)]
        self._seed = 0
        self._contexts = contexts(port, model, 8, bars)
        for asker in self.askers:
            asker.play(model)

    def _prepare(self, clients: int) -> None:
        """Send the contexts and let the bridge read them: others may have taken their room."""
        for index, asker in enumerate(self.askers[:clients]):
            asker.socket.settimeout(PATIENCE)
            for number, name in enumerate(IDS):
                asker.context(name, self._contexts[(index + number) % len(self._contexts)], READING_SECONDS)
            asker.socket.setblocking(False)

    def _request(self, ids: Iterator[str]) -> bytes:
        """Return a request that nobody has made before, about the client's other context."""
        self._seed += 1
        return request_datagram("continue", next(ids), bars=self.bars, seed=self._seed)

    def run(self, clients: int, requests: int) -> tuple[float, list[float], int]:
        """Let clients ask ``requests`` times in all; return seconds, each request's seconds, and notes."""
        self._prepare(clients)
        began: dict[Asker, float] = {}
        ids = {asker: cycle(IDS) for asker in self.askers}
        took: list[float] = []
        notes = sent = 0
        with selectors.DefaultSelector() as selector:
            start = time.perf_counter()
            for asker in self.askers[:clients]:
                selector.register(asker.socket, selectors.EVENT_READ, asker)
                self._ask(asker, ids[asker], began)
                sent += 1
            while len(took) < sent:
                ready = selector.select(PATIENCE)
                if not ready:
                    raise RuntimeError(f"{sent - len(took)} of {sent} requests were not answered")
                for key, _ in ready:
                    done = self._hear(key.data)
                    if done is None:
                        continue
                    took.append(time.perf_counter() - began[key.data])
                    notes += done
                    if sent < requests:
                        self._ask(key.data, ids[key.data], began)
                        sent += 1
            return time.perf_counter() - start, took, notes

    def _ask(self, asker: Asker, ids: Iterator[str], began: dict[Asker, float]) -> None:
        datagram = self._request(ids)
        began[asker] = time.perf_counter()
        asker.socket.send(datagram)

    @staticmethod
    def _hear(asker: Asker) -> int | None:
        """Return the notes of the take that this datagram ends, None when it ends none."""
        datagram = asker.socket.recv(65536)
        if datagram.startswith(FAIL):
            raise RuntimeError(f"the bridge refused: {list(read(datagram))}")
        if not datagram.startswith(DONE):
            return None
        (message,) = read(datagram)
        return int(message.args[2])  # type: ignore[union-attr]


class Meter:
    """What one crowd did with some number of clients."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.took: list[float] = []
        self.notes = 0

    def contestant(self, crowd: Crowd, clients: int, requests: int) -> Callable[[], float]:
        """Return a contestant that says requests a second."""
        return partial(self._run, crowd, clients, requests)

    def _run(self, crowd: Crowd, clients: int, requests: int) -> float:
        seconds, took, notes = crowd.run(clients, max(requests, clients))
        self.seconds.append(seconds)
        self.took += took
        self.notes += notes
        return len(took) / seconds


def contest(crowds: Sequence[Crowd], args: argparse.Namespace) -> list[list[measure.Cell]]:
    """Return the table's rows."""
    meters: dict[tuple[str, int], Meter] = defaultdict(Meter)
    each = max(args.requests // args.rounds, 1)
    contestants = {
        f"{crowd.model} {n}": meters[crowd.model, n].contestant(crowd, n, each)
        for crowd in crowds
        for n in args.clients
    }
    said = measure.rounds(contestants, args.rounds, warm_up=0)
    rows: list[list[measure.Cell]] = []
    for (model, n), meter in meters.items():
        rate = said[f"{model} {n}"]
        alone = said[f"{model} {args.clients[0]}"]
        rows.append([
            model, n, measure.median(rate),
            measure.median(a / b for a, b in zip(rate, alone, strict=True)),
            measure.median(meter.took) * 1e3, measure.percentile(meter.took, 99) * 1e3,
            meter.notes / sum(meter.seconds),
        ])  # fmt: skip
    return rows


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--requests", type=int, default=500, help="for each model and number of clients")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bars", type=int, default=4, help="in and out")
    args = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.clients, args.requests, args.rounds = [1, 3], 4, 2
    table = measure.Table("Clients at once", COLUMNS)
    files = measure.model_files(args)
    with serving(files) as port:
        crowds = [Crowd(port, ModelInfo.read(path).name, max(args.clients), args.bars) for path in files]
        for row in contest(crowds, args):
            table.add(*row)
    table.notes.append(
        f"{args.requests} requests for each row in {args.rounds} turns; "
        "last note: request to the take's done."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
