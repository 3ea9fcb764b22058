"""Writes queries/psql/*.sql: what psql really sends, seen by ECHO_HIDDEN against a real PostgreSQL.

Run by hand when psql is a newer one: ``python -m tests.system.collect HOST PORT USER DATABASE``, on a
database that holds schema.sql. Object ids become ``{oid:schema.name}``, so that the queries can be asked
of any server that holds the same schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMMANDS = {
    "d": r"\d",
    "d_table": r"\d items",
    "d_plus_table": r"\d+ items",
    "d_counted": r"\d counted",
    "d_view": r"\d cheap",
    "d_plus_view": r"\d+ cheap",
    "d_sequence": r"\d tickets",
    "d_owned_sequence": r"\d counted_id_seq",
    "d_index": r"\d pairs_pkey",
    "d_mixed": r'\d "Side"."Mixed Case"',
    "d_missing": r"\d nothing",
    "d_schema": r'\d "Side".*',
    "dt": r"\dt",
    "dt_pattern": r"\dt *.*",
    "dt_plus": r"\dt+",
    "dt_system": r"\dtS",
    "dv": r"\dv",
    "dv_plus": r"\dv+",
    "ds": r"\ds",
    "ds_plus": r"\ds+",
    "di": r"\di",
    "di_plus": r"\di+",
    "dm": r"\dm",
    "dn": r"\dn",
    "dn_plus": r"\dn+",
    "dn_pattern": r"\dn pub*",
    "l": r"\l",
    "l_plus": r"\l+",
    "l_pattern": r"\l shop",
    "du": r"\du",
    "du_plus": r"\du+",
    "df": r"\df",
    "df_plus": r"\df+",
    "da": r"\da",
    "dT": r"\dT",
    "dT_plus": r"\dT+",
    "dTS": r"\dTS int*",
    "dp": r"\dp",
    "dx": r"\dx",
    "db": r"\db",
    "dd": r"\dd",
    "dD": r"\dD",
    "dO": r"\dO",
    "dc": r"\dc",
    "dC": r"\dC",
    "do": r"\do",
    "dA": r"\dA",
    "dy": r"\dy",
    "det": r"\det",
    "des": r"\des",
    "dew": r"\dew",
    "deu": r"\deu",
    "dRp": r"\dRp",
    "dRs": r"\dRs",
    "dP": r"\dP",
    "drds": r"\drds",
    "ddp": r"\ddp",
    "dconfig": r"\dconfig",
    "dL": r"\dL",
    "dF": r"\dF",
    "dX": r"\dX",
    "sv": r"\sv cheap",
    "z": r"\z items",
}
BLOCK = re.compile(r"^\*{8,} QUERY \*+\n(.*?)\n\*{20,}$", re.M | re.S)
OIDS = (
    "SELECT c.oid, n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384"
)


def run(arguments: list[str]) -> str:
    return subprocess.run(arguments, capture_output=True, text=True).stdout


def main(host: str, port: str, user: str, database: str) -> None:
    psql = ["psql", "-X", "-h", host, "-p", port, "-U", user, "-d", database]
    names = dict(line.split("|", 1) for line in run([*psql, "-At", "-c", OIDS]).splitlines())
    folder = HERE / "queries" / "psql"
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in COMMANDS.items():
        text = run([*psql, "-E", "-c", command])
        queries = [block.rstrip().rstrip(";") + ";" for block in BLOCK.findall(text)]
        joined = "\n\n".join(queries)
        for oid, full in names.items():
            joined = re.sub(rf"'?\b{oid}\b'?", "'{oid:" + full.replace("\\", "") + "}'", joined)
        (folder / f"{name}.sql").write_text(f"-- {command}\n{joined}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
