"""Starting, stopping and failing to start."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests.clients.serving import PASSWORD, command, serving
from tests.clients.test_psycopg import SLOW
from tests.conftest import StoreAddress


@pytest.fixture
def address(tmp_path: Path) -> StoreAddress:
    return StoreAddress(f"file://{tmp_path / 'store'}")


def test_a_password_is_made_and_shown_once(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path, password=None) as server:
        shown = re.search(r"^password of sys:admin \(shown only now\): (\S+)$", server.output(), re.MULTILINE)
        assert shown is not None
        with psycopg.connect(server.dsn(password=shown[1])) as connection:
            assert connection.execute("select current_user").fetchone() == ("admin",)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.dsn(password="other"))
        assert server.terminate() == 0
    with serving(address, tmp_path, password=None) as again:
        assert "password" not in again.output()
        psycopg.connect(again.dsn(password=shown[1])).close()


def test_the_given_password_counts_on_the_first_start_only(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path) as server:
        assert "password" not in server.output()
        server.connect().close()
    with serving(address, tmp_path, password="another") as server:
        server.connect().close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn(password="another"))


def test_data_outlives_a_clean_stop(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path) as server:
        with server.connect() as connection:
            connection.execute("create table t (a int primary key)")
            connection.execute("insert into t values (1), (2)")
        assert server.terminate() == 0
    with serving(address, tmp_path) as server, server.connect() as connection:
        assert connection.execute("select count(*) from t").fetchone() == (2,)


def test_stopping_tells_those_at_rest_and_lets_statements_finish(
    address: StoreAddress, tmp_path: Path
) -> None:
    with serving(address, tmp_path) as server, contextlib.ExitStack() as stack:
        resting, open_block, working = (
            stack.enter_context(contextlib.closing(server.connect())) for _ in range(3)
        )
        working.execute("create table t as select n from generate_series(1, 1500) as s(n)")
        open_block.execute("begin")
        open_block.execute("delete from t")
        answers: list[object] = []

        def work() -> None:
            query = "select count(*) from t a, t b, t c where a.n + b.n + c.n < 0"
            answers.append(working.execute(query).fetchone())  # type: ignore[arg-type]

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.3)
        assert server.terminate() == 0
        thread.join()
        assert answers == [(0,)]
        for connection in (resting, open_block):
            with pytest.raises(errors.AdminShutdown):
                connection.execute("select 1")
    with serving(address, tmp_path) as server, server.connect() as connection:
        assert connection.execute("select count(*) from t").fetchone() == (1500,)


def test_stopping_cancels_what_takes_too_long(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path) as server, contextlib.closing(server.connect()) as working:
        thread = threading.Thread(target=lambda: _until_it_fails(working))
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert server.terminate() == 0
        assert time.monotonic() - began < 12
        thread.join()


def _until_it_fails(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(psycopg.Error):
        connection.execute(SLOW)  # type: ignore[arg-type]


def test_trust_on_loopback(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path, "--auth", "trust") as server:
        with psycopg.connect(
            f"host={server.host} port={server.port} user=admin dbname=postgres"
        ) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(f"host={server.host} port={server.port} user=nobody dbname=postgres")


def test_tls(address: StoreAddress, tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    made += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    flags = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with serving(address, tmp_path, *flags) as server:
        for mode, encrypted in (("require", True), ("disable", False)):
            with psycopg.connect(server.dsn(more=f"sslmode={mode}")) as connection:
                assert connection.pgconn.ssl_in_use == encrypted
                rows = connection.execute("select n from generate_series(1, 100000) as s(n)").fetchall()
                assert len(rows) == 100_000


def test_the_log_in_json(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path, "--log-format", "json") as server:
        with server.connect() as connection:
            connection.execute("SELECT 1")
        server.terminate()
        lines = [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]
    opened = [line for line in lines if line["event"] == "session opened"]
    assert opened
    assert (opened[0]["tenant"], opened[0]["role"]) == ("sys", "admin")
    assert PASSWORD not in server.output()
    closed = [line for line in lines if line["event"] == "session closed"]
    assert closed[0].items() >= opened[0].items() - {("time", opened[0]["time"]), ("event", "session opened")}
    assert closed[0]["seconds"] >= 0
    assert closed[0]["statements"] == 1


@pytest.mark.skipif(not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
def test_ipv6(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path, "--listen", "[::1]:0") as server:
        assert server.host == "::1"
        server.connect().close()


def test_too_many_connections(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path) as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(100)]
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            server.connect()
        connections[0].close()
        server.connect().close()


def test_one_tenant_cannot_shut_out_the_others(address: StoreAddress, tmp_path: Path) -> None:
    with serving(address, tmp_path) as server, contextlib.ExitStack() as stack:
        with server.connect(autocommit=True) as admin:
            for name in ("greedy", "modest"):
                admin.execute(f"CREATE TENANT {name} ADMIN admin PASSWORD '{PASSWORD}'")
        for _ in range(60):
            stack.enter_context(server.connect("greedy:admin"))
        with pytest.raises(psycopg.OperationalError, match='too many connections for tenant "greedy"'):
            server.connect("greedy:admin")
        for _ in range(35):
            stack.enter_context(server.connect("modest:admin"))
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            server.connect("modest:admin")
        server.connect().close()


def test_strangers_make_room(address: StoreAddress, tmp_path: Path) -> None:
    """Connections that never log in do not keep out those that do."""
    with serving(address, tmp_path) as server:
        strangers = [server.socket() for _ in range(230)]
        try:
            server.connect().close()
        finally:
            for stranger in strangers:
                stranger.close()


def failing(address: StoreAddress, folder: Path, *flags: str) -> tuple[int, str]:
    """How a server that cannot start ends: its code and the one line it says."""
    done = subprocess.run(
        command(address, folder, *flags), capture_output=True, text=True, timeout=60, check=False, cwd=folder
    )
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("rewinddb serve: ")
    return done.returncode, lines[0]


def test_the_port_is_taken(address: StoreAddress, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        code, line = failing(address, tmp_path, "--listen", where)
    assert code == 1
    assert f"Cannot listen on {where}" in line


def test_the_store_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _ = failing(StoreAddress(f"file://{tmp_path / 'file'}"), tmp_path)
    assert code == 1
    code, line = failing(StoreAddress("gopher://x"), tmp_path)
    assert code == 1
    assert "gopher://x" in line


def test_trust_is_refused_where_others_can_come_in(address: StoreAddress, tmp_path: Path) -> None:
    code, line = failing(address, tmp_path, "--auth", "trust", "--listen", "0.0.0.0:0")
    assert code == 2
    assert "0.0.0.0" in line


@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_an_interrupt_shows_no_traceback_however_early(
    address: StoreAddress, tmp_path: Path, seconds: float
) -> None:
    """Python itself shows one while it starts; so interrupts are ignored until the command takes them."""
    started = subprocess.Popen(
        command(address, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    time.sleep(seconds)
    while started.poll() is None:
        started.send_signal(signal.SIGINT)
        time.sleep(0.1)
    _, said = started.communicate(timeout=30)
    assert "Traceback" not in said
