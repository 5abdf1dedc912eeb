"""Writes the tables of these pages from the code: `python docs/tables.py`; `--check` only compares.

A page says where a table goes with a pair of comments, `<!-- table: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from antiphon.bridge.client import client
from antiphon.bridge.hosts import hostclient
from antiphon.bridge.protocol import arguments as bounds
from antiphon.bridge.protocol import options, osc, scale
from antiphon.bridge.protocol import table as protocol
from antiphon.bridge.server import sessions
from antiphon.bridge.session import caller, contexts, desk, resend, resolve, session
from antiphon.models.codec import Codec
from antiphon.models.field import Field
from antiphon.models.file import limits as model_limits
from antiphon.models.file import manifest, step
from antiphon.models.score import Part
from antiphon.train.config import sections

HERE = Path(__file__).parent
BLOCK = re.compile(r"(<!-- table: (?P<name>[a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    escaped = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in escaped)


KINDS: Mapping[protocol.Kind, str] = {
    "id": "s or i", "int": "i", "float": "f", "str": "s", "any": "i, f or s",
    "notes": "iffii …", "options": "s and value …", "ints": "i …", "values": "any …",
}  # fmt: skip
"""The OSC types of an argument."""


def arguments(entry: protocol.Address) -> str:
    """Return an address with its arguments: `/antiphon/load model`."""
    return f"`{bounds.usage(entry)}`"


def meanings(entry: protocol.Address) -> str:
    """Return what each argument is; the id, which nearly all have, is explained in the text."""
    told = {a.name: "" if a.kind == "id" else a.doc for a in entry.arguments}
    return "; ".join(f"*{a.name}* ({KINDS[a.kind]})" + (f": {told[a.name]}" if told[a.name] else "")
                     for a in entry.arguments)  # fmt: skip


def requests() -> str:
    """Return the table of requests."""
    rows = [(arguments(e), e.doc, meanings(e), ", ".join(f"`{r}`" for r in e.replies))
            for e in protocol.REQUESTS]  # fmt: skip
    return table(("Request", "What it does", "Arguments", "Replies"), rows)


def replies() -> str:
    """Return the table of replies."""
    return table(("Reply", "What it says", "Arguments"),
                 [(arguments(e), e.doc, meanings(e)) for e in protocol.REPLIES])  # fmt: skip


def failures() -> str:
    """Return the table of failure codes."""
    return table(("Code", "Meaning"), [(f"`{code}`", doc) for code, doc in protocol.FAIL_DOCS.items()])


def limits() -> str:
    """Return the protocol's numbers."""
    return table(("What", "Value"), [
        ("Protocol", protocol.PROTOCOL),
        ("Address of the bridge", f"{protocol.HOST}:{protocol.PORT}"),
        ("Notes in a message, at most", protocol.NOTES_A_DATAGRAM),
        ("Datagrams a client sends at once, at most", protocol.DATAGRAMS_A_SLOT),
        ("Pause after so many", f"{protocol.SLOT_SECONDS * 1000:g} ms"),
    ])  # fmt: skip


def most() -> str:
    """Return the table of what the bridge takes and keeps, at most."""
    rows: list[tuple[str, object, str]] = [
        ("Bytes of a datagram", osc.MAX_DATAGRAM, "the system refuses to send it"),
        ("Bundles inside one another", osc.MAX_DEPTH, "`bad_args`"),
        ("Arguments of a message", osc.MAX_ARGUMENTS, "`bad_args`"),
        ("Characters of an id", bounds.MAX_ID, "`bad_args`"),
        ("Characters of an option's value", options.MAX_CHARACTERS, "`bad_args`"),
        ("Characters of the option text", options.MAX_TUNE, "`bad_args`"),
        ("Messages in a row that are no requests", caller.MAX_STRAYS, "they get no answer"),
        ("Values of a ping", session.MAX_ECHO, "`too_large`"),
        ("Notes of a context", protocol.MAX_CONTEXT_NOTES, "`too_large`"),
        ("Messages of a context", contexts.MAX_CONTEXT_MESSAGES, "`too_large`"),
        ("Beats of an answer, all takes together", resolve.MAX_BEATS_TOGETHER, "`too_large`"),
        ("Requests of a client under way", desk.MAX_RUNNING, "`busy`"),
        ("Syncs of a client that wait", desk.MAX_WAITING, "`busy`"),
        ("Seconds for an answer", f"{desk.REQUEST_SECONDS:g}", "`timeout`"),
        ("Contexts of a client", contexts.MAX_CONTEXTS, "the one not used for longest is forgotten"),
        ("Notes of a client's contexts", contexts.MAX_SESSION_NOTES, "likewise, but for the newest"),
        ("Answers of a client kept for resending", resend.MAX_REQUESTS, "the oldest is forgotten"),
        ("Notes and messages of those", resend.MAX_WEIGHT, "likewise, but for the newest"),
        (
            "Notes kept for all clients together",
            sessions.MAX_WEIGHT,
            "clients who have more than an even share are forgotten as if there were too many",
        ),
        (
            "Clients",
            sessions.MAX_SESSIONS,
            "the oldest with nothing to lose is forgotten, else that awaits no answer and has nothing set",
        ),
    ]
    return table(("What", "At most", "Beyond that"), rows)


