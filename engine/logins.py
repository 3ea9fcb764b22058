"""What logins are checked against, also for tenants that are not open: names, roles and verifiers.

Reading claims nothing, so a failed login never takes a tenant from the server that has it. And it is
cheap: everybody who can reach the server may try names and passwords as often as they like.

- An open tenant's catalog is in memory; what it says holds at once, a changed password too. The cluster has
  looked before whether another server has taken it over.
- Of a tenant that is not open a small *book* is kept, with the newest manifest and the next WAL number it was
  read at. A tenant's state follows from the newest manifest and the WAL after it; so the book is right for
  as long as the store has neither a newer manifest nor that WAL number, whoever writes there. Two listings
  tell. Only when something is new is the tenant's state read again, once for all who wait for it,
  and a few tenants' at a time.
- Unknown and known tenants, open or not, are asked about in the same way: the listings are made for all of
  them. What can still be seen from outside is how long the first reading of a tenant's state takes, which
  is once per change.

The salts that unknown users are shown depend on the system tenant's first password verifier, which is kept
in the store: they are the same after a restart and on every server, as those of known users are.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

from engine.catalog import Catalog
from engine.paths import SYSTEM_GENERATION, SYSTEM_TENANT, TenantPaths
from engine.recovery import read_state
from engine.stores.base import ObjectInfo, Store

BOOKS_MAX = 1_000
READS_MAX = 4
"""States that are read at the same time."""
NO_GENERATION = "0"
"""Stands for the generation of a tenant that does not exist; real ones are longer, but for sys."""


@dataclass(frozen=True, slots=True)
class LoginMaterial:
    """What a login is checked against. `verifier` None: this role cannot log in with a password."""

    verifier: str | None
    admin: bool


@dataclass(frozen=True, slots=True)
class Book:
    """A tenant's roles; of the system tenant also the other tenants' generations."""

    roles: Mapping[str, LoginMaterial]
    generations: Mapping[str, str]
    secret: bytes

    @classmethod
    def of(cls, catalog: Catalog) -> Book:
        roles = {}
        for role in sorted(catalog.roles.values(), key=lambda role: role.id):
            password = catalog.password(role)
            roles[role.name] = LoginMaterial(password.verifier if password is not None else None, role.admin)
        first = next((known.verifier for known in roles.values() if known.verifier is not None), "")
        secret = hashlib.blake2b(first.encode(), person=b"mock salts").digest()
        return cls(roles, {name: known.generation for name, known in catalog.tenants.items()}, secret)


@dataclass(frozen=True, slots=True)
class _Kept:
    book: Book
    manifest: str
    next_wal: int


class Logins:
    """One per cluster. `opened` gives the catalog of a tenant that is open here."""

    def __init__(self, store: Store, opened: Callable[[str], Catalog | None]) -> None:
        self._store = store
        self._opened = opened
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._slots = asyncio.Semaphore(READS_MAX)
        self._secret = b""

    async def generation(self, tenant: str) -> str | None:
        """The generation of a tenant's name, None when there is no such tenant."""
        if tenant == SYSTEM_TENANT:
            return SYSTEM_GENERATION
        return (await self._system()).generations.get(tenant)

    async def material(self, tenant: str, role: str) -> LoginMaterial | None:
        """What to check a login against; None when there is no such tenant or role."""
        generation = (await self._system()).generations.get(tenant)
        if tenant == SYSTEM_TENANT:
            generation = SYSTEM_GENERATION
        paths = TenantPaths(tenant, generation or NO_GENERATION)
        kept = self._kept.get(paths.root) if generation is not None else None
        current = await self._is_current(paths, kept)
        catalog = self._opened(tenant) if generation is not None else None
        if catalog is not None:
            return Book.of(catalog).roles.get(role)
        if generation is None:
            return None
        book = kept.book if kept is not None and current else await self._read(paths)
        return book.roles.get(role)

    def mock_secret(self) -> bytes:
        """What the salts of unknown users depend on, once `material` has been asked for."""
        return self._secret

    async def _system(self) -> Book:
        catalog = self._opened(SYSTEM_TENANT)
        if catalog is not None:
            book = Book.of(catalog)
        else:
            paths = TenantPaths(SYSTEM_TENANT, SYSTEM_GENERATION)
            kept = self._kept.get(paths.root)
            current = kept is not None and await self._is_current(paths, kept)
            book = kept.book if kept is not None and current else await self._read(paths)
        self._secret = book.secret
        return book

    async def _is_current(self, paths: TenantPaths, kept: _Kept | None) -> bool:
        """Whether the store has nothing newer than what was kept; it is asked in any case."""
        manifest = kept.manifest if kept is not None else None
        wal = paths.wal(kept.next_wal - 1) if kept is not None else None
        newer = await asyncio.gather(
            _any(self._store.scan(paths.manifests, after=manifest)),
            _any(self._store.scan(paths.wals, after=wal)),
        )
        return kept is not None and not any(newer)

    async def _read(self, paths: TenantPaths) -> Book:
        """Read the tenant's state, unless somebody who was before us has just done so."""
        async with self._locks.setdefault(paths.root, asyncio.Lock()):
            kept = self._kept.get(paths.root)
            if kept is None or not await self._is_current(paths, kept):
                async with self._slots:
                    recovered = await read_state(self._store, paths)
                newest = paths.manifest(recovered.manifest.number)
                kept = _Kept(Book.of(recovered.state.history.current), newest, recovered.next_wal)
        self._kept[paths.root] = kept
        self._kept.move_to_end(paths.root)
        while len(self._kept) > BOOKS_MAX:
            self._kept.popitem(last=False)
        return kept.book


async def _any(found: AsyncIterator[ObjectInfo]) -> bool:
    async for _ in found:
        return True
    return False
