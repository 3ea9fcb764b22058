"""When a name meant something: what the history tells of a relation that is not there at a moment.

A *life* of a name is a span in which one relation bore it, made of the history's entries that follow each
other without a gap. It ends when the relation is dropped or renamed. What is older than what is kept has no
life any more, so nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.catalog import Database, Relation, Schema, Sequence, Table, View
from engine.history import History
from engine.ids import INFINITY, CatalogId, Timestamp
from engine.tenant import Tenant
from sql import moments
from sql.errors import SqlError
from sql.resolve import Names, find_relation
from sql.statement import Name


@dataclass(frozen=True, slots=True)
class Life:
    """``[began, ended)``; `formerly` and `renamed` are the names that the relation bore before and after."""

    began: Timestamp
    ended: Timestamp
    formerly: str | None
    renamed: str | None = None


def of_name(history: History, where: Names, name: Name) -> list[Life]:
    """All lives of a name in the schemas that it may be in, by when they began."""
    database, path = name.database or where.database, where.search_path
    wanted = (name.schema,) if name.schema is not None else path
    homes = {e.body.id for e in history.entries() if isinstance(e.body, Database) and e.body.name == database}
    schemas = {
        entry.body.id
        for entry in history.entries()
        if isinstance(entry.body, Schema) and entry.body.database in homes and entry.body.name in wanted
    }
    versions: dict[CatalogId, list[tuple[Timestamp, Timestamp, Relation]]] = {}
    for entry in history.entries():
        if isinstance(entry.body, Table | View | Sequence):
            versions.setdefault(entry.body.id, []).append((entry.created_ts, entry.dropped_ts, entry.body))
    found: list[Life] = []
    for of_one in versions.values():
        if any(body.name == name.name and body.schema in schemas for _, _, body in of_one):
            found += _lives(sorted(of_one, key=lambda version: version[0]), schemas, name.name)
    return sorted(found, key=lambda life: life.began)


def _lives(
    versions: Iterable[tuple[Timestamp, Timestamp, Relation]], schemas: set[CatalogId], name: str
) -> list[Life]:
    found: list[Life] = []
    known, until = "", Timestamp(0)
    for began, ended, body in versions:
        goes_on = began == until
        here = body.name == name and body.schema in schemas
        if goes_on and known == name and found:
            last = found.pop()
            found.append(replace(last, ended=ended) if here else replace(last, renamed=body.name))
        elif here:
            found.append(Life(began, ended, known if goes_on and known != name else None))
        known, until = body.name, ended
    return found


def hint(tenant: Tenant, where: Names, name: Name, ts: Timestamp, zone: str) -> str | None:
    """For a relation that is not there at `ts`: when it went, and when it came."""
    lives = of_name(tenant.history, where, name)
    before = [life for life in lives if life.ended <= ts]
    after = [life for life in lives if life.began > ts]
    told = []
    if before:
        last = max(before, key=lambda life: life.ended)
        how = "dropped" if last.renamed is None else f'renamed to "{last.renamed}"'
        told.append(f"{how} at {moments.shown(last.ended, zone)}")
    if after:
        how = "created again" if before else "created"
        if after[0].formerly is not None:
            how = f'renamed from "{after[0].formerly}"'
        told.append(f"{how} at {moments.shown(after[0].began, zone)}")
    return f"It was {' and '.join(told)}." if told else None


def missing(tenant: Tenant, where: Names, name: Name, ts: Timestamp, zone: str) -> SqlError:
    """42P01 of a relation that is not there at a moment."""
    message = f'relation "{name}" does not exist at {moments.shown(ts, zone)}'
    return SqlError("42P01", message, hint=hint(tenant, where, name, ts, zone))


def newest_with(tenant: Tenant, where: Names, wanted: Iterable[Name]) -> Timestamp:
    """The newest moment at which all these names mean something: now, as a rule. What a query of a moment
    that is not known yet is described by."""
    names = list(wanted)
    now = tenant.visible_ts
    if _all_there(tenant, where, names, now):
        return now
    lives = [life for name in names for life in of_name(tenant.history, where, name)]
    last = {Timestamp(life.ended - 1) for life in lives if life.ended != INFINITY}
    readable = {ts for ts in last if ts >= tenant.earliest_ts} | tenant.catalog.snapshots.keys()
    for ts in sorted(readable, reverse=True):
        if _all_there(tenant, where, names, ts):
            return ts
    return now


def _all_there(tenant: Tenant, where: Names, names: Iterable[Name], ts: Timestamp) -> bool:
    catalog = tenant.history.at(ts)
    try:
        return all(
            find_relation(catalog, where, name.database, name.schema, name.name) is not None for name in names
        )
    except SqlError:  # not even its database
        return False
