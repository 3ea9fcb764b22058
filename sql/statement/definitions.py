"""Statements that define, alter and drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from sql.statement.names import Name


@dataclass(frozen=True, slots=True)
class KeyDefinition:
    name: str | None
    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class CheckDefinition:
    name: str | None
    expression: exp.Expr


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """`type` is PostgreSQL text such as ``numeric(10,2)``; ``serial`` comes as ``integer`` with
    `serial` set. Keys and checks written at the column are in the table's lists instead."""

    name: str
    type: str
    not_null: bool
    default: exp.Expr | None
    identity: Literal["always", "by default"] | None
    serial: bool
    sequence_options: Mapping[str, int | bool]


@dataclass(frozen=True, slots=True)
class CreateTable:
    """`query` is set for CREATE TABLE AS; then `column_names` may rename its columns."""

    table: Name
    if_not_exists: bool
    columns: tuple[ColumnDefinition, ...]
    keys: tuple[KeyDefinition, ...]
    checks: tuple[CheckDefinition, ...]
    query: exp.Query | None
    column_names: tuple[str, ...] | None
    with_data: bool = True


@dataclass(frozen=True, slots=True)
class AddColumn:
    column: ColumnDefinition
    keys: tuple[KeyDefinition, ...]
    checks: tuple[CheckDefinition, ...]
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class DropColumn:
    name: str
    if_exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class SetType:
    name: str
    type: str
    using: exp.Expr | None


@dataclass(frozen=True, slots=True)
class SetDefault:
    """`default` None means DROP DEFAULT."""

    name: str
    default: exp.Expr | None


@dataclass(frozen=True, slots=True)
class SetNotNull:
    name: str
    not_null: bool


@dataclass(frozen=True, slots=True)
class RenameColumn:
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class RenameTo:
    new_name: str


@dataclass(frozen=True, slots=True)
class SetSchema:
    schema: str


@dataclass(frozen=True, slots=True)
class AddKey:
    key: KeyDefinition


@dataclass(frozen=True, slots=True)
class AddCheck:
    check: CheckDefinition


@dataclass(frozen=True, slots=True)
class DropConstraint:
    name: str
    if_exists: bool
    cascade: bool


AlterAction = (
    AddColumn
    | DropColumn
    | SetType
    | SetDefault
    | SetNotNull
    | RenameColumn
    | RenameTo
    | SetSchema
    | AddKey
    | AddCheck
    | DropConstraint
)


@dataclass(frozen=True, slots=True)
class AlterTable:
    """`kind` is what was written: ALTER TABLE, ALTER VIEW or ALTER SEQUENCE (renames only for these)."""

    kind: Literal["table", "view", "sequence"]
    name: Name
    if_exists: bool
    actions: tuple[AlterAction, ...]


@dataclass(frozen=True, slots=True)
class CreateView:
    name: Name
    or_replace: bool
    column_names: tuple[str, ...] | None
    query: exp.Query


@dataclass(frozen=True, slots=True)
class CreateSequence:
    name: Name
    if_not_exists: bool
    options: Mapping[str, int | bool]
    """Any of start, increment, minimum, maximum (int), cycle (bool)."""


@dataclass(frozen=True, slots=True)
class CreateSchema:
    name: str
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    name: str


@dataclass(frozen=True, slots=True)
class AlterRename:
    """ALTER SCHEMA … RENAME TO, ALTER DATABASE … RENAME TO."""

    kind: Literal["schema", "database"]
    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class Drop:
    """DROP TABLE, VIEW, SEQUENCE, SCHEMA, DATABASE. A schema's or database's name is in `Name.name`."""

    kind: Literal["table", "view", "sequence", "schema", "database"]
    names: tuple[Name, ...]
    if_exists: bool
    cascade: bool
