"""The closed set of statements. `sql.parse` makes them; `sql.session` runs each with one `match`.

A statement holds sqlglot trees for the parts that are expressions or queries (already parsed by our
dialect, names not yet resolved) and plain values for the rest. `text` fields are for error messages.
Names are as PostgreSQL folds them: unquoted ones are lower case already.
"""

from __future__ import annotations

from sql.statement.definitions import (
    AddCheck,
    AddColumn,
    AddKey,
    AlterAction,
    AlterRename,
    AlterTable,
    CheckDefinition,
    ColumnDefinition,
    CreateDatabase,
    CreateSchema,
    CreateSequence,
    CreateTable,
    CreateView,
    Drop,
    DropColumn,
    DropConstraint,
    KeyDefinition,
    RenameColumn,
    RenameTo,
    SetDefault,
    SetNotNull,
    SetSchema,
    SetType,
)
from sql.statement.names import (
    Name,
)
from sql.statement.past import (
    AlterTenant,
    Analyze,
    Checkpoint,
    CreateSnapshot,
    CreateTenant,
    DropSnapshot,
    DropTenant,
    Restore,
    UndoRestore,
    Undrop,
    UndropTenant,
    Vacuum,
)
from sql.statement.roles import (
    AlterRole,
    AlterTenantAdmin,
)
from sql.statement.rows import (
    Copy,
    Delete,
    Explain,
    Insert,
    Query,
    Truncate,
    Update,
)
from sql.statement.sessions import (
    Begin,
    CloseCursor,
    Commit,
    Deallocate,
    Discard,
    Execute,
    Isolation,
    Listen,
    Prepare,
    ReleaseSavepoint,
    Reset,
    Rollback,
    RollbackTo,
    Savepoint,
    Set,
    SetTransaction,
    SetTransactionSnapshot,
    Show,
    TransactionModes,
)

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
    | SetTransactionSnapshot
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
    | UndropTenant
    | CreateSnapshot
    | DropSnapshot
    | Restore
    | UndoRestore
    | Undrop
    | Vacuum
    | AlterTenant
    | AlterTenantAdmin
    | AlterRole
    | Checkpoint
    | Analyze
)

__all__ = [
    "AddCheck",
    "AddColumn",
    "AddKey",
    "AlterAction",
    "AlterRename",
    "AlterRole",
    "AlterTable",
    "AlterTenant",
    "AlterTenantAdmin",
    "Analyze",
    "Begin",
    "CheckDefinition",
    "Checkpoint",
    "CloseCursor",
    "ColumnDefinition",
    "Commit",
    "Copy",
    "CreateDatabase",
    "CreateSchema",
    "CreateSequence",
    "CreateSnapshot",
    "CreateTable",
    "CreateTenant",
    "CreateView",
    "Deallocate",
    "Delete",
    "Discard",
    "Drop",
    "DropColumn",
    "DropConstraint",
    "DropSnapshot",
    "DropTenant",
    "Execute",
    "Explain",
    "Insert",
    "Isolation",
    "KeyDefinition",
    "Listen",
    "Name",
    "Prepare",
    "Query",
    "ReleaseSavepoint",
    "RenameColumn",
    "RenameTo",
    "Reset",
    "Restore",
    "Rollback",
    "RollbackTo",
    "Savepoint",
    "Set",
    "SetDefault",
    "SetNotNull",
    "SetSchema",
    "SetTransaction",
    "SetTransactionSnapshot",
    "SetType",
    "Show",
    "Statement",
    "TransactionModes",
    "Truncate",
    "UndoRestore",
    "Undrop",
    "UndropTenant",
    "Update",
    "Vacuum",
]
