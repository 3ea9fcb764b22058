"""COPY FROM STDIN into a table that others change before the last row has come."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.clients.conftest import ATenant


def copy_while(cursor: psycopg.Cursor, other: psycopg.Connection, change: LiteralString) -> None:
    with cursor.copy("copy t from stdin") as copy:
        copy.write("2\n")
        other.execute(change)
        copy.write("3\n")


@pytest.mark.parametrize(
    "change",
    [
        "alter table t add column b int",
        "truncate t",
        "drop table t",
        "restore tenant from snapshot filled",
    ],
)
def test_a_table_changed_within_a_copy(tenant: ATenant, change: LiteralString) -> None:
    with tenant.connect() as other, tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set statement_timeout = '10s'")
        cursor.execute("create table t (a int)")
        cursor.execute("create snapshot filled")
        cursor.execute("insert into t values (1)")
        with pytest.raises(errors.SerializationFailure):
            copy_while(cursor, other, change)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert cursor.execute("select 1").fetchone() == (1,)
