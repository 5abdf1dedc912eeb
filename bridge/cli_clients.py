"""`antiphon clients`: puts the files for a host where the host looks for them, and takes them back."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..models.errors import ConfigError
from .hostclient import HostClient, Surroundings, host_client, shipped
from .installation import Installation, Outcome

ACTIONS = ("list", "install", "uninstall")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `clients` has."""
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="list", help="what to do (default: list)"
    )
    parser.add_argument("host", nargs="?", help="max, live, reaper, puredata …")
    parser.add_argument("--dest", type=Path, metavar="DIR", help="where the host looks for its files")


def run(args: argparse.Namespace) -> int:
    """List, install or uninstall."""
    if args.action == "list":
        _list()
        return 0
    if args.host is None:
        raise ConfigError(f"name a host: {', '.join(shipped())}")
    client = host_client(args.host)
    folder = args.dest / client.folder if args.dest else client.place(Surroundings())
    there = Installation(client.name, folder)
    if args.action == "install":
        outcome = there.install({path: file.read_bytes() for path, file in client.files.items()})
        _say(client, folder, outcome)
        print(client.next)
    else:
        outcome = there.uninstall()
        _say(client, folder, outcome)
    return 0


def _list() -> None:
    for name in shipped():
        client = host_client(name)
        try:
            folder = client.place(Surroundings())
        except ConfigError:
            state = "goes where you say: --dest DIR"
        else:
            state = f"{'is in' if Installation(name, folder).exists else 'would go to'} {folder}"
        print(f"{name:15}{client.title}: {state}")
    print("\n`antiphon clients install HOST` puts one in its place, `uninstall` takes it back.")


def _say(client: HostClient, folder: Path, outcome: Outcome) -> None:
    """Tell what was done."""
    counts = (
        (outcome.written, "written"), (outcome.same, "there already"), (outcome.removed, "removed"),
    )  # fmt: skip
    done = ", ".join(f"{len(names)} {what}" for names, what in counts if names) or "nothing to do"
    print(f"{client.title}: {done}, in {folder}")
    for name in outcome.kept:
        print(f"  {name} is yours, or changed by you: left as it is")
    for name in outcome.written:
        if ".new" in Path(name).suffixes:
            print(f"  {name} is the new one beside it")
