"""Write the replies of docs/protocol.md's conversation as a bridge gives them: python docs/conversation.py"""

from __future__ import annotations

import hashlib
import re
import shlex
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

from antiphon.bridge.engine.engine import Engine
from antiphon.bridge.protocol.osc import Message, Value, build, read
from antiphon.bridge.runtime.shelf import ModelShelf
from antiphon.bridge.server.server import Server

PAGE = Path(__file__).with_name("protocol.md")
MODEL = PAGE.parents[1] / "models" / "folk.onnx"
LINE = re.compile(r"^    [→←] .+\n(?:        .+\n)*", re.MULTILINE)
STAMP = re.compile(r"<!-- the notes of this conversation are those of folk\.onnx, sha256 (\w+) -->")
QUIET = 0.5
"""Seconds of silence after which a request has its last reply."""
_READ = {"i": int, "f": float, "s": str}


def stamp() -> str:
    """Return what the page says of the model file whose notes it shows."""
    return hashlib.sha256(MODEL.read_bytes()).hexdigest()[:16]


def shown(line: str) -> Message:
    """Return the message that a line shows."""
    _, address, *rest = shlex.split(re.sub(r"\n +", " ", line))
    types, values = (rest[0], rest[1:]) if rest else ("", [])
    return Message(address, tuple(_READ[t](v) for t, v in zip(types, values, strict=True)))


def written(message: Message) -> str:
    """Return a reply as a line, folded where it is long."""
    kinds = {str: "s", int: "i", float: "f"}
    tags = "".join(kinds[type(value)] for value in message.args)
    values = [f'"{v}"' if isinstance(v, str) else f"{v:.4g}" if isinstance(v, float) else str(v)
              for v in message.args]  # fmt: skip
    values = [
        v + ".0" if t == "f" and v.lstrip("-").isdigit() else v for v, t in zip(values, tags, strict=True)
    ]
    text = " ".join(["←", message.address, tags, *values]).rstrip()
    lines = textwrap.wrap(text, 106, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{'    ' if not i else '        '}{line}\n" for i, line in enumerate(lines))


def replies(sock: socket.socket, port: int) -> Iterator[Message]:
    """Yield what comes back until nothing does, but for progress; our own port is 9101 on the page."""
    while True:
        try:
            (message,) = read(sock.recv(65536))
        except TimeoutError:
            return
        if isinstance(message, Message) and message.address != "/antiphon/progress":
            args: tuple[Value, ...] = tuple(9101 if value == port else value for value in message.args)
            yield Message(message.address, args)


def conversation(page: str) -> str:
    """Return the page with each run of replies as they come after the requests above it."""
    shelf = ModelShelf()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with Engine(shelf) as engine, Server(engine, shelf, port=0) as server, udp as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(QUIET)
        port = sock.getsockname()[1]

        def answered(block: re.Match[str]) -> str:
            asked = [line for line in LINE.findall(block[0]) if "→" in line]
            for line in asked:
                message = shown(line)
                args = tuple(port if value == 9101 else value for value in message.args)
                sock.sendto(build(Message(message.address, args)), server.address)
            return "".join([*asked, *map(written, replies(sock, port))])

        # A block: requests and the replies to them.
        return re.sub(r"(?:^    → .+\n(?:        .+\n)*)+(?:^    ← .+\n(?:        .+\n)*)+", answered, page,
                      flags=re.MULTILINE)  # fmt: skip


def main() -> None:
    """Rewrite the page."""
    page = conversation(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(STAMP.sub(lambda found: found[0].replace(found[1], stamp()), page), encoding="utf-8")


if __name__ == "__main__":
    main()
