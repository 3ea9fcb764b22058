"""The layout of a store: the only module that builds and parses keys.

    tenants/<name>/<generation>/manifest/<n>         numbered, create-only
    tenants/<name>/<generation>/wal/<n>              numbered, create-only
    tenants/<name>/<generation>/objects/<id>.parquet data and tombstones
    tenants/<name>/<generation>/objects/<id>.refs    long lists of refs

Numbers have sixteen digits, so that listings come in order of number. A generation is one life of a
tenant's name: dropped and created again starts a new one, restores do not. A name is written with
everything but ``a-z 0-9 - _`` as ``.xx`` per UTF-8 byte: one name, one key, also on filesystems that
take ``A`` and ``a`` for the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

NUMBER_DIGITS = 16
TENANTS = "tenants/"
SYSTEM_TENANT = "sys"
SYSTEM_GENERATION = "0"
"""The system tenant has one life."""

Kind = Literal["manifest", "wal", "object", "refs"]

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_NUMBERED = re.compile(r"tenants/([^/]+)/([^/]+)/(manifest|wal)/(\d{16})\Z")
_NAMED = re.compile(r"tenants/([^/]+)/([^/]+)/objects/([^/.]+)\.(parquet|refs)\Z")


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """What a key says. `number` is set for manifests and WAL, `id` for objects and lists of refs."""

    tenant: str
    generation: str
    kind: Kind
    number: int | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class TenantPaths:
    """The keys of one generation of one tenant."""

    name: str
    generation: str

    @property
    def root(self) -> str:
        return f"{TENANTS}{encode_name(self.name)}/{self.generation}/"

    @property
    def manifests(self) -> str:
        """The prefix of all manifests."""
        return self.root + "manifest/"

    @property
    def wals(self) -> str:
        """The prefix of all WAL objects."""
        return self.root + "wal/"

    @property
    def objects(self) -> str:
        """The prefix of all data objects, tombstone objects and lists of refs."""
        return self.root + "objects/"

    def manifest(self, number: int) -> str:
        return self.manifests + _number(number)

    def wal(self, number: int) -> str:
        return self.wals + _number(number)

    def object(self, id: str) -> str:
        return f"{self.objects}{id}.parquet"

    def refs(self, id: str) -> str:
        return f"{self.objects}{id}.refs"


def parse(key: str) -> ParsedKey | None:
    """What `key` says; None when it is none of ours."""
    if found := _NUMBERED.match(key):
        kind: Kind = "wal" if found[3] == "wal" else "manifest"
        return ParsedKey(decode_name(found[1]), found[2], kind, number=int(found[4]))
    if found := _NAMED.match(key):
        kind = "refs" if found[4] == "refs" else "object"
        return ParsedKey(decode_name(found[1]), found[2], kind, id=found[3])
    return None


def generations(name: str) -> str:
    """The prefix of all generations of a tenant's name."""
    return f"{TENANTS}{encode_name(name)}/"


def encode_name(name: str) -> str:
    """A tenant's name as one segment of a key."""
    return "".join(chr(byte) if byte in _PLAIN else f".{byte:02x}" for byte in name.encode())


def decode_name(segment: str) -> str:
    plain = re.sub(rb"\.([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), segment.encode())
    return plain.decode()


def _number(number: int) -> str:
    if not 0 <= number < 10**NUMBER_DIGITS:
        raise ValueError(f"a numbered object's number is out of range: {number}")
    return f"{number:0{NUMBER_DIGITS}d}"
