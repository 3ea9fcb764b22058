"""One connection's protocol state: what arrived, what it means now, what may be answered.

Rules:

- `receive` never fails and never interprets; `next_event` does, one message at a time. While the
  server owes an answer, `next_event` says `PAUSED` and later messages wait in the buffer.
- A message's type and length are judged as soon as its five header bytes are here, so nobody makes us
  hold a body that could not be legal anyway, and before a proof of identity bodies are small.
- Only `ProtocolError` comes out of bytes. After a fatal one the protocol is deaf: the server says a
  last ErrorResponse and hangs up. After one that is not fatal the state is as if the message had been
  read, so the server answers an ErrorResponse and the usual rules (skip to Sync, ReadyForQuery) hold.
- Consecutive CopyData messages come as one event: a client may well send a row a message.

Rejected: callbacks per message (the order of answers would be spread over them), and reading bodies
as they trickle in (only COPY would gain, and its messages are small).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from server.wire import backend, frontend
from server.wire.buffer import Buffer, Reader
from server.wire.errors import LocalProtocolError, ProtocolError
from server.wire.states import BEFORE_SESSION, CLIENT, DROPPED, SERVER, State


class Pause(Enum):
    """What `next_event` says when there is no event."""

    NEED_DATA = "need data"
    PAUSED = "paused"
    """The server has to answer first."""
    CLOSED = "closed"
    """Nothing will come any more: the client ended its stream, or the session."""


NEED_DATA = Pause.NEED_DATA
PAUSED = Pause.PAUSED
CLOSED = Pause.CLOSED


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one message may hold, its length word included."""

    startup_packet_bytes: int = 10_000
    authentication_message_bytes: int = 16_384
    small_message_bytes: int = 10_000
    message_bytes: int = 512 << 20
    merged_copy_data_bytes: int = 1 << 20


_SMALL = frozenset(b"DEHScX")

_READERS: dict[int, tuple[type[frontend.Message], Callable[[Reader], frontend.Message]]] = {
    ord("Q"): (frontend.Query, frontend.Query.read),
    ord("P"): (frontend.Parse, frontend.Parse.read),
    ord("B"): (frontend.Bind, frontend.Bind.read),
    ord("D"): (frontend.Describe, frontend.Describe.read),
    ord("E"): (frontend.Execute, frontend.Execute.read),
    ord("C"): (frontend.Close, frontend.Close.read),
    ord("F"): (frontend.FunctionCall, frontend.FunctionCall.read),
    ord("d"): (frontend.CopyData, lambda reader: frontend.CopyData(b"")),
    ord("c"): (frontend.CopyDone, frontend.CopyDone.read),
    ord("f"): (frontend.CopyFail, frontend.CopyFail.read),
    ord("H"): (frontend.Flush, frontend.Flush.read),
    ord("S"): (frontend.Sync, frontend.Sync.read),
    ord("X"): (frontend.Terminate, frontend.Terminate.read),
}
_PASSWORD = ord("p")
_COPY_DATA = ord("d")
_HEADER_BYTES = 5

Event = frontend.Packet | frontend.Message | Pause


