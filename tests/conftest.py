"""Fixtures for all tests: the services, started once a test process when first asked for, and stores.

A test whose tool is missing is skipped and says so; with REWINDDB_REQUIRE_TOOLS=1, as in CI, it fails.
REWINDDB_TEST_S3_ENDPOINT adds another S3 server to every test that runs on stores; its credentials come
from AWS's own variables.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from engine.ids import Ids
from engine.stores import Store, open_store
from engine.stores.memory import MemoryStore
from tests import services

T = TypeVar("T")

BUCKET = "rewinddb-tests"
EXTERNAL_ENDPOINT = os.environ.get("REWINDDB_TEST_S3_ENDPOINT")
S3_SERVERS = ["moto", "seaweed", *(["external"] if EXTERNAL_ENDPOINT else [])]


@dataclass(frozen=True)
class StoreAddress:
    """What a server is given to find a store: a URL, an endpoint, and environment variables."""

    url: str
    endpoint: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


def _missing(reason: services.ToolMissing) -> NoReturn:
    """Skip the test for want of a tool, or fail it where the tools are required."""
    if os.environ.get("REWINDDB_REQUIRE_TOOLS") == "1":
        pytest.fail(f"required here, but {reason}", pytrace=False)
    pytest.skip(str(reason))


def _running(start: Callable[[Path], AbstractContextManager[T]], folder: Path) -> Iterator[T]:
    with ExitStack() as stack:
        try:
            service = stack.enter_context(start(folder))
        except services.ToolMissing as reason:
            _missing(reason)
        yield service


# --- services ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def moto_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.S3Service]:
    yield from _running(services.moto, tmp_path_factory.mktemp("moto"))


@pytest.fixture(scope="session")
def seaweed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.S3Service]:
    yield from _running(services.seaweed, tmp_path_factory.mktemp("seaweed"))


@pytest.fixture(scope="session")
def postgres_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.PostgresService]:
    yield from _running(services.postgres, tmp_path_factory.mktemp("postgres"))


@pytest.fixture
def moto_endpoint(moto_service: services.S3Service, monkeypatch: pytest.MonkeyPatch) -> str:
    """moto's address; its credentials are in the environment."""
    return _use(moto_service, monkeypatch)


@pytest.fixture
def seaweed_endpoint(seaweed_service: services.S3Service, monkeypatch: pytest.MonkeyPatch) -> str:
    """SeaweedFS's address; its credentials are in the environment."""
    return _use(seaweed_service, monkeypatch)


@pytest.fixture(scope="session")
def postgres_dsn(postgres_service: services.PostgresService) -> str:
    """A connection string of a PostgreSQL superuser."""
    return postgres_service.dsn


@pytest.fixture(scope="session")
def psql() -> Path:
    """The psql program."""
    try:
        return services.psql_program()
    except services.ToolMissing as reason:
        _missing(reason)


def _use(service: services.S3Service, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    return service.endpoint


# --- stores -----------------------------------------------------------------------------------------


@pytest.fixture(params=["local", *S3_SERVERS])
def store_address(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """The address of an empty store, of each kind that outlives a process."""
    return _address(request, request.param, tmp_path)


@pytest.fixture(params=["memory", "local", *S3_SERVERS])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind, open."""
    if request.param == "memory":
        yield MemoryStore()
        return
    address = _address(request, request.param, tmp_path)
    store = asyncio.run(open_store(address.url, endpoint=address.endpoint))
    yield store
    asyncio.run(store.close())


def _address(request: pytest.FixtureRequest, kind: str, folder: Path) -> StoreAddress:
    if kind == "local":
        return StoreAddress(f"file://{folder / 'store'}")
    url = f"s3://{BUCKET}/{Ids().token()}"
    if kind == "external":
        return StoreAddress(url, EXTERNAL_ENDPOINT)
    endpoint = request.getfixturevalue(f"{kind}_endpoint")
    service: services.S3Service = request.getfixturevalue(f"{kind}_service")
    return StoreAddress(url, endpoint, service.environment)
