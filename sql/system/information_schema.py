"""information_schema: the standard's account of the database, as PostgreSQL fills it in.

Built from the inventory, not by queries over pg_catalog: PostgreSQL's own views are. There are no
grants yet, so every role may do everything with every table and the privilege views say so of the
owner alone, as PostgreSQL does when nothing was granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.catalog import Column, Table, View
from sql.system import information_constraints, physical
from sql.system.columns import SystemColumn
from sql.system.information_constraints import yes_no
from sql.system.inventory import Inventory
from sql.system.pg_relations import default_text, required
from sql.system.relation import Row, Rows
from sql.system.view_text import view_definition
from sql.types import Declared, PgType, declared, numeric_modifier

TEXT_BYTES_MAX = 2**30
_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}
_FLOAT_BITS = {"float4": 24, "float8": 53}
_PRECISION_OF_TIME = 6


def schemata_rows(seen: Inventory) -> Iterator[Row]:
    for name in seen.namespaces:
        yield {"catalog_name": seen.context.database, "schema_name": name, "schema_owner": seen.owner[1]}


def catalog_name_rows(seen: Inventory) -> Iterator[Row]:
    yield {"catalog_name": seen.context.database}


def _table_row(seen: Inventory, schema: str, name: str, *, view: bool, writable: bool) -> Row:
    return {
        "table_catalog": seen.context.database,
        "table_schema": schema,
        "table_name": name,
        "table_type": "VIEW" if view else "BASE TABLE",
        "is_insertable_into": yes_no(writable),
        "is_typed": "NO",
    }


def table_rows(seen: Inventory) -> Iterator[Row]:
    for schema, table in seen.tables:
        yield _table_row(seen, schema.name, table.name, view=False, writable=True)
    for schema, view in seen.views:
        yield _table_row(seen, schema.name, view.name, view=True, writable=False)
    for described in seen.system_relations:
        view_ = described.kind == "v"
        yield _table_row(seen, described.schema, described.name, view=view_, writable=False)


def view_rows(seen: Inventory) -> Iterator[Row]:
    """No view of RewindDB can be written to."""
    for schema, view in seen.views:
        yield {
            "table_catalog": seen.context.database,
            "table_schema": schema.name,
            "table_name": view.name,
            "view_definition": view_definition(seen, view),
            "check_option": "NONE",
            "is_updatable": "NO",
            "is_insertable_into": "NO",
            "is_trigger_updatable": "NO",
            "is_trigger_deletable": "NO",
            "is_trigger_insertable_into": "NO",
        }


# --- columns ----------------------------------------------------------------------------------------


def type_columns(type_: Declared) -> Row:
    """The columns of information_schema.columns that follow from the type."""
    pg = type_.pg
    row: dict[str, object] = {
        "data_type": "ARRAY" if pg.is_array or pg.name.endswith("vector") else pg.title,
        "udt_schema": "pg_catalog",
        "udt_name": pg.name,
    }
    if pg.name == "bpchar":
        row["data_type"] = "character"
    if pg.name == "bit":
        row["data_type"] = "bit"
    row.update(_measures(pg, type_.modifier))
    if pg.name == "name":
        row.update(collation_schema="pg_catalog", collation_name="C")
    return row


def _measures(pg: PgType, modifier: int) -> Row:
    if pg.name in ("varchar", "bpchar"):
        length = modifier - 4 if modifier >= 0 else None
        octets = TEXT_BYTES_MAX if length is None else length * 4
        return {"character_maximum_length": length, "character_octet_length": octets}
    if pg.name == "text":
        return {"character_octet_length": TEXT_BYTES_MAX}
    if pg.name in ("bit", "varbit"):
        return {"character_maximum_length": modifier if modifier >= 0 else None}
    if bits := _INTEGER_BITS.get(pg.name):
        return {"numeric_precision": bits, "numeric_precision_radix": 2, "numeric_scale": 0}
    if bits := _FLOAT_BITS.get(pg.name):
        return {"numeric_precision": bits, "numeric_precision_radix": 2}
    if pg.name == "numeric":
        precision, scale = numeric_modifier(modifier) or (None, None)
        return {"numeric_precision": precision, "numeric_precision_radix": 10, "numeric_scale": scale}
    if pg.name == "date":
        return {"datetime_precision": 0}
    if pg.category in ("D", "T"):
        return {"datetime_precision": modifier if 0 <= modifier <= _PRECISION_OF_TIME else _PRECISION_OF_TIME}
    return {}


def _column_row(seen: Inventory, schema: str, relation: str, number: int, name: str, type_: Declared) -> Row:
    database = seen.context.database
    types = type_columns(type_)
    return {
        "table_catalog": database,
        "table_schema": schema,
        "table_name": relation,
        "column_name": name,
        "ordinal_position": number,
        "is_nullable": "YES",
        "udt_catalog": database,
        "collation_catalog": database if "collation_name" in types else None,
        "dtd_identifier": str(number),
        "is_self_referencing": "NO",
        "is_identity": "NO",
        "identity_cycle": "NO",
        "is_generated": "NEVER",
        "is_updatable": "NO",
        **types,
    }


def _identity(seen: Inventory, column: Column) -> Row:
    sequence = seen.catalog.sequences.get(column.sequence) if column.sequence is not None else None
    if column.identity is None or sequence is None:
        return {}
    return {
        "is_identity": "YES",
        "identity_generation": column.identity.upper(),
        "identity_start": str(sequence.start),
        "identity_increment": str(sequence.increment),
        "identity_maximum": str(sequence.maximum),
        "identity_minimum": str(sequence.minimum),
        "identity_cycle": yes_no(sequence.cycle),
    }


def column_rows(seen: Inventory) -> Iterator[Row]:
    for schema, table in seen.tables:
        for number, column in enumerate(table.columns, 1):
            yield {
                **_column_row(seen, schema.name, table.name, number, column.name, declared(column.type)),
                "column_default": default_text(seen, column),
                "is_nullable": yes_no(not required(table, column)),
                "is_updatable": "YES",
                **_identity(seen, column),
            }
    for schema, view in seen.views:
        for number, view_column in enumerate(view.columns, 1):
            type_ = declared(view_column.type)
            yield _column_row(seen, schema.name, view.name, number, view_column.name, type_)
    for described in seen.system_relations:
        for number, system in enumerate(described.columns, 1):
            row = _column_row(
                seen, described.schema, described.name, number, system.name, _system_type(system)
            )
            nullable = not (system.not_null and described.kind == "r")
            yield {**row, "is_nullable": yes_no(nullable)}


def _system_type(column: SystemColumn) -> Declared:
    pg = physical.internal_type(column.type)
    return Declared(pg, -1, pg.duckdb, pg.title)


# --- sequences, views' uses, roles, the rest --------------------------------------------------------


def sequence_rows(seen: Inventory) -> Iterator[Row]:
    """Without those behind identity columns."""
    identities = {
        column.sequence for _, table in seen.tables for column in table.columns if column.identity is not None
    }
    for schema, sequence in seen.sequences:
        if sequence.id in identities:
            continue
        pg = declared(sequence.type).pg
        yield {
            "sequence_catalog": seen.context.database,
            "sequence_schema": schema.name,
            "sequence_name": sequence.name,
            "data_type": pg.title,
            "numeric_precision": _INTEGER_BITS[pg.name],
            "numeric_precision_radix": 2,
            "numeric_scale": 0,
            "start_value": str(sequence.start),
            "minimum_value": str(sequence.minimum),
            "maximum_value": str(sequence.maximum),
            "increment": str(sequence.increment),
            "cycle_option": yes_no(sequence.cycle),
        }


def view_table_rows(seen: Inventory) -> Iterator[Row]:
    database = seen.context.database
    named: dict[int, tuple[str, str]] = {
        relation.id: (schema.name, relation.name)
        for schema, relation in seen.relations
        if isinstance(relation, Table | View)
    }
    for schema, view in seen.views:
        for used in view.depends:
            if used in named:
                yield {
                    "view_catalog": database,
                    "view_schema": schema.name,
                    "view_name": view.name,
                    "table_catalog": database,
                    "table_schema": named[used][0],
                    "table_name": named[used][1],
                }


def role_rows(seen: Inventory) -> Iterator[Row]:
    for role in seen.roles:
        if role.name == seen.context.role or is_admin(seen):
            yield {"role_name": role.name}


def is_admin(seen: Inventory) -> bool:
    role = seen.catalog.roles.get(seen.context.role)
    return role is not None and role.admin


def character_set_rows(seen: Inventory) -> Iterator[Row]:
    yield {
        "character_set_name": "UTF8",
        "character_repertoire": "UCS",
        "form_of_use": "UTF8",
        "default_collate_catalog": seen.context.database,
    }


def collation_rows(seen: Inventory) -> Iterator[Row]:
    for name in ("default", "C", "POSIX"):
        yield {
            "collation_catalog": seen.context.database,
            "collation_schema": "pg_catalog",
            "collation_name": name,
            "pad_attribute": "NO PAD",
        }


def table_privilege_rows(seen: Inventory) -> Iterator[Row]:
    kinds = ("INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    for schema, relation in seen.relations:
        if not isinstance(relation, Table | View):
            continue
        for kind in kinds:
            yield {
                "grantor": seen.owner[1],
                "grantee": seen.owner[1],
                "table_catalog": seen.context.database,
                "table_schema": schema.name,
                "table_name": relation.name,
                "privilege_type": kind,
                "is_grantable": "YES",
                "with_hierarchy": yes_no(kind == "SELECT"),
            }


RELATIONS: Mapping[str, Rows] = {
    **information_constraints.RELATIONS,
    "schemata": schemata_rows,
    "information_schema_catalog_name": catalog_name_rows,
    "tables": table_rows,
    "views": view_rows,
    "columns": column_rows,
    "sequences": sequence_rows,
    "view_table_usage": view_table_rows,
    "enabled_roles": role_rows,
    "character_sets": character_set_rows,
    "collations": collation_rows,
    "table_privileges": table_privilege_rows,
    "role_table_grants": table_privilege_rows,
}
