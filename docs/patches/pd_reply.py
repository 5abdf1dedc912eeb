"""Subpatches of [antiphon] for Pure Data that hear; see puredata.py."""

from __future__ import annotations

from pd_request import PROTOCOL
from pdpatch import Canvas

DIFFER = (
    f"protocol the bridge speaks protocol $1 and this object {PROTOCOL}: bring both to one version with "
    "pip install --upgrade antiphon and antiphon clients install puredata then restart both"
)


def heard() -> Canvas:
    """Return what becomes of replies: those to the request that is under way go on."""
    c = Canvas(1000, 500, "heard")
    c.put("in", "r $0-heard", 20, 20)
    c.put("route", "route hello ack progress notes done fail model models param params", 20, 50)
    c.put("reply", "route reply", 20, 90)
    c.put("list", "list", 20, 116)
    c.put("hello", "s $0-hello", 20, 142)
    c.wire("in route", "route reply", "reply list", "list hello")
    for column, name in enumerate(("ack", "progress", "notes", "done", "fail")):
        left = 190 + 155 * column
        c.put(f"{name}.list", "list", left, 90)
        c.put(f"{name}.t", "t l l", left, 116)
        c.put(f"{name}.head", "list split 1", left + 50, 142)
        c.put(f"{name}.kind", "route float symbol", left + 10, 168)
        c.put(f"{name}.b", "t f b", left + 50, 194)
        c.put(f"{name}.id", "value $0-id", left + 50, 220)
        c.put(f"{name}.is", "==", left + 10, 246)
        c.put(f"{name}.gate", "spigot", left, 276)
        c.put(f"{name}.rest", "list split 1", left, 302)
        c.put(f"{name}.out", f"s $0-got-{name}", left + 20, 332)
        c.wire(f"route:{column + 1} {name}.list", f"{name}.list {name}.t",
               f"{name}.t:1 {name}.head", f"{name}.head {name}.kind", f"{name}.kind {name}.b",
               f"{name}.b:1 {name}.id", f"{name}.id {name}.is:1", f"{name}.b {name}.is",
               f"{name}.is {name}.gate:1", f"{name}.t {name}.gate", f"{name}.gate {name}.rest",
               f"{name}.rest:1 {name}.out")  # fmt: skip
    # A failure has the id, or the address of what was refused.
    c.put("refused", "t b", 900, 370)
    c.put("one", "1(", 900, 396)
    c.wire("fail.kind:1 refused", "refused one", "one fail.gate:1")
    for column, (outlet, name) in enumerate(((6, "model"), (7, "models"), (8, "param"), (9, "params"))):
        left = 20 + 200 * column
        c.put(f"{name}.p", f"list prepend {name}", left, 430)
        c.put(f"{name}.s", "s $0-status", left, 456)
        c.wire(f"route:{outlet} {name}.p", f"{name}.p {name}.s")
    return c


def greeted() -> Canvas:
    """Return what becomes of the bridge's greeting: name version protocol reply_port capabilities."""
    c = Canvas(760, 320, "greeted")
    c.put("in", "r $0-hello", 20, 20)
    c.put("t", "t b l", 20, 46)
    c.put("found", "s $0-found", 20, 240)
    c.put("unpack", "unpack s s f f", 110, 76)
    c.put("port", "value $0-port", 300, 106)
    # The protocol comes before the version: with another than ours there is nothing to be ready for.
    c.put("protocol", "t f f", 210, 132)
    c.put("ours", f"== {PROTOCOL}", 270, 158)
    c.put("version", "spigot", 160, 184)
    c.put("other", f"sel {PROTOCOL}", 330, 158)
    c.put("differ", f"{DIFFER}(", 330, 184)
    c.put("error", "s $0-error", 330, 210)
    c.put("ready", "list prepend ready", 160, 210)
    c.put("status", "s $0-status", 160, 240)
    c.wire("in t", "t:1 unpack", "unpack:3 port", "unpack:2 protocol", "protocol:1 ours",
           "ours version:1", "protocol other", "other:1 differ", "differ error", "unpack:1 version",
           "version ready", "ready status", "t found")  # fmt: skip
    return c


