"""DuckDB macros for numeric arithmetic that DuckDB itself would do in floating point.

Invariants: a quotient is exact to its sixteenth decimal, rounded half away from zero; what does not fit 38
digits is refused (22003), never approximated. Roots, logarithms and powers with a fraction are computed in
double precision and keep the sixteen significant digits a double has, so that no digit is invented; a
whole number raised to a whole power is exact.

Every argument is bound once, as a field of a one-element list, for nested calls would else double the
text at each level.

Rejected: functions in Python. They would hold the interpreter's lock for every value.
"""

from __future__ import annotations

DECIMALS = 16
"""Of every quotient; the same as `sql.rules.operators.NUMERIC_SCALE_MAX`."""

_UNIT = 10**DECIMALS
_STEP = 10 ** (DECIMALS // 2)
_LARGE = f"CAST(1{'0' * 30} AS HUGEINT)"
"""From here on a divisor's next eight digits would not fit; it is cut where that changes no kept digit."""

_RESULT = f"DECIMAL(38,{DECIMALS})"
_WIDE_POWER = 127


def _whole(value: str) -> str:
    """A numeric as its multiple of 10^-16."""
    fraction = f"({value} - trunc({value})) * CAST({_UNIT} AS DECIMAL({DECIMALS + 1},0))"
    return f"(CAST(trunc({value}) AS HUGEINT) * {_UNIT} + CAST({fraction} AS HUGEINT))"


def _bound(fields: str, *stages: str) -> str:
    """`fields` seen by the first stage as ``v``, what each stage makes seen by the next."""
    text = f"[{{{fields}}}]"
    for stage in stages:
        text = f"list_transform({text}, lambda v: {stage})"
    return f"{text}[1]"


_DIVIDE = _bound(
    "'a': x, 'b': y",
    f"{{'a': {_whole('v.a')}, 'b': {_whole('v.b')}}}",
    f"{{'w': v.a // v.b, 'r': (v.a % v.b) // CASE WHEN abs(v.b) < {_LARGE} THEN 1 ELSE {_STEP} END,"
    f" 'b': v.b // CASE WHEN abs(v.b) < {_LARGE} THEN 1 ELSE {_STEP} END}}",
    f"{{'w': v.w, 'f': v.r * {_STEP} // v.b, 'r': v.r * {_STEP} % v.b, 'b': v.b}}",
    f"CAST(v.w AS {_RESULT}) + CAST(v.f * {_STEP} + v.r * {_STEP} // v.b"
    f" + CASE WHEN 2 * abs(v.r * {_STEP} % v.b) >= abs(v.b) THEN sign(v.r) * sign(v.b) ELSE 0 END"
    f" AS DECIMAL({DECIMALS + 2},0)) * CAST('0.{'0' * (DECIMALS - 1)}1' AS DECIMAL({DECIMALS},{DECIMALS}))",
)
_FROM_DOUBLE = _bound(
    "'x': CAST(x AS DOUBLE)",
    "CASE WHEN isinf(v.x) OR isnan(v.x) THEN CAST(error('[22003] value overflows numeric format') AS "
    f"{_RESULT}) ELSE CAST(format('{{:.16g}}', v.x) AS {_RESULT}) END",
)
_ROOT = _bound(
    "'x': x",
    "CASE WHEN v.x < 0 THEN error('[2201F] cannot take square root of a negative number') "
    "ELSE sqrt(CAST(v.x AS DOUBLE)) END",
)


def _logarithm(function: str) -> str:
    return _bound(
        "'x': x",
        "CASE WHEN v.x = 0 THEN error('[2201E] cannot take logarithm of zero') "
        "WHEN v.x < 0 THEN error('[2201E] cannot take logarithm of a negative number') "
        f"ELSE {function}(CAST(v.x AS DOUBLE)) END",
    )


_EXP = _bound(
    "'x': CAST(x AS DOUBLE)",
    "CASE WHEN isinf(v.x) THEN exp(v.x) WHEN isinf(exp(v.x)) THEN "
    "error('[22003] value out of range: overflow') ELSE exp(v.x) END",
)
_REFUSED_POWERS = (
    "WHEN v.x = 0 AND v.y < 0 THEN error('[2201F] zero raised to a negative power is undefined') "
    "WHEN v.x < 0 AND v.y <> trunc(v.y) THEN "
    "error('[2201F] a negative number raised to a non-integer power yields a complex result') "
)
_POWER_DOUBLE = _bound(
    "'x': CAST(x AS DOUBLE), 'y': CAST(y AS DOUBLE)",
    f"CASE {_REFUSED_POWERS}WHEN isfinite(v.x) AND isfinite(v.y) AND isinf(pow(v.x, v.y)) THEN "
    "error('[22003] value out of range: overflow') ELSE pow(v.x, v.y) END",
)
_POWER = _bound(
    "'x': x, 'y': y",
    "CASE WHEN v.x = trunc(v.x) AND v.y = trunc(v.y) AND v.y BETWEEN 0 AND "
    f"{_WIDE_POWER} THEN CAST(list_reduce(list_resize(CAST([] AS HUGEINT[]), CAST(v.y AS INTEGER), "
    f"CAST(v.x AS HUGEINT)), lambda a, b: a * b, CAST(1 AS HUGEINT)) AS {_RESULT}) "
    "ELSE rewinddb_from_double(rewinddb_power_double(v.x, v.y)) END",
)


def _to_decimals(function: str) -> str:
    """DuckDB rounds a numeric exactly only to a constant number of decimals."""
    branches = " ".join(
        f"WHEN {n} THEN CAST({function}(v.x, {n}) AS {_RESULT})" for n in range(DECIMALS - 37, DECIMALS)
    )
    kept = f"WHEN v.n >= {DECIMALS} THEN v.x WHEN v.n < {DECIMALS - 37} THEN 0"
    return _bound(f"'x': CAST(x AS {_RESULT}), 'n': n", f"CASE {kept} ELSE CASE v.n {branches} END END")


MACROS: tuple[str, ...] = tuple(
    f"CREATE OR REPLACE MACRO rewinddb_{name} AS {body}"
    for name, body in (
        ("divide(x, y)", _DIVIDE),
        ("from_double(x)", _FROM_DOUBLE),
        ("sqrt(x)", _ROOT),
        ("ln(x)", _logarithm("ln")),
        ("log10(x)", _logarithm("log10")),
        ("exp(x)", _EXP),
        ("power_double(x, y)", _POWER_DOUBLE),
        ("power(x, y)", _POWER),
        ("round(x, n)", _to_decimals("round")),
        ("trunc(x, n)", _to_decimals("trunc")),
    )
)
"""In the order in which they use one another."""
