"""Operators of json and jsonb: parts of a document, keys, and joining two documents."""

from __future__ import annotations

from sql.bound import JSON, JSONB, TEXT, Bound, array_of
from sql.functions import internal_type
from sql.render import string
from sql.rules.planner import Planner
from sql.rules.unknown import unknown_operator

_INTEGERS = frozenset(["int2", "int4", "int8"])


def part(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound:
    if left.type is None:
        left = planner.settle(left, JSON)
    assert left.type is not None
    if left.type.pg.name not in ("json", "jsonb"):
        raise unknown_operator(symbol, left, right)
    result = TEXT if symbol.endswith(">>") else left.type
    function = "json_extract_string" if symbol.endswith(">>") else "json_extract"
    if symbol.startswith("#"):
        return Bound(f"{function}({left.sql}, {path(planner, right)})", result)
    if right.type is not None and right.type.pg.name in _INTEGERS:
        index = f"'$[' || CASE WHEN {right.sql} < 0 THEN '#' ELSE '' END || {right.sql} || ']'"
        if right.integer:
            index = (
                string(f"$[{right.sql}]") if right.sql.isdigit() else string(f"$[#{right.sql.strip('()')}]")
            )
        found = f"{function}({left.sql}, {index})"
        return Bound(f"CASE WHEN json_type({left.sql}) = 'ARRAY' THEN {found} END", result)
    if right.type is not None and right.type.pg.category != "S":
        raise unknown_operator(symbol, left, right)
    key = right.literal
    if key is None:
        return Bound(f"{function}({left.sql}, {pointer_step(planner.text(right).sql)})", result)
    found = f"{function}({left.sql}, {string(pointer([key]))})"
    if key.isdigit():
        return Bound(f"CASE WHEN json_type({left.sql}) = 'OBJECT' THEN {found} END", result)
    return Bound(found, result)


def pointer(steps: list[str]) -> str:
    """A JSON pointer: unlike a path it can hold every key, and a number is an index or a key as needed."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def pointer_step(sql: str) -> str:
    """A pointer of the one step that `sql` computes."""
    return f"('/' || replace(replace({sql}, '~', '~0'), '/', '~1'))"


def path(planner: Planner, right: Bound) -> str:
    """``'{a,0,b}'`` as DuckDB's way into a document."""
    if right.literal is None:
        array = planner.coerce(right, array_of(TEXT))
        return f"array_to_string(list_transform({array}, lambda step: {pointer_step('step')}), '')"
    inner = right.literal.strip().removeprefix("{").removesuffix("}")
    steps = [step.strip().strip('"') for step in inner.split(",")] if inner else []
    if any(step.startswith("-") and step[1:].isdigit() for step in steps):
        return string("$" + "".join(_path_step(step) for step in steps))
    return string(pointer(steps)) if steps else "'$'"


def _path_step(step: str) -> str:
    if step.startswith("-") and step[1:].isdigit():
        return f"[#{step}]"
    return f"[{step}]" if step.isdigit() else '."' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'


def has_keys(planner: Planner, symbol: str, left: Bound, right: Bound) -> Bound:
    left = planner.settle(left, JSONB)
    assert left.type is not None
    if left.type.pg.name != "jsonb":
        raise unknown_operator(symbol, left, right)
    keys = (
        f"CASE json_type({left.sql}) WHEN 'OBJECT' THEN json_keys({left.sql}) "
        f"WHEN 'ARRAY' THEN CAST({left.sql} AS VARCHAR[]) "
        f"ELSE CASE WHEN {left.sql} IS NOT NULL THEN CAST([] AS VARCHAR[]) END END"
    )
    boolean = internal_type("bool")
    if symbol == "?":
        return Bound(f"list_contains({keys}, {planner.coerce(right, TEXT)})", boolean)
    function = "list_has_any" if symbol == "?|" else "list_has_all"
    return Bound(f"{function}({keys}, {planner.coerce(right, array_of(TEXT))})", boolean)


def joined(left: str, right: str) -> str:
    """Objects are merged one level deep, anything else is joined as arrays."""
    objects = (
        f"(SELECT json_group_object(k, coalesce(json_extract({right}, {pointer_step('k')}), "
        f"json_extract({left}, {pointer_step('k')}))) "
        f"FROM (SELECT DISTINCT unnest(list_concat(json_keys({left}), json_keys({right}))) AS k))"
    )
    listed = [
        f"CASE WHEN json_type({side}) = 'ARRAY' THEN CAST({side} AS JSON[]) ELSE [{side}] END"
        for side in (left, right)
    ]
    return (
        f"CASE WHEN json_type({left}) = 'OBJECT' AND json_type({right}) = 'OBJECT' THEN {objects} "
        f"ELSE to_json(list_concat({listed[0]}, {listed[1]})) END"
    )
