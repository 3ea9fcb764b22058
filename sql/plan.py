"""From a query's tree to DuckDB SQL: `plan_query`, and what it needs to know and gives back.

One walk over the tree resolves names, finds types, settles parameters and writes DuckDB's text. There is
no intermediate tree: what the walk has no rule for cannot reach DuckDB. The rules are in `sql.rules`, one
kind of thing a file; `RULES` there is the closed set of nodes that have one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from engine.catalog import Catalog, Table
from engine.ids import Timestamp, format_ts
from sql.errors import SqlError
from sql.resolve import Moment, moment_of
from sql.rules.planner import Planner
from sql.statement import Name
from sql.system import SystemRelation
from sql.types import Declared


def moments(tree: exp.Expr) -> tuple[Moment, ...]:
    """Every distinct AS OF of the text; those inside views are resolved when the view is created."""
    return tuple(dict.fromkeys(moment_of(version) for version in tree.find_all(exp.Version)))


def missing_at(name: Name, ts: Timestamp) -> SqlError:
    """What is said of a relation that is not there at a moment, by who has no history."""
    return SqlError("42P01", f'relation "{name}" does not exist at {format_ts(ts)}')


@dataclass(frozen=True)
class Context:
    """What a query is planned in. `now` and `statement_now` are what now() and statement_timestamp() say.
    `at` is the moment of tables that name none: None is now, as the transaction sees it. `missing` makes the
    error of a relation that is not there at a moment of the past."""

    catalog: Catalog
    past: Mapping[Moment, tuple[Timestamp, Catalog]]
    database: str
    search_path: tuple[str, ...]
    role: str
    tenant: str
    parameter_oids: tuple[int, ...]
    now: Timestamp
    statement_now: Timestamp
    settings: Mapping[str, str]
    at: tuple[Timestamp, Catalog] | None = None
    missing: Callable[[Name, Timestamp], SqlError] = missing_at


@dataclass(frozen=True)
class RelationUse:
    """`at` None: as the transaction sees it."""

    marker: str
    table: Table
    at: Timestamp | None


@dataclass(frozen=True)
class SystemUse:
    marker: str
    relation: SystemRelation
    at: Timestamp | None


@dataclass(frozen=True)
class Output:
    """`declared` None: DuckDB tells the type."""

    name: str
    declared: Declared | None
    table_id: int = 0
    column_number: int = 0


@dataclass(frozen=True)
class Plan:
    """DuckDB SQL whose markers the session replaces by table expressions."""

    sql: str
    relations: tuple[RelationUse, ...]
    system: tuple[SystemUse, ...]
    outputs: tuple[Output, ...] | None
    parameter_oids: tuple[int, ...]
    cacheable: bool


def plan_query(tree: exp.Expr, context: Context) -> Plan:
    """`tree` as a plan. Whatever is wrong with it is an `SqlError`, with its place where it is known."""
    planner = Planner(context)
    try:
        sql, columns = planner.run(tree)
    except RecursionError:
        raise SqlError("54001", "stack depth limit exceeded") from None
    outputs = tuple(
        Output(
            name,
            bound.type,
            bound.origin.table_id if bound.origin else 0,
            bound.origin.number if bound.origin else 0,
        )
        for name, bound in columns
    )
    return Plan(
        sql,
        tuple(RelationUse(*use) for use in planner.relations),
        tuple(SystemUse(*use) for use in planner.system),
        outputs,
        planner.parameters.oids(),
        planner.cacheable,
    )


__all__ = ["Context", "Moment", "Output", "Plan", "RelationUse", "SystemUse", "moments", "plan_query"]
