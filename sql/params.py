"""Parameters of a statement: what the client said of their types, and what their use tells.

As in PostgreSQL, the first use that needs a type settles it, and every later use sees that type.
"""

from __future__ import annotations

from collections.abc import Sequence

from sql.bound import TEXT, Bound
from sql.errors import SqlError
from sql.types import Declared, by_oid, declared, format_type

PARAMETERS_MAX = 65535


class Parameters:
    def __init__(self, oids: Sequence[int]) -> None:
        self._types: dict[int, Declared] = {}
        self._count = len(oids)
        self._used: set[int] = set()
        for number, oid in enumerate(oids, 1):
            if oid and oid != 705:
                self._types[number] = _type_of(oid)

    def use(self, number: int) -> Bound:
        """Parameter `number` where it stands in the text."""
        self._count = max(self._count, number)
        self._used.add(number)
        known = self._types.get(number)
        if known is None:
            return Bound(f"${number}", None, parameter=number)
        return Bound(self._sql(number, known), known)

    def settle(self, number: int, wanted: Declared) -> Bound:
        """A use of parameter `number` that wants a type: the first one decides."""
        found = self._types.setdefault(number, wanted)
        return Bound(self._sql(number, found), found)

    def _sql(self, number: int, type_: Declared) -> str:
        sql = f"CAST(${number} AS {type_.duckdb})"
        return f"rewinddb_jsonb({sql})" if type_.pg.name == "jsonb" else sql

    def oids(self) -> tuple[int, ...]:
        """The type of each; what nothing told is text, and what does not occur here is 0."""
        return tuple(self._oid(number) for number in range(1, self._count + 1))

    def _oid(self, number: int) -> int:
        type_ = self._types.get(number)
        if type_ is None:
            return TEXT.pg.oid if number in self._used else 0
        return type_.pg.oid


def _type_of(oid: int) -> Declared:
    try:
        return declared(format_type(by_oid(oid).oid, -1))
    except (SqlError, KeyError):
        raise SqlError("0A000", f"a parameter of the type with OID {oid} is not supported") from None
