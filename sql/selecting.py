"""SELECT: a plan's rows, streamed, with sequence functions applied as the rows pass by."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sql import query, sequences
from sql.answers import Answer, Batch, Complete, RowsBegin
from sql.scope import Arguments, Scope
from sql.statement import Query


async def select(scope: Scope, statement: Query, arguments: Arguments) -> AsyncIterator[Answer]:
    """A SELECT, streamed."""
    tree, fills = await sequences.rewrite(scope, statement.tree, arguments)
    owner = statement if tree is statement.tree else tree
    ready = await query.plan(scope, tree, arguments, owner=owner)
    count = 0
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, ready.plan, ready.sql, {})
        stream = await reader.stream(sql, ready.values(arguments))
        if ready.columns is None:
            ready.columns = query.result_columns(ready.plan, stream.types)
        yield RowsBegin(ready.columns)
        async for batch in stream:
            scope.interrupts.check()
            count += batch.num_rows
            if not ready.columns:
                batch = batch.select([])
            yield Batch(sequences.fill(scope, batch, fills) if fills else batch)
    yield Complete(f"SELECT {count}")
