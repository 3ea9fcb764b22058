"""Columns, keys, checks and sequences: from what a definition says to bodies of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from engine.catalog import Check, Column, Key, Put, Schema, Table
from engine.catalog import Sequence as SequenceBody
from engine.ids import CatalogId
from sql import assignment, build, dml, names, parse, query, sequences
from sql.errors import SqlError
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import CheckDefinition, ColumnDefinition, KeyDefinition, Name
from sql.types import Declared, by_oid, declared

COLUMNS_MAX = 1600
_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


# --- columns ----------------------------------------------------------------------------------------


async def column(
    scope: Scope, definition: ColumnDefinition, where: Schema, table_id: CatalogId, table_name: str
) -> Column:
    """The column; the sequence of a serial or identity column is created along."""
    if definition.name in names.HIDDEN_COLUMNS:
        message = f'column name "{definition.name}" conflicts with a system column name'
        raise SqlError("42701", message)
    type_ = storable(definition.type)
    made = Column(
        id=scope.transaction.new_id(),
        name=definition.name,
        type=type_.text,
        storage_type=type_.duckdb,
        not_null=definition.not_null or definition.serial or definition.identity is not None,
        identity=definition.identity,
    )
    if definition.serial or definition.identity is not None:
        if definition.default is not None:
            what = "default and identity" if definition.identity else "default values"
            message = f"{'both' if definition.identity else 'multiple'} {what} specified for column"
            raise SqlError("42601", f'{message} "{made.name}" of table "{table_name}"')
        made = await _with_sequence(scope, made, definition, where, table_id, table_name)
    elif definition.default is not None:
        made = await with_default(scope, made, definition.default)
    return made


def storable(text: str) -> Declared:
    """The type of a column. Bit strings can be computed with, but not kept: they come out of DuckDB as bytes
    whose length in bits is lost."""
    type_ = declared(text)
    if (type_.element or type_).pg.name in ("bit", "varbit"):
        raise SqlError(
            "0A000", f"a column of type {type_.text} is not supported", hint="Use text, bytea or an integer."
        )
    return type_


async def _with_sequence(
    scope: Scope,
    made: Column,
    definition: ColumnDefinition,
    where: Schema,
    table_id: CatalogId,
    table_name: str,
) -> Column:
    if made.type not in _RANGES:
        what = "identity column type must be smallint, integer, or bigint"
        raise SqlError("22023", what if definition.identity else f'type "{made.type}" cannot be serial')
    taken = {name for schema_id, name in scope.catalog.relations if schema_id == where.id} | {table_name}
    name = names.choose(taken, table_name, made.name, "seq")
    await scope.lock_name("relation", where.id, name)
    body = sequence(
        scope,
        where,
        name,
        definition.sequence_options,
        type_=made.type,
        owner=(table_id, made.id),
    )
    scope.transaction.edit(Put(body))
    if definition.identity is not None:
        return replace(made, sequence=body.id)
    return replace(made, sequence=body.id, default=nextval_text(scope, body))


def nextval_text(scope: Scope, body: SequenceBody) -> str:
    where = names.qualified(scope.catalog, body)
    quoted = ".".join(names.quoted(part) for part in (where.schema, where.name) if part)
    return "nextval('" + quoted.replace("'", "''") + "'::regclass)"


async def with_default(scope: Scope, made: Column, default: exp.Expr) -> Column:
    """The column with a default that can be assigned to it."""
    if default.find(exp.Column) is not None:
        raise SqlError("0A000", "cannot use column reference in DEFAULT expression")
    if default.find(exp.Query) is not None:
        raise SqlError("0A000", "cannot use subquery in DEFAULT expression")
    if (parameter := default.find(exp.Parameter)) is not None:
        raise SqlError("42P02", f"there is no parameter ${parameter.name}")
    function = sequences.call_of(default)
    if function == "nextval":
        kept = replace(made, default=parse.to_postgres(default))
        dml.default_of(scope, kept)
        return kept
    if function is not None or sequences.calls_in(default):
        raise SqlError("0A000", "a DEFAULT that computes with a sequence is not supported")
    tree = build.select([build.alias(assignment.typed(default.copy(), made), "value")])
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    if assignment.is_untyped(default):
        async with scope.reader() as reader:
            await query.table(scope, reader, ready, NO_ARGUMENTS, {})
    else:
        (described,) = await query.describe(scope, ready)
        try:
            assignment.check_type(made, by_oid(described.type_oid))
        except SqlError as error:
            raise SqlError(
                error.sqlstate,
                error.message.replace("but expression", "but default expression"),
                hint=error.hint,
            ) from None
    return replace(made, default=parse.to_postgres(default))


def require_distinct(columns: Iterable[Column]) -> None:
    seen = set()
    for made in columns:
        if made.name in seen:
            raise SqlError("42701", f'column "{made.name}" specified more than once')
        seen.add(made.name)
    if len(seen) > COLUMNS_MAX:
        raise SqlError("54011", f"tables can have at most {COLUMNS_MAX} columns")


# --- keys and checks --------------------------------------------------------------------------------


def constraint_names(table: Table) -> set[str]:
    return {key.name for key in table.keys} | {check.name for check in table.checks}


def with_key(scope: Scope, table: Table, definition: KeyDefinition) -> Table:
    """The table with one more key; the columns of a primary key are not null from then on."""
    if definition.primary and table.primary_key is not None:
        raise SqlError("42P16", f'multiple primary keys for table "{table.name}" are not allowed')
    columns: list[Column] = []
    for name in definition.columns:
        found = table.column(name)
        if found is None:
            raise SqlError("42703", f'column "{name}" named in key does not exist')
        if found in columns:
            kind = "primary key" if definition.primary else "unique"
            raise SqlError("42701", f'column "{name}" appears twice in {kind} constraint')
        columns.append(found)
    taken = taken_names(scope, table)
    if definition.name is not None:
        _require_free_constraint(table, definition.name)
        label = definition.name
        if label in taken:
            raise SqlError("42P07", f'relation "{label}" already exists')
    elif definition.primary:
        label = names.choose(taken, table.name, "pkey")
    else:
        label = names.choose(taken, table.name, *definition.columns, "key")
    key = Key(scope.transaction.new_id(), label, tuple(c.id for c in columns), definition.primary)
    if definition.primary:
        table = replace(
            table, columns=tuple(replace(c, not_null=True) if c in columns else c for c in table.columns)
        )
    return replace(table, keys=(*table.keys, key))


def taken_names(scope: Scope, table: Table) -> set[str]:
    """Names that a new key of the table cannot have: its index would stand among the schema's relations."""
    found = constraint_names(table)
    for body in scope.catalog.relations.values():
        if body.schema == table.schema:
            found.add(body.name)
            if isinstance(body, Table) and body.id != table.id:
                found |= {key.name for key in body.keys}
    return found


