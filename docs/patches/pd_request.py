"""Subpatches of [antiphon] for Pure Data that ask; see puredata.py."""

from __future__ import annotations

from pdpatch import Canvas

PROTOCOL = 1
AT_ONCE, PAUSE_MS = 32, 5
"""So many datagrams, then so long a pause: the first table of docs/protocol.md."""
NOBODY = "timeout no bridge answers: start it with antiphon serve"


def pace() -> Canvas:
    """Return what lets no more datagrams out at once than a bridge's receive buffer is sure to hold."""
    c = Canvas(760, 460, "pace")
    c.put("in", "r $0-send", 20, 20)
    c.put("t", "t b l", 20, 46)
    c.put("wait", "text set $0-queue 1e+08", 120, 76)
    c.obj("text define $0-queue", 320, 20)
    c.put("go", "t b b", 20, 106)
    c.put("sent?", "value $0-sent", 120, 136)
    c.put("left", f"expr {AT_ONCE}-$f1", 120, 162)
    c.put("size", "text size $0-queue", 20, 192)
    c.put("n", "min", 20, 218)
    c.loop("next", 20, 248)
    c.put("each", "t b b b b", 20, 382)
    c.put("first", "0(", 320, 412)
    c.put("get", "text get $0-queue", 320, 438)
    c.put("out", "outlet", 320, 464)
    c.put("gone", "0(", 180, 412)
    c.put("delete", "text delete $0-queue", 150, 438)
    c.put("sent", "value $0-sent", 20, 412)
    c.put("+", "+ 1", 20, 438)
    c.put("sent=", "value $0-sent", 20, 464)
    c.wire("in t", "t:1 wait", "t go", "go:1 sent?", "sent? left", "left n:1", "go size", "size n", "n next",
           "next.i each", "each:3 first", "first get", "get out", "each:2 gone", "gone delete", "each:1 sent",
           "sent +", "+ sent=")  # fmt: skip
    # Pd's own time may lag behind and then run faster: what counts is the clock's since the last one.
    c.put("rest", "t b b", 500, 106)
    c.put("pause", f"delay {PAUSE_MS}", 500, 142)
    c.put("clock", "realtime", 500, 178)
    c.put("over", f"moses {PAUSE_MS}", 500, 214)
    c.put("more", "delay 1", 500, 250)
    c.put("free", "t b b", 600, 250)
    c.put("none", "0(", 640, 286)
    c.put("none=", "value $0-sent", 640, 312)
    c.wire("each rest", "rest:1 clock", "rest pause", "pause clock:1", "clock over", "over more",
           "more clock:1", "over:1 free", "free:1 none", "none none=", "free go")  # fmt: skip
    return c


def network() -> Canvas:
    """Return the socket, and finding the bridge."""
    c = Canvas(900, 470, "network")
    c.put("in", "inlet", 20, 20)
    c.put("default", "list append 127.0.0.1 7374", 20, 50)
    c.put("two", "list split 2", 20, 76)
    c.put("t", "t b b l b", 20, 102)
    c.put("leave", "disconnect(", 20, 180)
    c.put("connect", "list prepend connect", 150, 132)
    c.put("trim", "list trim", 150, 158)
    c.put("udp", "netsend -u -b", 150, 220)
    c.named["send"] = c.sub(pace(), 330, 132)
    c.put("prepend", "list prepend send", 330, 158)
    c.put("trim2", "list trim", 330, 184)
    c.put("parse", "oscparse", 240, 250)
    c.put("trim3", "list trim", 240, 276)
    c.put("route", "route antiphon", 240, 302)
    c.put("heard", "s $0-heard", 240, 328)
    c.wire("in default", "default two", "two t", "t:3 leave", "leave udp", "t:2 connect",
           "connect trim", "trim udp", "send prepend", "prepend trim2", "trim2 udp",
           "udp:1 parse", "parse trim3", "trim3 route", "route heard")  # fmt: skip
    # Hello, again and again for two seconds.
    c.put("metro", "metro 250", 520, 76)
    c.put("zero", "0(", 620, 102)
    c.put("count", "f", 520, 132)
    c.put("plus", "+ 1", 620, 132)
    c.put("late", "sel 8", 520, 162)
    c.put("off", "0(", 700, 50)
    c.put("found", "r $0-found", 700, 20)
    c.put("nobody", f"{NOBODY}(", 400, 390)
    c.put("error", "s $0-error", 400, 420)
    c.put("hello", f"0 pd {PROTOCOL}(", 570, 200)
    c.put("format", "oscformat /antiphon/hello", 570, 230)
    c.put("out", "s $0-send", 570, 260)
    c.wire("t:1 zero", "zero count:1", "t metro", "metro count", "count plus", "plus count:1",
           "count late", "late nobody", "late off", "nobody error", "late:1 hello",
           "hello format", "format out", "found off", "off metro")  # fmt: skip
    return c


