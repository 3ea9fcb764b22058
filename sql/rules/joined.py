"""A part of FROM on its way: what all kinds of it have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from sql.resolve import Column, Scope, Source
from sql.rules.planner import Planner


@dataclass(slots=True)
class Joined:
    """A part of FROM: its text, its sources, and the columns found in it without qualification."""

    sql: str
    sources: list[Source] = field(default_factory=list)
    visible: list[Column] = field(default_factory=list)


def inside(scope: Scope, reach: Joined | None) -> Scope:
    """A scope whose expressions may name what is in `reach`."""
    inner = scope.child()
    inner.aggregates = False
    if reach is not None:
        inner.sources, inner.visible = reach.sources, reach.visible
    return inner


def renamed(planner: Planner, node: exp.Expr, columns: list[Column]) -> list[Column]:
    """`columns` with the names that the alias lists; it may list fewer."""
    alias = node.args.get("alias")
    listed = alias.args.get("columns") or () if alias is not None else ()
    names = [item.this for item in listed if isinstance(item, exp.Identifier)]
    if len(names) > len(columns):
        counts = f"{len(columns)} columns available but {len(names)} columns specified"
        raise planner.error("42P10", f'table "{alias_of(node)}" has {counts}', node)
    first = [Column(n, c.type, c.sql, c.origin, c.scale) for n, c in zip(names, columns, strict=False)]
    return [*first, *columns[len(names) :]]


def source_of(planner: Planner, node: exp.Expr, sql: str, source: Source) -> Joined:
    source.columns = renamed(planner, node, source.columns)
    return Joined(f"{sql} AS {source.alias}", [source], source.columns)


def alias_of(node: exp.Expr) -> str | None:
    alias = node.args.get("alias")
    return alias.name if alias is not None and alias.this is not None else None
