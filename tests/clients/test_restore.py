"""A restore seen from outside: who is connected carries on, and kill -9 leaves one state or the other."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests.clients.conftest import ATenant
from tests.clients.serving import PASSWORD, Server, serving
from tests.clients.test_kill import DURABLE_STORES
from tests.conftest import StoreAddress

Row = tuple[object, ...]

BEFORE = (20_000, 0)
"""Rows, and rows whose value is negative, as of the snapshot."""
AFTER = (10_000, 10_000)


def prepare(connection: psycopg.Connection[Row]) -> None:
    """A table as BEFORE, a snapshot, and then as AFTER, with objects and a tail."""
    connection.execute("create table t (id int primary key, v int not null)")
    connection.execute("insert into t select n, n from generate_series(1, 20000) as s(n)")
    connection.execute("create snapshot good")
    connection.execute("checkpoint")
    with connection.transaction():
        connection.execute("delete from t where id % 2 = 0")
        connection.execute("update t set v = -v")


def state(connection: psycopg.Connection[Row]) -> Row:
    found = connection.execute("select count(*), count(*) filter (where v < 0) from t").fetchone()
    assert found is not None
    return found


@contextlib.contextmanager
def watching(look: Callable[[], object]) -> Iterator[list[object]]:
    """What `look` gives, again and again, from a thread of its own."""
    seen: list[object] = []
    stop = threading.Event()

    def watch() -> None:
        try:
            while not stop.is_set():
                seen.append(look())
        except psycopg.Error as error:
            seen.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(30)


def test_who_is_connected_carries_on(tenant: ATenant, server: Server) -> None:
    with tenant.connect() as admin, tenant.connect() as reader, server.connect() as other_tenant:
        prepare(admin)
        reader.prepare_threshold = 0
        with (
            watching(lambda: state(reader)) as seen,
            watching(lambda: other_tenant.execute("select 1").fetchone()) as elsewhere,
        ):
            time.sleep(0.3)
            rows = admin.execute("restore tenant from snapshot good").fetchall()
            assert state(admin) == BEFORE, "the restore was acknowledged"
            time.sleep(0.3)
        assert [row[2] for row in rows] == ["t"]
        switch = seen.index(BEFORE)
        assert seen == [AFTER] * switch + [BEFORE] * (len(seen) - switch)
        assert switch > 0
        assert set(elsewhere) == {(1,)}


def test_who_wrote_is_told(tenant: ATenant) -> None:
    with tenant.connect() as admin, tenant.connect() as writer, tenant.connect() as repeatable:
        prepare(admin)
        writer.execute("begin")
        writer.execute("insert into t values (-1, -1)")
        repeatable.execute("begin isolation level repeatable read")
        assert state(repeatable) == AFTER
        admin.execute("restore tenant from snapshot good")
        for ended in (writer, repeatable):
            with pytest.raises(errors.SerializationFailure, match="restored"):
                ended.execute("select count(*) from t")
            ended.execute("rollback")
            assert state(ended) == BEFORE


def test_there_and_back_again(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        prepare(connection)
        connection.execute("create snapshot bad")
        for method in ("physical", "logical"):
            connection.execute(f"restore tenant from snapshot good using {method}")  # type: ignore[arg-type]
            assert state(connection) == BEFORE
            connection.execute(f"restore tenant from snapshot bad using {method}")  # type: ignore[arg-type]
            assert state(connection) == AFTER
        past = "select count(*) from t for system_time as of snapshot 'good'"
        assert connection.execute(past).fetchone() == (20_000,)


@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_kill_leaves_one_state_or_the_other(store_address: StoreAddress, tmp_path: Path) -> None:
    with serving(store_address, tmp_path) as server, server.connect() as system:
        system.execute(f"create tenant acme admin admin password '{PASSWORD}'")  # type: ignore[arg-type]
        with server.connect("acme:admin") as connection:
            prepare(connection)
            connection.execute("create snapshot bad")
    for delay_seconds in (0.005, 0.03):
        with serving(store_address, tmp_path) as server:
            connection = server.connect("acme:admin")
            before = state(connection)
            wanted = "good" if before == AFTER else "bad"
            connection.pgconn.send_query(f"restore tenant from snapshot {wanted}".encode())
            time.sleep(delay_seconds)
            server.kill()
            connection.close()
        with serving(store_address, tmp_path) as server, server.connect("acme:admin") as connection:
            assert state(connection) in (BEFORE, AFTER)
            connection.execute("insert into t values (-1, 1)")
            connection.execute("delete from t where id = -1")
            assert connection.execute("select count(*) from mo_snapshots").fetchone() == (2,)
