"""Arithmetic and the other operators, by the types of their operands.

DuckDB's results differ from PostgreSQL's in type (smallint + integer, date - date), in integer and numeric
division, and in what it lets meet (text + integer); so the operator is chosen here, by PostgreSQL's
rules, and its operands are cast where DuckDB would do something else.
"""

from __future__ import annotations

from sqlglot import exp

from sql.bound import (
    BYTEA,
    DATE,
    FLOAT8,
    INT4,
    INTERVAL,
    JSONB,
    NUMERIC,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Bound,
    array_of,
    element_of,
    plain,
)
from sql.errors import SqlError
from sql.functions import casts_implicitly, internal_type
from sql.resolve import Scope
from sql.rules import coercion, json_operators
from sql.rules.constants import number
from sql.rules.planner import Planner
from sql.rules.unknown import unknown_operator
from sql.types import Declared

_TOWER = ("int2", "int4", "int8", "numeric", "float4", "float8")
_INTEGERS = frozenset(_TOWER[:3])
_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.Pow: "^",
}  # fmt: skip
NUMERIC_SCALE_MAX = 16
"""Decimals that a product or a quotient of numerics keeps, of DECIMAL's 38 digits."""

_MOMENTS: dict[tuple[str, str, str], tuple[Declared, str]] = {
    ("+", "date", "int4"): (DATE, "({0} + {1})"),
    ("+", "int4", "date"): (DATE, "({1} + {0})"),
    ("+", "date", "interval"): (TIMESTAMP, "({0} + {1})"),
    ("+", "interval", "date"): (TIMESTAMP, "({1} + {0})"),
    ("+", "date", "time"): (TIMESTAMP, "({0} + {1})"),
    ("+", "time", "date"): (TIMESTAMP, "({1} + {0})"),
    ("+", "timestamp", "interval"): (TIMESTAMP, "({0} + {1})"),
    ("+", "interval", "timestamp"): (TIMESTAMP, "({1} + {0})"),
    ("+", "timestamptz", "interval"): (TIMESTAMPTZ, "({0} + {1})"),
    ("+", "interval", "timestamptz"): (TIMESTAMPTZ, "({1} + {0})"),
    ("+", "time", "interval"): (TIME, "({0} + {1})"),
    ("+", "interval", "time"): (TIME, "({1} + {0})"),
    ("+", "interval", "interval"): (INTERVAL, "({0} + {1})"),
    ("-", "date", "date"): (INT4, "CAST({0} - {1} AS INTEGER)"),
    ("-", "date", "int4"): (DATE, "({0} - {1})"),
    ("-", "date", "interval"): (TIMESTAMP, "({0} - {1})"),
    ("-", "timestamp", "timestamp"): (INTERVAL, "({0} - {1})"),
    ("-", "timestamptz", "timestamptz"): (INTERVAL, "({0} - {1})"),
    ("-", "timestamp", "interval"): (TIMESTAMP, "({0} - {1})"),
    ("-", "timestamptz", "interval"): (TIMESTAMPTZ, "({0} - {1})"),
    ("-", "time", "time"): (INTERVAL, "to_microseconds(epoch_us({0}) - epoch_us({1}))"),
    ("-", "time", "interval"): (TIME, "({0} - {1})"),
    ("-", "interval", "interval"): (INTERVAL, "({0} - {1})"),
    ("*", "interval", "float8"): (INTERVAL, "({0} * {1})"),
    ("*", "float8", "interval"): (INTERVAL, "({1} * {0})"),
    ("/", "interval", "float8"): (INTERVAL, "({0} / {1})"),
    ("-", "jsonb", "text"): (
        JSONB,
        "json_remove({0}, '/' || replace(replace({1}, '~', '~0'), '/', '~1'))",
    ),
    ("-", "jsonb", "int4"): (
        JSONB,
        "json_remove({0}, '$[' || CASE WHEN {1} < 0 THEN '#' ELSE '' END || {1} || ']')",
    ),
}


# --- arithmetic -------------------------------------------------------------------------------------


def arithmetic(planner: Planner, node: exp.Binary, scope: Scope) -> Bound:
    """Long chains grow to the left; they are walked without recursion."""
    chain: list[exp.Expr] = [node]
    while type(chain[-1].this) in _SYMBOLS:
        chain.append(chain[-1].this)
    left = planner.expression(chain[-1].this, scope)
    for link in reversed(chain):
        right = planner.expression(link.expression, scope)
        try:
            left = combine(planner, _SYMBOLS[type(link)], left, right)
        except SqlError as error:
            error.position = error.position or planner.position(link)
            raise
    return left


