"""A planned query: its columns, and its text once the types wanted of them are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sql.bound import TEXT, Bound, plain
from sql.render import identifier
from sql.resolve import Column
from sql.rules import coercion
from sql.rules.planner import Planner
from sql.types import Declared


@dataclass(slots=True)
class Planned:
    """A query whose output columns are known, but perhaps not yet the types of all. `names` are the
    columns' names in DuckDB's text, distinct and quoted."""

    planner: Planner
    columns: list[tuple[str, Bound]]
    names: list[str] = field(default_factory=list)
    head: str = ""
    tail: str = ""
    sides: tuple[str, Planned, Planned] | None = None

    def __post_init__(self) -> None:
        if not self.names:
            self.names = distinct_names([name for name, _ in self.columns])

    def sql(self, types: Sequence[Declared | None] | None) -> str:
        """The text, each column as the type wanted of it; what nobody wants anything of is text."""
        wanted = types or [None] * len(self.columns)
        if self.sides is not None:
            return self._set_sql(wanted)
        return f"{self.head}{self._targets(wanted)}{self.tail}"

    def row_sql(self) -> str:
        """A query for the whole row as one value."""
        self.sql(None)
        return f"{self.head}ROW({', '.join(bound.sql for _, bound in self.columns)}){self.tail}"

    def _settled(self, wanted: Sequence[Declared | None]) -> list[str]:
        sqls = []
        for position, (name, bound) in enumerate(self.columns):
            want = wanted[position]
            settled = self.planner.settle(bound, want or TEXT)
            sql = settled.sql
            if want is not None and settled.type is not None and settled.type.pg.oid != want.pg.oid:
                sql = coercion.converted(settled, plain(want))
                settled = Bound(sql, plain(want))
            sqls.append(sql)
            self.columns[position] = (name, settled)
        return sqls

    def _targets(self, wanted: Sequence[Declared | None]) -> str:
        sqls = self._settled(wanted)
        if not sqls:
            return "1"
        return ", ".join(f"{sql} AS {name}" for sql, name in zip(sqls, self.names, strict=True))

    def _set_sql(self, wanted: Sequence[Declared | None]) -> str:
        assert self.sides is not None
        word, left, right = self.sides
        types: list[Declared | None] = []
        for position, (name, bound) in enumerate(self.columns):
            type_ = wanted[position] or bound.type or TEXT
            types.append(type_)
            self.columns[position] = (name, Bound(bound.sql, type_, scale=bound.scale))
        return f"{self.head}({left.sql(types)}) {word} ({right.sql(types)}){self.tail}"

    def source_columns(self, alias: str) -> list[Column]:
        """The columns as a source of FROM shows them, after `sql` has settled their types."""
        return [
            Column(name, bound.type or TEXT, f"{alias}.{quoted}", bound.origin, bound.scale)
            for (name, bound), quoted in zip(self.columns, self.names, strict=True)
        ]


def distinct_names(names: list[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for name in names:
        quoted = identifier(name)
        number = 1
        while quoted in seen:
            quoted = identifier(name)[:-1] + f'~{number}"'
            number += 1
        seen.add(quoted)
        found.append(quoted)
    return found
