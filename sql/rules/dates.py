"""Dates and times: extract, to_char and to_date, make_interval, age and timezone."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import DATE, FLOAT8, INT4, INTERVAL, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, Bound, title
from sql.functions import choose, signatures_of, unknown_function
from sql.render import string
from sql.resolve import Scope
from sql.rules.formats import date_format, number_format, parse_format
from sql.rules.planner import Planner
from sql.rules.session import moment_sql

_FIELDS = frozenset(
    [
        "century",
        "day",
        "days",
        "decade",
        "dow",
        "doy",
        "epoch",
        "hour",
        "hours",
        "isodow",
        "isoyear",
        "julian",
        "microseconds",
        "millennium",
        "milliseconds",
        "minute",
        "minutes",
        "month",
        "months",
        "quarter",
        "second",
        "seconds",
        "timezone",
        "timezone_hour",
        "timezone_minute",
        "week",
        "weeks",
        "year",
        "years",
    ]
)
_PARTS = frozenset(["timestamp", "timestamptz", "date", "time", "interval"])
_INTERVAL_ARGUMENTS = ("years", "months", "weeks", "days", "hours", "mins", "secs")


def _extract(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """extract() gives numeric, date_part() double precision."""
    arguments = node.expressions
    if len(arguments) != 2 or not isinstance(arguments[0], exp.Literal):
        raise planner.error("0A000", f"{node.this} takes a constant field", node)
    field = arguments[0].this.lower()
    value = planner.settle(planner.expression(arguments[1], scope), TIMESTAMP)
    assert value.type is not None
    kind = value.type.pg.name
    if kind not in _PARTS:
        raise unknown_function(node.this, [Bound("", TEXT), value])
    if field not in _FIELDS:
        shown = title(value.type)
        raise planner.error("22023", f'unit "{arguments[0].this}" not recognized for type {shown}', node)
    sql, scale = _part(field, value.sql, kind)
    if node.this == "date_part":
        return Bound(f"CAST({sql} AS DOUBLE)", FLOAT8)
    return Bound(f"CAST({sql} AS DECIMAL({28 if scale else 18},{scale}))", NUMERIC, scale=scale)


def _part(field: str, sql: str, kind: str) -> tuple[str, int]:
    field = field.removesuffix("s") if field not in ("microseconds", "milliseconds") else field
    match field:
        case "epoch":
            if kind == "date":
                return f"epoch({sql})", 0
            if kind == "interval":
                return _interval_epoch(sql), 6
            return f"epoch_us({sql}) / 1000000.0", 6
        case "second":
            return f"datepart('microseconds', {sql}) / 1000000.0", 6
        case "milliseconds":
            return f"datepart('microseconds', {sql}) / 1000.0", 3
        case "julian":
            return f"floor(julian({sql}))", 0
        case "decade":
            return f"floor(datepart('year', {sql}) / 10.0)", 0
        case "isodow" | "dow" | "doy" | "week" | "isoyear":
            return f"datepart('{field}', {sql})", 0
    return f"datepart('{field}', {sql})", 0


def _interval_epoch(sql: str) -> str:
    """Years of 365.25 days, months of 30."""
    years = f"datepart('year', {sql}) * 31557600"
    months = f"datepart('month', {sql}) * 2592000"
    days = f"datepart('day', {sql}) * 86400"
    hours = f"datepart('hour', {sql}) * 3600 + datepart('minute', {sql}) * 60"
    return f"({years} + {months} + {days} + {hours} + datepart('microseconds', {sql}) / 1000000.0)"


def _age(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    values = [planner.expression(argument, scope) for argument in node.expressions]
    if len(values) == 1:
        planner.cacheable = False
        zoned = values[0].type is not None and values[0].type.pg.name == "timestamptz"
        type_ = TIMESTAMPTZ if zoned else TIMESTAMP
        today = f"CAST(CAST({moment_sql(planner.context.now)} AS DATE) AS {type_.duckdb})"
        values = [Bound(today, type_), values[0]]
    choice = choose("age", values, signatures_of("age"))
    sides = [planner.coerce(v, w) for v, w in zip(values, choice.arguments, strict=True) if w is not None]
    return Bound(choice.signature.render(sides), INTERVAL)


def _make_interval(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    given: dict[str, str] = {}
    for position, argument in enumerate(node.expressions):
        name = argument.this.this if isinstance(argument, exp.Kwarg) else ""
        if not name and position < len(_INTERVAL_ARGUMENTS):
            name = _INTERVAL_ARGUMENTS[position]
        if name not in _INTERVAL_ARGUMENTS:
            raise unknown_function("make_interval", [])
        value = argument.expression if isinstance(argument, exp.Kwarg) else argument
        given[name] = planner.typed(value, scope, FLOAT8 if name == "secs" else INT4)
    months = f"{given.get('years', '0')} * 12 + {given.get('months', '0')}"
    days = f"{given.get('weeks', '0')} * 7 + {given.get('days', '0')}"
    seconds = (
        f"{given.get('hours', '0')} * 3600.0 + {given.get('mins', '0')} * 60.0 + {given.get('secs', '0')}"
    )
    micros = f"CAST(round(({seconds}) * 1000000) AS BIGINT)"
    whole = f"to_months(CAST({months} AS INTEGER)) + to_days(CAST({days} AS INTEGER))"
    return Bound(f"({whole} + to_microseconds({micros}))", INTERVAL)


def _constant_format(planner: Planner, node: exp.Anonymous) -> str:
    template = node.expressions[1] if len(node.expressions) == 2 else None
    if not isinstance(template, exp.Literal) or not template.args.get("is_string"):
        raise planner.error("0A000", f"{node.this} takes a constant format", node)
    return str(template.this)


def _to_char(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    template = _constant_format(planner, node)
    value = planner.settle(planner.expression(node.expressions[0], scope), TIMESTAMP)
    assert value.type is not None
    match value.type.pg.name:
        case "date":
            return Bound(date_format(f"CAST({value.sql} AS TIMESTAMP)", template, zoned=False), TEXT)
        case "timestamp":
            return Bound(date_format(value.sql, template, zoned=False), TEXT)
        case "timestamptz":
            return Bound(date_format(value.sql, template, zoned=True), TEXT)
        case "interval":
            return Bound(date_format(value.sql, template, zoned=False, interval=True), TEXT)
    if value.type.pg.category != "N":
        raise unknown_function("to_char", [value, Bound("", None)])
    return Bound(number_format(value.sql, value.type.pg.name, template), TEXT)


def _to_date(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    template = parse_format(_constant_format(planner, node))
    text = planner.typed(node.expressions[0], scope, TEXT)
    return Bound(f"CAST(strptime({text}, {string(template)}) AS DATE)", DATE)


def _to_timestamp(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if len(node.expressions) == 1:
        seconds = planner.typed(node.expressions[0], scope, FLOAT8)
        return Bound(f"to_timestamp({seconds})", TIMESTAMPTZ)
    template = parse_format(_constant_format(planner, node))
    text = planner.typed(node.expressions[0], scope, TEXT)
    return Bound(f"CAST(strptime({text}, {string(template)}) AS TIMESTAMPTZ)", TIMESTAMPTZ)


FUNCTIONS: dict[str, Callable[[Planner, exp.Anonymous, Scope], Bound]] = {
    "extract": _extract,
    "date_part": _extract,
    "age": _age,
    "make_interval": _make_interval,
    "to_char": _to_char,
    "to_date": _to_date,
    "to_timestamp": _to_timestamp,
}
