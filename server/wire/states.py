"""Who may say what when: the protocol as two tables.

`CLIENT` holds, for each state in which the client is listened to, what it may say and the state after
it; in a state without a row the server has to speak first and what the client sends waits. `SERVER`
holds the same for the server, so that a bug of ours is caught here and not in a client's parser.
`DROPPED` are messages that are read and forgotten: all but Sync after an error, and the rest of a COPY
that has failed.

Outside the tables stand only two rules: an ErrorResponse that ends the session may be said at any
time, and a NoticeResponse or ParameterStatus whenever the session is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from server.wire import backend, frontend


class State(Enum):
    STARTUP = auto()
    """Nothing said yet, or encryption has just been settled."""
    ENCRYPTION = auto()
    """The client asked for encryption."""
    OPENING = auto()
    """The startup packet is here; the server asks for a proof, or is content."""
    SASL_FIRST = auto()
    SASL_NEXT = auto()
    GREETING = auto()
    """Authenticated; parameters and key follow, then the first ReadyForQuery."""
    READY = auto()
    """The client's turn, at rest or between two messages of the extended protocol."""
    SIMPLE = auto()
    """A Query or FunctionCall is being answered."""
    FAILED = auto()
    """As SIMPLE, and an error was said: only ReadyForQuery is left to say."""
    PARSE = auto()
    BIND = auto()
    DESCRIBE_STATEMENT = auto()
    DESCRIBE_PORTAL = auto()
    EXECUTE = auto()
    CLOSE = auto()
    SYNC = auto()
    SKIP = auto()
    """An extended message failed: everything up to Sync is dropped."""
    COPY_IN_SIMPLE = auto()
    COPY_IN_EXTENDED = auto()
    COPY_OUT_SIMPLE = auto()
    COPY_OUT_EXTENDED = auto()
    CLOSED = auto()

    __hash__ = object.__hash__
    """Members are looked up for every message, and Enum's own hash is written in Python."""


Transitions = Mapping[State, Mapping[type, State]]

CLIENT: Transitions = {
    State.STARTUP: {
        frontend.SSLRequest: State.ENCRYPTION,
        frontend.GSSENCRequest: State.ENCRYPTION,
        frontend.CancelRequest: State.CLOSED,
        frontend.StartupMessage: State.OPENING,
    },
    State.SASL_FIRST: {frontend.SASLInitialResponse: State.OPENING, frontend.Terminate: State.CLOSED},
    State.SASL_NEXT: {frontend.SASLResponse: State.OPENING, frontend.Terminate: State.CLOSED},
    State.READY: {
        frontend.Query: State.SIMPLE,
        frontend.FunctionCall: State.SIMPLE,
        frontend.Parse: State.PARSE,
        frontend.Bind: State.BIND,
        frontend.Describe: State.DESCRIBE_PORTAL,
        frontend.Execute: State.EXECUTE,
        frontend.Close: State.CLOSE,
        frontend.Flush: State.READY,
        frontend.Sync: State.SYNC,
        frontend.Terminate: State.CLOSED,
    },
    State.SKIP: {frontend.Sync: State.SYNC, frontend.Terminate: State.CLOSED},
    State.COPY_IN_SIMPLE: {
        frontend.CopyData: State.COPY_IN_SIMPLE,
        frontend.CopyDone: State.SIMPLE,
        frontend.CopyFail: State.SIMPLE,
        frontend.Terminate: State.CLOSED,
    },
    State.COPY_IN_EXTENDED: {
        frontend.CopyData: State.COPY_IN_EXTENDED,
        frontend.CopyDone: State.EXECUTE,
        frontend.CopyFail: State.EXECUTE,
        frontend.Terminate: State.CLOSED,
    },
}

_COPY = frozenset({frontend.CopyData, frontend.CopyDone, frontend.CopyFail})

DROPPED: Mapping[State, frozenset[type]] = {
    State.READY: _COPY,
    State.SKIP: _COPY
    | {
        frontend.Query,
        frontend.FunctionCall,
        frontend.Parse,
        frontend.Bind,
        frontend.Describe,
        frontend.Execute,
        frontend.Close,
        frontend.Flush,
    },
    State.COPY_IN_SIMPLE: frozenset({frontend.Flush, frontend.Sync}),
    State.COPY_IN_EXTENDED: frozenset({frontend.Flush, frontend.Sync}),
}

SERVER: Transitions = {
    State.ENCRYPTION: {backend.EncryptionReply: State.STARTUP},
    State.OPENING: {
        backend.NegotiateProtocolVersion: State.OPENING,
        backend.AuthenticationSASL: State.SASL_FIRST,
        backend.AuthenticationSASLContinue: State.SASL_NEXT,
        backend.AuthenticationSASLFinal: State.OPENING,
        backend.AuthenticationOk: State.GREETING,
    },
    State.GREETING: {backend.BackendKeyData: State.GREETING, backend.ReadyForQuery: State.READY},
    State.SIMPLE: {
        backend.RowDescription: State.SIMPLE,
        backend.DataRows: State.SIMPLE,
        backend.CommandComplete: State.SIMPLE,
        backend.EmptyQueryResponse: State.SIMPLE,
        backend.CopyInResponse: State.COPY_IN_SIMPLE,
        backend.CopyOutResponse: State.COPY_OUT_SIMPLE,
        backend.ErrorResponse: State.FAILED,
        backend.ReadyForQuery: State.READY,
    },
    State.FAILED: {backend.ReadyForQuery: State.READY},
    State.PARSE: {backend.ParseComplete: State.READY, backend.ErrorResponse: State.SKIP},
    State.BIND: {backend.BindComplete: State.READY, backend.ErrorResponse: State.SKIP},
    State.DESCRIBE_STATEMENT: {
        backend.ParameterDescription: State.DESCRIBE_PORTAL,
        backend.ErrorResponse: State.SKIP,
    },
    State.DESCRIBE_PORTAL: {
        backend.RowDescription: State.READY,
        backend.NoData: State.READY,
        backend.ErrorResponse: State.SKIP,
    },
    State.EXECUTE: {
        backend.DataRows: State.EXECUTE,
        backend.CommandComplete: State.READY,
        backend.EmptyQueryResponse: State.READY,
        backend.PortalSuspended: State.READY,
        backend.CopyInResponse: State.COPY_IN_EXTENDED,
        backend.CopyOutResponse: State.COPY_OUT_EXTENDED,
        backend.ErrorResponse: State.SKIP,
    },
    State.CLOSE: {backend.CloseComplete: State.READY, backend.ErrorResponse: State.SKIP},
    State.SYNC: {backend.ErrorResponse: State.SYNC, backend.ReadyForQuery: State.READY},
    State.COPY_IN_SIMPLE: {backend.ErrorResponse: State.FAILED},
    State.COPY_IN_EXTENDED: {backend.ErrorResponse: State.SKIP},
    State.COPY_OUT_SIMPLE: {
        backend.CopyRows: State.COPY_OUT_SIMPLE,
        backend.CopyDone: State.SIMPLE,
        backend.ErrorResponse: State.FAILED,
    },
    State.COPY_OUT_EXTENDED: {
        backend.CopyRows: State.COPY_OUT_EXTENDED,
        backend.CopyDone: State.EXECUTE,
        backend.ErrorResponse: State.SKIP,
    },
}

BEFORE_SESSION = frozenset(
    {State.STARTUP, State.ENCRYPTION, State.OPENING, State.SASL_FIRST, State.SASL_NEXT, State.CLOSED}
)
"""Where neither a notice nor a parameter's value may be said."""
