"""Text to statements of `sql.statement`.

`parse` reads a whole message of statements; the others read one expression or query of a stored text,
and `to_postgres` writes such a text. Whatever the text is, the result is statements or an `SqlError`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sql.deparse import to_postgres
from sql.errors import SqlError
from sql.grammar.statements import Statements
from sql.lexer import END
from sql.statement import Statement

TEXT_LENGTH_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parsed:
    """`text` is the statement's own piece of the message, which begins at character `offset`. Positions
    in its trees (``meta["at"]``) count from the message's start."""

    statement: Statement
    text: str
    offset: int


def parse(text: str) -> list[Parsed]:
    """The statements of `text`, in order; none for blank text."""
    try:
        return _parse(text)
    except RecursionError:
        raise _too_deep() from None


def _parse(text: str) -> list[Parsed]:
    reader = _reader(text)
    found: list[Parsed] = []
    while True:
        while reader.take_operator(";"):
            pass
        start = reader.token.start
        if reader.token.kind == END:
            return found
        statement = reader.statement()
        end = reader.token.start
        if reader.token.kind != END and not reader.at_operator(";"):
            raise reader.wrong()
        found.append(Parsed(statement, text[start:end].rstrip(), start))


def parse_expression(text: str) -> exp.Expr:
    """One expression: a stored default or check."""
    try:
        reader = _reader(text)
        expression = reader.expression()
    except RecursionError:
        raise _too_deep() from None
    if reader.token.kind != END:
        raise reader.wrong()
    return expression


def parse_query(text: str) -> exp.Query:
    """One query: a stored view."""
    try:
        reader = _reader(text)
        query = reader.query()
    except RecursionError:
        raise _too_deep() from None
    if reader.token.kind != END:
        raise reader.wrong()
    return query


def values_rows(source: exp.Query | None) -> list[exp.Tuple] | None:
    """The rows of a plain VALUES list, or None if `source` is anything else."""
    if not isinstance(source, exp.Select) or any(
        source.args.get(key) for key in ("order", "limit", "offset", "with_", "where", "distinct", "group")
    ):
        return None
    from_ = source.args.get("from_")
    values = from_.this if from_ is not None else None
    if isinstance(values, exp.Values) and not values.args.get("joins"):
        return list(values.expressions)
    return None


def _reader(text: str) -> Statements:
    if len(text) > TEXT_LENGTH_MAX:
        raise SqlError("54000", f"a query may be {TEXT_LENGTH_MAX} characters long at most")
    if "\0" in text:
        raise SqlError("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    return Statements(text)


def _too_deep() -> SqlError:
    return SqlError("54001", "stack depth limit exceeded")


__all__ = ["Parsed", "parse", "parse_expression", "parse_query", "to_postgres", "values_rows"]
