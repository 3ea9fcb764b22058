"""pg_catalog's lists for people: pg_tables, pg_views, pg_indexes, pg_sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sql.system.inventory import SNAPSHOTS_KEY, Inventory
from sql.system.pg_relations import index_definition
from sql.system.quoting import quote_identifier
from sql.system.relation import Row, Rows
from sql.system.view_text import view_definition
from sql.types import declared


def table_rows(seen: Inventory) -> Iterator[Row]:
    flags = {"hasrules": False, "hastriggers": False, "rowsecurity": False}
    for schema, table in seen.tables:
        yield {
            "schemaname": schema.name,
            "tablename": table.name,
            "tableowner": seen.owner[1],
            "hasindexes": bool(table.keys),
            **flags,
        }
    for described in seen.system_relations:
        if described.kind == "r":
            yield {
                "schemaname": described.schema,
                "tablename": described.name,
                "tableowner": seen.owner[1],
                "hasindexes": described.oid == SNAPSHOTS_KEY.table.id,
                **flags,
            }


def view_rows(seen: Inventory) -> Iterator[Row]:
    for schema, view in seen.views:
        yield {
            "schemaname": schema.name,
            "viewname": view.name,
            "viewowner": seen.owner[1],
            "definition": view_definition(seen, view),
        }


def index_rows(seen: Inventory) -> Iterator[Row]:
    for index in seen.indexes:
        relation = f"{quote_identifier(index.schema.name)}.{quote_identifier(index.table.name)}"
        yield {
            "schemaname": index.schema.name,
            "tablename": index.table.name,
            "indexname": index.key.name,
            "indexdef": index_definition(index, relation=relation),
        }


def sequence_rows(seen: Inventory) -> Iterator[Row]:
    for schema, sequence in seen.sequences:
        yield {
            "schemaname": schema.name,
            "sequencename": sequence.name,
            "sequenceowner": seen.owner[1],
            "data_type": declared(sequence.type).pg.title,
            "start_value": sequence.start,
            "min_value": sequence.minimum,
            "max_value": sequence.maximum,
            "increment_by": sequence.increment,
            "cycle": sequence.cycle,
            "cache_size": 1,
            "last_value": seen.catalog.positions.get(sequence.id),
        }


RELATIONS: Mapping[str, Rows] = {
    "pg_tables": table_rows,
    "pg_views": view_rows,
    "pg_indexes": index_rows,
    "pg_sequences": sequence_rows,
}
