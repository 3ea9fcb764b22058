"""The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.

An unknown user gets the same exchange as a known one: a salt that never changes for the same name,
and a refusal only at the end, so that nobody learns from outside which users there are. The caller
makes the salt with `mock_verifier`.

The name in the client's first message is ignored, as PostgreSQL does: the startup packet has said who
it is. Malformed messages are `ProtocolError`; a wrong proof is `False`, and what to say about it is
for the caller.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

from server.wire.errors import ProtocolError
from sql.passwords import ITERATIONS, KEY_BYTES, SALT_BYTES, Verifier

MECHANISM = "SCRAM-SHA-256"
_NONCE_BYTES = 18

_PRINTABLE = re.compile(rb"[\x21-\x2b\x2d-\x7e]+")
"""What a nonce may consist of: printable ASCII but the comma."""


def mock_verifier(secret: bytes, user: str) -> Verifier:
    """A verifier that nothing verifies against; the same salt for the same user and secret."""
    salt = hmac.digest(secret, user.encode("utf-8"), "sha256")[:SALT_BYTES]
    return Verifier(ITERATIONS, salt, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


class ScramServer:
    """One exchange: `first`, then `final`."""

    def __init__(self, verifier: Verifier, *, nonce: str | None = None) -> None:
        self._verifier = verifier
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode()
        self._gs2_header = b""
        self._client_first_bare = b""
        self._server_first = b""
        self._full_nonce = b""

    def first(self, message: bytes) -> bytes:
        """The server's challenge to the client's first message."""
        self._gs2_header, self._client_first_bare = _split_first(message)
        attributes = _attributes(self._client_first_bare)
        if attributes[0][0] == b"m":
            raise ProtocolError("client requires an unsupported SCRAM extension", sqlstate="0A000")
        if [name for name, _ in attributes[:2]] != [b"n", b"r"]:
            raise ProtocolError("malformed SCRAM message: a user and a nonce were expected")
        nonce = attributes[1][1]
        if not _PRINTABLE.fullmatch(nonce):
            raise ProtocolError("malformed SCRAM message: the nonce has characters that are not allowed")
        self._full_nonce = nonce + self._nonce.encode()
        salt = base64.b64encode(self._verifier.salt)
        self._server_first = b"r=%b,s=%b,i=%d" % (self._full_nonce, salt, self._verifier.iterations)
        return self._server_first

    def final(self, message: bytes) -> bytes | None:
        """The server's own proof, or None when the client's proof is wrong."""
        without_proof, comma, proof_attribute = message.rpartition(b",")
        if not comma or not proof_attribute.startswith(b"p="):
            raise ProtocolError("malformed SCRAM message: a proof was expected at its end")
        proof = _base64(proof_attribute[2:])
        attributes = _attributes(without_proof)
        if [name for name, _ in attributes[:2]] != [b"c", b"r"]:
            raise ProtocolError("malformed SCRAM message: channel binding and nonce were expected")
        if _base64(attributes[0][1]) != self._gs2_header:
            raise ProtocolError("unexpected SCRAM channel-binding attribute in client-final-message")
        if attributes[1][1] != self._full_nonce:
            raise ProtocolError("invalid SCRAM response: nonce does not match")
        if len(proof) != KEY_BYTES:
            raise ProtocolError("malformed SCRAM message: the proof has the wrong length")
        authenticated = b",".join((self._client_first_bare, self._server_first, without_proof))
        return self._check(proof, authenticated)

    def _check(self, proof: bytes, authenticated: bytes) -> bytes | None:
        signature = hmac.digest(self._verifier.stored_key, authenticated, "sha256")
        client_key = bytes(left ^ right for left, right in zip(proof, signature, strict=True))
        if not hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key):
            return None
        own = hmac.digest(self._verifier.server_key, authenticated, "sha256")
        return b"v=" + base64.b64encode(own)


def _split_first(message: bytes) -> tuple[bytes, bytes]:
    """The GS2 header of the client's first message (with its commas), and the rest."""
    parts = message.split(b",", 2)
    if len(parts) != 3:
        raise ProtocolError("malformed SCRAM message: its header is not complete")
    binding, identity, bare = parts
    if binding.startswith(b"p="):
        raise ProtocolError("channel binding was not offered, but the SCRAM message demands it")
    if binding not in (b"n", b"y"):
        raise ProtocolError("malformed SCRAM message: unexpected channel-binding flag")
    if identity:
        message_text = "client uses authorization identity, but it is not supported"
        raise ProtocolError(message_text, sqlstate="0A000")
    return binding + b",,", bare


def _attributes(message: bytes) -> list[tuple[bytes, bytes]]:
    attributes = []
    for part in message.split(b","):
        if part[1:2] != b"=" or not part[:1].isalpha():
            raise ProtocolError("malformed SCRAM message: an attribute was expected")
        attributes.append((part[:1], part[2:]))
    return attributes


def _base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ProtocolError("malformed SCRAM message: invalid base64") from None
