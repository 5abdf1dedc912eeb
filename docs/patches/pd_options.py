"""Subpatches of [antiphon] for Pure Data that keep options; see puredata.py."""

from __future__ import annotations

from pdpatch import Canvas


def join() -> Canvas:
    """Return what makes one symbol of a list of words, with spaces between them: F# minor pentatonic."""
    c = Canvas(560, 540, "join")
    c.put("in", "inlet", 20, 20)
    c.put("t", "t b l l b", 20, 46)
    c.put("none", "list(", 400, 80)
    c.put("length", "list length", 150, 80)
    c.loop("word", 150, 110)
    c.put("pick", "get $1 1(", 150, 244)
    c.put("kept", "list store", 150, 270)
    # A word may be a number, which has no characters: makefilename makes text of both.
    c.put("name", "makefilename %s", 150, 296)
    c.put("letters", "list fromsymbol", 150, 322)
    c.put("space", "list prepend append 32", 150, 348)
    c.put("trim", "list trim", 150, 374)
    c.put("joined", "list store", 20, 400)
    # Without the space before the first word.
    c.put("first", "list split 1", 20, 430)
    c.put("symbol", "list tosymbol", 70, 460)
    c.put("out", "outlet", 70, 490)
    c.wire("in t", "t:3 none", "none joined:1", "t:2 kept:1", "t:1 length", "length word", "word.i pick",
           "pick kept", "kept name", "name letters", "letters space", "space trim", "trim joined", "t joined",
           "joined first", "first:1 symbol", "symbol out")  # fmt: skip
    return c


def options() -> Canvas:
    """Return what keeps an option: key value..., auto takes it back."""
    c = Canvas(980, 560, "options")
    c.put("in", "inlet", 20, 20)
    c.put("trimmed", "t a a", 20, 46)
    c.put("words", "list length", 90, 20)
    c.put("some", "> 1", 190, 20)
    c.put("few", "sel 0", 240, 20)
    c.put("needs", "bad_args set needs an option and a value: set bars 4(", 520, 98)
    c.put("enough", "spigot", 190, 46)
    c.put("bare", "list trim", 260, 46)
    c.put("warning", "s $0-warning", 400, 72)
    c.wire("trimmed:1 words", "words some", "some enough:1", "some few", "few needs", "needs warning",
           "trimmed enough", "enough bare")  # fmt: skip
    # With any other mode or port an answer would never be heard here.
    own = {
        "mode": "a take comes at once when it is ready",
        "reply_port": "replies come to the object's own port",
    }
    c.put("own", "route " + " ".join(own), 20, 72)
    for column, (name, why) in enumerate(own.items()):
        c.put(name, f"bad_args {name} cannot be set here: {why}(", 400, 20 + 26 * column)
        c.wire(f"own:{column} {name}", f"{name} warning")
    c.put("list", "list", 20, 98)
    c.put("t", "t l l", 20, 124)
    c.put("key", "list split 1", 260, 80)
    c.put("t2", "t l l", 260, 106)
    c.put("search", "text search $0-options", 330, 136)
    c.put("moses", "moses 0", 330, 162)
    c.put("delete", "text delete $0-options", 390, 192)
    c.put("split", "list split 1", 20, 220)
    c.put("size", "t l l", 110, 250)
    c.put("length", "list length", 210, 280)
    c.put("many", "> 1", 210, 306)
    c.put("flip", "== 0", 270, 332)
    c.put("two", "spigot", 340, 362)
    c.put("one", "spigot", 110, 362)
    c.named["join"] = c.sub(join(), 340, 430)
    c.put("trim", "list trim", 110, 396)
    c.put("auto", "route auto", 110, 422)
    c.put("prepend", "list prepend", 170, 474)
    c.put("last", "t l l", 170, 500)
    c.put("append", "text set $0-options 1e+08", 170, 526)
    c.wire("in trimmed", "bare own", "own:2 list", "list t", "t:1 key", "key t2",
           "t2:1 search", "search moses", "moses:1 delete", "t2 prepend:1", "t split",
           "split:1 size", "size:1 length", "length many", "many flip", "many two:1",
           "flip one:1", "size two", "size one", "two join", "join prepend", "one trim",
           "trim auto", "auto:1 prepend", "prepend last", "last append")  # fmt: skip
    # Of two lengths the last one counts: the bridge refuses a request with both.
    c.put("which", "list trim", 560, 300)
    c.put("length?", "route bars beats", 560, 326)
    c.put("beats", "list beats(", 560, 356)
    c.put("bars", "list bars(", 680, 356)
    c.put("search2", "text search $0-options", 560, 386)
    c.put("moses2", "moses 0", 560, 412)
    c.put("delete2", "text delete $0-options", 620, 442)
    c.wire("last:1 which", "which length?", "length? beats", "length?:1 bars", "beats search2",
           "bars search2", "search2 moses2", "moses2:1 delete2")  # fmt: skip
    return c
