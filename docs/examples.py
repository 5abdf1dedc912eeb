"""Write docs/examples.md: every request of the protocol in five languages. python docs/examples.py"""

from __future__ import annotations

from pathlib import Path

from antiphon.bridge.protocol.table import HOST, NOTES_A_DATAGRAM, PORT, REQUESTS

Value = int | float | str
PAGE = Path(__file__).with_name("examples.md")
SAMPLES: dict[str, tuple[Value, ...]] = {
    "/antiphon/hello": (9101, "max", 1),
    "/antiphon/ping": (1, "two"),
    "/antiphon/status": (),
    "/antiphon/models": (),
    "/antiphon/load": ("folk",),
    "/antiphon/params": (),
    "/antiphon/set": ("bars", 8, "scale", "D dorian"),
    "/antiphon/get": ("bars",),
    "/antiphon/context": ("riff", 0, 1, 2, 62, 0.0, 1.0, 96, 0, 65, 1.0, 1.0, 90, 0),
    "/antiphon/generate": ("tune", "model", "folk", "bars", 4, "seed", 7),
    "/antiphon/continue": ("riff", "bars", 4, "metre", "4/4", "temperature", 0.9),
    "/antiphon/resend": ("riff", 0, 2, 3),
    "/antiphon/cancel": ("tune",),
    "/antiphon/notify": (1,),
    "/antiphon/sync": (5,),
}
"""What each request is shown with."""


def tags(args: tuple[Value, ...]) -> str:
    """Return OSC's type tags.

    >>> tags(("riff", 0, 1.0))
    'sif'
    """
    return "".join("s" if isinstance(v, str) else "i" if isinstance(v, int) else "f" for v in args)


def literal(value: Value) -> str:
    """Return a value as Python, JavaScript and SuperCollider write it."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def maxmsp(address: str, args: tuple[Value, ...]) -> str:
    """Return a message box for [udpsend 127.0.0.1 7374]."""
    words = (f'"{v}"' if isinstance(v, str) and " " in v else str(v) for v in args)
    return " ".join([address, *words])


def puredata(address: str, args: tuple[Value, ...]) -> str:
    """Return a message and what makes OSC of it."""
    words = " ".join(v.replace(" ", "\\ ") if isinstance(v, str) else f"{v:g}" for v in args)
    format_ = f"-f {tags(args)} " if args else ""
    return f"[list {words}( → [oscformat {format_}{address}]" if args else f"[bang( → [oscformat {address}]"


def supercollider(address: str, args: tuple[Value, ...]) -> str:
    """Return a call of a NetAddr."""
    return f"b.sendMsg({', '.join(map(literal, (address, *args)))});"


def python(address: str, args: tuple[Value, ...]) -> str:
    """Return a call of python-osc's client."""
    return f"client.send_message({literal(address)}, [{', '.join(map(literal, args))}])"


def javascript(address: str, args: tuple[Value, ...]) -> str:
    """Return a call of a socket."""
    return f"send({literal(address)}, [{', '.join(map(literal, args))}]);"


HEAD = f"""# Every message, to copy

One example of each request in five languages. What the arguments mean is in [protocol.md](protocol.md), what
the options mean in [parameters.md](parameters.md); clients that do all of this for you are in
[hosts](hosts/README.md).

Before the examples stand, once:

**Max**: `[udpsend {HOST} {PORT}]` for the messages, `[udpreceive 9101]` for the replies: Max hears on another
port than it sends from, so `/antiphon/hello 9101 max 1` comes first.

**Pure Data**: `[netsend -u -b]` that was sent `connect {HOST} {PORT}`; between it and `[oscformat]` stand
`[list prepend send]` and `[list trim]`. Its right outlet, through `[oscparse]`, has the replies.

**SuperCollider**:

```
b = NetAddr("{HOST}", {PORT});
OSCdef(\\antiphon, {{ |message| message.postln }}, "/antiphon/done");  // one for each reply that you want
```

**Python**, with python-osc; `antiphon.bridge.client` is more comfortable and hears the replies, too:

```python
from pythonosc.udp_client import SimpleUDPClient

client = SimpleUDPClient("{HOST}", {PORT})
```

**JavaScript**, in Node:

```js
const {{encode, decode}} = require("./antiphon-client");
const socket = require("dgram").createSocket("udp4");
socket.on("message", (bytes) => console.log(decode(bytes)));
const send = (address, args) => socket.send(encode(address, args), {PORT}, "{HOST}");
```

A message has at most {NOTES_A_DATAGRAM} notes.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for request in REQUESTS:
        args = SAMPLES[request.address]
        replies = ", ".join(f"`{reply}`" for reply in request.replies)
        rows = (
            ("Max", maxmsp(request.address, args)),
            ("Pure Data", puredata(request.address, args)),
            ("SuperCollider", supercollider(request.address, args)),
            ("Python", python(request.address, args)),
            ("JavaScript", javascript(request.address, args)),
        )
        table = "\n".join(f"| {name} | `{text}` |" for name, text in rows)
        parts.append(
            f"## {request.address}\n\nIt {request.doc}. Replies: {replies}.\n\n| | |\n|---|---|\n{table}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
