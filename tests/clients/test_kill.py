"""kill -9 of the server under load: every acknowledged commit is there afterwards, on every store."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from pathlib import Path

import psycopg
import pytest

from tests.clients.serving import Server, serving
from tests.conftest import S3_SERVERS, StoreAddress

DURABLE_STORES = ["local", *(server for server in S3_SERVERS if server != "moto")]
"""moto is not killed with the server, but it is no store that anybody trusts with data either."""
WRITERS = 6
LOAD_SECONDS = 2.0
LOAD_SECONDS_MAX = 40.0
COMMITS_MIN = 50
ROUNDS = 2


class Load:
    """Writers that commit until the server is gone, and remember what was acknowledged."""

    def __init__(self, server: Server, round_: int) -> None:
        self._server = server
        self._round = round_
        self.acknowledged: dict[int, int] = defaultdict(int)
        self.ends: list[str] = []
        self.threads = [threading.Thread(target=self._write, args=(writer,)) for writer in range(WRITERS)]

    def _write(self, writer: int) -> None:
        key = self._round * WRITERS + writer
        try:
            with self._server.connect() as connection:
                for number in range(1, 1_000_000):
                    with connection.transaction():
                        connection.execute("insert into log values (%s, %s)", (key, number))
                        connection.execute("update latest set n = %s where w = %s", (number, key))
                    self.acknowledged[key] = number
        except psycopg.Error as error:
            self.ends.append(str(error))

    def wait(self) -> None:
        """Until the load has been going for a while, and more than a moment's worth was acknowledged."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < LOAD_SECONDS_MAX:
            if passed > LOAD_SECONDS and sum(self.acknowledged.values()) > COMMITS_MIN:
                return
            time.sleep(0.1)


def prepare(server: Server) -> None:
    with server.connect() as connection:
        connection.execute("create table log (w int, n int, primary key (w, n))")
        connection.execute("create table latest (w int primary key, n int not null)")
        for key in range(WRITERS * ROUNDS):
            connection.execute("insert into latest values (%s, 0)", (key,))


@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_no_acknowledged_commit_is_lost(store_address: StoreAddress, tmp_path: Path) -> None:
    acknowledged: dict[int, int] = {}
    with serving(store_address, tmp_path) as server:
        prepare(server)
        server.terminate()
    for number in range(ROUNDS):
        with serving(store_address, tmp_path) as server:
            load = Load(server, number)
            for thread in load.threads:
                thread.start()
            load.wait()
            server.kill()
            for thread in load.threads:
                thread.join(30)
            assert load.acknowledged, f"{load.ends}\n{server.output()}"
            acknowledged |= load.acknowledged
    with serving(store_address, tmp_path) as server, server.connect() as connection:
        latest = dict(connection.execute("select w, n from latest").fetchall())
        for key, number in acknowledged.items():
            assert latest[key] in (number, number + 1), "acknowledged, or sent and not answered yet"
        for key, count, highest in connection.execute("select w, count(*), max(n) from log group by w"):
            assert count == highest == latest[key], "a transaction is there whole or not at all"


@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_a_copy_that_was_cut_off_by_kill_leaves_nothing(store_address: StoreAddress, tmp_path: Path) -> None:
    with serving(store_address, tmp_path) as server, contextlib.closing(server.connect()) as connection:
        connection.execute("create table t (a int)")
        connection.execute("create snapshot before")
        raw = connection.pgconn
        raw.send_query(b"copy t from stdin")
        while raw.is_busy():
            raw.consume_input()
        raw.put_copy_data(b"1\n" * 100_000)
        raw.flush()
        time.sleep(0.3)
        server.kill()
    with serving(store_address, tmp_path) as server, server.connect() as connection:
        assert connection.execute("select count(*) from t").fetchone() == (0,)
        assert connection.execute("select count(*) from mo_snapshots").fetchone() == (1,)
