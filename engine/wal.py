"""WAL objects: what one put makes durable.

A WAL object holds either the transactions of one group commit or a fence. Its number is its place in
the tenant's log; numbers have no gaps, so a missing one is XX001. Rows and row ids are Arrow IPC
streams, everything else JSON, inside the envelope of `engine.frame`.

`writer` and `sequence` tell whose object it is: a put whose reply was lost sees its own bytes as
"already exists" and knows them by these two.

A *fence* is put by a server that takes the tenant over, after it has claimed the next epoch in a
manifest. An older writer's next put meets it, whatever number it had reached.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from engine.bodies import edit_from_json, edit_to_json
from engine.catalog import Edit
from engine.frame import pack, unpack
from engine.ids import CatalogId, StorageId, Timestamp
from engine.positions import Joined
from engine.refs import Ref

_MAGIC = b"RWDBWAL1"


@dataclass(frozen=True, slots=True)
class RowsInserted:
    """`rows` has a column ``c<id>`` per column id and ``_row_id``."""

    storage: StorageId
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class RowsDeleted:
    storage: StorageId
    row_ids: pa.Int64Array


@dataclass(frozen=True, slots=True)
class Transaction:
    """One committed transaction. `refs` are installed in their storages at `ts`; `next_id` and
    `next_row_id` are where the tenant's counters stood when it was queued. A long list of refs is an
    object of its own, put beforehand: then `refs_key` names it, the WAL does not repeat it, and decoding
    leaves `refs` empty for recovery to read. `horizon` raises the tenant's horizon; `joined` tells of
    sequences whose positions become one (`engine.positions`), and is not in objects from before there was."""

    ts: Timestamp
    edits: tuple[Edit, ...] = ()
    inserts: tuple[RowsInserted, ...] = ()
    deletes: tuple[RowsDeleted, ...] = ()
    refs: tuple[Ref, ...] = ()
    refs_key: str | None = None
    horizon: Timestamp | None = None
    next_id: int = 0
    next_row_id: int = 0
    joined: Joined = ()

    def with_refs_resolved(self) -> Transaction:
        """With its refs as they are once it has committed."""
        if not self.refs:
            return self
        return dataclasses.replace(self, refs=tuple(ref.resolved(self.ts) for ref in self.refs))


@dataclass(frozen=True, slots=True)
class WalObject:
    """A fence has no transactions and `fence` set."""

    epoch: int
    writer: str
    sequence: int
    transactions: tuple[Transaction, ...] = ()
    fence: bool = False

    def same_put(self, other: WalObject) -> bool:
        return (self.writer, self.sequence) == (other.writer, other.sequence)


def encode(wal: WalObject) -> bytes:
    parts: list[bytes] = []

    def part(table: pa.Table) -> int:
        parts.append(_ipc(table))
        return len(parts) - 1

    transactions: list[dict[str, Any]] = []
    for transaction in wal.transactions:
        transactions.append(
            {
                "ts": transaction.ts,
                "edits": [edit_to_json(edit) for edit in transaction.edits],
                "inserts": [[inserted.storage, part(inserted.rows)] for inserted in transaction.inserts],
                "deletes": [
                    [deleted.storage, part(pa.table({"_row_id": deleted.row_ids}))]
                    for deleted in transaction.deletes
                ],
                "refs": [ref.to_json() for ref in transaction.refs] if transaction.refs_key is None else [],
                "refs_key": transaction.refs_key,
                "horizon": transaction.horizon,
                "next_id": transaction.next_id,
                "next_row_id": transaction.next_row_id,
                "joined": transaction.joined,
            }
        )
    header = {
        "epoch": wal.epoch,
        "writer": wal.writer,
        "sequence": wal.sequence,
        "fence": wal.fence,
        "transactions": transactions,
    }
    return pack(_MAGIC, header, parts)


def decode(data: bytes, name: str) -> WalObject:
    """`LogCorrupted` (naming `name`) when the bytes are not a whole WAL object of this format."""
    header, parts = unpack(_MAGIC, data, name)
    return WalObject(
        epoch=header["epoch"],
        writer=header["writer"],
        sequence=header["sequence"],
        fence=header["fence"],
        transactions=tuple(_transaction(fields, parts) for fields in header["transactions"]),
    )


def _transaction(fields: dict[str, Any], parts: Sequence[memoryview]) -> Transaction:
    return Transaction(
        ts=Timestamp(fields["ts"]),
        edits=tuple(edit_from_json(edit) for edit in fields["edits"]),
        inserts=tuple(
            RowsInserted(StorageId(storage), _table(parts[part])) for storage, part in fields["inserts"]
        ),
        deletes=tuple(
            RowsDeleted(StorageId(storage), _table(parts[part]).column("_row_id").combine_chunks())
            for storage, part in fields["deletes"]
        ),
        refs=tuple(Ref.from_json(values) for values in fields["refs"]),
        refs_key=fields["refs_key"],
        horizon=Timestamp(fields["horizon"]) if fields["horizon"] is not None else None,
        next_id=fields["next_id"],
        next_row_id=fields["next_row_id"],
        joined=tuple((CatalogId(id), Timestamp(since)) for id, since in fields.get("joined", ())),
    )


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _table(part: memoryview) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(part)).read_all()
