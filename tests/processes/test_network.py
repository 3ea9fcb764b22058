"""What the network does to single requests between the engine and SeaweedFS, while it commits and reads.

Whatever it is, who commits hears in bounded time what came of it: what was acknowledged is there, what
was refused is not, and 08007 is the only answer that leaves it open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine import puts
from engine.errors import CommitUnknown, EngineError, StoreUnavailable
from engine.ids import Ids
from engine.stores.s3 import S3Store
from tests.conftest import BUCKET
from tests.engine.lab import Lab, opened
from tests.proxy import TOXICS, Proxy, Toxic, proxying

ANSWER_SECONDS = 1.5
DECIDE_SECONDS = 3.0
PATIENT_SECONDS = 30.0
SLACK_SECONDS = 15.0
"""What a busy machine may add."""


@pytest.fixture
def proxy(seaweed_endpoint: str) -> Iterator[Proxy]:
    with proxying(seaweed_endpoint) as proxy:
        yield proxy


@pytest.fixture
def decide_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    monkeypatch.setattr(puts, "TRY_SECONDS_MIN", ANSWER_SECONDS)

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(puts, "DECIDE_SECONDS_MAX", seconds)

    set_to(PATIENT_SECONDS)
    return set_to


@asynccontextmanager
async def lab_behind(proxy: Proxy, folder: Path) -> AsyncIterator[tuple[S3Store, Lab]]:
    """A tenant with a table of one row, (1, 'first')."""
    prefix = Ids().token()
    store = await S3Store.open(BUCKET, prefix, endpoint=proxy.endpoint, answer_seconds_max=ANSWER_SECONDS)
    async with opened(store, folder) as lab:
        await lab.create()
        await lab.insert((1, "first"))
        yield store, lab


async def outcome(work: Awaitable[object], seconds_max: float) -> EngineError | None:
    """What came of it; it must have come in time."""
    began = time.monotonic()
    try:
        await work
        heard = None
    except EngineError as error:
        heard = error
    assert time.monotonic() - began < seconds_max + SLACK_SECONDS, heard
    return heard


@pytest.mark.parametrize("toxic", TOXICS)
def test_a_commit_outlives_one_bad_request(
    toxic: Toxic, proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]
) -> None:
    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (_, lab):
            proxy.inject(toxic, "PUT", "/wal/")
            assert await outcome(lab.insert((2, "second")), PATIENT_SECONDS) is None
            assert [met for met, _ in proxy.met] == [toxic]
            await lab.insert((3, "third"))
            assert [row[0] for row in await lab.rows()] == [1, 2, 3]

    asyncio.run(body())


@pytest.mark.parametrize("toxic", TOXICS)
def test_everybody_hears_in_time_what_came_of_a_commit(
    toxic: Toxic, proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]
) -> None:
    """The network stays bad for longer than anybody waits."""

    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (store, lab):
            decide_in(DECIDE_SECONDS)
            proxy.inject(toxic, "PUT", "/wal/", times=None)
            heard = await outcome(lab.insert((2, "second")), DECIDE_SECONDS)
            assert heard is None or isinstance(heard, CommitUnknown), heard
            acknowledged = {1} | ({2} if heard is None else set())
            if isinstance(heard, CommitUnknown):
                refused = await outcome(lab.insert((3, "the tenant is closed")), DECIDE_SECONDS)
                assert isinstance(refused, EngineError)
            proxy.heal()
            decide_in(PATIENT_SECONDS)
            again = Lab(lab.cluster, await lab.cluster.tenant("acme"))
            await again.insert((4, "after"))
            there = {row[0] for row in await again.rows()}
            assert acknowledged | {4} <= there <= {1, 2, 4}
        async with opened(store, tmp_path / "elsewhere") as lab:
            assert {row[0] for row in await lab.rows()} == there

    asyncio.run(body())


def test_a_put_that_nobody_can_look_at(
    proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]
) -> None:
    """Stored, the answer lost, and reading does not work either: open, and there all the same."""

    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (_, lab):
            decide_in(DECIDE_SECONDS)
            proxy.inject("lose_reply", "PUT", "/wal/")
            proxy.inject("silent", "GET", "/wal/", times=None)
            heard = await outcome(lab.insert((2, "second")), DECIDE_SECONDS)
            assert isinstance(heard, CommitUnknown), heard
            proxy.heal()
            again = Lab(lab.cluster, await lab.cluster.tenant("acme"))
            assert [row[0] for row in await again.rows()] == [1, 2]

    asyncio.run(body())


def test_nobody_listens(proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]) -> None:
    """A definite refusal: the tenant stays open, and goes on when the store is there again."""

    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (_, lab):
            decide_in(DECIDE_SECONDS)
            proxy.close_the_door()
            heard = await outcome(lab.insert((2, "second")), DECIDE_SECONDS)
            assert isinstance(heard, StoreUnavailable), heard
            proxy.open_the_door()
            await lab.insert((3, "third"))
            assert [row[0] for row in await lab.rows()] == [1, 3]

    asyncio.run(body())


def test_dead_connections_cost_one_try(
    proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]
) -> None:
    """All connections of the pool have died without a word; the first that is tried ends them all."""

    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (store, lab):
            await asyncio.gather(*(store.put(f"probe/{n}", b"x") for n in range(12)))
            proxy.kill_connections()
            proxy.requests.clear()
            assert await outcome(lab.insert((2, "second")), PATIENT_SECONDS) is None
            assert len([path for method, path in proxy.requests if method == "PUT"]) == 2

    asyncio.run(body())


@pytest.mark.parametrize("toxic", ["silent", "half_reply", "reset_reply"])
@pytest.mark.parametrize("what", ["object", "listing"])
def test_reads_end_in_time(
    toxic: Toxic, what: str, proxy: Proxy, tmp_path: Path, decide_in: Callable[[float], None]
) -> None:
    """An answer that stops in the middle as well; the next try gets it all."""

    async def body() -> None:
        async with lab_behind(proxy, tmp_path) as (store, _):
            data = bytes(range(256)) * 12_000
            await store.put("probe/large", data)
            proxy.inject(toxic, "GET", "list-type" if what == "listing" else "large")

            async def read() -> object:
                if what == "object":
                    return await store.get("probe/large")
                return [info.key async for info in store.scan("probe/")]

            heard = await outcome(read(), ANSWER_SECONDS)
            assert isinstance(heard, StoreUnavailable), heard
            assert proxy.met
            assert await read() == (data if what == "object" else ["probe/large"])

    asyncio.run(body())


def test_a_slow_line_is_not_a_dead_one(proxy: Proxy, decide_in: Callable[[float], None]) -> None:
    """Time-outs go by bytes: a large object may take longer than an answer."""

    async def body() -> None:
        prefix = Ids().token()
        store = await S3Store.open(BUCKET, prefix, endpoint=proxy.endpoint, answer_seconds_max=ANSWER_SECONDS)
        data = bytes(4 * 2**20)
        proxy.bytes_per_second = 2 * 2**20
        began = time.monotonic()
        await store.put("probe/large", data)
        assert time.monotonic() - began > ANSWER_SECONDS
        assert await store.get("probe/large") == data

    asyncio.run(body())


def test_a_request_that_was_given_up_is_ended(proxy: Proxy, decide_in: Callable[[float], None]) -> None:
    """Its connection is closed; nothing goes on behind anybody's back."""

    async def body() -> None:
        store = await S3Store.open(BUCKET, Ids().token(), endpoint=proxy.endpoint)
        proxy.inject("silent", "PUT", "cancelled")
        put = asyncio.create_task(store.put("probe/cancelled", b"x"))
        await asyncio.to_thread(proxy.wait_for, lambda: bool(proxy.met), SLACK_SECONDS)
        put.cancel()
        with pytest.raises(asyncio.CancelledError):
            await put
        await asyncio.to_thread(proxy.wait_for, lambda: proxy.abandoned > 0, SLACK_SECONDS)

    asyncio.run(body())
