"""The catalog: everything a tenant consists of but its rows, at one moment.

A *body* is one of the frozen dataclasses below, identified by its kind and id. Edits are data (`Put`,
`Drop`): a transaction collects them, the WAL carries them, `engine.history.History.apply` makes them
true. Some kinds are *lasting*: a restore leaves them as they are now (snapshots, passwords, settings).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from engine.ids import CatalogId, StorageId, Timestamp

Level = Literal["tenant", "database", "schema", "table"]

# --- bodies -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `type` is what PostgreSQL calls it (``numeric(10,2)``) and is opaque to the
    engine; `storage_type` is the DuckDB type its values are held in. `default` is a PostgreSQL
    expression. `missing` is the value, as text that `storage_type` reads back, of rows written before
    the column was added."""

    id: CatalogId
    name: str
    type: str
    storage_type: str
    not_null: bool = False
    default: str | None = None
    identity: Literal["always", "by default"] | None = None
    sequence: CatalogId | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key or a unique constraint, over column ids in key order."""

    id: CatalogId
    name: str
    columns: tuple[CatalogId, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint; `expression` is PostgreSQL text over the table's own columns."""

    id: CatalogId
    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class World:
    """A tenant id: one incarnation of the tenant's world. A restore drops one and creates the next."""

    kind: ClassVar[str] = "world"
    id: CatalogId


@dataclass(frozen=True, slots=True)
class Database:
    kind: ClassVar[str] = "database"
    id: CatalogId
    name: str


@dataclass(frozen=True, slots=True)
class Schema:
    kind: ClassVar[str] = "schema"
    id: CatalogId
    database: CatalogId
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """`storage` is the heap its rows are in; TRUNCATE, RESTORE and a rewriting ALTER give a new one."""

    kind: ClassVar[str] = "table"
    id: CatalogId
    schema: CatalogId
    name: str
    columns: tuple[Column, ...]
    storage: StorageId
    keys: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def primary_key(self) -> Key | None:
        return next((key for key in self.keys if key.primary), None)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def column_by_id(self, column_id: CatalogId) -> Column:
        return next(column for column in self.columns if column.id == column_id)


