"""kill -9 of the server in the middle of a COPY. (Commits under load: `tests.processes.test_kill`.)"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.clients.serving import serving
from tests.conftest import S3_SERVERS, StoreAddress

DURABLE_STORES = ["local", *(server for server in S3_SERVERS if server != "moto")]
"""moto is not killed with the server, but it is no store that anybody trusts with data either."""


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
