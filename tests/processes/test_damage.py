"""A damaged or missing object: XX001 with the table and the object, for those who need it and nobody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests.clients.serving import PASSWORD, Server, serving
from tests.conftest import StoreAddress
from tests.processes.servers import check

USERS = ("one:admin", "two:admin")


def prepare(server: Server) -> None:
    """Two tenants, each with a table `broken` and a table `whole`, all in objects."""
    for user in USERS:
        name = user.partition(":")[0]
        with server.connect() as system:
            system.execute(f"create tenant {name} admin admin password '{PASSWORD}'")  # type: ignore[arg-type]
        with server.connect(user) as connection:
            for table in ("whole", "broken"):
                connection.execute(f"create table {table} (id int primary key, v text)")  # type: ignore[arg-type]
                connection.execute("create snapshot empty" if table == "broken" else "select 1")
                connection.execute(f"insert into {table} select n, 'x' from generate_series(1, 100) as s(n)")  # type: ignore[arg-type]
                connection.execute("checkpoint")
            for number in range(3):
                connection.execute("insert into whole values (%s, 'tail')", (1_000 + number,))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    with serving(StoreAddress(f"file://{folder / 'store'}"), folder) as server:
        prepare(server)
    return folder / "store"


@pytest.fixture
def address(prepared: Path, tmp_path: Path) -> StoreAddress:
    """A copy of the store with the two tenants."""
    shutil.copytree(prepared, tmp_path / "store")
    return StoreAddress(f"file://{tmp_path / 'store'}")


def other_machine(folder: Path) -> Path:
    """A folder for a server that has nothing cached."""
    made = folder / "other"
    made.mkdir()
    return made


def objects(store: Path, tenant: str) -> list[Path]:
    """A tenant's objects, oldest first."""
    found = store.glob(f"tenants/{tenant}/*/objects/*")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def damage(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
        return
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_who_needs_it_is_told(address: StoreAddress, tmp_path: Path, how: str) -> None:
    victim = objects(tmp_path / "store", "one")[-1]
    damage(victim, how)
    with (
        serving(address, other_machine(tmp_path)) as server,
        server.connect("one:admin") as connection,
    ):
        for needs_it in (
            "select count(*) from broken",
            "select w.id from whole w join broken b on w.id = b.id",
            "update broken set v = 'y' where id = 3",
            "delete from broken",
        ):
            with pytest.raises(errors.DataCorrupted) as failure:
                connection.execute(needs_it)  # type: ignore[arg-type]
            said = f"{failure.value.diag.message_primary} {failure.value.diag.message_detail}"
            assert "broken" in said
            assert victim.name in said
        assert connection.execute("select count(*) from whole").fetchone() == (103,)
        connection.execute("insert into whole values (101, 'y')")
        connection.execute("checkpoint")
        past = "select count(*) from broken for system_time as of snapshot 'empty'"
        assert connection.execute(past).fetchone() == (0,)
        with server.connect("two:admin") as other:
            assert other.execute("select count(*) from broken").fetchone() == (100,)
            other.execute("vacuum")
        connection.execute("restore table broken from snapshot empty")
        connection.execute("insert into broken values (1, 'begun anew')")
        assert connection.execute("select * from broken").fetchall() == [(1, "begun anew")]
    status, told = check(address)
    assert status == 1
    assert "fault: tenant one: table broken" in told
    assert victim.name in told
    assert "tenant two" not in told


def test_a_broken_log_stops_its_tenant_only(address: StoreAddress, tmp_path: Path) -> None:
    wals = sorted((tmp_path / "store").glob("tenants/one/*/wal/*"))
    wals[-2].unlink()
    with serving(address, other_machine(tmp_path)) as server:
        with pytest.raises(psycopg.OperationalError, match=f"WAL object {len(wals) - 1} .* is missing"):
            server.connect("one:admin")
        with server.connect("two:admin") as other:
            assert other.execute("select count(*) from whole").fetchone() == (103,)
    assert check(address)[0] == 1
