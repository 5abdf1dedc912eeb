"""Checks of an installation, each with what to do about what it finds."""

from __future__ import annotations

import errno
import importlib.metadata
import importlib.util
import platform
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median

from ...models.errors import AntiphonError, ConfigError, ModelFileError, RequestError
from ...models.file.modelfile import ModelFile, list_models, runtime
from ...models.note import Note
from ..address import ANYWHERE, bound, looked_up
from ..client.client import Client
from ..engine.engine import Engine
from ..protocol.table import PORT
from ..runtime.batching import probe
from ..runtime.provider import CUDA, choose, wished
from ..runtime.shelf import ModelShelf, shipped_folder
from ..server.server import Server
from ..version import version
from .interrupt import one_interrupt

PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest Python that the project is tested with."""
LARGE_DATAGRAM = 9216
"""What macOS lets through by default, and more than any message of the protocol has."""
SLOW_TRIP_MS = 25.0
"""Two audio buffers of 512 samples at 48 kHz, and a little."""

EXPORT_AGAIN = "export it again with this version"
REDISTRIBUTABLE = "Microsoft's Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.{}.exe)"


class Level(Enum):
    """How a finding is."""

    GOOD = "good"
    NOTE = "note"
    """Works, but the user may want to know."""
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    level: Level
    text: str
    advice: str = ""


def check_python() -> Iterator[Finding]:
    """Look at the interpreter."""
    here = sys.version_info[:2]
    machine = f"{platform.system()} {platform.machine()}"
    text = f"Antiphon {version()} on Python {platform.python_version()}, {machine}"
    oldest, newest = (".".join(map(str, v)) for v in PYTHONS)
    if here < PYTHONS[0]:
        yield Finding(Level.BAD, text, f"install Python {oldest} to {newest}")
    elif here > PYTHONS[1]:
        yield Finding(Level.NOTE, text, f"it is tested with Python {oldest} to {newest}; this one may work")
    else:
        yield Finding(Level.GOOD, text)


def check_onnxruntime() -> Iterator[Finding]:
    """Look for ONNX Runtime, for two of it that overwrite each other, and what it is asked to run on."""
    try:
        ort = runtime()
    except ModelFileError as error:
        advice = f"pip install --force-reinstall {_own_runtime()}"
        if platform.system() == "Windows":  # the usual reason: its DLLs want newer ones than Windows has
            kind = "arm64" if platform.machine() == "ARM64" else "x64"
            advice = f"install {REDISTRIBUTABLE.format(kind)}; if that does not help, {advice}"
        yield Finding(Level.BAD, f"onnxruntime cannot be used: {error.__cause__}", advice)
        return
    found = ort.get_available_providers()
    names = {d.metadata["Name"].lower() for d in importlib.metadata.distributions() if d.metadata["Name"]}
    twice = sorted(names & {"onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-silicon"})
    if len(twice) > 1:
        advice = f"pip uninstall {' '.join(twice)}, then pip install {_own_runtime()}"
        yield Finding(Level.NOTE, f"{' and '.join(twice)} are both installed in one place", advice)
    offered = ", ".join(name.removesuffix("ExecutionProvider") for name in found)
    yield Finding(Level.GOOD, f"onnxruntime {ort.__version__} offers {offered}")
    try:
        wished()
    except ConfigError as error:
        yield Finding(Level.BAD, str(error), "unset it: both are tried then, and the faster is taken")


def _own_runtime() -> str:
    """Return the build of ONNX Runtime that Antiphon is installed with here (see pyproject.toml)."""
    here = (platform.system(), platform.machine())
    return "onnxruntime-gpu" if here in (("Windows", "AMD64"), ("Linux", "x86_64")) else "onnxruntime"


def _can_run() -> bool:
    """Return whether models can be run; why they cannot has been said once."""
    try:
        runtime()
        wished()
    except (ModelFileError, ConfigError):
        return False
    return True


def check_models(folders: list[Path]) -> Iterator[Finding]:
    """Load every model file and run it."""
    for folder in folders:
        if not folder.is_dir():
            advice = "name a folder that exists, or leave it out"
            yield Finding(Level.BAD, f"--models {folder} is not a folder", advice)
    own = shipped_folder()
    infos, errors = list_models([*folders, *([own] if own else [])])
    for error in errors:
        yield Finding(Level.BAD, str(error), "delete the file, or export or download it again")
    if not infos:
        advice = "name a folder with --models DIR, or install Antiphon again"
        yield Finding(Level.BAD, "there is no model", advice)
    if not _can_run():
        return
    for index, info in enumerate(infos):
        try:
            file = ModelFile.load(info.path)
            choice = choose(file)
            probe(file.session, file.manifest)
        except AntiphonError as error:
            yield Finding(Level.BAD, f"model {info.name}: {error}", EXPORT_AGAIN)
            continue
        if index == 0:
            where = "the GPU" if choice.provider == CUDA else "the CPU"
            yield Finding(Level.GOOD, f"models run on {where}: {choice.reason}")
        yield Finding(Level.GOOD, f"model {info.name}: {info.manifest.title}, {info.megabytes:.1f} MB")


def check_port(host: str, port: int) -> Iterator[Finding]:
    """Look whether the port is free, or who answers there."""
    try:
        bound(*looked_up(host, port)).close()
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        yield Finding(Level.BAD, f"--host {host}: {reason}", "127.0.0.1 is this computer")
    except OSError as error:
        yield _who_answers(host, port, error)
    else:
        yield Finding(Level.GOOD, f"UDP port {port} is free: no bridge runs there now")


def _who_answers(host: str, port: int, error: OSError) -> Finding:
    """Say who keeps a port."""
    try:
        with Client(ANYWHERE.get(host, host), port, timeout=1.0, name="doctor") as client:
            bridge = client.hello()
            milliseconds = min(client.ping() for _ in range(5)) * 1e3
    except AntiphonError as refusal:
        if isinstance(refusal, RequestError) and refusal.code == "protocol":
            return Finding(Level.BAD, f"UDP port {port}: {refusal}")
        if error.errno == errno.EADDRNOTAVAIL:  # an address of another computer
            advice = f"start one there with --host 0.0.0.0, and let its firewall pass UDP port {port}"
            return Finding(Level.BAD, f"no bridge answers at {host}:{port}", advice)
        advice = (
            f"find out what uses it, or start the bridge with --port {port + 1 if port < 65535 else PORT}"
        )
        return Finding(Level.BAD, f"UDP port {port} cannot be had: {error.strerror or error}", advice)
    text = f"{bridge.name} {bridge.version} answers on UDP port {port}, a ping in {milliseconds:.1f} ms"
    if bridge.version != version():
        return Finding(Level.NOTE, text, f"this is Antiphon {version()}: start the bridge again")
    return Finding(Level.GOOD, text)


def check_trip(folders: list[Path]) -> Iterator[Finding]:
    """Start a bridge on a free port for a moment and go through a request."""
    if not _can_run():
        return
    try:
        shelf = ModelShelf(folders)
        with (
            one_interrupt(),
            Engine(shelf) as engine,
            Server(engine, shelf, port=0) as server,
            Client(port=server.address[1], timeout=10.0) as client,
        ):
            yield _largest(client)
            if shelf.models():
                yield _timed_request(client)
    except (AntiphonError, OSError) as error:
        if isinstance(error, RequestError) and error.code == "model_error":
            yield Finding(Level.BAD, f"the bridge's first model does not play: {error}", EXPORT_AGAIN)
            return
        advice = "let your firewall or security program pass UDP on 127.0.0.1"
        yield Finding(Level.BAD, f"no round trip over UDP: {error}", advice)


def _largest(client: Client) -> Finding:
    """Find the largest datagram that goes there and back."""
    overhead = 64
    for size in (65_000, 32_000, 16_000, LARGE_DATAGRAM, 4096, 1400):
        try:
            client.ping(size - overhead)
        except AntiphonError:
            continue
        if size >= LARGE_DATAGRAM:
            return Finding(
                Level.GOOD, f"datagrams of {size:,} bytes pass; the protocol needs {LARGE_DATAGRAM:,}"
            )
        advice = "on macOS: sudo sysctl -w net.inet.udp.maxdgram=65535"
        return Finding(Level.BAD, f"no datagram above {size:,} bytes passes", advice)
    return Finding(Level.BAD, "no datagram passes", "let your firewall pass UDP on 127.0.0.1")


def _timed_request(client: Client) -> Finding:
    """Time four bars that answer four bars, as a DAW would ask for them."""
    model = client.status().model
    client.load(model)
    context = [Note(60 + step, float(beat), 1.0) for beat, step in enumerate((0, 2, 4, 5, 7, 5, 4, 2) * 2)]
    times = []
    for seed in range(5):
        last = client.continue_(context, bars=4, seed=seed)
        assert last
        times.append(client.status().last_ms)
    text = f"{model} answers four bars with four bars in {median(times):.1f} ms, sent and received"
    if median(times) > SLOW_TRIP_MS:
        advice = "close what else works on this computer, or ask a little ahead of the beat"
        return Finding(Level.NOTE, text, advice)
    return Finding(Level.GOOD, text)
