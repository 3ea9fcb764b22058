"""Long statements are read and planned beside the event loop, with the same outcome."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from engine.errors import StatementCancelled
from sql import aside
from sql.errors import SqlError
from sql.failures import as_sql_error
from sql.interrupts import Interrupts
from tests.session.harness import Client, running_cluster

ROWS = aside.ROWS_MIN * 10


def values(count: int) -> str:
    return ", ".join(f"({number}, 'text number {number}')" for number in range(count))


def test_little_work_stays_where_it_is_and_much_goes_aside() -> None:
    async def run() -> None:
        here = threading.get_ident()
        interrupts = Interrupts()
        assert await aside.run(interrupts, threading.get_ident, rows=aside.ROWS_MIN - 1) == here
        assert await aside.run(interrupts, threading.get_ident, rows=aside.ROWS_MIN) != here

    asyncio.run(run())


def test_a_cancelled_statement_does_not_wait() -> None:
    async def run() -> None:
        interrupts = Interrupts()
        release = threading.Event()
        with interrupts.statement(0):
            task = asyncio.create_task(aside.run(interrupts, release.wait))
            await asyncio.sleep(0)
            interrupts.request()
            with pytest.raises(Exception, match="canceling statement"):
                await task
        release.set()

    asyncio.run(run())


def test_what_comes_after_a_cancel_is_not_begun(recwarn: pytest.WarningsRecorder) -> None:
    async def run() -> None:
        interrupts, begun = Interrupts(), list[int]()

        async def work() -> None:
            begun.append(1)

        with interrupts.statement(0):
            interrupts.request()
            with pytest.raises(StatementCancelled):
                await interrupts.wait(work())
        assert not begun

    asyncio.run(run())
    gc.collect()
    assert not [str(warning.message) for warning in recwarn], "a coroutine that nobody awaited"


def test_a_long_insert_is_as_any_other() -> None:
    async def run() -> None:
        async with running_cluster() as cluster:
            client = await Client.connect(cluster)
            await client.lines("CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 7)")
            text = f"INSERT INTO t (id, v) VALUES {values(ROWS)}"
            assert len(text) > aside.CHARACTERS_MIN
            assert await client.lines(text) == [f"INSERT 0 {ROWS}"]
            assert await client.rows("SELECT count(*), sum(id), sum(n), max(v) FROM t") == [
                (str(ROWS), str(ROWS * (ROWS - 1) // 2), str(7 * ROWS), "text number 999")
            ]
            for wrong, state in [(text.replace("(5,", "(now(),", 1), "42804"), (text + " 1", "42601")]:
                with pytest.raises(SqlError) as caught:
                    await client.lines(wrong)
                assert caught.value.sqlstate == state
            await client.lines("SET statement_timeout = '1ms'")
            with pytest.raises(SqlError, match="statement timeout"):
                await client.lines(text)

    asyncio.run(run())


def test_a_thread_that_cannot_be_had_is_want_of_memory() -> None:
    assert as_sql_error(RuntimeError("can't start new thread")).sqlstate == "53200"
    assert as_sql_error(MemoryError()).sqlstate == "53200"
    assert as_sql_error(RuntimeError("another")).sqlstate == "XX000"