class Protocol:
    """The server's side of one connection."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._buffer = Buffer()
        self._ended = False
        self._deaf = False
        self._state = State.STARTUP
        self._at_rest = False
        self._asked_for: set[type] = set()

    @property
    def state(self) -> State:
        return self._state

    @property
    def at_rest(self) -> bool:
        """True from a ReadyForQuery until the client's next message."""
        return self._at_rest

    @property
    def buffered_bytes(self) -> int:
        """Bytes that arrived and were not made into events yet."""
        return len(self._buffer)

    def receive(self, data: bytes | bytearray | memoryview) -> None:
        """Take what arrived; empty data means that the client's stream has ended."""
        if not data:
            self._ended = True
        elif not self._deaf:
            self._buffer.feed(data)

    def next_event(self) -> Event:
        """The next thing the client said, or why there is none. Raises `ProtocolError`."""
        if self._deaf or self._state is State.CLOSED:
            return CLOSED
        if self._state not in CLIENT:
            return PAUSED
        try:
            event = self._packet() if self._state is State.STARTUP else self._message()
        except ProtocolError as error:
            self._deaf = error.fatal
            raise
        if event is not NEED_DATA or not self._ended:
            return event
        self._deaf = True
        if len(self._buffer):
            raise ProtocolError("unexpected end of data within a message")
        return CLOSED

    def send(self, message: backend.Message) -> bytes:
        """The bytes of `message`, which the server may say now, or `LocalProtocolError`."""
        kind = type(message)
        if isinstance(message, backend.ErrorResponse) and message.ends_session:
            self._state = State.CLOSED
        elif kind in (backend.NoticeResponse, backend.ParameterStatus):
            if self._state in BEFORE_SESSION:
                raise LocalProtocolError(f"{kind.__name__} in state {self._state.name}")
        else:
            after = SERVER.get(self._state, {}).get(kind)
            if after is None:
                raise LocalProtocolError(f"{kind.__name__} in state {self._state.name}")
            self._state = after
            self._at_rest = kind is backend.ReadyForQuery
        return message.encode()

    # --- the first packets --------------------------------------------------------------------------

    def _packet(self) -> Event:
        if len(self._buffer) < 4:
            return NEED_DATA
        length = self._buffer.peek_int32()
        if not 8 <= length <= self._limits.startup_packet_bytes:
            raise ProtocolError("invalid length of startup packet")
        if len(self._buffer) < length:
            return NEED_DATA
        try:
            packet = frontend.read_packet(self._buffer.take(length - 4, skip=4))
        except ProtocolError as error:
            error.fatal = True
            raise
        kind = type(packet)
        if kind in self._asked_for:
            raise ProtocolError("encryption was asked for twice")
        self._asked_for.add(kind)
        if len(self._buffer) and kind in (frontend.SSLRequest, frontend.GSSENCRequest):
            raise ProtocolError("received unencrypted data after an encryption request")
        self._state = CLIENT[State.STARTUP][kind]
        return packet

    # --- messages -----------------------------------------------------------------------------------

    def _message(self) -> Event:
        while True:
            if not len(self._buffer):
                return NEED_DATA
            code = self._buffer.peek_byte()
            kind, read = self._reader(code)
            dropped = kind in DROPPED.get(self._state, ())
            if not dropped and kind not in CLIENT[self._state]:
                raise ProtocolError(f"unexpected message type 0x{code:02X} in state {self._state.name}")
            length = self._length(code)
            if length is None or len(self._buffer) < length + 1:
                return NEED_DATA
            if kind is frontend.CopyData and not dropped:
                return self._copy_data(length)
            body = self._buffer.take(length - 4, skip=_HEADER_BYTES)
            if not dropped:
                return self._read(kind, read, body)

    def _reader(self, code: int) -> tuple[type, Callable[[Reader], frontend.Message]]:
        if self._state in (State.SASL_FIRST, State.SASL_NEXT) and code == _PASSWORD:
            if self._state is State.SASL_FIRST:
                return frontend.SASLInitialResponse, frontend.SASLInitialResponse.read
            return frontend.SASLResponse, _sasl_response
        reader = _READERS.get(code)
        if reader is None:
            raise ProtocolError(f"invalid frontend message type {code}")
        return reader

    def _length(self, code: int) -> int | None:
        """The length word of the message at the front, once it is here and legal."""
        if len(self._buffer) < _HEADER_BYTES:
            return None
        length = self._buffer.peek_int32(1)
        limits = self._limits
        if self._state in (State.SASL_FIRST, State.SASL_NEXT):
            most = limits.authentication_message_bytes
        elif code in _SMALL:
            most = limits.small_message_bytes
        else:
            most = limits.message_bytes
        if not 4 <= length <= most:
            raise ProtocolError(f"invalid message length {length}: at least 4 and at most {most} is allowed")
        return length

    def _copy_data(self, length: int) -> frontend.CopyData:
        """The CopyData at the front, whole, and those behind it as far as they are here and small."""
        parts = [self._buffer.take(length - 4, skip=_HEADER_BYTES)]
        size = length
        while len(self._buffer) >= _HEADER_BYTES and self._buffer.peek_byte() == _COPY_DATA:
            length = self._buffer.peek_int32(1)
            size += length
            if length < 4 or len(self._buffer) < length + 1 or size > self._limits.merged_copy_data_bytes:
                break
            parts.append(self._buffer.take(length - 4, skip=_HEADER_BYTES))
        return frontend.CopyData(b"".join(parts))

    def _read(self, kind: type, read: Callable[[Reader], frontend.Message], body: bytes) -> frontend.Message:
        before, self._state = self._state, CLIENT[self._state][kind]
        self._at_rest = False
        try:
            message = read(Reader(body))
        except ProtocolError as error:
            if before in BEFORE_SESSION or self._state in (State.READY, State.CLOSED):
                error.fatal = True
            raise
        if isinstance(message, frontend.Describe) and message.kind == "statement":
            self._state = State.DESCRIBE_STATEMENT
        return message


def _sasl_response(reader: Reader) -> frontend.SASLResponse:
    return frontend.SASLResponse(reader.rest())