def request_options() -> str:
    """Return the table of request options."""
    kinds = {"i": "whole number", "f": "number", "s": "text"}
    rows = [(f"`{o.key}`", kinds[o.type], f"{plain(o.low)} to {plain(o.high)}" if o.type != "s" else "",
             o.default if isinstance(o.default, str) else plain(o.default), o.doc)
            for o in options.OPTIONS]  # fmt: skip
    return table(("Option", "Type", "Range", "Default", "Meaning"), rows)


def plain(number: float) -> str:
    """Return a number without an exponent and without a needless .0.

    >>> plain(1e6), plain(0.25)
    ('1000000', '0.25')
    """
    return str(int(number)) if number == int(number) else str(number)


def scales() -> str:
    """Return the table of modes."""
    return table(("Mode", "Semitones above the tonic"),
                 [(name, ", ".join(map(str, steps))) for name, steps in scale.MODES.items()])  # fmt: skip


def example() -> manifest.Manifest:
    """Return a manifest that shows every kind of input and output."""
    fields = (
        Field("delta", (0, 1)),
        Field("part", (0, 1)),
        Field("pitch", (60, 62)),
        Field("duration", (1, 2)),
    )
    return manifest.Manifest(
        "example", "", Codec(fields), ("4/4",), (Part("a"), Part("b")), True,
        (manifest.StateTensor("h0", (256,)),), manifest.Memory(4, 32, 48, 256),
    )  # fmt: skip


def ports(of: Callable[[manifest.Manifest], tuple[step.Port, ...]]) -> str:
    """Return a table of the step graph's inputs or outputs, for a model of four fields."""
    rows = [(f"`{p.name}`", p.dtype, " × ".join(map(str, p.shape)), p.doc) for p in of(example())]
    return table(("Name", "Type", "Shape", "Meaning"), rows)


