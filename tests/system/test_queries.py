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

NOT_COMPARED = {
    "psql/dTS.sql": "PostgreSQL has more types",
    "psql/dt_system.sql": "PostgreSQL has relations that are about its server",
    "psql/dt_pattern.sql": "PostgreSQL has relations that are about its server",
    "psql/dc.sql": "there are no conversions",
    "psql/dC.sql": "casts are not listed",
    "psql/do.sql": "operators are not listed",
    "psql/da.sql": "functions are not listed",
    "psql/dF.sql": "there is no text search",
    "psql/dO.sql": "PostgreSQL lists the machine's locales",
    "psql/dA.sql": "PostgreSQL has more access methods",
    "psql/dx.sql": "PL/pgSQL is an extension",
    "psql/dL.sql": "PL/pgSQL is an extension",
    "psql/dconfig.sql": "settings differ",
    "psql_tab.sql": "lists of everything there is",
}
"""Asked, but not compared."""
NOT_ASKED = {
    "psql/det.sql": "pg_options_to_table",
    "psql/des.sql": "pg_options_to_table",
    "psql/dew.sql": "pg_options_to_table",
    "psql/dX.sql": "pg_statistic_ext needs pg_mcv_list",
}


def statements(name: str) -> list[str]:
    text = re.sub(r"^--.*\n", "", (FOLDER / name).read_text())
    return [part for part in re.split(r";\n\s*\n?(?=\S)", text.strip().removesuffix(";")) if part]


CASES = [(name, number) for name in FILES if name not in NOT_ASKED for number in range(len(statements(name)))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_answers_are_postgresqls(name: str, number: int, servers: Servers) -> None:
    text = statements(name)[number]
    if not re.search(r"pg_|information_schema|current_schema", text):
        pytest.skip("asks nothing of the catalog")
    mine = servers.normal(servers.ours(text), servers.our_names)
    if name in NOT_COMPARED:
        return
    theirs = servers.normal(servers.theirs(text), servers.their_names)
    assert sorted(mine) == sorted(theirs)
