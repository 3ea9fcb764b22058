"""What UNDROP brings back: of all that bore the name and is gone, what was dropped last.

Dropped is whatever has been and is not now, whether by DROP, with its schema or database, or by a restore
to a moment at which it did not exist. It comes back as it was at the last moment before that, with its rows,
keys, owned sequences and, for a schema or database, all that was in it. Names are those it had then.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.catalog import Database, Drop, Level, Schema, Table
from engine.extent import Extent
from engine.history import Entry
from engine.ids import INFINITY, Timestamp
from sql import extents, names
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import Name

_SQLSTATES = {"table": "42P01", "schema": "3F000", "database": "3D000"}


def last(scope: Scope, level: Level, name: Name) -> tuple[Timestamp, Extent]:
    """The last moment of the table, schema or database dropped last under that name, and its part."""
    if level == "table" and names.is_system(scope, name):
        raise SqlError("42501", f'permission denied: "{name}" is a system catalog')
    if _was_dropped_here(scope, level, name):
        raise SqlError(
            "55000",
            f'the drop of {level} "{name}" is not committed yet',
            hint="ROLLBACK, or ROLLBACK TO a savepoint, takes it back.",
        )
    gone = [entry for entry in _gone(scope, level) if _is_called(scope, entry, name)]
    if not gone:
        raise _nothing(scope, level, name)
    newest = max(gone, key=lambda entry: (-_place_in_path(scope, entry, name), entry.dropped_ts))
    return Timestamp(newest.dropped_ts - 1), Extent(level, (newest.body.id,))


def _gone(scope: Scope, level: Level) -> Iterator[Entry]:
    """The last entry of each table, schema or database that is no more."""
    latest: dict[int, Entry] = {}
    for entry in scope.tenant.history.entries():
        if entry.body.kind == level and scope.catalog.get(level, entry.body.id) is None:
            known = latest.get(entry.body.id)
            if known is None or entry.dropped_ts > known.dropped_ts:
                latest[entry.body.id] = entry
    yield from (entry for entry in latest.values() if entry.dropped_ts != INFINITY)


def _holders(scope: Scope, entry: Entry) -> tuple[str, str]:
    """The names of its database and schema then; empty where there is none."""
    past = scope.tenant.history.at(Timestamp(entry.dropped_ts - 1))
    body = entry.body
    schema = past.get("schema", body.schema) if isinstance(body, Table) else body
    database = past.get("database", schema.database) if isinstance(schema, Schema) else None
    return (
        database.name if isinstance(database, Database) else "",
        schema.name if isinstance(schema, Schema) and schema is not body else "",
    )


def _is_called(scope: Scope, entry: Entry, name: Name) -> bool:
    body = entry.body
    if not isinstance(body, Table | Schema | Database) or body.name != name.name:
        return False
    if isinstance(body, Database):
        return True
    database, schema = _holders(scope, entry)
    if database != (name.database or scope.database_name):
        return False
    if isinstance(body, Schema):
        return True
    return schema == name.schema if name.schema is not None else schema in scope.search_path


def _place_in_path(scope: Scope, entry: Entry, name: Name) -> int:
    """Whatever the search path finds first goes first."""
    if not isinstance(entry.body, Table) or name.schema is not None:
        return 0
    return scope.search_path.index(_holders(scope, entry)[1])


def _was_dropped_here(scope: Scope, level: Level, name: Name) -> bool:
    """Whether what has the name, for all others, was dropped by this transaction."""
    try:
        [id] = extents.resolve(scope, scope.tenant.catalog, level, [name], None).objects
    except SqlError:
        return False
    return Drop(level, id) in scope.transaction.workspace.edits


def _nothing(scope: Scope, level: Level, name: Name) -> SqlError:
    elsewhere = _elsewhere(scope, level, name)
    if elsewhere is not None:
        return SqlError(
            _SQLSTATES[level],
            f'there is no dropped {level} "{name}"',
            detail="One of that name was dropped elsewhere.",
            hint=f"UNDROP {level.upper()} {elsewhere} brings it back.",
        )
    return SqlError(
        _SQLSTATES[level],
        f'there is no dropped {level} "{name}"',
        detail="Nothing of that name has been dropped, or it is no longer kept.",
        hint="SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.",
    )


def _elsewhere(scope: Scope, level: Level, name: Name) -> str | None:
    """Where something of that name was dropped last, in full, if it was not where the name is looked for."""
    gone = [
        entry
        for entry in _gone(scope, level)
        if isinstance(entry.body, Table | Schema | Database) and entry.body.name == name.name
    ]
    if not gone:
        return None
    last = max(gone, key=lambda entry: entry.dropped_ts)
    database, schema = _holders(scope, last)
    parts = (database if database != scope.database_name else "", schema, name.name)
    return ".".join(names.quoted(part) for part in parts if part)
