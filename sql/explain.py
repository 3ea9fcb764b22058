"""EXPLAIN: DuckDB's plan of a query as plain text, without what is ours inside it.

Columns and relations have generated names in DuckDB; the names of the statement's own tables are put in
their place. EXPLAIN ANALYZE runs the query, drops its rows and adds how long it took and how many came.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

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
        lines = _readable(rows[-1][-1], ready.plan)
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


def _readable(text: str, plan: Plan) -> list[str]:
    columns = {f"c{column.id}": column.name for use in plan.relations for column in use.table.columns}
    storages = {str(use.table.storage): use.table.name for use in plan.relations}

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if word in columns:
            name = columns[word]
        elif (number := re.search(r"\d+", word)) and number[0] in storages:
            name = storages[number[0]]
        else:
            name = re.sub(r"\d+", "", word)
        return name.ljust(len(word))[: len(word)]

    text = re.sub(r"\b(c\d+|hot_\d+\w*|s\d+|rows_\d+|arrow_\d+)\b", replaced, text)
    text = re.sub(r"/\S+\.parquet", "(object)", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]
