"""ARRAY[…], ARRAY(subquery), subscripts and rows."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import INT4, TEXT, Bound, array_of, element_of, plain, special
from sql.resolve import Scope
from sql.rules.conditionals import unified
from sql.rules.planner import Planner


def array(planner: Planner, node: exp.Array, scope: Scope) -> Bound:
    if node.args.get("query"):
        planned = planner.subquery(node.expressions[0], scope)
        if len(planned.columns) != 1:
            raise planner.error("42601", "subquery must return only one column", node)
        element = planned.columns[0][1].type or TEXT
        rows = planned.sql([element])
        return Bound(f"coalesce(ARRAY({rows}), CAST([] AS {element.duckdb}[]))", array_of(plain(element)))
    if not node.expressions:
        hint = "Explicitly cast to the desired type, for example ARRAY[]::integer[]."
        raise planner.error("42P18", "cannot determine type of empty array", node, hint)
    values = [planner.expression(item, scope) for item in node.expressions]
    sqls, common, scale = unified(planner, values, "ARRAY")
    return Bound(f"[{', '.join(sqls)}]", array_of(plain(common)), scale=scale)


def subscript(planner: Planner, node: exp.Bracket, scope: Scope) -> Bound:
    value = planner.expression(node.this, scope)
    index = node.expressions[0]
    if value.type is not None and value.type.pg.name == "jsonb" and not isinstance(index, exp.Slice):
        from sql.rules.json_operators import part

        return part(planner, "->", value, planner.expression(index, scope))
    if value.type is None or not (value.type.pg.is_array or value.type.pg.category == "A"):
        from sql.bound import name_of

        message = f"cannot subscript type {name_of(value)} because it does not support subscripting"
        raise planner.error("42804", message, node.this.unnest())
    if isinstance(index, exp.Slice):
        low = "1" if index.this is None else planner.typed(index.this, scope, INT4)
        high = "" if index.expression is None else planner.typed(index.expression, scope, INT4)
        low = low if index.this is None else f"greatest({low}, 1)"
        high = f"greatest({high}, 0)" if high else high
        return Bound(f"({value.sql})[{low}:{high}]", plain(value.type))
    position = planner.typed(index, scope, INT4)
    if value.type.pg.name in ("int2vector", "oidvector"):  # counted from 0
        return Bound(f"({value.sql})[nullif(greatest({position} + 1, 0), 0)]", element_of(value.type))
    if not (isinstance(index, exp.Literal) and index.this != "0"):
        position = f"nullif(greatest({position}, 0), 0)"
    return Bound(f"({value.sql})[{position}]", element_of(value.type), scale=value.scale)


def row(planner: Planner, node: exp.Tuple, scope: Scope) -> Bound:
    """ROW(…): a record with the fields f1, f2, …"""
    values = [planner.text(planner.expression(item, scope)) for item in node.expressions]
    names = [f"f{number}" for number in range(1, len(values) + 1)]
    fields = tuple((name, value.type) for name, value in zip(names, values, strict=True) if value.type)
    if not values:
        raise planner.error("0A000", "a row without fields is not supported", node)
    items = ", ".join(f"{name} := {value.sql}" for name, value in zip(names, values, strict=True))
    return Bound(f"struct_pack({items})", special("record", "STRUCT"), fields=fields)
