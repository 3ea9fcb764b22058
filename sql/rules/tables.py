"""Names in FROM: tables at their moment, views, WITH queries, sequences, system relations, our own rows."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from engine.catalog import Catalog, Table, View
from engine.catalog import Sequence as SequenceBody
from engine.ids import Timestamp
from sql import build
from sql.bound import BOOL, INT8, ColumnOrigin, type_named
from sql.errors import SqlError
from sql.resolve import Column, Common, Names, Scope, Source, find_relation, moment_of
from sql.rules.joined import Joined, alias_of, source_of
from sql.rules.planner import Planner
from sql.statement import Name
from sql.system import SystemRelation
from sql.types import Declared

VIEW_DEPTH_MAX = 32


def table(planner: Planner, node: exp.Table, scope: Scope) -> Joined:
    rows = node.meta_get("rows")
    if rows is not None:
        return _rows(planner, node, rows)
    name, schema, database = node.name, node.db or None, node.catalog or None
    if schema is None:
        common = scope.find_common(name)
        if common is not None:
            return _common(planner, node, common)
    at = _moment(planner, node, scope)
    catalog = planner.context.catalog if at is None else at[1]
    relation = find_relation(catalog, planner.names, database, schema, name)
    shown = alias_of(node) or name
    ts = None if at is None else at[0]
    match relation:
        case None:
            dotted = ".".join(part for part in (database, schema, name) if part)
            if at is not None:
                error = planner.context.missing(Name(name, schema, database), at[0])
                error.position = planner.position(node)
                raise error
            raise planner.error("42P01", f'relation "{dotted}" does not exist', node)
        case Table():
            return _stored(planner, node, relation, shown, _schema_name(catalog, relation), ts)
        case View():
            return _view(planner, node, relation, shown, at, catalog)
        case SequenceBody():
            return _sequence(planner, node, relation, catalog, shown)
    return _system(planner, node, relation, shown, ts)


def _moment(planner: Planner, node: exp.Table, scope: Scope) -> tuple[Timestamp, Catalog] | None:
    version = node.args.get("version")
    if version is None:
        return scope.at
    planner.cacheable = False
    found = planner.context.past.get(moment_of(version))
    if found is None:
        raise planner.error("0A000", "AS OF inside a view is not supported", node)
    if version.find(exp.Parameter) is not None:
        _settle_parameters(planner, version)
    return found


def _settle_parameters(planner: Planner, version: exp.Version) -> None:
    """The moment is known already; what it tells of its parameters' types is wanted nevertheless."""
    beside = Planner(planner.context)
    beside.parameters = planner.parameters
    type_ = "text" if version.this == "SNAPSHOT" else "timestamptz"
    beside.expression(build.cast(version.expression.copy(), type_), Scope(at=planner.context.at))


def _schema_name(catalog: Catalog, relation: Table | View) -> str | None:
    body = catalog.get("schema", relation.schema)
    return getattr(body, "name", None)


def _stored(
    planner: Planner, node: exp.Table, table: Table, name: str, schema: str | None, ts: Timestamp | None
) -> Joined:
    alias = planner.alias(name)
    columns = _table_columns(table, alias)
    source = Source(name, alias, columns, None if alias_of(node) else schema)
    if table.primary_key is not None:
        source.keys.append(frozenset(f"{alias}.c{column}" for column in table.primary_key.columns))
    if node.meta_get("target"):
        source.hidden.append(Column("_row_id", INT8, f"{alias}._row_id"))
    return source_of(planner, node, planner.use_table(table, ts), source)


def _table_columns(table: Table, alias: str) -> list[Column]:
    return [
        Column(column.name, type_named(column.type), f"{alias}.c{column.id}", ColumnOrigin(table.id, number))
        for number, column in enumerate(table.columns, 1)
    ]


