"""Clients that mean harm, or are broken: what they send is refused, and others are served on."""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path

import psycopg
import pytest

from tests.clients.conftest import ATenant
from tests.clients.serving import Server
from tests.wire.frames import SSL_REQUEST, SYNC, frame, packet, startup
from tests.wire.test_scram import client_final

Said = list[tuple[bytes, bytes]]


def read_all(connected: socket.socket) -> Said:
    """Messages until the server hangs up."""
    data = b""
    while chunk := _receive(connected):
        data += chunk
    return messages(data)


def _receive(connected: socket.socket) -> bytes:
    try:
        return connected.recv(1 << 16)
    except ConnectionResetError:
        return b""


def messages(data: bytes) -> Said:
    found = []
    while data:
        (length,) = struct.unpack_from("!i", data, 1)
        found.append((data[:1], data[5 : length + 1]))
        data = data[length + 1 :]
    return found


def fields(body: bytes) -> dict[str, str]:
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


def read_until(connected: socket.socket, kind: bytes) -> Said:
    """Messages up to one of `kind`, read one at a time."""
    found: Said = []
    while not found or found[-1][0] != kind:
        header = _exactly(connected, 5)
        found.append((header[:1], _exactly(connected, struct.unpack("!i", header[1:])[0] - 4)))
    return found


def _exactly(connected: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connected.recv(count - len(data))
        assert chunk, "the server hung up"
        data += chunk
    return data


def logged_in(tenant: ATenant) -> socket.socket:
    connected = tenant.server.socket()
    connected.sendall(startup(user=tenant.user, database="postgres"))
    read_until(connected, b"R")
    first = b"n,,n=,r=abcdef"
    connected.sendall(frame(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first))
    challenge = read_until(connected, b"R")[0][1][4:]
    connected.sendall(frame(b"p", client_final("s3cret", first, challenge, b"n,,")))
    read_until(connected, b"Z")
    return connected


def last_error(said: Said) -> dict[str, str]:
    assert said, "the server said nothing"
    assert said[-1][0] == b"E"
    return fields(said[-1][1])


@pytest.mark.parametrize(
    ("data", "sqlstate"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "08P01"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50, "08P01"),
        (b"\0\0\0\x04", "08P01"),
        (b"\x7f\xff\xff\xff", "08P01"),
        (packet(b"\0\x02\0\0user\0a\0\0"), "0A000"),
        (startup(user=""), "28000"),
        (startup(user="a", replication="true"), "0A000"),
        (packet(b"\0\x03\0\0user\0a"), "08P01"),
        (SSL_REQUEST + startup(user="a"), "08P01"),
        (startup(user="a") + frame(b"Q", b"select 1\0"), "08P01"),
        (startup(user="a") + frame(b"p", b"secret\0"), "08P01"),
        (startup(user="a") + frame(b"p", b"PLAIN\0\0\0\0\x01x"), "08P01"),
        (startup(user="a") + b"p\x7f\xff\xff\xff", "08P01"),
        (startup(user="a") + frame(b"p", b"SCRAM-SHA-256\0\0\0\0\x03n,,"), "08P01"),
    ],
)
def test_before_the_login(server: Server, data: bytes, sqlstate: str) -> None:
    with server.socket() as connected:
        connected.sendall(data)
        error = last_error(read_all(connected))
    assert (error["S"], error["C"]) == ("FATAL", sqlstate)


def test_a_password_is_asked_for_before_anything_is_served(server: Server) -> None:
    with server.socket() as connected:
        connected.sendall(startup(user="admin") + frame(b"Q", b"select 'served'\0") * 3)
        said = read_all(connected)
    assert [kind for kind, _ in said] == [b"R", b"E"]


def test_half_a_startup_packet(server: Server) -> None:
    with server.socket() as connected:
        connected.sendall(startup(user="admin")[:-3])
        connected.shutdown(socket.SHUT_WR)
        read_all(connected)


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        os.urandom(3) + b"\xff" * 2000,
        b"Q\0\0\0\x03",
        b"Q\xff\xff\xff\xff",
        b"Q\x7f\xff\xff\xff",
        b"S\0\x01\0\0",
        frame(b"p", b"secret\0"),
        frame(b"?"),
    ],
)
def test_garbage_in_a_session_ends_it(tenant: ATenant, data: bytes) -> None:
    with logged_in(tenant) as connected:
        connected.sendall(data)
        error = last_error(read_all(connected))
    assert (error["S"], error["C"]) == ("FATAL", "08P01")


