"""The allow-list itself: every entry can be called, and gives the type it says."""

from __future__ import annotations

import pytest

from sql.bound import type_named
from sql.function_table import AGGREGATES, SCALARS, SETS, WINDOWS
from sql.functions import POLYMORPHIC, Signature, internal_type, read_table
from sql.rules.calls import SPECIAL
from sql.types import of_duckdb
from tests.front.world import Duck, planned

_QUERY = "SELECT {}({}){} FROM big WHERE k < 4"
_STAND_INS = {"any": "integer", "anyelement": "integer", "anynonarray": "integer", "anyarray": "integer[]"}
_SIGNATURES = [
    signature
    for kind, table in (("scalar", SCALARS), ("aggregate", AGGREGATES), ("window", WINDOWS), ("set", SETS))
    for signature in read_table(kind, table)  # type: ignore[arg-type]
]
_VALUES = {
    "integer": "1", "int2": "1", "int4": "1", "int8": "1", "numeric": "1.5", "float4": "1", "float8": "1.5",
    "text": "'a'", "bytea": "'\\x61'", "bool": "true", "date": "'2024-01-01'", "timestamp": "'2024-01-01'",
    "timestamptz": "'2024-01-01'", "time": "'10:00'", "interval": "'1 hour'", "json": "'[1]'",
    "jsonb": "'[1]'",
    "integer[]": "'{1,2}'", "int4[]": "'{1,2}'", "text[]": "'{a}'",
}  # fmt: skip


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck.filled()


def _query(signature: Signature, *, null: bool) -> str:
    if signature.name == "regexp_matches":
        return "SELECT regexp_matches(name, 'a', 'g') FROM people"
    if signature.name == "row_to_json":
        return "SELECT row_to_json(big) FROM big LIMIT 1"
    names = [_STAND_INS.get(name, name) for name in signature.arguments]
    values = ["NULL" if null else _VALUES.get(name, "NULL") for name in names]
    types = [type_named(name if "[" in name else _quoted(name)).text for name in names]
    arguments = [f"CAST({value} AS {type_})" for value, type_ in zip(values, types, strict=True)]
    if signature.name in ("date_trunc", "date_part"):
        arguments[0] = "'day'"
    if signature.name == "timezone" or (signature.name == "date_trunc" and len(arguments) == 3):
        arguments[0 if signature.name == "timezone" else 2] = "'UTC'"
    if signature.name == "position":
        return f"SELECT position({arguments[0]} IN {arguments[1]})"
    if signature.name in ("get_byte", "json_object_agg", "jsonb_object_agg"):
        arguments = ["'\\x61'", "0"] if signature.name == "get_byte" else ["'a'", "1"]
    if signature.name in ("round", "trunc") and null:
        arguments[1:] = arguments[1:] and ["1"]
    over = " OVER (ORDER BY k)" if signature.kind == "window" else ""
    if signature.name in ("acosh", "atanh") and not null:
        arguments = ["1.0" if signature.name == "acosh" else "0.5"]
    if signature.name in ("asin", "acos") and not null:
        arguments = ["CAST(0.5 AS double precision)"]
    return _QUERY.format(signature.name, ", ".join(arguments), over)


def _quoted(name: str) -> str:
    return name if name == "integer" else f'"{name}"'


@pytest.mark.parametrize("null", [False, True], ids=["value", "null"])
@pytest.mark.parametrize("signature", _SIGNATURES, ids=lambda s: f"{s.name}({','.join(s.arguments)})")
def test_can_be_called(signature: Signature, null: bool, duck: Duck) -> None:
    plan = planned(_query(signature, null=null))
    text = duck.text(plan)
    described = duck.connection.execute(f"DESCRIBE {text}").fetchall()
    duck.connection.sql(text).to_arrow_table()
    assert plan.outputs is not None
    declared = plan.outputs[0].declared
    assert declared is not None
    if signature.result not in POLYMORPHIC:
        assert declared.pg.oid == internal_type(signature.result).pg.oid
    given = of_duckdb(described[0][1])
    same = {"jsonb": "json", "name": "text"}
    assert given.name == same.get(declared.pg.name, declared.pg.name), described


def test_no_name_has_two_rules() -> None:
    assert {signature.name for signature in _SIGNATURES} & SPECIAL.keys() == {
        "age",
        "div",
        "mod",
        "round",
        "trunc",
    }
