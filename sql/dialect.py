"""RewindDB's SQL as a sqlglot dialect over PostgreSQL's, for whoever works with sqlglot's own API.

    sqlglot.parse_one("SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's'", dialect=RewindDB)

Reading and writing are `sql.grammar`'s and `sql.deparse`'s: sqlglot's compiled parser and generator
classes cannot be subclassed. What the trees add to sqlglot's is listed here:

- a call is always ``exp.Anonymous``: `this` is the folded name, and further args, present only when
  written, are schema, distinct, star, order, within, filter, over, variadic, bare;
- an AS OF is ``exp.Version`` (kind ``AS OF``; this ``TIMESTAMP`` or ``SNAPSHOT``) in a table's ``version``;
- operators that are neither arithmetic, comparison, LIKE nor ``||`` are ``exp.Operator`` with the symbol
  as text, types are text in a ``DataType``'s ``kind``, identifiers are folded already;
- all items of FROM hang on the first as its ``joins``; one without a kind is a comma;
- ``meta["at"]`` is the character where a node begins.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from sql.parse import parse_query, to_postgres


class RewindDB(Postgres):
    def parse(self, sql: str, **opts: Any) -> list[exp.Expr | None]:
        """One query; other statements are no trees, `sql.parse.parse` reads them."""
        return [parse_query(sql)]

    def generate(self, expression: exp.Expr, copy: bool = True, **opts: Any) -> str:
        return to_postgres(expression)
