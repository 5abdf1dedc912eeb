"""From request to notes over loopback: `continue`, four bars in, four bars out.

A real `antiphon serve`, a bare socket. Models and kinds of request take turns in one run, and so does with
--other PYTHON the bridge of another environment, such as one before a change:
  first     mode single, the context long there and read: request to first note
  last      mode chunk, the context long there and read: request to last note
  takes     the same with eight takes, which the bridge's workers share
  together  mode chunk, context and request sent back to back: request to last note, reading included
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import measure
from antiphon.bridge.protocol.osc import Value
from antiphon.models.file.modelfile import ModelInfo
from antiphon.models.note import Note
from serving import IDLE_SECONDS, Asker, Timing, context_datagrams, contexts, request_datagram, serving

COLUMNS = (
    "model", "notes in", "notes out", "first note p50 ms", "p99", "last note p50 ms", "p99",
    "µs a note", "8 takes p50 ms", "8 takes/1", "with its context p50 ms", "p99", "first/other", "last/other",
)  # fmt: skip
CONTEXTS = 16
"""Different contexts that take turns, so that every request's had to be read anew."""
TAKES = 8
KINDS = ("first", "last", "takes", "together")


class Requests:
    """Requests to one model, each with another context and seed."""

    def __init__(self, asker: Asker, model: str, bars: int, contexts: list[tuple[Note, ...]]) -> None:
        self.model, self.bars = model, bars
        self._asker = asker
        self.contexts = contexts
        self.timings: dict[str, list[Timing]] = defaultdict(list)

    def contestants(self) -> dict[str, Callable[[], float]]:
        """Return the kinds of request, each saying its seconds."""
        return self.primed() | {
            f"{self.model} takes": lambda: self._primed("takes", "chunk", TAKES).last,
            f"{self.model} together": lambda: self._together().last,
        }

    def primed(self) -> dict[str, Callable[[], float]]:
        """Return those of one take whose context has been read."""
        return {
            f"{self.model} first": lambda: self._primed("first", "single").first,
            f"{self.model} last": lambda: self._primed("last", "chunk").last,
        }

    def _next(self, kind: str) -> tuple[int, tuple[Note, ...]]:
        """Return the seed and the context of the next request of a kind, the same for every bridge."""
        turn, place = len(self.timings[kind]), KINDS.index(kind)
        return turn * len(KINDS) + place, self.contexts[(turn + place) % len(self.contexts)]

    def _request(self, name: str, seed: int, mode: str, takes: int = 1) -> bytes:
        options: dict[str, Value] = {"model": self.model, "bars": self.bars, "seed": seed, "mode": mode}
        options["takes"] = takes
        return request_datagram("continue", name, **options)

    def _primed(self, kind: str, mode: str, takes: int = 1) -> Timing:
        seed, notes = self._next(kind)
        name = f"{self.model}{seed}"
        request = self._request(name, seed, mode, takes)
        self._asker.context(name, notes)
        return self._keep(kind, self._asker.ask(request, takes=takes))

    def _together(self) -> Timing:
        seed, notes = self._next("together")
        name = f"{self.model}{seed}"
        datagrams = [*context_datagrams(name, notes), self._request(name, seed, "chunk")]
        return self._keep("together", self._asker.ask(*datagrams))

    def _keep(self, kind: str, timing: Timing) -> Timing:
        self.timings[kind].append(timing)
        return timing


def contest(ports: list[int], model: str, args: argparse.Namespace) -> list[Requests]:
    """Return a model's requests to each bridge, with clients of their own and the first one's contexts."""
    made = contexts(ports[0], model, 2 if args.quick else CONTEXTS, args.bars)
    found = []
    for port in ports:
        asker = Asker(port)
        asker.play(model)
        found.append(Requests(asker, model, args.bars, made))
    return found


def row(requests: Requests, *others: Requests) -> list[measure.Cell]:
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
        *beside(requests, *others),
    ]  # fmt: skip


def beside(requests: Requests, *others: Requests) -> list[float | None]:
    """Return how many times as long the first note and the last one took as with another bridge, if any."""
    if not others:
        return [None, None]
    first, last = (
        list(zip(requests.timings[kind], others[0].timings[kind], strict=True)) for kind in ("first", "last")
    )
    return [
        measure.median(a.first / b.first for a, b in first),
        measure.median(a.last / b.last for a, b in last),
    ]


def both(values: list[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    return measure.median(values), measure.percentile(values, 99)


def main() -> int:
    """Measure as told on the command line."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--requests", type=int, default=500, help="of each kind, for each model")
    parser.add_argument("--bars", type=int, default=4, help="in and out")
    parser.add_argument("--other", type=Path, metavar="PYTHON", help="whose Antiphon is compared with")
    args = parser.parse_args()
    before = measure.machine()
    if args.quick:
        args.requests = 3
    table = measure.Table(
        f"Request to notes over loopback, {args.bars} bars in, {args.bars} bars out", COLUMNS
    )
    files = measure.model_files(args)
    with ExitStack() as bridges:
        ports = [bridges.enter_context(serving(files))]
        if args.other:
            ports.append(bridges.enter_context(serving(files, python=args.other)))
        all_requests = [contest(ports, ModelInfo.read(path).name, args) for path in files]
        contestants: dict[str, Callable[[], float]] = {}
        for requests, *others in all_requests:
            contestants |= requests.contestants()
            contestants |= {f"{name}, other": ask for other in others for name, ask in other.primed().items()}
        measure.rounds(contestants, args.requests, warm_up=0)
    for requests, *others in all_requests:
        table.add(*row(requests, *others))
    table.notes.append(
        f"{args.requests} requests of each kind and model, in turns; each one "
        f"{IDLE_SECONDS * 1e3:.0f} ms after its context's ack, but for those with it."
    )
    return measure.finish(args, table, before)


if __name__ == "__main__":
    raise SystemExit(main())
