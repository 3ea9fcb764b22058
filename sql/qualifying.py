"""A view's query as it is stored: every table by its full name, every ``*`` spelt out.

What a view shows is settled when it is created: a column added to its table later is not in it, and a
table of the same name created in another schema does not come between. So names are resolved once, here,
by the same search path that the query was checked with, and written back as text.
"""

from __future__ import annotations

from sqlglot import exp

from engine.catalog import Sequence, Table, View
from engine.ids import CatalogId
from sql import build
from sql.errors import SqlError
from sql.plan import Context, plan_query
from sql.resolve import Names, find_relation, moment_of
from sql.system import SystemRelation


def qualify(tree: exp.Query, context: Context) -> tuple[exp.Query, tuple[CatalogId, ...]]:
    """A copy of `tree` with full names and without stars, and the ids of the tables and views in it."""
    tree = tree.copy()
    for select in list(tree.find_all(exp.Select)):
        if any(_is_star(item) for item in select.expressions):
            select.set("expressions", _without_stars(select, context))
    depends: list[CatalogId] = []
    for node in list(tree.find_all(exp.Table)):
        if isinstance(node.this, exp.Identifier) and not _is_common(node):
            depends += _qualify_table(node, context)
    return tree, tuple(dict.fromkeys(depends))


# --- tables -----------------------------------------------------------------------------------------


def _is_common(node: exp.Table) -> bool:
    """Whether an unqualified name means a WITH query around it."""
    if node.args.get("db") is not None:
        return False
    above: exp.Expr | None = node
    while above is not None:
        with_ = above.args.get("with_")
        if with_ is not None and any(common.alias == node.name for common in with_.expressions):
            return True
        above = above.parent
    return False


def _qualify_table(node: exp.Table, context: Context) -> list[CatalogId]:
    found = _relation(node, context)
    if found is None:
        return []
    if node.args.get("alias") is None:
        node.set("alias", build.table_alias(node.name))
    if isinstance(found, SystemRelation):
        node.set("db", build.identifier(found.schema))
        return []
    catalog = context.catalog
    schema = next(body for body in catalog.schemas.values() if body.id == found.schema)
    database = next(body for body in catalog.databases.values() if body.id == schema.database)
    node.set("db", build.identifier(schema.name))
    node.set("catalog", build.identifier(database.name))
    return [found.id]


def _relation(node: exp.Table, context: Context) -> Table | View | Sequence | SystemRelation | None:
    names = Names(context.database, context.search_path, context.tenant)
    catalog = context.catalog
    version = node.args.get("version")
    if version is not None:
        catalog = context.past[moment_of(version)][1]
    return find_relation(catalog, names, node.catalog or None, node.db or None, node.name)


# --- stars ------------------------------------------------------------------------------------------


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def _without_stars(select: exp.Select, context: Context) -> list[exp.Expr]:
    items: list[exp.Expr] = []
    for item in select.expressions:
        if isinstance(item, exp.Star):
            items += _all_columns(select, context)
        elif _is_star(item):
            items += [build.column(name, item.table) for name in _columns(select, item, context)]
        else:
            items.append(item)
    return items


def _all_columns(select: exp.Select, context: Context) -> list[exp.Expr]:
    """``*``: a name that occurs once needs no qualification, others belong to the sources in order."""
    names = _columns(select, exp.Star(), context)
    repeated = {name for name in names if names.count(name) > 1}
    if not repeated:
        return [build.column(name) for name in names]
    left = [
        (alias, name)
        for alias in _aliases(select.args["from_"].this)
        for name in _columns(select, build.star_of(alias), context)
    ]
    items: list[exp.Expr] = []
    for name in names:
        owner = next((pair for pair in left if pair[1] == name), None)
        if owner is not None:
            left.remove(owner)
        items.append(build.column(name, owner[0] if owner is not None and name in repeated else None))
    return items


def _columns(select: exp.Select, star: exp.Expr, context: Context) -> list[str]:
    """The names that a star stands for, asked of the planner. What it does not find although the whole query
    is right belongs to a query around this one."""
    probe = exp.Select(expressions=[star.copy()])
    from_ = select.args.get("from_")
    if from_ is not None:
        probe.set("from_", from_.copy())
    common = [c.copy() for with_ in _withs(select) for c in with_.expressions]
    if common:
        recursive = any(with_.args.get("recursive") for with_ in _withs(select))
        probe.set("with_", exp.With(expressions=common, recursive=recursive))
    try:
        outputs = plan_query(probe, context).outputs
    except SqlError as error:
        if error.sqlstate in ("42P01", "42703"):
            plan_query(select.root().copy(), context)  # raises what is wrong with the view itself
            message = "* over a subquery that refers to a query around it is not supported in a view"
            raise SqlError("0A000", message, hint="Name the columns.") from error
        raise
    assert outputs is not None, "the planner knows the columns of a star"
    return [output.name for output in outputs]


def _withs(select: exp.Select) -> list[exp.With]:
    """The WITH clauses in scope, outermost first; a WITH query's own is not in its scope."""
    found: list[exp.With] = []
    below: exp.Expr | None = None
    above: exp.Expr | None = select
    while above is not None:
        with_ = above.args.get("with_")
        if isinstance(with_, exp.With) and with_ is not below:
            found.insert(0, with_)
        elif isinstance(with_, exp.With):
            found.insert(0, _earlier(with_, select))
        below, above = above, above.parent
    return [with_ for with_ in found if with_.expressions]


def _earlier(with_: exp.With, select: exp.Select) -> exp.With:
    """The WITH queries before the one that holds `select`."""
    before = []
    for common in with_.expressions:
        if any(node is select for node in common.find_all(exp.Select)):
            break
        before.append(common)
    return exp.With(expressions=[common.copy() for common in before], recursive=with_.args.get("recursive"))


def _aliases(item: exp.Expr) -> list[str]:
    """The names of FROM's sources in order."""
    if isinstance(item, exp.Lateral):
        item = item.this
    if isinstance(item, exp.Subquery) and item.args.get("join") and item.args.get("alias") is None:
        found = _aliases(item.this)
    else:
        found = [item.alias_or_name]
    for join in item.args.get("joins") or ():
        found += _aliases(join.this)
    return found
