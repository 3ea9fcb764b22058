"""What psql, psycopg, asyncpg and SQLAlchemy ask the catalog, asked of both servers.

The queries are as the clients sent them (`collect`). Both servers hold the same schema; object ids are
compared by the names they stand for. Where RewindDB's answer differs with reason, the reason is here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.system.servers import Servers

FOLDER = Path(__file__).parent / "queries"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.sql"))

SERVERS_OWN = "PostgreSQL has relations that are about its server"
NOT_COMPARED = {
    "asyncpg.sql-1": "PostgreSQL has range types",
    "asyncpg.sql-6": "PostgreSQL makes a row type for every table",
    "django.sql-45": "the text of a view is laid out differently",
    "pgcli.sql-3": SERVERS_OWN,
    "pgcli.sql-4": SERVERS_OWN,
    "pgcli.sql-5": SERVERS_OWN,
    "pgcli.sql-6": SERVERS_OWN,
    "pgcli.sql-7": "a list of the server's databases",
    "pgcli.sql-9": "functions are not listed",
    "pgcli.sql-12": "the test server's locale",
    "pgcli.sql-13": "the text of a view is laid out differently",
    "psql/d_plus_view.sql-3": "the text of a view is laid out differently",
    "psql/dA.sql-0": "PostgreSQL has more access methods",
    "psql/dC.sql-0": "casts are not listed",
    "psql/dF.sql-0": "there is no text search",
    "psql/dL.sql-0": "PL/pgSQL",
    "psql/dO.sql-0": "PostgreSQL lists the machine's locales",
    "psql/dTS.sql-0": "PostgreSQL has more types",
    "psql/da.sql-0": "functions are not listed",
    "psql/dc.sql-0": "there are no conversions",
    "psql/dconfig.sql-0": "settings differ",
    "psql/di_plus.sql-0": "sizes differ",
    "psql/dn_plus.sql-0": "there are no privileges to list",
    "psql/do.sql-0": "operators are not listed",
    "psql/ds_plus.sql-0": "sizes differ",
    "psql/dt_pattern.sql-0": SERVERS_OWN,
    "psql/dt_plus.sql-0": "sizes differ",
    "psql/dt_system.sql-0": SERVERS_OWN,
    "psql/du.sql-0": "the test server's role may replicate",
    "psql/du_plus.sql-0": "the test server's role may replicate",
    "psql/dx.sql-0": "PL/pgSQL is an extension",
    "psql/l.sql-0": "the test server's locale",
    "psql/l_pattern.sql-0": "the test server's locale",
    "psql/l_plus.sql-0": "the test server's locale",
    "psql/sv.sql-1": "the text of a view is laid out differently",
    "sqlalchemy.sql-0": "the version",
    "sqlalchemy.sql-16": "PostgreSQL has more operator classes",
    "sqlalchemy.sql-31": "the text of a view is laid out differently",
}
"""Asked, but not compared: the statement's number in its file, and why."""
NOT_COMPARED |= {f"browsers.sql-{number}": "whole rows" for number in range(40)}
NOT_COMPARED |= {f"psql_tab.sql-{number}": "a list of everything there is" for number in range(40)}
SYSTEM_COLUMNS = {f"django.sql-{number}" for number in (5, 10, 15, 20, 25)}
"""PostgreSQL lists a table's system columns as attributes below 0."""
NOT_ASKED = {
    "psql/det.sql-0": "pg_options_to_table does not exist",
    "psql/des.sql-0": "pg_options_to_table does not exist",
    "psql/dew.sql-0": "pg_options_to_table does not exist",
    "psql/deu.sql-0": "pg_options_to_table does not exist",
    "pgcli.sql-11": "it reads the source of functions",
}


def statements(name: str) -> list[str]:
    text = re.sub(r"^--.*\n", "", (FOLDER / name).read_text())
    return [part for part in re.split(r";\n\s*\n?(?=\S)", text.strip().removesuffix(";")) if part]


CASES = [(name, number) for name in FILES for number in range(len(statements(name)))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_answers_are_postgresqls(name: str, number: int, servers: Servers) -> None:
    text = statements(name)[number]
    case = f"{name}-{number}"
    if not re.search(r"pg_|information_schema|current_schema", text) or "set_config" in text:
        pytest.skip("asks nothing of the catalog")
    if case in NOT_ASKED:
        pytest.skip(NOT_ASKED[case])
    mine = servers.normal(servers.ours(text), servers.our_names)
    if case in NOT_COMPARED:
        return
    theirs = servers.normal(servers.theirs(text), servers.their_names)
    if case in SYSTEM_COLUMNS:
        theirs = [row for row in theirs if not re.match(r"\('(c|x)(max|min)|\('(ctid|tableoid)", row)]
    assert sorted(mine) == sorted(theirs)