def _require_free_constraint(table: Table, name: str) -> None:
    if name in constraint_names(table):
        raise SqlError("42710", f'constraint "{name}" for relation "{table.name}" already exists')


async def with_check(scope: Scope, table: Table, definition: CheckDefinition) -> Table:
    expression = definition.expression
    if expression.find(exp.Query) is not None:
        raise SqlError("0A000", "cannot use subquery in check constraint")
    columns = {node.name for node in expression.find_all(exp.Column)}
    for name in columns:
        if table.column(name) is None:
            raise SqlError("42703", f'column "{name}" does not exist')
    marker = build.marker("checked")
    source = build.rows_table(marker, table.columns, table.name)
    tree = build.select([build.alias(expression.copy(), "holds")], source)
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    (described,) = await query.describe(scope, ready, {marker: dml.empty_rows(table.columns)})
    type_ = by_oid(described.type_oid)
    if type_.name != "bool" and not assignment.is_untyped(expression):
        raise SqlError("42804", f"argument of CHECK must be type boolean, not type {type_.title}")
    if definition.name is not None:
        _require_free_constraint(table, definition.name)
        name = definition.name
    else:
        part = tuple(columns) if len(columns) == 1 else ()
        name = names.choose(constraint_names(table), table.name, *part, "check")
    check = Check(scope.transaction.new_id(), name, parse.to_postgres(expression))
    return replace(table, checks=(*table.checks, check))


# --- sequences --------------------------------------------------------------------------------------


def sequence(
    scope: Scope,
    where: Schema,
    name: str,
    options: Mapping[str, int | bool],
    *,
    type_: str = "bigint",
    owner: tuple[CatalogId, CatalogId] | None = None,
) -> SequenceBody:
    """A sequence with its options checked and the others by PostgreSQL's rules."""
    half = _RANGES[type_]
    increment = int(options.get("increment", 1))
    if increment == 0:
        raise SqlError("22023", "INCREMENT must not be zero")
    lowest, highest = (1, half - 1) if increment > 0 else (-half, -1)
    minimum = int(options.get("minimum", lowest))
    maximum = int(options.get("maximum", highest))
    for label, value in (("MINVALUE", minimum), ("MAXVALUE", maximum)):
        if not -half <= value < half:
            raise SqlError("22023", f"{label} ({value}) is out of range for sequence data type {type_}")
    if minimum >= maximum:
        raise SqlError("22023", f"MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})")
    start = int(options.get("start", minimum if increment > 0 else maximum))
    if start < minimum:
        raise SqlError("22023", f"START value ({start}) cannot be less than MINVALUE ({minimum})")
    if start > maximum:
        raise SqlError("22023", f"START value ({start}) cannot be greater than MAXVALUE ({maximum})")
    return SequenceBody(
        id=scope.transaction.new_id(),
        schema=where.id,
        name=name,
        type=type_,
        start=start,
        increment=increment,
        minimum=minimum,
        maximum=maximum,
        cycle=bool(options.get("cycle", False)),
        owner_table=owner[0] if owner else None,
        owner_column=owner[1] if owner else None,
    )


def shown(scope: Scope, name: Name | str, schema_name: str | None) -> str:
    """A relation's name in a message: qualified when the search path does not find it."""
    if schema_name is None or schema_name in scope.search_path:
        return str(name)
    return f"{schema_name}.{name}"


def listed(lines: Sequence[str], limit: int = 100) -> str:
    """A list in a DETAIL, cut to a bearable length."""
    more = len(lines) - limit
    return "\n".join([*lines[:limit], *([f"and {more} other objects"] if more > 0 else [])])