def arrived() -> Canvas:
    """Return what an ack and progress change."""
    c = Canvas(760, 640, "arrived")
    c.put("ack", "r $0-got-ack", 20, 20)
    c.put("t", "t f f b", 20, 46)
    c.put("b", "t b b", 200, 46)
    c.put("zero", "0(", 330, 72)
    c.put("silence", "value $0-silence", 330, 98)
    c.put("phase", "value $0-phase", 200, 98)
    c.put("1?", "== 1", 200, 128)
    c.put("2?", "== 2", 270, 128)
    c.put("one", "spigot", 20, 170)
    c.put("two", "spigot", 400, 170)
    c.put("three", "3(", 400, 196)
    c.put("phase3", "value $0-phase", 400, 222)
    c.wire("ack t", "t:2 b", "b:1 zero", "zero silence", "b phase", "phase 1?", "phase 2?",
           "1? one:1", "2? two:1", "t:1 two", "two three", "three phase3", "t one")  # fmt: skip
    c.put("new", "t f f", 20, 200)
    c.put("search", "text search $0-acks", 100, 226)
    c.put("none", "< 0", 100, 252)
    c.put("gate", "spigot", 20, 282)
    c.put("keep", "t b f", 20, 308)
    c.put("set", "text set $0-acks 1e+08", 100, 334)
    c.put("size", "text size $0-acks", 20, 360)
    c.put("cmp", "t f b", 20, 386)
    c.put("of", "value $0-of", 120, 412)
    c.put("all", "==", 20, 442)
    c.put("sel", "sel 1", 20, 468)
    c.put("to2", "2(", 20, 494)
    c.put("go", "t b f", 20, 520)
    c.put("phase2", "value $0-phase", 100, 546)
    c.put("say", "s $0-say", 20, 580)
    c.wire("one new", "new:1 search", "search none", "none gate:1", "new gate", "gate keep",
           "keep:1 set", "keep size", "size cmp", "cmp:1 of", "of all:1", "cmp all", "all sel",
           "sel to2", "to2 go", "go:1 phase2", "go say")  # fmt: skip
    c.put("progress", "r $0-got-progress", 520, 300)
    c.put("pt", "t f b", 520, 326)
    c.put("pzero", "0(", 620, 352)
    c.put("psilence", "value $0-silence", 620, 378)
    c.put("p", "list prepend progress", 520, 410)
    c.put("ps", "s $0-status", 520, 436)
    c.wire("progress pt", "pt:1 pzero", "pzero psilence", "pt p", "p ps")
    return c


def collect() -> Canvas:
    """Return what keeps the messages of an answer."""
    c = Canvas(900, 320, "collect")
    c.put("alive", "r $0-alive", 640, 20)
    c.put("at", "t b b", 640, 46)
    c.put("azero", "0(", 740, 72)
    c.put("asilence", "value $0-silence", 740, 98)
    c.put("aone", "1(", 640, 130)
    c.put("abegun", "value $0-begun", 640, 156)
    c.wire("alive at", "at:1 azero", "azero asilence", "at aone", "aone abegun")
    for column, (name, kept, keys) in enumerate((("notes", "chunks", 2), ("done", "dones", 1))):
        left = 20 + 300 * column
        c.put(f"{name}", f"r $0-got-{name}", left, 20)
        c.put(f"{name}.t", "t l l b", left, 46)
        c.put(f"{name}.alive", "s $0-alive", left + 160, 72)
        c.put(f"{name}.key", f"list split {keys}", left + 70, 102)
        c.put(f"{name}.search", f"text search $0-{kept}", left + 70, 128)
        c.put(f"{name}.none", "< 0", left + 70, 154)
        c.put(f"{name}.gate", "spigot", left, 184)
        c.put(f"{name}.keep", "t b l", left, 210)
        c.put(f"{name}.set", f"text set $0-{kept} 1e+08", left + 70, 236)
        c.put(f"{name}.check", "s $0-check", left, 266)
        c.wire(f"{name} {name}.t", f"{name}.t:2 {name}.alive", f"{name}.t:1 {name}.key",
               f"{name}.key {name}.search", f"{name}.search {name}.none",
               f"{name}.none {name}.gate:1", f"{name}.t {name}.gate", f"{name}.gate {name}.keep",
               f"{name}.keep:1 {name}.set", f"{name}.keep {name}.check")  # fmt: skip
    return c


