"""pg_catalog's account of relations: pg_class, pg_attribute, pg_attrdef, pg_index, pg_constraint,
pg_sequence, pg_rewrite, pg_depend.

A key appears three times, as PostgreSQL has it: as a constraint, as an index, and as the index's row in
pg_class. Constraint and index share one OID here (the key's id); they live in different catalogs. A
column's attribute number is its position; a default's OID is its column's id, a rule's its view's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

from sqlglot import exp

from engine.catalog import Column, Relation, Schema, Table, View
from engine.catalog import Sequence as SequenceBody
from sql.parse import parse_expression
from sql.system import physical
from sql.system.columns import Description
from sql.system.inventory import SNAPSHOTS_KEY, SYSTEM_NAMESPACES, Index, Inventory
from sql.system.operator_classes import BTREE, default_class
from sql.system.quoting import quote_identifier, quote_literal, split_name
from sql.system.relation import Row, Rows
from sql.types import declared

PG_CLASS_OID = 1259
PG_REWRITE_OID = 2618
PG_ATTRDEF_OID = 2604
PG_CONSTRAINT_OID = 2606
PG_NAMESPACE_OID = 2615
HEAP = 2
UNKNOWN_ROWS = -1.0
"""reltuples of a table that was never analyzed."""
_NEXTVAL = re.compile(r"nextval\('((?:[^']|'')*)'::regclass\)")
_STRING = re.compile(r"'(?:[^']|'')*'")


def class_rows(seen: Inventory) -> Iterator[Row]:
    for schema, relation in seen.relations:
        yield _class_row(seen, schema, relation)
    for index in seen.indexes:
        yield {
            **_common(seen, index.key.id, index.key.name, index.schema.id),
            "relkind": "i",
            "relam": BTREE,
            "relfilenode": index.key.id,
            "reltuples": UNKNOWN_ROWS,
            "relnatts": len(index.key.columns),
            "relreplident": "n",
        }
    for described in seen.system_relations:
        yield _system_class_row(seen, described)


def _common(seen: Inventory, oid: int, name: str, namespace: int) -> dict[str, object]:
    return {
        "oid": oid,
        "relname": name,
        "relnamespace": namespace,
        "relowner": seen.owner[0],
        "relpersistence": "p",
        "relispopulated": True,
    }


def _class_row(seen: Inventory, schema: Schema, relation: Relation) -> Row:
    common = _common(seen, relation.id, relation.name, schema.id)
    match relation:
        case Table():
            kind = {
                "relkind": "r",
                "relam": HEAP,
                "relfilenode": relation.storage,
                "reltuples": UNKNOWN_ROWS,
                "relhasindex": bool(relation.keys),
                "relnatts": len(relation.columns),
                "relchecks": len(relation.checks),
                "relreplident": "d",
            }
        case View():
            kind = {
                "relkind": "v",
                "reltuples": UNKNOWN_ROWS,
                "relnatts": len(relation.columns),
                "relhasrules": True,
                "relreplident": "n",
            }
        case SequenceBody():
            kind = {
                "relkind": "S",
                "relfilenode": relation.id,
                "relpages": 1,
                "reltuples": 1.0,
                "relnatts": 3,
                "relreplident": "n",
            }
    return {**common, **kind}


def _system_class_row(seen: Inventory, described: Description) -> Row:
    table = described.kind == "r"
    return {
        **_common(seen, described.oid, described.name, SYSTEM_NAMESPACES[described.schema]),
        "relkind": described.kind,
        "relam": HEAP if table else 0,
        "reltuples": UNKNOWN_ROWS,
        "relhasindex": described.oid == SNAPSHOTS_KEY.table.id,
        "relnatts": len(described.columns),
        "relhasrules": not table,
        "relreplident": "n",
    }


def attribute_rows(seen: Inventory) -> Iterator[Row]:
    for _, table in seen.tables:
        for number, column in enumerate(table.columns, 1):
            yield _column_row(table, number, column)
    for _, view in seen.views:
        for number, view_column in enumerate(view.columns, 1):
            yield _attribute(view.id, number, view_column.name, physical.attribute(view_column.type))
    for index in seen.indexes:
        for position, (_, column) in enumerate(index.columns, 1):
            yield _attribute(index.key.id, position, column.name, physical.attribute(column.type))
    for described in seen.system_relations:
        yield from _system_attribute_rows(described)


@functools.cache
def _system_attribute_rows(described: Description) -> tuple[Row, ...]:
    return tuple(
        {
            **_attribute(described.oid, number, column.name, physical.internal_attribute(column.type)),
            "attnotnull": column.not_null and described.kind == "r",
        }
        for number, column in enumerate(described.columns, 1)
    )


def _attribute(relation: int, number: int, name: str, layout: Mapping[str, object]) -> dict[str, object]:
    return {
        "attrelid": relation,
        "attname": name,
        "attnum": number,
        "attstattarget": -1,
        "attcacheoff": -1,
        "attislocal": True,
        **layout,
    }


def required(table: Table, column: Column) -> bool:
    """Whether the column refuses nulls, for whatever reason."""
    key = table.primary_key
    return column.not_null or column.identity is not None or (key is not None and column.id in key.columns)


def _column_row(table: Table, number: int, column: Column) -> Row:
    return {
        **_attribute(table.id, number, column.name, physical.attribute(column.type)),
        "attnotnull": required(table, column),
        "atthasdef": column.default is not None,
        "atthasmissing": column.missing is not None,
        "attidentity": {"always": "a", "by default": "d", None: ""}[column.identity],
        "attmissingval": None if column.missing is None else [column.missing],
    }


def default_text(seen: Inventory, column: Column) -> str | None:
    """The default as PostgreSQL shows it: a plain string constant carries its type, a sequence its schema
    only where it needs it."""
    if column.default is None:
        return None
    if sequence := _NEXTVAL.fullmatch(column.default):
        parts = split_name(sequence[1].replace("''", "'"))
        if parts is not None and len(parts) == 2:
            return f"nextval({quote_literal(seen.title(*parts))}::regclass)"
    if _STRING.fullmatch(column.default):
        type_ = declared(column.type)
        return f"{column.default}::{type_.pg.title if type_.modifier >= 0 else type_.text}"
    return column.default


def default_rows(seen: Inventory) -> Iterator[Row]:
    for _, table in seen.tables:
        for number, column in enumerate(table.columns, 1):
            if column.default is not None:
                yield {
                    "oid": column.id,
                    "adrelid": table.id,
                    "adnum": number,
                    "adbin": default_text(seen, column),
                }


# --- indexes and constraints ------------------------------------------------------------------------


def index_rows(seen: Inventory) -> Iterator[Row]:
    for index in seen.indexes:
        types = [declared(column.type).pg for _, column in index.columns]
        yield {
            "indexrelid": index.key.id,
            "indrelid": index.table.id,
            "indnatts": len(types),
            "indnkeyatts": len(types),
            "indisunique": True,
            "indisprimary": index.key.primary,
            "indimmediate": True,
            "indisvalid": True,
            "indisready": True,
            "indislive": True,
            "indkey": [number for number, _ in index.columns],
            "indcollation": [physical.collation(pg) for pg in types],
            "indclass": [default_class(pg) for pg in types],
            "indoption": [0] * len(types),
        }


def index_definition(index: Index, *, relation: str) -> str:
    columns = ", ".join(quote_identifier(column.name) for _, column in index.columns)
    return f"CREATE UNIQUE INDEX {quote_identifier(index.key.name)} ON {relation} USING btree ({columns})"


def key_definition(index: Index) -> str:
    columns = ", ".join(quote_identifier(column.name) for _, column in index.columns)
    return f"{'PRIMARY KEY' if index.key.primary else 'UNIQUE'} ({columns})"


def check_columns(table: Table, expression: str) -> list[int]:
    """Attribute numbers of the columns that a CHECK mentions."""
    names = {column.name for column in parse_expression(expression).find_all(exp.Column)}
    return [number for number, column in enumerate(table.columns, 1) if column.name in names]


def constraint_rows(seen: Inventory) -> Iterator[Row]:
    common = {
        "convalidated": True,
        "conislocal": True,
        "confupdtype": " ",
        "confdeltype": " ",
        "confmatchtype": " ",
    }
    for index in seen.indexes:
        yield {
            **common,
            "oid": index.key.id,
            "conname": index.key.name,
            "connamespace": index.schema.id,
            "contype": "p" if index.key.primary else "u",
            "conrelid": index.table.id,
            "conindid": index.key.id,
            "connoinherit": True,
            "conkey": [number for number, _ in index.columns],
        }
    for schema, table in seen.tables:
        for check in table.checks:
            yield {
                **common,
                "oid": check.id,
                "conname": check.name,
                "connamespace": schema.id,
                "contype": "c",
                "conrelid": table.id,
                "conkey": check_columns(table, check.expression),
                "conbin": check.expression,
            }


# --- sequences, rules, dependencies -----------------------------------------------------------------


def sequence_rows(seen: Inventory) -> Iterator[Row]:
    for _, sequence in seen.sequences:
        yield {
            "seqrelid": sequence.id,
            "seqtypid": declared(sequence.type).pg.oid,
            "seqstart": sequence.start,
            "seqincrement": sequence.increment,
            "seqmax": sequence.maximum,
            "seqmin": sequence.minimum,
            "seqcache": 1,
            "seqcycle": sequence.cycle,
        }


def rewrite_rows(seen: Inventory) -> Iterator[Row]:
    for _, view in seen.views:
        yield {
            "oid": view.id,
            "rulename": "_RETURN",
            "ev_class": view.id,
            "ev_type": "1",
            "ev_enabled": "O",
            "is_instead": True,
            "ev_qual": "<>",
            "ev_action": view.query,
        }


def depend_rows(seen: Inventory) -> Iterator[Row]:
    """What clients follow: which column owns a sequence, what a view reads, what hangs on a table."""
    for _, sequence in seen.sequences:
        if sequence.owner_table is not None:
            yield from _owned_sequence(seen, sequence)
    for _, view in seen.views:
        yield _depend((PG_REWRITE_OID, view.id, 0), (PG_CLASS_OID, view.id, 0), "i")
        for needed in view.depends:
            yield _depend((PG_REWRITE_OID, view.id, 0), (PG_CLASS_OID, needed, 0), "n")
    for _, table in seen.tables:
        for number, column in enumerate(table.columns, 1):
            if column.default is not None:
                yield _depend((PG_ATTRDEF_OID, column.id, 0), (PG_CLASS_OID, table.id, number), "a")
    for index in seen.indexes:
        yield _depend((PG_CLASS_OID, index.key.id, 0), (PG_CONSTRAINT_OID, index.key.id, 0), "i")
        for number, _ in index.columns:
            yield _depend((PG_CONSTRAINT_OID, index.key.id, 0), (PG_CLASS_OID, index.table.id, number), "a")


def _owned_sequence(seen: Inventory, sequence: SequenceBody) -> Iterator[Row]:
    assert sequence.owner_table is not None
    table = seen.catalog.tables.get(sequence.owner_table)
    for number, column in enumerate(table.columns if table else (), 1):
        if table is not None and column.id == sequence.owner_column:
            kind = "i" if column.identity else "a"
            yield _depend((PG_CLASS_OID, sequence.id, 0), (PG_CLASS_OID, table.id, number), kind)


def _depend(dependent: tuple[int, int, int], on: tuple[int, int, int], kind: str) -> Row:
    return {
        "classid": dependent[0],
        "objid": dependent[1],
        "objsubid": dependent[2],
        "refclassid": on[0],
        "refobjid": on[1],
        "refobjsubid": on[2],
        "deptype": kind,
    }


RELATIONS: Mapping[str, Rows] = {
    "pg_class": class_rows,
    "pg_attribute": attribute_rows,
    "pg_attrdef": default_rows,
    "pg_index": index_rows,
    "pg_constraint": constraint_rows,
    "pg_sequence": sequence_rows,
    "pg_rewrite": rewrite_rows,
    "pg_depend": depend_rows,
}
