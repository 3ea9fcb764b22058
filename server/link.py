"""The socket's end of a connection: asyncio calls it with bytes, a coroutine asks it for messages.

- What was said is sent before anything is awaited of the client.
- Reading stops while much is buffered that nobody has asked for; writing waits while the client does
  not take what it was sent. So no client makes the server hold more than the limits say.
- `lost` is done as soon as the client is gone, whatever the connection is busy with.

Rejected: asyncio's streams. They do not tell of a client's leaving while a statement runs, unless a
second task reads on all the time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from server.config import Limits
from server.wire import backend, frontend
from server.wire.protocol import CLOSED, NEED_DATA, Pause, Protocol
from server.wire.states import State

_SEND_AT_BYTES = 1 << 16
COPY_IN = frozenset({State.COPY_IN_SIMPLE, State.COPY_IN_EXTENDED})


class Disconnected(Exception):
    """The client is gone, or has said goodbye."""


class Link(asyncio.Protocol):
    """Bytes from and to one client."""

    def __init__(self, limits: Limits, opened: Callable[[Link], None]) -> None:
        self._limits = limits
        self._opened = opened
        self._protocol = Protocol(limits.wire)
        self._transport: asyncio.Transport | None = None
        self._said: list[bytes] = []
        self._said_bytes = 0
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._ending: Exception | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- called by asyncio ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._use(cast(asyncio.Transport, transport))
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive(data)
        if self._arrival is not None:
            self._wake(self._arrival)
        elif self._protocol.buffered_bytes > self._limits.receive_buffer_bytes:
            self._open_transport().pause_reading()

    def eof_received(self) -> None:
        self._protocol.receive(b"")
        if self._arrival is not None:
            self._wake(self._arrival)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        for waiting in (self._arrival, self._room):
            if waiting is not None:
                self._wake(waiting)

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room is not None:
            self._wake(self._room)
            self._room = None

    # --- called by the connection ---------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._protocol.state

    @property
    def at_rest(self) -> bool:
        return self._protocol.at_rest

    @property
    def peer(self) -> str:
        address = self._open_transport().get_extra_info("peername")
        return str(address[0]) if address else ""

    def say(self, message: backend.Message) -> None:
        data = self._protocol.send(message)
        self._said.append(data)
        self._said_bytes += len(data)
        if self._said_bytes > _SEND_AT_BYTES:
            self._send()

    async def flush(self) -> None:
        """Sends what was said; waits while the client has too much of it still to take."""
        self._send()
        while self._room is not None and not self.lost.done():
            await self._room
        if self.lost.done():
            raise Disconnected

    async def next_packet(self) -> frontend.Packet | frontend.Message:
        """The next thing the client says, of whatever kind the protocol allows now."""
        while True:
            event = self._protocol.next_event()
            if not isinstance(event, Pause):
                return event
            if event is CLOSED:
                raise Disconnected
            assert event is NEED_DATA, "the server has to answer before it listens"
            await self.flush()
            if self._ending is not None and self.state not in COPY_IN:
                raise self._ending
            await self._wait_for_data()

    async def next_message(self) -> frontend.Message:
        """As `next_packet`, once the connection is open; a goodbye is `Disconnected`."""
        message = await self.next_packet()
        if isinstance(message, frontend.Terminate):
            raise Disconnected
        return cast(frontend.Message, message)

    def end(self, reason: Exception) -> None:
        """From now on whoever would wait for the client gets `reason` instead, except within a COPY."""
        self._ending = reason
        if self.state not in COPY_IN:
            self.interrupt(reason)

    def interrupt(self, error: Exception) -> None:
        """Whoever waits for the client now gets `error` instead."""
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_exception(error)

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self.flush()
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._open_transport(), self, context, server_side=True)
        except OSError as error:
            raise Disconnected from error
        if transport is None:
            raise Disconnected
        self._use(transport)

    def close(self) -> None:
        """Sends what was said and hangs up."""
        self._send()
        self._open_transport().close()

    def abort(self) -> None:
        self._open_transport().abort()

    async def _wait_for_data(self) -> None:
        transport = self._open_transport()
        if not transport.is_reading() and not transport.is_closing():
            transport.resume_reading()
        self._arrival = asyncio.get_running_loop().create_future()
        try:
            if self.lost.done():
                self._protocol.receive(b"")
            else:
                await self._arrival
        finally:
            self._arrival = None

    def _send(self) -> None:
        if self._said:
            data = self._said[0] if len(self._said) == 1 else b"".join(self._said)
            self._said.clear()
            self._said_bytes = 0
            if not self.lost.done():
                self._open_transport().write(data)

    def _use(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=self._limits.send_buffer_bytes)

    def _open_transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    @staticmethod
    def _wake(waiting: asyncio.Future[None]) -> None:
        if not waiting.done():
            waiting.set_result(None)
