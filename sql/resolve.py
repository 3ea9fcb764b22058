"""Names: which table, which column is meant where.

A *source* is one item of FROM with its columns; a *scope* is what the names of one SELECT can mean, with
the scopes around it for correlated subqueries. Every source gets an alias that occurs once in the whole
statement, and every column is written with it, so DuckDB never resolves a name in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from engine.catalog import Catalog, Database, Relation
from engine.ids import Timestamp
from sql.bound import Bound, ColumnOrigin
from sql.coverage import CoveredCatalog
from sql.errors import SqlError
from sql.system import SystemRelation, lookup
from sql.types import Declared


@dataclass(frozen=True)
class Moment:
    """One AS OF as the text has it: a snapshot's name (or the parameter that holds it) or an expression."""

    snapshot: str | exp.Parameter | None
    timestamp: exp.Expr | None


def moment_of(version: exp.Version) -> Moment:
    if version.this == "SNAPSHOT":
        named = version.expression
        return Moment(named if isinstance(named, exp.Parameter) else named.this, None)
    return Moment(None, version.expression)


def has_parameter(moment: Moment) -> bool:
    """Whether only the parameters' values tell which moment it is."""
    told = moment.timestamp if moment.snapshot is None else moment.snapshot
    return isinstance(told, exp.Expr) and told.find(exp.Parameter) is not None


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be named: `sql` is how DuckDB is told which."""

    name: str
    type: Declared
    sql: str
    origin: ColumnOrigin | None = None
    scale: int | None = None

    def bound(self) -> Bound:
        return Bound(self.sql, self.type, scale=self.scale, origin=self.origin)


@dataclass(slots=True)
class Source:
    """`hidden` columns are found by name but are not part of ``*``. A `scalar` source is a function whose
    row is its one value. `keys` are sets of columns that
    determine all others (a primary key), by the SQL of the columns."""

    name: str
    alias: str
    columns: list[Column]
    schema: str | None = None
    hidden: list[Column] = field(default_factory=list)
    scalar: bool = False
    keys: list[frozenset[str]] = field(default_factory=list)

    def find(self, name: str) -> list[Column]:
        return [c for c in self.columns if c.name == name] or [c for c in self.hidden if c.name == name]


@dataclass(slots=True)
class Common:
    """A WITH query that is in scope."""

    name: str
    alias: str
    columns: list[tuple[str, Declared, str, int | None]]
    """Name, type, the name in DuckDB's text, and a numeric's decimals."""


@dataclass(slots=True)
class Scope:
    """`visible` are the columns found without qualification, in the order of ``*``: merged ones first.
    `common` are the WITH queries. `at` is the moment that a view being expanded is read at."""

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    visible: list[Column] = field(default_factory=list)
    common: dict[str, Common] = field(default_factory=dict)
    at: tuple[Timestamp, Catalog] | None = None
    aggregates: bool = True
    windows: dict[str, exp.Expr] = field(default_factory=dict)

    def child(self) -> Scope:
        return Scope(parent=self, at=self.at)

    def find_common(self, name: str) -> Common | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.common:
                return scope.common[name]
            scope = scope.parent
        return None

    def find_source(self, name: str, schema: str | None = None) -> Source | None:
        scope: Scope | None = self
        while scope is not None:
            found = [s for s in scope.sources if s.name == name and (schema is None or s.schema == schema)]
            if len(found) > 1:
                raise SqlError("42P09", f'table reference "{name}" is ambiguous')
            if found:
                return found[0]
            scope = scope.parent
        return None

    def find_column(self, name: str) -> Column | None:
        """An unqualified column, looked up from the inside out. 42702 when several are meant."""
        scope: Scope | None = self
        while scope is not None:
            found = [column for column in scope.visible if column.name == name]
            if not found:
                found = [c for source in scope.sources for c in source.hidden if c.name == name]
            if len(found) > 1:
                raise SqlError("42702", f'column reference "{name}" is ambiguous')
            if found:
                return found[0]
            scope = scope.parent
        return None


# --- relations in the catalog -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """Where unqualified names are looked for."""

    database: str
    search_path: tuple[str, ...]
    tenant: str


def database_of(catalog: Catalog, name: str) -> Database:
    found = catalog.databases.get(name)
    if found is None:
        raise SqlError("3D000", f'database "{name}" does not exist')
    return found


def find_relation(
    catalog: Catalog, names: Names, database: str | None, schema: str | None, name: str
) -> Relation | SystemRelation | None:
    """The relation a name means at the moment of `catalog`. System relations come first, as pg_catalog
    does in PostgreSQL."""
    system = lookup(schema, name, names.tenant)
    if system is not None:
        if database is not None:
            database_of(catalog, database)
        if isinstance(catalog, CoveredCatalog):
            catalog.require_system(name)
        return system
    home = catalog.databases.get(database or names.database)
    if home is None:
        raise SqlError("3D000", f'database "{database or names.database}" does not exist')
    for place in (schema,) if schema is not None else names.search_path:
        found = catalog.schemas.get((home.id, place))
        if found is not None:
            relation = catalog.relations.get((found.id, name))
            if relation is not None:
                if isinstance(catalog, CoveredCatalog):
                    catalog.require(relation)
                return relation
    return None
