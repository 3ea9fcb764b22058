"""Manifests: the checkpoint. One immutable file lists everything a tenant consists of.

A manifest states its `watermark` W and `first_wal`: all commits up to W are in it and in the objects
it names; the commits after W are in the WAL objects from `first_wal` on (which may also hold commits
up to W: replay leaves these out). It never tells of anything after W, so that replay is exact.

A *claim* is a manifest that only raises the epoch; recovery may start from it like from any other. The
numbers of all claims and fences so far are part of every manifest: what a stalled writer must run into
is never collected. Refs are in ref files but for the newest changes (`engine.ref_files`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.frame import pack, unpack
from engine.history import Entry
from engine.ids import Timestamp
from engine.ref_files import RefChanges, RefFile, changes_from_json, changes_to_json

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
    ref_files: tuple[RefFile, ...]
    ref_changes: RefChanges


def encode(manifest: Manifest) -> bytes:
    header: dict[str, Any] = {name: getattr(manifest, name) for name in Manifest.__slots__}
    header["entries"] = [entry.to_json() for entry in manifest.entries]
    header["ref_files"] = [[file.key, file.changes] for file in manifest.ref_files]
    header["ref_changes"] = changes_to_json(manifest.ref_changes)
    return pack(_MAGIC, header)


def decode(data: bytes, name: str) -> Manifest:
    """`LogCorrupted` (naming `name`) when the bytes are not a whole manifest of this format."""
    fields, _ = unpack(_MAGIC, data, name)
    fields["claims"], fields["fences"] = tuple(fields["claims"]), tuple(fields["fences"])
    fields["entries"] = tuple(Entry.from_json(entry) for entry in fields["entries"])
    fields["ref_files"] = tuple(RefFile(*file) for file in fields["ref_files"])
    fields["ref_changes"] = changes_from_json(fields["ref_changes"])
    return Manifest(**fields)
