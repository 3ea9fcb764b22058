"""Comparisons, LIKE, IN, BETWEEN, IS, and rows on both sides."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import BOOL, FLOAT8, TEXT, Bound, array_of, element_of, plain
from sql.errors import SqlError
from sql.functions import casts_implicitly
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.planner import Planner
from sql.rules.unknown import unknown_operator
from sql.types import Declared, PgType

_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_NUMBERS = frozenset(["int2", "int4", "int8", "numeric", "float4", "float8"])
_OIDS = frozenset(["oid", "regclass", "regtype", "regproc", "regnamespace", "regrole", "xid"])
_MOMENTS = frozenset(["date", "timestamp", "timestamptz"])
_ESCAPE = "\\"


def comparison(planner: Planner, node: exp.Binary, scope: Scope) -> Bound:
    symbol = _SYMBOLS[type(node)]
    if isinstance(node.expression, exp.Any | exp.All):
        return _quantified(planner, node, scope, symbol)
    left_row, right_row = _row(node.this), _row(node.expression)
    if left_row is not None and right_row is not None:
        return _rows(planner, node, scope, symbol, left_row, right_row)
    if left_row is not None and isinstance(node.expression, exp.Subquery):
        return _row_and_query(planner, node, scope, symbol, left_row)
    left = planner.expression(node.this, scope)
    right = planner.expression(node.expression, scope)
    return Bound(compare(planner, symbol, left, right), BOOL)


def _row(node: exp.Expr) -> list[exp.Expr] | None:
    inner = node.unnest()
    return inner.expressions if isinstance(inner, exp.Tuple) else None


def comparable(planner: Planner, symbol: str, left: Bound, right: Bound) -> tuple[str, str]:
    """Both sides as DuckDB can compare them; 42883 where PostgreSQL has no such operator."""
    known = left.type or right.type or TEXT
    left, right = planner.settle(left, known), planner.settle(right, known)
    assert left.type is not None
    assert right.type is not None
    first, second = left.type.pg, right.type.pg
    shown = symbol if symbol in _SYMBOLS.values() and "IS" not in symbol else "="
    if first.name == "json" and second.name == "json":
        raise unknown_operator(shown, left, right)
    if first.name == second.name == "jsonb":
        return f"rewinddb_jsonb_key({left.sql})", f"rewinddb_jsonb_key({right.sql})"
    if first.oid == second.oid:
        return left.sql, right.sql
    if {first.name, second.name} <= _NUMBERS:
        if {first.name, second.name} & {"float4", "float8"}:
            return coercion.converted(left, FLOAT8), coercion.converted(right, FLOAT8)
        return left.sql, right.sql
    if {first.name, second.name} <= _MOMENTS or (_is_string(first) and _is_string(second)):
        return left.sql, right.sql
    if {first.name, second.name} <= _OIDS | {"int2", "int4", "int8"}:
        return left.sql, right.sql
    if casts_implicitly(first, second):
        return planner.coerce(left, right.type), right.sql
    if casts_implicitly(second, first):
        return left.sql, planner.coerce(right, left.type)
    raise unknown_operator(shown, left, right)


def _is_string(pg: PgType) -> bool:
    """``"char"`` is compared with other strings as text."""
    return pg.category == "S" or pg.name == "char"


def compare(planner: Planner, symbol: str, left: Bound, right: Bound) -> str:
    first, second = comparable(planner, symbol, left, right)
    return f"({first} {symbol} {second})"


# --- rows -------------------------------------------------------------------------------------------


def _rows(
    planner: Planner, node: exp.Expr, scope: Scope, symbol: str, left: list[exp.Expr], right: list[exp.Expr]
) -> Bound:
    if len(left) != len(right):
        raise planner.error("42601", "unequal number of entries in row expressions", node)
    pairs = [
        (planner.expression(first, scope), planner.expression(second, scope))
        for first, second in zip(left, right, strict=True)
    ]
    return Bound(compare_rows(planner, symbol, pairs), BOOL)


def compare_rows(planner: Planner, symbol: str, pairs: list[tuple[Bound, Bound]]) -> str:
    """Equality field by field; order by the first field that differs."""
    if not pairs:
        raise SqlError("0A000", "cannot compare rows of zero length")
    if symbol in ("=", "IS NOT DISTINCT FROM"):
        return "(" + " AND ".join(compare(planner, symbol, *pair) for pair in pairs) + ")"
    if symbol in ("<>", "IS DISTINCT FROM"):
        return "(" + " OR ".join(compare(planner, symbol, *pair) for pair in pairs) + ")"
    strict = symbol.rstrip("=")
    sql = compare(planner, symbol, *pairs[-1])
    for pair in reversed(pairs[:-1]):
        sql = f"({compare(planner, strict, *pair)} OR ({compare(planner, '=', *pair)} AND {sql}))"
    return sql


def _row_and_query(
    planner: Planner, node: exp.Binary, scope: Scope, symbol: str, left: list[exp.Expr]
) -> Bound:
    if symbol != "=":
        raise planner.error("0A000", "comparing a row to a subquery other than by = is not supported", node)
    planned = planner.subquery(node.expression, scope)
    values = [planner.expression(item, scope) for item in left]
    if len(values) != len(planned.columns):
        raise planner.error("42601", "subquery has too few columns", node)
    types = [bound.type or TEXT for _, bound in planned.columns]
    sides = ", ".join(planner.coerce(value, type_) for value, type_ in zip(values, types, strict=True))
    return Bound(f"(ROW({sides}) = ({planned.row_sql()}))", BOOL)


# --- ANY, ALL, IN -----------------------------------------------------------------------------------


def _quantified(planner: Planner, node: exp.Binary, scope: Scope, symbol: str) -> Bound:
    left = planner.expression(node.this, scope)
    word = "ANY" if isinstance(node.expression, exp.Any) else "ALL"
    inner = node.expression.this
    if isinstance(inner, exp.Subquery):
        planned = planner.subquery(inner, scope)
        _one_column(planner, planned.columns, node)
        right = Bound("x", planned.columns[0][1].type or left.type or TEXT)
        first, _ = comparable(planner, symbol, left, right)
        return Bound(f"({first} {symbol} {word} ({planned.sql([right.type])}))", BOOL)
    items = _constructor(inner)
    if items is not None and items:
        compared = [compare(planner, symbol, left, planner.expression(item, scope)) for item in items]
        return Bound("(" + (" OR " if word == "ANY" else " AND ").join(compared) + ")", BOOL)
    first, array = _with_array(planner, symbol, left, planner.expression(inner, scope))
    if isinstance(inner.unnest(), exp.Column):
        return Bound(f"(CASE WHEN {array} IS NOT NULL THEN {first} {symbol} {word} ({array}) END)", BOOL)
    sql = f"({first} {symbol} {word} (SELECT unnest({array})))"
    if (word == "ALL" or inner.find(exp.Column) is not None) and not isinstance(
        inner.unnest(), exp.Literal | exp.Array
    ):
        sql = f"(CASE WHEN {array} IS NOT NULL THEN {sql} END)"
    return Bound(sql, BOOL)


def _constructor(node: exp.Expr) -> list[exp.Expr] | None:
    """The items of a plain ``ARRAY[…]``."""
    inner = node.unnest()
    if isinstance(inner, exp.Array) and not inner.args.get("query"):
        items: list[exp.Expr] = inner.expressions
        return None if any(isinstance(item, exp.Array) for item in items) else items
    return None


def _with_array(planner: Planner, symbol: str, left: Bound, array: Bound) -> tuple[str, str]:
    if array.type is None:
        array = planner.settle(array, array_of(plain(left.type or TEXT)))
    assert array.type is not None
    if not array.type.pg.is_array and array.type.pg.category != "A":
        raise SqlError("42809", "op ANY/ALL (array) requires array on right side")
    first, _ = comparable(planner, symbol, left, Bound("x", element_of(array.type)))
    return first, array.sql


def for_each(
    planner: Planner, node: exp.Binary, scope: Scope, wanted: Declared, test: Callable[[str], str]
) -> str:
    """``op ANY (array)`` where DuckDB has no such operator over a list: `test` of each item, joined."""
    every = isinstance(node.expression, exp.All)
    inner = node.expression.this
    items = _constructor(inner)
    if items is not None:
        tests = [test(planner.typed(item, scope, wanted)) for item in items]
        return "(" + (" AND " if every else " OR ").join(tests) + ")"
    if isinstance(inner, exp.Subquery):
        planned = planner.subquery(inner, scope)
        _one_column(planner, planned.columns, node)
        rows = planned.sql([wanted])
    else:
        rows = f"SELECT unnest({planner.typed(inner, scope, array_of(wanted))})"
    decided = "false" if every else "true"
    return (
        f"(SELECT CASE WHEN count(*) FILTER (WHERE {test('i.v')} = {decided}) > 0 THEN {decided} "
        f"WHEN count(*) FILTER (WHERE {test('i.v')} IS NULL) > 0 THEN NULL "
        f"ELSE NOT {decided} END FROM ({rows}) AS i(v))"
    )


def membership(planner: Planner, node: exp.In, scope: Scope) -> Bound:
    query = node.args.get("query")
    if query is not None:
        return _in_query(planner, node, scope, query)
    row = _row(node.this)
    if row is not None:
        lefts = [planner.expression(item, scope) for item in row]
        choices = []
        for item in node.expressions:
            values = _row(item)
            if values is None or len(values) != len(row):
                raise planner.error("42601", "unequal number of entries in row expressions", node)
            pairs = [
                (left, planner.expression(value, scope)) for left, value in zip(lefts, values, strict=True)
            ]
            choices.append(compare_rows(planner, "=", pairs))
        return Bound("(" + " OR ".join(choices) + ")", BOOL)
    left = planner.expression(node.this, scope)
    items = [planner.expression(item, scope) for item in node.expressions]
    if left.type is None:
        known = coercion.common_type(items, "IN")
        left = planner.settle(left, known)
    if left.type is not None and left.type.pg.name == "float4" and len(items) > 1:
        items = _as_reals(left, items)
    compared = [comparable(planner, "=", left, item) for item in items]
    if all(first == left.sql for first, _ in compared):
        return Bound(f"({left.sql} IN ({', '.join(second for _, second in compared)}))", BOOL)
    return Bound("(" + " OR ".join(f"({first} = {second})" for first, second in compared) + ")", BOOL)


def _as_reals(left: Bound, items: list[Bound]) -> list[Bound]:
    """PostgreSQL makes an array of a list, of a type common to both sides: reals stay reals in it."""
    common = coercion.common_type([left, *items], "IN")
    if common.pg.name != "float4":
        return items
    return [item if item.type is None else Bound(coercion.converted(item, common), common) for item in items]


def _one_column(planner: Planner, columns: list[tuple[str, Bound]], node: exp.Expr) -> None:
    if len(columns) != 1:
        raise planner.error("42601", "subquery has too many columns", node)


def _in_query(planner: Planner, node: exp.In, scope: Scope, query: exp.Expr) -> Bound:
    row = _row(node.this)
    lefts = [planner.expression(item, scope) for item in (row if row is not None else [node.this])]
    planned = planner.subquery(query, scope)
    if len(planned.columns) != len(lefts):
        many = "many" if len(planned.columns) > len(lefts) else "few"
        raise planner.error("42601", f"subquery has too {many} columns", node)
    types, sides = [], []
    for left, (_, bound) in zip(lefts, planned.columns, strict=True):
        type_ = bound.type or plain(left.type or TEXT)
        first, _ = comparable(planner, "=", left, Bound("x", type_))
        types.append(type_)
        sides.append(first)
    if row is None:
        return Bound(f"({sides[0]} IN ({planned.sql(types)}))", BOOL)
    return Bound(f"(({', '.join(sides)}) IN ({planned.sql(types)}))", BOOL)


def between(planner: Planner, node: exp.Between, scope: Scope) -> Bound:
    value = planner.expression(node.this, scope)
    low = planner.expression(node.args["low"], scope)
    high = planner.expression(node.args["high"], scope)
    first, second = comparable(planner, ">=", value, low), comparable(planner, "<=", value, high)
    if first[0] == second[0]:
        inside = f"({first[0]} BETWEEN {first[1]} AND {second[1]})"
    else:
        inside = f"(({first[0]} >= {first[1]}) AND ({second[0]} <= {second[1]}))"
    if node.args.get("symmetric"):
        other = f"({compare(planner, '>=', value, high)} AND {compare(planner, '<=', value, low)})"
        return Bound(f"({inside} OR {other})", BOOL)
    return Bound(inside, BOOL)


# --- LIKE -------------------------------------------------------------------------------------------


def like(planner: Planner, node: exp.Binary, scope: Scope, escape: exp.Expr | None = None) -> Bound:
    symbol = "LIKE" if isinstance(node, exp.Like) else "ILIKE"
    left = planner.expression(node.this, scope)
    escaped = "'\\'"
    if escape is not None:
        escaped = planner.typed(escape, scope, TEXT)
    if isinstance(node.expression, exp.Any | exp.All):
        text = _text(planner, left, symbol, left)
        sql = for_each(planner, node, scope, TEXT, lambda item: f"({text} {symbol} {item} ESCAPE {escaped})")
        return Bound(sql, BOOL)
    right = planner.expression(node.expression, scope)
    first, second = (_text(planner, side, symbol, left, right) for side in (left, right))
    return Bound(f"({first} {symbol} {second} ESCAPE {escaped})", BOOL)


def _text(planner: Planner, side: Bound, symbol: str, left: Bound, right: Bound | None = None) -> str:
    if side.type is not None and side.type.pg.category != "S" and side.type.pg.name != "char":
        raise unknown_operator("~~" if symbol == "LIKE" else "~~*", left, right or left)
    return planner.text(side).sql


def escape(planner: Planner, node: exp.Escape, scope: Scope) -> Bound:
    if isinstance(node.this, exp.SimilarTo):
        raise planner.error("0A000", "SIMILAR TO … ESCAPE is not supported", node)
    return like(planner, node.this, scope, node.expression)


def similar(planner: Planner, node: exp.SimilarTo, scope: Scope) -> Bound:
    """SQL's regular expression: ``%`` and ``_`` as in LIKE, the rest as in POSIX, over the whole text."""
    left = planner.text(planner.expression(node.this, scope))
    right = planner.expression(node.expression, scope)
    if right.literal is None:
        raise planner.error("0A000", "SIMILAR TO a computed pattern is not supported", node)
    from sql.render import string

    return Bound(f"regexp_full_match({left.sql}, {string(_posix(right.literal))}, 's')", BOOL)


