"""Functions in FROM that make rows of several columns out of JSON: json_each, json_to_recordset …"""

from __future__ import annotations

from sqlglot import exp

from sql.bound import JSON, JSONB, TEXT, Bound
from sql.functions import unknown_function
from sql.render import string
from sql.resolve import Column, Scope, Source
from sql.rules import coercion
from sql.rules.json_operators import pointer, pointer_step
from sql.rules.planner import Planner
from sql.types import declared

_EACH = frozenset(["json_each", "jsonb_each", "json_each_text", "jsonb_each_text"])
_RECORDS = frozenset(["json_to_recordset", "jsonb_to_recordset", "json_to_record", "jsonb_to_record"])
FUNCTIONS = _EACH | _RECORDS


def rows(planner: Planner, node: exp.Table, scope: Scope, name: str) -> tuple[str, Source]:
    """The text of the rows, and the source that names their columns."""
    call = node.this
    given = [planner.expression(argument, scope) for argument in call.expressions]
    if len(given) != 1 or node.args.get("ordinality"):
        raise unknown_function(call.this, given)
    wanted = JSONB if call.this.startswith("jsonb") else JSON
    document = planner.coerce(given[0], wanted)
    alias = planner.alias(name)
    if call.this in _RECORDS:
        return _records(planner, node, document, name, alias)
    text = call.this.endswith("_text")
    extract = "json_extract_string" if text else "json_extract"
    value = f"{extract}({document}, {pointer_step('k')})"
    keys = f"json_keys({document})"
    sql = f'LATERAL (SELECT unnest({keys}) AS "k", unnest(list_transform({keys}, lambda k: {value})) AS "v")'
    columns = [Column("key", TEXT, f'{alias}."k"'), Column("value", TEXT if text else wanted, f'{alias}."v"')]
    return sql, Source(name, alias, columns)


def _records(planner: Planner, node: exp.Table, document: str, name: str, alias: str) -> tuple[str, Source]:
    alias_node = node.args.get("alias")
    definitions = alias_node.args.get("columns") or () if alias_node is not None else ()
    if not definitions or not all(isinstance(item, exp.ColumnDef) for item in definitions):
        message = 'a column definition list is required for functions returning "record"'
        raise planner.error("42601", message, node)
    columns = []
    for item in definitions:
        wanted = declared(item.args["kind"].args["kind"])
        path = string(pointer([item.name]))
        if wanted.pg.name in ("json", "jsonb"):
            sql = f'json_extract({alias}."r", {path})'
        else:
            found = Bound(f'json_extract_string({alias}."r", {path})', TEXT)
            sql = coercion.cast(found, wanted, planner.parameters).sql
        columns.append(Column(item.name, wanted, sql))
    many = node.this.this.endswith("recordset")
    items = f"unnest(CAST(json_extract({document}, '$[*]') AS JSON[]))" if many else document
    return f'LATERAL (SELECT {items} AS "r")', Source(name, alias, columns)
