"""Constants: numbers get PostgreSQL's types, strings stay unknown until something wants them."""

from __future__ import annotations

import math
from decimal import Decimal

from sqlglot import exp

from sql.bound import BOOL, INT4, INT8, NUMERIC, Bound
from sql.errors import SqlError
from sql.render import string
from sql.types import raising

DIGITS_MAX = 38


def number(text: str, *, negative: bool = False) -> Bound:
    """A numeric constant: integer, bigint or numeric, as PostgreSQL's lexer tells them apart. A minus
    before it counts: the smallest integer has no positive counterpart."""
    if text.isdigit():
        if len(text) < 10 or (len(text) <= 40 and int(text) < 2**31 + negative):
            return Bound(text.lstrip("0") or "0", INT4, integer=True)
        if len(text) <= 40 and int(text) < 2**63 + negative:
            return Bound(str(int(text)), INT8, integer=True)
    try:
        sql, scale = decimal_sql(text)
    except SqlError as error:
        sql = f"CAST({raising(error.sqlstate, error.message, error.detail)} AS {NUMERIC.duckdb})"
        return Bound(sql, NUMERIC, literal=text if math.isfinite(float(text)) else None)
    return Bound(sql, NUMERIC, scale=scale)


def decimal_sql(text: str) -> tuple[str, int]:
    """A DECIMAL constant and its scale. DuckDB reads an exponent as a DOUBLE, PostgreSQL does not."""
    exponent = text.lower().partition("e")[2]
    if len(exponent) > 5 or abs(int(exponent or 0)) > 1000:
        raise SqlError("22003", "value overflows numeric format")
    value = Decimal(text)
    scale = max(0, -int(value.as_tuple().exponent))
    digits = f"{value:f}"
    whole = len(digits.lstrip("-").split(".")[0].lstrip("0"))
    if whole > DIGITS_MAX:
        detail = f"RewindDB keeps {DIGITS_MAX} digits of a numeric."
        raise SqlError("22003", "value overflows numeric format", detail=detail)
    if whole + scale > DIGITS_MAX:
        scale = DIGITS_MAX - whole
    return f"CAST('{digits}' AS DECIMAL({DIGITS_MAX if scale + whole > 18 else 18},{scale}))", scale


def literal(node: exp.Literal) -> Bound:
    if node.args.get("is_string"):
        return Bound(string(node.this), None, literal=node.this)
    return number(node.this)


def null(node: exp.Null) -> Bound:
    return Bound("NULL", None)


def boolean(node: exp.Boolean) -> Bound:
    return Bound("true" if node.this else "false", BOOL)
