"""Views: making them, and keeping their stored text true when what they name is renamed.

A view is stored as text with every name qualified and every ``*`` spelt out, together with the ids of
the tables and views in it. The text is planned wherever the view is used; the ids say what may not be
dropped or changed under it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from sqlglot import exp

from engine.catalog import Catalog, Put, Relation, View, ViewColumn
from engine.ids import CatalogId
from sql import build, ddl, names, parse, qualifying, query
from sql.answers import Answer, Complete
from sql.errors import SqlError
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import CreateView, Name


async def create(scope: Scope, statement: CreateView) -> AsyncIterator[Answer]:
    where = await ddl.lock_place(scope, statement.name)
    existing = scope.catalog.relations.get((where.id, statement.name.name))
    if existing is not None and not statement.or_replace:
        raise SqlError("42P07", f'relation "{statement.name.name}" already exists')
    if existing is not None and not isinstance(existing, View):
        raise SqlError("42809", f'"{existing.name}" is not a view')
    if statement.query.find(exp.Parameter) is not None:
        raise SqlError("42P02", "a view cannot have parameters")
    qualified, depends = await _qualified(scope, statement.query)
    described = await query.describe(
        scope, await query.plan(scope, statement.query, NO_ARGUMENTS, owner=statement)
    )
    labels = ddl.output_names(
        described, statement.column_names, "CREATE VIEW specifies more column names than columns"
    )
    for position, label in enumerate(labels):
        if label in labels[:position]:
            raise SqlError("42701", f'column "{label}" specified more than once')
    columns = tuple(
        ViewColumn(label, ddl.output_type(column)) for label, column in zip(labels, described, strict=True)
    )
    if existing is not None:
        _check_replacement(scope, existing, columns, depends)
    id = existing.id if existing is not None else scope.transaction.new_id()
    text = parse.to_postgres(qualified)
    body = View(id, where.id, statement.name.name, text, columns, tuple(sorted(set(depends))))
    scope.transaction.edit(Put(body))
    yield Complete("CREATE VIEW")


async def _qualified(scope: Scope, tree: exp.Query) -> tuple[exp.Query, tuple[CatalogId, ...]]:
    """The query to store and what it needs, which is locked so that it stays until the commit."""
    while True:
        version = scope.catalog.version
        past = await query.resolve_moments(scope, tree, NO_ARGUMENTS)
        qualified, depends = qualifying.qualify(tree, scope.context(NO_ARGUMENTS, past))
        for id in sorted(depends):
            await scope.lock_body(id, exclusive=False)
        if scope.catalog.version is version:
            return qualified, depends


def _check_replacement(
    scope: Scope, existing: View, columns: tuple[ViewColumn, ...], depends: tuple[CatalogId, ...]
) -> None:
    """CREATE OR REPLACE may add columns at the end, and nothing else."""
    if len(columns) < len(existing.columns):
        raise SqlError("42P16", "cannot drop columns from view")
    for old, new in zip(existing.columns, columns, strict=False):
        if old.name != new.name:
            raise SqlError(
                "42P16",
                f'cannot change name of view column "{old.name}" to "{new.name}"',
                hint="Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.",
            )
        if old.type != new.type:
            message = f'cannot change data type of view column "{old.name}" from {old.type} to {new.type}'
            raise SqlError("42P16", message)
    if existing.id in all_dependencies(scope.catalog, depends):
        raise SqlError("42P17", f'infinite recursion detected in rules for relation "{existing.name}"')


# --- dependencies -----------------------------------------------------------------------------------


def all_dependencies(catalog: Catalog, ids: tuple[CatalogId, ...]) -> set[CatalogId]:
    """The tables and views in `ids`, and those in their views, and so on."""
    found: set[CatalogId] = set()
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            view = catalog.views.get(id)
            waiting += view.depends if view is not None else ()
    return found


def dependents(catalog: Catalog, ids: set[CatalogId]) -> list[View]:
    """The views that need any of `ids`, each before those that need it, without those among `ids`."""
    found: dict[CatalogId, View] = {}

    def collect(needed: CatalogId) -> None:
        for view in sorted(catalog.views.values(), key=lambda view: view.id):
            if needed in view.depends and view.id not in ids and view.id not in found:
                found[view.id] = view
                collect(view.id)

    for id in ids:
        collect(id)
    return list(found.values())


def follow_renames(
    scope: Scope,
    before: Catalog,
    moved: Callable[[Relation], bool],
    among: Callable[[View], bool] = lambda view: True,
) -> None:
    """After an edit: views (`among` those) that name a relation that `moved` get its new name into their
    text."""
    changed = {
        body.id: (
            names.qualified(before, body),
            names.qualified(scope.catalog, scope.catalog.tables.get(body.id) or scope.catalog.views[body.id]),
        )
        for body in before.relations.values()
        if body.kind != "sequence" and moved(body)
    }
    for view in scope.catalog.views.values():
        if among(view) and any(changed[id][0] != changed[id][1] for id in view.depends if id in changed):
            tree = parse.parse_query(view.query)
            for node in tree.find_all(exp.Table):
                for old, new in changed.values():
                    named = Name(node.name, node.db, node.catalog)
                    if old != new and named == old:
                        _rename_node(node, old.name, new.name, new.schema, new.database)
            scope.transaction.edit(Put(replace(view, query=parse.to_postgres(tree))))


def _rename_node(node: exp.Table, old: str, name: str, schema: str | None, database: str | None) -> None:
    """Columns go on being qualified by the old name, so it becomes the alias when there is none."""
    if node.args.get("alias") is None:
        node.set("alias", build.table_alias(old))
    node.set("this", build.identifier(name))
    node.set("db", build.identifier(schema or ""))
    node.set("catalog", build.identifier(database or ""))


async def still_hold(scope: Scope, id: CatalogId, refusal: Callable[[View], SqlError]) -> None:
    """After a table or view changed: every view over it must still give the columns it gave."""
    for view in dependents(scope.catalog, {id}):
        await still_holds(scope, view, refusal)


async def still_holds(scope: Scope, view: View, refusal: Callable[[View], SqlError]) -> None:
    try:
        tree = parse.parse_query(view.query)
        described = await query.describe(scope, await query.plan(scope, tree, NO_ARGUMENTS, owner=tree))
    except SqlError as error:
        raise refusal(view) from error
    if [ddl.output_type(column) for column in described] != [column.type for column in view.columns]:
        raise refusal(view)
