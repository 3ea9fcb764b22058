"""Function calls: from the allow-list or a rule of their own; aggregates, windows, sets among them.

A call that is marked ``internal`` was put into the tree by `sql.system.functions`: it names a DuckDB
function or one of our macros and is written as it stands. The grammar never makes one.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import INT8, TEXT, Bound, array_of
from sql.errors import SqlError
from sql.functions import Choice, choose, signatures_of, unknown_function
from sql.resolve import Scope
from sql.rules import conditionals, dates, jsons, numbers, ordered, session, strings
from sql.rules.operators import NUMERIC_SCALE_MAX
from sql.rules.planner import Planner
from sql.rules.windows import over_sql
from sql.types import Declared

Rule = Callable[[Planner, exp.Anonymous, Scope], Bound]
SPECIAL: dict[str, Rule] = {
    **conditionals.FUNCTIONS,
    **dates.FUNCTIONS,
    **jsons.FUNCTIONS,
    **numbers.FUNCTIONS,
    **session.FUNCTIONS,
    **strings.FUNCTIONS,
}
_AGGREGATE_ONLY = ("distinct", "order", "filter", "within", "star")
_SETS_REFUSED = "set-returning functions are not allowed in {}"


def call(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    name = node.this
    schema = node.args.get("schema")
    if node.args.get("internal"):
        return _internal(planner, node, scope)
    if schema is not None and schema != "pg_catalog":
        raise _unknown(planner, node, scope, f"{schema}.{name}")
    if node.args.get("within") is not None or name in ordered.AGGREGATES:
        return ordered.within_group(planner, node, scope)
    if name == "count" and node.args.get("star"):
        return _count_rows(planner, node, scope)
    rule = SPECIAL.get(name)
    if rule is not None:
        _plain_only(planner, node)
        return rule(planner, node, scope)
    candidates = signatures_of(name)
    if not candidates:
        raise _unknown(planner, node, scope, name)
    if node.args.get("star"):
        raise planner.error("42809", f"{name}(*) specified, but {name} is not an aggregate function", node)
    match candidates[0].kind:
        case "aggregate":
            return _aggregate(planner, node, scope)
        case "window":
            return _window(planner, node, scope)
        case "set":
            return _set(planner, node, scope)
    _plain_only(planner, node)
    return _scalar(planner, node, scope)


def _unknown(planner: Planner, node: exp.Anonymous, scope: Scope, name: str) -> SqlError:
    given = [planner.expression(argument, scope) for argument in node.expressions]
    error = unknown_function(name, given)
    error.position = planner.position(node)
    return error


def _plain_only(planner: Planner, node: exp.Anonymous) -> None:
    name = node.this
    if node.args.get("over") is not None:
        message = f"OVER specified, but {name} is not a window function nor an aggregate function"
        raise planner.error("42809", message, node)
    for key in _AGGREGATE_ONLY:
        if node.args.get(key):
            word = {"order": "ORDER BY", "within": "WITHIN GROUP", "star": "(*)"}.get(key, key.upper())
            raise planner.error("42809", f"{word} specified, but {name} is not an aggregate function", node)


def _arguments(planner: Planner, node: exp.Anonymous, scope: Scope) -> list[Bound]:
    if any(isinstance(argument, exp.Kwarg) for argument in node.expressions):
        raise planner.error("0A000", f"named arguments of {node.this} are not supported", node)
    if node.args.get("variadic"):
        raise planner.error("0A000", f"VARIADIC in a call of {node.this} is not supported", node)
    return [planner.expression(argument, scope) for argument in node.expressions]


def _chosen(planner: Planner, node: exp.Anonymous, given: list[Bound]) -> tuple[Choice, list[str]]:
    choice = choose(node.this, given, signatures_of(node.this))
    sqls = [
        bound.sql if wanted is None else planner.coerce(bound, wanted)
        for bound, wanted in zip(given, choice.arguments, strict=True)
    ]
    return choice, sqls


def _scale(choice: Choice, given: list[Bound]) -> int | None:
    """A numeric function keeps its argument's decimals, unless its text says otherwise."""
    if choice.result.pg.name != "numeric" or not given:
        return None
    template = choice.signature.template
    if "DECIMAL(38,15)" in template:
        return 15
    return NUMERIC_SCALE_MAX if "rewinddb_" in template else given[0].scale


