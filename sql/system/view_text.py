"""A view's query as people read it: pg_get_viewdef.

The catalog keeps the query with every name qualified. Shown are, as PostgreSQL does it, the names as short
as the search path allows, one result column a line, and the clauses' key words aligned. Columns keep the
qualification that the query has.
"""

from __future__ import annotations

from sqlglot import exp

from engine.catalog import View
from sql.parse import parse_query, to_postgres
from sql.system.inventory import Inventory

_INDENTS = {"from_": 3, "where": 2, "group": 2, "having": 1, "order": 2, "limit": 1, "offset": 1}
_LAID_OUT = frozenset([*_INDENTS, "expressions", "distinct"])


def view_definition(seen: Inventory, view: View) -> str:
    tree = parse_query(view.query)
    for table in tree.find_all(exp.Table):
        _shorten(seen, table)
    return f" {_laid_out(tree)};"


def _shorten(seen: Inventory, table: exp.Table) -> None:
    if isinstance(table.this, exp.Anonymous) or table.catalog not in ("", seen.context.database):
        return
    table.set("catalog", None)
    if seen.visible(table.db, table.name):
        table.set("db", None)
    alias = table.args.get("alias")
    if alias is not None and alias.name == table.name and not alias.args.get("columns"):
        table.set("alias", None)


def _laid_out(tree: exp.Expr) -> str:
    """The text of a plain SELECT over several lines, of any other query on one."""
    if not isinstance(tree, exp.Select) or any(v for key, v in tree.args.items() if key not in _LAID_OUT):
        return to_postgres(tree)
    items = [to_postgres(item) for item in tree.expressions]
    head = _part(tree, expressions=tree.expressions, distinct=tree.args.get("distinct"))
    text = head.removesuffix(", ".join(items)) + ",\n    ".join(items)
    for clause, indent in _INDENTS.items():
        if tree.args.get(clause) is not None:
            part = _part(tree, expressions=[exp.Null()], **{clause: tree.args[clause]})
            text += "\n" + " " * indent + part.removeprefix("SELECT NULL ")
    return text


def _part(tree: exp.Expr, **arguments: object) -> str:
    """The text of a SELECT with only these of the tree's arguments."""
    part = exp.Select()
    for key, value in arguments.items():
        copied = [item.copy() for item in value] if isinstance(value, list) else value
        part.set(key, copied.copy() if isinstance(copied, exp.Expr) else copied)
    return to_postgres(part)
