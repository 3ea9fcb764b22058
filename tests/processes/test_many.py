"""Many tenants on one server: it stays within the memory it was given, and every tenant keeps its rows.

The long form (REWINDDB_TORTURE=1) has 200 tenants. Sessions come and go over all of them, a few at a time;
some of their statements ask for more memory than there is.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.clients.serving import PASSWORD, Server, serving
from tests.conftest import StoreAddress
from tests.processes.servers import checked
from tests.tally import tally

LONG = "REWINDDB_TORTURE" in os.environ
TENANTS = 200 if LONG else 30
ROWS = 50_000 if LONG else 5_000
SESSIONS = 8
STATEMENTS = TENANTS * (5 if LONG else 2)
MEMORY_MB = 400 + 9 * TENANTS
THREADS_MAX = 100 + 3 * TENANTS
SEED = int(os.environ.get("REWINDDB_SEED", "1"))

GREEDY = (
    "SELECT array_agg(repeat('x', 1000) || n) FROM generate_series(1, 2000000) AS g(n)",
    "SELECT count(DISTINCT md5(n::text)) FROM generate_series(1, 3000000) AS g(n)",
    "SELECT length(repeat('x', 1000000000))",
)

WANT_OF_MEMORY = ("53200", "54000", "the server has no memory left", "the tenant's memory limit")
"""A login's refusal has no SQLSTATE in psycopg, but the message."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc")


@dataclass
class Watched:
    """What a process takes while it is watched, at most."""

    pid: int
    bytes_max: int = 0
    threads_max: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.over.wait(0.02):
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
            self.bytes_max = max(self.bytes_max, int(pages) * resource.getpagesize())
            self.threads_max = max(self.threads_max, len(os.listdir(f"/proc/{self.pid}/task")))


@contextmanager
def watched(server: Server) -> Iterator[Watched]:
    found = Watched(server.process.pid)
    thread = threading.Thread(target=found.watch)
    thread.start()
    try:
        yield found
    finally:
        found.over.set()
        thread.join()
    assert found.bytes_max <= MEMORY_MB * 2**20, f"{found.bytes_max / 2**20:.0f} MB of {MEMORY_MB}"
    assert found.threads_max <= THREADS_MAX


class Tenant:
    """One tenant, and what its table must hold."""

    def __init__(self, server: Server, number: int) -> None:
        self.server = server
        self.name = f"t{number}"
        self.sum = ROWS * (ROWS + 1) // 2
        self.unknown = 0
        """Updates whose connection ended before it said what had come of them."""
        self._one_at_a_time = threading.Lock()

    def make(self) -> None:
        with self.server.connect() as system:
            system.execute(f"CREATE TENANT {self.name} ADMIN admin PASSWORD '{PASSWORD}'")  # type: ignore[arg-type]
        with self._connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY, v bigint, name text)")
            connection.execute("CREATE TABLE other (id int PRIMARY KEY, name text)")
            insert = "INSERT INTO t SELECT n, n, 'name ' || n FROM generate_series(1, %s) AS g(n)"
            connection.execute(insert, (ROWS,))
            connection.execute("INSERT INTO other SELECT n, 'x' FROM generate_series(1, 100) AS g(n)")

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return self.server.connect(f"{self.name}:admin")

    def check(self) -> None:
        with self._connect() as connection:
            count, total = connection.execute("SELECT count(*), sum(v) FROM t").fetchone() or (0, 0)
            assert count == ROWS, self.name
            assert total in [self.sum + 7 * number for number in range(self.unknown + 1)], self.name
            assert connection.execute("SELECT count(*) FROM other").fetchone() == (100,)

    def work(self, seed: int) -> bool:
        """One session's statements; whether one was refused for want of memory. While greedy ones are
        ended that may be any, and a login."""
        chance = random.Random(seed)
        with self._one_at_a_time:
            try:
                with self._connect() as connection:
                    self._update(connection, chance.randint(1, ROWS))
                    connection.execute("SELECT name, v FROM t ORDER BY name DESC LIMIT 5").fetchall()
                    if chance.random() < 0.1:
                        connection.execute(chance.choice(GREEDY))  # type: ignore[call-overload]
            except psycopg.Error as error:
                if not any(state in (error.sqlstate or str(error)) for state in WANT_OF_MEMORY):
                    raise
                return True
        return False

    def _update(self, connection: psycopg.Connection[tuple[object, ...]], id: int) -> None:
        try:
            connection.execute("UPDATE t SET v = v + 7 WHERE id = %s", (id,))
            self.sum += 7
        except psycopg.Error:
            self.unknown += connection.closed
            raise


def together(work: Iterator[object]) -> None:
    """Everything was done while the iterator was made; failures come out here."""
    for _ in work:
        pass


def test_many_tenants_within_the_memory_given(tmp_path: Path) -> None:
    address = StoreAddress(f"file://{tmp_path / 'store'}")
    flags = (
        "--memory",
        f"{MEMORY_MB}MB",
        "--tenant-memory",
        "256MB" if LONG else "96MB",
        "--cache-bytes",
        "64MB",
    )
    chance = random.Random(SEED)
    with serving(address, tmp_path, *flags) as server, ThreadPoolExecutor(SESSIONS) as pool:
        tenants = [Tenant(server, number) for number in range(TENANTS)]
        with watched(server) as seen:
            began = time.monotonic()
            together(pool.map(Tenant.make, tenants))
            print(
                f"{TENANTS} tenants made in {time.monotonic() - began:.1f} s, {seen.bytes_max / 2**20:.0f} MB"
            )
            chosen = [chance.choice(tenants) for _ in range(STATEMENTS)]
            refused = list(pool.map(Tenant.work, chosen, (chance.randrange(2**31) for _ in chosen)))
            together(pool.map(Tenant.check, tenants))
        print(
            f"{STATEMENTS} sessions, {sum(refused)} refusals, {seen.bytes_max / 2**20:.0f} MB of {MEMORY_MB}"
        )
        print(f"{seen.threads_max} threads")
        assert server.terminate() == 0
    with serving(address, tmp_path, *flags) as server, ThreadPoolExecutor(SESSIONS) as pool:
        for tenant in tenants:
            tenant.server = server
        began = time.monotonic()
        with watched(server) as seen:
            together(pool.map(Tenant.check, tenants))
        print(
            f"{TENANTS} tenants opened in {time.monotonic() - began:.1f} s, {seen.bytes_max / 2**20:.0f} MB"
        )
    checked(address)
    tally("tenants on one server", TENANTS)
    tally("statements beyond the server's memory", sum(refused))
