"""What a client says: one frozen dataclass a message, each with the reader of its body.

A body is read whole (`protocol` cuts frames); anything amiss in it is a `ProtocolError`. Bytes of
parameters and of COPY stay bytes: what they mean is for others to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.wire.buffer import Reader
from server.wire.errors import ProtocolError

PROTOCOL_MAJOR = 3
PROTOCOL_MINOR = 0

_REQUEST_MAJOR = 1234
_CANCEL_MINOR = 5678
_SSL_MINOR = 5679
_GSSENC_MINOR = 5680


# --- before the session: packets without a type byte -------------------------------------------------


@dataclass(frozen=True, slots=True)
class SSLRequest:
    """May we speak TLS?"""


@dataclass(frozen=True, slots=True)
class GSSENCRequest:
    """May we speak GSSAPI encryption?"""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Stop what the session `process_id` runs, on the proof of its `secret_key`."""

    process_id: int
    secret_key: int


@dataclass(frozen=True, slots=True)
class StartupMessage:
    """`parameters` without the protocol's own options, whose names are in `protocol_options`."""

    minor: int
    parameters: Mapping[str, str]
    protocol_options: tuple[str, ...] = ()


Packet = SSLRequest | GSSENCRequest | CancelRequest | StartupMessage


def read_packet(body: bytes) -> Packet:
    """The first packet of a connection, after its length."""
    reader = Reader(body)
    major, minor = reader.uint16(), reader.uint16()
    if major == _REQUEST_MAJOR:
        return _request(reader, minor)
    if major != PROTOCOL_MAJOR:
        message = f"unsupported frontend protocol {major}.{minor}: server supports {PROTOCOL_MAJOR}.0"
        raise ProtocolError(message, sqlstate="0A000")
    return _startup(reader, minor)


def _request(reader: Reader, minor: int) -> Packet:
    packet: Packet
    if minor == _CANCEL_MINOR:
        packet = CancelRequest(reader.int32(), reader.int32())
    elif minor == _SSL_MINOR:
        packet = SSLRequest()
    elif minor == _GSSENC_MINOR:
        packet = GSSENCRequest()
    else:
        raise ProtocolError(f"unsupported startup request {minor}", sqlstate="0A000")
    reader.end()
    return packet


def _startup(reader: Reader, minor: int) -> StartupMessage:
    parameters: dict[str, str] = {}
    options: list[str] = []
    while name := reader.string():
        value = reader.string()
        if name.startswith("_pq_."):
            options.append(name)
        else:
            parameters[name] = value
    if not reader.at_end():
        raise ProtocolError("invalid startup packet layout: expected terminator as last byte")
    return StartupMessage(minor, parameters, tuple(options))


# --- proving who one is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SASLInitialResponse:
    """`data` is None when the client waits to be asked first."""

    mechanism: str
    data: bytes | None

    @classmethod
    def read(cls, reader: Reader) -> SASLInitialResponse:
        mechanism = reader.string()
        length = reader.int32()
        data = None if length == -1 else reader.take(length)
        reader.end()
        return cls(mechanism, data)


@dataclass(frozen=True, slots=True)
class SASLResponse:
    data: bytes


# --- the session -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    text: str

    @classmethod
    def read(cls, reader: Reader) -> Query:
        message = cls(reader.string())
        reader.end()
        return message


@dataclass(frozen=True, slots=True)
class Parse:
    statement: str
    text: str
    parameter_oids: tuple[int, ...]

    @classmethod
    def read(cls, reader: Reader) -> Parse:
        message = cls(reader.string(), reader.string(), reader.oids(reader.uint16()))
        reader.end()
        return message


