"""JSON constructors and paths whose shape depends on their arguments."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import JSON, JSONB, TEXT, Bound
from sql.functions import unknown_function
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.json_operators import path, pointer_step
from sql.rules.planner import Planner


def _build_object(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    values = [planner.text(planner.expression(argument, scope)) for argument in node.expressions]
    if len(values) % 2:
        hint = f"The arguments of {node.this}() must consist of alternating keys and values."
        raise planner.error("22023", "argument list must have even number of elements", node, hint)
    result = JSONB if node.this.startswith("jsonb") else JSON
    if not values:
        return Bound("CAST('{}' AS JSON)", result)
    items = []
    for position, value in enumerate(values):
        items.append(value.sql if position % 2 else coercion.converted(value, TEXT))
    sql = f"json_object({', '.join(items)})"
    return Bound(f"rewinddb_jsonb({sql})" if result is JSONB else sql, result)


def _extract_path(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    values = [planner.expression(argument, scope) for argument in node.expressions]
    if len(values) < 2:
        raise unknown_function(node.this, values)
    result = JSONB if node.this.startswith("jsonb") else JSON
    document = planner.coerce(values[0], result)
    steps = [planner.coerce(value, TEXT) for value in values[1:]]
    steps_path = " || ".join(pointer_step(step) for step in steps)
    if node.this.endswith("_text"):
        return Bound(f"json_extract_string({document}, {steps_path})", TEXT)
    return Bound(f"json_extract({document}, {steps_path})", result)


def _set(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """jsonb_set(target, path, value [, create])"""
    values = [planner.expression(argument, scope) for argument in node.expressions]
    if not 3 <= len(values) <= 4:
        raise unknown_function(node.this, values)
    create = node.expressions[3] if len(values) == 4 else exp.Boolean(this=True)
    if not isinstance(create, exp.Boolean):
        raise planner.error("0A000", "jsonb_set takes a constant for create_if_missing", node)
    target, value = planner.coerce(values[0], JSONB), planner.coerce(values[2], JSONB)
    function = "json_set" if create.this else "json_replace"
    sql = f"{function}({target}, {path(planner, values[1])}, {value})"
    return Bound(f"rewinddb_jsonb({sql})", JSONB)


FUNCTIONS = {
    "jsonb_set": _set,
    "json_build_object": _build_object,
    "jsonb_build_object": _build_object,
    "json_extract_path": _extract_path,
    "jsonb_extract_path": _extract_path,
    "json_extract_path_text": _extract_path,
    "jsonb_extract_path_text": _extract_path,
}