def fields_of(module: ModuleType, name: str) -> list[tuple[str, str, str]]:
    """Return a dataclass' fields: name, default and the text below them."""
    tree = ast.parse(inspect.getsource(module))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name).body
    found = []
    for at, node in enumerate(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        after = body[at + 1] if at + 1 < len(body) else None
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
        found.append((node.target.id, ast.unparse(node.value) if node.value else "", text))
    return found


def as_toml(default: str) -> str:
    """Return a Python literal as a TOML file has it.

    >>> as_toml("(0, 0)"), as_toml("True"), as_toml("'4/4'")
    ('[0, 0]', 'true', '"4/4"')
    """
    value = ast.literal_eval(default)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def keys(name: str) -> str:
    """Return the table of a section of a training configuration."""
    rows = [(f"`{key}`", f"`{as_toml(default)}`", text) for key, default, text in fields_of(sections, name)]
    return table(("Key", "Default", "Meaning"), rows)


def manifest_keys() -> str:
    """Return the table of the manifest's keys as they are in the file."""
    rows: list[tuple[Any, ...]] = []
    for key, _, text in fields_of(manifest, "Manifest"):
        if key == "codec":
            rows.append(("`ticks_per_beat`", "grid of delta and duration"))
            rows.append(("`fields`", "name and values of each field, in the order of the chain rule"))
        else:
            rows.append((f"`{key}`", text))
    return table(("Key", "Meaning"), rows)


def script() -> str:
    """Return the script that runs a model anywhere."""
    return f"```python\n{(HERE / 'run_anywhere.py').read_text(encoding='utf-8')}```\n"


def client_methods() -> str:
    """Return the table of the Python client's methods."""
    rows = []
    for name, method in vars(client.Client).items():
        if not name.startswith("_"):
            doc = (inspect.getdoc(method) or "").partition("\n")[0].replace("``", "`")
            rows.append((f"`{name}({parameters(method)})`", doc))
    return table(("Method", "What it does"), rows)


def parameters(method: Callable[..., object]) -> str:
    """Return a method's parameters without their types: `verb, notes=None, *, on_note=None`."""
    told = [p.replace(annotation=p.empty) for p in list(inspect.signature(method).parameters.values())[1:]]
    return str(inspect.Signature(told))[1:-1]


REAL = {
    "puredata": "Pure Data 0.53", "supercollider": "SuperCollider 3.13", "csound": "Csound 6.18",
    "chuck": "ChucK 1.4", "ardour": "Ardour 7.3, 8.12 and 9.8", "node": "Node 20",
}  # fmt: skip
"""Clients whose tests run the program itself, as Debian has it (Node: its own)."""
NEVER_OPENED = {
    "max": "Max", "live": "Live", "reaper": "REAPER", "touchosc": "TouchOSC",
}  # fmt: skip
"""Clients of programs that cannot run where we test."""


def hosts() -> str:
    """Return the table of clients: those that ship, how to get one, its page, and whether it was tried."""
    rows = []
    for name in hostclient.shipped():
        host = hostclient.host_client(name)
        dest = "" if host.look else " --dest DIR"
        page = f"[{name}.md]({name}.md)" if (HERE / "hosts" / f"{name}.md").is_file() else ""
        rows.append((host.title, f"`antiphon clients install {name}{dest}`", page, tried(name)))
    return table(("Host", "Put it there", "Page", "Tried for real?"), rows)


def tried(name: str) -> str:
    """Return how a client was tried; raises KeyError for one of which nobody has said it."""
    tests = (f"test_{name}_client.py", f"test_{name}.py")
    found = next((test for test in tests if (HERE.parent / "tests" / "clients" / test).is_file()), None)
    link = f"; [its tests](../../tests/clients/{found})" if found else ""
    if name in REAL:
        assert found, f"{name} is said to be tried for real, but has no tests/clients/{tests[1]}"
        return f"yes, in {REAL[name]}{link}"
    pages = (f"{name}-checklist.md", "checklist.md")
    checks = next((page for page in pages if (HERE / "hosts" / page).is_file()), None)
    todo = f"; [what is to be looked at there]({checks})" if checks else ""
    return f"**no, never opened in {NEVER_OPENED[name]} itself**{todo}{link}"


TABLES: dict[str, Callable[[], str]] = {
    "requests": requests, "replies": replies, "failures": failures, "limits": limits, "most": most,
    "options": request_options, "scales": scales,
    "inputs": lambda: ports(step.inputs), "outputs": lambda: ports(step.outputs),
    "manifest": manifest_keys, "script": script,
    "manifest limits": lambda: table(("Key", "Limit"), model_limits.limits()),
    "network": lambda: keys("NetworkConfig"), "fit": lambda: keys("FitConfig"),
    "card": lambda: keys("CardConfig"),
    "client": client_methods, "hosts": hosts,
}  # fmt: skip


def written(text: str) -> str:
    """Return a page with its tables as they should be; raises KeyError for a table nobody knows."""
    return BLOCK.sub(lambda m: f"{m[1]}{TABLES[m['name']]()}{m[3]}", text)


def main(arguments: list[str]) -> int:
    """Write all pages, or compare them; return 1 when one differs."""
    stale = []
    for page in sorted(HERE.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if written(text) != text:
            stale.append(page.name)
            if "--check" not in arguments:
                page.write_text(written(text), encoding="utf-8")
    if stale:
        print(("differ from the code: " if "--check" in arguments else "wrote ") + ", ".join(stale))
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
