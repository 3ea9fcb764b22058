"""Functions in FROM: sets, several arrays side by side, and single values as a table of one row."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import INT8, TEXT, element_of, plain
from sql.functions import signatures_of
from sql.resolve import Column, Scope, Source
from sql.rules import json_rows
from sql.rules.joined import Joined, alias_of, source_of
from sql.rules.planner import Planner

_RESULT_NAMES = dict.fromkeys(
    (
        "json_array_elements",
        "jsonb_array_elements",
        "json_array_elements_text",
        "jsonb_array_elements_text",
    ),
    "value",
)
"""Set-returning functions whose result has a name of its own in PostgreSQL, whatever their alias."""


def function(planner: Planner, node: exp.Table, scope: Scope) -> Joined:
    """A function in FROM; what returns no set is a table of one row."""
    call = node.this
    if call.this == "unnest" and len(call.expressions) > 1:
        return _unnest_together(planner, node, call, scope)
    if call.this in json_rows.FUNCTIONS and call.args.get("schema") in (None, "pg_catalog"):
        name = alias_of(node) or call.this
        sql, source = json_rows.rows(planner, node, scope, name)
        return source_of(planner, node, sql, source)
    alias_node = node.args.get("alias")
    listed = alias_node.args.get("columns") or () if alias_node is not None else ()
    if any(isinstance(column, exp.ColumnDef) for column in listed):
        message = 'a column definition list is only allowed for functions returning "record"'
        raise planner.error("42601", message, node)
    name = alias_of(node) or call.this
    alias = planner.alias(name)
    candidates = signatures_of(call.this)
    if candidates and candidates[0].kind == "set":
        return _set(planner, node, call, scope, name, alias)
    bound = planner.text(planner.expression(call, scope))
    if planner.aggregates_seen and candidates and candidates[0].kind == "aggregate":
        raise planner.error("42803", "aggregate functions are not allowed in functions in FROM", node)
    assert bound.type is not None
    columns = [Column(name, plain(bound.type), f'{alias}."v"', None, bound.scale)]
    sql = f'(SELECT {bound.sql} AS "v"{_ordinal(node)})'
    return _with_ordinality(planner, node, sql, Source(name, alias, columns, scalar=True))


def _set(
    planner: Planner, node: exp.Table, call: exp.Anonymous, scope: Scope, name: str, alias: str
) -> Joined:
    from sql.rules.calls import set_items

    items, type_ = set_items(planner, call, scope)
    column = f'{alias}."v"'
    if items.startswith("generate_series(") and not scope.sources:
        ordinality = " WITH ORDINALITY" if node.args.get("ordinality") else ""
        value = f"CAST({column} AS {type_.duckdb})" if type_.pg.category == "N" else column
        source = Source(name, alias, [Column(name, type_, value)], scalar=True)
        joined = _with_ordinality(planner, node, f"{items}{ordinality}", source)
        listed = '"v", "n"' if ordinality else '"v"'
        joined.sql = f"{items}{ordinality} AS {alias}({listed})"
        return joined
    if items.startswith("generate_series("):
        items = f"CAST({items} AS {type_.duckdb}[])" if type_.pg.category == "N" else items
    numbers = f', unnest(range(1, len({items}) + 1)) AS "n"' if node.args.get("ordinality") else ""
    sql = f'LATERAL (SELECT unnest({items}) AS "v"{numbers})'
    title = _RESULT_NAMES.get(call.this, name)
    source = Source(name, alias, [Column(title, type_, column)], scalar=True)
    return _with_ordinality(planner, node, sql, source)


def _ordinal(node: exp.Table) -> str:
    return ', 1 AS "n"' if node.args.get("ordinality") else ""


def _with_ordinality(planner: Planner, node: exp.Table, sql: str, source: Source) -> Joined:
    if node.args.get("ordinality"):
        source.columns.append(Column("ordinality", INT8, f'CAST({source.alias}."n" AS BIGINT)'))
    return source_of(planner, node, sql, source)


def _unnest_together(planner: Planner, node: exp.Table, call: exp.Anonymous, scope: Scope) -> Joined:
    """``unnest(a, b)``: side by side, the shorter ones filled with nulls."""
    name = alias_of(node) or "unnest"
    alias = planner.alias(name)
    items, columns, lengths = [], [], []
    for number, argument in enumerate(call.expressions, 1):
        bound = planner.expression(argument, scope)
        if bound.type is None or bound.type.pg.category != "A":
            raise planner.error("42883", f"function unnest({TEXT.text}) does not exist", argument)
        items.append(f'unnest({bound.sql}) AS "v{number}"')
        lengths.append(f"len({bound.sql})")
        columns.append(Column("unnest", element_of(bound.type), f'{alias}."v{number}"'))
    if node.args.get("ordinality"):
        items.append(f'unnest(range(1, greatest({", ".join(lengths)}) + 1)) AS "n"')
    return _with_ordinality(
        planner, node, f"LATERAL (SELECT {', '.join(items)})", Source(name, alias, columns)
    )