@dataclass(frozen=True, slots=True)
class ViewColumn:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class View:
    """`query` is PostgreSQL text with every name qualified; `depends` the ids of tables and views in it."""

    kind: ClassVar[str] = "view"
    id: CatalogId
    schema: CatalogId
    name: str
    query: str
    columns: tuple[ViewColumn, ...]
    depends: tuple[CatalogId, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """`owner_table`/`owner_column` are set for the sequence behind an identity or serial column."""

    kind: ClassVar[str] = "sequence"
    id: CatalogId
    schema: CatalogId
    name: str
    type: str = "bigint"
    start: int = 1
    increment: int = 1
    minimum: int = 1
    maximum: int = 2**63 - 1
    cycle: bool = False
    owner_table: CatalogId | None = None
    owner_column: CatalogId | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sequence stands (`id` is the sequence's): the last value handed out and committed."""

    kind: ClassVar[str] = "position"
    id: CatalogId
    last_value: int


@dataclass(frozen=True, slots=True)
class Role:
    kind: ClassVar[str] = "role"
    id: CatalogId
    name: str
    admin: bool


@dataclass(frozen=True, slots=True)
class Password:
    """A SCRAM-SHA-256 verifier in PostgreSQL's text form; `id` is the role's. Lasting."""

    kind: ClassVar[str] = "password"
    id: CatalogId
    verifier: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A tenant setting such as `history_retention`. Lasting."""

    kind: ClassVar[str] = "setting"
    id: CatalogId
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pinned timestamp. Its id is a catalog id; `timestamp` is unique and is its own commit ts
    unless the snapshot was taken AS OF an earlier moment. Lasting: a row of `mo_snapshots`.

    `timestamp` is 0 in an uncommitted edit that means "my own commit ts"; the commit fills it in. A
    snapshot of a narrower level covers `objects`: the ids of its database, schema or tables as of then."""

    kind: ClassVar[str] = "snapshot"
    id: CatalogId
    timestamp: Timestamp
    name: str | None = None
    level: Level = "tenant"
    database_name: str | None = None
    schema_name: str | None = None
    table_name: str | None = None
    created_by: str = ""
    comment: str | None = None
    expires_at: Timestamp | None = None
    objects: tuple[CatalogId, ...] = ()


@dataclass(frozen=True, slots=True)
class Restoration:
    """A restore that was committed at `commit_ts` (0 in an edit: my own commit ts). `objects` are the
    ids of what was restored, by its level: databases, schemas or tables; none for a tenant. `names` are
    theirs as they were, and the counts add up what the restore answered with (null in records from before
    they were kept). `undoes` is the id of the restore that it undid. Lasting."""

    kind: ClassVar[str] = "restoration"
    id: CatalogId
    level: Level
    objects: tuple[CatalogId, ...]
    moment: Timestamp
    commit_ts: Timestamp
    method: Literal["physical", "logical"]
    role: str
    names: tuple[str, ...] = ()
    tables: int | None = None
    objects_shared: int | None = None
    objects_rewritten: int | None = None
    rows: int | None = None
    bytes_rewritten: int | None = None
    undoes: CatalogId | None = None


@dataclass(frozen=True, slots=True)
class TenantName:
    """Only in the system tenant's catalog: a tenant's name and which generation of it is alive."""

    kind: ClassVar[str] = "tenant"
    id: CatalogId
    name: str
    generation: str
    created_ts: Timestamp
    admin_role: str


Body = (
    World
    | Database
    | Schema
    | Table
    | View
    | Sequence
    | Position
    | Role
    | Password
    | Setting
    | Snapshot
    | Restoration
    | TenantName
)
Relation = Table | View | Sequence
LASTING = frozenset({"password", "setting", "snapshot", "restoration", "tenant"})

# --- edits ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    """Make `body` the current one of its kind and id."""

    body: Body


@dataclass(frozen=True, slots=True)
class Drop:
    """End the current body of this kind and id."""

    kind: str
    id: CatalogId


Edit = Put | Drop


# --- the catalog at one moment ----------------------------------------------------------------------


HISTORY_RETENTION_US = 24 * 3600 * 1_000_000
"""Unless `history_retention` is set."""

_DERIVED_FROM: Mapping[str, frozenset[str]] = {
    "world": frozenset({"world"}),
    "databases": frozenset({"database"}),
    "schemas": frozenset({"schema"}),
    "relations": frozenset({"table", "view", "sequence"}),
    "tables": frozenset({"table"}),
    "views": frozenset({"view"}),
    "sequences": frozenset({"sequence"}),
    "positions": frozenset({"position"}),
    "roles": frozenset({"role"}),
    "snapshots": frozenset({"snapshot"}),
    "restorations": frozenset({"restoration"}),
    "settings": frozenset({"setting"}),
    "tenants": frozenset({"tenant"}),
}
"""Which kinds each of a catalog's cached properties is made of."""


class Catalog:
    """An immutable set of bodies: the catalog at one moment, or as a transaction sees it.

    An edited catalog shares with the one it came from whatever no edit concerns, kind by kind: a commit
    costs what it changes, also beside ten thousand snapshots.

    `version` changes whenever anything but a sequence's position does, and two catalogs of one tenant
    with equal versions have equal names: a plan made with one is good with the other.
    """

    __slots__ = ("__dict__", "_kinds", "version")

    def __init__(self, bodies: Iterable[Body], version: object) -> None:
        self._kinds: dict[str, dict[CatalogId, Body]] = {}
        self.version = version
        for body in bodies:
            self._kinds.setdefault(body.kind, {})[body.id] = body

    def edited(self, edits: Iterable[Edit]) -> Catalog:
        """This catalog with `edits` made; the version changes too unless only positions moved."""
        touched: dict[str, dict[CatalogId, Body]] = {}
        for edit in edits:
            kind = edit.body.kind if isinstance(edit, Put) else edit.kind
            bodies = touched.get(kind)
            if bodies is None:
                bodies = touched[kind] = dict(self._kinds.get(kind, ()))
            match edit:
                case Put(body):
                    bodies[body.id] = body
                case Drop(_, id):
                    bodies.pop(id, None)
        structural = touched.keys() - {"position"}
        after = Catalog((), object() if structural else self.version)
        after._kinds = {**self._kinds, **touched}
        after.__dict__.update(
            {name: value for name, value in self.__dict__.items() if not _DERIVED_FROM[name] & touched.keys()}
        )
        return after

    def __iter__(self) -> Iterator[Body]:
        for bodies in self._kinds.values():
            yield from bodies.values()

    def get(self, kind: str, id: CatalogId) -> Body | None:
        return self._kinds.get(kind, {}).get(id)

    def _of(self, kind: str) -> list[Any]:
        return list(self._kinds.get(kind, {}).values())

    @functools.cached_property
    def world(self) -> World:
        """The tenant id. In older stores those before it were never dropped."""
        world: World = max(self._of("world"), key=lambda body: body.id)
        return world

    @functools.cached_property
    def databases(self) -> dict[str, Database]:
        return {body.name: body for body in self._of("database")}

    @functools.cached_property
    def schemas(self) -> dict[tuple[CatalogId, str], Schema]:
        """By database id and name."""
        return {(body.database, body.name): body for body in self._of("schema")}

    @functools.cached_property
    def relations(self) -> dict[tuple[CatalogId, str], Relation]:
        """Tables, views and sequences share one name space per schema: by schema id and name."""
        return {
            (body.schema, body.name): body
            for kind in ("table", "view", "sequence")
            for body in self._of(kind)
        }

    @functools.cached_property
    def tables(self) -> dict[CatalogId, Table]:
        return {body.id: body for body in self._of("table")}

    @functools.cached_property
    def views(self) -> dict[CatalogId, View]:
        return {body.id: body for body in self._of("view")}

    @functools.cached_property
    def sequences(self) -> dict[CatalogId, Sequence]:
        return {body.id: body for body in self._of("sequence")}

    @functools.cached_property
    def positions(self) -> dict[CatalogId, int]:
        return {body.id: body.last_value for body in self._of("position")}

    @functools.cached_property
    def roles(self) -> dict[str, Role]:
        return {body.name: body for body in self._of("role")}

    @functools.cached_property
    def snapshots(self) -> dict[Timestamp, Snapshot]:
        """By timestamp, in order of time."""
        found = {body.timestamp: body for body in self._of("snapshot")}
        return dict(sorted(found.items()))

    @functools.cached_property
    def restorations(self) -> list[Restoration]:
        """In order of time."""
        return sorted(self._of("restoration"), key=lambda body: body.commit_ts)

    @functools.cached_property
    def settings(self) -> dict[str, Setting]:
        return {body.name: body for body in self._of("setting")}

    @property
    def history_retention_us(self) -> int:
        """How long any moment stays readable by its timestamp alone."""
        setting = self.settings.get("history_retention")
        return int(setting.value) if setting is not None else HISTORY_RETENTION_US

    @functools.cached_property
    def tenants(self) -> dict[str, TenantName]:
        """By name; empty but in the system tenant."""
        return {body.name: body for body in self._of("tenant")}

    def password(self, role: Role) -> Password | None:
        body = self.get("password", role.id)
        return body if isinstance(body, Password) else None
