"""One client's connection, from its first packet to its end: one coroutine, which raises nothing.

- A session exists only for a `Principal`, and AuthenticationOk is said only when the session is open.
- A client that is gone stops its statement, and its session is closed, which rolls back: a COPY cut
  in half leaves nothing.
- At shutdown a session at rest hears 57P01 at once; one at work may finish its statement first.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field

from engine.clock import Clock, SystemClock
from engine.cluster import Cluster
from engine.paths import SYSTEM_TENANT
from server import log
from server.auth import Authenticator
from server.cancel import CancelKeys
from server.config import Limits, is_loopback
from server.conversation import Conversation, SessionEnded
from server.link import COPY_IN, Disconnected, Link
from server.startup import Login, read_login
from server.wire import backend, frontend
from server.wire.errors import ProtocolError
from sql.errors import SqlError
from sql.failures import as_sql_error
from sql.principal import Principal
from sql.session import Session, open_session

_OWN_FAULTS = frozenset({"58030", "53100", "08007", "XX000", "XX001"})
"""No client has caused these: somebody must look after the server or its store."""
SHUTDOWN = SqlError("57P01", "terminating connection due to administrator command", severity="FATAL")


@dataclass(frozen=True, slots=True)
class Services:
    """What all connections of a server share."""

    cluster: Cluster
    authenticator: Authenticator
    limits: Limits
    tls: ssl.SSLContext | None
    cancel_keys: CancelKeys = field(default_factory=CancelKeys)
    established: set[Connection] = field(default_factory=set)
    """Connections that have a session; their number is limited."""
    clock: Clock = field(default_factory=SystemClock)


class Connection:
    """The coroutine of one connection, and the two ways of disturbing it: `cancel` and `stop`."""

    def __init__(self, link: Link, services: Services) -> None:
        self._link = link
        self._services = services
        self._session: Session | None = None
        self._stopping = False
        self._fields: dict[str, object] = {}
        self._opened = 0.0
        self._statements = 0
        self.tenant: str | None = None
        """Whose connection it is, once it is established."""

    def cancel(self) -> None:
        """A cancel request: stops the statement under way, a COPY that waits for its data included."""
        if self._session is not None and not self._link.at_rest:
            self._session.cancel()
            if self._link.state in COPY_IN:
                message = "canceling statement due to user request"
                self._link.interrupt(SqlError("57014", message))

    def stop(self) -> None:
        """The server shuts down: says so as soon as nothing runs here."""
        self._stopping = True
        self._link.end(SHUTDOWN)

    async def run(self) -> None:
        """Serves the connection to its end. Raises nothing."""
        self._fields["peer"] = self._link.peer
        try:
            await self._serve()
        except Disconnected:
            pass
        except SessionEnded:
            log.event("session ended by an error", self._fields)
        except ProtocolError as error:
            self._say_last(error.sqlstate, error.message)
        except Exception as error:
            told = as_sql_error(error)
            own_fault = told.sqlstate in _OWN_FAULTS
            self._say_last(told.sqlstate, told.message, level=logging.ERROR if own_fault else logging.INFO)
        finally:
            await self._let_go()

    async def _serve(self) -> None:
        services = self._services
        try:
            async with asyncio.timeout(services.limits.login_seconds):
                login = await self._first_packets()
                if login is None:
                    return
                session = await self._open_session(login)
        except TimeoutError:
            message = "canceling authentication due to timeout"
            raise SqlError("57014", message, severity="FATAL") from None
        self._link.lost.add_done_callback(lambda _: session.cancel())
        key = services.cancel_keys.issue(self.cancel)
        session.known_as(key.process_id)
        try:
            for name, value in session.reported_parameters().items():
                self._link.say(backend.ParameterStatus(name, value))
            self._link.say(backend.BackendKeyData(key.process_id, key.secret_key))
            self._link.say(backend.ReadyForQuery(session.transaction_status))
            await self._converse(Conversation(session, self._link))
        finally:
            services.cancel_keys.withdraw(key)

    async def _first_packets(self) -> Login | None:
        """Settles encryption and the protocol's minor version; None when it was a cancel request."""
        while True:
            match await self._link.next_packet():
                case frontend.SSLRequest():
                    self._link.say(backend.EncryptionReply(self._services.tls is not None))
                    if self._services.tls is not None:
                        await self._link.start_tls(self._services.tls)
                        self._fields["tls"] = True
                case frontend.GSSENCRequest():
                    self._link.say(backend.EncryptionReply(False))
                case frontend.CancelRequest(process_id, secret_key):
                    self._services.cancel_keys.request(process_id, secret_key)
                    return None
                case frontend.StartupMessage(minor, parameters, options):
                    if minor > frontend.PROTOCOL_MINOR or options:
                        self._link.say(backend.NegotiateProtocolVersion(options))
                    return read_login(parameters)
                case _:
                    raise AssertionError("not a first packet")

    async def _open_session(self, login: Login) -> Session:
        services = self._services
        self._fields |= {"tenant": login.tenant, "role": login.role, "database": login.database}
        if self._stopping:
            raise SHUTDOWN
        principal = await services.authenticator.authenticate(
            login, self._link, from_loopback=is_loopback(self._link.peer)
        )
        self._take_place(principal)
        self._session = await open_session(services.cluster, principal, login.database, login.settings)
        self._link.say(backend.AuthenticationOk())
        self._opened = services.clock.monotonic()
        log.event("session opened", self._fields)
        return self._session

    def _take_place(self, principal: Principal) -> None:
        """One of the places for connections, or 53300: others of this tenant, or all, are too many."""
        established, limits = self._services.established, self._services.limits
        message = "sorry, too many clients already"
        allowed = limits.connections
        if principal.tenant != SYSTEM_TENANT:
            allowed -= limits.connections_kept_for_sys
            own = sum(other.tenant == principal.tenant for other in established)
            if own >= limits.connections_per_tenant:
                allowed = 0
                message = f'too many connections for tenant "{principal.tenant}"'
        if len(established) >= allowed:
            raise SqlError("53300", message, severity="FATAL")
        self.tenant = principal.tenant
        established.add(self)

    async def _converse(self, conversation: Conversation) -> None:
        while True:
            if self._stopping and self._link.at_rest:
                raise SHUTDOWN
            try:
                message = await self._link.next_message()
            except ProtocolError as error:
                if error.fatal:
                    raise
                await conversation.refuse(error)
                continue
            self._statements += isinstance(message, frontend.Query | frontend.Execute)
            await conversation.answer(message)

    def _say_last(self, sqlstate: str, message: str, *, level: int = logging.INFO) -> None:
        fields = self._fields | {"sqlstate": sqlstate, "reason": message}
        log.event("connection refused or ended", fields, level=level)
        self._link.say(backend.ErrorResponse("FATAL", sqlstate, message))

    async def _let_go(self) -> None:
        try:
            if self._session is not None:
                await self._session.close()
        except Exception as error:
            log.event("closing a session failed", self._fields, level=logging.ERROR, cause=error)
        finally:
            self._services.established.discard(self)
            self._link.close()
        if self._session is not None:
            seconds = round(self._services.clock.monotonic() - self._opened, 3)
            fields = self._fields | {"seconds": seconds, "statements": self._statements}
            log.event("session closed", fields)
