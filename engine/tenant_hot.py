"""What one tenant has hot: whole tables, and for tables too large for that their keys.

A key check asks for a few values of a few columns. `keys` has tables of the key columns alone; they are
hot tables like the others, under the same budgets, brought up to date by the same commits and handed over
by the same restores. A table is there in at most one way at a time as a rule, but nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.catalog import Column
from engine.clock import Clock
from engine.duck import Duck
from engine.hot import HotTables, LoadStorage
from engine.hot_table import HotBudget, HotTable
from engine.ids import CatalogId, StorageId, Timestamp
from engine.state import State
from engine.wal import Transaction


class TenantHot:
    """`share` is what this tenant's hot tables may take, `budget` bounds those of all tenants."""

    def __init__(
        self,
        duck: Duck,
        state: State,
        load_storage: LoadStorage,
        clock: Clock,
        *,
        share: int,
        budget: HotBudget,
    ) -> None:
        self._state = state
        self._budgets = (HotBudget(share), budget)
        for one in self._budgets:
            one.join(self)
        alike = (load_storage, self._make_room, budget.use, clock.sleep)
        self.whole = HotTables(duck, state.columns_of_storage, *alike)
        self.keys = HotTables(duck, self._key_columns, *alike, keys_only=True)

    def _key_columns(self, storage: StorageId) -> dict[CatalogId, Column]:
        tables = self._state.tables_of_storage.get(storage, [])
        ids = {id for key in tables[-1].keys for id in key.columns} if tables else set()
        return {id: column for id, column in self._state.columns_of_storage(storage).items() if id in ids}

    def tables(self) -> list[HotTable]:
        return [*self.whole.tables(), *self.keys.tables()]

    def _make_room(self, needed: int) -> bool:
        """Evict what was read longest ago until `needed` bytes fit; False when they cannot."""
        return all(budget.make_room(needed) for budget in self._budgets)

    async def apply(self, transactions: Iterable[Transaction]) -> None:
        """Make durable transactions part of every hot table they touch. The caller makes them part of
        the state right after, without waiting for anything in between."""
        transactions = tuple(transactions)
        await self.whole.apply(transactions)
        await self.keys.apply(transactions)

    def applied(self) -> None:
        """The state has what `apply` was given."""
        self.whole.applied()
        self.keys.applied()

    def hand_over(self, old: StorageId, new: StorageId, moment: Timestamp, restored: Transaction) -> None:
        """A restore by the transaction `restored`: `new` begins as `old` was at `moment`."""
        self.whole.hand_over(old, new, moment, restored)
        self.keys.hand_over(old, new, moment, restored)

    async def close(self) -> None:
        for budget in self._budgets:
            budget.leave(self)
        await self.whole.close()
        await self.keys.close()
