"""Build the patches for Pure Data: python docs/patches/puredata.py

The abstraction keeps what it knows in [text define]s and [value]s of its own ($0-):
  context  a note a line            options  an option and its value a line
  acks     seq of what has arrived  chunks   take seq of n notes...
  dones    take total end seed nats notes    the take that is shown, a note a line
  queue    datagrams that wait for the pause to end
  phase    0 nothing, 1 context, 2 request, 3 acknowledged, 4 being cancelled; start: the request's first one
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from pd_options import join, options
from pd_reply import arrived, check, collect, failed, greeted, heard, play, show
from pd_request import ask, chunk, network, pace, request, say, seed, watch
from pdpatch import Canvas

FOLDER = Path(__file__).parents[2] / "bridge/clients/puredata"
STAIR = 12
"""Pixels from a message to the one below it in a column."""
MAX_NOTES = 4096
"""Of a context that the bridge takes; models read the last few hundred."""
VALUES = ("id", "phase", "start", "of", "takes", "silence", "asked", "begun", "shown", "seed", "lock",
          "beatms", "sum", "port", "sent")  # fmt: skip


def store() -> Canvas:
    """Return where everything is kept."""
    c = Canvas(760, 380, "store")
    c.obj("text define $0-options", 20, 20)
    for row, (name, cleared) in enumerate(
        {"context": "context", "notes": "notes", "request": "acks"}.items()
    ):
        top = 60 + 80 * row
        c.put(f"r{name}", f"r $0-clear-{name}", 20, top)
        c.put(f"m{name}", "clear(", 20, top + 24)
        c.put(cleared, f"text define $0-{cleared}", 20, top + 48)
        c.wire(f"r{name} m{name}", f"m{name} {cleared}")
    c.put("chunks", "text define $0-chunks", 200, 268)
    c.put("dones", "text define $0-dones", 380, 268)
    c.wire("mrequest chunks", "mrequest dones")
    for row, name in enumerate(VALUES):
        c.obj(f"value $0-{name}", 260 + 200 * (row // 6), 20 + 26 * (row % 6))
    c.put("load", "loadbang", 560, 200)
    c.put("t", "t b b", 560, 226)
    c.put("500", "500(", 560, 256)
    c.put("one", "1(", 640, 256)
    c.put("ms", "value $0-beatms", 560, 300)
    c.put("takes", "value $0-takes", 560, 330)
    c.wire("load t", "t 500", "t:1 one", "500 ms", "one takes")
    return c


def context() -> Canvas:
    """Return what keeps a note of the context: the last ones, as many as the bridge takes."""
    c = Canvas(560, 320, "context")
    c.put("in", "inlet", 20, 20)
    c.put("part", "list append 0", 20, 46)
    c.put("five", "list split 5", 20, 72)
    c.put("few", "bad_args note needs pitch start duration velocity(", 150, 98)
    c.put("warning", "s $0-warning", 150, 124)
    c.put("t", "t b l", 20, 154)
    c.put("keep", "text set $0-context 1e+08", 120, 184)
    c.put("size", "text size $0-context", 20, 214)
    c.put("many", f"moses {MAX_NOTES + 1}", 20, 240)
    c.put("first", "0(", 90, 266)
    c.put("delete", "text delete $0-context", 90, 292)
    c.wire("in part", "part five", "five:2 few", "few warning", "five t", "t:1 keep", "t size", "size many",
           "many:1 first", "first delete")  # fmt: skip
    return c


def abstraction() -> Canvas:
    """Return antiphon.pd."""
    c = Canvas(1260, 620)
    c.text("[antiphon]: messages in; out: notes in beats, notes in time, status", 20, 560)
    c.put("in", "inlet", 20, 20)
    words = ("connect", "clear", "note", "set", "continue", "generate", "ask", "again", "cancel", "next",
             "lock", "play", "stop", "models", "params", "tempo")  # fmt: skip
    c.put("route", "route " + " ".join(words), 20, 50)
    at = {word: index for index, word in enumerate(words)}
    subs = (store, watch, say, chunk, request, heard, greeted, arrived, collect, failed, check, show)
    for column, made in enumerate(subs):
        c.sub(made(), 20 + 95 * column, 590)
    c.named["network"] = c.sub(network(), 20, 170)
    c.named["options"] = c.sub(options(), 300, 140)
    c.named["ask"] = c.sub(ask(), 400, 230)
    c.named["play"] = c.sub(play(), 640, 300)
    c.put("load", "loadbang", 20, 110)
    c.put("where", "list", 20, 140)
    c.put("clear", "s $0-clear-context", 110, 90)
    c.named["context"] = c.sub(context(), 130, 142)
    c.put("continue", "symbol continue(", 400, 116)
    c.put("generate", "symbol generate(", 400, 142)
    c.put("symbol", "list prepend symbol", 540, 116)
    c.put("trim", "list trim", 540, 142)
    c.put("last", "symbol", 470, 198)
    c.put("lt", "t a a", 400, 172)
    c.wire("in route", "load where", f"route:{at['connect']} where", "where network",
           f"route:{at['clear']} clear", f"route:{at['note']} context",
           f"route:{at['set']} options", f"route:{at['continue']} continue",
           f"route:{at['generate']} generate", f"route:{at['ask']} symbol", "symbol trim",
           "continue lt", "generate lt", "trim lt", "lt:1 last:1", "lt ask",
           f"route:{at['again']} last", "last ask")  # fmt: skip
    _cancel_and_next(c, at)
    _questions(c, at)
    c.put("unknown", "list prepend no such message:", 850, 150)
    c.put("uwarn", "s $0-warning", 920, 200)
    c.wire(f"route:{len(words)} unknown", "unknown uwarn")
    _outlets(c)
    return c


def _cancel_and_next(c: Canvas, at: dict[str, int]) -> None:
    """Add what stops a request and what shows another take."""
    c.put("cphase", "value $0-phase", 700, 90)
    c.put("csel", "sel 0", 700, 116)
    c.put("c4", "4(", 740, 142)
    c.put("ct", "t b f", 740, 168)
    c.put("cphase=", "value $0-phase", 800, 194)
    c.put("csay", "s $0-say", 700, 200)
    c.wire(f"route:{at['cancel']} cphase", "cphase csel", "csel:1 c4", "c4 ct", "ct:1 cphase=",
           "ct csay")  # fmt: skip
    c.put("next", "t b b", 300, 330)
    c.put("ntakes", "value $0-takes", 410, 356)
    c.put("nshown", "value $0-shown", 290, 356)
    c.put("nplus", "+ 1", 300, 386)
    c.put("nmod", "mod 1", 300, 416)
    c.put("ngate", "spigot", 300, 446)
    c.put("nsize", "text size $0-dones", 400, 416)
    c.put("nt", "t b b b", 300, 300)
    c.put("nshow", "s $0-show", 300, 476)
    c.wire(f"route:{at['next']} nt", "nt:2 nsize", "nsize ngate:1", "nt next", "next:1 ntakes",
           "ntakes nmod:1", "next nshown", "nshown nplus", "nplus nmod", "nmod ngate",
           "ngate nshow")  # fmt: skip


def _questions(c: Canvas, at: dict[str, int]) -> None:
    """Add the messages that are about neither a context nor a request."""
    c.put("lock", "value $0-lock", 560, 172)
    c.put("least", "moses 1", 850, 64)
    c.put("slow", "bad_args tempo must be at least 1(", 990, 64)
    c.put("swarn", "s $0-warning", 990, 90)
    c.put("tempo", "expr 60000/$f1", 850, 90)
    c.put("ms", "value $0-beatms", 850, 116)
    c.put("models", "oscformat /antiphon/models", 560, 356)
    c.put("params", "oscformat /antiphon/params", 560, 386)
    c.put("send", "s $0-send", 560, 416)
    c.wire(f"route:{at['lock']} lock", f"route:{at['play']} play", f"route:{at['stop']} play:1",
           f"route:{at['models']} models", f"route:{at['params']} params",
           f"route:{at['tempo']} least", "least slow", "slow swarn", "least:1 tempo", "tempo ms",
           "models send", "params send")  # fmt: skip


def _outlets(c: Canvas) -> None:
    """Add the outlets, and what an error ends before it is shown."""
    c.put("note", "r $0-note", 20, 330)
    c.put("o1", "outlet", 20, 520)
    c.put("o2", "outlet", 140, 520)
    c.put("o3", "outlet", 260, 520)
    c.put("status", "r $0-status", 780, 330)
    c.put("strim", "list trim", 780, 480)
    c.put("error", "r $0-error", 850, 230)
    c.put("el", "list", 850, 256)
    c.put("et", "t l b b", 850, 282)
    c.put("ezero", "0(", 960, 308)
    c.put("ephase", "value $0-phase", 900, 330)
    c.put("eend", "s $0-end", 850, 356)
    c.put("warn", "r $0-warning", 860, 380)
    c.put("eprepend", "list prepend error", 850, 430)
    c.put("elist", "list", 850, 404)
    c.wire("note o1", "play o2", "status strim", "strim o3", "error el", "el et", "et:2 ezero",
           "ezero ephase", "et:1 eend", "et eprepend", "warn elist", "elist eprepend",
           "eprepend strim")  # fmt: skip


def _voice(c: Canvas, source: str, left: int, top: int) -> None:
    """Add what plays a list of pitch, velocity, duration and channel by MIDI."""
    c.put(f"{source}.u", "unpack f f f f", left, top)
    c.put(f"{source}.m", "makenote", left, top + 30)
    c.put(f"{source}.o", "noteout", left, top + 60)
    c.wire(f"{source}:1 {source}.u", f"{source}.u {source}.m", f"{source}.u:1 {source}.m:1",
           f"{source}.u:2 {source}.m:2", f"{source}.m {source}.o", f"{source}.m:1 {source}.o:1",
           f"{source}.u:3 {source}.o:2")  # fmt: skip


def _buttons(c: Canvas, target: str, left: int, top: int, columns: tuple[tuple[str, ...], ...]) -> None:
    """Add columns of messages to an object, each a staircase, so that no cord crosses a text."""
    bottom = top + 30 * max(map(len, columns)) + 10
    for texts in columns:
        send = c.obj("s $0-to", left, bottom)
        for row, text in enumerate(texts):
            c.cord(c.msg(text, left + STAIR * row, top + 30 * row), 0, send)
        left += max(STAIR * row + len(text) * 7 for row, text in enumerate(texts)) + 40
    place = c.places[c.named[target]]
    c.cord(c.obj("r $0-to", place[0], place[1] - 30), 0, c.named[target])


def help_patch() -> Canvas:
    """Return antiphon-help.pd."""
    c = Canvas(820, 560)
    c.text("[antiphon] asks an Antiphon bridge for notes.", 20, 20)
    c.text(
        "1. Start the bridge in a terminal: antiphon serve. Click connect: the console says ready.",
        20,
        44,
    )
    c.text("2. Click set model folk, generate, play. Continue answers the notes of the context.", 20, 68)
    c.put("x", "antiphon", 20, 400)
    columns = (
        ("connect", "generate", "play", "stop", "again", "next", "cancel"),
        ("clear", "note 62 0 1 96", "note 65 1 1 90", "note 69 2 2 90", "continue", "lock 1", "lock 0"),
        (
            "set model folk",
            "set bars 8",
            "set metre 4/4",
            "set takes 3",
            "set seed 7",
            "set seed auto",
            "tempo 100",
        ),
        (
            "set scale D dorian",
            "set scale auto",
            "set temperature 0.8",
            "set ending closed",
            "connect 127.0.0.1 7374",
            "models",
            "params",
        ),
    )
    _buttons(c, "x", 20, 110, columns)
    c.text("out: notes (pitch start duration velocity part), notes in time, status", 110, 402)
    c.put("notes", "print note", 20, 440)
    c.put("status", "print antiphon", 300, 440)
    c.wire("x notes", "x:2 status")
    _voice(c, "x", 130, 440)
    return c


def example() -> Canvas:
    """Return antiphon-example.pd: call and answer, with a sound of its own."""
    c = Canvas(760, 570)
    c.text("Call and answer. Start the bridge first: antiphon serve. Then the messages from the top.", 20, 20)
    c.put("x", "antiphon", 20, 290)
    columns = (
        ("connect", "set model folk", "set metre 4/4", "set scale D dorian", "tempo 100"),
        ("clear", "note 62 0 1 96", "note 65 1 1 90", "note 69 2 1 90", "note 67 3 1 90"),
        ("continue", "again", "play", "stop"),
    )
    _buttons(c, "x", 20, 60, columns)
    c.put("status", "print antiphon", 300, 340)
    c.put("u", "unpack f f f f", 100, 340)
    c.put("mtof", "mtof", 100, 370)
    c.put("osc", "osc~", 100, 400)
    c.put("gain", "/ 400", 200, 370)
    c.put("line", "vline~", 200, 430)
    c.put("env", "$1 5, 0 300 150(", 200, 400)
    c.put("mul", "*~", 100, 460)
    c.put("dac", "dac~", 100, 500)
    c.wire("x:2 status", "x:1 u", "u mtof", "mtof osc", "u:1 gain", "gain env", "env line", "osc mul",
           "line mul:1", "mul dac", "mul dac:1")  # fmt: skip
    return c


PARTS = (store, pace, network, context, join, options, seed, ask, watch, say, chunk, request, heard, greeted,
         arrived, collect, failed, check, show, play)  # fmt: skip
PAGES = {made.__name__: made for made in (*PARTS, abstraction, help_patch, example)}
"""Every canvas, by name."""


def build() -> dict[str, Canvas]:
    """Return every patch by its file's name."""
    return {
        "antiphon.pd": abstraction(),
        "antiphon-help.pd": help_patch(),
        "antiphon-example.pd": example(),
    }


if __name__ == "__main__":
    for name, canvas in build().items():
        canvas.save(FOLDER / name)
