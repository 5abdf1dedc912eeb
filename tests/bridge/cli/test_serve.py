"""`antiphon serve` in a process of its own: its greeting, its end, and what it refuses."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from antiphon.bridge.cli.commands import main
from antiphon.bridge.cli.serve import _address, _calls_to_stop, welcome
from antiphon.bridge.client.client import Client
from antiphon.bridge.protocol.osc import MAX_DATAGRAM, Message, encode, read
from antiphon.bridge.version import version
from program import PATIENCE_SECONDS, Bridge, Program, antiphon
from tiny_model import save_endless_model

SOON_SECONDS = 20.0
"""How long the end may take after a signal: it takes one, a hang takes for ever."""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A client's socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE_SECONDS)
        yield sock


def hear(listener: socket.socket, address: str) -> Message:
    """Wait for a message with this address."""
    while True:
        for message in read(listener.recv(MAX_DATAGRAM)):
            if isinstance(message, Message) and message.address == address:
                return message


def refused(*words: str | Path) -> str:
    """Return the one line that `serve` ends with, its status 2."""
    with Program([antiphon(), "serve", *words]) as program:
        assert program.ended() == 2
    assert len(program.lines) == 1, program.lines
    assert program.lines[0].startswith("antiphon: ")
    return program.lines[0]


def test_the_greeting_names_version_models_and_the_next_step(tiny_model: Path) -> None:
    with Bridge("--models", tiny_model.parent, "--default", "tiny") as bridge:
        assert bridge.lines[0].startswith(f"Antiphon {version()} listens on 127.0.0.1:{bridge.port} (UDP)")
        assert "tiny" in bridge.lines[0].partition("models: ")[2].rstrip(".").split(", ")
        assert "network" not in "\n".join(bridge.lines)
        command = bridge.tip("command line")[0].split()
        with Program([antiphon(), *command[1:], "--seed", "7"]) as asked:
            assert asked.ended() == 0
        assert command[0] == "antiphon"
        assert any("8 bars of 4/4, seed 7" in line for line in asked.lines), asked.lines


def test_an_open_door_is_pointed_out(tiny_model: Path) -> None:
    with Bridge("--models", tiny_model.parent, "--host", "0.0.0.0") as bridge:
        assert any(
            "Everybody on your network" in line and "--host 127.0.0.1" in line for line in bridge.lines
        )
        assert f"127.0.0.1 {bridge.port}" in bridge.tip("Max")[0]


@pytest.mark.parametrize(
    ("address", "listens", "ask", "send"),
    [
        (("127.0.0.1", 7374), "127.0.0.1:7374", "--bars 8\n", "[udpsend 127.0.0.1 7374]"),
        (("127.0.0.1", 9), "127.0.0.1:9", "--bars 8 --port 9\n", "[udpsend 127.0.0.1 9]"),
        (("::1", 7374), "[::1]:7374", "--bars 8 --host ::1\n", "[udpsend ::1 7374]"),
        (("::", 9), "[::]:9", "--bars 8 --host ::1 --port 9\n", "[udpsend ::1 9]"),
    ],
)
def test_the_greeting_sends_where_the_bridge_listens(
    address: tuple[str, int], listens: str, ask: str, send: str
) -> None:
    text = welcome(address, [])
    assert f"listens on {listens} (UDP), models: none." in text
    assert "start again with --models" in text
    assert ask in text
    assert send in text


CLOSED = [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []
"""What a program hears whose terminal's window is closed, macOS' among them."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, *CLOSED])
def test_a_signal_ends_it_and_clients_are_told(
    number: signal.Signals, tiny_model: Path, listener: socket.socket
) -> None:
    announced = f"127.0.0.1:{listener.getsockname()[1]}"
    with (
        Bridge("--models", tiny_model.parent, "--announce", announced) as bridge,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as notified,
    ):
        notified.settimeout(PATIENCE_SECONDS)
        notified.sendto(encode(Message("/antiphon/notify", (1,))), ("127.0.0.1", bridge.port))
        assert hear(notified, "/antiphon/notify/reply").args == (1,)
        assert hear(notified, "/antiphon/startup").args == (version(),)
        assert hear(listener, "/antiphon/startup").args == (version(),)
        bridge.signal(number)
        assert hear(notified, "/antiphon/shutdown").args == ()
        assert hear(listener, "/antiphon/shutdown").args == ()
        assert bridge.ended() == 0
        assert bridge.lines[-1] == "The bridge is closed."


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[int, Callable[[int, None], None]]:
    """What is to be called for each signal."""
    found: dict[int, Callable[[int, None], None]] = {}
    monkeypatch.setattr(signal, "signal", found.__setitem__)
    return found


def test_ctrl_break_ends_it_on_windows(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[int, Callable[[int, None], None]]
) -> None:
    """Programs have nothing else there to end others with, and else it ends without a word."""
    monkeypatch.setattr(signal, "SIGBREAK", 21, raising=False)
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    called = _calls_to_stop()
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM, 21}
    handlers[21](21, None)
    assert called == [21]


