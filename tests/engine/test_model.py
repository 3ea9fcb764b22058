"""The model test: random histories against dictionaries of rows and saved copies.

The machine plays transactions (`tests.engine.steps`: rows, definitions, sequences, savepoints, restores of
databases, schemas and tables), alone and several at once beside a restore, a snapshot or upkeep; takes and
drops snapshots of every level; restores the tenant both ways and undoes restores; flushes, compacts,
collects; is closed, overtaken or killed in the middle of it all, and opened again with little memory or a
tiny cache. The model (`tests.engine.model`) is a `World` of dictionaries for now, and a copy of it for every
moment worth remembering, just before and at each commit, which are adjacent microseconds as often as not.

After each step the present is compared; now and then, and at the end, every live moment, hot and cold.
At the end each snapshot is restored both ways, and when all is dropped and old nothing may be left behind.

The clock is the test's, ids and threads are seeded: Hypothesis replays a failure exactly and prints how.
`REWINDDB_MODEL_EXAMPLES` and `REWINDDB_MODEL_STEPS` make it run for hours.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from engine.catalog import Database, Drop, Put, Schema, Setting, Snapshot
from engine.check import Counts, check
from engine.errors import (
    CommitConflict,
    Deadlock,
    EngineError,
    KeyViolated,
    NameTaken,
    StaleRead,
    TenantFenced,
    TenantRestored,
)
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import CatalogId, Timestamp
from engine.restore import Method
from tests.engine.machine import RETENTION_US, Machine, NewId, together
from tests.engine.model import Effect, World, become
from tests.engine.opening import PRESSURES, SMALL, Pressure
from tests.engine.simulation import seeded_runner
from tests.engine.steps import (
    METHODS,
    NAMES,
    PICKS,
    PLANS,
    ROW_PLANS,
    Create,
    Plan,
    Player,
    Upsert,
    picked,
)

EXAMPLES = int(os.environ.get("REWINDDB_MODEL_EXAMPLES", "12"))
STEPS = int(os.environ.get("REWINDDB_MODEL_STEPS", "40"))
pytestmark = pytest.mark.timeout(60 + EXAMPLES * STEPS)
COMPETITION = (CommitConflict, Deadlock, KeyViolated, NameTaken, StaleRead, TenantRestored)
"""What may befall a transaction because of others."""

BESIDE = st.sampled_from((None, "snapshot", "flush", "compact", "collect", "restore"))
LEVELS = st.sampled_from(("tenant", "tenant", "database", "schema", "table"))


class TenantMachine(Machine):
    """The moves."""

    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.seed = seed
        self.folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
        self.runner, self.threads = self.resources.enter_context(seeded_runner(seed))
        for name, value in SMALL.items():
            self.resources.enter_context(mock.patch(name, value))
        self.run(self.open(Pressure()))
        self.run(self.commit(self.retention))
        catalog = self.lab.tenant.catalog
        self.line.world.databases = {body.id: body.name for body in catalog.databases.values()}
        self.line.world.schemas = {body.id: (body.database, body.name) for body in catalog.schemas.values()}
        self.line.remember(self.lab.tenant.visible_ts)
        rows = Upsert(0, tuple(range(10)), "one")
        self.transact(Plan((Create(0, "t"), rows, Create(0, "u"), dataclasses.replace(rows, pick=1))))

    # --- transactions -------------------------------------------------------------------------------

    @rule(pick=PICKS, name=NAMES, plan=ROW_PLANS)
    def create_and_fill(self, pick: int, name: str, plan: Plan) -> None:
        self.transact(dataclasses.replace(plan, steps=(Create(pick, name), *plan.steps)))

    @rule(plan=ROW_PLANS)
    def write(self, plan: Plan) -> None:
        self.transact(plan)

    @rule(plan=PLANS)
    def transact(self, plan: Plan) -> None:
        """Nobody else is there: nothing but a name that is taken may stand in the way."""
        player = Player(self.lab, plan, self.promised(), alone=self.line.world)
        played = self.run(player.play())
        assert played.error is None or isinstance(played.error, NameTaken), repr(played.error)
        self.have_played([played])

    @rule(plans=st.lists(PLANS, min_size=2, max_size=4), beside=BESIDE, pick=PICKS, method=METHODS)
    def compete(self, plans: list[Plan], beside: str | None, pick: int, method: Method) -> None:
        """Several at once, and something else beside them."""
        promised = self.promised()
        moment = picked(list(promised), pick)
        players = [Player(self.lab, plan, promised) for plan in plans]
        *_, done = self.run(
            together(*(player.play() for player in players), self.do_beside(beside, moment, method))
        )
        for player in players:
            error = player.played.error
            assert error is None or isinstance(error, COMPETITION), repr(error)
        assert not isinstance(done, EngineError) or isinstance(done, COMPETITION), repr(done)
        events = [
            (p.played.ts, p.played.effects) for p in players if p.played.ts is not None and p.played.effects
        ]
        if isinstance(done, tuple):
            events.append(done)
        self.happened(events)

    # --- databases and schemas ----------------------------------------------------------------------

    @precondition(lambda self: len(self.line.world.databases) < 3)
    @rule(name=st.sampled_from(("d", "e")))
    def create_database(self, name: str) -> None:
        if name not in self.line.world.databases.values():
            made: list[CatalogId] = []

            def edits(new_id: NewId) -> list[Put | Drop]:
                made.extend((new_id(), new_id()))
                return [Put(Database(made[0], name)), Put(Schema(made[1], made[0], "public"))]

            ts = self.run(self.commit(edits))
            effects: list[Effect] = [
                lambda world: world.databases.update({made[0]: name}),
                lambda world: world.schemas.update({made[1]: (made[0], "public")}),
            ]
            self.happened([(ts, effects)])

    @precondition(lambda self: len(self.line.world.schemas) < 4)
    @rule(pick=PICKS, name=st.sampled_from("pq"))
    def create_schema(self, pick: int, name: str) -> None:
        database = CatalogId(picked(sorted(self.line.world.databases), pick))
        if (database, name) not in self.line.world.schemas.values():
            made: list[CatalogId] = []

            def edits(new_id: NewId) -> list[Put | Drop]:
                made.append(new_id())
                return [Put(Schema(made[0], database, name))]

            ts = self.run(self.commit(edits))
            self.happened([(ts, [lambda world: world.schemas.update({made[0]: (database, name)})])])

    @precondition(lambda self: len(self.line.world.schemas) > 1)
    @rule(pick=PICKS, level=st.sampled_from(("schema", "schema", "database")))
    def drop_part(self, pick: int, level: str) -> None:
        """A schema or a database with all that is in it."""
        choices = sorted(self.line.world.schemas if level == "schema" else self.line.world.databases)
        extent = Extent(level, (CatalogId(picked(choices, pick)),))  # type: ignore[arg-type]
        if level == "database" and len(choices) == 1:
            return
        covered = extent.covered(self.lab.tenant.catalog)
        ts = self.run(self.commit(lambda new_id: [Drop(kind, id) for kind, id in covered]))
        self.happened([(ts, [lambda world: become(world, world.restored(World(), extent))])])

    # --- snapshots and restores ---------------------------------------------------------------------

    @rule(level=LEVELS, pick=PICKS, past=st.booleans(), moment=PICKS)
    def snapshot(self, level: str, pick: int, past: bool, moment: int) -> None:
        """Of now, or of a moment that is still readable."""
        recent = [ts for ts in self.promised() if ts >= self.since]
        ts = picked(recent, moment) if past and recent else Timestamp(0)
        if ts in self.line.snapshots:
            return
        world = self.line.moments[ts] if ts else self.line.world
        choices = {"tenant": [], "database": world.databases, "schema": world.schemas, "table": world.tables}[
            level
        ]
        objects = (CatalogId(picked(sorted(choices), pick)),) if choices else ()
        if level != "tenant" and not objects:
            return
        extent = Extent(level, objects)  # type: ignore[arg-type]

        def edits(new_id: NewId) -> list[Put | Drop]:
            return [Put(Snapshot(new_id(), ts, level=extent.level, objects=extent.objects))]

        committed = self.run(self.commit(edits))
        self.line.snapshots[ts or committed] = extent
        self.happened([(committed, [])])

    @precondition(lambda self: self.line.snapshots)
    @rule(pick=PICKS)
    def drop_snapshot(self, pick: int) -> None:
        moment = picked(sorted(self.line.snapshots), pick)
        id = self.lab.tenant.catalog.snapshots[moment].id
        self.run(self.commit(lambda new_id: [Drop("snapshot", id)]))
        del self.line.snapshots[moment]

    @rule(pick=PICKS, method=METHODS)
    def restore(self, pick: int, method: Method) -> None:
        self.restore_all(picked(list(self.promised()), pick), method)

    @precondition(lambda self: any(extent != WHOLE_TENANT for extent in self.line.snapshots.values()))
    @rule(pick=PICKS, method=METHODS)
    def restore_what_a_snapshot_covers(self, pick: int, method: Method) -> None:
        narrow = [
            (ts, extent)
            for ts, extent in sorted(self.line.snapshots.items(), key=str)
            if extent != WHOLE_TENANT
        ]
        self.restore_part(*picked(narrow, pick), method)

    @precondition(lambda self: self.line.restores)
    @rule()
    def undo_restore(self) -> None:
        ts, extent = self.line.restores[-1]
        before = Timestamp(ts - 1)
        if before in self.promised():
            if extent == WHOLE_TENANT:
                self.restore_all(before, "physical")
            else:
                self.restore_part(before, extent, "physical")

    # --- upkeep and endings -------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.000001, 1, 20, 60]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1e6))
        now = self.lab.tenant.now()
        self.run(self.lab.tenant.settle(now))
        self.line.remember(now)

    @rule()
    def flush(self) -> None:
        self.run(self.lab.tenant.flush())

    @rule()
    def compact(self) -> None:
        self.run(self.lab.tenant.compact())

    @rule()
    def collect(self) -> None:
        self.run(self.lab.tenant.collect())
        self.line.forget(self.since)

    @rule(pressure=st.sampled_from(PRESSURES))
    def reopen(self, pressure: Pressure) -> None:
        self.run(self.opening.close())
        self.run(self.open(pressure))

    @rule(pressure=st.sampled_from(PRESSURES))
    def overtake(self, pressure: Pressure) -> None:
        """Another server opens the tenant; this one has written its last."""
        old = self.opening
        self.run(self.open(pressure, f"overtaking {self.openings}"))

        async def late() -> EngineError | None:
            transaction = old.lab.tenant.begin()
            try:
                transaction.edit(Put(Setting(transaction.new_id(), "late", "")))
                await transaction.commit()
            except EngineError as error:
                return error
            finally:
                await transaction.rollback()
            return None

        assert isinstance(self.run(late()), TenantFenced)
        self.run(old.close())

    @rule(
        plans=st.lists(PLANS, min_size=1, max_size=3),
        beside=BESIDE,
        pick=PICKS,
        method=METHODS,
        changes=st.integers(0, 8),
        applied=st.booleans(),
        pressure=st.sampled_from(PRESSURES),
    )
    def crash(
        self,
        plans: list[Plan],
        beside: str | None,
        pick: int,
        method: Method,
        changes: int,
        applied: bool,
        pressure: Pressure,
    ) -> None:
        """Killed in the middle of it all: what was acknowledged is there, nothing is there by half."""
        promised = self.promised()
        known = (len(self.lab.tenant.catalog.restorations), set(self.lab.tenant.catalog.snapshots))
        moment = picked(list(promised), pick)
        players = [Player(self.lab, plan, promised) for plan in plans]
        self.opening.power.cut_after(changes, applied=applied)
        playing = (player.play(f"crash {self.openings} {at}") for at, player in enumerate(players))
        restores = list(self.line.restores)
        snapshots = dict(self.line.snapshots)
        self.run(together(*playing, self.do_beside(beside, moment, method)))
        self.line.restores, self.line.snapshots = restores, snapshots
        self.opening.power.cut()
        self.run(self.opening.close())
        self.run(self.open(pressure))
        self.happened([*self.survived(players), *self.survived_beside(beside, moment, *known)])

    # --- what must hold -----------------------------------------------------------------------------

    @invariant()
    def now_is_right(self) -> None:
        if self.line.moments:
            self.compare_present(cold=False)

    @rule()
    def objects_are_right(self) -> None:
        self.compare_present(cold=True)

    @rule(some=st.sets(PICKS, min_size=1, max_size=3))
    def moments_are_right(self, some: set[int]) -> None:
        promised = list(self.promised())
        for moment in {picked(promised, pick) for pick in some}:
            self.compare(moment, WHOLE_TENANT)

    @rule()
    def snapshots_are_right(self) -> None:
        for moment, extent in sorted(self.line.snapshots.items(), key=str):
            self.compare(moment, extent)

    def _everything_is_right(self) -> None:
        self.objects_are_right()
        for moment in self.promised():
            self.compare(moment, WHOLE_TENANT)
        self.snapshots_are_right()
        for moment, extent in sorted(self.line.snapshots.items(), key=str):
            if extent == WHOLE_TENANT:
                for method in ("physical", "logical"):
                    self.restore_all(moment, method)
                    self.now_is_right()
                    self.objects_are_right()

    def _nothing_is_left_behind(self) -> None:
        """Without snapshots, and when all history is over, only the present keeps objects."""
        while self.line.snapshots:
            self.drop_snapshot(0)
        self.clock.advance(3 * RETENTION_US)
        self.collect()
        self.collect()  # What a hot table was being loaded from during the first.
        tenant = self.lab.tenant
        live = {table.storage for table in tenant.catalog.tables.values()}
        left = [
            ref
            for ref in tenant.state.refs()
            if ref.storage not in live or ref.removed_ts <= tenant.visible_ts
        ]
        assert not left, left
        unnamed = self.run(tenant.upkeep.unnamed())
        assert not unnamed, unnamed
        self.now_is_right()
        self.objects_are_right()

    def teardown(self) -> None:
        async def faults() -> list[str]:
            return [str(f) async for f in check(self.store, Counts()) if f.kind == "fault"]

        try:
            if self.line.moments:
                self._everything_is_right()
                self._nothing_is_left_behind()
                self.run(self.opening.close())
                found = self.run(faults())
                assert not found, found
        finally:
            self.resources.close()


TenantMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)
TestTenant = TenantMachine.TestCase
