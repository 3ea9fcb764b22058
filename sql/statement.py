"""The closed set of statements. `sql.parse` makes them; `sql.session` runs each with one `match`.

A statement holds sqlglot trees for the parts that are expressions or queries (already parsed by our
dialect, names not yet resolved) and plain values for the rest. `text` fields are for error messages.
Names are as PostgreSQL folds them: unquoted ones are lower case already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from engine.catalog import Level
from sql.answers import CopyOptions


@dataclass(frozen=True, slots=True)
class Name:
    """A possibly qualified name: ``database.schema.name``."""

    name: str
    schema: str | None = None
    database: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part is not None)


# --- queries and rows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """SELECT, VALUES, TABLE, WITH … SELECT."""

    tree: exp.Query


@dataclass(frozen=True, slots=True)
class Insert:
    """`source` is None for DEFAULT VALUES. In a VALUES source, DEFAULT is ``exp.Var('DEFAULT')``.
    `conflict` is sqlglot's ``exp.OnConflict`` or None. `overriding` is that of an identity column."""

    table: Name
    alias: str | None
    columns: tuple[str, ...] | None
    source: exp.Query | None
    overriding: Literal["system", "user"] | None
    conflict: exp.OnConflict | None
    returning: tuple[exp.Expr, ...] | None
    with_: exp.With | None


@dataclass(frozen=True, slots=True)
class Update:
    """`assignments` are (column, value); a value DEFAULT is ``exp.Var('DEFAULT')``."""

    table: Name
    alias: str | None
    assignments: tuple[tuple[str, exp.Expr], ...]
    from_: exp.From | None
    where: exp.Expr | None
    returning: tuple[exp.Expr, ...] | None
    with_: exp.With | None


@dataclass(frozen=True, slots=True)
class Delete:
    table: Name
    alias: str | None
    using: tuple[exp.Expr, ...]
    where: exp.Expr | None
    returning: tuple[exp.Expr, ...] | None
    with_: exp.With | None


@dataclass(frozen=True, slots=True)
class Truncate:
    tables: tuple[Name, ...]
    restart_identity: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """`table` or `query` is set, not both; `query` only with direction "to"."""

    direction: Literal["from", "to"]
    table: Name | None
    columns: tuple[str, ...] | None
    query: exp.Query | None
    options: CopyOptions


@dataclass(frozen=True, slots=True)
class Explain:
    analyze: bool
    statement: Statement


# --- definitions ------------------------------------------------------------------------------------


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


# --- transactions and sessions ----------------------------------------------------------------------

Isolation = Literal["read committed", "repeatable read"]


@dataclass(frozen=True, slots=True)
class TransactionModes:
    """None: as the session's default. READ UNCOMMITTED comes as read committed."""

    isolation: Isolation | None = None
    read_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """`start` tells START TRANSACTION from BEGIN, for the tag."""

    modes: TransactionModes
    start: bool


@dataclass(frozen=True, slots=True)
class Commit:
    chain: bool


@dataclass(frozen=True, slots=True)
class Rollback:
    chain: bool


@dataclass(frozen=True, slots=True)
class Savepoint:
    name: str


@dataclass(frozen=True, slots=True)
class ReleaseSavepoint:
    name: str


@dataclass(frozen=True, slots=True)
class RollbackTo:
    name: str


@dataclass(frozen=True, slots=True)
class SetTransaction:
    """SET TRANSACTION, or SET SESSION CHARACTERISTICS AS TRANSACTION when `session`."""

    modes: TransactionModes
    session: bool


@dataclass(frozen=True, slots=True)
class Set:
    """`values` None means SET … TO DEFAULT. Names are lower case; a list keeps its items."""

    name: str
    values: tuple[str, ...] | None
    local: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """`name` None means RESET ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Show:
    """`name` None means SHOW ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Discard:
    what: Literal["all", "plans", "temp", "sequences"]


@dataclass(frozen=True, slots=True)
class Prepare:
    """PREPARE name [(types)] AS statement; `types` are PostgreSQL type names."""

    name: str
    types: tuple[str, ...]
    statement: Statement


@dataclass(frozen=True, slots=True)
class Execute:
    name: str
    arguments: tuple[exp.Expr, ...]


@dataclass(frozen=True, slots=True)
class Deallocate:
    """`name` None means ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class CloseCursor:
    """CLOSE ALL, which drivers send when they reset a connection; named cursors are refused."""


@dataclass(frozen=True, slots=True)
class Listen:
    """UNLISTEN *, which drivers send when they reset a connection; LISTEN and NOTIFY are refused."""


# --- tenants, snapshots, restore --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateTenant:
    name: str
    if_not_exists: bool
    admin_role: str
    password: str


@dataclass(frozen=True, slots=True)
class DropTenant:
    name: str
    if_exists: bool


@dataclass(frozen=True, slots=True)
class CreateSnapshot:
    """`returning` None: no result row. `covers` is the database, schema or table of a narrower level."""

    name: str | None
    if_not_exists: bool
    as_of: exp.Expr | None
    comment: str | None
    retain: str | None
    returning: tuple[exp.Expr, ...] | None
    level: Level = "tenant"
    covers: Name | None = None


@dataclass(frozen=True, slots=True)
class DropSnapshot:
    """By `names`, or by a `filter` over mo_snapshots; one of the two is set. `from_delete` is DELETE
    FROM mo_snapshots (its tag is DELETE n; `filter` may then be None for all rows)."""

    names: tuple[str, ...]
    if_exists: bool
    filter: exp.Expr | None
    returning: tuple[exp.Expr, ...] | None
    from_delete: bool


@dataclass(frozen=True, slots=True)
class Restore:
    """`snapshot` (a name or a timestamp as text) or `timestamp` (an expression). At a narrower level
    `names` tell what: one database or schema, or tables."""

    tenant: str | None
    snapshot: str | None
    timestamp: exp.Expr | None
    method: Literal["physical", "logical"]
    level: Level = "tenant"
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoRestore:
    """`id` is one of mo_restores; None means the last."""

    id: int | None


@dataclass(frozen=True, slots=True)
class Vacuum:
    """`table` None means all of the tenant. With `dry_run` rows tell what would go."""

    table: Name | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class AlterTenant:
    """ALTER TENANT … SET (…)."""

    name: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    pass


Statement = (
    Query
    | Insert
    | Update
    | Delete
    | Truncate
    | Copy
    | Explain
    | CreateTable
    | AlterTable
    | CreateView
    | CreateSequence
    | CreateSchema
    | CreateDatabase
    | AlterRename
    | Drop
    | Begin
    | Commit
    | Rollback
    | Savepoint
    | ReleaseSavepoint
    | RollbackTo
    | SetTransaction
    | Set
    | Reset
    | Show
    | Discard
    | Prepare
    | Execute
    | Deallocate
    | CloseCursor
    | Listen
    | CreateTenant
    | DropTenant
    | CreateSnapshot
    | DropSnapshot
    | Restore
    | UndoRestore
    | Vacuum
    | AlterTenant
    | Checkpoint
)
