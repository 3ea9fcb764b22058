"""What the S3 store makes of answers that a well-behaved server never gives.

A server of ours answers what a test tells it: a status with an error document, a reset, or nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import obstore.store
import pytest

from engine.errors import (
    EngineError,
    ObjectExists,
    ObjectMissing,
    PutUnknown,
    StoreFull,
    StoreMisconfigured,
    StoreUnavailable,
)
from engine.stores.s3 import S3Store

TIMEOUT_SECONDS = 0.3


@dataclass
class Server:
    """`answer` is a status and an S3 error code, "reset" or "hang"."""

    answer: tuple[int, str] | str
    requests: list[str] = field(default_factory=list)
    connections: list[tuple[asyncio.StreamWriter, asyncio.Task[None] | None]] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append((writer, asyncio.current_task()))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head.split(" ", 1)[0])
            lengths = [line for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            if lengths:
                await reader.readexactly(int(lengths[0].split(":")[1]))
            match self.answer:
                case "reset":
                    writer.transport.abort()
                case "hang":
                    await reader.read()
                case (status, code):
                    body = f"<Error><Code>{code}</Code><Message>said so</Message></Error>" if code else ""
                    writer.write(
                        f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n"
                        f'ETag: "1"\r\nConnection: close\r\n\r\n{body}'.encode()
                    )
                    await writer.drain()
        writer.close()

    async def stop(self) -> None:
        """End all connections, and see them ended: a transport outliving its loop is a warning."""
        for writer, task in self.connections:
            writer.transport.abort()
            if task is not None:
                await task
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def store_on(server: Server) -> AsyncIterator[S3Store]:
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield store_at(port)
    finally:
        listener.close()
        await server.stop()


def store_at(port: int) -> S3Store:
    def connect() -> obstore.store.S3Store:
        return obstore.store.S3Store(
            "bucket",
            config={
                "endpoint": f"http://127.0.0.1:{port}",
                "access_key_id": "ak",
                "secret_access_key": "sk",
                "region": "us-east-1",
                "disable_bulk_delete": True,
            },
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    return S3Store(connect, "prefix/", answer_seconds_max=TIMEOUT_SECONDS)


async def outcome(store: S3Store, operation: str) -> EngineError | None:
    try:
        match operation:
            case "put":
                await store.put("a/b", b"bytes")
            case "get":
                await store.get("a/b")
            case "delete":
                await store.delete("a/b")
            case "scan":
                _ = [info async for info in store.scan("a/")]
            case "folders":
                await store.folders("a/")
    except EngineError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((412, "PreconditionFailed"), ObjectExists),
        ((409, "ConditionalRequestConflict"), StoreUnavailable),
        ((409, "OperationAborted"), StoreUnavailable),
        ((429, "TooManyRequests"), StoreUnavailable),
        ((503, "SlowDown"), StoreUnavailable),
        ((500, "InternalError"), PutUnknown),
        ((502, ""), PutUnknown),
        ((504, ""), PutUnknown),
        ("reset", PutUnknown),
        ("hang", PutUnknown),
        ((403, "AccessDenied"), StoreMisconfigured),
        ((403, "InvalidAccessKeyId"), StoreMisconfigured),
        ((401, ""), StoreMisconfigured),
        ((400, "ExpiredToken"), StoreMisconfigured),
        ((404, "NoSuchBucket"), StoreMisconfigured),
        ((501, "NotImplemented"), StoreMisconfigured),
        ((301, "PermanentRedirect"), StoreMisconfigured),
        ((507, "XMinioStorageFull"), StoreFull),
    ],
)
def test_puts(answer: tuple[int, str] | str, expected: type[EngineError]) -> None:
    async def body() -> None:
        server = Server(answer)
        async with store_on(server) as store:
            error = await outcome(store, "put")
            assert type(error) is expected, error
            assert "Debug source" not in error.message
            assert server.requests == ["PUT"], "a put is never tried twice"

    asyncio.run(body())


@pytest.mark.parametrize("operation", ["get", "delete", "scan", "folders"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((429, "TooManyRequests"), StoreUnavailable),
        ((503, "SlowDown"), StoreUnavailable),
        ((500, "InternalError"), StoreUnavailable),
        ("reset", StoreUnavailable),
        ("hang", StoreUnavailable),
        ((403, "AccessDenied"), StoreMisconfigured),
        ((404, "NoSuchBucket"), StoreMisconfigured),
    ],
)
def test_other_requests(operation: str, answer: tuple[int, str] | str, expected: type[EngineError]) -> None:
    async def body() -> None:
        server = Server(answer)
        async with store_on(server) as store:
            error = await outcome(store, operation)
            assert type(error) is expected, error
            assert len(server.requests) == 1

    asyncio.run(body())


def test_a_missing_object() -> None:
    async def body() -> None:
        async with store_on(Server((404, "NoSuchKey"))) as store:
            assert type(await outcome(store, "get")) is ObjectMissing
            assert await outcome(store, "delete") is None

    asyncio.run(body())


@pytest.mark.parametrize("operation", ["put", "get", "delete", "scan", "folders"])
def test_nobody_listens(operation: str) -> None:
    async def body() -> None:
        error = await outcome(store_at(1), operation)
        assert type(error) is StoreUnavailable
        assert "cannot be reached" in error.message

    asyncio.run(body())


def test_a_server_that_ignores_conditions_is_refused() -> None:
    async def body() -> None:
        async with store_on(Server((200, ""))) as store:
            with pytest.raises(StoreMisconfigured, match="ignores create-only puts"):
                await store._check_conditions("token")

    asyncio.run(body())
