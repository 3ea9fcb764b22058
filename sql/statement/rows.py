"""Statements that read and write rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from sql.answers import CopyOptions
from sql.statement.names import Name

if TYPE_CHECKING:
    from sql.statement import Statement


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
