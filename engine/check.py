"""Check: every name, manifest, WAL object, ref, object and content hash of a store, without claiming it.

A *fault* is something that a reader would run into: a damaged manifest or WAL object, a gap, a missing
object or one whose bytes are not what the ref says. An *orphan* is an object that nothing names, which
collection takes away in time; a key that is none of ours is *unknown*. Dropped tenants are looked at
like the living as long as they can be brought back. A store that is in use may show orphans that are in
flight; it never shows faults.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.cache import content_hash
from engine.dropped import Generation, remembered
from engine.errors import EngineError, ObjectMissing
from engine.paths import SYSTEM_GENERATION, SYSTEM_TENANT, TENANTS, TenantPaths, decode_name, parse
from engine.recovery import read_state
from engine.refs import Ref
from engine.state import State
from engine.stores.base import Store

READS_AT_ONCE = 8
_WAITS = "waits to be collected"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer. Only faults make the check fail."""

    kind: Literal["fault", "orphan", "unknown"]
    tenant: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: tenant {self.tenant}: {self.text}"


@dataclass(slots=True)
class Counts:
    """What was looked at."""

    tenants: int = 0
    objects: int = 0
    bytes: int = 0


async def check(store: Store, counts: Counts) -> AsyncIterator[Finding]:
    """Everything there is to say about `store`; `counts` grows meanwhile."""
    system = TenantPaths(SYSTEM_TENANT, SYSTEM_GENERATION)
    try:
        named = remembered((await read_state(store, system)).state.history)
    except EngineError as error:
        yield Finding("fault", SYSTEM_TENANT, f"{error.message}; the names of the other tenants are lost")
        return
    for name, generation in sorted(named):
        counts.tenants += 1
        async for finding in _check_tenant(store, TenantPaths(name, generation), counts):
            yield finding
    async for finding in _unnamed_generations(store, named):
        yield finding


async def _check_tenant(store: Store, paths: TenantPaths, counts: Counts) -> AsyncIterator[Finding]:
    try:
        state = (await read_state(store, paths)).state
    except EngineError as error:
        yield Finding("fault", paths.name, error.message)
        return
    refs = {ref.key: ref for ref in state.refs()}
    named = refs.keys() | state.ref_lists.keys() | {file.key for file in state.ref_files}
    async for finding in _check_objects(store, paths.name, refs.values(), state, counts):
        yield finding
    async for info in store.scan(paths.root):
        parsed = parse(info.key)
        if parsed is None:
            yield Finding("unknown", paths.name, f"{info.key} is no key of this product")
        elif parsed.kind in ("object", "refs") and info.key not in named:
            yield Finding("orphan", paths.name, f"{info.key} ({info.size:,} bytes) {_WAITS}")


async def _check_objects(
    store: Store, tenant: str, refs: Iterable[Ref], state: State, counts: Counts
) -> AsyncIterator[Finding]:
    slots = asyncio.Semaphore(READS_AT_ONCE)

    async def one(ref: Ref) -> tuple[Ref, str | None]:
        async with slots:
            return ref, await _object_fault(store, ref)

    for done in asyncio.as_completed([asyncio.create_task(one(ref)) for ref in refs]):
        ref, fault = await done
        counts.objects += 1
        counts.bytes += ref.bytes
        if fault is not None:
            yield Finding("fault", tenant, f"{_table_of(state, ref)}: {fault}")


async def _object_fault(store: Store, ref: Ref) -> str | None:
    try:
        data = await store.get(ref.key)
    except ObjectMissing:
        return f"object {ref.key} is missing"
    except EngineError as error:
        return f"object {ref.key} cannot be read: {error.message}"
    if len(data) != ref.bytes:
        return f"object {ref.key} has {len(data):,} bytes, its ref says {ref.bytes:,}"
    if await asyncio.to_thread(content_hash, data) != ref.hash:
        return f"object {ref.key} does not match its content hash"
    return None


def _table_of(state: State, ref: Ref) -> str:
    tables = state.tables_of_storage.get(ref.storage)
    return f"table {tables[-1].name}" if tables else f"storage {ref.storage}"


async def _unnamed_generations(store: Store, named: set[Generation]) -> AsyncIterator[Finding]:
    """Tenants that were dropped, or whose CREATE TENANT never got to its commit."""
    for folder in await store.folders(TENANTS):
        name = decode_name(folder)
        for generation in await store.folders(f"{TENANTS}{folder}/"):
            if (name, generation) not in named:
                yield Finding("orphan", name, f"generation {generation}, dropped or never named, {_WAITS}")
