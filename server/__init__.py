"""Life of a connection.

1. `server.commands` reads the command line and the environment into a `server.config.Config`, and
   `server.listener.serve` opens the store and the cluster, makes a `server.listener.Listener` and says
   `listening on HOST:PORT`.
2. A client connects. asyncio makes a `server.link.Link`, the socket's end, and the listener starts the
   one coroutine of a `server.connection.Connection` on it.
3. Bytes go into a `server.wire.protocol.Protocol` and come out as frozen dataclasses: first an
   SSLRequest, perhaps (TLS starts, or a plain N says no), or a CancelRequest, which
   `server.cancel.CancelKeys` takes to the session it names; at last a StartupMessage, in which
   `server.startup.read_login` finds tenant, role, database and settings.
4. `server.auth.Authenticator` asks for a proof by SCRAM-SHA-256 (`server.wire.scram.ScramServer`) and
   returns a `sql.principal.Principal`, or raises. Only with a principal can `sql.session.open_session`
   be called, and only then does the client hear AuthenticationOk, its parameters, the key for
   cancelling, and ReadyForQuery.
5. From then on a `server.conversation.Conversation` turns each message into a call of the
   `sql.session.Session`: a Query runs at once; Parse, Bind, Describe and Execute prepare a statement,
   read its parameters (`server.parameters.decode`), tell its columns and run it; Sync ends the implicit
   transaction.
6. The session answers with plain data (`sql.answers`). Result batches become DataRow messages without
   touching rows (`server.rows.RowEncoder`), or value by value when they are few
   (`server.few.ResultEncoder`); COPY's bytes become batches and batches become COPY's bytes
   (`server.copying`). A slow client is waited for, so nothing piles up.
7. An error is an ErrorResponse with its SQLSTATE. In the simple protocol ReadyForQuery follows; in the
   extended one everything up to Sync is dropped; the session can be used again. Bytes that make no
   sense end the connection with 08P01.
8. The client says Terminate, or is simply gone: its statement is cancelled and the session closed,
   which rolls back. On SIGTERM everybody at rest hears 57P01, statements under way may finish, and the
   process ends when the cluster is closed.
"""
