"""Password verifiers in PostgreSQL's own format, ``SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>``.

A verifier lets the server check a proof of the password and prove itself to the client, and lets
nobody log in who steals it. The password itself is never kept, and this is the only place that sees
it on the server's side.

A password is prepared by SASLprep (RFC 4013) as clients do; one that SASLprep forbids is taken as its
plain bytes, again as clients do, for otherwise its owner could not log in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

from sql.errors import SqlError

ITERATIONS = 4096
SALT_BYTES = 16
KEY_BYTES = 32
CHECKED_ITERATIONS_MAX = 100_000
"""A client makes a verifier with as many iterations as it likes; up to here, some 50 ms, the server tries
whether it is the empty password's."""

_VERIFIER = re.compile(r"SCRAM-SHA-256\$([1-9][0-9]{0,8}):([^$:]+)\$([^$:]+):([^$:]+)")
_MD5 = re.compile("md5[0-9a-f]{32}")

_FORBIDDEN = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the server keeps of a password (RFC 5802)."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def __str__(self) -> str:
        salt, stored_key, server_key = (
            base64.b64encode(part).decode() for part in (self.salt, self.stored_key, self.server_key)
        )
        return f"SCRAM-SHA-256${self.iterations}:{salt}${stored_key}:{server_key}"


def make_verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """The verifier of `password`, with a random salt unless one is given."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return str(Verifier(iterations, salt, stored_key, hmac.digest(salted, b"Server Key", "sha256")))


def stored_form(text: str) -> str:
    """What to keep of a new password as a statement gives it: a verifier that the client has made itself
    stays what it is, as in PostgreSQL (psql's ``\\password`` sends one), unless it is the empty password's.
    22023 when nobody could log in."""
    verifier = read_verifier(text)
    if verifier is not None:
        if verifier.iterations <= CHECKED_ITERATIONS_MAX and matches(text, ""):
            raise _empty()
        return text
    if _MD5.fullmatch(text):
        raise SqlError(
            "0A000",
            "md5 passwords are not supported",
            hint="Give the password itself, or SCRAM-SHA-256's verifier.",
        )
    if not text:
        raise _empty()
    return make_verifier(text)


def _empty() -> SqlError:
    return SqlError("22023", "a password cannot be empty")


def matches(verifier: str, password: str) -> bool:
    """Whether `password` is the one that the verifier was made of."""
    known = read_verifier(verifier)
    return known is not None and verifier == make_verifier(
        password, salt=known.salt, iterations=known.iterations
    )


def read_verifier(text: str) -> Verifier | None:
    """The parts of a verifier, or None when `text` is not one."""
    found = _VERIFIER.fullmatch(text)
    if found is None:
        return None
    try:
        salt, stored_key, server_key = (base64.b64decode(part, validate=True) for part in found.groups()[1:])
    except binascii.Error:
        return None
    if len(stored_key) != KEY_BYTES or len(server_key) != KEY_BYTES:
        return None
    return Verifier(int(found[1]), salt, stored_key, server_key)


def prepared(password: str) -> bytes:
    """The bytes that stand for `password`: SASLprep's where it allows them, else its own."""
    saslprepped = saslprep(password)
    return (password if saslprepped is None else saslprepped).encode("utf-8")


def saslprep(text: str) -> str | None:
    """RFC 4013 on a stored string, or None when it forbids the text or leaves nothing of it."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(forbidden(char) for char in normal for forbidden in _FORBIDDEN):
        return None
    right_to_left = [stringprep.in_table_d1(char) for char in normal]
    if any(right_to_left):
        if any(stringprep.in_table_d2(char) for char in normal):
            return None
        if not (right_to_left[0] and right_to_left[-1]):
            return None
    return normal
