"""information_schema's account of constraints.

PostgreSQL 15 lists NOT NULL as a CHECK under a made-up name; so do we.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.catalog import Column, Table
from sql.system.inventory import Inventory
from sql.system.pg_relations import check_columns, required
from sql.system.quoting import quote_identifier
from sql.system.relation import Row, Rows


def yes_no(value: bool) -> str:
    return "YES" if value else "NO"


def _constraint_row(seen: Inventory, schema: str, table: str, name: str, kind: str) -> Row:
    database = seen.context.database
    return {
        "constraint_catalog": database,
        "constraint_schema": schema,
        "constraint_name": name,
        "table_catalog": database,
        "table_schema": schema,
        "table_name": table,
        "constraint_type": kind,
        "is_deferrable": "NO",
        "initially_deferred": "NO",
        "enforced": "YES",
        "nulls_distinct": "YES" if kind == "UNIQUE" else None,
    }


def _not_nulls(table: Table) -> Iterator[tuple[str, Column]]:
    """The names that PostgreSQL 15 makes up for NOT NULL."""
    for number, column in enumerate(table.columns, 1):
        if required(table, column):
            yield f"{table.schema}_{table.id}_{number}_not_null", column


def table_constraint_rows(seen: Inventory) -> Iterator[Row]:
    for index in seen.indexes:
        kind = "PRIMARY KEY" if index.key.primary else "UNIQUE"
        yield _constraint_row(seen, index.schema.name, index.table.name, index.key.name, kind)
    for schema, table in seen.tables:
        for check in table.checks:
            yield _constraint_row(seen, schema.name, table.name, check.name, "CHECK")
        for name, _ in _not_nulls(table):
            yield _constraint_row(seen, schema.name, table.name, name, "CHECK")


def check_constraint_rows(seen: Inventory) -> Iterator[Row]:
    for schema, table in seen.tables:
        common = {"constraint_catalog": seen.context.database, "constraint_schema": schema.name}
        for check in table.checks:
            yield {**common, "constraint_name": check.name, "check_clause": f"(({check.expression}))"}
        for name, column in _not_nulls(table):
            clause = f"{quote_identifier(column.name)} IS NOT NULL"
            yield {**common, "constraint_name": name, "check_clause": clause}


def key_column_rows(seen: Inventory) -> Iterator[Row]:
    database = seen.context.database
    for index in seen.indexes:
        for position, (_, column) in enumerate(index.columns, 1):
            yield {
                "constraint_catalog": database,
                "constraint_schema": index.schema.name,
                "constraint_name": index.key.name,
                "table_catalog": database,
                "table_schema": index.schema.name,
                "table_name": index.table.name,
                "column_name": column.name,
                "ordinal_position": position,
            }


def constraint_column_rows(seen: Inventory) -> Iterator[Row]:
    database = seen.context.database
    for schema, table in seen.tables:
        constrained = [
            (key.name, [column for column in table.columns if column.id in key.columns]) for key in table.keys
        ]
        for check in table.checks:
            numbers = check_columns(table, check.expression)
            constrained.append((check.name, [table.columns[number - 1] for number in numbers]))
        for name, columns in constrained:
            for column in columns:
                yield {
                    "table_catalog": database,
                    "table_schema": schema.name,
                    "table_name": table.name,
                    "column_name": column.name,
                    "constraint_catalog": database,
                    "constraint_schema": schema.name,
                    "constraint_name": name,
                }


def constraint_table_rows(seen: Inventory) -> Iterator[Row]:
    """As PostgreSQL has it: keys, but not checks."""
    database = seen.context.database
    for index in seen.indexes:
        yield {
            "table_catalog": database,
            "table_schema": index.schema.name,
            "table_name": index.table.name,
            "constraint_catalog": database,
            "constraint_schema": index.schema.name,
            "constraint_name": index.key.name,
        }


RELATIONS: Mapping[str, Rows] = {
    "table_constraints": table_constraint_rows,
    "check_constraints": check_constraint_rows,
    "key_column_usage": key_column_rows,
    "constraint_column_usage": constraint_column_rows,
    "constraint_table_usage": constraint_table_rows,
}