def combine(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound:
    left, right = _settled(planner, symbol, left, right)
    assert left.type is not None
    assert right.type is not None
    names = left.type.pg.name, right.type.pg.name
    if names[0] in _TOWER and names[1] in _TOWER:
        return _numbers(symbol, left, right, names)
    found = _moments(planner, symbol, left, right)
    if found is None:
        raise unknown_operator(symbol, left, right)
    return found


def _settled(planner: Planner, symbol: str, left: Bound, right: Bound) -> tuple[Bound, Bound]:
    """What is unknown takes the other side's type, or what only makes sense beside it."""
    if left.type is None and right.type is None:
        raise SqlError(
            "42725",
            f"operator is not unique: unknown {symbol} unknown",
            hint="Could not choose a best candidate operator. You might need to add explicit type casts.",
        )
    if left.type is None:
        assert right.type is not None
        return planner.settle(left, _beside(symbol, right.type, left_side=True)), right
    if right.type is None:
        return left, planner.settle(right, _beside(symbol, left.type, left_side=False))
    return left, right


def _beside(symbol: str, known: Declared, *, left_side: bool) -> Declared:
    match symbol, known.pg.name:
        case "+", "timestamp" | "timestamptz" | "time":
            return INTERVAL
        case "+", "date":
            return INT4
        case "+", "interval":
            return INTERVAL
        case "*" | "/", "interval":
            return FLOAT8
        case "-", "interval" if left_side:
            return INTERVAL
        case "-", "jsonb":
            return TEXT
    return plain(known)


def _numbers(symbol: str, left: Bound, right: Bound, names: tuple[str, str]) -> Bound:
    if symbol == "^":
        name = "numeric" if "numeric" in names and not {"float4", "float8"} & set(names) else "float8"
        if name == "float8":
            return Bound(f"rewinddb_power_double({_as_double(left)}, {_as_double(right)})", FLOAT8)
        sides = [coercion.converted(side, NUMERIC) for side in (left, right)]
        return Bound(f"rewinddb_power({sides[0]}, {sides[1]})", NUMERIC, scale=NUMERIC_SCALE_MAX)
    result = max(names, key=_TOWER.index)
    if "float4" in names and names[0] != names[1]:
        result = "float8"
    if symbol == "%" and result in ("float4", "float8"):
        raise unknown_operator(symbol, left, right)
    if result in _INTEGERS:
        return _integers(symbol, left, right, result)
    if result == "numeric":
        return _numerics(symbol, left, right)
    type_ = internal_type(result)
    return Bound(f"({coercion.converted(left, type_)} {symbol} {coercion.converted(right, type_)})", type_)


def _as_double(bound: Bound) -> str:
    assert bound.type is not None
    return bound.sql if bound.type.pg.name == "float8" else f"CAST({bound.sql} AS DOUBLE)"


def _integers(symbol: str, left: Bound, right: Bound, result: str) -> Bound:
    type_ = internal_type(result)
    sides = []
    for side in (left, right):
        assert side.type is not None
        plain_int = side.type.pg.name == result and not (side.integer and result != "int4")
        sides.append(side.sql if plain_int else f"CAST({side.sql} AS {type_.duckdb})")
    if left.integer and right.integer and result == "int4":
        sides[0] = f"CAST({sides[0]} AS INTEGER)"
    operator = "//" if symbol == "/" else symbol
    return Bound(f"({sides[0]} {operator} {sides[1]})", type_)


def _numerics(symbol: str, left: Bound, right: Bound) -> Bound:
    scales = [_scale(left), _scale(right)]
    sides = [coercion.converted(side, NUMERIC) for side in (left, right)]
    if symbol == "/":
        return Bound(f"rewinddb_divide({sides[0]}, {sides[1]})", NUMERIC, scale=NUMERIC_SCALE_MAX)
    if symbol == "%":
        sides = [f"CAST({side} AS DECIMAL(38,{max(scales)}))" for side in sides]
    sql = f"({sides[0]} {symbol} {sides[1]})"
    if symbol != "*":
        return Bound(sql, NUMERIC, scale=max(scales))
    scale = sum(scales)
    if scale > NUMERIC_SCALE_MAX:
        kept = max(NUMERIC_SCALE_MAX, *scales)
        if scale > 20:
            smaller = [
                f"CAST({sql} AS DECIMAL(38,10))" if own > 10 else sql
                for sql, own in zip(sides, scales, strict=True)
            ]
            sql = f"({smaller[0]} * {smaller[1]})"
        return Bound(
            f"CAST({sql} AS DECIMAL(38,{min(kept, NUMERIC_SCALE_MAX)}))", NUMERIC, scale=NUMERIC_SCALE_MAX
        )
    return Bound(sql, NUMERIC, scale=scale)


def _scale(bound: Bound) -> int:
    assert bound.type is not None
    if bound.type.pg.name != "numeric":
        return 0
    if bound.scale is not None:
        return bound.scale
    modifier = bound.type.modifier
    return (modifier - 4) & 0x7FF if modifier >= 4 else 10


def _moments(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound | None:
    assert left.type is not None
    assert right.type is not None
    names = left.type.pg.name, right.type.pg.name
    found = _MOMENTS.get((symbol, *names))
    if found is None:
        for (operator, first, second), entry in _MOMENTS.items():
            if operator != symbol:
                continue
            types = internal_type(first), internal_type(second)
            if casts_implicitly(left.type.pg, types[0].pg) and casts_implicitly(right.type.pg, types[1].pg):
                if "interval" in (first, second) and "interval" not in names and "time" in names:
                    continue
                left = Bound(coercion.converted(left, types[0]), types[0])
                right = Bound(coercion.converted(right, types[1]), types[1])
                found = entry
                break
    if found is None:
        return None
    return Bound(found[1].format(left.sql, right.sql), found[0])


def negative(planner: Planner, node: exp.Neg, scope: Scope) -> Bound:
    operand = node.this
    if isinstance(operand, exp.Literal) and not operand.args.get("is_string"):
        inner = number(operand.this, negative=True)
        return Bound(f"(-{inner.sql})", inner.type, scale=inner.scale, integer=inner.integer)
    bound = planner.settle(planner.expression(operand, scope), FLOAT8)
    assert bound.type is not None
    if bound.type.pg.name not in (*_TOWER, "interval"):
        raise unknown_operator("-", None, bound)
    return Bound(f"(-{bound.sql})", plain(bound.type), scale=bound.scale)


# --- || ---------------------------------------------------------------------------------------------


def concatenate(planner: Planner, node: exp.DPipe, scope: Scope) -> Bound:
    chain: list[exp.Expr] = [node]
    while isinstance(chain[-1].this, exp.DPipe):
        chain.append(chain[-1].this)
    left = planner.expression(chain[-1].this, scope)
    for link in reversed(chain):
        right = planner.expression(link.expression, scope)
        try:
            left = _joined(planner, left, right)
        except SqlError as error:
            error.position = error.position or planner.position(link)
            raise
    return left


def _joined(planner: Planner, left: Bound, right: Bound) -> Bound:
    for side, other in ((left, right), (right, left)):
        if side.type is not None and side.type.pg.is_array:
            return _arrays(planner, left, right, other is right)
    names = {side.type.pg.name for side in (left, right) if side.type is not None}
    if names == {"bytea"}:
        return Bound(f"({planner.coerce(left, BYTEA)} || {planner.coerce(right, BYTEA)})", BYTEA)
    if names == {"jsonb"}:
        first, second = planner.coerce(left, JSONB), planner.coerce(right, JSONB)
        return Bound(f"rewinddb_jsonb({json_operators.joined(first, second)})", JSONB)
    known = [side.type for side in (left, right) if side.type is not None]
    if known and not any(type_.pg.category == "S" for type_ in known) and len(known) == 2:
        raise unknown_operator("||", left, right)
    sides = [coercion.converted(planner.text(side), TEXT) for side in (left, right)]
    return Bound(f"({sides[0]} || {sides[1]})", TEXT)


def _arrays(planner: Planner, left: Bound, right: Bound, array_first: bool) -> Bound:
    array, other = (left, right) if array_first else (right, left)
    assert array.type is not None
    if other.type is None or other.type.pg.is_array:
        other_sql = planner.coerce(other, array.type) if other.type is None else other.sql
        sides = (array.sql, other_sql) if array_first else (other_sql, array.sql)
        return Bound(f"list_concat({sides[0]}, {sides[1]})", plain(array.type))
    element = element_of(array.type)
    if not casts_implicitly(other.type.pg, element.pg):
        if not casts_implicitly(element.pg, other.type.pg):
            raise unknown_operator("||", left, right)
        element = plain(other.type)
        array = Bound(f"CAST({array.sql} AS {element.duckdb}[])", array_of(element))
    item = planner.coerce(other, element)
    sql = f"list_append({array.sql}, {item})" if array_first else f"list_prepend({item}, {array.sql})"
    return Bound(sql, array_of(element))


# --- named operators --------------------------------------------------------------------------------


def operator(planner: Planner, node: exp.Operator, scope: Scope) -> Bound:
    symbol = node.args["operator"]
    if symbol in ("~", "~*", "!~", "!~*"):
        return _regular(planner, node, scope, symbol)
    if isinstance(node.expression, exp.Any | exp.All):
        raise planner.error("0A000", f"operator {symbol} with ANY or ALL is not supported", node)
    left = planner.expression(node.this, scope)
    right = planner.expression(node.expression, scope)
    if symbol in ("->", "->>", "#>", "#>>"):
        return json_operators.part(planner, symbol, left, right)
    if symbol == "#-":
        return Bound(
            f"json_remove({planner.coerce(left, JSONB)}, {json_operators.path(planner, right)})", JSONB
        )
    if symbol in ("@>", "<@", "&&"):
        return _containment(planner, symbol, left, right)
    if symbol in ("&", "|", "#", "<<", ">>"):
        return _bits(planner, symbol, left, right)
    if symbol in ("?", "?|", "?&"):
        return json_operators.has_keys(planner, symbol, left, right)
    if symbol == "^@":
        sides = [coercion.converted(planner.text(side), TEXT) for side in (left, right)]
        return Bound(f"starts_with({sides[0]}, {sides[1]})", internal_type("bool"))
    raise unknown_operator(symbol, left, right)


def _regular(planner: Planner, node: exp.Operator, scope: Scope, symbol: str) -> Bound:
    flags = "'i'" if "*" in symbol else "'c'"
    left = planner.text(planner.expression(node.this, scope))
    if left.type is None or left.type.pg.category != "S":
        raise unknown_operator(symbol, left, planner.expression(node.expression, scope))
    if isinstance(node.expression, exp.Any | exp.All):
        from sql.rules.comparisons import for_each

        text = left.sql
        sql = for_each(planner, node, scope, TEXT, lambda item: f"regexp_matches({text}, {item}, {flags})")
    else:
        right = planner.text(planner.expression(node.expression, scope))
        sql = f"regexp_matches({left.sql}, {right.sql}, {flags})"
    return Bound(f"(NOT {sql})" if symbol.startswith("!") else sql, internal_type("bool"))


def _containment(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound:
    known = left.type or right.type
    if known is None or not (known.pg.is_array or known.pg.name == "jsonb"):
        raise unknown_operator(symbol, left, right)
    left, right = planner.settle(left, known), planner.settle(right, known)
    if known.pg.name == "jsonb":
        if symbol == "&&":
            raise unknown_operator(symbol, left, right)
        sides = (left.sql, right.sql) if symbol == "@>" else (right.sql, left.sql)
        return Bound(f"json_contains({sides[0]}, {sides[1]})", internal_type("bool"))
    type_ = coercion.common_type([left, right], "ARRAY")
    first, second = (
        side.sql if side.type == type_ else f"CAST({side.sql} AS {type_.duckdb})" for side in (left, right)
    )
    return Bound(f"({first} {symbol} {second})", internal_type("bool"))


def _bits(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound:
    known = left.type or right.type or INT4
    shift = symbol in ("<<", ">>")
    left = planner.settle(left, known)
    right = planner.settle(right, INT4 if shift else known)
    assert left.type is not None
    assert right.type is not None
    names = left.type.pg.name, right.type.pg.name
    if names[0] in ("bit", "varbit") and not shift and names[1] == names[0]:
        sql = f"xor({left.sql}, {right.sql})" if symbol == "#" else f"({left.sql} {symbol} {right.sql})"
        return Bound(sql, plain(left.type))
    if names[0] not in _INTEGERS or names[1] not in _INTEGERS:
        raise unknown_operator(symbol, left, right)
    type_ = internal_type(names[0] if shift else max(names, key=_TOWER.index))
    first, second = (f"CAST({side.sql} AS {type_.duckdb})" for side in (left, right))
    if symbol == "#":
        return Bound(f"xor({first}, {second})", type_)
    return Bound(f"({first} {symbol} {second})", type_)


def inverted(planner: Planner, node: exp.BitwiseNot, scope: Scope) -> Bound:
    bound = planner.settle(planner.expression(node.this, scope), INT4)
    assert bound.type is not None
    if bound.type.pg.name not in (*_INTEGERS, "bit", "varbit"):
        raise unknown_operator("~", None, bound)
    return Bound(f"(~CAST({bound.sql} AS {bound.type.duckdb}))", plain(bound.type))
