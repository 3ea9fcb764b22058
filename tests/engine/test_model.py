"""The model test: random histories against dictionaries of rows and saved copies.

The machine commits, rolls back, races two transactions, defines, widens, truncates and drops tables, takes
and drops snapshots, restores both ways (the tenant or one table, to snapshots and to plain moments), flushes,
compacts, collects and reopens. The model is a dictionary of tables for now, and a copy of it for every moment
worth remembering. After each step the present is
compared, and now and then every live moment, hot and cold.

The clock is the test's: it stands still for many steps, so that commits fall on adjacent microseconds on
either side of a snapshot. `REWINDDB_MODEL_EXAMPLES` and `REWINDDB_MODEL_STEPS` make it run for hours;
Hypothesis prints how to replay a failure.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import os
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine.catalog import Column, Drop, Put, Setting
from engine.check import Counts, check
from engine.clock import ManualClock
from engine.errors import CommitConflict, KeyViolated, NameTaken, StaleRead
from engine.ids import Timestamp
from engine.restore import Extent, Method
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from engine.transaction import Transaction
from tests.engine.lab import Lab, Row, opened
from tests.tally import tally

T = TypeVar("T")


@dataclass
class Model:
    """A table as it should be: its columns' names, and its rows by key."""

    columns: tuple[str, ...] = ("id", "v")
    rows: dict[int, Row] = field(default_factory=dict)

    def made(self, ids: list[int], value: str) -> dict[int, Row]:
        """Rows with `value` in each column but the key."""
        return {id: (id, *[value] * (len(self.columns) - 1)) for id in ids}


Tables = dict[str, Model]

EXAMPLES = int(os.environ.get("REWINDDB_MODEL_EXAMPLES", "12"))
STEPS = int(os.environ.get("REWINDDB_MODEL_STEPS", "40"))
RETENTION_US = 50_000_000

NAMES = st.sampled_from(["t", "u", "w"])
IDS = st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True)
VALUES = st.text("abcXYZ '\"", max_size=5)
METHODS = st.sampled_from(["physical", "logical"])


