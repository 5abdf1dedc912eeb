"""Addresses as Windows and macOS tell them, and ports that no other socket takes."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from antiphon.bridge.address import bound, looked_up
from antiphon.bridge.cli import checks as doctor
from antiphon.bridge.client.conversation import Conversation
from antiphon.bridge.server.server import bind
from antiphon.models.errors import AntiphonError


@pytest.fixture
def sixth_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked up as on Windows and macOS: ::1 is the first address of localhost."""

    def told(host: str, port: int, *args: object, **kwargs: object) -> list[tuple[Any, ...]]:
        assert host == "localhost"
        kind = (socket.SOCK_DGRAM, socket.IPPROTO_UDP, "")
        return [(socket.AF_INET6, *kind, ("::1", port, 0, 0)), (socket.AF_INET, *kind, ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", told)


@pytest.mark.usefixtures("sixth_first")
def test_localhost_is_where_hosts_send_to() -> None:
    with bind("localhost", 0) as bridge:
        assert bridge.getsockname()[0] == "127.0.0.1"
        talk = Conversation("localhost", bridge.getsockname()[1], 1.0, "test")
        assert talk.socket.getpeername() == bridge.getsockname()
        talk.close()


def test_an_address_of_ipv6_stays_one() -> None:
    assert looked_up("::1", 7374) == (socket.AF_INET6, ("::1", 7374, 0, 0))


class Windows:
    """Sockets that share ports as Windows has it, by its table of SO_EXCLUSIVEADDRUSE for one user."""

    EXCLUSIVE = -5

    def __init__(self) -> None:
        self.taken: dict[str, bool] = {}
        """By address of the one port that there is: whether it was asked for exclusively."""

    def socket(self, family: int, kind: int) -> WindowsSocket:
        return WindowsSocket(self)


class WindowsSocket:
    def __init__(self, system: Windows) -> None:
        self.system = system
        self.exclusive = False

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert level == socket.SOL_SOCKET
        self.exclusive |= option == Windows.EXCLUSIVE

    def bind(self, address: tuple[str, int]) -> None:
        if address[0] in self.system.taken:
            raise OSError(errno.EADDRINUSE, "taken")
        if self.system.taken.get("0.0.0.0"):
            raise PermissionError(errno.EACCES, "forbidden by its access permissions")
        self.system.taken[address[0]] = self.exclusive

    def close(self) -> None:
        pass


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Return what takes a port as on Windows."""
    system = Windows()
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", Windows.EXCLUSIVE, raising=False)
    monkeypatch.setattr(socket, "socket", system.socket)
    return lambda host: bound(socket.AF_INET, (host, 7374))


def test_a_port_that_is_open_to_the_network_is_taken_on_this_computer_too(
    windows: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a second bridge would get all that this computer sends, and `doctor` call the port free."""
    windows("0.0.0.0")
    with pytest.raises(PermissionError):
        windows("127.0.0.1")
    asked = []

    def client(host: str, *args: object, **kwargs: object) -> object:
        asked.append(host)
        raise AntiphonError("nobody")

    monkeypatch.setattr(doctor, "Client", client)
    for host in ("127.0.0.1", "0.0.0.0"):
        (finding,) = doctor.check_port(host, 7374)
        assert "cannot be had" in finding.text
    assert asked == ["127.0.0.1"] * 2, "nothing can be sent to 0.0.0.0 on Windows"


@pytest.mark.parametrize(
    ("host", "port"), [("a..b", 7374), ("x" * 300, 7374), ("caf\udce9", 7374), ("127.0.0.1", 10**20)]
)
def test_what_is_no_address_is_told(host: str, port: int) -> None:
    with pytest.raises(AntiphonError, match="cannot reach"):
        Conversation(host, port, 1.0, "test")


def test_the_system_s_reason_is_told_without_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(AntiphonError, match=r"^cannot reach nowhere:7374: Name or service not known$"):
        Conversation("nowhere", 7374, 1.0, "test")


class Six(socket.socket):
    """A socket of IPv6 as Windows makes it: it hears no IPv4."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.family == socket.AF_INET6:
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_who_listens_everywhere_hears_ipv4_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Six)
    with bind("::", 0) as bridge, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        bridge.settimeout(5)
        client.sendto(b"hello", ("127.0.0.1", bridge.getsockname()[1]))
        assert bridge.recv(100) == b"hello"


class Poor(socket.socket):
    """A socket of a system that has no room for so much, as BSD says it, and perhaps no way to anybody."""

    made: ClassVar[list[socket.socket]] = []
    connects = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.made.append(self)

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        if option == socket.SO_RCVBUF:
            raise OSError(errno.ENOBUFS, "No buffer space available")
        super().setsockopt(level, option, *value)

    def connect(self, address: Any) -> None:
        if not self.connects:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        super().connect(address)


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> type[Poor]:
    monkeypatch.setattr(Poor, "made", [])
    monkeypatch.setattr(socket, "socket", Poor)
    return Poor


@pytest.mark.usefixtures("poor")
def test_a_buffer_that_the_system_does_not_give_is_done_without() -> None:
    with bind("127.0.0.1", 0) as bridge:
        talk = Conversation("127.0.0.1", bridge.getsockname()[1], 1.0, "test")
        assert talk.socket.getpeername() == bridge.getsockname()
        talk.close()


def test_a_socket_that_reaches_nobody_is_closed(poor: type[Poor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poor, "connects", False)
    with pytest.raises(AntiphonError, match="unreachable"):
        Conversation("127.0.0.1", 7374, 1.0, "test")
    assert [sock.fileno() for sock in poor.made] == [-1]
