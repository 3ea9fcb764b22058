"""What a system relation is: a description, and a function from an inventory to rows.

A builder yields rows as mappings. A column it leaves out is null, or, where PostgreSQL's is never null,
its type's zero (``relrewrite`` 0, ``relispartition`` false); a name that is no column is a mistake and
fails. Rows depend on nothing but the catalog and the `SystemContext`, so the past's catalog gives the
past's answer.

Types that DuckDB lacks are held as text (``aclitem``, ``pg_node_tree``, ``inet``), and so are ``regproc``
and ``regtype``, which PostgreSQL prints as names.

Rejected: SQL views over a few base relations. A statement would bind dozens of DuckDB views to see one
table, and what PostgreSQL writes as C functions would still have to be written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from engine.catalog import Catalog
from sql.system.columns import Description
from sql.system.context import SystemContext
from sql.system.inventory import Inventory

Row = Mapping[str, object]
Rows = Callable[[Inventory], Iterable[Row]]


@dataclass(frozen=True)
class SystemRelation:
    """`volatile`: the rows depend on more than the catalog's structure, database, role and search path,
    so they are made anew for each statement. `long`: making them takes its time; `rows` then takes all
    that it needs at once, and what it gives back can be gone through in a thread."""

    description: Description
    rows: Rows = field(compare=False)
    volatile: bool = False
    long: bool = False

    @property
    def schema(self) -> str:
        return self.description.schema

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """(name, type as SQL names it) of each column; a type that is held as text is told as text."""
        return tuple((column.name, column.sql_type) for column in self.description.columns)

    def begin(self, catalog: Catalog, context: SystemContext) -> Callable[[], pa.Table]:
        """What makes the relation's rows as `context` sees `catalog` now. In a thread only if it is long."""
        seen = Inventory(catalog, context)
        if self.volatile:
            rows = self.rows(seen)
            return lambda: self._table(rows)
        return lambda: self._built(seen)

    def _built(self, seen: Inventory) -> pa.Table:
        key = (self.schema, self.name)
        found = seen.built.get(key)
        if found is None:
            found = seen.built[key] = self._table(self.rows(seen))
        return found

    def _table(self, given: Iterable[Row]) -> pa.Table:
        rows = list(given)
        columns = self.description.columns
        names = {column.name for column in columns}
        for row in rows:
            assert row.keys() <= names, f"{self.name}: {sorted(row.keys() - names)}"
        return pa.table(
            [pa.array([row.get(c.name, c.default) for row in rows], c.arrow) for c in columns],
            schema=pa.schema([(column.name, column.arrow) for column in columns]),
        )


def nothing(seen: Inventory) -> Iterable[Row]:
    """Rows of a relation that lists what RewindDB does not have (triggers, extensions)."""
    return ()
