"""A fixture that runs an async test body with a cluster of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.cluster import Cluster
from tests.session.harness import running_cluster

Body = Callable[[Cluster], Awaitable[None]]


@pytest.fixture
def with_cluster() -> Callable[[Body], None]:
    def run(body: Body) -> None:
        async def main() -> None:
            async with running_cluster() as cluster:
                await body(cluster)

        asyncio.run(main())

    return run
