"""The one exception that bytes from a client can cause."""

from __future__ import annotations

PROTOCOL_VIOLATION = "08P01"
BAD_ENCODING = "22021"


class ProtocolError(Exception):
    """The client said what the protocol does not allow.

    `fatal` is False only when the frame itself was whole, so that the bytes after it still mean
    something: PostgreSQL, too, then answers an ERROR and goes on.
    """

    def __init__(self, message: str, *, sqlstate: str = PROTOCOL_VIOLATION, fatal: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.fatal = fatal


class LocalProtocolError(Exception):
    """The server itself tried to say what the protocol does not allow: a bug here, never a client's."""