@pytest.mark.skipif(not CLOSED, reason="Windows closes its terminals otherwise")
def test_under_nohup_it_outlives_its_terminal(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[int, Callable[[int, None], None]]
) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    _calls_to_stop()
    assert CLOSED[0] not in handlers and signal.SIGTERM in handlers


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_a_thread_waits_for_its_turn_as_the_system_can(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """Windows waits for whole milliseconds: for less than one a thread asks again without a pause."""
    asked: list[float] = []
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "setswitchinterval", asked.append)
    assert main(["serve", "--models", "nowhere"]) == 2
    assert 0.0 < asked[0] < 0.005, "Python's own is half an audio buffer"
    assert int(asked[0] * 1000) >= 1 or system != "win32"


def test_an_address_of_ipv6_is_announced_to_with_or_without_brackets() -> None:
    assert [_address(text) for text in ("[::1]:9000", "::1:9000")] == [("::1", 9000)] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_right_after_the_start_ends_it(number: signal.Signals, tiny_model: Path) -> None:
    # Models are being loaded then. It hung now and then, so once shows little.
    for _ in range(10):
        with Program([antiphon(), "serve", "--port", "0", "--models", tiny_model.parent]) as program:
            program.until("listens on")
            program.signal(number)
            began = time.monotonic()
            assert program.ended() == 0, program.lines
            assert time.monotonic() - began < SOON_SECONDS
        assert program.lines[-1] == "The bridge is closed."


def test_a_request_on_its_way_does_not_keep_it(tiny_model: Path, listener: socket.socket) -> None:
    with Bridge("--models", tiny_model.parent, "--default", "tiny") as bridge:
        ask = ("long", "bars", 256, "takes", 4, "mode", "single")
        listener.sendto(encode(Message("/antiphon/generate", ask)), ("127.0.0.1", bridge.port))
        hear(listener, "/antiphon/note")
        bridge.signal(signal.SIGTERM)
        assert bridge.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_whatever_a_model_is_at(
    number: signal.Signals, tmp_path: Path, listener: socket.socket
) -> None:
    """ONNX Runtime cannot be interrupted, so a model whose step never ends keeps its worker."""
    save_endless_model(tmp_path / "endless.onnx")
    with Bridge("--models", tmp_path, "--default", "endless") as bridge:
        listener.sendto(encode(Message("/antiphon/generate", ("a",))), ("127.0.0.1", bridge.port))
        hear(listener, "/antiphon/ack")
        bridge.signal(number)
        bridge.until("still being loaded or run; Ctrl-C again")
        began = time.monotonic()
        bridge.signal(number)
        assert bridge.ended() == 128 + number
        assert time.monotonic() - began < SOON_SECONDS
        assert "ends although a model is still being loaded or run" in bridge.lines[-1]


def test_signals_in_haste_end_it_as_one_does(tiny_model: Path, listener: socket.socket) -> None:
    with Bridge("--models", tiny_model.parent) as bridge:
        listener.sendto(encode(Message("/antiphon/notify", (1,))), ("127.0.0.1", bridge.port))
        hear(listener, "/antiphon/notify/reply")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            bridge.signal(number)
        hear(listener, "/antiphon/shutdown")
        assert bridge.ended() == 0
        assert bridge.lines[-1] == "The bridge is closed."


def test_a_port_in_use_is_said_with_what_to_do(tiny_model: Path) -> None:
    with Bridge("--models", tiny_model.parent) as bridge:
        line = refused("--models", tiny_model.parent, "--port", str(bridge.port))
        with Client("127.0.0.1", bridge.port) as client:
            assert client.hello().name == "antiphon"  # the first one is not disturbed
    assert f"port {bridge.port} on 127.0.0.1 cannot be had" in line
    assert "another --port" in line


def test_another_computer_s_address_is_said_to_be_none_to_listen_at(tiny_model: Path) -> None:
    """192.0.2.1 is nobody's (RFC 5737). No bridge that could be stopped would free it, nor another port."""
    line = refused("--models", tiny_model.parent, "--host", "192.0.2.1")
    assert "an address of this computer" in line
    assert "another" not in line


def test_models_must_be_a_folder(tiny_model: Path) -> None:
    assert f"--models {tiny_model} is not a folder" in refused("--models", tiny_model)


def test_the_default_must_be_there(tiny_model: Path) -> None:
    line = refused("--models", tiny_model.parent, "--default", "nobody")
    assert "no model 'nobody'" in line
    assert "tiny" in line


def test_numbers_out_of_range_are_refused_with_the_limit(tiny_model: Path) -> None:
    assert "in range 1..64" in refused("--models", tiny_model.parent, "--workers", "0")
    assert "--queue 0 must be in range 1..4096" in refused("--models", tiny_model.parent, "--queue", "0")
    with Program([antiphon(), "serve", "--port", "65536"]) as program:
        assert program.ended() == 2
    assert "range 0..65535" in program.lines[-1]