def _posix(pattern: str) -> str:
    out, bracket, position = [], False, 0
    while position < len(pattern):
        character = pattern[position]
        if character == _ESCAPE and position + 1 < len(pattern):
            out.append("\\" + pattern[position + 1])
            position += 1
        elif bracket:
            out.append(character)
            bracket = character != "]"
        elif character == "[":
            out.append(character)
            bracket = True
        elif character in "%_":
            out.append(".*" if character == "%" else ".")
        elif character in ".^$":
            out.append("\\" + character)
        elif character == "(":
            out.append("(?:")
        else:
            out.append(character)
        position += 1
    return "".join(out)


# --- IS ---------------------------------------------------------------------------------------------


def is_(planner: Planner, node: exp.Is, scope: Scope, negated: bool = False) -> Bound:
    target = node.expression
    word = "IS NOT" if negated else "IS"
    if isinstance(target, exp.Boolean):
        truth = "TRUE" if target.this else "FALSE"
        operand = planner.condition(node.this, scope, f"{word} {truth}")
        distinct = "IS DISTINCT FROM" if negated else "IS NOT DISTINCT FROM"
        return Bound(f"({operand} {distinct} {truth.lower()})", BOOL)
    if isinstance(target, exp.Var):
        return Bound(f"({planner.condition(node.this, scope, f'{word} UNKNOWN')} {word} NULL)", BOOL)
    row = _row(node.this)
    if row is not None:
        parts = [f"({planner.text(planner.expression(item, scope)).sql} {word} NULL)" for item in row]
        return Bound("(" + (" AND ".join(parts) or "true") + ")", BOOL)
    operand = planner.text(planner.expression(node.this, scope)).sql
    return Bound(f"({operand} {word} NULL)", BOOL)
