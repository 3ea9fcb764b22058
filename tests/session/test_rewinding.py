"""Restores of parts, narrower snapshots and VACUUM, where a script of statements does not reach."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.catalog import Put, Snapshot
from engine.cluster import Cluster
from engine.duck import Ducks
from engine.errors import MomentTooOld
from engine.ids import Timestamp
from engine.stores.memory import MemoryStore
from sql.errors import SqlError
from sql.passwords import make_verifier
from sql.system.functions import MACROS
from tests.session.harness import TENANT, Client, render

Run = Callable[[Callable[[Cluster], object]], None]


async def run_prepared(client: Client, text: str, *values: object) -> tuple[list[str], list[str]]:
    """The described columns, and what running it says."""
    session = client.session
    await session.prepare("p", text, ())
    described = await session.describe_statement("p")
    await session.bind("", "p", values)
    lines = await render(session.run("", 0), client)
    await session.sync()
    await session.close_statement("p")
    return [column.name for column in described.columns or ()], lines


def test_prepared(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        ts = await a.value("SELECT clock_timestamp()")
        await a.lines("DELETE FROM t")
        columns, lines = await run_prepared(a, "RESTORE TABLE t TO TIMESTAMP $1::timestamptz", ts)
        assert lines[0].split(" | ") == columns
        assert lines[-1] == "RESTORE"
        assert await a.value("SELECT x FROM t") == "1"
        _, lines = await run_prepared(a, "CREATE SNAPSHOT x AS OF $1 RETURNING name, $2::int", ts, "5")
        assert lines[-2:] == ["x | 5", "CREATE SNAPSHOT"]
        assert (await run_prepared(a, "DROP SNAPSHOT WHERE name = $1", "x"))[1] == ["DROP SNAPSHOT 1"]
        columns, lines = await run_prepared(a, "UNDO RESTORE")
        assert lines[1].split(" | ") == columns
        assert await a.value("SELECT count(*) FROM t") == "0"
        for how in ("EXPLAIN", "EXPLAIN ANALYZE"):
            text = f"{how} RESTORE TABLE t TO TIMESTAMP $1::timestamptz"
            columns, lines = await run_prepared(a, text, ts)
            assert lines[0].split(" | ") == columns
            assert lines[-1] == "EXPLAIN"
        columns, lines = await run_prepared(a, "VACUUM (DRY_RUN)")
        assert lines[0].split(" | ") == columns
        assert (await run_prepared(a, "VACUUM"))[1][-1] == "VACUUM"
        assert (await run_prepared(a, "CREATE SNAPSHOT s FOR TABLE t"))[1][-1] == "CREATE SNAPSHOT"

    with_cluster(body)


def test_a_plan_follows_a_restore(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("UPDATE t SET x = 2")
        for client in (a, b):
            await client.lines("PREPARE q AS SELECT x FROM t")
            assert await client.value("EXECUTE q") == "2"
        await a.lines("BEGIN")
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        assert await a.value("EXECUTE q") == "1"
        assert await b.value("EXECUTE q") == "2"
        await a.lines("UPDATE t SET x = x + 10")
        assert await a.value("EXECUTE q") == "11"
        await a.lines("COMMIT")
        assert await b.value("EXECUTE q") == "11"
        assert await b.value("SELECT x FROM t {SNAPSHOT = 's'}") == "1"

    with_cluster(body)


def test_repeatable_read_keeps_what_it_read(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, r = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("UPDATE t SET x = 2")
        await r.lines("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await r.value("SELECT x FROM t") == "2"
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        await a.lines("VACUUM")
        assert await r.value("SELECT x FROM t") == "2"
        error = await r.error("RESTORE TABLE t FROM SNAPSHOT s")
        assert error.sqlstate == "40001"
        await r.lines("ROLLBACK")
        assert await r.value("SELECT x FROM t") == "1"

    with_cluster(body)


def test_a_cancelled_restore_changes_nothing(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("CREATE SNAPSHOT s")
        await b.lines("BEGIN")
        await b.lines("INSERT INTO t VALUES (1)")
        waiting = asyncio.ensure_future(a.lines("RESTORE TABLE t FROM SNAPSHOT s"))
        await asyncio.sleep(0.1)
        a.session.cancel()
        with pytest.raises(SqlError) as caught:
            await waiting
        assert caught.value.sqlstate == "57014"
        await b.lines("COMMIT")
        assert await a.value("SELECT count(*) FROM t") == "1"
        assert await a.value("SELECT count(*) FROM mo_restores") == "0"

    with_cluster(body)


def test_restorations_outlive_what_they_restored(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        await a.lines("DROP TABLE t")
        await a.lines("DROP SNAPSHOT s")
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        await a.lines("VACUUM")
        assert await a.rows("SELECT level, objects FROM mo_restores") == [("table", "{postgres.public.t}")]
        error = await a.error("UNDO RESTORE")
        assert error.sqlstate == "22023"
        id = await a.value("SELECT id FROM mo_restores")
        assert error.message.startswith(f"restore {id} cannot be undone any more: ")
        assert "earliest readable moment" in (error.detail or "")

    with_cluster(body)


def test_two_undos_walk_back_two_restores(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        for x, name in enumerate(("none", "one", "two")):
            await a.lines(f"CREATE SNAPSHOT {name}")
            await a.lines(f"INSERT INTO t VALUES ({x})")

        async def rows() -> int:
            return int(await a.value("SELECT count(*) FROM t") or 0)

        await a.lines("RESTORE TABLE t FROM SNAPSHOT two")
        await a.lines("RESTORE TENANT FROM SNAPSHOT one")
        table, tenant = [row[0] for row in await a.rows("SELECT id FROM mo_restores ORDER BY id")]
        lines = await a.lines("UNDO RESTORE")
        assert lines[0].startswith("NOTICE: back to 2")
        assert lines[0].endswith(f", just before restore {tenant}")
        assert await rows() == 2
        await a.lines("UNDO RESTORE")
        assert await rows() == 3
        assert (await a.error("UNDO RESTORE")).message == "there is no restore to undo"
        undoes = await a.rows("SELECT undoes, id FROM mo_restores ORDER BY id")
        assert [undone for undone, _ in undoes] == [None, None, tenant, table]
        # done again, it can be undone again; the one before it has been undone all the same
        await a.lines(f"UNDO RESTORE {undoes[2][1]}")
        assert await rows() == 1
        await a.lines("UNDO RESTORE")
        assert await rows() == 2
        assert (await a.error("UNDO RESTORE")).message == "there is no restore to undo"

    with_cluster(body)


def test_two_sessions_undo_one_restore_once(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        await a.lines("BEGIN")
        await a.lines("UNDO RESTORE")
        waiting = asyncio.ensure_future(b.error("UNDO RESTORE"))
        await asyncio.sleep(0.1)
        await a.lines("COMMIT")
        error = await waiting
        assert error.sqlstate == "55000"
        assert error.message.endswith("has been undone meanwhile")
        assert await a.value("SELECT count(*) FROM t") == "1"

    with_cluster(body)


def test_a_snapshot_expires_with_the_vacuum_after_its_time(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("CREATE SNAPSHOT soon WITH (retain = '1 millisecond')")
        await a.lines("CREATE SNAPSHOT later WITH (retain = '1 day')")
        await asyncio.sleep(0.01)
        assert await a.value("SELECT count(*) FROM mo_snapshots") == "2"
        assert 'NOTICE: snapshot "soon" has expired and was dropped' in await a.lines("VACUUM")
        assert await a.rows("SELECT name FROM mo_snapshots") == [("later",)]

    with_cluster(body)


def test_a_snapshot_of_a_moment_that_was_collected_comes_too_late(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        tenant = await cluster.tenant(TENANT)
        ts = Timestamp(tenant.now() - 1)
        await tenant.settle(ts)
        late = tenant.begin()
        late.edit(Put(Snapshot(late.new_id(), ts, "late")))
        await tenant.collect()
        with pytest.raises(MomentTooOld):
            await late.commit()
        assert not tenant.catalog.snapshots

    with_cluster(body)


def test_vacuum_frees_what_a_narrower_snapshot_does_not_hold(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        for table in ("kept", "gone"):
            await a.lines(f"CREATE TABLE {table} (x int)")
            await a.lines(f"INSERT INTO {table} SELECT * FROM generate_series(1, 100)")
        await a.lines("CHECKPOINT")
        await a.lines("CREATE SNAPSHOT s FOR TABLE kept")
        await a.lines("TRUNCATE kept, gone")
        said = await a.rows("VACUUM (DRY_RUN)")
        verdicts = {(row[0], row[3], row[4]) for row in said}
        assert ("postgres.public.kept", "keep", "snapshot s") in verdicts
        assert ("postgres.public.gone", "forget", "nothing needs it") in verdicts
        await a.lines("VACUUM")
        said = await a.rows("VACUUM (DRY_RUN)")
        assert [(row[0], row[3]) for row in said] == [("postgres.public.kept", "keep"), (None, "delete")]
        assert await a.value("SELECT count(*) FROM kept {SNAPSHOT = 's'}") == "100"

    with_cluster(body)


def test_a_session_may_start_in_the_past(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("CREATE SNAPSHOT s")
        ts = await a.value("SELECT clock_timestamp()")
        await a.lines("DELETE FROM t")
        for moment in ("s", ts or ""):
            past = await Client.connect(cluster, options={"rewinddb.as_of": moment})
            assert await past.value("SELECT x FROM t") == "1"
            assert (await past.error("INSERT INTO t VALUES (2)")).sqlstate == "25006"
            await past.lines("SET rewinddb.as_of = ''")
            assert await past.value("SELECT count(*) FROM t") == "0"
            await past.lines("DISCARD ALL")
            assert await past.value("SELECT x FROM t") == "1"
            await past.session.close()
        with pytest.raises(SqlError) as caught:
            await Client.connect(cluster, options={"rewinddb.as_of": "nosuch"})
        assert caught.value.sqlstate == "42704"

    with_cluster(body)


def test_a_prepared_moment_that_was_collected_is_refused(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        ts = await a.value("SELECT clock_timestamp()")
        await a.lines("TRUNCATE t")
        await a.lines("CHECKPOINT")
        await b.lines(f"PREPARE q AS SELECT x FROM t FOR SYSTEM_TIME AS OF '{ts}'")
        assert await b.value("EXECUTE q") == "1"
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        await a.lines("VACUUM")
        assert (await b.error("EXECUTE q")).sqlstate == "22023"

    with_cluster(body)


def test_it_is_all_there_after_a_reopening(tmp_path: Path) -> None:
    async def body() -> None:
        store = MemoryStore()
        verifier = make_verifier("secret", iterations=1)
        seen = []
        for turn in ("first", "again"):
            cluster = Cluster(store, cache_dir=tmp_path / turn, ducks=Ducks(MACROS))
            await cluster.start(lambda: verifier)
            if turn == "first":
                await cluster.create_tenant(TENANT, "admin", verifier)
                await _rewind(await Client.connect(cluster))
            a = await Client.connect(cluster)
            seen.append([await a.rows(text) for text in _QUERIES])
            if turn == "again":
                await a.lines("RESTORE SCHEMA app FROM SNAPSHOT ss")
                assert await a.value("SELECT v FROM app.t") == "1"
                await a.lines("UNDO RESTORE")
                assert await a.value("SELECT v FROM app.t") == "3"
            await cluster.close()
        assert seen[0] == seen[1]

    asyncio.run(body())


_QUERIES = (
    "SELECT * FROM app.t",
    "SELECT * FROM app.beside ORDER BY id",
    "SELECT last_value FROM app.beside_id_seq",
    "SELECT * FROM app.t {SNAPSHOT = 'ss'}",
    "SELECT name, level, schema_name, table_name FROM mo_snapshots ORDER BY timestamp",
    "SELECT id, level, objects, moment, commit_ts, method, role FROM mo_restores ORDER BY id",
    "SELECT why FROM mo_recovery_window ORDER BY latest DESC",
)


async def _rewind(a: Client) -> None:
    for text in (
        f"ALTER TENANT {TENANT} SET (history_retention = '0')",
        "CREATE SCHEMA app",
        "CREATE TABLE app.t (id serial PRIMARY KEY, v int)",
        "INSERT INTO app.t (v) VALUES (1)",
        "CREATE SNAPSHOT ss FOR SCHEMA app",
        "UPDATE app.t SET v = 2",
        "CREATE SNAPSHOT st FOR TABLE app.t",
        "RESTORE TABLE app.t FROM SNAPSHOT ss",
        "UNDO RESTORE",
        "BEGIN",
        "RESTORE TABLE app.t FROM SNAPSHOT st USING LOGICAL",
        "UPDATE app.t SET v = 3",
        "COMMIT",
        "RESTORE TABLE app.t FROM SNAPSHOT ss TO TABLE app.beside",
        "INSERT INTO app.beside (v) VALUES (9)",
        "DROP SNAPSHOT st",
        "VACUUM",
        "INSERT INTO app.t (v) VALUES (4)",
        "DELETE FROM app.t WHERE v = 4",
    ):
        await a.lines(text)


def actions(rows: list[tuple[str | None, ...]]) -> dict[str | None, str | None]:
    """By table."""
    return {row[2]: row[3] for row in rows}


@pytest.mark.parametrize("part", ["TENANT", "DATABASE postgres", "SCHEMA public", "TABLE t, u, e"])
def test_what_is_the_same_at_the_moment_and_now_is_unchanged(with_cluster: Run, part: str) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        for table in "tue":
            await a.lines(f"CREATE TABLE {table} (x int)")
        await a.lines("INSERT INTO t VALUES (1), (2)")
        await a.lines("INSERT INTO u VALUES (1)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("DELETE FROM t WHERE x = 2")
        restore = f"RESTORE {part} FROM SNAPSHOT s"
        one, none = ({"t": t, "u": "unchanged", "e": "unchanged"} for t in ("restored", "unchanged"))
        assert actions(await a.rows(restore)) == one
        assert actions(await a.rows(restore)) == none
        await a.lines("CHECKPOINT")
        assert actions(await a.rows("UNDO RESTORE")) == none
        assert actions(await a.rows("UNDO RESTORE")) == one
        await a.lines("ALTER TABLE u ADD COLUMN y int")
        await a.lines("ALTER TABLE u DROP COLUMN y")
        await a.lines("UPDATE e SET x = 1")
        assert actions(await a.rows(restore)) == one
        await a.lines("ALTER TABLE u RENAME COLUMN x TO z")
        await a.lines("INSERT INTO e VALUES (1)")
        changed = {"t": "unchanged", "u": "restored", "e": "restored"}
        assert actions(await a.rows(restore)) == changed
        assert actions(await a.rows("UNDO RESTORE")) == changed

    with_cluster(body)


def test_a_transaction_changes_what_it_restores(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("CREATE SNAPSHOT s")
        restore = "RESTORE TABLE t FROM SNAPSHOT s"
        for write in ("INSERT INTO t VALUES (2)", "DELETE FROM t", "TRUNCATE t"):
            await a.lines("BEGIN")
            await a.lines(write)
            assert actions(await a.rows(restore)) == {"t": "restored"}
            assert actions(await a.rows(restore)) == {"t": "unchanged"}
            await a.lines(write)
            assert actions(await a.rows(restore)) == {"t": "restored"}
            await a.lines("COMMIT")
            assert actions(await a.rows(restore)) == {"t": "unchanged"}

    with_cluster(body)


def test_deletes_that_compaction_took_away_are_changes(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        await a.lines("CREATE TABLE t (x int)")
        await a.lines("INSERT INTO t SELECT * FROM generate_series(1, 100)")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("DELETE FROM t WHERE x > 1")
        await a.lines("VACUUM")
        await a.lines("VACUUM")
        assert actions(await a.rows("RESTORE TABLE t FROM SNAPSHOT s")) == {"t": "restored"}
        assert await a.value("SELECT count(*) FROM t") == "100"

    with_cluster(body)


def test_a_rehearsal_promises_no_less_than_happens(with_cluster: Run) -> None:
    """Without ANALYZE at least as many rows as with it, whatever upkeep has made of the objects."""

    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (x int, y int)")
        moments = []
        for step in range(6):
            await a.lines(f"INSERT INTO t SELECT g, {step} FROM generate_series(1, 20) g")
            moments.append(await a.value("SELECT clock_timestamp()"))
            await a.lines(f"DELETE FROM t WHERE x % 6 = {step}")
            await a.lines(f"UPDATE t SET y = y + 1 WHERE x = {step + 7}")
            if step % 2:
                await a.lines("VACUUM" if step == 3 else "CHECKPOINT")
            if step == 4:
                await a.lines(f"RESTORE TABLE t TO TIMESTAMP '{moments[1]}'")
        before = await a.rows("SELECT * FROM t ORDER BY x, y")
        for moment in moments:
            [most] = await a.rows(f"EXPLAIN RESTORE TABLE t TO TIMESTAMP '{moment}'")
            [exact] = await a.rows(f"EXPLAIN ANALYZE RESTORE TABLE t TO TIMESTAMP '{moment}'")
            assert exact[3] == "restored"
            assert await a.rows("SELECT * FROM t ORDER BY x, y") == before
            [done] = await a.rows(f"RESTORE TABLE t TO TIMESTAMP '{moment}'")
            assert (exact[4], exact[5], exact[7]) == (done[4], done[5], done[7])
            after = Counter(await a.rows("SELECT * FROM t"))
            moved = ((after - Counter(before)).total(), (Counter(before) - after).total())
            assert (exact[8], exact[9]) == tuple(map(str, moved))
            assert int(most[8] or 0) >= moved[0]
            assert int(most[9] or 0) >= moved[1]
            await a.lines("UNDO RESTORE")

    with_cluster(body)
