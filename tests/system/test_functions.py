"""The catalog's functions and casts, one by one, beside PostgreSQL's."""

from __future__ import annotations

from pathlib import Path

import pytest

from sql.errors import SqlError
from sql.parse import parse_query
from sql.system.functions import rewrite
from tests.system.servers import Servers

TEXT = (Path(__file__).parent / "functions.sql").read_text()
SAME = [line.removesuffix(";") for line in TEXT.splitlines() if not line.startswith("--")]


@pytest.mark.parametrize("text", SAME)
def test_answers_are_postgresqls(text: str, servers: Servers) -> None:
    mine = servers.normal(servers.ours(text), servers.our_names)
    theirs = servers.normal(servers.theirs(text), servers.their_names)
    assert sorted(mine) == sorted(theirs)


@pytest.mark.parametrize(
    ("text", "sqlstate", "message"),
    [
        ("SELECT 'nothing'::regclass", "42P01", 'relation "nothing" does not exist'),
        (
            "SELECT relname FROM pg_class WHERE oid = 'a.b'::regclass",
            "42P01",
            'relation "a.b" does not exist',
        ),
        ("SELECT to_regclass('a b')", "42602", "invalid name syntax"),
        ("SELECT 'nothing'::regproc::oid", "42883", 'function "nothing" does not exist'),
        ("SELECT 'nothing'::regtype", "42704", 'type "nothing" does not exist'),
        ("SELECT 'nothing'::regnamespace", "3F000", 'schema "nothing" does not exist'),
        ("SELECT 'nothing'::regrole", "42704", 'role "nothing" does not exist'),
        ("SELECT current_setting('no.such')", "42704", 'unrecognized configuration parameter "no.such"'),
        ("SELECT public.pg_table_is_visible(1)", "42883", None),
        ("SELECT pg_get_expr()", "42883", None),
        ("SELECT pg_read_file('/etc/passwd')", "42883", None),
        ("SELECT error('x')", "42883", None),
    ],
)
def test_errors_are_postgresqls(text: str, sqlstate: str, message: str | None, servers: Servers) -> None:
    with pytest.raises(SqlError) as raised:
        servers.ours(text)
    assert raised.value.sqlstate == sqlstate
    if message is not None:
        assert raised.value.message == message


def test_a_tree_without_catalog_functions_is_left_alone() -> None:
    tree = parse_query("SELECT a, lower(b) FROM t WHERE c = 1")
    assert rewrite(tree) is tree


def test_a_rewritten_tree_is_a_copy() -> None:
    tree = parse_query("SELECT pg_table_is_visible(oid) FROM pg_class")
    before = repr(tree)
    assert rewrite(tree) is not tree
    assert repr(tree) == before


@pytest.mark.parametrize(
    "text",
    [
        "SELECT pg_get_userbyid(10), 'items'::regclass, 'items'::regclass::oid, to_regclass('items')",
        "SELECT CASE WHEN true THEN 'a' ELSE format_type(23, -1) END, oid::regclass FROM pg_class",
        "SELECT 'x' || pg_get_userbyid(10), coalesce(pg_get_userbyid(10), ''), 1 + 1",
        "SELECT (SELECT current_schemas(true)), (current_schemas(true))[1]",
        "SELECT ARRAY(SELECT pg_get_userbyid(10))",
        "SELECT relname::regclass::text FROM pg_class WHERE relname = 'items'",
    ],
)
def test_columns_keep_the_names_that_postgresql_gives_them(text: str, servers: Servers) -> None:
    theirs = servers.postgres.execute(text).description
    assert theirs is not None
    assert [output.name for output in servers.plan(text).outputs or ()] == [column.name for column in theirs]
