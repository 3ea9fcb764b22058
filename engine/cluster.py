"""A cluster: all tenants of one store. Names -> open tenants.

The system tenant ``sys`` holds the list of the others (`TenantName` bodies in its catalog): CREATE
TENANT writes the new tenant's first manifest under a generation of its own and then commits the name in
``sys``, which is the commit point; a crash in between leaves an unnamed generation, which is garbage.
DROP TENANT only ends the name and UNDROP TENANT makes it current again, for as long as the system tenant's
history remembers it; `engine.dropped` deletes what nothing remembers.

Tenants, ``sys`` among them, are opened (claimed, recovered) on first use by someone who has logged in.
Looking up a name or a password reads without claiming (`engine.logins`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from engine import manifest as manifests
from engine.cache import ObjectCache
from engine.cache_folder import CacheFolder
from engine.caretaker import Caretaker
from engine.catalog import Catalog, Database, Drop, Password, Put, Role, Schema, TenantName, World
from engine.clock import Clock, SystemClock
from engine.dropped import Sweeper, last_named
from engine.duck import Duck, Ducks
from engine.errors import (
    CommitUnknown,
    EngineError,
    ObjectExists,
    ObjectMissing,
    OutOfMemory,
    TenantClosed,
    TenantExists,
    UnknownTenant,
)
from engine.history import Entry
from engine.hot_table import HotBudget
from engine.ids import FIRST_CATALOG_ID, FIRST_ROW_ID, INFINITY, CatalogId, Ids, Timestamp, format_ts
from engine.logins import LoginMaterial, Logins
from engine.manifest import Manifest
from engine.memory import HOT_SHARE, LOOK_SECONDS, WORKSPACE_SHARE, MemoryWatch, Process, WorkspaceBudget
from engine.paths import SYSTEM_GENERATION, SYSTEM_TENANT, TenantPaths
from engine.puts import put_object
from engine.recovery import claim, newest_manifest
from engine.stores.base import Store
from engine.tenant import Options, Tenant
from engine.transaction import Transaction

OPEN_TRIES_MAX = 10
"""How often DuckDB is asked for a tenant's instance while there is no memory for it."""

log = logging.getLogger("rewinddb.engine")


