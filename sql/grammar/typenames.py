"""Type names: what `sql.types.declared` reads, cut out of the statement's tokens.

The text is kept as PostgreSQL would write it: sqlglot's own types would forget which of several
PostgreSQL types was meant.
"""

from __future__ import annotations

from sqlglot import exp

from sql import keywords
from sql.grammar.cursor import Cursor, placed
from sql.lexer import NAME, NUMBER, STRING, WORD

_WITH_MODIFIERS = frozenset(["varchar", "numeric", "decimal", "dec", "float", "bpchar"])
_PLAIN = frozenset(["int", "integer", "smallint", "bigint", "real", "boolean"])
_CHARACTER = frozenset(["character", "char", "nchar", "bit", "national"])
_ZONED = frozenset(["timestamp", "time"])
BUILT_IN = _WITH_MODIFIERS | _PLAIN | _CHARACTER | _ZONED | {"double", "interval"}
_FIELDS = frozenset(["year", "month", "day", "hour", "minute", "second"])


class TypeNames(Cursor):
    def type_name(self) -> str:
        """A type with its modifiers and array brackets, as text."""
        if self.at("setof"):
            raise self.unsupported("SETOF")
        text = self._scalar_type()
        if self.at_operator("%") and self.peek().text == "type":
            raise self.unsupported("%TYPE")
        return text + self._dimensions()

    def data_type(self) -> exp.DataType:
        token = self.token
        return placed(as_data_type(self.type_name()), token)

    def _dimensions(self) -> str:
        found = ""
        if self.take("array"):
            found = "[]"
            if self.take_operator("["):
                self.integer()
                self.expect_operator("]")
            return found
        while self.take_operator("["):
            if self.token.kind == NUMBER:
                self.integer()
            self.expect_operator("]")
            found += "[]"
        return found

    def _scalar_type(self) -> str:
        token = self.token
        if token.kind == WORD and token.text in BUILT_IN and self.peek().text != ".":
            return self._built_in()
        parts: list[str] = []
        while True:
            token = self.token
            if parts:
                self.label()
            else:
                self.name(keywords.NOT_A_FUNCTION)
            parts.append(
                f'"{token.text.replace(chr(34), chr(34) * 2)}"' if token.kind == NAME else token.text
            )
            if not self.take_operator("."):
                break
        return ".".join(parts) + self._modifiers()

    def _modifiers(self) -> str:
        if not self.take_operator("("):
            return ""
        found = [str(self.integer())]
        while self.take_operator(","):
            found.append(str(self.integer()))
        self.expect_operator(")")
        return f"({','.join(found)})"

    def _built_in(self) -> str:
        word = self.advance().text
        if word in _PLAIN:
            return word
        if word in _WITH_MODIFIERS:
            return word + self._modifiers()
        if word == "double":
            self.expect("precision")
            return "double precision"
        if word in _ZONED:
            modifiers = self._modifiers()
            if self.take("with", "time", "zone"):
                return f"{word}{modifiers} with time zone"
            self.take("without", "time", "zone")
            return word + modifiers
        if word == "interval":
            return self._interval()
        if word == "national":
            word = "national " + self.one_of("character", "char")
        varying = " varying" if self.take("varying") else ""
        return word + varying + self._modifiers()

    def _interval(self) -> str:
        if self.at_operator("("):
            return "interval" + self._modifiers()
        return "interval" + self.interval_fields()

    def interval_fields(self) -> str:
        """`` year to month`` and the like, or nothing."""
        if not self.at(*_FIELDS):
            return ""
        found = " " + self.advance().text
        if self.take("to"):
            found += " to " + self.one_of(*_FIELDS)
        if found.endswith("second"):
            found += self._modifiers()
        return found

    def starts_typed_literal(self) -> bool:
        """Does ``type 'literal'`` come next, for a built-in or a one-word type name?"""
        token = self.token
        if token.kind not in (WORD, NAME):
            return False
        following = self.peek()
        if following.kind == STRING:
            return token.kind == NAME or token.text not in keywords.NOT_A_FUNCTION or token.text in BUILT_IN
        if token.kind != WORD or token.text not in BUILT_IN:
            return False
        if following.kind == WORD:
            return following.text in ("precision", "varying", "with", "without", "character", "char")
        if following.text == "(":
            ahead = 2
            while self.peek(ahead).kind == NUMBER or self.peek(ahead).text == ",":
                ahead += 1
            after = self.peek(ahead + 1)
            return self.peek(ahead).text == ")" and (
                after.kind == STRING or (after.kind == WORD and after.text in ("with", "without"))
            )
        return False


def as_data_type(text: str) -> exp.DataType:
    return exp.DataType(this=exp.DType.USERDEFINED, kind=text)
