"""What the server says: one frozen dataclass a message, each with its bytes.

Rows are the exception: `DataRows` carries messages that a vectorised encoder has already framed, for
a million rows a second do not pass through a Python object each.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from server.wire.frontend import PROTOCOL_MAJOR, PROTOCOL_MINOR


def _frame(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _text(value: str) -> bytes:
    """A string cannot hold a zero byte on the wire; nothing in the server makes one."""
    return value.encode("utf-8").replace(b"\0", b"") + b"\0"


# --- opening -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncryptionReply:
    """One bare byte in answer to SSLRequest or GSSENCRequest. Only TLS is ever accepted."""

    accepted: bool

    def encode(self) -> bytes:
        return b"S" if self.accepted else b"N"


@dataclass(frozen=True, slots=True)
class NegotiateProtocolVersion:
    """The client wanted a newer minor version, or options we do not know. PostgreSQL puts the whole
    version number where its manual speaks of the minor one, and clients read it so."""

    unknown_options: tuple[str, ...]

    def encode(self) -> bytes:
        version = PROTOCOL_MAJOR << 16 | PROTOCOL_MINOR
        names = b"".join(map(_text, self.unknown_options))
        return _frame(b"v", struct.pack("!ii", version, len(self.unknown_options)) + names)


@dataclass(frozen=True, slots=True)
class AuthenticationSASL:
    mechanisms: tuple[str, ...]

    def encode(self) -> bytes:
        return _frame(b"R", struct.pack("!i", 10) + b"".join(map(_text, self.mechanisms)) + b"\0")


@dataclass(frozen=True, slots=True)
class AuthenticationSASLContinue:
    data: bytes

    def encode(self) -> bytes:
        return _frame(b"R", struct.pack("!i", 11) + self.data)


@dataclass(frozen=True, slots=True)
class AuthenticationSASLFinal:
    data: bytes

    def encode(self) -> bytes:
        return _frame(b"R", struct.pack("!i", 12) + self.data)


@dataclass(frozen=True, slots=True)
class AuthenticationOk:
    def encode(self) -> bytes:
        return _frame(b"R", struct.pack("!i", 0))


@dataclass(frozen=True, slots=True)
class BackendKeyData:
    process_id: int
    secret_key: int

    def encode(self) -> bytes:
        return _frame(b"K", struct.pack("!ii", self.process_id, self.secret_key))


@dataclass(frozen=True, slots=True)
class ParameterStatus:
    name: str
    value: str

    def encode(self) -> bytes:
        return _frame(b"S", _text(self.name) + _text(self.value))


@dataclass(frozen=True, slots=True)
class ReadyForQuery:
    """``I`` idle, ``T`` in a transaction block, ``E`` in a failed one."""

    status: Literal["I", "T", "E"]

    def encode(self) -> bytes:
        return b"Z\0\0\0\x05" + self.status.encode()


# --- errors and notices ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    severity: str
    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None
    position: int | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    constraint: str | None = None

    @property
    def ends_session(self) -> bool:
        return self.severity != "ERROR"

    def encode(self) -> bytes:
        about = {
            b"P": None if self.position is None else str(self.position),
            b"s": self.schema,
            b"t": self.table,
            b"c": self.column,
            b"n": self.constraint,
        }
        return _frame(b"E", _fields(self, about))


@dataclass(frozen=True, slots=True)
class NoticeResponse:
    severity: str
    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None

    def encode(self) -> bytes:
        return _frame(b"N", _fields(self, {}))


def _fields(report: ErrorResponse | NoticeResponse, more: Mapping[bytes, str | None]) -> bytes:
    fields = {
        b"S": report.severity,
        b"V": report.severity,
        b"C": report.sqlstate,
        b"M": report.message,
        b"D": report.detail,
        b"H": report.hint,
        **more,
    }
    return b"".join(code + _text(value) for code, value in fields.items() if value is not None) + b"\0"


# --- results -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A column as RowDescription tells it. `format` is 0 for text, 1 for binary."""

    name: str
    table_oid: int
    column_number: int
    type_oid: int
    type_size: int
    type_modifier: int
    format: int

    def encode(self) -> bytes:
        numbers = struct.pack(
            "!IhIhih",
            self.table_oid,
            self.column_number,
            self.type_oid,
            self.type_size,
            self.type_modifier,
            self.format,
        )
        return _text(self.name) + numbers


@dataclass(frozen=True, slots=True)
class RowDescription:
    fields: tuple[Field, ...]

    def encode(self) -> bytes:
        return _frame(
            b"T", struct.pack("!H", len(self.fields)) + b"".join(field.encode() for field in self.fields)
        )


@dataclass(frozen=True, slots=True)
class DataRows:
    """Whole DataRow messages, one after another."""

    frames: bytes

    def encode(self) -> bytes:
        return self.frames


@dataclass(frozen=True, slots=True)
class CommandComplete:
    tag: str

    def encode(self) -> bytes:
        return _frame(b"C", _text(self.tag))


@dataclass(frozen=True, slots=True)
class EmptyQueryResponse:
    def encode(self) -> bytes:
        return _frame(b"I")


@dataclass(frozen=True, slots=True)
class PortalSuspended:
    def encode(self) -> bytes:
        return _frame(b"s")


# --- the extended protocol ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParseComplete:
    def encode(self) -> bytes:
        return _frame(b"1")


@dataclass(frozen=True, slots=True)
class BindComplete:
    def encode(self) -> bytes:
        return _frame(b"2")


@dataclass(frozen=True, slots=True)
class CloseComplete:
    def encode(self) -> bytes:
        return _frame(b"3")


@dataclass(frozen=True, slots=True)
class NoData:
    def encode(self) -> bytes:
        return _frame(b"n")


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    type_oids: tuple[int, ...]

    def encode(self) -> bytes:
        count = len(self.type_oids)
        return _frame(b"t", struct.pack(f"!H{count}I", count, *self.type_oids))


# --- COPY --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CopyInResponse:
    """Text or CSV of so many columns is awaited."""

    column_count: int

    def encode(self) -> bytes:
        return _frame(b"G", _copy_formats(self.column_count))


@dataclass(frozen=True, slots=True)
class CopyOutResponse:
    column_count: int

    def encode(self) -> bytes:
        return _frame(b"H", _copy_formats(self.column_count))


def _copy_formats(column_count: int) -> bytes:
    return struct.pack(f"!bH{column_count}h", 0, column_count, *[0] * column_count)


def copy_data(row: bytes) -> bytes:
    """One CopyData message."""
    return _frame(b"d", row)


@dataclass(frozen=True, slots=True)
class CopyRows:
    """Whole CopyData messages, one a row as clients expect, one after another."""

    frames: bytes

    def encode(self) -> bytes:
        return self.frames


@dataclass(frozen=True, slots=True)
class CopyDone:
    def encode(self) -> bytes:
        return _frame(b"c")


Message = (
    EncryptionReply
    | NegotiateProtocolVersion
    | AuthenticationSASL
    | AuthenticationSASLContinue
    | AuthenticationSASLFinal
    | AuthenticationOk
    | BackendKeyData
    | ParameterStatus
    | ReadyForQuery
    | ErrorResponse
    | NoticeResponse
    | RowDescription
    | DataRows
    | CommandComplete
    | EmptyQueryResponse
    | PortalSuspended
    | ParseComplete
    | BindComplete
    | CloseComplete
    | NoData
    | ParameterDescription
    | CopyInResponse
    | CopyOutResponse
    | CopyRows
    | CopyDone
)
