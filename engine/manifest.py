"""Manifests: the checkpoint. One immutable file lists everything a tenant consists of.

A manifest states its `watermark` W and `first_wal`: all commits up to W are in it and in the objects
it names; the commits after W are in the WAL objects from `first_wal` on (which may also hold commits
up to W: replay leaves these out). It never tells of anything after W, so that replay is exact.

A *claim* is a manifest that only raises the epoch; recovery may start from it like from any other. The
numbers of all claims and fences so far are part of every manifest: what a stalled writer must run into
is never collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.frame import pack, unpack
from engine.history import Entry
from engine.ids import Timestamp
from engine.refs import Ref

_MAGIC = b"RWDBMAN1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`last_ts` is the tenant's clock, `horizon` the earliest moment that retention still promises."""

    number: int
    epoch: int
    writer: str
    first_wal: int
    watermark: Timestamp
    last_ts: Timestamp
    horizon: Timestamp
    next_id: int
    next_row_id: int
    claims: tuple[int, ...]
    fences: tuple[int, ...]
    entries: tuple[Entry, ...]
    refs: tuple[Ref, ...]


def encode(manifest: Manifest) -> bytes:
    header: dict[str, Any] = {name: getattr(manifest, name) for name in Manifest.__slots__}
    header["entries"] = [entry.to_json() for entry in manifest.entries]
    header["refs"] = [ref.to_json() for ref in manifest.refs]
    return pack(_MAGIC, header)


def decode(data: bytes, name: str) -> Manifest:
    """`LogCorrupted` (naming `name`) when the bytes are not a whole manifest of this format."""
    fields, _ = unpack(_MAGIC, data, name)
    fields["claims"], fields["fences"] = tuple(fields["claims"]), tuple(fields["fences"])
    fields["entries"] = tuple(Entry.from_json(entry) for entry in fields["entries"])
    fields["refs"] = tuple(Ref.from_json(ref) for ref in fields["refs"])
    return Manifest(**fields)


def encode_refs(refs: Iterable[Ref]) -> bytes:
    """A long list of refs as an object of its own, named by the WAL record that installs it."""
    return pack(_REFS_MAGIC, {"refs": [ref.to_json() for ref in refs]})


def decode_refs(data: bytes, name: str) -> tuple[Ref, ...]:
    fields, _ = unpack(_REFS_MAGIC, data, name)
    return tuple(Ref.from_json(ref) for ref in fields["refs"])


_REFS_MAGIC = b"RWDBREF1"
