"""`antiphon clients`: puts the files for a host where the host looks for them, and takes them back."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...models.errors import ConfigError
from ..hosts.hostclient import HostClient, Surroundings, host_client, shipped
from ..hosts.installation import Installation, Outcome

ACTIONS = ("list", "install", "uninstall")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `clients` has."""
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="list", help="what to do (default: list)"
    )
    parser.add_argument("host", nargs="?", help="max, live, reaper, puredata …")
    parser.add_argument(
        "--dest", type=Path, metavar="DIR", help="the folder where the host looks (default: the usual one)"
    )


def run(args: argparse.Namespace) -> int:
    """List, install or uninstall."""
    dest = args.dest.expanduser() if args.dest else None
    if args.action == "list":
        _list([args.host] if args.host else shipped(), dest)
        return 0
    if args.host is None:
        raise ConfigError(f"name a host: {', '.join(shipped())}")
    client = host_client(args.host)
    there = _place(client, dest)
    if args.action == "install":
        _say(client, there, there.install({path: file.read_bytes() for path, file in client.files.items()}))
        print(client.next)
    else:
        _say(client, there, there.uninstall())
        if client.folder and there.folder.is_dir():
            print("  What is left there is yours.")
    return 0


def _place(client: HostClient, dest: Path | None) -> Installation:
    """Return where a client is, else where it goes; raises ConfigError where the user has to say."""
    places = [dest] if dest else client.places(Surroundings())
    found = [Installation(client.name, place, client.folder) for place in places]
    return next((there for there in found if there.exists), found[0])


def _list(names: list[str], dest: Path | None) -> None:
    for name in names:
        client = host_client(name)
        try:
            there = _place(client, dest)
        except ConfigError:
            state = "goes where you say: --dest DIR"
        else:
            state = f"{'is in' if there.exists else 'would go to'} {there.folder}"
        print(f"{name:15}{client.title}: {state}")
    print("\n`antiphon clients install HOST` puts one in its place, `uninstall` takes it back.")


def _say(client: HostClient, there: Installation, outcome: Outcome) -> None:
    """Tell what was done."""
    counts = (
        (outcome.written, "written"), (outcome.same, "there already"), (outcome.removed, "removed"),
    )  # fmt: skip
    done = ", ".join(f"{len(names)} {what}" for names, what in counts if names) or "nothing to do"
    print(f"{client.title}: {done}, in {there.folder}")
    for name in outcome.kept:
        beside = f"; ours is beside it, {outcome.beside[name]}" if name in outcome.beside else ""
        print(f"  {name} is yours, or changed by you: left as it is{beside}")
