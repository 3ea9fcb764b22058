"""Taking connections, and stopping: the life of the server as a process.

`serve` takes its address, opens the store and the cluster, says that it listens, and waits for SIGTERM or
SIGINT. (The address comes first: who starts a second server by mistake must not make a store.) Then no new
connection is taken, sessions at rest are told and closed, running statements get `shutdown_seconds`
to finish and as long again to be cancelled, and the cluster is closed last, so that whatever was
acknowledged is where it belongs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import ssl
import sys
from dataclasses import dataclass

from engine.cluster import Cluster
from engine.duck import Ducks
from engine.memory import Process
from engine.stores import open_store
from engine.tenant import Options
from engine.threads import Threads
from server import ceiling, log
from server.auth import Authenticator
from server.config import Address, Config, ConfigError, Limits
from server.connection import Connection, Services
from server.link import Link
from sql.errors import SqlError
from sql.passwords import make_verifier, matches
from sql.roles import set_password
from sql.system.functions import MACROS

_BACKLOG = 256
THREADS_MAX = 8
"""For what is neither DuckDB's work nor the store's: hashes, encodings."""


@dataclass(frozen=True, slots=True)
class _Running:
    connection: Connection
    link: Link


class Listener:
    """The listening socket and the connections that came in by it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._services: Services | None = None
        self._running: dict[asyncio.Task[None], _Running] = {}
        self._server: asyncio.Server | None = None

    async def bind(self, address: Address) -> Address:
        """Takes the address, without connections yet; returns it with the port that was picked."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._accept, address.host, address.port, backlog=_BACKLOG, start_serving=False
            )
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else error.strerror
            raise ConfigError(f"Cannot listen on {address}: {reason or error}.") from error
        return Address(address.host, self._server.sockets[0].getsockname()[1])

    async def start(self, services: Services) -> None:
        """Takes connections from now on."""
        assert self._server is not None
        self._services = services
        await self._server.start_serving()

    def close(self) -> None:
        """Takes no more connections."""
        assert self._server is not None
        self._server.close()

    async def stop(self) -> None:
        """Takes no more connections and ends all there are, gently first."""
        self.close()
        for running in self._running.values():
            running.connection.stop()
        await self._ended(self._limits.shutdown_seconds)
        for running in self._running.values():
            running.connection.cancel()
        await self._ended(self._limits.shutdown_seconds)
        for task, running in self._running.items():
            running.link.abort()
            task.cancel()
        await self._ended(self._limits.shutdown_seconds)

    async def _ended(self, seconds_max: float) -> None:
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=seconds_max)

    def _accept(self) -> Link:
        return Link(self._limits, self._serve)

    def _serve(self, link: Link) -> None:
        limits = self._limits
        if self._services is None:
            link.abort()
            return
        if len(self._running) >= limits.connections + limits.unauthenticated_connections:
            self._drop_oldest_stranger(self._services)
        connection = Connection(link, self._services)
        task = asyncio.get_running_loop().create_task(connection.run())
        self._running[task] = _Running(connection, link)
        task.add_done_callback(self._running.pop)

    def _drop_oldest_stranger(self, services: Services) -> None:
        """Make room for a newcomer: whoever holds a connection longest without having logged in goes."""
        for running in self._running.values():
            if running.connection not in services.established:
                log.event("connection dropped before its login: too many at once", level=logging.WARNING)
                running.link.abort()
                return


async def serve(config: Config) -> None:
    """Runs the server until it is told to stop. ConfigError when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tls = _tls_context(config)
    listener = Listener(config.limits)
    address = await listener.bind(config.listen)
    store = await open_store(config.store, endpoint=config.s3_endpoint)
    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(store.close)
        ducks = Ducks(MACROS)
        threads = Threads(THREADS_MAX, "server", lambda: ducks.make_room())
        asyncio.get_running_loop().set_default_executor(threads)
        cluster = Cluster(store, cache_dir=config.cache_dir, options=engine_options(config), ducks=ducks)
        closing.push_async_callback(cluster.close)
        admin = _Admin(config.admin_password)
        await cluster.start(admin.verifier)
        await admin.settle(cluster, reset=config.reset_admin_password)
        caretaking = asyncio.create_task(cluster.caretaker.run())
        closing.callback(caretaking.cancel)
        process = Process(ceiling.resident_bytes, ceiling.follow)
        watching = asyncio.create_task(cluster.memory_watch(process).run())
        closing.callback(watching.cancel)
        await listener.start(Services(cluster, Authenticator(config.auth, cluster), config.limits, tls))
        print(f"listening on {address}", file=sys.stderr, flush=True)
        await stop.wait()
        log.event("stopping")
        await listener.stop()


class _Admin:
    """The password of `sys:admin`: given or made up when the store is new, and when it has been lost.

    Whoever starts the server has the store's credentials and so all that is in it; a reset lets them in
    without taking the store apart."""

    def __init__(self, password: str | None) -> None:
        self._given = password
        self._made: str | None = None
        self._used = False

    def verifier(self) -> str:
        self._used = True
        if self._given is None:
            self._made = secrets.token_urlsafe(15)
        return make_verifier(self._given or self._made or "")

    async def settle(self, cluster: Cluster, *, reset: bool) -> None:
        """Resets the password if that is asked for, and says what became of it."""
        if reset and not self._used:
            try:
                await set_password(cluster, "sys", "admin", self.verifier())
            except SqlError as error:
                raise ConfigError(f"The password of sys:admin cannot be reset: {error.message}.") from error
        if self._made is not None:
            self._say(f"password of sys:admin (shown only now): {self._made}")
        elif reset:
            self._say("the password of sys:admin is now what REWINDDB_ADMIN_PASSWORD says")
        elif self._given is not None and not self._used:
            known = await cluster.login_material("sys", "admin")
            if known is None or known.verifier is None or not matches(known.verifier, self._given):
                self._say(
                    "the store has an admin already; REWINDDB_ADMIN_PASSWORD is not used: "
                    "ALTER ROLE admin PASSWORD changes it"
                )

    @staticmethod
    def _say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def engine_options(config: Config) -> Options:
    """The limits that the engine works within."""
    return Options(
        memory_bytes_max=config.tenant_memory_bytes_max,
        server_memory_bytes_max=config.memory_bytes_max,
        cache_bytes_max=config.cache_bytes_max,
    )


def _tls_context(config: Config) -> ssl.SSLContext | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"--tls-cert and --tls-key do not work: {error}.") from error
    return context
