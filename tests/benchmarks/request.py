"""From request to notes over loopback: `continue`, four bars in, four bars out.

A real `antiphon serve`, a bare socket. Models and kinds of request take turns in one run:
  first     mode single, the context long there and read: request to first note
  last      mode chunk, the context long there and read: request to last note
  takes     the same with eight takes, which the bridge's workers share
  together  mode chunk, context and request sent back to back: request to last note, reading included
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count, cycle

import measure
from antiphon.bridge.osc import Value
from antiphon.models.modelfile import ModelInfo
from antiphon.models.note import Note
from serving import IDLE_SECONDS, Asker, Timing, context_datagrams, contexts, request_datagram, serving

COLUMNS = (
    "model", "notes in", "notes out", "first note p50 ms", "p99", "last note p50 ms", "p99",
    "µs a note", "8 takes p50 ms", "8 takes/1", "with its context p50 ms", "p99",
)  # fmt: skip
CONTEXTS = 16
"""Different contexts that take turns, so that every request's had to be read anew."""
TAKES = 8


class Requests:
    """Requests to one model, each with another context and seed."""

    def __init__(self, asker: Asker, port: int, model: str, bars: int, contexts_made: int) -> None:
        self.model, self.bars = model, bars
        self._asker = asker
        self.contexts = contexts(port, model, contexts_made, bars)
        self._next: Iterator[tuple[int, tuple[Note, ...]]] = zip(count(), cycle(self.contexts), strict=False)
        self.timings: dict[str, list[Timing]] = defaultdict(list)

    def contestants(self) -> dict[str, Callable[[], float]]:
        """Return the kinds of request, each saying its seconds."""
        return {
            f"{self.model} first": lambda: self._primed("first", "single").first,
            f"{self.model} last": lambda: self._primed("last", "chunk").last,
            f"{self.model} takes": lambda: self._primed("takes", "chunk", TAKES).last,
            f"{self.model} together": lambda: self._together().last,
        }

    def _request(self, name: str, seed: int, mode: str, takes: int = 1) -> bytes:
        options: dict[str, Value] = {"model": self.model, "bars": self.bars, "seed": seed, "mode": mode}
        options["takes"] = takes
        return request_datagram("continue", name, **options)

    def _primed(self, kind: str, mode: str, takes: int = 1) -> Timing:
        seed, notes = next(self._next)
        name = f"{self.model}{seed}"
        request = self._request(name, seed, mode, takes)
        self._asker.context(name, notes)
        return self._keep(kind, self._asker.ask(request, takes=takes))

    def _together(self) -> Timing:
        seed, notes = next(self._next)
        name = f"{self.model}{seed}"
        datagrams = [*context_datagrams(name, notes), self._request(name, seed, "chunk")]
        return self._keep("together", self._asker.ask(*datagrams))

    def _keep(self, kind: str, timing: Timing) -> Timing:
        self.timings[kind].append(timing)
        return timing


def contest(port: int, model: str, args: argparse.Namespace) -> Requests:
    """Return a model's requests, with a client of their own."""
    asker = Asker(port)
    asker.play(model)
    return Requests(asker, port, model, args.bars, 2 if args.quick else CONTEXTS)


def row(requests: Requests) -> list[measure.Cell]:
    """Return what a model's requests took."""
    first = [t.first * 1e3 for t in requests.timings["first"]]
    last = [t.last * 1e3 for t in requests.timings["last"]]
    takes = [t.last * 1e3 for t in requests.timings["takes"]]
    together = [t.last * 1e3 for t in requests.timings["together"]]
    by_one = measure.median(a / b for a, b in zip(takes, last, strict=True))
    out = measure.median(t.notes for t in requests.timings["last"])
    each = measure.median(t.last * 1e6 / t.notes for t in requests.timings["last"])
    return [
        requests.model, measure.median(map(len, requests.contexts)), out,
        *both(first), *both(last), each, measure.median(takes), by_one, *both(together),
    ]  # fmt: skip


def both(values: list[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    return measure.median(values), measure.percentile(values, 99)


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--requests", type=int, default=500, help="of each kind, for each model")
    parser.add_argument("--bars", type=int, default=4, help="in and out")
    args = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.requests = 3
    table = measure.Table(
        f"Request to notes over loopback, {args.bars} bars in, {args.bars} bars out", COLUMNS
    )
    files = measure.model_files(args)
    with serving(files) as port:
        all_requests = [contest(port, ModelInfo.read(path).name, args) for path in files]
        contestants = {k: v for requests in all_requests for k, v in requests.contestants().items()}
        measure.rounds(contestants, args.requests, warm_up=0)
    for requests in all_requests:
        table.add(*row(requests))
    table.notes.append(
        f"{args.requests} requests of each kind and model, in turns; but for the last two columns each one "
        f"{IDLE_SECONDS * 1e3:.0f} ms after its context's ack."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