def seed() -> Canvas:
    """Return what chooses a seed: the bridge must not, as a request sent twice has to mean the same."""
    c = Canvas(560, 320, "seed")
    c.put("in", "inlet", 20, 20)
    c.put("t", "t b b", 20, 46)
    # [random] begins alike in every Pd. The microseconds since it was made do not, nor the port that the
    # system gave the socket; together they are 24 bits, as many as a number holds.
    c.put("since", "realtime", 20, 106)
    c.put("port", "value $0-port", 150, 76)
    c.put("mixed", "expr int(fmod($f2*256+fmod($f1*1000,65536),16777216))", 20, 136)
    c.put("then", "t b f", 20, 166)
    c.put("start", "seed $1(", 150, 196)
    # Six digits: more are not shown.
    c.put("random", "random 1000000", 20, 226)
    c.put("seed", "value $0-seed", 20, 256)
    c.wire("in t", "t:1 port", "port mixed:1", "t since:1", "since mixed", "mixed then",
           "then:1 start", "start random", "then random", "random seed")  # fmt: skip
    return c


def ask() -> Canvas:
    """Return what begins a request; the verb comes as a symbol."""
    c = Canvas(940, 640, "ask")
    c.put("in", "inlet", 20, 20)
    c.put("t", "t a b", 20, 50)
    c.put("phase?", "value $0-phase", 140, 80)
    c.put("free", "== 0", 140, 106)
    c.put("busy", "sel 0", 230, 106)
    c.put("gate", "spigot", 20, 140)
    c.put("still", "busy still working on the last request: cancel stops it(", 300, 140)
    c.put("error", "s $0-warning", 300, 170)
    c.wire("in t", "t:1 phase?", "phase? free", "free busy", "free gate:1", "busy still",
           "still error", "t gate")  # fmt: skip
    c.put("steps", "t a b b b a b", 20, 200)
    c.put("clear", "s $0-clear-request", 480, 200)
    c.put("verb", "s $0-verb", 420, 230)
    c.put("zero", "0(", 300, 260)
    c.wire("gate steps", "steps:5 clear", "steps:4 verb", "steps:3 zero")
    for column, name in enumerate(("silence", "asked", "begun")):
        c.put(name, f"value $0-{name}", 300 + 160 * column, 290)
        c.wire(f"zero {name}")
    c.put("id", "value $0-id", 200, 330)
    c.put("id+", "+ 1", 200, 356)
    c.put("id=", "value $0-id", 200, 382)
    c.put("bang", "t b b b", 110, 420)
    c.put("size", "text size $0-context", 640, 330)
    c.put("of", "expr int(($f1+47)/48)", 640, 356)
    c.put("of=", "value $0-of", 640, 382)
    c.put("lock", "value $0-lock", 460, 420)
    c.put("unlocked", "sel 0", 460, 446)
    c.named["seed"] = c.sub(seed(), 460, 472)
    c.put("takes", "list takes(", 260, 450)
    c.put("search", "text search $0-options", 260, 476)
    c.put("found", "moses 0", 260, 506)
    c.put("one", "1(", 260, 536)
    c.put("field", "text get $0-options 1 1", 330, 536)
    c.put("takes=", "value $0-takes", 260, 570)
    c.wire("steps:2 id", "id id+", "id+ id=", "steps:1 bang", "bang:2 size", "size of", "of of=",
           "bang:1 lock", "lock unlocked", "unlocked seed", "bang takes",
           "takes search", "search found", "found one", "found:1 field", "one takes=",
           "field takes=")  # fmt: skip
    # Last of all it begins: generate needs no context.
    c.put("trim", "route symbol", 20, 454)
    c.put("generate", "sel generate", 20, 480)
    c.put("2", "2(", 20, 510)
    c.put("b", "t b", 90, 510)
    c.put("none?", "value $0-of", 90, 536)
    c.put("sel0", "sel 0", 90, 562)
    c.put("1", "1(", 130, 590)
    c.put("empty", "no_context there are no notes: send some with note(", 420, 560)
    c.put("err", "s $0-warning", 420, 590)
    c.put("then", "t b f f", 20, 580)
    c.put("start", "value $0-start", 110, 638)
    c.put("phase", "value $0-phase", 20, 612)
    c.put("begin", "s $0-begin", 180, 612)
    c.wire("steps trim", "trim generate", "generate 2", "generate:1 b", "b none?", "none? sel0",
           "sel0 empty", "empty err", "sel0:1 1", "2 then", "1 then", "then:2 start",
           "then:1 phase", "then begin")  # fmt: skip
    return c


