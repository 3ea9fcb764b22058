"""psql's backslash commands against the server, beside PostgreSQL with the same schema.

What psql prints has to be the same to the character, but for what `_same` names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.clients.serving import PASSWORD, Server, serving
from tests.clients.serving import psql as run
from tests.conftest import StoreAddress
from tests.services import PostgresService
from tests.system.conftest import SCHEMA


@dataclass(frozen=True)
class Pair:
    """Connection strings of the two servers' databases `shop`, owned by a role `admin` in both."""

    ours: str
    theirs: str
    program: Path
    server: Server

    def ask(self, *commands: str) -> tuple[str, str]:
        mine = run(self.program, self.ours, *commands, flags=())
        theirs = run(self.program, self.theirs, *commands, flags=())
        return _same(mine.stdout + mine.stderr), _same(theirs.stdout + theirs.stderr)


def _same(text: str) -> str:
    """Owners of PostgreSQL's own things, lines about what only one of the two has, a view's columns
    (PostgreSQL 16 no longer qualifies those of a single table either), and padding."""
    lines = [
        " ".join(line.replace("pg_database_owner", "admin").replace("items.", "").split())
        for line in text.splitlines()
        if not any(word in line for word in ("mo_catalog", "template0", "template1", "rows)"))
    ]
    return "\n".join(line for line in lines if set(line) - set("-+ "))


@pytest.fixture(scope="module")
def pair(
    postgres_service: PostgresService, psql: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    with psycopg.connect(postgres_service.dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE admin SUPERUSER CREATEROLE CREATEDB LOGIN")
        connection.execute("CREATE DATABASE psql_shop OWNER admin")
    theirs = postgres_service.dsn.replace("user=postgres", "user=admin").replace(
        "dbname=postgres", "dbname=psql_shop"
    )
    with psycopg.connect(theirs, autocommit=True) as connection:
        connection.execute(SCHEMA)
    folder = tmp_path_factory.mktemp("serve")
    with serving(StoreAddress(f"file://{folder / 'store'}"), folder) as server:
        with server.connect() as connection:
            connection.execute(f"CREATE TENANT acme ADMIN admin PASSWORD '{PASSWORD}'")
        with server.connect("acme:admin") as connection:
            connection.execute("CREATE DATABASE psql_shop")
        ours = server.dsn("acme:admin", dbname="psql_shop")
        with psycopg.connect(ours, autocommit=True) as connection:
            connection.execute(SCHEMA)
        yield Pair(ours, theirs, psql, server)


COMMANDS = [
    r"\d",
    r"\d items",
    r"\d counted",
    r"\d cheap",
    r"\d tickets",
    r"\d counted_id_seq",
    r"\d counted_old_seq",
    r"\d pairs",
    r"\d pairs_pkey",
    r"\d bare",
    r'\d "Side"."Mixed Case"',
    r'\d "Side".*',
    r"\d nothing",
    r"\d+ items",
    r"\d+ counted",
    r"\dt",
    r"\dt items",
    r"\dt public.*",
    r"\dt nothing",
    r"\dv",
    r"\ds",
    r"\di",
    r"\dm",
    r"\dn",
    r"\dn public",
    r"\dg admin",
    r"\du admin",
    r"\d+ cheap",
    r"\df",
    r"\dT",
    r"\dD",
    r"\dp",
    r"\dd",
    r"\dy",
    r"\dP",
    r"\dRp",
    r"\dRs",
    r"\ddp",
    r"\dE",
    r"\z items",
    r"\dt+ nothing",
    r"\dv+",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_prints_what_postgresql_prints(command: str, pair: Pair) -> None:
    mine, theirs = pair.ask(command)
    assert mine == theirs


def test_databases_are_listed(pair: Pair) -> None:
    mine = run(pair.program, pair.ours, r"\l").stdout.splitlines()
    theirs = run(pair.program, pair.theirs, r"\l").stdout.splitlines()
    described = {line.split("|")[0]: line.split("|") for line in theirs}
    assert [line.split("|")[0] for line in mine] == ["postgres", "psql_shop"]
    for line in mine:
        name, owner, encoding, *_rest = line.split("|")
        assert len(line.split("|")) == len(described[name])
        assert (owner, encoding) == ("admin", "UTF8")


def test_every_backslash_command_answers(pair: Pair) -> None:
    """Also those whose answer differs with reason; none may end in an error."""
    for command in (
        r"\l+",
        r"\dt+",
        r"\di+",
        r"\ds+",
        r"\dn+",
        r"\du+",
        r"\dTS",
        r"\dtS",
        r"\dA",
        r"\dconfig",
    ):
        done = run(pair.program, pair.ours, command)
        assert (command, done.stderr) == (command, "")
        assert done.stdout


def test_a_table_with_rows_has_a_size(pair: Pair) -> None:
    run(
        pair.program, pair.ours, "CREATE TABLE sized AS SELECT 'some text' AS a FROM generate_series(1, 1000)"
    )
    size = int(run(pair.program, pair.ours, "SELECT pg_total_relation_size('sized')").stdout)
    run(pair.program, pair.ours, "DROP TABLE sized")
    assert size > 1000


def test_the_past_is_described(pair: Pair) -> None:
    """Catalog queries read the catalog of the moment."""
    with psycopg.connect(pair.ours, autocommit=True) as connection:
        connection.execute("CREATE TABLE gone (was integer)")
        connection.execute("CREATE SNAPSHOT before_drop")
        connection.execute("DROP TABLE gone")
        query = "SELECT count(*) FROM pg_class {} WHERE relname = 'gone'"
        now = connection.execute(query.format("")).fetchone()
        then = connection.execute(query.format("FOR SYSTEM_TIME AS OF SNAPSHOT 'before_drop'")).fetchone()
        connection.execute("DROP SNAPSHOT before_drop")
    assert (now, then) == ((0,), (1,))


def test_snapshots_are_described_with_what_they_hold(pair: Pair) -> None:
    with psycopg.connect(pair.ours, autocommit=True) as connection:
        connection.execute("CREATE TABLE held AS SELECT g AS a FROM generate_series(1, 1000) AS g")
        connection.execute("CHECKPOINT")
        connection.execute("CREATE SNAPSHOT holding")
        usage = connection.execute(
            "SELECT objects, bytes > 0, straddlers FROM mo_snapshot_usage WHERE name = 'holding'"
        ).fetchone()
        connection.execute("DROP SNAPSHOT holding")
        connection.execute("DROP TABLE held")
    assert usage is not None
    assert usage[0] >= 1
    assert usage[1:] == (True, 0)


def test_the_system_tenant_alone_sees_tenants(pair: Pair) -> None:
    with pair.server.connect() as connection:
        tenants = connection.execute("SELECT name, admin_role FROM mo_catalog.mo_tenants").fetchall()
    assert tenants == [("acme", "admin")]


def test_duckdbs_own_catalog_is_out_of_reach(pair: Pair) -> None:
    for text in (
        "SELECT * FROM duckdb_tables",
        "SELECT * FROM pg_catalog.pg_stat_user_tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM information_schema.sql_features",
        "SELECT duckdb_functions()",
        "SELECT rewinddb_quote_ident('a')",
        "SELECT * FROM mo_catalog.mo_tenants",
    ):
        done = run(pair.program, pair.ours, text)
        assert "does not exist" in done.stderr, text
