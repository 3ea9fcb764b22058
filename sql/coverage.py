"""What a snapshot covers. One of a narrower level promises its database, schema or table and nothing else.

Whoever looks a name up by such a snapshot gets a `CoveredCatalog`: all names of its moment, so that the
reason can be told, and 42704 for whatever it does not cover. The scope holds even while history happens
to keep the whole moment readable by its timestamp: an answer must not depend on when garbage is collected.
"""

from __future__ import annotations

from engine.catalog import Catalog, Relation, Snapshot
from engine.extent import Extent
from engine.ids import Timestamp, format_ts
from engine.tenant import Tenant
from sql.errors import SqlError


def extent_of(snapshot: Snapshot) -> Extent:
    return Extent(snapshot.level, snapshot.objects)


def label(snapshot: Snapshot) -> str:
    name = snapshot.name if snapshot.name is not None else format_ts(snapshot.timestamp)
    return f'snapshot "{name}"'


def described(snapshot: Snapshot) -> str:
    """What it covers, in words."""
    parts = (snapshot.database_name, snapshot.schema_name, snapshot.table_name)
    return f"{snapshot.level} {'.'.join(part for part in parts if part is not None)}".strip()


def refusal(snapshot: Snapshot, what: str) -> SqlError:
    return SqlError(
        "42704",
        f"{label(snapshot)} does not cover {what}",
        detail=f"It is a snapshot of the {described(snapshot)}.",
        hint="Within history_retention any moment is readable by its timestamp.",
    )


class CoveredCatalog(Catalog):
    """The catalog at a narrower snapshot's moment."""

    def __init__(self, whole: Catalog, snapshot: Snapshot) -> None:
        super().__init__(whole, object())
        self._snapshot = snapshot
        self._covered = extent_of(snapshot).covered(whole)

    def require(self, relation: Relation) -> None:
        if (relation.kind, relation.id) not in self._covered:
            raise refusal(self._snapshot, f'{relation.kind} "{relation.name}"')

    def require_system(self, name: str) -> None:
        """The catalog of a moment is the whole tenant's."""
        raise refusal(self._snapshot, f'the catalog "{name}"')


def catalog_at(tenant: Tenant, ts: Timestamp, snapshot: Snapshot | None) -> Catalog:
    """The catalog to look names up in at `ts`, by `snapshot` if one was named."""
    whole = tenant.history.at(ts)
    narrow = holding(tenant, ts, snapshot)
    return whole if narrow is None else CoveredCatalog(whole, narrow)


def holding(tenant: Tenant, ts: Timestamp, snapshot: Snapshot | None) -> Snapshot | None:
    """The narrower snapshot that limits what can be had at `ts`: the one that was named, or the one that
    alone keeps a moment before the history's."""
    if snapshot is None and ts < tenant.earliest_ts:
        snapshot = tenant.catalog.snapshots.get(ts)
    return snapshot if snapshot is not None and snapshot.level != "tenant" else None


def require_extent(tenant: Tenant, ts: Timestamp, snapshot: Snapshot | None, extent: Extent) -> None:
    """A restore of `extent` by a narrower snapshot must lie within it."""
    narrow = holding(tenant, ts, snapshot)
    if narrow is None:
        return
    if extent.level == "tenant":
        raise refusal(narrow, "all of the tenant")
    past = tenant.history.at(ts)
    covered = extent_of(narrow).covered(past)
    for id in extent.objects:
        if not Extent(extent.level, (id,)).covered(past).keys() <= covered.keys():
            name = getattr(past.get(extent.level, id), "name", str(id))
            raise refusal(narrow, f'{extent.level} "{name}"')
