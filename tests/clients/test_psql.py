"""psql, as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import ATenant
from tests.clients.serving import Server
from tests.clients.serving import psql as run


def test_several_statements_in_one_message(psql: Path, tenant: ATenant) -> None:
    done = run(
        psql, tenant.dsn, "create table t (a int); insert into t values (1), (2); select sum(a) from t"
    )
    assert done.stdout.splitlines() == ["CREATE TABLE", "INSERT 0 2", "3"]
    assert done.returncode == 0


def test_several_statements_are_one_transaction(psql: Path, tenant: ATenant) -> None:
    run(psql, tenant.dsn, "create table t (a int primary key)")
    done = run(
        psql, tenant.dsn, "insert into t values (1); insert into t values (1); insert into t values (2)"
    )
    assert "duplicate key" in done.stderr
    assert run(psql, tenant.dsn, "select count(*) from t").stdout == "0\n"


def test_errors_show_their_place_and_the_session_goes_on(psql: Path, tenant: ATenant) -> None:
    done = run(psql, tenant.dsn, stdin="selec 1;\nselect 1/0;\nselect nothing;\nselect 42;\n", flags=["-At"])
    assert done.stdout == "42\n"
    assert "ERROR:  syntax error" in done.stderr
    assert "LINE 1: selec 1;" in done.stderr
    assert "division by zero" in done.stderr
    assert 'column "nothing" does not exist' in done.stderr


def test_sqlstates_in_verbose_errors(psql: Path, tenant: ATenant) -> None:
    script = "\\set VERBOSITY sqlstate\nselect 1/0;\nselect * from nothing;\n"
    assert run(psql, tenant.dsn, stdin=script).stderr.splitlines() == ["ERROR:  22012", "ERROR:  42P01"]


def test_copy_both_ways(psql: Path, tenant: ATenant) -> None:
    script = "create table t (a int, b text);\ncopy t from stdin;\n1\tone\n2\t\\N\n3\ttab\\there\n\\.\n"
    done = run(psql, tenant.dsn, stdin=script + "select count(*), count(b) from t;\ncopy t to stdout;\n")
    assert done.stderr == ""
    assert done.stdout == "CREATE TABLE\nCOPY 3\n3|2\n1\tone\n2\t\\N\n3\ttab\\there\n"


def test_copy_csv_with_a_header(psql: Path, tenant: ATenant, tmp_path: Path) -> None:
    given = tmp_path / "in.csv"
    given.write_text('a,b\n1,"x, ""y"""\n2,"two\nlines"\n3,\n')
    taken = tmp_path / "out.csv"
    script = (
        "create table t (a int, b text);\n"
        f"\\copy t from '{given}' with (format csv, header)\n"
        f"\\copy (select * from t order by a) to '{taken}' with (format csv, header)\n"
    )
    done = run(psql, tenant.dsn, stdin=script)
    assert done.stderr == ""
    assert taken.read_text() == given.read_text()


def test_describe_commands(psql: Path, tenant: ATenant) -> None:
    script = (
        "create table flights (id int primary key, dest varchar(3) not null default 'XXX', at timestamptz);\n"
        "\\d flights\n\\dt\n\\l\n\\dn\n\\du\n\\dv\n\\d\n\\di\n\\df\n\\conninfo\n"
    )
    done = run(psql, tenant.dsn, stdin=script, flags=[])
    assert done.stderr == "Did not find any relations.\n", "there are no views, and all else is found"
    assert 'Table "public.flights"' in done.stdout
    assert "character varying(3)" in done.stdout
    assert "'XXX'::character varying" in done.stdout
    assert '"flights_pkey" PRIMARY KEY' in done.stdout
    assert "public | flights | table" in done.stdout


def test_notices(psql: Path, tenant: ATenant) -> None:
    done = run(psql, tenant.dsn, "drop table if exists nothing", "create snapshot")
    assert 'NOTICE:  table "nothing" does not exist, skipping' in done.stderr
    assert done.stderr.count("NOTICE:") == 2
    assert done.stdout.splitlines() == ["DROP TABLE", "CREATE SNAPSHOT"]


def test_the_main_job(psql: Path, tenant: ATenant) -> None:
    script = (
        "create table t (a int primary key, b text);\ninsert into t values (1, 'one'), (2, 'two');\n"
        "create snapshot s;\nupdate t set b = 'gone';\ndelete from t where a = 1;\n"
        "select b from t for system_time as of snapshot 's' order by a;\ndrop table t;\n"
        "restore tenant from snapshot s;\nselect * from t order by a;\n"
    )
    done = run(psql, tenant.dsn, stdin=script)
    assert [line for line in done.stderr.splitlines() if "NOTICE" not in line] == []
    lines = done.stdout.splitlines()
    assert lines[lines.index("DELETE 1") + 1 :][:3] == ["one", "two", "DROP TABLE"]
    assert lines[-2:] == ["1|one", "2|two"]


@pytest.mark.parametrize(
    ("user", "password", "shown"),
    [
        ("admin", "wrong", "admin"),
        ("nobody", "s3cret", "nobody"),
        ("no_such_tenant:admin", "s3cret", "no_such_tenant:admin"),
        ("admin", "''", None),
    ],
)
def test_refused_logins(psql: Path, server: Server, user: str, password: str, shown: str | None) -> None:
    done = run(psql, server.dsn(user, password), "select 1", flags=["-At", "-w"])
    assert done.returncode == 2
    assert done.stdout == ""
    expected = (
        f'FATAL:  password authentication failed for user "{shown}"' if shown else "no password supplied"
    )
    assert expected in done.stderr


def test_tenant_as_an_option(psql: Path, tenant: ATenant) -> None:
    dsn = tenant.server.dsn("admin", more=f"options='-c tenant={tenant.name} -c application_name=me'")
    done = run(psql, dsn, "select current_user", "show application_name")
    assert done.stdout.splitlines()[0] == "admin"
    run(psql, tenant.dsn, "create table only_here (a int)")
    assert run(psql, dsn, "select count(*) from only_here").stdout == "0\n"


def test_unknown_database(psql: Path, tenant: ATenant) -> None:
    done = run(psql, tenant.server.dsn(tenant.user, dbname="nowhere"), "select 1")
    assert 'FATAL:  database "nowhere" does not exist' in done.stderr


def test_snapshots_are_described_by_bare_name_and_not_listed(psql: Path, tenant: ATenant) -> None:
    """A tool that lists what is visible must not take mo_catalog's relations for the user's."""
    described = run(
        psql, tenant.dsn, stdin="\\d mo_snapshots\n\\d+ mo_recovery_window\n\\dt mo_snap*\n", flags=[]
    )
    assert 'Table "mo_catalog.mo_snapshots"' in described.stdout
    assert '"mo_snapshots_pkey" PRIMARY KEY' in described.stdout
    assert "View definition:\n -- built in" in described.stdout
    assert "mo_catalog | mo_snapshots" in described.stdout
    assert described.stderr == ""
    listed = run(psql, tenant.dsn, stdin="create table mine (a int);\n\\d\n\\dt\n\\dv\n", flags=[])
    assert "mine" in listed.stdout
    assert "mo_" not in listed.stdout
    asked = "select to_regclass('mo_snapshots'), pg_table_is_visible('mo_snapshots'::regclass)"
    assert run(psql, tenant.dsn, asked).stdout == "mo_snapshots|t\n"
    run(psql, tenant.dsn, "create table public.mo_restores (a int)")
    found = "select to_regclass('mo_restores') = 'mo_catalog.mo_restores'::regclass"
    assert run(psql, tenant.dsn, found).stdout == "t\n"
