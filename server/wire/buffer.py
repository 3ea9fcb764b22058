"""Bytes that arrive in pieces, and the reading of one message's body.

`Buffer` knows nothing of messages: it can say how much is there, look ahead, and take. It never holds
more than it was fed, so a client that announces a gigabyte costs nothing until it has sent one.
`Reader` reads one whole body; whatever is wrong with it is a `ProtocolError` that is not fatal, for
the frame around it was whole.
"""

from __future__ import annotations

import struct

from server.wire.errors import BAD_ENCODING, ProtocolError

_COMPACT_AT_BYTES = 1 << 16

_INT16 = struct.Struct("!h")
_UINT16 = struct.Struct("!H")
_INT32 = struct.Struct("!i")


class Buffer:
    """What has arrived and was not taken yet."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0

    def __len__(self) -> int:
        return len(self._data) - self._start

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        if self._start == len(self._data):
            self._data.clear()
            self._start = 0
        self._data += data

    def peek_byte(self) -> int:
        return self._data[self._start]

    def peek_int32(self, offset: int = 0) -> int:
        value: int = _INT32.unpack_from(self._data, self._start + offset)[0]
        return value

    def take(self, count: int, skip: int = 0) -> bytes:
        """Drop `skip` bytes, return the `count` after them. Both must be there."""
        begin = self._start + skip
        end = begin + count
        assert end <= len(self._data)
        taken = bytes(memoryview(self._data)[begin:end])
        self._start = end
        if end == len(self._data):
            self._data.clear()
            self._start = 0
        elif end >= _COMPACT_AT_BYTES and end * 2 >= len(self._data):
            del self._data[:end]
            self._start = 0
        return taken


class Reader:
    """One message's body, read from front to back; `end` makes sure that nothing is left."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def int16(self) -> int:
        value: int = _INT16.unpack(self.take(2))[0]
        return value

    def uint16(self) -> int:
        value: int = _UINT16.unpack(self.take(2))[0]
        return value

    def int32(self) -> int:
        value: int = _INT32.unpack(self.take(4))[0]
        return value

    def int16s(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"!{count}h", self.take(2 * count))

    def oids(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"!{count}I", self.take(4 * count))

    def take(self, count: int) -> bytes:
        end = self._at + count
        if count < 0 or end > len(self._body):
            raise ProtocolError("insufficient data left in message", fatal=False)
        taken = self._body[self._at : end]
        self._at = end
        return taken

    def string(self) -> str:
        """Text up to its zero byte, which is taken too."""
        end = self._body.find(0, self._at)
        if end < 0:
            raise ProtocolError("invalid string in message", fatal=False)
        raw = self._body[self._at : end]
        self._at = end + 1
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            shown = " ".join(f"0x{byte:02x}" for byte in raw[error.start : error.start + 4])
            message = f'invalid byte sequence for encoding "UTF8": {shown}'
            raise ProtocolError(message, sqlstate=BAD_ENCODING, fatal=False) from None

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def at_end(self) -> bool:
        return self._at == len(self._body)

    def end(self) -> None:
        if not self.at_end():
            raise ProtocolError("invalid message format", fatal=False)
