"""A proxy between a server and its S3 store that does to single requests what networks do to them.

Toxics are named after what happens, and meet requests of one method whose path contains a text:

- ``refuse``: the connection is reset before a byte was passed on;
- ``silent``: nothing is passed on and nothing is answered;
- ``cut``, ``stall``: half of the request's body is passed on, then the connection is reset, or nothing
  comes any more;
- ``lose_reply``, ``reset_reply``: the store has done it, and the answer never comes, or a reset instead;
- ``half_reply``: the answer's head and half of its body come, and nothing more.

It speaks just enough HTTP/1.1 to know where a request ends; answers pass as they come. It runs in a
thread with an event loop of its own, so that whoever uses it may block.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Toxic = Literal["refuse", "silent", "cut", "stall", "lose_reply", "reset_reply", "half_reply"]

TOXICS: tuple[Toxic, ...] = (
    "refuse",
    "silent",
    "cut",
    "stall",
    "lose_reply",
    "reset_reply",
    "half_reply",
)


@dataclass
class Rule:
    """`times` None: until healed."""

    toxic: Toxic
    method: str
    path: str
    times: int | None


@dataclass(eq=False)
class Connection:
    """One connection of the client's, and that to the store which belongs to it."""

    client: asyncio.StreamWriter
    store: asyncio.StreamWriter
    replying: Toxic | None = None
    dead: bool = False
    """Nothing passes any more, either way, and nobody is told."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Made by `proxying`."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        assert parts.hostname is not None
        assert parts.port is not None
        self._target = (parts.hostname, parts.port)
        self._rules: list[Rule] = []
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self._door: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self.met: list[tuple[Toxic, str]] = []
        """The toxics that have acted, and the paths of their requests."""
        self.requests: list[tuple[str, str]] = []
        self.abandoned = 0
        """Connections that the client has closed."""
        self.bytes_per_second: int | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    # --- what tests do with it ----------------------------------------------------------------------

    def inject(self, toxic: Toxic, method: str, path: str = "", *, times: int | None = 1) -> None:
        """Let the next `times` requests of `method` whose path contains `path` meet the toxic."""
        self._rules.append(Rule(toxic, method, path, times))

    def heal(self) -> None:
        self._rules.clear()

    def kill_connections(self) -> None:
        """Those that are open now go dead, silently; new ones are as good as ever."""
        for connection in list(self._connections):
            connection.dead = True

    @staticmethod
    def wait_for(happened: Callable[[], bool], seconds_max: float) -> None:
        deadline = time.monotonic() + seconds_max
        while not happened():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.01)

    def close_the_door(self) -> None:
        """Nobody listens any more, and all connections are reset."""
        self._ask(self._close_door())

    def open_the_door(self) -> None:
        self._ask(self._open_door())

    def _ask(self, work: Coroutine[None, None, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # --- passing on ---------------------------------------------------------------------------------

    async def run(self, started: threading.Event) -> None:
        """Serve until `stop`."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await self._open_door()
        started.set()
        await self._stopping.wait()
        await self._close_door()

    def stop(self) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def _open_door(self) -> None:
        self._door = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = int(self._door.sockets[0].getsockname()[1])

    async def _close_door(self) -> None:
        assert self._door is not None
        self._door.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        store_reader, store_writer = await asyncio.open_connection(*self._target)
        connection = Connection(writer, store_writer)
        self._connections.add(connection)
        answers = asyncio.create_task(self._pass_answers(store_reader, connection))
        try:
            while await self._pass_request(reader, connection):
                pass
        finally:
            answers.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await answers
            self._connections.discard(connection)
            store_writer.transport.abort()

    async def _pass_request(self, reader: asyncio.StreamReader, connection: Connection) -> bool:
        """One request; whether the connection goes on."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            self.abandoned += 1
            return False
        method, path = head.split(b"\r\n", 1)[0].decode().split(" ")[:2]
        self.requests.append((method, path))
        toxic = self._toxic(method, path)
        length = _content_length(head)
        if toxic == "refuse":
            return False
        if toxic == "silent" or connection.dead:
            return await self._ignore(reader)
        connection.store.write(head)
        connection.replying = toxic
        if toxic in ("cut", "stall"):
            connection.store.write(await reader.readexactly(length // 2))
            await connection.store.drain()
            return toxic == "stall" and await self._ignore(reader)
        remaining = length
        while remaining:
            data = await reader.read(min(remaining, 1 << 16))
            if not data:
                self.abandoned += 1
                return False
            connection.store.write(data)
            await connection.store.drain()
            await self._take_time(len(data))
            remaining -= len(data)
        if toxic is not None:
            return await self._ignore(reader, connection)
        return True

    async def _ignore(self, reader: asyncio.StreamReader, connection: Connection | None = None) -> bool:
        """Nothing comes of what the client sends, until it gives up or its connection is ended."""
        reading = asyncio.create_task(reader.read())
        ending = asyncio.create_task(connection.ended.wait() if connection else asyncio.Event().wait())
        try:
            await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
            self.abandoned += reading.done()
        finally:
            for task in (reading, ending):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                    await task
        return False

    async def _pass_answers(self, reader: asyncio.StreamReader, connection: Connection) -> None:
        while data := await reader.read(1 << 16):
            match connection.replying:
                case _ if connection.dead:
                    continue
                case None:
                    connection.client.write(data)
                    await connection.client.drain()
                    await self._take_time(len(data))
                case "reset_reply":
                    connection.ended.set()
                case "half_reply":
                    connection.client.write(await _half(data, reader))
                    connection.replying = "lose_reply"
                case _:
                    continue
        connection.client.transport.abort()

    async def _take_time(self, size: int) -> None:
        if self.bytes_per_second is not None:
            await asyncio.sleep(size / self.bytes_per_second)

    def _toxic(self, method: str, path: str) -> Toxic | None:
        for rule in self._rules:
            if rule.method == method and rule.path in path and rule.times != 0:
                if rule.times is not None:
                    rule.times -= 1
                self.met.append((rule.toxic, path))
                return rule.toxic
        return None


async def _half(data: bytes, reader: asyncio.StreamReader) -> bytes:
    """The head of an answer, of which `data` is the beginning, and half of its body."""
    while b"\r\n\r\n" not in data:
        data += await reader.read(1 << 16)
    end = data.index(b"\r\n\r\n") + 4
    half = _content_length(data[:end]) // 2
    if end + half > len(data):
        data += await reader.readexactly(end + half - len(data))
    return data[: end + half]


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@contextmanager
def proxying(endpoint: str) -> Iterator[Proxy]:
    """A proxy in front of the S3 server at `endpoint`."""
    proxy = Proxy(endpoint)
    started = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(proxy.run(started)))
    thread.start()
    assert started.wait(10)
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)
