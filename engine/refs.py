"""A ref: the catalog's record of an object in a storage.

A ref lives from `added_ts` to `removed_ts` and speaks of commits in ``[min_ts, max_ts]``. A read at
ts uses the refs with ``added_ts <= ts < removed_ts``, and of their rows those with a commit ts up to
ts. Two storages may hold refs to one object: that is how a restore shares bytes.

A ref that travels in a transaction has `added_ts` 0, which means "my commit's ts"; a bulk ref made by
that transaction has `min_ts` and `max_ts` 0 as well. `resolved` fills them in.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.ids import INFINITY, CatalogId, RowId, StorageId, Timestamp
from engine.key_ranges import KeyRange

OWN_COMMIT = Timestamp(0)
"""Stands for the timestamp of the commit that carries the ref."""


@dataclass(frozen=True, slots=True)
class Ref:
    """`key` is the object's whole key in the store, `hash` its content hash (`engine.cache`), `columns`
    the column ids in it. `bulk_base` is set for a bulk object: all its rows have the commit ts `min_ts`
    and row ids `bulk_base + position`; otherwise they are in `_commit_ts` and `_row_id`. `ranges` tell
    where the values of key columns lie; one that is not told may lie anywhere."""

    kind: Literal["data", "tombstone"]
    storage: StorageId
    key: str
    hash: str
    rows: int
    bytes: int
    min_ts: Timestamp
    max_ts: Timestamp
    min_row_id: RowId
    max_row_id: RowId
    columns: tuple[CatalogId, ...] = ()
    bulk_base: RowId | None = None
    added_ts: Timestamp = OWN_COMMIT
    removed_ts: Timestamp = INFINITY
    ranges: tuple[KeyRange, ...] = ()

    def visible_at(self, ts: Timestamp) -> bool:
        return self.added_ts <= ts < self.removed_ts

    def straddles(self, ts: Timestamp) -> bool:
        """Part of its rows (or deletes) are at or before `ts`, part after."""
        return self.visible_at(ts) and self.min_ts <= ts < self.max_ts

    def may_touch(self, data: Iterable[Ref]) -> bool:
        """Whether a tombstone ref may speak of rows of `data`."""
        return any(self.min_row_id <= ref.max_row_id and ref.min_row_id <= self.max_row_id for ref in data)

    def resolved(self, commit_ts: Timestamp) -> Ref:
        """The ref as it is once its transaction has committed at `commit_ts`."""
        if self.added_ts != OWN_COMMIT:
            return self
        own = self.min_ts == OWN_COMMIT
        return dataclasses.replace(
            self,
            added_ts=commit_ts,
            min_ts=commit_ts if own else self.min_ts,
            max_ts=commit_ts if own else self.max_ts,
        )

    def installed_in(self, storage: StorageId) -> Ref:
        """The same object as a transaction puts it into another storage."""
        return dataclasses.replace(self, storage=storage, added_ts=OWN_COMMIT, removed_ts=INFINITY)

    def to_json(self) -> list[Any]:
        return list(_values(self))

    @staticmethod
    def from_json(values: Sequence[Any]) -> Ref:
        """`values` of format 1 end before `ranges`."""
        ranges = values[_FIELDS_OF_FORMAT_1] if len(values) > _FIELDS_OF_FORMAT_1 else ()
        given = [*values[:_FIELDS_OF_FORMAT_1], tuple(KeyRange(*range) for range in ranges)]
        given[_COLUMNS] = tuple(given[_COLUMNS])
        return Ref(*given)


_FIELDS = tuple(field.name for field in dataclasses.fields(Ref))
_FIELDS_OF_FORMAT_1 = 14
_COLUMNS = _FIELDS.index("columns")
_values = operator.attrgetter(*_FIELDS)
