"""One server for the tests that leave it as it was, and a tenant for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from engine.ids import Ids
from tests.clients.serving import PASSWORD, Server, serving
from tests.conftest import StoreAddress


@dataclass(frozen=True)
class ATenant:
    """A tenant of its own for one test."""

    server: Server
    name: str

    @property
    def user(self) -> str:
        return f"{self.name}:admin"

    @property
    def dsn(self) -> str:
        return self.server.dsn(self.user)

    def connect(self, **keywords: object) -> psycopg.Connection[tuple[object, ...]]:
        return self.server.connect(self.user, **keywords)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    with serving(StoreAddress(f"file://{folder / 'store'}"), folder) as running:
        yield running


@pytest.fixture
def tenant(server: Server) -> Iterator[ATenant]:
    name = f"t{Ids().token(48)}"
    with server.connect() as system:
        system.execute(f"CREATE TENANT {name} ADMIN admin PASSWORD '{PASSWORD}'")  # type: ignore[arg-type]
    yield ATenant(server, name)
    with server.connect() as system:
        system.execute(f"DROP TENANT {name}")  # type: ignore[arg-type]