@pytest.mark.parametrize(
    ("data", "sqlstate"),
    [
        (frame(b"Q", b"no end"), "08P01"),
        (frame(b"Q", b"select '\xff'\0"), "22021"),
        (frame(b"B", b"garbage") + SYNC, "08P01"),
        (frame(b"B", b"\0no such statement\0\0\0\0\0\0\0") + SYNC, "26000"),
        (frame(b"E", b"no such portal\0\0\0\0\0") + SYNC, "34000"),
        (frame(b"D", b"Sno such statement\0") + SYNC, "26000"),
        (frame(b"P", b"\0select $1::int\0\0\0") + frame(b"B", b"\0\0\0\0\0\0\0\0") + SYNC, "08P01"),
        (
            frame(b"P", b"\0select $1::int\0\0\0")
            + frame(b"B", b"\0\0\0\x01\0\x01\0\x01\0\0\0\x03abc\0\0")
            + SYNC,
            "22P03",
        ),
        (frame(b"F", b"\0\0\0\x2a\0\0\0\0\0\0"), "0A000"),
    ],
)
def test_whole_frames_of_nonsense_are_errors_and_the_session_goes_on(
    tenant: ATenant, data: bytes, sqlstate: str
) -> None:
    with logged_in(tenant) as connected:
        connected.sendall(data)
        said = read_until(connected, b"Z")
        (error,) = [fields(body) for kind, body in said if kind == b"E"]
        assert (error["S"], error["C"]) == ("ERROR", sqlstate)
        connected.sendall(frame(b"Q", b"select 42\0"))
        assert (b"D", b"\0\x01\0\0\0\x0242") in read_until(connected, b"Z")


def test_messages_byte_by_byte(tenant: ATenant) -> None:
    query = frame(b"P", b"\0select $1::int + 1\0\0\0")
    query += frame(b"B", b"\0\0\0\0\0\x01\0\0\0\x0241\0\0") + frame(b"E", b"\0\0\0\0\0") + SYNC
    with logged_in(tenant) as connected:
        for position in range(len(query)):
            connected.sendall(query[position : position + 1])
        kinds = [kind for kind, _ in read_until(connected, b"Z")]
    assert kinds == [b"1", b"2", b"D", b"C", b"Z"]


def test_a_null_parameter_is_null(tenant: ATenant) -> None:
    query = frame(b"P", b"\0select $1::text is null, $2::text = ''\0\0\0")
    query += frame(b"B", b"\0\0\0\0\0\x02\xff\xff\xff\xff\0\0\0\0\0\0") + frame(b"E", b"\0\0\0\0\0") + SYNC
    with logged_in(tenant) as connected:
        connected.sendall(query)
        assert (b"D", b"\0\x02\0\0\0\x01t\0\0\0\x01t") in read_until(connected, b"Z")


def test_portals_go_on_where_they_stopped(tenant: ATenant) -> None:
    query = frame(b"P", b"\0select n from generate_series(1, 5) as s(n)\0\0\0")
    query += frame(b"B", b"p\0\0\0\0\0\0\0\0") + frame(b"E", b"p\0\0\0\0\x02") * 3 + SYNC
    with logged_in(tenant) as connected:
        connected.sendall(frame(b"Q", b"begin\0"))
        read_until(connected, b"Z")
        connected.sendall(query)
        kinds = [kind for kind, _ in read_until(connected, b"Z")]
    assert b"".join(kinds) == b"12DDsDDsDCZ"


def test_a_client_that_does_not_read_stops_only_itself(tenant: ATenant) -> None:
    with logged_in(tenant) as lazy:
        lazy.sendall(frame(b"Q", b"select n, repeat('x', 100) from generate_series(1, 2000000) as s(n)\0"))
        with tenant.connect() as other:
            for _ in range(20):
                assert other.execute("select 1").fetchone() == (1,)


def test_others_are_served_on_after_all_that(tenant: ATenant) -> None:
    sockets = [tenant.server.socket() for _ in range(50)]
    try:
        for number, connected in enumerate(sockets):
            connected.sendall(os.urandom(8 + number))
        with tenant.connect() as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        for connected in sockets:
            connected.close()


def test_a_wrong_cancel_key_cancels_nothing(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        with tenant.server.socket() as connected:
            connected.sendall(packet(struct.pack("!hhii", 1234, 5678, connection.info.backend_pid, 12345)))
            assert read_all(connected) == []
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_pretended_length_costs_nothing_until_it_is_sent(tenant: ATenant) -> None:
    with logged_in(tenant) as connected:
        connected.sendall(b"Q" + struct.pack("!i", 500 << 20) + b"select")
        with psycopg.connect(tenant.dsn) as other:
            assert other.execute("select 1").fetchone() == (1,)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is looked up in Linux's /proc")
def test_a_client_that_does_not_read_fills_no_memory(tenant: ATenant) -> None:
    with logged_in(tenant) as lazy:
        before = resident_bytes(tenant.server.process.pid)
        lazy.sendall(frame(b"Q", b"select n, repeat('x', 100) from generate_series(1, 50000000) as s(n)\0"))
        time.sleep(2)
        assert resident_bytes(tenant.server.process.pid) - before < 300 << 20, "of some 6 GB"


def resident_bytes(pid: int) -> int:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in each]
    return int(line.split()[1]) * 1024
