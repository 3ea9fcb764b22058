"""Numbers that a tenant gives out: catalog ids, row ids, values of sequences.

All of them run ahead of what is committed and none is given out twice, by whichever transaction and
whether it commits or not. Ids never go back. Where a sequence stands is committed with the transactions
that drew from it, in whatever order these come to their ends: so each of them writes where it stands by
then, not where that transaction left it. Only a restore, or a user, takes a sequence back.

A transaction that has restored a sequence, or has it start anew, draws from where it put it, by itself
(`engine.workspace.Workspace.restored`): for all others it stands where it stood, until the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.catalog import Catalog, Position, Put, Sequence
from engine.errors import LimitExceeded
from engine.ids import CatalogId, RowId


def value_after(sequence: Sequence, last: int | None) -> int:
    """What a sequence gives out after `last` (None: nothing yet), or `LimitExceeded` (2200H is PostgreSQL's
    word) at its end."""
    value = sequence.start if last is None else last + sequence.increment
    if sequence.minimum <= value <= sequence.maximum:
        return value
    up = sequence.increment > 0
    if sequence.cycle:
        return sequence.minimum if up else sequence.maximum
    bound, limit = ("maximum", sequence.maximum) if up else ("minimum", sequence.minimum)
    raise LimitExceeded(f'nextval: reached {bound} value of sequence "{sequence.name}" ({limit})')


class Numbers:
    """`committed` tells where the sequences stand in the newest committed catalog."""

    def __init__(
        self, next_id: int, next_row_id: int, committed: Callable[[], Mapping[CatalogId, int]]
    ) -> None:
        self.next_id = next_id
        self.next_row_id = next_row_id
        self._committed = committed
        self._last_values: dict[CatalogId, int] = {}

    def new_id(self) -> CatalogId:
        self.next_id += 1
        return CatalogId(self.next_id - 1)

    def new_row_ids(self, count: int) -> RowId:
        """The first of `count` fresh row ids."""
        self.next_row_id += count
        return RowId(self.next_row_id - count)

    def next_value(self, sequence: Sequence) -> int:
        """Advance a sequence, or `LimitExceeded` at its end."""
        last = self._last_values.get(sequence.id, self._committed().get(sequence.id))
        value = self._last_values[sequence.id] = value_after(sequence, last)
        return value

    def set_value(self, sequence_id: CatalogId, value: int) -> None:
        self._last_values[sequence_id] = value

    def positions(self, drawn: Mapping[CatalogId, int], catalog: Catalog) -> tuple[Put, ...]:
        """What a commit says of the sequences of `catalog` it drew from; `drawn` are its own last values."""
        sequences = ((catalog.sequences[id], value) for id, value in drawn.items() if id in catalog.sequences)
        return tuple(
            Put(Position(sequence.id, self._stands(sequence, value))) for sequence, value in sequences
        )

    def _stands(self, sequence: Sequence, drawn: int) -> int:
        """Where it stands, for a transaction that has drawn `drawn`. When a restore came in between, that
        or where the restore put it: whichever is further on."""
        last = self._last_values.get(sequence.id)
        if last is not None:
            return last
        further = max if sequence.increment > 0 else min
        return further(drawn, self._committed().get(sequence.id, drawn))

    def restored(self, sequence_id: CatalogId) -> None:
        """The sequence stands where the catalog says."""
        self._last_values.pop(sequence_id, None)

    def all_restored(self) -> None:
        self._last_values.clear()
