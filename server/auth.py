"""Who is there: a `Principal`, or an exception. There is no third way out of `authenticate`.

An unknown tenant, an unknown role, a role without a password and a wrong password are told apart by
nothing that a client can see: the same look-ups are made, the same exchange runs, and the same 28P01 ends
it. The salts shown for users that do not exist are as lasting as those of users that do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.config import AuthMethod
from server.startup import Login
from server.wire import backend, frontend
from server.wire.errors import ProtocolError
from server.wire.scram import MECHANISM, ScramServer, mock_verifier
from sql.errors import SqlError
from sql.passwords import read_verifier
from sql.principal import Principal


class Material(Protocol):
    """What the cluster knows of a role that wants to log in."""

    @property
    def verifier(self) -> str | None: ...

    @property
    def admin(self) -> bool: ...


class Roles(Protocol):
    """The part of a cluster that this module needs; it claims no tenant."""

    async def login_material(self, tenant: str, role: str) -> Material | None: ...

    def mock_secret(self) -> bytes:
        """What the salts of unknown users depend on; asked for after the material."""
        ...


class Exchange(Protocol):
    """The connection, as far as a proof of identity needs it."""

    def say(self, message: backend.Message) -> None: ...

    async def next_message(self) -> frontend.Message: ...


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The server's way of asking for a proof."""

    method: AuthMethod
    roles: Roles

    async def authenticate(self, login: Login, exchange: Exchange, *, from_loopback: bool) -> Principal:
        """The principal that `login` names, proved through `exchange`; SqlError 28P01 otherwise."""
        material = await self.roles.login_material(login.tenant, login.role)
        if self.method == "trust" and from_loopback:
            if material is None:
                raise _refused(login)
            return Principal(login.tenant, login.role, material.admin)
        stored = material.verifier if material is not None else None
        known = read_verifier(stored) if stored is not None else None
        mock = mock_verifier(self.roles.mock_secret(), f"{login.tenant}:{login.role}")
        verifier = known or mock
        proved = await _prove(ScramServer(verifier), exchange)
        if not proved or known is None or material is None:
            raise _refused(login)
        return Principal(login.tenant, login.role, material.admin)


async def _prove(scram: ScramServer, exchange: Exchange) -> bool:
    exchange.say(backend.AuthenticationSASL((MECHANISM,)))
    initial = await exchange.next_message()
    assert isinstance(initial, frontend.SASLInitialResponse)
    if initial.mechanism != MECHANISM:
        raise ProtocolError("client selected an invalid SASL authentication mechanism")
    first = initial.data
    if first is None:
        exchange.say(backend.AuthenticationSASLContinue(b""))
        first = await _response(exchange)
    exchange.say(backend.AuthenticationSASLContinue(scram.first(first)))
    server_final = scram.final(await _response(exchange))
    if server_final is None:
        return False
    exchange.say(backend.AuthenticationSASLFinal(server_final))
    return True


async def _response(exchange: Exchange) -> bytes:
    message = await exchange.next_message()
    assert isinstance(message, frontend.SASLResponse)
    return message.data


def _refused(login: Login) -> SqlError:
    return SqlError("28P01", f'password authentication failed for user "{login.user}"', severity="FATAL")
