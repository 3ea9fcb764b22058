"""Deciding a put ends in time, whatever the store does, and never calls an open outcome a failure."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import puts, wal
from engine.clock import ManualClock, SystemClock
from engine.commit import Request
from engine.errors import CommitUnknown, StoreMisconfigured, StoreUnavailable, TenantClosed
from engine.ids import Timestamp
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened

DECIDE_SECONDS = 0.4


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puts, "DECIDE_SECONDS_MAX", DECIDE_SECONDS)
    monkeypatch.setattr(puts, "TRY_SECONDS_MIN", DECIDE_SECONDS / 4)


async def decided(store: FaultyStore) -> bytes | None:
    async with asyncio.timeout(20):
        return await puts.put_decided(store, SystemClock(), "a/b", b"bytes", lambda found: found == b"bytes")


@pytest.mark.usefixtures("impatient")
def test_a_put_that_is_never_answered() -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        store.inject("held", times=None)
        with pytest.raises(CommitUnknown, match="cannot be told whether a/b"):
            await decided(store)

    asyncio.run(run())


@pytest.mark.usefixtures("impatient")
def test_a_look_that_is_never_answered() -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        store.inject("error_after")
        store.inject("held", "get", times=None)
        with pytest.raises(CommitUnknown):
            await decided(store)

    asyncio.run(run())


@pytest.mark.usefixtures("impatient")
def test_refusals_stay_definite_to_the_end() -> None:
    """No try is begun that the deadline would cut off into an open outcome."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        store.inject("throttled", times=None)
        with pytest.raises(StoreUnavailable):
            await decided(store)

    asyncio.run(run())


def test_large_puts_have_longer() -> None:
    megabytes = 100
    longer = puts.decide_seconds_max(megabytes * 10**6) - puts.decide_seconds_max(0)
    assert longer > megabytes, "a line of a megabyte a second is enough"


async def request(lab: Lab, *, fails: bool) -> Timestamp:
    """A commit of nothing, or one that cannot be made."""

    def build(ts: Timestamp) -> wal.Transaction:
        if fails:
            _ = {}["a defect"]
        return wal.Transaction(
            ts=ts, next_id=lab.tenant.numbers.next_id, next_row_id=lab.tenant.numbers.next_row_id
        )

    done: asyncio.Future[Timestamp] = asyncio.get_running_loop().create_future()
    return await lab.tenant.commit(Request(build, lab.tenant.catalog.world.id, 0, done))


def test_a_request_that_cannot_be_made_fails_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            work = (request(lab, fails=False), request(lab, fails=True), request(lab, fails=False))
            async with asyncio.timeout(20):
                first, broken, last = await asyncio.gather(*work, return_exceptions=True)
            assert isinstance(broken, KeyError)
            assert isinstance(first, int)
            assert isinstance(last, int)
            await lab.create()

    asyncio.run(run())


def test_when_the_writer_ends_everybody_hears(tmp_path: Path) -> None:
    """Whatever ends it."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            store.inject("held", key="/wal/")
            flying = asyncio.create_task(request(lab, fails=False))
            await store.holding.wait()
            queued = asyncio.create_task(request(lab, fails=False))
            settling = asyncio.create_task(lab.tenant.settle(lab.tenant.now()))
            await asyncio.sleep(0.01)
            lab.tenant._committer._task.cancel()
            async with asyncio.timeout(20):
                ends = await asyncio.gather(flying, queued, settling, return_exceptions=True)
            assert [type(end) for end in ends] == [CommitUnknown, TenantClosed, TenantClosed]
            with pytest.raises(TenantClosed):
                lab.tenant.begin()
            store.heal()
            again = await lab.cluster.tenant("acme")
            assert again is not lab.tenant

    asyncio.run(run())


@pytest.mark.parametrize("work", ["flush", "compact"])
def test_a_manifest_that_came_through_unheard(tmp_path: Path, work: str) -> None:
    """Its objects are not garbage: the tenant closes, and is opened with what the manifest says."""

    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock, options=Options(grace_seconds=0)) as lab:
            await lab.create()
            for id in range(6):
                await lab.insert((id, "small"))
                await lab.tenant.flush()
            await lab.insert((10, "tail"))
            store.inject("error_after", "put", "/manifest/")
            store.inject("error_before", "get", "/manifest/", times=None)
            with pytest.raises(CommitUnknown):
                await (lab.tenant.flush() if work == "flush" else lab.tenant.compact())
            store.heal()
            for _ in range(2):
                with pytest.raises(CommitUnknown):
                    await lab.tenant.collect()
                clock.advance(10_000_000)
            again = Lab(lab.cluster, await lab.cluster.tenant("acme"))
            await again.tenant.collect()
            clock.advance(10_000_000)
            await again.tenant.collect()
            assert [row[0] for row in await again.cold_rows()] == [*range(6), 10]
        async with opened(store, tmp_path / "elsewhere", clock=clock) as lab:
            assert [row[0] for row in await lab.cold_rows()] == [*range(6), 10]

    asyncio.run(run())


def test_rights_lost_meanwhile_do_not_decide_an_earlier_try() -> None:
    """The first put may still arrive; that the second one was refused says nothing of it."""

    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        store.inject("error_after")
        put = store.put

        async def refused_later(key: str, data: bytes) -> None:
            if store.count("put"):
                raise StoreMisconfigured("AccessDenied")
            await put(key, data)

        store.put = refused_later  # type: ignore[method-assign]
        with pytest.raises(CommitUnknown):
            await puts.put_decided(store, clock, "a/b", b"bytes", lambda found: found == b"bytes")

    asyncio.run(run())