@dataclass(frozen=True, slots=True)
class Bind:
    """A parameter that is None is SQL's NULL. Formats: none, one for all, or one each; 0 text, 1 binary."""

    portal: str
    statement: str
    parameter_formats: tuple[int, ...]
    parameters: tuple[bytes | None, ...]
    result_formats: tuple[int, ...]

    @classmethod
    def read(cls, reader: Reader) -> Bind:
        portal, statement = reader.string(), reader.string()
        parameter_formats = _formats(reader)
        count = reader.uint16()
        if len(parameter_formats) not in (0, 1, count):
            message = f"bind message has {len(parameter_formats)} parameter formats but {count} parameters"
            raise ProtocolError(message, fatal=False)
        parameters = tuple(_parameter(reader) for _ in range(count))
        result_formats = _formats(reader)
        reader.end()
        return cls(portal, statement, parameter_formats, parameters, result_formats)


def _formats(reader: Reader) -> tuple[int, ...]:
    formats = reader.int16s(reader.uint16())
    for code in formats:
        if code not in (0, 1):
            raise ProtocolError(f"unsupported format code: {code}", fatal=False)
    return formats


def _parameter(reader: Reader) -> bytes | None:
    length = reader.int32()
    return None if length == -1 else reader.take(length)


@dataclass(frozen=True, slots=True)
class Describe:
    kind: Literal["statement", "portal"]
    name: str

    @classmethod
    def read(cls, reader: Reader) -> Describe:
        message = cls(_kind(reader, "DESCRIBE"), reader.string())
        reader.end()
        return message


@dataclass(frozen=True, slots=True)
class Close:
    kind: Literal["statement", "portal"]
    name: str

    @classmethod
    def read(cls, reader: Reader) -> Close:
        message = cls(_kind(reader, "CLOSE"), reader.string())
        reader.end()
        return message


def _kind(reader: Reader, message: str) -> Literal["statement", "portal"]:
    byte = reader.take(1)
    if byte == b"S":
        return "statement"
    if byte == b"P":
        return "portal"
    raise ProtocolError(f"invalid {message} message subtype {byte[0]}", fatal=False)


@dataclass(frozen=True, slots=True)
class Execute:
    """`row_limit` 0 means all rows."""

    portal: str
    row_limit: int

    @classmethod
    def read(cls, reader: Reader) -> Execute:
        portal = reader.string()
        row_limit = reader.int32()
        reader.end()
        return cls(portal, max(row_limit, 0))


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """The old fast path; only its being called is told."""

    function_oid: int

    @classmethod
    def read(cls, reader: Reader) -> FunctionCall:
        function_oid = reader.oids(1)[0]
        _formats(reader)
        for _ in range(reader.uint16()):
            _parameter(reader)
        reader.int16()
        reader.end()
        return cls(function_oid)


@dataclass(frozen=True, slots=True)
class CopyData:
    """Some bytes of a COPY; the frames they came in mean nothing, so several may come as one."""

    data: bytes


@dataclass(frozen=True, slots=True)
class CopyFail:
    reason: str

    @classmethod
    def read(cls, reader: Reader) -> CopyFail:
        message = cls(reader.string())
        reader.end()
        return message


@dataclass(frozen=True, slots=True)
class CopyDone:
    @classmethod
    def read(cls, reader: Reader) -> CopyDone:
        reader.end()
        return cls()


@dataclass(frozen=True, slots=True)
class Flush:
    @classmethod
    def read(cls, reader: Reader) -> Flush:
        reader.end()
        return cls()


@dataclass(frozen=True, slots=True)
class Sync:
    @classmethod
    def read(cls, reader: Reader) -> Sync:
        reader.end()
        return cls()


@dataclass(frozen=True, slots=True)
class Terminate:
    @classmethod
    def read(cls, reader: Reader) -> Terminate:
        reader.end()
        return cls()


Message = (
    SASLInitialResponse
    | SASLResponse
    | Query
    | Parse
    | Bind
    | Describe
    | Execute
    | Close
    | FunctionCall
    | CopyData
    | CopyDone
    | CopyFail
    | Flush
    | Sync
    | Terminate
)
