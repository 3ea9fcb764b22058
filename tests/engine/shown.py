"""What a tenant shows at a moment, as a `World`: from catalog, hot tables, objects and tail."""

from __future__ import annotations

from engine.catalog import Table
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import Timestamp
from tests.engine.lab import Lab, Row
from tests.engine.model import TableModel, World
from tests.tally import tally


async def shown(lab: Lab, ts: Timestamp | None, *, cold: bool, extent: Extent = WHOLE_TENANT) -> World:
    """At `ts`, or now. `cold`: without hot tables."""
    catalog = lab.tenant.catalog if ts is None else lab.tenant.history.at(ts)
    tally("moments compared")
    world = World(
        {body.id: body.name for body in catalog.databases.values()},
        {body.id: (body.database, body.name) for body in catalog.schemas.values()},
        positions=dict(catalog.positions),
    )
    inside = {id for kind, id in extent.covered(catalog) if kind == Table.kind}
    for table in (catalog.tables[id] for id in sorted(inside)):
        rows = await _rows(lab, table, ts, cold)
        [sequence] = [body.id for body in catalog.sequences.values() if body.owner_table == table.id]
        by_key = {int(str(row[0])): row for row in rows}
        assert len(by_key) == len(rows), f"table {table.id} shows a key twice at {ts}: {rows}"
        columns = {column.id: column.name for column in table.columns}
        world.tables[table.id] = TableModel(table.schema, table.name, columns, sequence, by_key)
    return world


async def _rows(lab: Lab, table: Table, ts: Timestamp | None, cold: bool) -> list[Row]:
    if cold:
        return await lab.cold_rows_of(table, lab.tenant.visible_ts if ts is None else ts)
    transaction = lab.tenant.begin()
    try:
        return await lab.rows_in(transaction, table, ts)
    finally:
        await transaction.rollback()
