"""The README is true: its session is typed into psql and must answer what is printed there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import services

ROOT = Path(__file__).parent.parent.parent
PROMPT = "    postgres=# "
PROMPTS = (PROMPT, "    postgres=*# ")
"""Outside and inside a transaction block."""
CONTINUED = "    postgres-# "
MARK = "-- next --"

REFUSED = [
    "CREATE TABLE c (id int REFERENCES t (a))",
    "CREATE INDEX i ON t (b)",
    "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'",
    "CREATE TYPE e AS ENUM ('a')",
    "CREATE EXTENSION hstore",
    "CREATE MATERIALIZED VIEW v AS SELECT 1",
    "CREATE TEMP TABLE temporary (a int)",
    "CREATE TABLE parts (a int) PARTITION BY RANGE (a)",
    "MERGE INTO t USING t AS s ON true WHEN MATCHED THEN DELETE",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "LOCK TABLE t",
    "SELECT * FROM t FOR UPDATE",
    "DECLARE c CURSOR FOR SELECT 1",
    "LISTEN x",
    "NOTIFY x",
    "CREATE ROLE bob",
    "GRANT SELECT ON t TO bob",
    "CREATE TENANT x CLONE sys",
    "RESTORE SCHEMA public FROM SNAPSHOT good TO SCHEMA s2",
    "RESTORE TABLE t FROM SNAPSHOT good WHERE a = 1",
    "UNDROP TABLE t AS u",
]
"""A statement for each thing that the last section says is not there."""


def documented() -> list[tuple[str, str]]:
    """Statements of the README's session and what psql answers to each."""
    found: list[tuple[str, list[str]]] = []
    inside = False
    for line in (ROOT / "README.md").read_text().splitlines():
        prompt = next((prompt for prompt in PROMPTS if line.startswith(prompt)), None)
        if prompt is not None:
            inside = True
            found.append((line.removeprefix(prompt), []))
        elif inside and line.startswith(CONTINUED):
            statement, answer = found.pop()
            found.append((f"{statement}\n{line.removeprefix(CONTINUED)}", answer))
        elif inside and (line.startswith("    ") or not line):
            found[-1][1].append(line[4:])
        else:
            inside = False
    return [(statement, "\n".join(answer)) for statement, answer in found]


def normal(text: str) -> str:
    """Without what differs each time: moments, and the widths that depend on them."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00", "MOMENT", text)
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r"-{2,}", "--", text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (chosen,) = services.free_ports(1)
    log = tmp_path / "server.log"
    command = [sys.executable, "-m", "server", "serve", "--listen", f"127.0.0.1:{chosen}"]
    command += ["--store", f"file://{tmp_path / 'store'}", "--cache-dir", str(tmp_path / "cache")]
    with services.process(
        command,
        log,
        lambda: "listening on" in log.read_text(),
        environment={"REWINDDB_ADMIN_PASSWORD": "secret"},
    ):
        with psycopg.connect(
            f"host=127.0.0.1 port={chosen} user=sys:admin password=secret dbname=postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE TENANT acme ADMIN admin PASSWORD 'hidden'")
        yield chosen


def test_the_session(port: int, psql: Path) -> None:
    session = documented()
    assert len(session) >= 8
    typed = "".join(f"{statement}\n\\echo {MARK}\n" for statement, _ in session)
    done = subprocess.run(
        [
            psql,
            "-X",
            "-v",
            "VERBOSITY=default",
            f"host=127.0.0.1 port={port} user=acme:admin dbname=postgres",
        ],
        input=typed,
        env={"PGPASSWORD": "hidden", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    answers = done.stdout.split(MARK + "\n")[:-1]
    for (statement, expected), answer in zip(session, answers, strict=True):
        assert normal(answer) == normal(expected), statement


def test_what_it_does_not_do_is_refused_by_name(port: int) -> None:
    where = f"host=127.0.0.1 port={port} user=acme:admin password=hidden dbname=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (a int PRIMARY KEY, b text)")
        connection.execute("CREATE SNAPSHOT good")
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                connection.execute(statement)


def test_its_order_and_its_commands() -> None:
    text = (ROOT / "README.md").read_text()
    places = [text.index(part) for part in ("make demo", "make test", PROMPT, "s3://", "does not do")]
    assert places == sorted(places)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`| {4})make ([a-z]+)", text)) <= targets
