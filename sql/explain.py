"""EXPLAIN: how a query will be run, as PostgreSQL tells it (`sql.plan_tree`).

Of every table it says whether its rows are read from its hot table or from objects, from how many of those
it has, and as of which moment if in the past. EXPLAIN ANALYZE runs the query, drops its rows, and adds to
each node how many rows it gave and the time that was spent in it alone, all threads together.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

from sql import moments, query, rehearsing, sequences
from sql.answers import Answer, Complete, ResultColumn
from sql.errors import SqlError
from sql.plan import RelationUse
from sql.plan_tree import Source, Sources, lines
from sql.scope import Arguments, Scope
from sql.statement import Explain, Query, Restore, Statement, UndoRestore, Undrop
from sql.types import by_name
from sql.utility import text_rows

_TEXT = by_name("text")
COLUMNS = (ResultColumn("QUERY PLAN", _TEXT.oid, _TEXT.size),)


def columns(explained: Statement) -> tuple[ResultColumn, ...]:
    return rehearsing.COLUMNS if isinstance(explained, Restore | UndoRestore | Undrop) else COLUMNS


async def execute(scope: Scope, statement: Explain, arguments: Arguments) -> AsyncIterator[Answer]:
    explained = statement.statement
    if isinstance(explained, Restore | UndoRestore | Undrop):
        async for answer in rehearsing.execute(scope, statement, explained, arguments):
            yield answer
        return
    if not isinstance(explained, Query):
        name = type(explained).__name__.upper()
        raise SqlError("0A000", f"EXPLAIN {name} is not supported", hint="EXPLAIN takes a query.")
    if sequences.calls_in(explained.tree):
        raise SqlError("0A000", "EXPLAIN of a query with sequence functions is not supported")
    clock = asyncio.get_running_loop()
    ready = await query.plan(scope, explained.tree, arguments, owner=explained)
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, ready.plan, ready.sql, {})
        tables = [
            _source(scope, use, await reader.relation(use.table, use.at)) for use in ready.plan.relations
        ]
        began = clock.time()
        options = "ANALYZE, FORMAT json" if statement.analyze else "FORMAT json"
        rows = await reader.rows(f"EXPLAIN ({options}) {sql}", ready.values(arguments))
        took = clock.time() - began
        plan = json.loads(rows[-1][-1])
        if "operator" not in plan and statement.analyze:  # constants alone: there was nothing to measure
            rows = await reader.rows(f"EXPLAIN (FORMAT json) {sql}", ready.values(arguments))
            plan = json.loads(rows[-1][-1])
    system = {
        use.relation.name: frozenset(name for name, _ in use.relation.columns) for use in ready.plan.system
    }
    shown = lines(plan, Sources(tables, system))
    if statement.analyze:
        shown.append(f"Execution Time: {took * 1000:.3f} ms")
    async for answer in text_rows(COLUMNS, [[line] for line in shown]):
        yield answer
    yield Complete("EXPLAIN")


def _source(scope: Scope, use: RelationUse, relation: str) -> Source:
    """What is read of a table, by the text of its relation."""
    found = re.search(r"\bhot_\w+", relation)
    hot = None if found is None else found[0]
    parts = relation.count(" UNION ALL ") + 1
    when = "now" if use.at is None else moments.shown(use.at, scope.settings["TimeZone"])
    own = hot is not None and (parts > 1 or "ANTI JOIN" in relation)
    where = "hot (in memory)" if hot is not None else _objects(scope, use)
    return Source(
        use.table, use.at, hot, parts, where + (" with this transaction's writes" if own else ""), when
    )


def _objects(scope: Scope, use: RelationUse) -> str:
    storage = scope.tenant.state.storages.get(use.table.storage)
    if storage is None:
        return "what this transaction wrote or restored"
    ts = scope.tenant.visible_ts if use.at is None else use.at
    tail = " and what is not in objects yet" if storage.has_tail_until(ts) else ""
    return f"{len(storage.refs_at(ts))} of {len(storage.refs)} objects{tail}"
