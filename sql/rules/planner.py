"""The walk over a query's tree: state that all rules share, and the step from a node to its rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sqlglot import exp

from engine.catalog import Catalog, Table
from engine.ids import Timestamp
from sql.bound import Bound
from sql.errors import SqlError
from sql.params import Parameters
from sql.render import encode_identifier, marker
from sql.resolve import Names, Scope
from sql.rules import coercion
from sql.statement import Name
from sql.system import SystemRelation
from sql.types import Declared

if TYPE_CHECKING:
    from sql.rules.planned import Planned

ALIAS_LENGTH_MAX = 40
EXPRESSION_LENGTH_MAX = 1_000_000
REPEATED_MAX = 16
"""An expression longer than `EXPRESSION_LENGTH_MAX` may hold its constants so many times."""


class PlanContext(Protocol):
    """See `sql.plan.Context`."""

    @property
    def catalog(self) -> Catalog: ...
    @property
    def at(self) -> tuple[Timestamp, Catalog] | None: ...
    @property
    def past(self) -> Mapping[Any, tuple[Timestamp, Catalog]]: ...
    @property
    def database(self) -> str: ...
    @property
    def search_path(self) -> tuple[str, ...]: ...
    @property
    def role(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def parameter_oids(self) -> tuple[int, ...]: ...
    @property
    def now(self) -> Timestamp: ...
    @property
    def statement_now(self) -> Timestamp: ...
    @property
    def settings(self) -> Mapping[str, str]: ...
    @property
    def missing(self) -> Callable[[Name, Timestamp], SqlError]: ...


class Planner:
    """`grouped` counts how many aggregate calls the walk is inside of; `columns_seen` are the columns met
    outside of any, for the rule of GROUP BY."""

    def __init__(self, context: PlanContext) -> None:
        self.context = context
        self.names = Names(context.database, context.search_path, context.tenant)
        self.parameters = Parameters(context.parameter_oids)
        self.relations: list[tuple[str, Table, Timestamp | None]] = []
        self.system: list[tuple[str, SystemRelation, Timestamp | None]] = []
        self.cacheable = True
        self.in_aggregate = 0
        self.aggregates_seen = 0
        self.windows_seen = 0
        self.seen: list[tuple[str, exp.Expr]] = []
        self.grouped: frozenset[str] = frozenset()
        self.view_depth = 0
        self._aliases: dict[str, int] = {}
        self._constants_length = 0

    # --- queries --------------------------------------------------------------------------------

    def run(self, tree: exp.Expr) -> tuple[str, list[tuple[str, Bound]]]:
        from sql.rules.queries import plan_body
        from sql.system.functions import rewrite

        planned = plan_body(self, rewrite(tree), Scope(at=self.context.at))
        sql = planned.sql(None)
        return sql, planned.columns

    def subquery(self, tree: exp.Expr, scope: Scope) -> Planned:
        """A query within an expression of `scope`; its own grouping is no business of the outer one."""
        from sql.rules.queries import plan_body

        saved = self.in_aggregate, self.aggregates_seen, self.windows_seen, self.seen, self.grouped
        self.in_aggregate, self.seen, self.grouped = 0, [], frozenset()
        planned = plan_body(self, tree, scope.child())
        self.in_aggregate, self.aggregates_seen, self.windows_seen, self.seen, self.grouped = saved
        return planned

    # --- expressions ----------------------------------------------------------------------------

    def expression(self, node: exp.Expr, scope: Scope) -> Bound:
        from sql.rules import RULES

        rule = RULES.get(type(node))
        if rule is None:
            raise self.error("0A000", f"{type(node).__name__} is not supported here", node)
        mark = len(self.seen)
        try:
            bound = rule(self, node, scope)
        except SqlError as error:
            if error.position is None:
                error.position = self.position(node)
            raise
        if bound.at is None:
            bound.at = self.position(node)
        self._check_length(node, bound)
        if self.grouped and bound.sql in self.grouped:
            del self.seen[mark:]
        return bound

    def _check_length(self, node: exp.Expr, bound: Bound) -> None:
        """Templates repeat their arguments, so nested calls could grow without bound."""
        length = len(bound.sql)
        if type(node) is exp.Literal:
            self._constants_length += length
        elif length > EXPRESSION_LENGTH_MAX and length > REPEATED_MAX * self._constants_length:
            hint = "Its text for the executor grows with every function call inside another."
            raise self.error("54001", "expression is too complex", node, hint)

    def typed(self, node: exp.Expr, scope: Scope, wanted: Declared) -> str:
        """`node` as a value of `wanted`, to which PostgreSQL must cast it implicitly."""
        return self.coerce(self.expression(node, scope), wanted)

    def coerce(self, bound: Bound, wanted: Declared) -> str:
        return coercion.coerce(bound, wanted, self.parameters)

    def settle(self, bound: Bound, wanted: Declared) -> Bound:
        return coercion.settle(bound, wanted, self.parameters)

    def text(self, bound: Bound) -> Bound:
        return coercion.as_text(bound, self.parameters)

    def condition(self, node: exp.Expr, scope: Scope, what: str) -> str:
        bound = self.expression(node, scope)
        try:
            return coercion.boolean(bound, self.parameters, what)
        except SqlError as error:
            error.position = error.position or self.position(node)
            raise

    # --- names and errors -----------------------------------------------------------------------

    def alias(self, name: str) -> str:
        """An alias for DuckDB that nothing else in the statement has."""
        stem = encode_identifier(name)[:ALIAS_LENGTH_MAX]
        number = self._aliases.get(stem, 0)
        self._aliases[stem] = number + 1
        text = stem if number == 0 and not stem.endswith("~") else f"{stem}~{number}"
        return '"' + text.replace('"', '""') + '"'

    def use_table(self, table: Table, at: Timestamp | None) -> str:
        found = marker(len(self.relations) + len(self.system), table.name)
        self.relations.append((found, table, at))
        return found

    def use_system(self, relation: SystemRelation, at: Timestamp | None) -> str:
        found = marker(len(self.relations) + len(self.system), relation.name)
        self.system.append((found, relation, at))
        return found

    def error(self, sqlstate: str, message: str, node: exp.Expr, hint: str | None = None) -> SqlError:
        return SqlError(sqlstate, message, hint=hint, position=self.position(node))

    def position(self, node: exp.Expr) -> int | None:
        """A view's text is not the client's: what is wrong in it has no place."""
        return None if self.view_depth else position_of(node)


def position_of(node: exp.Expr) -> int | None:
    """Where `node` begins in the client's text, counted from 1; trees of ours have no place."""
    at = node.meta_get("at")
    return None if at is None else int(at) + 1


__all__ = ["Planner", "position_of"]