def _scalar(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    given = _arguments(planner, node, scope)
    choice, sqls = _chosen(planner, node, given)
    return Bound(_kept(choice, choice.signature.render(sqls)), choice.result, scale=_scale(choice, given))


def _kept(choice: Choice, sql: str) -> str:
    """A jsonb that was put together has its keys in no order yet."""
    return f"rewinddb_jsonb({sql})" if choice.result.pg.name == "jsonb" else sql


# --- aggregates -------------------------------------------------------------------------------------


def _count_rows(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if node.args.get("over") is None:
        _enter(planner, node, scope)
        planner.in_aggregate -= 1
    return Bound(f"count(*){_suffix(planner, node, scope)}", INT8)


def _aggregate(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    over = node.args.get("over")
    if over is not None and (node.args.get("order") is not None or node.args.get("distinct")):
        word = "DISTINCT" if node.args.get("distinct") else "aggregate ORDER BY"
        raise planner.error("0A000", f"{word} is not implemented for window functions", node)
    if over is None:
        _enter(planner, node, scope)
    given = _arguments(planner, node, scope)
    choice, sqls = _chosen(planner, node, given)
    order = _order(planner, node, scope)
    if over is None:
        planner.in_aggregate -= 1
    distinct = "DISTINCT " if node.args.get("distinct") else ""
    if node.this.endswith("_object_agg"):
        sqls += [order, distinct]
        order = distinct = ""
    sqls[0] = distinct + sqls[0]
    if order:
        sqls[-1] = f"{sqls[-1]} {order}"
    sql = _kept(choice, choice.signature.render(sqls, _suffix(planner, node, scope)))
    return Bound(sql, choice.result, scale=_scale(choice, given))


def _enter(planner: Planner, node: exp.Anonymous, scope: Scope) -> None:
    if planner.in_aggregate:
        raise planner.error("42803", "aggregate function calls cannot be nested", node)
    if not scope.aggregates:
        raise planner.error("42803", "aggregate functions are not allowed in WHERE", node)
    planner.in_aggregate += 1
    planner.aggregates_seen += 1


def _order(planner: Planner, node: exp.Anonymous, scope: Scope) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    from sql.rules.ordering import ordered_items

    items = ordered_items(planner, order, scope)
    return f"ORDER BY {', '.join(items)}" if items else ""


def _suffix(planner: Planner, node: exp.Anonymous, scope: Scope) -> str:
    """FILTER and OVER, which go right behind the call itself."""
    suffix = ""
    condition = node.args.get("filter")
    over = node.args.get("over")
    if condition is not None:
        if over is None:
            planner.in_aggregate += 1
        suffix = f" FILTER (WHERE {planner.condition(condition, scope, 'FILTER')})"
        if over is None:
            planner.in_aggregate -= 1
    if over is not None:
        suffix += over_sql(planner, over, scope)
        planner.windows_seen += 1
    return suffix


# --- windows ----------------------------------------------------------------------------------------


def _window(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if node.args.get("over") is None:
        raise planner.error("42809", f"window function {node.this} requires an OVER clause", node)
    for key in ("distinct", "order", "filter"):
        if node.args.get(key):
            raise planner.error("0A000", f"{key.upper()} is not implemented for window functions", node)
    given = _arguments(planner, node, scope)
    choice, sqls = _chosen(planner, node, given)
    sql = choice.signature.render(sqls, _suffix(planner, node, scope))
    return Bound(sql, choice.result, scale=given[0].scale if given else None)


# --- sets -------------------------------------------------------------------------------------------


def set_items(planner: Planner, node: exp.Anonymous, scope: Scope) -> tuple[str, Declared]:
    """A set-returning function's rows as a list, and their type."""
    _plain_only(planner, node)
    if node.this == "regexp_matches":
        return strings.regexp_rows(planner, node, scope), array_of(TEXT)
    given = _arguments(planner, node, scope)
    choice, sqls = _chosen(planner, node, given)
    return choice.signature.render(sqls), choice.result


def _set(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if planner.in_aggregate:
        raise planner.error(
            "0A000", "aggregate function calls cannot contain set-returning function calls", node
        )
    if not scope.aggregates:
        raise planner.error("0A000", _SETS_REFUSED.format("WHERE"), node)
    items, type_ = set_items(planner, node, scope)
    return Bound(as_rows(items, type_), type_)


def as_rows(items: str, type_: Declared) -> str:
    """DuckDB counts in BIGINT what PostgreSQL counts in integer."""
    rows = f"unnest({items})"
    return f"CAST({rows} AS {type_.duckdb})" if items.startswith("generate_series(") else rows


# --- DuckDB's own -----------------------------------------------------------------------------------

_INTERNAL_TYPES = {"error": None, "rewinddb_pg_size_pretty": TEXT}


def _internal(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    sqls = []
    for argument in node.expressions:
        bound = planner.expression(argument, scope)
        sqls.append(bound.sql if bound.type is not None else planner.text(bound).sql)
    sql = f"{node.this}({', '.join(sqls)})"
    if node.this == "error":
        return Bound(sql, None)
    return Bound(sql, TEXT)
