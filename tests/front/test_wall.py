"""The first wall: whatever a client writes, DuckDB sees only our tables and the functions of our list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql.errors import SqlError
from sql.functions import signatures_of
from sql.parse import parse
from sql.render import MARK, decode_identifier, encode_identifier, identifier, string
from sql.rules.calls import SPECIAL
from sql.rules.json_rows import FUNCTIONS as JSON_ROWS
from sql.rules.ordered import AGGREGATES
from sql.statement import Explain, Prepare, Query
from tests.front.world import Duck, planned

_ORACLE = Path(__file__).parent / "oracle.sql"
_TABLE_FUNCTIONS_USED = {"generate_series", "unnest", "range"}
_NEVER = {
    "getenv", "getvariable", "current_setting", "query", "query_table", "glob", "json_execute_serialized_sql",
    "read_text", "read_blob", "current_query", "txid_current", "pg_typeof", "current_database",
    "current_schemas", "duckdb_settings", "nextval", "write_log", "which_secret", "in_search_path",
}  # fmt: skip


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck.filled()


def _known(name: str) -> bool:
    return bool(signatures_of(name)) or name in SPECIAL or name in AGGREGATES or name in JSON_ROWS


def _every_duckdb_function() -> list[tuple[str, str]]:
    connection = duckdb.connect()
    found = connection.execute(
        "SELECT DISTINCT function_name, function_type FROM duckdb_functions()"
    ).fetchall()
    return sorted((str(name), str(kind)) for name, kind in found)


def _system_functions() -> set[str]:
    from sql.system.templates import TEMPLATES

    return set(TEMPLATES)


def test_no_duckdb_function_answers_by_its_own_name() -> None:
    """A name of DuckDB's is unknown unless it is also PostgreSQL's and on the list."""
    listed = _system_functions() | {
        "pg_timezone_names",
        "to_regclass",
        "to_regtype",
        "to_regnamespace",
        "to_regrole",
    }
    for name, _ in _every_duckdb_function():
        if _known(name) or name in listed:
            assert name not in _NEVER - {
                "current_setting",
                "pg_typeof",
                "current_database",
                "current_schemas",
            }
            continue
        quoted = '"' + name.replace('"', '""') + '"'
        for text in (
            f"SELECT {quoted}()",
            f"SELECT {quoted}('x')",
            f"SELECT {quoted}(1, 2)",
            f"SELECT pg_catalog.{quoted}('x')",
            f"SELECT * FROM {quoted}('x')",
            f"SELECT * FROM {quoted}()",
            f"SELECT * FROM LATERAL {quoted}('x') AS t",
            f"SELECT (SELECT {quoted}(id) FROM people LIMIT 1)",
            f"SELECT id FROM people ORDER BY {quoted}(id)",
            f"SELECT count(*) FILTER (WHERE {quoted}(id)) FROM people",
            f"SELECT sum(id) OVER (PARTITION BY {quoted}(id)) FROM people",
        ):
            assert _refusal(text) in ("42883", "0A000"), text


def _refusal(text: str) -> str | None:
    try:
        planned(text)
    except SqlError as error:
        return error.sqlstate
    return None


_SLY = """
SELECT * FROM 'file.parquet'
SELECT * FROM "file.parquet"
SELECT * FROM "/etc/passwd"
SELECT * FROM 's3://bucket/x.parquet'
SELECT * FROM "s3://bucket/x.parquet"
SELECT * FROM read_parquet('x')
SELECT * FROM "read_parquet"('x')
SELECT * FROM READ_CSV('x')
SELECT * FROM main.read_csv('x')
SELECT * FROM system.main.duckdb_settings()
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_settings
SELECT * FROM duckdb_tables
SELECT * FROM main.duckdb_tables
SELECT * FROM system.information_schema.tables
SELECT * FROM memory.main.t20000
SELECT * FROM temp.main.x
SELECT * FROM t20000
SELECT * FROM main.t20000
SELECT c20001 FROM people
SELECT people.c20001 FROM people
SELECT _commit_ts FROM people
SELECT _deleted_ts FROM people
SELECT _row_id FROM people
SELECT rowid FROM people
SELECT people.rowid FROM people
SELECT filename FROM people
SELECT sqlite_master.* FROM sqlite_master
SELECT * FROM pragma_table_info('people')
SELECT * FROM other.people
SELECT * FROM second.public.people
SELECT * FROM third.public.people
SELECT * FROM globex.public.people
SELECT COLUMNS(*) FROM people
SELECT COLUMNS('i.*') FROM people
SELECT * EXCLUDE (id) FROM people
SELECT * EXCEPT (id) FROM people
SELECT * REPLACE (1 AS id) FROM people
SELECT people.* LIKE 'i%' FROM people
SELECT 'x'.upper()
SELECT name.upper() FROM people
SELECT (name).upper() FROM people
SELECT people.name.upper() FROM people
SELECT list_transform([1], x -> x)
SELECT [x for x in [1, 2]]
SELECT {'a': 1}
SELECT MAP {'a': 1}
SELECT lambda x: x
SELECT id: 1
FROM people
FROM people SELECT id
SELECT * FROM people USING SAMPLE 10
SELECT * FROM people TABLESAMPLE system (10)
SELECT * FROM people QUALIFY row_number() OVER () = 1
SELECT * FROM people POSITIONAL JOIN orders
SELECT * FROM people ASOF JOIN orders ON people.id >= orders.id
PIVOT people ON id USING count(*)
UNPIVOT people ON id
SELECT * FROM (PIVOT people ON id)
DESCRIBE people
SUMMARIZE people
SHOW TABLES FROM people
PRAGMA database_list
PRAGMA version
CALL pragma_version()
INSTALL httpfs
LOAD httpfs
ATTACH 'x.db'
ATTACH 'x.db' AS y
DETACH memory
USE memory
EXPORT DATABASE 'x'
IMPORT DATABASE 'x'
CREATE SECRET s (TYPE s3)
CREATE MACRO m() AS 1
CREATE TABLE x AS FROM people
COPY people TO 'file.csv'
COPY people FROM 'file.csv'
COPY (SELECT 1) TO 'file.parquet' (FORMAT parquet)
COPY people TO PROGRAM 'sh'
COPY people FROM PROGRAM 'sh'
FORCE CHECKPOINT
EXECUTE IMMEDIATE 'SELECT 1'
SELECT getenv('HOME')
SELECT getvariable('x')
SET VARIABLE x = 1
SELECT query('SELECT 1')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('people')
SELECT json_execute_serialized_sql('x')
SELECT * FROM json_execute_serialized_sql('x')
SELECT * FROM glob('*')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM sniff_csv('x')
SELECT * FROM parquet_metadata('x')
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM pandas_scan(1)
SELECT * FROM seq_scan('x')
SELECT * FROM test_all_types()
SELECT * FROM range(3)
SELECT nextval('people_seq')
SELECT currval('x')
SELECT 1::geometry
SELECT 1::hugeint
SELECT 1::tinyint
SELECT 'x'::inet
SELECT '1'::struct(a int)
SELECT CAST(1 AS UNION(a int))
SELECT 'x' COLLATE nocase
SELECT 'x' COLLATE "de_DE"
SELECT TRY_CAST('x' AS int)
SELECT TRY(1 / 0)
SELECT 1 // 2
SELECT id ** 2 FROM people
SELECT 'a' GLOB 'b'
SELECT #1 FROM people
SELECT $$x$$::$y
SELECT ?
SELECT :x
SELECT @x
SELECT $name
SELECT * FROM read_csv_auto
WITH read_parquet AS (SELECT 1) SELECT * FROM read_parquet('x')
WITH "people'" AS (SELECT 1) SELECT * FROM people2
WITH x AS (SELECT * FROM 'f.csv') SELECT * FROM x
WITH x AS (INSERT INTO people VALUES (1) RETURNING *) SELECT * FROM x
SELECT (SELECT * FROM duckdb_settings() LIMIT 1)
SELECT id FROM people WHERE EXISTS (SELECT 1 FROM duckdb_databases())
SELECT id FROM people WHERE name IN (SELECT name FROM duckdb_settings())
SELECT id FROM people LIMIT (SELECT count(*) FROM duckdb_settings())
SELECT * FROM people p JOIN duckdb_settings() d ON true
SELECT ARRAY(SELECT name FROM duckdb_settings())
VALUES (getenv('HOME'))
TABLE duckdb_settings
SELECT * FROM people FOR SYSTEM_TIME AS OF (SELECT getenv('HOME'))
SELECT error('x')
SELECT rewinddb_quote_ident('x')
SELECT struct_pack(a := 1)
SELECT make_timestamptz(1)
SELECT unhex('00')
SELECT list_value(1)
SELECT epoch_us(now())
SELECT * FROM pg_read_file('/etc/passwd')
SELECT pg_read_file('/etc/passwd')
SELECT lo_import('/etc/passwd')
SELECT pg_ls_dir('.')
SELECT dblink('x')
SELECT set_config('memory_limit', '1', false) FROM nope
"""


@pytest.mark.parametrize("text", [line for line in _SLY.strip().splitlines() if line])
def test_sly(text: str) -> None:
    with pytest.raises(SqlError) as raised:
        planned(text)
    assert raised.value.sqlstate != "XX000"
    assert "duckdb" not in raised.value.message.lower() or "duckdb" in text.lower()


@pytest.mark.parametrize(
    "wrap", ["EXPLAIN {}", "EXPLAIN ANALYZE {}", "PREPARE p AS {}", "EXPLAIN (ANALYZE) {}"]
)
def test_wrapped_statements_are_trees_too(wrap: str) -> None:
    (parsed,) = parse(wrap.format("SELECT * FROM duckdb_settings()"))
    assert isinstance(parsed.statement, Explain | Prepare)
    assert isinstance(parsed.statement.statement, Query)
    with pytest.raises(SqlError):
        planned("SELECT * FROM duckdb_settings()")


# --- what DuckDB is given ---------------------------------------------------------------------------


def _nodes(tree: object) -> Iterator[dict[str, object]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _oracle_queries() -> list[str]:
    blocks = _ORACLE.read_text().split(";\n")
    texts = ["\n".join(x for x in block.splitlines() if not x.startswith("--")) for block in blocks]
    return [text for text in texts if text.strip()]


def _forbidden() -> set[str]:
    kinds = dict(_every_duckdb_function())
    table = {name for name, kind in kinds.items() if kind in ("table", "pragma", "table_macro")}
    return (table | _NEVER) - _TABLE_FUNCTIONS_USED - {"repeat"}


def test_rendered_text_names_nothing_of_duckdbs(duck: Duck) -> None:
    """DuckDB's own parser, asked what the text refers to: markers, WITH queries, harmless functions."""
    forbidden = _forbidden()
    for text in _oracle_queries():
        plan = planned(text)
        rendered = plan.sql
        markers = {}
        for use in (*plan.relations, *plan.system):
            markers[f"m{len(markers)}"] = use.marker
            rendered = rendered.replace(use.marker, f"m{len(markers) - 1}")
        assert MARK not in rendered
        row = duck.connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [rendered]).fetchone()
        assert row is not None
        tree = json.loads(row[0])
        assert not tree["error"], (text, tree)
        names = {node["alias"] for node in _nodes(tree) if node.get("alias")}
        common = {
            entry["key"]
            for node in _nodes(tree)
            if isinstance(node.get("cte_map"), dict)
            for entry in node["cte_map"].get("map", [])  # type: ignore[union-attr, attr-defined]
        }
        for node in _nodes(tree):
            if node.get("type") == "BASE_TABLE":
                assert node["table_name"] in markers.keys() | common, (text, names)
                assert not node.get("schema_name")
                assert not node.get("catalog_name")
            if "function_name" in node:
                assert node["function_name"] not in forbidden, text


