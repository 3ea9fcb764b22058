"""Trees that statements other than SELECT are made of, in the shapes that `sql.grammar` gives.

A *rows table* stands for rows that the session holds itself (those just inserted, a CHECK's, what
RETURNING reads): it looks like a catalog table of the given columns, and its marker is replaced by an
Arrow relation when the plan is bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from engine.catalog import Column
from sql.grammar.typenames import as_data_type
from sql.render import MARK
from sql.statement import Name

ROW_ID = "_row_id"


def marker(name: str) -> str:
    """A marker for rows of the session's own. Like those of plans it cannot occur in a client's text."""
    return f"{MARK}{name}{MARK}"


def identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name)


def column(name: str, table: str | None = None) -> exp.Column:
    if table is None:
        return exp.Column(this=identifier(name))
    return exp.Column(this=identifier(name), table=identifier(table))


def cast(node: exp.Expr, type_: str) -> exp.Cast:
    return exp.Cast(this=node, to=as_data_type(type_))


def alias(node: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=node, alias=identifier(name))


def table_alias(name: str, columns: Iterable[str] = ()) -> exp.TableAlias:
    found = exp.TableAlias(this=identifier(name))
    names = [identifier(column_name) for column_name in columns]
    if names:
        found.set("columns", names)
    return found


def table(name: Name, alias_name: str | None = None, *, target: bool = False) -> exp.Table:
    """A table by name. A `target` also shows ``_row_id``, which ``*`` leaves out."""
    node = exp.Table(this=identifier(name.name))
    if name.schema is not None:
        node.set("db", identifier(name.schema))
    if name.database is not None:
        node.set("catalog", identifier(name.database))
    if alias_name is not None:
        node.set("alias", table_alias(alias_name))
    if target:
        node.meta["target"] = True
    return node


def rows_table(marker: str, columns: Sequence[Column], alias_name: str, *, target: bool = False) -> exp.Table:
    node = exp.Table(this=identifier(alias_name), alias=table_alias(alias_name))
    node.meta["rows"] = marker
    node.meta["columns"] = tuple(columns)
    if target:
        node.meta["target"] = True
    return node


def select(
    items: Sequence[exp.Expr],
    from_: exp.Expr | None = None,
    *,
    where: exp.Expr | None = None,
    with_: exp.With | None = None,
    limit: int | None = None,
) -> exp.Select:
    node = exp.Select(expressions=list(items))
    if from_ is not None:
        node.set("from_", exp.From(this=from_))
    if where is not None:
        node.set("where", exp.Where(this=where))
    if with_ is not None:
        node.set("with_", with_.copy())
    if limit is not None:
        node.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return node


def cross(first: exp.Expr, *others: exp.Expr) -> exp.Expr:
    """``first, other, …`` as one item of FROM."""
    joins = [*(first.args.get("joins") or []), *(exp.Join(this=other) for other in others)]
    if joins:
        first.set("joins", joins)
    return first


def subquery(query: exp.Query, name: str, columns: Iterable[str] = ()) -> exp.Subquery:
    if isinstance(query, exp.Subquery) and query.args.get("alias") is None:
        query = query.this
    return exp.Subquery(this=query, alias=table_alias(name, columns))


def every(conditions: Iterable[exp.Expr | None]) -> exp.Expr | None:
    """The conditions joined by AND."""
    found: exp.Expr | None = None
    for condition in conditions:
        if condition is None:
            continue
        operand = exp.Paren(this=condition)
        found = operand if found is None else exp.And(this=found, expression=operand)
    return found


def star() -> exp.Star:
    return exp.Star()


def star_of(table_name: str) -> exp.Column:
    return exp.Column(this=exp.Star(), table=identifier(table_name))
