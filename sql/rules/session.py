"""Functions that tell of the session and the moment: their values are the context's, put in as constants.

now() is when the transaction began, as PostgreSQL has it; a plan that holds such a value is good for one
statement only.
"""

from __future__ import annotations

import datetime

from sqlglot import exp

from engine.ids import Timestamp
from sql.bound import (
    DATE,
    FLOAT8,
    NAME,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Bound,
    array_of,
    name_of,
    special,
)
from sql.render import string
from sql.resolve import Scope
from sql.rules.planner import Planner

VERSION = "PostgreSQL 15.0 (RewindDB)"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def moment_sql(ts: Timestamp) -> str:
    """A timestamp as a DuckDB constant."""
    return f"make_timestamptz({int(ts)})"


def _no_arguments(planner: Planner, node: exp.Anonymous, scope: Scope, most: int = 0) -> None:
    if len(node.expressions) > most:
        shown = ", ".join(name_of(planner.expression(argument, scope)) for argument in node.expressions)
        raise planner.error("42883", f"function {node.this}({shown}) does not exist", node)


def _rounded(node: exp.Anonymous, ts: Timestamp) -> Timestamp:
    """``current_timestamp(3)``: to that many decimals of a second."""
    if not node.expressions:
        return ts
    digits = min(int(node.expressions[0].this), 6)
    unit = 10 ** (6 - digits)
    return Timestamp((int(ts) + unit // 2) // unit * unit)


def _now(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    _no_arguments(planner, node, scope, most=1 if node.args.get("bare") else 0)
    planner.cacheable = False
    statement = node.this == "statement_timestamp"
    ts = planner.context.statement_now if statement else planner.context.now
    sql = moment_sql(_rounded(node, ts))
    match node.this:
        case "current_date":
            return Bound(f"CAST({sql} AS DATE)", DATE)
        case "localtimestamp":
            return Bound(f"CAST({sql} AS TIMESTAMP)", TIMESTAMP)
        case "localtime":
            return Bound(f"CAST(CAST({sql} AS TIMESTAMP) AS TIME)", TIME)
    return Bound(sql, TIMESTAMPTZ)


def _clock(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """The time within the statement is the engine's, so it does not move while one runs."""
    _no_arguments(planner, node, scope)
    planner.cacheable = False
    return Bound(moment_sql(planner.context.statement_now), TIMESTAMPTZ)


def _timeofday(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    raise planner.error("0A000", f"{node.this} is not supported", node)


def _text_value(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    _no_arguments(planner, node, scope)
    context = planner.context
    match node.this:
        case "current_database" | "current_catalog":
            return Bound(string(context.database), NAME)
        case "version":
            return Bound(string(VERSION), TEXT)
        case "current_schema":
            return _current_schema(planner)
    return Bound(string(context.role), NAME)


def _schemas(planner: Planner) -> list[str]:
    """The schemas of the search path that exist."""
    database = planner.context.catalog.databases.get(planner.context.database)
    known = planner.context.catalog.schemas
    return [s for s in planner.context.search_path if database is not None and (database.id, s) in known]


def _current_schema(planner: Planner) -> Bound:
    schemas = _schemas(planner)
    return Bound(string(schemas[0]) if schemas else "CAST(NULL AS VARCHAR)", NAME)


def _current_schemas(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Boolean):
        raise planner.error("0A000", "current_schemas takes a constant", node)
    schemas = _schemas(planner)
    if node.expressions[0].this:
        schemas = ["pg_catalog", *schemas]
    items = ", ".join(string(schema) for schema in schemas)
    return Bound(f"CAST([{items}] AS VARCHAR[])", array_of(NAME))


def _current_setting(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    names = node.expressions
    if not 1 <= len(names) <= 2 or not isinstance(names[0], exp.Literal):
        raise planner.error("0A000", "current_setting takes a constant name", node)
    planner.cacheable = False
    name = names[0].this
    settings = {key.lower(): value for key, value in planner.context.settings.items()}
    value = settings.get(name.lower())
    if value is None:
        missing_ok = len(names) == 2 and isinstance(names[1], exp.Boolean) and names[1].this
        if not missing_ok:
            raise planner.error("42704", f'unrecognized configuration parameter "{name}"', node)
        return Bound("CAST(NULL AS VARCHAR)", TEXT)
    return Bound(string(value), TEXT)


def _typeof(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if len(node.expressions) != 1:
        raise planner.error("42883", "function pg_typeof takes one argument", node)
    return Bound(string(name_of(planner.expression(node.expressions[0], scope))), TEXT)


def _sleep(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """`sql.sequences` has slept already, where that can be done once in the statement; the argument is
    looked at for the types of its parameters."""
    if not node.args.get("slept"):
        raise planner.error("0A000", f"{node.this} is not supported here", node)
    planner.typed(node.expressions[0], scope, FLOAT8)
    return Bound("''", special("void", "VARCHAR"))


def _void(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    return Bound("CAST(NULL AS VARCHAR)", special("void", "VARCHAR"))


_MOMENTS = ("now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "localtimestamp",
            "localtime", "current_date")  # fmt: skip
_VALUES = ("current_database", "current_catalog", "current_user", "session_user", "user", "current_role",
           "current_schema", "version")  # fmt: skip
FUNCTIONS = {
    **dict.fromkeys(_MOMENTS, _now),
    **dict.fromkeys(_VALUES, _text_value),
    "clock_timestamp": _clock,
    "timeofday": _timeofday,
    "current_time": _timeofday,
    "current_schemas": _current_schemas,
    "current_setting": _current_setting,
    "pg_typeof": _typeof,
    "pg_sleep": _sleep,
}
