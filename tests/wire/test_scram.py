"""SCRAM-SHA-256: the exchange of RFC 7677, wrong proofs, and what must be refused."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from server.wire.errors import ProtocolError
from server.wire.scram import ScramServer, mock_verifier
from sql.passwords import Verifier, make_verifier, prepared, read_verifier

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_FIRST = f"n,,n=user,r={CLIENT_NONCE}".encode()
SERVER_FIRST = f"r={CLIENT_NONCE}{SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
WITHOUT_PROOF = f"c=biws,r={CLIENT_NONCE}{SERVER_NONCE}".encode()
CLIENT_FINAL = WITHOUT_PROOF + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def verifier(password: str = "pencil") -> Verifier:
    read = read_verifier(make_verifier(password, salt=SALT))
    assert read is not None
    return read


def started(password: str = "pencil") -> ScramServer:
    scram = ScramServer(verifier(password), nonce=SERVER_NONCE)
    assert scram.first(CLIENT_FIRST) == SERVER_FIRST
    return scram


def client_final(password: str, first: bytes, server_first: bytes, binding: bytes) -> bytes:
    """A client's answer, by the RFC."""
    fields = dict(part.split(b"=", 1) for part in server_first.split(b","))
    salted = hashlib.pbkdf2_hmac(
        "sha256", prepared(password), base64.b64decode(fields[b"s"]), int(fields[b"i"])
    )
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without = b"c=" + base64.b64encode(binding) + b",r=" + fields[b"r"]
    signed = b",".join((first.split(b",", 2)[2], server_first, without))
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return without + b",p=" + base64.b64encode(proof)


def test_rfc_7677() -> None:
    assert started().final(CLIENT_FINAL) == SERVER_FINAL


def test_wrong_password() -> None:
    assert started("pen").final(CLIENT_FINAL) is None


def test_client_that_could_bind_a_channel_and_sees_that_we_do_not() -> None:
    scram = ScramServer(verifier())
    first = b"y,,n=,r=abc"
    server_first = scram.first(first)
    final = client_final("pencil", first, server_first, b"y,,")
    assert (scram.final(final) or b"").startswith(b"v=")
    pretending = client_final("pencil", first, server_first, b"n,,")
    with pytest.raises(ProtocolError, match="channel-binding"):
        scram.final(pretending)


def test_nonces_are_the_servers_own_and_differ() -> None:
    firsts = {ScramServer(verifier()).first(CLIENT_FIRST) for _ in range(10)}
    assert len(firsts) == 10


@pytest.mark.parametrize(
    ("message", "sqlstate"),
    [
        (b"p=tls-server-end-point,,n=,r=abc", "08P01"),
        (b"n,a=other,n=,r=abc", "0A000"),
        (b"n,,m=ext,n=,r=abc", "0A000"),
        (b"n,,n=,r=", "08P01"),
        (b"n,,n=,r=a b", "08P01"),
        (b"n,,n=", "08P01"),
        (b"n,,r=abc,n=", "08P01"),
        (b"x,,n=,r=abc", "08P01"),
        (b"n", "08P01"),
        (b"", "08P01"),
    ],
)
def test_first_messages_that_are_refused(message: bytes, sqlstate: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        ScramServer(verifier()).first(message)
    assert caught.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    "message",
    [
        b"",
        WITHOUT_PROOF,
        WITHOUT_PROOF + b",p=",
        WITHOUT_PROOF + b",p=!!!!",
        WITHOUT_PROOF + b",p=AAAA",
        CLIENT_FINAL.replace(b"rOpr", b"rOpq"),
        CLIENT_FINAL.replace(b"c=biws", b"c=eSws"),
        CLIENT_FINAL.replace(b"c=biws", b"c=biw"),
        b"r=x,c=biws,p=AAAA",
    ],
)
def test_final_messages_that_are_refused(message: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        started().final(message)
    assert caught.value.sqlstate == "08P01"


def test_unknown_users_are_shown_one_salt_and_never_let_in() -> None:
    one, again = mock_verifier(b"secret", "a:b"), mock_verifier(b"secret", "a:b")
    assert one.salt == again.salt
    assert len(one.salt) == len(SALT)
    assert one.salt != mock_verifier(b"secret", "a:c").salt != mock_verifier(b"other", "a:c").salt
    scram = ScramServer(one)
    server_first = scram.first(CLIENT_FIRST)
    assert b",i=4096" in server_first
    assert scram.final(client_final("pencil", CLIENT_FIRST, server_first, b"n,,")) is None