class Cluster:
    """Made once per process and store. All that has an effect comes in here: store, clock, ids, DuckDB."""

    def __init__(
        self,
        store: Store,
        *,
        cache_dir: Path,
        clock: Clock | None = None,
        ids: Ids | None = None,
        options: Options | None = None,
        ducks: Ducks | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._ids = ids or Ids()
        self._options = options or Options()
        self._cache_folder = CacheFolder(cache_dir)
        self._cache = ObjectCache(
            self._cache_folder.path, store, self._options.cache_bytes_max, ids=self._ids
        )
        self._ducks = ducks or Ducks()
        self._budget = HotBudget(int(self._options.server_memory_bytes_max * HOT_SHARE))
        self._workspaces = WorkspaceBudget(int(self._options.server_memory_bytes_max * WORKSPACE_SHARE))
        self._open: dict[str, Tenant] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._sweeper = Sweeper(store, self._clock, self._ids, self._options.grace_seconds)
        self._logins = Logins(store, self._catalog)
        self._closed = False
        self.caretaker = Caretaker(self, self._clock, self._options)

    @property
    def clock(self) -> Clock:
        return self._clock

    async def start(self, admin_verifier: Callable[[], str]) -> None:
        """Make the system tenant on the first start of a store; `admin_verifier` is asked for the
        password verifier of its role ``admin`` only then."""
        paths = TenantPaths(SYSTEM_TENANT, SYSTEM_GENERATION)
        async for _ in self._store.scan(paths.manifests):
            return
        try:
            await self._store.put(
                paths.manifest(1), manifests.encode(self._first_manifest("admin", admin_verifier()))
            )
        except ObjectExists:
            return

    def _first_manifest(self, admin_role: str, verifier: str) -> Manifest:
        """A new tenant: the database ``postgres`` with the schema ``public``, and its admin."""
        now = self._clock.now()
        world, database, schema, role = (CatalogId(FIRST_CATALOG_ID + step) for step in range(4))
        bodies = (
            World(world),
            Database(database, "postgres"),
            Schema(schema, database, "public"),
            Role(role, admin_role, admin=True),
            Password(role, verifier),
        )
        return Manifest(
            number=1,
            epoch=0,
            writer=self._ids.token(),
            first_wal=1,
            watermark=now,
            last_ts=now,
            horizon=now,
            next_id=FIRST_CATALOG_ID + len(bodies),
            next_row_id=FIRST_ROW_ID,
            claims=(),
            fences=(),
            entries=tuple(Entry(body, now, INFINITY) for body in bodies),
            ref_files=(),
            ref_changes={},
        )

    # --- names ---------------------------------------------------------------------------------------

    def _catalog(self, name: str) -> Catalog | None:
        """The catalog of a tenant that is open."""
        opened = self._open.get(name)
        return opened.catalog if opened is not None and not opened.closed else None

    async def _generation(self, name: str) -> str:
        generation = await self._logins.generation(name)
        if generation is None:
            raise UnknownTenant(f'tenant "{name}" does not exist')
        return generation

    async def login_material(self, tenant: str, role: str) -> LoginMaterial | None:
        """What to check a login against; None when there is no such tenant or role. What is open here may
        have been taken over by another server, and what it remembers of names and passwords be old."""
        for name in (SYSTEM_TENANT, tenant):
            await self._look_for_fence(name)
        return await self._logins.material(tenant, role)

    def mock_secret(self) -> bytes:
        """What the salts of unknown users depend on."""
        return self._logins.mock_secret()

    async def _look_for_fence(self, name: str) -> None:
        """Of a tenant that is not open, or not there, the store is asked as much."""
        opened = self._open.get(name)
        if opened is not None and not opened.closed:
            await opened.look_for_fence()
            return
        with contextlib.suppress(ObjectMissing):
            await self._store.get(TenantPaths(SYSTEM_TENANT, SYSTEM_GENERATION).wal(0))

    # --- tenants -------------------------------------------------------------------------------------

    async def tenant(self, name: str) -> Tenant:
        """The open tenant; opens it (and becomes its writer) on first use. `UnknownTenant`."""
        async with self._opening.setdefault(name, asyncio.Lock()):
            if self._closed:
                raise TenantClosed("the server is shutting down")
            opened = self._open.get(name)
            if opened is not None and not opened.closed:
                opened.used()
                return opened
            if opened is not None:
                del self._open[name]
                await opened.close()
            paths = TenantPaths(name, await self._generation(name))
            opened = self._open[name] = await self._open_tenant(paths)
        return opened

    async def _open_duck(self, folder: Path, memory_bytes_max: int) -> Duck:
        """Statements of others may take what there is in the same moment; the watch ends them soon."""
        options = self._options
        tries = 0
        while True:
            try:
                return self._ducks.open(
                    folder,
                    memory_bytes_max=memory_bytes_max,
                    spill_bytes_max=options.spill_bytes_max,
                    threads=options.threads,
                )
            except OutOfMemory:
                tries += 1
                if tries == OPEN_TRIES_MAX:
                    raise
                await self._clock.sleep(2 * LOOK_SECONDS)

    async def _open_tenant(self, paths: TenantPaths) -> Tenant:
        claimed = await claim(self._store, paths, self._clock, self._ids)
        options = self._options
        memory = options.memory_limit(claimed.state.history.current)
        folder = self._cache.path(paths.root)
        return Tenant(
            claimed,
            self._store,
            paths,
            cache=self._cache,
            duck=await self._open_duck(folder, memory),
            clock=self._clock,
            ids=self._ids,
            options=options,
            budget=self._budget,
            workspaces=self._workspaces,
        )

    def memory_watch(self, process: Process) -> MemoryWatch:
        """What keeps the server within its memory, to be run for as long as the server does. From now on
        there is room whenever a thread or an instance is made."""

        def ducks() -> list[Duck]:
            return [tenant.duck for tenant in self._open.values()]

        bytes_max = self._options.server_memory_bytes_max
        watch = MemoryWatch(process, bytes_max, self._budget, ducks, self._clock)
        self._ducks.make_room = watch.follow
        return watch

    def opened(self) -> dict[str, Tenant]:
        """The tenants that are open now, by name."""
        return {name: tenant for name, tenant in self._open.items() if not tenant.closed}

    async def let_go(self, tenant: Tenant) -> bool:
        """Close an open tenant unless somebody has come to use it; whether it was closed."""
        return await self._close_if(tenant, lambda: tenant.idle_seconds > self._options.idle_seconds)

    async def reopen(self, tenant: Tenant) -> bool:
        """Have a tenant opened anew, with the settings it has now, at its next use; False, and nothing
        done, while it is used."""
        return await self._close_if(tenant, lambda: tenant.unused)

    async def _close_if(self, tenant: Tenant, condition: Callable[[], bool]) -> bool:
        name = tenant.name
        if self._opening[name].locked():
            return False
        async with self._opening[name]:
            if self._open.get(name) is not tenant or not condition():
                return False
            del self._open[name]
            await tenant.close()
            return True

    async def has_moved(self, name: str, epoch: int) -> bool:
        """Whether the tenant is gone, or another writer has claimed it since `epoch`."""
        try:
            paths = TenantPaths(name, await self._generation(name))
            return (await newest_manifest(self._store, paths)).epoch != epoch
        except UnknownTenant:
            return True

    async def create_tenant(self, name: str, admin_role: str, verifier: str) -> None:
        """`TenantExists` when there is one."""
        async with self._naming(name) as transaction:
            await self._require_free(name, transaction)
            generation = self._ids.token(64)
            manifest = self._first_manifest(admin_role, verifier)
            key = TenantPaths(name, generation).manifest(1)
            await put_object(self._store, self._clock, key, manifests.encode(manifest))
            body = TenantName(transaction.new_id(), name, generation, self._clock.now(), admin_role)
            transaction.edit(Put(body))

    async def drop_tenant(self, name: str) -> None:
        """`UnknownTenant` when there is none; sessions of the tenant end, on other servers too."""
        try:
            async with self._naming(name) as transaction:
                known = transaction.catalog.tenants.get(name)
                if known is None:
                    raise UnknownTenant(f'tenant "{name}" does not exist')
                transaction.edit(Drop("tenant", known.id))
        except CommitUnknown:
            await self._let_go(name, "may have been dropped")
            raise
        await self._let_go(name, "was dropped")
        async with self._opening.setdefault(name, asyncio.Lock()):
            if await self._logins.generation(name) is None:
                await self._fence(TenantPaths(name, known.generation))

    async def undrop_tenant(self, name: str, moment: Timestamp | None = None) -> None:
        """Give the tenant that had `name` last, or at `moment`, its name back. `TenantExists` when the name
        is in use, `UnknownTenant` when no such tenant can be brought back."""
        async with self._naming(name) as transaction:
            try:
                await self._require_free(name, transaction)
            except TenantExists as error:
                raise TenantExists(
                    error.message,
                    hint="DROP TENANT frees the name; UNDROP TENANT … TO TIMESTAMP says which is meant.",
                ) from error
            known = last_named((await self.tenant(SYSTEM_TENANT)).history, name, moment)
            if known is None:
                of_then = f" of {format_ts(moment)}" if moment is not None else ""
                raise UnknownTenant(
                    f'no dropped tenant "{name}"{of_then} can be brought back',
                    hint='Dropped tenants are kept for the history_retention of the tenant "sys": '
                    "SELECT * FROM mo_dropped_tenants.",
                )
            transaction.edit(Put(known))

    @contextlib.asynccontextmanager
    async def _naming(self, name: str) -> AsyncIterator[Transaction]:
        """A transaction of the system tenant that has `name` to itself; it is committed at the end."""
        await self._look_for_fence(SYSTEM_TENANT)
        system = await self.tenant(SYSTEM_TENANT)
        transaction = system.begin()
        try:
            await transaction.lock_name("tenant", name)
            transaction.start_statement()
            yield transaction
            await transaction.commit()
        finally:
            await transaction.rollback()

    async def _require_free(self, name: str, transaction: Transaction) -> None:
        """`TenantExists` when the name is taken. When it is not, nobody may go on with a tenant that had
        it: its end may have come to light only now, by a put that nobody heard the outcome of."""
        if name == SYSTEM_TENANT or name in transaction.catalog.tenants:
            raise TenantExists(f'tenant "{name}" already exists')
        await self._let_go(name, "was dropped")

    async def _let_go(self, name: str, what_happened: str) -> None:
        """Close the tenant, if it is open: who uses the name next looks up what it means."""
        async with self._opening.setdefault(name, asyncio.Lock()):
            opened = self._open.pop(name, None)
            if opened is not None:
                await opened.close(TenantClosed(f'tenant "{name}" {what_happened}', hint="Connect again."))

    async def _fence(self, paths: TenantPaths) -> None:
        """A server that has the dropped tenant open writes no more. What it has acknowledged until then
        is there after UNDROP TENANT."""
        try:
            await claim(self._store, paths, self._clock, self._ids)
        except EngineError as error:
            log.warning("dropped tenant %s could not be fenced: %s", paths.name, error.message)

    @property
    def dropped_waiting(self) -> int:
        """How many dropped tenants wait to be deleted."""
        return self._sweeper.waiting

    async def sweep(self) -> int:
        """Delete the dropped tenants that nothing remembers; how many."""
        return await self._sweeper.sweep(await self.tenant(SYSTEM_TENANT))

    async def close(self) -> None:
        """Finish what is in flight in every tenant and let everything go."""
        self._closed = True
        for name in list(self._open):
            async with self._opening.setdefault(name, asyncio.Lock()):
                opened = self._open.pop(name, None)
                if opened is not None:
                    await opened.close()
        self._ducks.close()
        self._cache_folder.close()
        await self._store.close()