def watch() -> Canvas:
    """Return what says again what has not been answered, and gives up after five silent seconds."""
    c = Canvas(620, 400, "watch")
    c.put("begin", "r $0-begin", 20, 20)
    c.put("end", "r $0-end", 140, 20)
    c.put("off", "0(", 140, 46)
    c.put("metro", "metro 250", 20, 76)
    c.put("t", "t b b", 20, 106)
    c.put("silence", "value $0-silence", 160, 136)
    c.put("+", "+ 1", 160, 162)
    c.put("t2", "t f f", 160, 188)
    c.put("silence=", "value $0-silence", 260, 218)
    c.put("late", "sel 20", 160, 248)
    c.put("nobody", f"{NOBODY}(", 160, 278)
    c.put("error", "s $0-error", 160, 308)
    c.put("say", "s $0-say", 20, 340)
    c.wire("begin metro", "end off", "off metro", "metro t", "t:1 silence", "silence +", "+ t2",
           "t2:1 silence=", "t2 late", "late nobody", "nobody error", "t say")  # fmt: skip
    return c


def say() -> Canvas:
    """Return what is sent in each phase."""
    c = Canvas(900, 560, "say")
    c.put("say", "r $0-say", 20, 20)
    c.put("phase", "value $0-phase", 20, 46)
    c.put("sel", "sel 1 2 3 4", 20, 76)
    c.put("of", "value $0-of", 20, 110)
    c.loop("chunks", 20, 140)
    c.put("k", "t f f", 20, 280)
    c.put("acked", "text search $0-acks", 120, 306)
    c.put("not", "< 0", 120, 332)
    c.put("gate", "spigot", 20, 362)
    c.put("chunk", "s $0-chunk", 20, 392)
    c.put("request", "s $0-request", 250, 110)
    c.wire("say phase", "phase sel", "sel of", "of chunks", "chunks.i k", "k:1 acked",
           "acked not", "not gate:1", "k gate", "gate chunk", "sel:1 request")  # fmt: skip
    c.put("t", "t b b", 420, 110)
    c.put("1", "1(", 500, 136)
    c.put("asked", "value $0-asked", 500, 162)
    c.put("takes", "value $0-takes", 420, 192)
    c.loop("resend", 420, 222)
    # What it says of the first take that is not done holds for those after it.
    c.put("done?", "text search $0-dones", 560, 362)
    c.put("undone", "moses 0", 560, 416)
    c.put("last", "t b", 560, 442)
    c.put("rt", "t f b f", 420, 362)
    c.put("rid", "value $0-id", 520, 388)
    c.put("pack", "pack f f", 420, 418)
    c.put("order", "$2 $1(", 420, 444)
    c.put("rformat", "oscformat /antiphon/resend", 420, 470)
    c.put("rsend", "s $0-send", 420, 496)
    c.wire("sel:2 t", "t:1 1", "1 asked", "t takes", "takes resend", "resend.i rt",
           "rt:2 done?", "done? undone", "undone last", "last resend.until:1", "rt:1 rid",
           "rid pack:1", "rt pack", "pack order", "order rformat", "rformat rsend")  # fmt: skip
    c.put("cid", "value $0-id", 680, 110)
    c.put("cformat", "oscformat /antiphon/cancel", 680, 140)
    c.put("csend", "s $0-send", 680, 170)
    c.wire("sel:3 cid", "cid cformat", "cformat csend")
    return c


