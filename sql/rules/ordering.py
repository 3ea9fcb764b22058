"""ORDER BY items, with PostgreSQL's place for nulls always written out; LIMIT and OFFSET."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import INT8
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.planner import Planner


def ordered_item(item: exp.Expr, sql: str) -> str:
    direction = "DESC" if item.args.get("desc") else "ASC"
    nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
    return f"{sql} {direction} NULLS {nulls}"


def ordered_items(planner: Planner, order: exp.Expr, scope: Scope) -> list[str]:
    """ORDER BY within an aggregate or a window. A constant orders nothing, and DuckDB refuses it."""
    items = []
    for item in order.expressions:
        sql = planner.text(planner.expression(item.this, scope)).sql
        if not is_constant(sql):
            items.append(ordered_item(item, sql))
    return items


def is_constant(sql: str) -> bool:
    return sql.isdigit() or sql.startswith("'") or (sql.startswith("(-") and sql[2:-1].isdigit())


def limit_sql(planner: Planner, node: exp.Expr, scope: Scope) -> str:
    """LIMIT and OFFSET; their expressions may not name columns of the query."""
    found = ""
    around = Scope(parent=scope.parent, common=scope.common, at=scope.at)
    around.aggregates = False
    for key, word in (("limit", "LIMIT"), ("offset", "OFFSET")):
        clause = node.args.get(key)
        if clause is None or isinstance(clause.expression, exp.Null):
            continue
        count = clause.expression
        if isinstance(count, exp.Neg) and isinstance(count.this, exp.Literal) and count.this.this != "0":
            code = "2201W" if key == "limit" else "2201X"
            raise planner.error(code, f"{word} must not be negative", clause)
        bound = planner.settle(planner.expression(count, around), INT8)
        sql = coercion.converted(bound, INT8) if bound.type is not INT8 else bound.sql
        found += f" {word} {sql if sql.isdigit() else f'({sql})'}"
    return found
