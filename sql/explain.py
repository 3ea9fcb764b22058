"""EXPLAIN: DuckDB's plan of a query as plain text, without what is ours inside it.

Columns and relations have generated names in DuckDB; the names of the statement's own tables are put in
their place. EXPLAIN ANALYZE runs the query, drops its rows and adds how long it took and how many came.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

from sql import query, sequences
from sql.answers import Answer, Complete, ResultColumn
from sql.errors import SqlError
from sql.plan import Plan
from sql.scope import Arguments, Scope
from sql.statement import Explain, Query
from sql.types import by_name
from sql.utility import text_rows

_TEXT = by_name("text")
COLUMNS = (ResultColumn("QUERY PLAN", _TEXT.oid, _TEXT.size),)


async def execute(scope: Scope, statement: Explain, arguments: Arguments) -> AsyncIterator[Answer]:
    explained = statement.statement
    if not isinstance(explained, Query):
        name = type(explained).__name__.upper()
        raise SqlError("0A000", f"EXPLAIN {name} is not supported", hint="EXPLAIN takes a query.")
    if sequences.calls_in(explained.tree):
        raise SqlError("0A000", "EXPLAIN of a query with sequence functions is not supported")
    ready = await query.plan(scope, explained.tree, arguments, owner=explained)
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, ready.plan, ready.sql, {})
        rows = await reader.rows(f"EXPLAIN (FORMAT text) {sql}", ready.values(arguments))
        hot = {}
        for use in ready.plan.relations:
            for name in re.findall(r"\bhot_\w+", await reader.relation(use.table, use.at)):
                hot[name] = use.table.name
        lines = _readable(rows[-1][-1], ready.plan, hot)
        if statement.analyze:
            clock = asyncio.get_running_loop()
            began, count = clock.time(), 0
            stream = await reader.stream(sql, ready.values(arguments))
            async for batch in stream:
                count += batch.num_rows
            lines.append(f"Rows: {count}")
            lines.append(f"Execution Time: {(clock.time() - began) * 1000:.3f} ms")
    async for answer in text_rows(COLUMNS, [[line] for line in lines]):
        yield answer
    yield Complete("EXPLAIN")


def _readable(text: str, plan: Plan, hot: Mapping[str, str]) -> list[str]:
    """DuckDB's drawing with our names replaced by the tenant's, each in the room of the old."""
    names = {f"c{column.id}": column.name for use in plan.relations for column in use.table.columns}

    def renamed(match: re.Match[str]) -> str:
        word = match[0]
        name = names.get(word) or hot.get(word.removeprefix("memory.main."))
        if name is None:
            name = "" if word.startswith("_") else "rows"
        return name.ljust(len(word))[: len(word)]

    hidden = r"_(?:deleted|commit)_ts\s*[<>=]+\s*\d+,?"
    text = re.sub(rf"{hidden}|\bc\d+\b|(?:memory\.main\.)?\b(?:hot|rows|arrow)_\w+", renamed, text)
    text = re.sub(r"/\S+\.parquet", "(object)", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]
