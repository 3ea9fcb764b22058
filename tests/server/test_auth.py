"""No principal without a proof, and nothing to be learned from a refusal."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field

import pytest

from server.auth import Authenticator
from server.startup import read_login
from server.wire import backend, frontend
from server.wire.errors import ProtocolError
from sql.errors import SqlError
from sql.passwords import make_verifier
from sql.principal import Principal
from tests.wire.test_scram import client_final

FIRST = b"n,,n=,r=abc"


@dataclass
class Known:
    verifier: str | None
    admin: bool = False


@dataclass
class Roles:
    known: dict[tuple[str, str], Known]
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def login_material(self, tenant: str, role: str) -> Known | None:
        self.asked.append((tenant, role))
        return self.known.get((tenant, role))

    def mock_secret(self) -> bytes:
        return b"mock"


class ScramClient:
    """A client that answers with `password`; `initial` may spoil its first message."""

    def __init__(self, password: str, initial: frontend.SASLInitialResponse | None = None) -> None:
        self.password = password
        self.initial = initial or frontend.SASLInitialResponse("SCRAM-SHA-256", FIRST)
        self.said: list[backend.Message] = []

    def say(self, message: backend.Message) -> None:
        self.said.append(message)

    async def next_message(self) -> frontend.Message:
        match self.said[-1]:
            case backend.AuthenticationSASL():
                return self.initial
            case backend.AuthenticationSASLContinue(b""):
                return frontend.SASLResponse(FIRST)
            case backend.AuthenticationSASLContinue(data):
                return frontend.SASLResponse(client_final(self.password, FIRST, data, b"n,,"))
        raise AssertionError("not asked")

    def salt(self) -> bytes:
        challenge = self.said[1]
        assert isinstance(challenge, backend.AuthenticationSASLContinue)
        return base64.b64decode(challenge.data.split(b",s=")[1].split(b",")[0])


@pytest.fixture
def roles() -> Roles:
    return Roles(
        {
            ("acme", "admin"): Known(make_verifier("secret"), admin=True),
            ("acme", "silent"): Known(None),
            ("acme", "broken"): Known("md5abc"),
        }
    )


def authenticate(
    roles: Roles, user: str, client: ScramClient, *, method: str = "scram", from_loopback: bool = True
) -> Principal:
    authenticator = Authenticator(method, roles)  # type: ignore[arg-type]
    login = read_login({"user": user})
    return asyncio.run(authenticator.authenticate(login, client, from_loopback=from_loopback))


def test_a_proof_makes_a_principal(roles: Roles) -> None:
    client = ScramClient("secret")
    assert authenticate(roles, "acme:admin", client) == Principal("acme", "admin", True)
    assert [type(message) for message in client.said] == [
        backend.AuthenticationSASL,
        backend.AuthenticationSASLContinue,
        backend.AuthenticationSASLFinal,
    ]


def test_a_client_that_waits_to_be_asked(roles: Roles) -> None:
    client = ScramClient("secret", frontend.SASLInitialResponse("SCRAM-SHA-256", None))
    assert authenticate(roles, "acme:admin", client).admin


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("acme:admin", "wrong"),
        ("acme:admin", ""),
        ("acme:nobody", "secret"),
        ("nobody:admin", "secret"),
        ("acme:silent", "secret"),
        ("acme:broken", "secret"),
        ("admin", "secret"),
    ],
)
def test_refusals_look_alike(roles: Roles, user: str, password: str) -> None:
    client = ScramClient(password)
    with pytest.raises(SqlError) as caught:
        authenticate(roles, user, client)
    assert caught.value == SqlError(
        "28P01", f'password authentication failed for user "{user}"', severity="FATAL"
    )
    assert [type(message) for message in client.said] == [
        backend.AuthenticationSASL,
        backend.AuthenticationSASLContinue,
    ]


def test_salts_of_unknown_users_are_steady(roles: Roles) -> None:
    salts = []
    for user in ("acme:nobody", "acme:nobody", "acme:noone", "acme:admin", "acme:admin"):
        client = ScramClient("wrong")
        with pytest.raises(SqlError):
            authenticate(roles, user, client)
        salts.append(client.salt())
    assert salts[0] == salts[1] != salts[2]
    assert salts[3] == salts[4]
    assert {len(salt) for salt in salts} == {16}


def test_another_mechanism_is_refused(roles: Roles) -> None:
    for mechanism in ("SCRAM-SHA-256-PLUS", "PLAIN", ""):
        with pytest.raises(ProtocolError):
            authenticate(roles, "acme:admin", ScramClient("", frontend.SASLInitialResponse(mechanism, b"")))


def test_trust_asks_nothing_of_loopback_and_lets_nobody_unknown_in(roles: Roles) -> None:
    client = ScramClient("")
    assert authenticate(roles, "acme:silent", client, method="trust") == Principal("acme", "silent", False)
    assert client.said == []
    with pytest.raises(SqlError, match="password authentication failed"):
        authenticate(roles, "acme:nobody", client, method="trust")


def test_trust_still_asks_everybody_else(roles: Roles) -> None:
    with pytest.raises(SqlError, match="password authentication failed"):
        authenticate(roles, "acme:admin", ScramClient("x"), method="trust", from_loopback=False)
