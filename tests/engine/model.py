"""The model: what a tenant should hold, as plain dictionaries by id, and what commits and restores do to it.

A `World` is cheap to copy: what is in its dictionaries is never changed, only replaced. So there is a copy
for every moment worth remembering, and an *effect* is a function that changes a world as a commit should.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.extent import WHOLE_TENANT, Extent
from engine.ids import Timestamp
from tests.engine.lab import Row

MOMENTS_MAX = 30


@dataclass(frozen=True)
class TableModel:
    """Columns by id in order, the key first; rows by key. `sequence` is the id of the one it owns."""

    schema: int
    name: str
    columns: Mapping[int, str]
    sequence: int
    rows: Mapping[int, Row] = field(default_factory=dict)


@dataclass
class World:
    """Databases, schemas (with their database), tables, and where their sequences stand."""

    databases: dict[int, str] = field(default_factory=dict)
    schemas: dict[int, tuple[int, str]] = field(default_factory=dict)
    tables: dict[int, TableModel] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)

    def copy(self) -> World:
        return World(dict(self.databases), dict(self.schemas), dict(self.tables), dict(self.positions))

    # --- rows and tables ----------------------------------------------------------------------------

    def _change(self, table: int, rows: Mapping[int, Row], columns: Mapping[int, str] | None = None) -> None:
        model = self.tables[table]
        self.tables[table] = dataclasses.replace(
            model, rows=rows, columns=model.columns if columns is None else columns
        )

    def put(self, table: int, ids: Iterable[int], value: str) -> None:
        """Rows with `value` in each column but the key, in place of those that are there."""
        model = self.tables[table]
        made = {id: (id, *[value] * (len(model.columns) - 1)) for id in ids}
        self._change(table, {**model.rows, **made})

    def delete(self, table: int, ids: Collection[int]) -> None:
        rows = self.tables[table].rows
        self._change(table, {id: row for id, row in rows.items() if id not in ids})

    def truncate(self, table: int) -> None:
        self._change(table, {})

    def add_column(self, table: int, column: int, name: str, missing: str | None) -> None:
        model = self.tables[table]
        rows = {id: (*row, missing) for id, row in model.rows.items()}
        self._change(table, rows, {**model.columns, column: name})

    def drop_column(self, table: int, column: int) -> None:
        model = self.tables[table]
        at = list(model.columns).index(column)
        rows = {id: (*row[:at], *row[at + 1 :]) for id, row in model.rows.items()}
        self._change(table, rows, {id: name for id, name in model.columns.items() if id != column})

    def drop_table(self, table: int) -> None:
        self.positions.pop(self.tables.pop(table).sequence, None)

    def draw(self, sequence: int, value: int) -> None:
        """Values are not drawn back when what drew them is rolled back."""
        if any(table.sequence == sequence for table in self.tables.values()):
            self.positions[sequence] = max(value, self.positions.get(sequence, value))

    # --- restores -----------------------------------------------------------------------------------

    def inside(self, extent: Extent) -> World:
        """The part of it that `extent` is about."""
        databases = {
            id: name
            for id, name in self.databases.items()
            if extent.level == "tenant" or (extent.level == "database" and id in extent.objects)
        }
        schemas = {
            id: (database, name)
            for id, (database, name) in self.schemas.items()
            if database in databases or (extent.level == "schema" and id in extent.objects)
        }
        tables = {
            id: table
            for id, table in self.tables.items()
            if table.schema in schemas or (extent.level == "table" and id in extent.objects)
        }
        sequences = {table.sequence for table in tables.values()}
        positions = {id: value for id, value in self.positions.items() if id in sequences}
        return World(databases, schemas, tables, positions)

    def restored(self, then: World, extent: Extent) -> World | None:
        """This world with `extent` as it was `then`; None when something has no place to be any more, or
        its name has been given to another."""
        found = self.copy()
        ended, begun = self.inside(extent), then.inside(extent)
        for mine, old, new in (
            (found.databases, ended.databases, begun.databases),
            (found.schemas, ended.schemas, begun.schemas),
            (found.tables, ended.tables, begun.tables),
            (found.positions, ended.positions, begun.positions),
        ):
            for id in old:
                del mine[id]  # type: ignore[attr-defined]
            mine.update(new)  # type: ignore[attr-defined]
        return found if found._sound() else None

    def _sound(self) -> bool:
        tables = [(table.schema, table.name) for table in self.tables.values()]
        return (
            all(database in self.databases for database, _ in self.schemas.values())
            and all(schema in self.schemas for schema, _ in tables)
            and _each_once(self.databases.values())
            and _each_once(self.schemas.values())
            and _each_once(tables)
        )


def _each_once(names: Collection[object]) -> bool:
    return len(set(names)) == len(names)


Effect = Callable[[World], None]
Event = tuple[Timestamp, list[Effect]]
"""A commit, and what it does to the world."""


def become(world: World, other: World | None) -> None:
    """`world` is as `other` from now on."""
    assert other is not None, "something was committed that has no place"
    world.__dict__.update(other.__dict__)


class Timeline:
    """The world now, and what is remembered of the past: copies by moment, the snapshots with what they
    cover, and when what was restored."""

    def __init__(self) -> None:
        self.world = World()
        self.moments: dict[Timestamp, World] = {}
        self.snapshots: dict[Timestamp, Extent] = {}
        self.restores: list[tuple[Timestamp, Extent]] = []

    def remember(self, ts: Timestamp) -> None:
        self.moments[ts] = self.world.copy()

    def happened(self, events: Iterable[Event]) -> None:
        """Commits change the world one after the other; just before and at each is worth remembering."""
        for ts, effects in sorted(events, key=lambda event: event[0]):
            self.remember(Timestamp(ts - 1))
            for effect in effects:
                effect(self.world)
            self.remember(ts)

    def promised(self, since: int) -> dict[Timestamp, World]:
        """The moments all of which must be readable, when all from `since` on are."""
        return {
            ts: world
            for ts, world in sorted(self.moments.items())
            if ts >= since or self.snapshots.get(ts) == WHOLE_TENANT
        }

    def forget(self, since: int) -> None:
        """Remember no more than can be compared."""
        passing = [ts for ts in self.promised(since) if ts not in self.snapshots]
        kept = {*passing[-MOMENTS_MAX:], *self.snapshots}
        kept |= {Timestamp(ts - 1) for ts, _ in self.restores if ts > since}
        self.moments = {ts: world for ts, world in self.moments.items() if ts in kept}

    def restored(self, ts: Timestamp, moment: Timestamp) -> Event:
        """The whole tenant was taken back to `moment` by a commit at `ts`."""
        then = self.moments[moment].copy()
        self.restores.append((ts, WHOLE_TENANT))
        return ts, [lambda world: become(world, then.copy())]

    def at(self, moment: Timestamp, extent: Extent) -> World:
        """What must be shown of `extent` there."""
        world = self.moments[moment].copy()
        inside = world.inside(extent)
        world.tables, world.positions = inside.tables, inside.positions
        return world


def differences(shown: World, expected: World) -> list[str]:
    """Where they differ, for people; nothing when they are equal. A sequence may stand further on than the
    newest value known to be committed: values are skipped, but never given out again."""
    found = []
    for what in ("databases", "schemas"):
        if getattr(shown, what) != getattr(expected, what):
            found.append(f"{what}: {getattr(shown, what)}, expected {getattr(expected, what)}")
    if shown.tables.keys() != expected.tables.keys():
        found.append(f"tables: {sorted(shown.tables)}, expected {sorted(expected.tables)}")
    for id in shown.tables.keys() & expected.tables.keys():
        is_, should = shown.tables[id], expected.tables[id]
        if (is_.schema, is_.name, list(is_.columns.items())) != (
            should.schema,
            should.name,
            list(should.columns.items()),
        ):
            found.append(f"table {id}: {is_}, expected {should}")
        elif is_.rows != should.rows:
            wrong = {
                key
                for key in is_.rows.keys() | should.rows.keys()
                if is_.rows.get(key) != should.rows.get(key)
            }
            found.append(
                f"table {id}, rows {sorted(wrong)}: "
                f"{[is_.rows.get(key) for key in sorted(wrong)]}, "
                f"expected {[should.rows.get(key) for key in sorted(wrong)]}"
            )
    for id, value in expected.positions.items():
        if shown.positions.get(id, 0) < value:
            found.append(f"sequence {id}: stands at {shown.positions.get(id)}, {value} was given out")
    return found
