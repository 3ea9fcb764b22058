"""What a logical restore verifies besides keys and nulls: the CHECK constraints of its tables.

Every row has passed them once, under the definition it is restored with: INSERT, UPDATE and COPY check what
they write, ADD CHECK and a rewriting ALTER what is there. So a check of an immutable expression holds again.
One that asks for the time, the role or a setting (``CHECK (ends > now())``, which PostgreSQL allows) may
not, and then the import fails as a dump's would; the physical way puts the rows back as they were.

The expressions are read as of the statement: they are evaluated by the session that restores.
"""

from __future__ import annotations

from engine.catalog import Table
from engine.extent import Extent
from engine.ids import Timestamp
from engine.tenant import Tenant
from engine.transaction import Transaction
from sql import dml, query
from sql.scope import NO_ARGUMENTS, Scope


async def require_checks(scope: Scope, target: Tenant, ts: Timestamp, extent: Extent) -> None:
    """23514 for the first row, as of `ts`, of a table of the extent that breaks one of its checks."""
    bodies = extent.covered(target.history.at(ts)).values()
    reading = target.begin(read_only=True)
    try:
        for table in bodies:
            if isinstance(table, Table) and table.checks:
                await _require(scope, target, reading, table, ts)
    finally:
        await reading.rollback()


async def _require(scope: Scope, target: Tenant, reading: Transaction, table: Table, ts: Timestamp) -> None:
    checks = sorted(table.checks, key=lambda check: check.name)
    ready = await dml.check_plan(scope, table, checks, owner=table)
    async with reading.reader() as reader:
        with scope.interrupts.reading(reader):
            await reader.set_timezone(scope.settings["TimeZone"])
            rows = await reader.relation(table, ts)
            await scope.interrupts.wait(target.settle(ts))
            broken = await query.table(scope, reader, ready, NO_ARGUMENTS, {dml.WRITTEN: rows})
    dml.refuse_broken(target.history.at(ts), table, checks, broken)