def chunk() -> Canvas:
    """Return what sends one message of the context: id seq of n notes."""
    c = Canvas(760, 560, "chunk")
    c.put("in", "r $0-chunk", 20, 20)
    c.put("t", "t b f f f", 20, 50)
    c.put("sizet", "t b f", 330, 50)
    c.put("size", "text size $0-context", 330, 80)
    c.put("n", "expr $f1-48*$f2", 330, 110)
    c.put("most", "min 48", 330, 136)
    c.put("seq", "t b f", 230, 166)
    c.put("headt", "t b b", 500, 166)
    c.put("id", "value $0-id", 440, 196)
    c.put("of", "value $0-of", 560, 196)
    c.put("head", "pack f f f f", 440, 226)
    c.put("first", "* 48", 130, 196)
    c.put("end", "t b b", 20, 226)
    c.put("count", "f", 150, 256)
    c.loop("notes", 150, 286)
    c.put("add", "+", 150, 420)
    c.put("get", "text get $0-context", 150, 446)
    c.put("append", "list prepend append", 150, 472)
    c.put("trim", "list trim", 150, 498)
    c.put("store", "list store", 20, 472)
    c.put("format", "oscformat /antiphon/context", 20, 524)
    c.put("send", "s $0-send", 250, 524)
    c.wire("in t", "t:3 sizet", "sizet:1 n:1", "sizet size", "size n", "n most", "most head:3",
           "most count:1", "t:2 seq", "seq:1 head:1", "seq headt", "headt:1 of", "of head:2",
           "headt id", "id head", "head store:1", "t:1 first", "first add:1", "t end",
           "end:1 count", "count notes", "notes.i add", "add get", "get append", "append trim",
           "trim store", "end store", "store format", "format send")  # fmt: skip
    return c


def request() -> Canvas:
    """Return what sends the request: id, options, seed."""
    c = Canvas(720, 540, "request")
    c.put("in", "r $0-request", 20, 20)
    c.put("t", "t b b b b b", 20, 50)
    c.put("verb", "r $0-verb", 520, 20)
    c.put("symbol", "symbol", 480, 50)
    c.put("name", "makefilename /antiphon/%s", 480, 80)
    c.put("set", "set $1(", 480, 106)
    c.put("id", "value $0-id", 330, 106)
    c.put("size", "text size $0-options", 140, 130)
    c.loop("lines", 140, 160)
    c.put("get", "text get $0-options", 140, 300)
    c.put("append", "list prepend append", 140, 330)
    c.put("trim", "list trim", 140, 360)
    c.put("own", "list seed(", 360, 200)
    c.put("search", "text search $0-options", 360, 226)
    c.put("moses", "moses 0", 360, 252)
    c.put("b", "t b", 360, 278)
    c.put("seed", "value $0-seed", 360, 304)
    c.put("seedmsg", "append seed $1(", 360, 330)
    c.put("store", "list store", 20, 420)
    c.put("format", "oscformat /antiphon/generate", 20, 450)
    c.put("send", "s $0-send", 20, 480)
    c.wire("verb symbol:1", "in t", "t:4 symbol", "symbol name", "name set", "set format",
           "t:3 id", "id store:1", "t:2 size", "size lines", "lines.i get", "get append",
           "append trim", "trim store", "t:1 own", "own search", "search moses", "moses b",
           "b seed", "seed seedmsg", "seedmsg store", "t store", "store format", "format send")  # fmt: skip
    return c
