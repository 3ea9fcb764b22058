"""Whatever the text, `parse` gives statements or an SqlError, in bounded time; so does planning."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql import keywords
from sql.errors import SqlError
from sql.parse import parse
from sql.plan import plan_query
from sql.statement import Query
from tests.front.world import context, planned

_SEEDS = [
    "\n".join(line for line in block.splitlines() if not line.startswith("--")).strip()
    for name in ("oracle.sql", "errors.sql")
    for block in (Path(__file__).parent / name).read_text().split(";\n")
]
_WORDS = sorted(keywords.RESERVED | keywords.FUNCTION_NAMES | keywords.COLUMN_NAMES)
_SIGNS = [
    *"+-*/<>=~!@#%^&|`?()[]{},.;:$'\"\\ \n\t",
    "::",
    "--",
    "/*",
    "*/",
    "$$",
    "E'",
    "U&'",
    "=>",
    "''",
]
_TOKENS = st.one_of(
    st.sampled_from(_WORDS),
    st.sampled_from(_SIGNS),
    st.sampled_from(
        ["people", "id", "name", "1", "1.5", "1e3", "'x'", "$1", "snapshot", "tenant", "restore", "of"]
    ),
)
_SECONDS_MAX = 5.0


def _error_of(action: Callable[[], object]) -> SqlError | None:
    """The SqlError that `action` raises, if it does; anything else goes through."""
    try:
        action()
    except SqlError as error:
        return error
    return None


def _survives(text: str) -> None:
    error = _error_of(lambda: parse(text))
    if error is None:
        for parsed in parse(text):
            assert text[parsed.offset : parsed.offset + len(parsed.text)] == parsed.text
            if isinstance(parsed.statement, Query):
                tree = parsed.statement.tree
                _check(_error_of(lambda tree=tree: plan_query(tree, context())), text)  # type: ignore[misc]
    _check(error, text)


def _check(error: SqlError | None, text: str) -> None:
    if error is not None:
        assert error.sqlstate
        assert error.message
        assert error.position is None or 1 <= error.position <= len(text) + 1


@settings(deadline=None, max_examples=400)
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    _survives(text)


@settings(deadline=None, max_examples=600)
@given(st.lists(_TOKENS, max_size=25).map(" ".join))
def test_any_words(text: str) -> None:
    _survives(text)


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(["SELECT ", "SELECT * FROM people WHERE ", "VALUES (", "WITH x AS (SELECT "]),
    st.lists(_TOKENS, max_size=15).map(" ".join),
)
def test_any_words_after_a_beginning(beginning: str, rest: str) -> None:
    _survives(beginning + rest)


@settings(deadline=None, max_examples=600)
@given(st.data())
def test_damaged_statements(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_SEEDS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 6)))
        text = text[:start] + data.draw(st.one_of(st.just(""), _TOKENS, st.text(max_size=2))) + text[end:]
    _survives(text)


_DEEP = {
    "parentheses": ("SELECT " + "(" * 20000 + "1" + ")" * 20000),
    "half of parentheses": "SELECT " + "(" * 20000,
    "minus": "SELECT " + "- " * 20000 + "1",
    "not": "SELECT " + "NOT " * 20000 + "true",
    "casts": "SELECT 1" + "::int" * 20000,
    "subscripts": "SELECT x" + "[1]" * 20000,
    "case": "SELECT " + "CASE WHEN true THEN " * 5000 + "1" + " END" * 5000,
    "functions": "SELECT " + "abs(" * 5000 + "1" + ")" * 5000,
    "arrays": "SELECT " + "ARRAY[" * 5000 + "1" + "]" * 5000,
    "array brackets": "SELECT ARRAY" + "[" * 5000 + "1" + "]" * 5000,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 3000 + "people" + ") x" * 3000,
    "scalar subqueries": "SELECT " + "(SELECT " * 3000 + "1" + ")" * 3000,
    "common tables": "WITH x AS (" * 2000 + "SELECT 1" + ") SELECT 1" * 2000,
    "joins in parentheses": "SELECT * FROM " + "(" * 3000 + "people",
    "select in parentheses": "(" * 5000 + "SELECT 1" + ")" * 5000,
    "right joins": "SELECT * FROM people " + "JOIN people " * 3000,
    "exists": "SELECT " + "EXISTS (SELECT " * 3000,
    "comments": "SELECT 1 " + "/*" * 50000,
    "between": "SELECT " + "1 BETWEEN " * 5000,
    "power": "SELECT " + "2 ^ (" * 5000,
    "in": "SELECT " + "1 IN (" * 5000,
    "collate": "SELECT 'x'" + ' COLLATE "C"' * 20000,
    "intersect": "SELECT 1 " + "INTERSECT (SELECT 1 " * 5000,
    "dollar": "SELECT " + "$a$" * 9999,
    "grouping": "SELECT 1 GROUP BY " + "GROUPING SETS (" * 5000,
    "is null": "SELECT 1" + " IS NULL" * 20000,
    "and is true": "SELECT " + "(" * 90 + "true" + " IS TRUE)" * 90,
    "explain": "EXPLAIN " * 5000 + "SELECT 1",
    "prepare": "PREPARE p AS " * 5000 + "SELECT 1",
    "at time zone": "SELECT now()" + " AT TIME ZONE 'UTC'" * 20000,
}


@pytest.mark.parametrize("name", _DEEP)
def test_deep_texts_end_soon(name: str) -> None:
    started = time.thread_time()
    error = _error_of(lambda: planned(_DEEP[name]))
    known = ("54001", "42601", "42883", "42P01", "42712", "0A000", "42804")
    assert error is None or error.sqlstate in known
    assert time.thread_time() - started < _SECONDS_MAX


_LONG = {
    "or": "SELECT id FROM people WHERE " + " OR ".join(f"id = {i}" for i in range(5000)),
    "and": "SELECT id FROM people WHERE " + " AND ".join(f"id <> {i}" for i in range(5000)),
    "sum": "SELECT " + " + ".join(["1"] * 900),
    "concatenation": "SELECT " + " || ".join(["'x'"] * 900),
    "in": f"SELECT id FROM people WHERE id IN ({', '.join(map(str, range(20000)))})",
    "values": "VALUES " + ", ".join(f"({i}, 'x')" for i in range(20000)),
    "columns": "SELECT " + ", ".join(f"id + {i} AS c{i}" for i in range(1500)) + " FROM people",
    "union": " UNION ALL ".join(f"SELECT {i}" for i in range(150)),
}


@pytest.mark.parametrize("name", _LONG)
def test_long_texts_are_planned(name: str) -> None:
    started = time.thread_time()
    assert planned(_LONG[name]).sql
    assert time.thread_time() - started < _SECONDS_MAX


def test_many_statements() -> None:
    started = time.thread_time()
    assert len(parse("SELECT 1;" * 20000)) == 20000
    assert time.thread_time() - started < _SECONDS_MAX
