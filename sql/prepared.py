"""Named statements, portals, and the plans a session keeps.

A *prepared statement* is a parsed statement with its parameters' types; a *portal* is one with values,
ready to run or running. Plans are kept by the statement they belong to and by all that they depend on
(the catalog's version above all), so a change of schema or a restore simply misses the cache and the
statement is planned again.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass

import pyarrow as pa

from sql import parse
from sql.answers import Answer, ResultColumn
from sql.errors import SqlError
from sql.parse import Parsed

PLANS_MAX = 256
"""Plans kept per session."""
TEXTS_MAX = 1024
TEXT_CHARACTERS_MAX = 16_384
"""Statements kept parsed per process, and the longest text that is kept."""
STATEMENTS_MAX = 10_000
"""Prepared statements per session."""
PORTALS_MAX = 1_000


@functools.lru_cache(maxsize=TEXTS_MAX)
def _parse_short(text: str) -> tuple[Parsed, ...]:
    return tuple(parse.parse(text))


def parsed(text: str) -> tuple[Parsed, ...]:
    """The statements of a text. Parsed texts are shared by sessions: nobody changes their trees."""
    if len(text) <= TEXT_CHARACTERS_MAX:
        return _parse_short(text)
    return tuple(parse.parse(text))


class PlanCache:
    """The least recently used plan goes first. An entry holds its owner, so that an id stays its own."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[int, Hashable], tuple[object, object]] = OrderedDict()

    def get(self, owner: object, key: Hashable) -> object | None:
        found = self._plans.get((id(owner), key))
        if found is None:
            return None
        self._plans.move_to_end((id(owner), key))
        return found[1]

    def put(self, owner: object, key: Hashable, plan: object) -> None:
        self._plans[id(owner), key] = (owner, plan)
        while len(self._plans) > PLANS_MAX:
            self._plans.popitem(last=False)

    def clear(self) -> None:
        self._plans.clear()


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """`parsed` is None for a text without a statement. `declared_oids` are the client's (0: unknown)."""

    name: str
    text: str
    parsed: Parsed | None
    declared_oids: tuple[int, ...]
    parameter_oids: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None


@dataclass(slots=True)
class Portal:
    """`answers` is set once it runs; `rest` are rows read but not yet asked for. `columns` are what the
    client was told of its rows."""

    name: str
    statement: PreparedStatement
    values: tuple[object, ...]
    columns: tuple[ResultColumn, ...] | None = None
    answers: AsyncGenerator[Answer, None] | None = None
    rest: pa.RecordBatch | None = None
    finished: bool = False

    async def close(self) -> None:
        answers, self.answers = self.answers, None
        self.finished = True
        if answers is not None:
            await answers.aclose()


class Prepared:
    """A session's named statements and portals; the empty name is the unnamed one's."""

    def __init__(self) -> None:
        self._statements: dict[str, PreparedStatement] = {}
        self._portals: dict[str, Portal] = {}

    # --- statements ---

    def require_free(self, name: str) -> None:
        if name and name in self._statements:
            raise SqlError("42P05", f'prepared statement "{name}" already exists')
        if len(self._statements) >= STATEMENTS_MAX:
            raise SqlError("54000", f"a session can hold {STATEMENTS_MAX} prepared statements")

    def add(self, statement: PreparedStatement) -> None:
        self._statements[statement.name] = statement

    def statement(self, name: str) -> PreparedStatement:
        found = self._statements.get(name)
        if found is None:
            what = f'prepared statement "{name}"' if name else "unnamed prepared statement"
            raise SqlError("26000", f"{what} does not exist")
        return found

    def drop_statement(self, name: str) -> bool:
        return self._statements.pop(name, None) is not None

    def drop_statements(self) -> None:
        self._statements.clear()

    # --- portals ---

    async def open(self, portal: Portal) -> None:
        if portal.name and portal.name in self._portals:
            raise SqlError("42P03", f'cursor "{portal.name}" already exists')
        if len(self._portals) >= PORTALS_MAX:
            raise SqlError("54000", f"a session can hold {PORTALS_MAX} portals")
        await self.close_portal(portal.name)
        self._portals[portal.name] = portal

    def portal(self, name: str) -> Portal:
        found = self._portals.get(name)
        if found is None:
            raise SqlError("34000", f'portal "{name}" does not exist')
        return found

    async def close_portal(self, name: str) -> None:
        portal = self._portals.pop(name, None)
        if portal is not None:
            await portal.close()

    async def close_portals(self, keep: Portal | None = None) -> None:
        """At the end of a transaction: no portal outlives it."""
        for name in [name for name, portal in self._portals.items() if portal is not keep]:
            await self.close_portal(name)
