"""WITH: queries that have a name, recursive ones among them."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import TEXT, title
from sql.resolve import Common, Scope
from sql.rules import coercion
from sql.rules.planned import Planned, distinct_names
from sql.rules.planner import Planner
from sql.types import Declared


def common_tables(planner: Planner, with_: exp.Expr | None, scope: Scope) -> str:
    """The text of WITH; its queries become known to `scope` one after the other."""
    if with_ is None:
        return ""
    parts = []
    recursive = False
    names: set[str] = set()
    for table in with_.expressions:
        name = table.args["alias"].name
        if name in names:
            raise planner.error("42712", f'WITH query name "{name}" specified more than once', table)
        names.add(name)
        own = bool(with_.args.get("recursive")) and _names_itself(table, name)
        recursive = recursive or own
        parts.append(_recursive(planner, table, scope) if own else _ordinary(planner, table, scope))
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} "


def _names_itself(table: exp.Expr, name: str) -> bool:
    return any(found.name == name and not found.db for found in table.this.find_all(exp.Table))


def _column_names(planner: Planner, table: exp.Expr, planned: Planned) -> list[str]:
    titles = [name for name, _ in planned.columns]
    given = [column.this for column in table.args["alias"].args.get("columns") or ()]
    if len(given) > len(titles):
        name = table.args["alias"].name
        message = (
            f'WITH query "{name}" has {len(titles)} columns available but {len(given)} columns specified'
        )
        raise planner.error("42P10", message, table)
    return [*given, *titles[len(given) :]]


def _registered(planner: Planner, table: exp.Expr, scope: Scope, planned: Planned) -> tuple[str, list[str]]:
    name = table.args["alias"].name
    titles = _column_names(planner, table, planned)
    quoted = distinct_names(titles)
    alias = planner.alias(name)
    columns = [
        (title, bound.type or TEXT, text, bound.scale)
        for title, text, (_, bound) in zip(titles, quoted, planned.columns, strict=True)
    ]
    scope.common[name] = Common(name, alias, columns)
    return alias, quoted


def _ordinary(planner: Planner, table: exp.Expr, scope: Scope) -> str:
    planned = planner.subquery(table.this, scope)
    sql = planned.sql(None)
    alias, quoted = _registered(planner, table, scope, planned)
    hint = {None: "", True: "MATERIALIZED ", False: "NOT MATERIALIZED "}[table.args.get("materialized")]
    return f"{alias}({', '.join(quoted)}) AS {hint}({sql})"


def _recursive(planner: Planner, table: exp.Expr, scope: Scope) -> str:
    name = table.args["alias"].name
    query = table.this
    if not isinstance(query, exp.Union) or any(
        query.args.get(k) for k in ("order", "limit", "offset", "with_")
    ):
        message = (
            f'recursive query "{name}" does not have the form non-recursive-term UNION [ALL] recursive-term'
        )
        raise planner.error("42P19", message, table)
    first = planner.subquery(query.this, scope)
    left = first.sql(None)
    alias, quoted = _registered(planner, table, scope, first)
    second = planner.subquery(query.expression, scope)
    if len(first.columns) != len(second.columns):
        raise planner.error("42601", "each UNION query must have the same number of columns", query)
    types: list[Declared | None] = []
    for number, ((_, one), (_, other)) in enumerate(zip(first.columns, second.columns, strict=True), 1):
        common = coercion.common_type([one, other], "UNION")
        if one.type is not None and one.type.pg.oid != common.pg.oid:
            message = (
                f'recursive query "{name}" column {number} has type {title(one.type)} '
                f"in non-recursive term but type {title(common)} overall"
            )
            hint = "Cast the output of the non-recursive term to the correct type."
            error = planner.error("42804", message, query, hint)
            error.position = one.at or error.position
            raise error
        types.append(one.type)
    word = "UNION" if query.args.get("distinct") else "UNION ALL"
    return f"{alias}({', '.join(quoted)}) AS ({left} {word} {second.sql(types)})"
