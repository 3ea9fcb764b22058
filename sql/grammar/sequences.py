"""CREATE SEQUENCE and the options it shares with identity columns."""

from __future__ import annotations

from sql import statement as st
from sql.grammar.rows import Rows

_MAXIMUM = {
    "smallint": 2**15 - 1,
    "int2": 2**15 - 1,
    "integer": 2**31 - 1,
    "int": 2**31 - 1,
    "int4": 2**31 - 1,
}
_BIGINT = frozenset(["bigint", "int8"])
INT8_MAX = 2**63 - 1


class Sequences(Rows):
    def create_sequence(self) -> st.Statement:
        self.expect("sequence")
        if_not_exists = self.take("if", "not", "exists")
        name = self.qualified_name()
        return st.CreateSequence(name, if_not_exists, self.sequence_options())

    def sequence_options(self) -> dict[str, int | bool]:
        """start, increment, minimum, maximum (int) and cycle (bool), as far as they are written."""
        found: dict[str, int | bool] = {}
        type_name = None
        while True:
            token = self.token
            before = len(found)
            expected = before + 1
            if self.take("start"):
                self.take("with")
                found["start"] = self._big()
            elif self.take("increment"):
                self.take("by")
                found["increment"] = self._big()
                if found["increment"] == 0:
                    raise self.refused("22023", "INCREMENT must not be zero", token)
            elif self.take("minvalue"):
                found["minimum"] = self._big()
            elif self.take("maxvalue"):
                found["maximum"] = self._big()
            elif self.take("cycle"):
                found["cycle"] = True
            elif self.take("no"):
                expected = self._no_option(found, expected)
            elif self.take("as"):
                type_name, expected = self.type_name(), before
            elif self.take("cache"):
                expected = before
                if self._big() != 1:
                    raise self.unsupported("a sequence's CACHE", token)
            elif self.take("owned"):
                expected = before
                self.expect("by")
                if not self.take("none"):
                    raise self.unsupported("a sequence's OWNED BY", token)
            else:
                break
            if len(found) != expected:
                raise self.refused("42601", "conflicting or redundant options", token)
        return self._typed(found, type_name)

    def _no_option(self, found: dict[str, int | bool], expected: int) -> int:
        """NO MINVALUE, NO MAXVALUE and NO CYCLE are the defaults."""
        if self.one_of("minvalue", "maxvalue", "cycle") == "cycle":
            found["cycle"] = False
            return expected
        return expected - 1

    def _big(self) -> int:
        token = self.token
        value = self.integer()
        if not -INT8_MAX - 1 <= value <= INT8_MAX:
            raise self.refused("22003", f'value "{value}" is out of range for type bigint', token)
        return value

    def _typed(self, found: dict[str, int | bool], type_name: str | None) -> dict[str, int | bool]:
        if type_name is None or type_name in _BIGINT:
            return found
        if type_name not in _MAXIMUM:
            raise self.refused("22023", "sequence type must be smallint, integer, or bigint")
        maximum = _MAXIMUM[type_name]
        if found.get("increment", 1) > 0:
            found.setdefault("maximum", maximum)
        else:
            found.setdefault("minimum", -maximum - 1)
        for key, word in (("minimum", "MINVALUE"), ("maximum", "MAXVALUE")):
            if not -maximum - 1 <= found.get(key, 0) <= maximum:
                message = f"{word} ({found[key]}) is out of range for sequence data type {type_name}"
                raise self.refused("22023", message)
        return found