@given(st.text(max_size=40))
def test_names_are_distinct_and_come_back(name: str) -> None:
    assert decode_identifier(encode_identifier(name)) == name
    assert MARK not in encode_identifier(name)
    assert encode_identifier(name) == encode_identifier(name).lower() or not name.isascii()


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_that_differ_stay_different_without_case(first: str, second: str) -> None:
    if first != second:
        lowered = [encode_identifier(name).encode().lower() for name in (first, second)]
        assert lowered[0] != lowered[1]


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_constants_and_names_arrive_as_they_are(value: str) -> None:
    connection = duckdb.connect()
    assert connection.execute(f"SELECT {string(value)}").fetchone() == (value,)
    if value:
        connection.execute(f"SELECT 1 AS {identifier(value)}")
        assert connection.description is not None
        assert decode_identifier(connection.description[0][0]) == value


_PIECES = st.sampled_from(
    ["'", '"', "{0}", "{1}", "~", ")~", "{sql}", MARK, "$1", "\\", "--", "/*", ";", "x", "}"]
)


@settings(deadline=None, max_examples=40)
@given(st.lists(_PIECES, min_size=1, max_size=8).map("".join))
def test_constants_stay_constants_wherever_they_stand(value: str) -> None:
    """No template looks again at what was filled into it."""
    duck = _shared()
    quoted = "'" + value.replace("'", "''") + "'"
    queries = [
        f"SELECT count({quoted}) FILTER (WHERE {quoted} = {quoted}), {quoted} FROM big",
        f"SELECT max({quoted}) OVER (PARTITION BY {quoted}), {quoted} FROM big LIMIT 1",
        f"SELECT split_part({quoted}, {quoted}, 1), {quoted}",
        f"SELECT concat({quoted}, {quoted}) = {quoted} || {quoted}, {quoted}",
        f"SELECT replace({quoted}, {quoted}, {quoted}), {quoted}",
        f"SELECT format('%s', {quoted}), {quoted}",
        f"SELECT string_agg({quoted}, {quoted} ORDER BY {quoted}), {quoted} FROM big",
        f"SELECT lag({quoted}, 1, {quoted}) OVER (ORDER BY {quoted}), {quoted} FROM big LIMIT 1",
        f"SELECT array_replace(ARRAY[{quoted}], {quoted}, 'z'), {quoted}",
        f"SELECT jsonb_build_object('k', {quoted}) - {quoted}, {quoted}",
        f"SELECT jsonb_build_object({quoted}, 1) -> {quoted}, {quoted}",
        f"SELECT jsonb_build_object({quoted}, 1) ->> lower({quoted}), {quoted}",
    ]
    for text in queries:
        table = duck.run(text)
        assert table.column(table.num_columns - 1)[0].as_py() == value, text


_DUCK: list[Duck] = []


def _shared() -> Duck:
    if not _DUCK:
        _DUCK.append(Duck.filled())
    return _DUCK[0]


def test_internal_calls_cannot_be_written() -> None:
    (parsed,) = parse("SELECT upper('x'), format_type(23, -1), 'people'::regclass, count(*) FROM people")
    assert isinstance(parsed.statement, Query)
    from sqlglot import exp

    calls = list(parsed.statement.tree.find_all(exp.Anonymous))
    assert calls
    assert not any(call.args.get("internal") for call in calls)