def failed() -> Canvas:
    """Return what a failure does."""
    c = Canvas(900, 640, "failed")
    c.put("fail", "r $0-got-fail", 20, 20)
    c.put("t", "t l b l", 20, 46)
    c.put("code", "list trim", 480, 76)
    c.put("args?", "route bad_args", 480, 102)
    c.put("yes", "1(", 480, 128)
    c.put("no", "0(", 580, 128)
    c.put("b", "t b b b", 120, 76)
    c.put("asked", "value $0-asked", 120, 154)
    c.put("begun", "value $0-begun", 240, 154)
    c.put("phase", "value $0-phase", 360, 154)
    c.put("unknown", "expr $f1==1 && $f2==0 && $f3==3 && $f4", 120, 184)
    c.put("new?", "t f f", 120, 210)
    c.put("old", "== 0", 200, 236)
    c.put("gate", "spigot", 20, 266)
    c.wire("fail t", "t:2 code", "code args?", "args? yes", "args?:1 no", "yes unknown:3", "no unknown:3",
           "t:1 b", "b:2 phase", "phase unknown:2", "b:1 begun", "begun unknown:1", "b asked",
           "asked unknown", "unknown new?", "new?:1 old", "old gate:1", "t gate")  # fmt: skip
    # Whatever the bridge says to a cancel, such as that the answer was ready: it is cancelled. What is over
    # cannot fail.
    c.put("taken", "== 4", 400, 220)
    c.put("running", "expr $f1 && $f1!=4", 480, 220)
    c.put("cancel", "spigot", 20, 320)
    c.put("cancelled", "cancelled cancelled as asked(", 20, 350)
    c.put("other", "spigot", 120, 320)
    c.put("error", "s $0-error", 20, 380)
    c.wire("phase taken", "phase running", "taken cancel:1", "running other:1", "gate cancel", "gate other",
           "cancel cancelled", "cancelled error", "other error")  # fmt: skip
    # Nothing to send again: the bridge was started anew, or what looked like the request's ack was a late one
    # of its context. It begins again, under another name: what still comes for the former one is not for it.
    c.put("sel", "sel 1", 280, 266)
    c.put("anew", "t b b b b b", 280, 320)
    c.put("clear", "s $0-clear-request", 680, 350)
    c.put("id", "value $0-id", 560, 380)
    c.put("+", "+ 1", 560, 406)
    c.put("id=", "value $0-id", 560, 432)
    c.put("0", "0(", 460, 380)
    c.put("asked=", "value $0-asked", 430, 432)
    c.put("start", "value $0-start", 300, 462)
    c.put("phase=", "value $0-phase", 300, 488)
    c.put("say", "s $0-say", 280, 540)
    c.wire("new? sel", "sel anew", "anew:4 clear", "anew:3 id", "id +", "+ id=", "anew:2 0", "0 asked=",
           "anew:1 start", "start phase=", "anew say")  # fmt: skip
    return c


def check() -> Canvas:
    """Return what sees whether all takes are here."""
    c = Canvas(760, 560, "check")
    c.put("in", "r $0-check", 20, 20)
    c.put("t", "t b b b b", 20, 46)
    c.put("zero", "0(", 420, 76)
    c.put("sum0", "value $0-sum", 420, 102)
    c.put("size", "text size $0-dones", 280, 76)
    c.loop("lines", 280, 130)
    c.put("total", "text get $0-dones 1 1", 280, 270)
    c.put("47", "+ 47", 280, 296)
    c.put("48", "div 48", 280, 322)
    c.put("max", "max 1", 280, 348)
    c.put("add.t", "t f b", 280, 374)
    c.put("sum", "value $0-sum", 380, 400)
    c.put("add", "+", 280, 430)
    c.put("sum=", "value $0-sum", 280, 456)
    c.wire("in t", "t:3 zero", "zero sum0", "t:2 size", "size lines", "lines.i total", "total 47",
           "47 48", "48 max", "max add.t", "add.t:1 sum", "sum add:1", "add.t add", "add sum=")  # fmt: skip
    c.put("right", "t b b", 150, 106)
    c.put("takes", "value $0-takes", 20, 166)
    c.put("want", "value $0-sum", 150, 136)
    c.put("left", "t b b", 20, 106)
    c.put("chunks", "text size $0-chunks", 20, 260)
    c.put("dones", "text size $0-dones", 20, 290)
    c.put("ge2", ">=", 180, 320)
    c.put("ge1", ">=", 20, 320)
    c.put("and", "&&", 20, 360)
    c.put("sel", "sel 1", 20, 386)
    # One that comes after a cancel is not shown.
    c.put("phase?", "value $0-phase", 280, 490)
    c.put("wanted", "sel 4", 280, 520)
    c.put("end.t", "t b b b", 20, 412)
    c.put("end", "s $0-end", 180, 440)
    c.put("0", "0(", 100, 440)
    c.put("phase", "value $0-phase", 100, 470)
    c.put("first", "0(", 20, 470)
    c.put("show", "s $0-show", 20, 500)
    c.wire("t:1 right", "right:1 want", "want ge2:1", "right takes", "takes ge1:1", "t left",
           "left:1 chunks", "chunks ge2", "ge2 and:1", "left dones", "dones ge1", "ge1 and",
           "and sel", "sel phase?", "phase? wanted", "wanted:1 end.t", "end.t:2 end", "end.t:1 0",
           "0 phase", "end.t first", "first show")  # fmt: skip
    return c