def _rows(planner: Planner, node: exp.Table, marker: str) -> Joined:
    """Rows that the session holds: it knows what the marker stands for."""
    name = alias_of(node) or node.name
    alias = planner.alias(name)
    columns = [Column(c.name, type_named(c.type), f"{alias}.c{c.id}") for c in node.meta["columns"]]
    source = Source(name, alias, columns)
    if node.meta_get("target"):
        source.hidden.append(Column("_row_id", INT8, f"{alias}._row_id"))
    return source_of(planner, node, marker, source)


def _common(planner: Planner, node: exp.Table, common: Common) -> Joined:
    if node.args.get("version") is not None:
        raise planner.error("0A000", "FOR SYSTEM_TIME of a WITH query is not supported", node)
    name = alias_of(node) or node.name
    alias = planner.alias(name)
    columns = [
        Column(n, type_, f"{alias}.{quoted}", None, scale) for n, type_, quoted, scale in common.columns
    ]
    return source_of(planner, node, common.alias, Source(name, alias, columns))


@lru_cache(maxsize=1024)
def _system_types(relation: SystemRelation) -> tuple[tuple[str, Declared], ...]:
    return tuple((name, type_named(type_)) for name, type_ in relation.columns)


def _system(
    planner: Planner, node: exp.Table, relation: SystemRelation, name: str, ts: Timestamp | None
) -> Joined:
    alias = planner.alias(name)
    columns = [Column(n, type_, f'{alias}."{n}"') for n, type_ in _system_types(relation)]
    source = Source(name, alias, columns, None if alias_of(node) else relation.schema)
    return source_of(planner, node, planner.use_system(relation, ts), source)


def _sequence(
    planner: Planner, node: exp.Table, sequence: SequenceBody, catalog: Catalog, name: str
) -> Joined:
    """``SELECT * FROM sequence``: where it stands."""
    planner.cacheable = False
    alias = planner.alias(name)
    last = catalog.positions.get(sequence.id)
    value = sequence.start if last is None else last
    called = "false" if last is None else "true"
    sql = f"(SELECT {value} AS v, 0 AS l, {called} AS c)"
    columns = [
        Column("last_value", INT8, f"CAST({alias}.v AS BIGINT)"),
        Column("log_cnt", INT8, f"CAST({alias}.l AS BIGINT)"),
        Column("is_called", BOOL, f"{alias}.c"),
    ]
    return source_of(planner, node, sql, Source(name, alias, columns))


# --- views ------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _view_query(text: str) -> exp.Expr:
    from sql.parse import parse_query
    from sql.system.functions import rewrite

    return rewrite(parse_query(text))


def _view(
    planner: Planner,
    node: exp.Table,
    view: View,
    name: str,
    at: tuple[Timestamp, Catalog] | None,
    catalog: Catalog,
) -> Joined:
    """The view's query in place of it, its names resolved by its own text, at the moment it is read."""
    if planner.view_depth >= VIEW_DEPTH_MAX:
        raise planner.error("54001", "views are nested too deeply", node)
    schema = catalog.get("schema", view.schema)
    database = catalog.get("database", getattr(schema, "database", view.schema))
    names = planner.names
    planner.names = Names(getattr(database, "name", names.database), (), names.tenant)
    planner.view_depth += 1
    try:
        planned = planner.subquery(_view_query(view.query), Scope(at=at))
        sql = planned.sql(None)
    except SqlError as error:
        error.position = None
        raise
    finally:
        planner.view_depth -= 1
        planner.names = names
    alias = planner.alias(name)
    columns = planned.source_columns(alias)
    titles = [column.name for column in view.columns]
    columns = [
        Column(titles[i] if i < len(titles) else c.name, c.type, c.sql, None, c.scale)
        for i, c in enumerate(columns)
    ]
    source = Source(name, alias, columns, None if alias_of(node) else getattr(schema, "name", None))
    joined = source_of(planner, node, f"({sql})", source)
    joined.sql = joined.sql if not planned.names else f"({sql}) AS {alias}({', '.join(planned.names)})"
    return joined
