"""Transactions of the model test as data, and how they are played.

A step names what it is about by numbers that are taken round the list of what there is (`pick`), so that a
plan means something whatever the tenant holds, and Hypothesis can shorten it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from hypothesis import strategies as st

from engine.catalog import Column, Drop, Key, Put, Setting, Table
from engine.catalog import Sequence as SequenceBody
from engine.errors import EngineError, NameTaken
from engine.extent import Extent
from engine.ids import CatalogId, Timestamp
from engine.restore import Method
from engine.transaction import Isolation
from engine.workspace import Savepoint
from tests.engine.lab import Lab
from tests.engine.model import Effect, TableModel, World, become

T = TypeVar("T")

COLUMNS_MAX = 5
LONG = 40


@dataclass(frozen=True)
class Upsert:
    pick: int
    ids: tuple[int, ...]
    value: str


@dataclass(frozen=True)
class Delete:
    pick: int
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Truncate:
    pick: int


@dataclass(frozen=True)
class Create:
    pick: int
    name: str


@dataclass(frozen=True)
class DropTable:
    pick: int


@dataclass(frozen=True)
class AddColumn:
    pick: int
    name: str
    missing: str | None


@dataclass(frozen=True)
class DropColumn:
    pick: int
    column: int


@dataclass(frozen=True)
class DrawValue:
    pick: int


@dataclass(frozen=True)
class Save:
    pass


@dataclass(frozen=True)
class Back:
    pass


@dataclass(frozen=True)
class RestorePart:
    """`moment` and `pick` go round the moments that are promised and what there was then."""

    level: str
    moment: int
    pick: int
    method: Method


@dataclass(frozen=True)
class RestoreThis:
    moment: Timestamp
    extent: Extent
    method: Method


TableStep = Upsert | Delete | Truncate | DropTable | AddColumn | DropColumn | DrawValue
Step = TableStep | Create | Save | Back | RestorePart | RestoreThis

PICKS = st.integers(0, 7)
METHODS: st.SearchStrategy[Method] = st.sampled_from(("physical", "logical"))
IDS = st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True).map(tuple)
MANY = st.integers(0, 60).map(lambda first: tuple(range(first, first + 25)))
VALUES = st.text("abcXYZ '\"", max_size=5)
NAMES = st.sampled_from(("t", "u", "w"))
ROWS = st.one_of(
    st.builds(Upsert, PICKS, IDS, VALUES),
    st.builds(Upsert, PICKS, IDS, VALUES),
    st.builds(Upsert, PICKS, MANY, st.sampled_from("xyz").map(lambda letter: letter * LONG)),
    st.builds(Delete, PICKS, IDS),
    st.builds(DrawValue, PICKS),
)
DEFINITIONS = st.one_of(
    st.builds(Create, PICKS, NAMES),
    st.builds(AddColumn, PICKS, st.sampled_from("ab"), st.none() | st.text("mn", max_size=2)),
    st.builds(DropColumn, PICKS, PICKS),
    st.builds(AddColumn, PICKS, st.sampled_from("ab"), st.none() | st.text("mn", max_size=2)),
    st.builds(DropColumn, PICKS, PICKS),
    st.builds(Truncate, PICKS),
    st.builds(DropTable, PICKS),
)
RESTORES = st.builds(
    RestorePart, st.sampled_from(("database", "schema", "table", "table")), PICKS, PICKS, METHODS
)
STEPS = st.one_of(ROWS, ROWS, ROWS, DEFINITIONS, st.builds(Save), st.builds(Back), RESTORES)


@dataclass(frozen=True)
class Plan:
    """One transaction, committed in the end or rolled back."""

    steps: tuple[Step, ...]
    isolation: Isolation = "read committed"
    keep: bool = True


ROW_PLANS = st.builds(
    Plan,
    st.lists(ROWS, min_size=1, max_size=4).map(tuple),
    isolation=st.sampled_from(("read committed", "repeatable read")),
)
PLANS = st.one_of(
    st.builds(
        Plan,
        st.lists(STEPS, min_size=1, max_size=5).map(tuple),
        keep=st.sampled_from((True, True, True, False)),
    ),
    ROW_PLANS,
)


@dataclass
class Played:
    """What has come of a plan so far. `ts` None: not committed, as far as is known."""

    effects: list[Effect] = field(default_factory=list)
    ts: Timestamp | None = None
    error: EngineError | None = None
    marker: str | None = None


class Player:
    """Plays one plan. `alone` is the world that it begins in when nothing else goes on; then it must see
    its own changes in it, and nothing may stand in its way but names that are taken."""

    def __init__(
        self, lab: Lab, plan: Plan, moments: Mapping[Timestamp, World], alone: World | None = None
    ) -> None:
        self._lab = lab
        self._plan = plan
        self._moments = moments
        self._alone = alone
        self._savepoints: list[tuple[Savepoint, int]] = []
        self._draws: list[Effect] = []
        self.played = Played()

    async def play(self, marker: str | None = None) -> Played:
        """`marker` names a setting that becomes true with the transaction, so that its outcome can be
        looked up when nobody lived to tell it."""
        played = self.played
        played.marker = marker
        try:
            self._transaction = self._lab.tenant.begin(self._plan.isolation)
        except EngineError as error:
            played.error = error
            return played
        try:
            if marker is not None:
                self._edit(Put(Setting(self._transaction.new_id(), marker, "")))
            await self._steps()
            if self._alone is not None:
                await self._sees_itself(self._alone.copy())
            if self._plan.keep:
                ts = await self._transaction.commit()
                played.ts = ts if self._transaction.wrote else None
        except EngineError as error:
            played.error = error
        finally:
            await self._transaction.rollback()
        return played

    async def _steps(self) -> None:
        for step in self._plan.steps:
            self._transaction.start_statement()
            await self._do(step)

    async def _sees_itself(self, world: World) -> None:
        for effect in self.played.effects:
            effect(world)
        tables = self._transaction.catalog.tables
        assert tables.keys() == world.tables.keys()
        for id, model in world.tables.items():
            rows = await self._lab.rows_in(self._transaction, tables[id])
            assert rows == sorted(model.rows.values(), key=lambda row: row[0]), (
                f"table {id} in its transaction"
            )

    def _edit(self, *edits: Put | Drop) -> None:
        self._transaction.edit(*edits)

    def _effect(self, effect: Effect) -> None:
        self.played.effects.append(effect)

    # --- steps --------------------------------------------------------------------------------------

    async def _do(self, step: Step) -> None:
        match step:
            case Create(pick, name):
                await self._create(
                    picked(sorted(self._transaction.catalog.schemas.values(), key=_id), pick).id, name
                )
            case Save():
                self._savepoints.append((self._transaction.savepoint(), len(self.played.effects)))
            case Back():
                self._back()
            case RestorePart():
                await self._restore_part(step)
            case RestoreThis(moment, extent, method):
                await self._restore(moment, extent, method)
            case _:
                tables = self._transaction.catalog.tables
                if tables:
                    await self._with_table(step, tables[picked(sorted(tables), step.pick)])

    def _back(self) -> None:
        if self._savepoints:
            savepoint, effects = self._savepoints.pop()
            self._transaction.rollback_to(savepoint)
            undone = self.played.effects[effects:]
            del self.played.effects[effects:]
            self.played.effects += [effect for effect in undone if effect in self._draws]

    async def _with_table(self, step: TableStep, table: Table) -> None:
        match step:
            case Upsert(_, ids, value):
                await self._delete(table, ids)
                rows = [(id, *[value] * (len(table.columns) - 1)) for id in ids]
                await self._transaction.insert(table, self._lab.arrow(table, rows))
                self._effect(lambda world: world.put(table.id, ids, value))
            case Delete(_, ids):
                gone = await self._delete(table, ids)
                self._effect(lambda world: world.delete(table.id, gone))
            case DrawValue():
                sequence = self._sequence(table)
                value = self._transaction.next_value(sequence)
                draw: Effect = partial(World.draw, sequence=sequence, value=value)
                if sequence in self._transaction.workspace.restored:
                    stood = self._transaction.catalog.positions.get(sequence, 0)
                    assert value > stood, f"sequence {sequence} gave out {value}, it was restored at {stood}"
                else:
                    self._draws.append(draw)
                self._effect(draw)
            case _:
                await self._transaction.lock_table(table.id, exclusive=True)
                self._transaction.start_statement()
                now = self._transaction.catalog.tables.get(table.id)
                if now is not None:
                    self._define(step, now)

    async def _delete(self, table: Table, ids: Sequence[int]) -> tuple[int, ...]:
        """Those of `ids` that this statement sees, and so deletes: others may insert the rest meanwhile."""
        key, among = f"c{table.columns[0].id}", ", ".join(map(str, ids))
        async with self._transaction.reader() as reader:
            relation = await reader.relation(table)
            found = await reader.table(f"SELECT _row_id, {key} FROM {relation} WHERE {key} IN ({among})")
        await self._transaction.delete(table, found.column(0))
        return tuple(found.column(1).to_pylist())

    def _sequence(self, table: Table) -> CatalogId:
        sequences = self._transaction.catalog.sequences.values()
        return next(body.id for body in sequences if body.owner_table == table.id)

    def _define(self, step: TableStep, table: Table) -> None:
        match step:
            case Truncate():
                self._edit(Put(dataclasses.replace(table, storage=self._transaction.new_storage())))
                self._effect(lambda world: world.truncate(table.id))
            case DropTable():
                sequence = self._sequence(table)
                self._edit(Drop("table", table.id), Drop("sequence", sequence), Drop("position", sequence))
                self._effect(lambda world: world.drop_table(table.id))
            case AddColumn(_, name, missing) if (
                len(table.columns) < COLUMNS_MAX and table.column(name) is None
            ):
                column = Column(self._transaction.new_id(), name, "text", "VARCHAR", missing=missing)
                self._edit(Put(dataclasses.replace(table, columns=(*table.columns, column))))
                self._effect(lambda world: world.add_column(table.id, column.id, name, missing))
            case DropColumn(_, pick) if len(table.columns) > 1:
                gone = picked(table.columns[1:], pick)
                left = tuple(column for column in table.columns if column.id != gone.id)
                self._edit(Put(dataclasses.replace(table, columns=left)))
                self._effect(lambda world: world.drop_column(table.id, gone.id))

    async def _create(self, schema: CatalogId, name: str) -> None:
        transaction = self._transaction
        await transaction.lock_name("relation", schema, name)
        transaction.start_statement()
        if (schema, name) in transaction.catalog.relations:
            return
        table, key, sequence, *columns = (transaction.new_id() for _ in range(5))
        names = dict(zip(columns, ("id", "v"), strict=True))
        kept = (
            Column(columns[0], "id", "integer", "INTEGER", not_null=True),
            Column(columns[1], "v", "text", "VARCHAR"),
        )
        keys = (Key(key, f"{name}_pkey", (columns[0],), primary=True),)
        self._edit(
            Put(Table(table, schema, name, kept, transaction.new_storage(), keys)),
            Put(SequenceBody(sequence, schema, f"s{sequence}", owner_table=table, owner_column=columns[0])),
        )
        model = TableModel(schema, name, names, sequence)
        self._effect(lambda world: world.tables.update({table: model}))

    async def _restore_part(self, step: RestorePart) -> None:
        moment = picked(sorted(self._moments), step.moment) if self._moments else None
        if moment is None:
            return
        then = self._moments[moment]
        objects = sorted(
            {"database": then.databases, "schema": then.schemas, "table": then.tables}[step.level]
        )
        if objects:
            extent = Extent(step.level, (picked(objects, step.pick),))  # type: ignore[arg-type]
            await self._restore(moment, extent, step.method)

    async def _restore(self, moment: Timestamp, extent: Extent, method: Method) -> None:
        await self._lab.tenant.settle(moment)
        transaction, then = self._transaction, self._moments[moment]
        past = extent.covered(self._lab.tenant.history.at(moment))
        bodies = [*past.values(), *extent.covered(transaction.catalog).values()]
        for schema, name in sorted({(body.schema, body.name) for body in bodies if isinstance(body, Table)}):
            await transaction.lock_name("relation", schema, name)
        transaction.start_statement()
        expected = self._expected(then, extent)
        try:
            await transaction.restore(moment, extent, method)
        except NameTaken:
            assert self._alone is None or expected is None, f"{extent} could have been restored to {moment}"
            raise
        assert self._alone is None or expected is not None, f"{extent} has no place to be restored to"
        self._effect(lambda world: become(world, world.restored(then, extent)))

    def _expected(self, then: World, extent: Extent) -> World | None:
        if self._alone is None:
            return None
        world = self._alone.copy()
        for effect in self.played.effects:
            effect(world)
        return world.restored(then, extent)


def picked(choices: Sequence[T], pick: int) -> T:
    return choices[pick % len(choices)]


def _id(body: object) -> int:
    return int(getattr(body, "id"))  # noqa: B009
