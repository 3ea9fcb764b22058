"""What the machine of the model test works with: a server, the model, and how the two are compared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from engine.catalog import Drop, Put, Setting, Snapshot
from engine.clock import ManualClock
from engine.errors import EngineError, NameTaken
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import CatalogId, Timestamp
from engine.restore import Method
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab
from tests.engine.model import Event, Timeline, World, differences
from tests.engine.opening import Opening, Pressure
from tests.engine.shown import shown
from tests.engine.simulation import SeededThreads
from tests.engine.steps import Plan, Played, Player, RestoreThis
from tests.tally import tally

T = TypeVar("T")

RETENTION_US = 50_000_000
MARGIN_US = 1_000
"""Commits move the tenant's clock on a little while something is going on."""
NewId = Callable[[], CatalogId]


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*work)


class Machine(RuleBasedStateMachine):
    """`opening` is the server that has the tenant now, `line` what it should show."""

    runner: asyncio.Runner
    threads: SeededThreads
    folder: Path
    seed: int
    opening: Opening

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        self.store = MemoryStore()
        self.clock = ManualClock()
        self.line = Timeline()
        self.openings = 0

    def run(self, work: Awaitable[T]) -> T:
        tally("operations of the model")

        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def retention(self, new_id: NewId) -> list[Put | Drop]:
        return [Put(Setting(new_id(), "history_retention", str(RETENTION_US)))]

    async def open(self, pressure: Pressure, cache: str = "cache") -> None:
        self.openings += 1
        self.opening = Opening(
            self.store, self.clock, self.threads, self.folder / cache, self.seed + self.openings
        )
        await self.opening.open(pressure)

    @property
    def lab(self) -> Lab:
        return self.opening.lab

    @property
    def since(self) -> int:
        """From here on every moment must be readable."""
        return self.lab.tenant.now() - RETENTION_US + MARGIN_US

    def promised(self) -> dict[Timestamp, World]:
        return self.line.promised(self.since)

    def happened(self, events: Iterable[Event]) -> None:
        self.line.happened(events)
        self.line.forget(self.since)

    # --- moves --------------------------------------------------------------------------------------

    def have_played(self, played: Iterable[Played]) -> None:
        self.happened((p.ts, p.effects) for p in played if p.ts is not None and p.effects)

    async def do_beside(
        self, what: str | None, moment: Timestamp, method: Method
    ) -> Event | EngineError | None:
        """What it made of the world, and when; or what kept it from that."""
        try:
            match what:
                case "snapshot":
                    ts = await self.commit(lambda new_id: [Put(Snapshot(new_id(), Timestamp(0)))])
                    self.line.snapshots[ts] = WHOLE_TENANT
                    return ts, []
                case "flush" | "compact" | "collect":
                    await getattr(self.lab.tenant, what)()
                case "restore":
                    report = await self.lab.tenant.restore(moment, method)
                    return self.line.restored(report.commit_ts, moment)
        except EngineError as error:
            return error
        return None

    async def commit(self, edits: Callable[[NewId], list[Put | Drop]]) -> Timestamp:
        """A transaction of edits alone."""
        transaction = self.lab.tenant.begin()
        try:
            transaction.edit(*edits(transaction.new_id))
            return await transaction.commit()
        finally:
            await transaction.rollback()

    def restore_all(self, moment: Timestamp, method: Method) -> None:
        report = self.run(self.lab.tenant.restore(moment, method))
        self.happened([self.line.restored(report.commit_ts, moment)])

    def restore_part(self, moment: Timestamp, extent: Extent, method: Method) -> None:
        plan = Plan((RestoreThis(moment, extent, method),))
        played = self.run(Player(self.lab, plan, self.line.moments, alone=self.line.world).play())
        assert played.error is None or isinstance(played.error, NameTaken), repr(played.error)
        if played.ts is not None:
            self.line.restores.append((played.ts, extent))
        self.have_played([played])

    # --- after a crash ------------------------------------------------------------------------------

    def survived(self, players: Iterable[Player]) -> list[Event]:
        """Which transactions the log has, by the marks they left."""
        entries = self.lab.tenant.history.entries()
        marks = {e.body.name: e.created_ts for e in entries if isinstance(e.body, Setting)}
        events = []
        for played in (player.played for player in players):
            ts = marks.get(played.marker or "")
            assert played.ts in (None, ts), "what was acknowledged is lost"
            if ts is not None:
                events.append((ts, played.effects))
        return events

    def survived_beside(
        self, what: str | None, moment: Timestamp, restorations: int, snapshots: set[Timestamp]
    ) -> list[Event]:
        catalog = self.lab.tenant.catalog
        new = [r for r in catalog.restorations[restorations:] if r.level == "tenant"]
        events = [self.line.restored(r.commit_ts, moment) for r in new]
        for ts in catalog.snapshots.keys() - snapshots:
            self.line.snapshots[ts] = WHOLE_TENANT
            events.append((ts, []))
        assert len(events) <= (what in ("restore", "snapshot"))
        return events

    # --- comparing ----------------------------------------------------------------------------------

    def compare_present(self, *, cold: bool) -> None:
        found = differences(self.run(shown(self.lab, None, cold=cold)), self.line.world)
        assert not found, found

    def compare(self, moment: Timestamp, extent: Extent) -> None:
        self.run(self.lab.tenant.settle(moment))
        expected = self.line.at(moment, extent)
        for cold in (False, True):
            found = differences(self.run(shown(self.lab, moment, cold=cold, extent=extent)), expected)
            assert not found, (moment, cold, found)
