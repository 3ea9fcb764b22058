"""ORDER BY items, with PostgreSQL's place for nulls always written out."""

from __future__ import annotations

from sqlglot import exp

from sql.rules.planner import Planner


def ordered_item(planner: Planner, item: exp.Ordered, sql: str) -> str:
    direction = "DESC" if item.args.get("desc") else "ASC"
    nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
    return f"{sql} {direction} NULLS {nulls}"