def show() -> Canvas:
    """Return what hands out a take, note by note, and says that it is done."""
    c = Canvas(860, 640, "show")
    c.put("in", "r $0-show", 20, 20)
    c.put("t", "t f f f b", 20, 46)
    c.put("clear", "s $0-clear-notes", 300, 76)
    c.put("shown", "value $0-shown", 220, 102)
    c.put("mt", "t f f", 120, 132)
    c.wire("in t", "t:3 clear", "t:2 shown", "t:1 mt")
    # How many messages the take has, then each of them by its number.
    c.put("zero", "list append 0", 120, 162)
    c.put("search0", "text search $0-chunks", 120, 188)
    c.put("of", "text get $0-chunks 2 1", 120, 214)
    c.loop("seqs", 120, 244)
    c.put("pack", "pack f f", 120, 380)
    c.put("order", "$2 $1(", 120, 406)
    c.put("search", "text search $0-chunks", 120, 432)
    c.put("get", "text get $0-chunks", 120, 458)
    c.put("lt", "t l l", 120, 484)
    c.put("three", "list split 3", 420, 160)
    c.put("n", "list split 1", 480, 186)
    c.wire("mt:1 pack:1", "mt zero", "zero search0", "search0 of", "of seqs", "seqs.i pack",
           "pack order", "order search", "search get", "get lt", "lt three", "three:1 n")  # fmt: skip
    c.loop("notes", 480, 216)
    c.put("5", "* 5", 480, 350)
    c.put("4", "+ 4", 480, 376)
    c.put("ask", "get $1 5(", 480, 402)
    c.put("store", "list store", 480, 432)
    c.put("nt", "t l l", 480, 462)
    c.put("keep", "text set $0-notes 1e+08", 560, 488)
    c.put("note", "s $0-note", 480, 514)
    c.wire("n notes", "notes.i 5", "5 4", "4 ask", "ask store", "lt:1 store:1", "store nt",
           "nt:1 keep", "nt note")  # fmt: skip
    c.put("dsearch", "text search $0-dones", 20, 530)
    c.put("dget", "text get $0-dones", 20, 556)
    c.put("done", "list prepend done", 20, 582)
    c.put("status", "s $0-status", 20, 608)
    c.wire("t dsearch", "dsearch dget", "dget done", "done status")
    return c


def play() -> Canvas:
    """Return what plays the take that is shown, in time: pitch velocity duration (ms) channel."""
    c = Canvas(760, 560, "play")
    c.put("in", "inlet", 20, 20)
    c.put("stop", "inlet", 620, 20)
    c.put("t", "t b b b b", 20, 46)
    c.put("clear", "clear(", 620, 440)
    # It begins at the beat of the first one to start, which need not be the first to come.
    c.put("firsts", "t b b", 440, 46)
    c.put("far", "1e+09(", 560, 76)
    c.put("size2", "text size $0-notes", 440, 102)
    c.loop("all", 440, 128)
    c.put("start", "text get $0-notes 1 1", 440, 268)
    c.put("least", "min", 440, 294)
    c.put("kept", "t f f", 440, 320)
    c.put("floor", "expr floor($f1)", 440, 346)
    c.put("beat", "value $0-beatms", 180, 102)
    c.put("size", "text size $0-notes", 20, 76)
    c.loop("lines", 20, 110)
    c.put("get", "text get $0-notes", 20, 250)
    c.put("unpack", "unpack f f f f f", 20, 280)
    c.put("minus", "-", 200, 320)
    c.put("ms1", "*", 200, 350)
    c.put("ms2", "*", 290, 320)
    c.put("plus", "+ 1", 400, 320)
    c.put("pipe", "pipe 0 0 0 0 0", 20, 440)
    c.put("pack", "pack f f f f", 20, 480)
    c.put("out", "outlet", 20, 520)
    c.wire("in t", "t:3 clear", "t:2 firsts", "firsts:1 far", "far least:1", "firsts size2", "size2 all",
           "all.i start", "start least", "least kept", "kept:1 least:1", "kept floor", "floor minus:1",
           "t:1 beat", "beat ms1:1", "beat ms2:1", "t size", "size lines", "lines.i get", "get unpack",
           "unpack:4 plus", "plus pipe:3", "unpack:3 pipe:1", "unpack:2 ms2", "ms2 pipe:2", "unpack:1 minus",
           "minus ms1", "ms1 pipe:4", "unpack pipe", "pipe:3 pack:3", "pipe:2 pack:2",
           "pipe:1 pack:1", "pipe pack", "pack out", "stop clear", "clear pipe")  # fmt: skip
    return c
