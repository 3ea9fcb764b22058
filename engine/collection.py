"""Collection: what may be forgotten, and what may be deleted.

**Forgetting** is about moments. A ref is over when it was removed, or its storage dropped. What is over
may be forgotten when nothing needs the part of its life that is past: no pin (a snapshot that covers it,
a running transaction's read ts) inside it, and none of it at or above the horizon. The same rule holds
for catalog entries. Raising the horizon is a commit of its own, and pins are read after it: a snapshot
taken AS OF an earlier moment is either committed before, and seen, or refused.

**Deleting** is about objects. An object may go when no ref in the state names it (that is the newest
manifest and all WAL after it), nothing in flight does, and no reader holds it. In two phases: what is
found unnamed is a candidate, and goes when a later pass, `grace_seconds` on, finds it unnamed still.
Objects of a newer epoch than this writer's are another server's and never touched. WAL objects and
manifests that the newest manifest has made useless go too, but never a claim or a fence: a stalled
writer, whatever number it had reached, must run into one.

Both look at every ref and every object there is, so they work in a thread on what was taken in one step of
the event loop (`Known`, `Named`; `engine.aside`), while the tenant goes on. What they find stays true:

- *Forgettable stays forgettable.* It was over at or before the horizon, and nothing pinned any of it. What
  begins later needs moments from the horizon on: a transaction reads what is newest, a snapshot AS OF an
  earlier moment is refused when it commits (`engine.commit`), a restore to one when its turn has come and a
  read of one after it has taken its objects. The other way round, what stops needing something in the
  meantime is seen by the next collection.
- *Unnamed stays unnamed.* Objects are listed first, and what is named is taken after that. What was listed
  came before: it is named by then, or in flight, or being read, or nobody will ever name it, since ids are
  not used twice. An object that comes later was not listed.

Everything here is per tenant, so that one tenant's damage stops only its own collection.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.aside import aside
from engine.catalog import Position, Sequence, Table, View
from engine.clock import give_way
from engine.errors import EngineError
from engine.history import Entry
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.paths import TenantPaths, parse
from engine.pins import Kept, Pins
from engine.refs import Ref
from engine.state import State
from engine.stores.base import Store

SLICE = 500
"""So many objects of a listing are looked at before others have their turn."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to judge, as it was at one step of the event loop."""

    refs: tuple[Ref, ...]
    entries: tuple[Entry, ...]

    @staticmethod
    def of(state: State) -> Known:
        return Known(tuple(state.refs()), tuple(state.history.entries()))

    def __len__(self) -> int:
        return len(self.refs) + len(self.entries)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What collection says of one object: `kept` None means that it goes."""

    key: str
    storage: StorageId | None
    bytes: int
    kept: Kept | None
    why: str


@dataclass(frozen=True, slots=True)
class Forgettable:
    refs: tuple[Ref, ...]
    entries: tuple[Entry, ...]


def storage_ends(entries: Iterable[Entry]) -> dict[StorageId, Timestamp]:
    """When the last table that used a storage stopped using it."""
    ends: dict[StorageId, Timestamp] = {}
    for entry in entries:
        if isinstance(entry.body, Table):
            storage = entry.body.storage
            ends[storage] = max(ends.get(storage, Timestamp(0)), entry.dropped_ts)
    return ends


def forgettable(known: Known, pins: Pins) -> Forgettable:
    """The refs and entries that nothing needs."""
    gone = tuple(ref for ref, first, end, tables in _lives(known) if pins.keeper(first, end, tables) is None)
    over = tuple(
        entry
        for entry in known.entries
        if entry.dropped_ts != INFINITY
        and pins.keeper(entry.created_ts, entry.dropped_ts, _relations_of(entry)) is None
    )
    return Forgettable(gone, over)


def verdicts(known: Known, pins: Pins) -> list[Verdict]:
    """Of every ref whether it would go, and else why it stays."""
    found = []
    for ref, first, end, tables in _lives(known):
        kept, why = pins.keeper(first, end, tables) or (None, "nothing needs it")
        found.append(Verdict(ref.key, ref.storage, ref.bytes, kept, why))
    return found


def last_wait(known: Known, pins: Pins) -> Timestamp | None:
    """The end of what history alone keeps and that ended last; None when it keeps nothing alone. As soon
    as the horizon has passed that moment, everything that is over by now may be forgotten."""
    alone = pins.raised(INFINITY)
    refs = (life[1:] for life in _lives(known))
    entries = ((entry.created_ts, entry.dropped_ts, _relations_of(entry)) for entry in known.entries)
    over = (life[1] for life in itertools.chain(refs, entries) if alone.keeper(*life) is None)
    return max(over, default=None)


def _lives(known: Known) -> Iterator[tuple[Ref, Timestamp, Timestamp, set[CatalogId] | None]]:
    """Every ref, from when until when anything can see it, and the tables it belongs to."""
    ends = storage_ends(known.entries)
    tables = tables_of_storages(known.entries)
    never = Timestamp(0)
    for ref in known.refs:
        yield ref, ref.added_ts, min(ref.removed_ts, ends.get(ref.storage, never)), tables.get(ref.storage)


def tables_of_storages(entries: Iterable[Entry]) -> dict[StorageId, set[CatalogId]]:
    found: dict[StorageId, set[CatalogId]] = {}
    for entry in entries:
        if isinstance(entry.body, Table):
            found.setdefault(entry.body.storage, set()).add(entry.body.id)
    return found


def _relations_of(entry: Entry) -> set[CatalogId] | None:
    """What a snapshot must cover to need this entry; None for what every snapshot needs."""
    return {entry.body.id} if isinstance(entry.body, Table | View | Sequence | Position) else None


@dataclass(frozen=True, slots=True)
class Named:
    """The objects that are named, at one step of the event loop: by refs, and otherwise."""

    refs: tuple[Ref, ...]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class Deleted:
    objects: int
    bytes: int
    waiting: int
    """Objects found unnamed that wait for their grace period to end."""


class Collector:
    """Deletes what is not named, in two phases. One per open tenant."""

    def __init__(self, store: Store, paths: TenantPaths, epoch: int, grace_seconds: float) -> None:
        self._store = store
        self._paths = paths
        self._epoch = epoch
        self._grace_seconds = grace_seconds
        self._unnamed_since: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """How many objects were found unnamed and wait for their grace period to end."""
        return len(self._unnamed_since)

    async def unnamed(self, named: Callable[[], Named]) -> dict[str, int]:
        """Object keys of this tenant, up to this epoch, that nothing names, with their sizes. `named` is
        asked when all objects are listed."""
        listed: dict[str, int] = {}
        async for info in self._store.scan(self._paths.objects):
            listed[info.key] = info.size
            if len(listed) % SLICE == 0:
                await give_way()
        taken = named()
        return await aside(len(listed) + len(taken.refs), lambda: _unnamed(listed, taken, self._epoch))

    async def delete(self, named: Callable[[], Named], now: float) -> Deleted:
        """One pass at the monotonic time `now`."""
        unnamed = await self.unnamed(named)
        self._unnamed_since = {key: self._unnamed_since.get(key, now) for key in unnamed}
        due = [key for key, since in self._unnamed_since.items() if now - since >= self._grace_seconds]
        for number, key in enumerate(due, 1):
            await self._store.delete(key)
            del self._unnamed_since[key]
            if number % SLICE == 0:
                await give_way()
        return Deleted(len(due), sum(unnamed[key] for key in due), self.waiting)

    async def delete_log(
        self, manifest: int, first_wal: int, claims: Collection[int], fences: Collection[int]
    ) -> int:
        """Manifests before the newest and WAL objects before its first, but no claim and no fence."""
        useless = []
        for prefix, limit, kept in (
            (self._paths.manifests, manifest, claims),
            (self._paths.wals, first_wal, fences),
        ):
            async for info in self._store.scan(prefix):
                parsed = parse(info.key)
                number = parsed.number if parsed is not None else None
                if number is not None and number < limit and number not in kept:
                    useless.append(info.key)
        for key in useless:
            await self._store.delete(key)
        return len(useless)


def _unnamed(listed: Mapping[str, int], named: Named, epoch: int) -> dict[str, int]:
    names = named.others | {ref.key for ref in named.refs}
    found = {}
    for key, size in listed.items():
        if key not in names and (parsed := parse(key)) is not None and _epoch_of(parsed.id) <= epoch:
            found[key] = size
    return found


def _epoch_of(object_id: str | None) -> int:
    """The epoch that an object id carries; one that carries none is older than all."""
    try:
        return int((object_id or "").split("-")[0], 16)
    except ValueError as error:
        raise EngineError(f"an object id without an epoch: {object_id!r}") from error
