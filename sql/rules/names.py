"""The name of a result column that has no AS, by PostgreSQL's rules (``?column?``, ``count``, ``case``)."""

from __future__ import annotations

from sqlglot import exp

from sql.errors import SqlError
from sql.types import declared

UNNAMED = "?column?"


def output_name(node: exp.Expr) -> str:
    return _name(node)[0] or UNNAMED


def _name(node: exp.Expr | None) -> tuple[str | None, bool]:
    """The name, and whether it is better than the name of a type or of CASE."""
    match node:
        case exp.Column():
            return (node.name, True) if not isinstance(node.this, exp.Star) else (None, False)
        case exp.Anonymous():
            return (None, False) if node.args.get("operator") else (node.this, True)
        case exp.Cast() if not node.args.get("constant"):
            return _cast(node)
        case exp.Paren() if node.args.get("plus"):
            return None, False
        case exp.Paren() | exp.Collate() | exp.Bracket():
            return _name(node.this)
        case exp.Case():
            found, strong = _name(node.args.get("default"))
            return (found, True) if strong else ("case", False)
        case exp.Array():
            return "array", True
        case exp.Exists():
            return "exists", True
        case exp.Tuple():
            return "row", True
        case exp.Subquery():
            return _subquery(node)
        case exp.Alias():
            return node.args["alias"].this, True
    return None, False


def _cast(node: exp.Cast) -> tuple[str | None, bool]:
    found, strong = _name(node.this)
    if strong:
        return found, True
    kind = node.args["to"].args["kind"]
    try:
        pg = declared("interval" if kind.startswith("interval ") else kind).pg
    except SqlError:
        return found, False
    return pg.name.removeprefix("_") if pg.is_array else pg.name, False


def _subquery(node: exp.Subquery) -> tuple[str | None, bool]:
    query = node.this
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    if isinstance(query, exp.Select) and len(query.expressions) == 1:
        from_ = query.args.get("from_")
        if from_ is not None and isinstance(from_.this, exp.Values):
            return "column1", True
        return _name(query.expressions[0])
    return None, False