class TenantMachine(RuleBasedStateMachine):
    """`moments` holds what is still promised: snapshots, and moments within the retention."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.store = MemoryStore()
        self.clock = ManualClock()
        self.tables: Tables = {}
        self.moments: dict[Timestamp, Tables] = {}
        self.snapshots: set[Timestamp] = set()
        self.opening = 0
        self.stack: AsyncExitStack | None = None
        self.lab: Lab

    def run(self, work: Awaitable[T]) -> T:
        tally("operations of the model")

        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    @initialize()
    def start(self) -> None:
        self.run(self._open())
        self.run(self._set_retention())

    async def _open(self) -> None:
        self.opening += 1
        self.stack = AsyncExitStack()
        folder = Path(self.folder.name) / str(self.opening)
        options = Options(grace_seconds=0, inline_refs_max=4)
        self.lab = await self.stack.enter_async_context(
            opened(self.store, folder, clock=self.clock, options=options, seed=self.opening)
        )

    async def _set_retention(self) -> None:
        transaction = self.lab.tenant.begin()
        transaction.edit(Put(Setting(transaction.new_id(), "history_retention", str(RETENTION_US))))
        await transaction.commit()

    def remember(self) -> None:
        self.moments[self.lab.tenant.visible_ts] = copy.deepcopy(self.tables)

    def known(self) -> list[Timestamp]:
        """Moments that must be readable now."""
        horizon = self.lab.tenant.now() - RETENTION_US
        return [ts for ts in self.moments if ts in self.snapshots or ts > horizon]

    # --- rows and tables ----------------------------------------------------------------------------

    @precondition(lambda self: len(self.tables) < 3)
    @rule(name=NAMES)
    def create(self, name: str) -> None:
        if name not in self.tables:
            self.run(self.lab.create(name))
            self.tables[name] = Model()
            self.remember()

    @precondition(lambda self: self.tables)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.tables)))
        self.run(self.lab.drop(name))
        del self.tables[name]
        self.remember()

    @precondition(lambda self: self.tables)
    @rule(data=st.data(), ids=IDS, value=VALUES, keep=st.booleans())
    def upsert(self, data: st.DataObject, ids: list[int], value: str, keep: bool) -> None:
        """Inserts and updates over one or two tables in one transaction, committed or rolled back."""
        names = data.draw(st.lists(st.sampled_from(sorted(self.tables)), min_size=1, max_size=2, unique=True))
        self.run(self._upsert(names, ids, value, keep))
        if keep:
            for name in names:
                self.tables[name].rows |= self.tables[name].made(ids, value)
            self.remember()

    async def _upsert(self, names: list[str], ids: list[int], value: str, keep: bool) -> None:
        transaction = self.lab.tenant.begin()
        for name in names:
            await self._put(transaction, name, ids, value)
        await (transaction.commit() if keep else transaction.rollback())

    async def _put(self, transaction: Transaction, name: str, ids: list[int], value: str) -> None:
        await self.lab.delete_in(transaction, *ids, name=name)
        await self.lab.insert_in(transaction, *self.tables[name].made(ids, value).values(), name=name)

    @precondition(lambda self: self.tables)
    @rule(data=st.data(), earlier=IDS, later=IDS)
    def race(self, data: st.DataObject, earlier: list[int], later: list[int]) -> None:
        """Two transactions under way at once; the one that commits second fails if they met."""
        name = data.draw(st.sampled_from(sorted(self.tables)))
        met = self.run(self._race(name, earlier, later))
        assert met == bool(set(earlier) & set(later))
        self.tables[name].rows |= self.tables[name].made(earlier, "earlier")
        if not met:
            self.tables[name].rows |= self.tables[name].made(later, "later")
        self.remember()

    async def _race(self, name: str, earlier: list[int], later: list[int]) -> bool:
        second = self.lab.tenant.begin("repeatable read")
        try:
            await self.lab.rows_in(second, self.lab.table(name))
            first = self.lab.tenant.begin()
            await self._put(first, name, earlier, "earlier")
            await first.commit()
            await self._put(second, name, later, "later")
            await second.commit()
        except (CommitConflict, StaleRead, KeyViolated):
            return True
        finally:
            await second.rollback()
        return False

    @precondition(lambda self: self.tables)
    @rule(data=st.data(), missing=st.none() | st.text("mn", max_size=2))
    def add_column(self, data: st.DataObject, missing: str | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.tables)))
        model = self.tables[name]
        if len(model.columns) < 5:
            added = f"x{len(model.columns)}"
            self.run(self._add_column(name, added, missing))
            model.columns += (added,)
            model.rows = {id: (*row, missing) for id, row in model.rows.items()}
            self.remember()

    async def _add_column(self, name: str, added: str, missing: str | None) -> None:
        transaction = self.lab.tenant.begin()
        table = self.lab.table(name)
        column = Column(transaction.new_id(), added, "text", "VARCHAR", missing=missing)
        transaction.edit(Put(dataclasses.replace(table, columns=(*table.columns, column))))
        await transaction.commit()

    @precondition(lambda self: self.tables)
    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.tables)))

        async def empty() -> None:
            transaction = self.lab.tenant.begin()
            transaction.edit(
                Put(dataclasses.replace(self.lab.table(name), storage=transaction.new_storage()))
            )
            await transaction.commit()

        self.run(empty())
        self.tables[name].rows = {}
        self.remember()

    @precondition(lambda self: self.tables)
    @rule(data=st.data(), ids=IDS)
    def delete(self, data: st.DataObject, ids: list[int]) -> None:
        name = data.draw(st.sampled_from(sorted(self.tables)))
        self.run(self.lab.delete(*ids, name=name))
        self.tables[name].rows = {id: v for id, v in self.tables[name].rows.items() if id not in ids}
        self.remember()

    # --- moments ------------------------------------------------------------------------------------

    @rule()
    def snapshot(self) -> None:
        moment = self.run(self.lab.snapshot())
        self.snapshots.add(moment)
        self.remember()

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data())
    def drop_snapshot(self, data: st.DataObject) -> None:
        moment = data.draw(st.sampled_from(sorted(self.snapshots)))

        async def forget() -> None:
            transaction = self.lab.tenant.begin()
            transaction.edit(Drop("snapshot", self.lab.tenant.catalog.snapshots[moment].id))
            await transaction.commit()

        self.run(forget())
        self.snapshots.remove(moment)

    @precondition(lambda self: self.moments)
    @rule(data=st.data(), method=METHODS)
    def restore(self, data: st.DataObject, method: str) -> None:
        known = self.known()
        if known:
            moment = data.draw(st.sampled_from(sorted(known)))
            self.run(self.lab.tenant.restore(moment, method))
            self.tables = copy.deepcopy(self.moments[moment])
            self.remember()

    @precondition(lambda self: self.moments)
    @rule(data=st.data(), method=METHODS)
    def restore_table(self, data: st.DataObject, method: Method) -> None:
        choices = [(ts, name) for ts in sorted(self.known()) for name in sorted(self.moments[ts])]
        if choices:
            moment, name = data.draw(st.sampled_from(choices))
            if self.run(self._restore_table(moment, name, method)):
                self.tables[name] = copy.deepcopy(self.moments[moment][name])
                self.remember()

    async def _restore_table(self, moment: Timestamp, name: str, method: Method) -> bool:
        """False when another table has taken its name."""
        await self.lab.tenant.settle(moment)
        table = self.lab.table(name, moment)
        taken = name in self.tables and self.lab.table(name).id != table.id
        transaction = self.lab.tenant.begin()
        try:
            await transaction.restore(moment, Extent("table", (table.id,)), method)
            await transaction.commit()
        except NameTaken:
            assert taken
            return False
        finally:
            await transaction.rollback()
        assert not taken
        return True

    @rule(seconds=st.sampled_from([0.000001, 1, 20, 60]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1e6))

    # --- upkeep -------------------------------------------------------------------------------------

    @rule()
    def flush(self) -> None:
        self.run(self.lab.tenant.flush())

    @rule()
    def compact(self) -> None:
        self.run(self.lab.tenant.compact())

    @rule()
    def collect(self) -> None:
        self.run(self.lab.tenant.collect())
        known = set(self.known())
        self.moments = {ts: tables for ts, tables in self.moments.items() if ts in known}

    @rule()
    def reopen(self) -> None:
        assert self.stack is not None
        self.run(self.stack.aclose())
        self.run(self._open())

    # --- what must hold -----------------------------------------------------------------------------

    async def _shown(self, ts: Timestamp | None, cold: bool) -> Tables:
        catalog = self.lab.tenant.catalog if ts is None else self.lab.tenant.history.at(ts)
        read = self.lab.cold_rows if cold else self.lab.rows
        tally("moments compared")
        return {
            table.name: Model(
                tuple(column.name for column in table.columns),
                {row[0]: tuple(row) for row in await read(table.name, ts)},
            )
            for table in catalog.tables.values()
        }

    @rule()
    def now_is_right(self) -> None:
        assert self.run(self._shown(None, False)) == self.tables
        assert self.run(self._shown(None, True)) == self.tables

    @rule()
    def every_moment_is_right(self) -> None:
        for moment in self.known():
            self.run(self.lab.tenant.settle(moment))
            assert self.run(self._shown(moment, False)) == self.moments[moment]
            assert self.run(self._shown(moment, True)) == self.moments[moment]

    def teardown(self) -> None:
        async def faults() -> list[str]:
            return [str(f) async for f in check(self.store, Counts()) if f.kind == "fault"]

        try:
            if self.stack is not None:
                self.now_is_right()
                self.every_moment_is_right()
                self.run(self.stack.aclose())
                assert self.run(faults()) == []
        finally:
            self.runner.close()
            self.folder.cleanup()


TenantMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)
TestTenant = TenantMachine.TestCase
