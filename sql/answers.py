"""What a session answers: plain data, so that a session can live in another process.

A statement's answers come in this order: any number of `Notice` and `ParameterChanged`; then either
`RowsBegin` followed by `Batch`es, or `CopyIn`, or `CopyOut` followed by `Batch`es, or nothing; and
last one `Complete`, `Suspended` or `EmptyQuery`. An error is raised as `sql.errors.SqlError` instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from sql.errors import SqlError


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result as RowDescription tells it. `type_size` and `type_modifier` are
    PostgreSQL's ``typlen`` and ``atttypmod`` (-1: none); `table_id` and `column_number` are 0 when
    the column is not simply a table's."""

    name: str
    type_oid: int
    type_size: int = -1
    type_modifier: int = -1
    table_id: int = 0
    column_number: int = 0


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """COPY's options, defaults filled in; `null`, `delimiter`, `quote`, `escape` are text."""

    format: str = "text"
    delimiter: str = "\t"
    null: str = "\\N"
    header: bool = False
    quote: str = '"'
    escape: str = '"'
    force_quote: tuple[str, ...] | None = ()
    """Column names to quote always; None means all of them (``FORCE_QUOTE *``)."""
    force_null: tuple[str, ...] = ()
    force_not_null: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsBegin:
    columns: tuple[ResultColumn, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the result begun before. Columns by position; names in the batch mean nothing."""

    rows: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class CopyIn:
    """The session waits for `Session.copy_data` (batches of text columns) and `Session.copy_end`."""

    columns: tuple[ResultColumn, ...]
    options: CopyOptions


@dataclass(frozen=True, slots=True)
class CopyOut:
    columns: tuple[ResultColumn, ...]
    options: CopyOptions


@dataclass(frozen=True, slots=True)
class Complete:
    """The command tag, such as ``INSERT 0 3``."""

    tag: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """The row limit of Execute was reached; running the portal again goes on."""


@dataclass(frozen=True, slots=True)
class EmptyQuery:
    """The text held no statement."""


@dataclass(frozen=True, slots=True)
class Notice:
    severity: str
    message: str
    sqlstate: str = "00000"
    detail: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterChanged:
    """A setting that PostgreSQL reports to clients (TimeZone, application_name, …) has a new value."""

    name: str
    value: str


Answer = RowsBegin | Batch | CopyIn | CopyOut | Complete | Suspended | EmptyQuery | Notice | ParameterChanged


@dataclass(frozen=True, slots=True)
class StatementDescription:
    """`columns` is None for a statement that returns no rows."""

    parameter_oids: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None = field(default=None)


__all__ = [
    "Answer",
    "Batch",
    "Complete",
    "CopyIn",
    "CopyOptions",
    "CopyOut",
    "EmptyQuery",
    "Notice",
    "ParameterChanged",
    "ResultColumn",
    "RowsBegin",
    "SqlError",
    "StatementDescription",
    "Suspended",
]
