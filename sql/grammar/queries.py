"""Queries: SELECT, VALUES, TABLE, WITH and the set operations."""

from __future__ import annotations

from typing import Any, cast

from sqlglot import exp

from sql import keywords
from sql.grammar.cursor import placed
from sql.grammar.items import Items, alias_of
from sql.lexer import Token

_SET_OPERATIONS: dict[str, type[exp.SetOperation]] = {
    "union": exp.Union,
    "except": exp.Except,
    "intersect": exp.Intersect,
}
_AFTER_TARGETS = frozenset(
    [
        "from",
        "where",
        "group",
        "having",
        "window",
        "union",
        "except",
        "intersect",
        "into",
        "order",
        "limit",
        "offset",
        "fetch",
        "for",
    ]
)
_AFTER_ITEM = frozenset(["for", "order", "limit", "offset", "fetch"])


class Queries(Items):
    # --- whole queries --------------------------------------------------------------------------

    def query(self) -> exp.Query:
        """WITH, a body, and the clauses that belong to all of it."""
        self.deeper()
        with_ = self.with_clause()
        body = self._body(1)
        found = self._with_tail(body, with_)
        self.shallower()
        return found

    def continues_query(self) -> bool:
        return self.at(*_SET_OPERATIONS) or self.at(*_AFTER_ITEM)

    def continued_query(self, first: exp.Subquery) -> exp.Query:
        """The rest of a query that began with one in parentheses."""
        return self._with_tail(self._set_operations(first, 1), None)

    def _with_tail(self, body: exp.Query, with_: exp.With | None) -> exp.Query:
        """ORDER BY, LIMIT …; a parenthesised body that has its own gets a SELECT around it."""
        tail = self._tail()
        if not tail and with_ is None:
            return body
        if isinstance(body, exp.Subquery) or body.args.get("with_") is not None:
            body = exp.Select(
                expressions=[exp.Star()],
                from_=exp.From(this=_derived(body, "unnamed_subquery")),
            )
        for key, value in tail.items():
            body.set(key, value)
        if with_ is not None:
            body.set("with_", with_)
        return body

    def _tail(self) -> dict[str, exp.Expr]:
        found: dict[str, Any] = {}
        order = self.order_by()
        if order is not None:
            found["order"] = order
        while self.at("limit", "offset", "fetch", "for"):
            token = self.token
            key = "limit" if token.text == "fetch" else token.text
            if key == "for":
                self._refuse_locking()
            if key in found:
                raise self.wrong()
            found.update(self._limit_or_offset())
        return found

    def _refuse_locking(self) -> None:
        strength = {"no": "no key update", "key": "key share"}.get(self.peek().text, self.peek().text)
        if strength not in ("update", "share", "no key update", "key share"):
            raise self.wrong(self.peek())
        raise self.unsupported(f"SELECT FOR {strength.upper()}")

    def _limit_or_offset(self) -> dict[str, exp.Expr]:
        token = self.advance()
        if token.text == "limit":
            count: exp.Expr = exp.Null() if self.take("all") else self.expression()
            if self.at_operator(","):
                hint = "Use separate LIMIT and OFFSET clauses."
                raise self.refused("42601", "LIMIT #,# syntax is not supported", hint=hint)
            return {"limit": placed(exp.Limit(expression=count), token)}
        if token.text == "offset":
            offset = placed(exp.Offset(expression=self.expression()), token)
            self.take("rows") or self.take("row")
            return {"offset": offset}
        self.one_of("first", "next")
        if self.at("row", "rows"):
            count = exp.Literal.number(1)
        elif self.at_operator("("):
            count = self.parenthesised()
        else:
            count = self.primary()
        self.one_of("row", "rows")
        if self.take("with"):
            self.expect("ties")
            raise self.unsupported("FETCH … WITH TIES", token)
        self.expect("only")
        return {"limit": placed(exp.Limit(expression=count), token)}

    def with_clause(self) -> exp.With | None:
        if not self.at("with"):
            return None
        self.advance()
        recursive = self.take("recursive")
        found = [self._common_table()]
        while self.take_operator(","):
            found.append(self._common_table())
        return exp.With(expressions=found, recursive=recursive)

    def _common_table(self) -> exp.CTE:
        token = self.token
        name = self.name()
        columns = self.names() if self.at_operator("(") else ()
        self.expect("as")
        materialized = None
        if self.take("not", "materialized"):
            materialized = False
        elif self.take("materialized"):
            materialized = True
        self.expect_operator("(")
        if self.at("insert", "update", "delete", "merge"):
            raise self.unsupported(f"{self.token.text.upper()} in WITH")
        if not self.starts_query():
            raise self.wrong()
        query = self.query()
        self.expect_operator(")")
        if self.at("search", "cycle"):
            raise self.unsupported(f"{self.token.text.upper()} in WITH")
        alias = alias_of(name, columns)
        return placed(exp.CTE(this=query, alias=alias, materialized=materialized), token)

    def _body(self, level: int) -> exp.Query:
        return self._set_operations(self._simple(), level)

    def _set_operations(self, left: exp.Query, level: int) -> exp.Query:
        """UNION and EXCEPT bind less tightly (1) than INTERSECT (2)."""
        while self.at(*_SET_OPERATIONS):
            token = self.token
            binds = 2 if token.text == "intersect" else 1
            if binds < level:
                return left
            self.advance()
            distinct = not self.take("all")
            if distinct:
                self.take("distinct")
            right = self._body(binds + 1)
            node = _SET_OPERATIONS[token.text](this=left, expression=right, distinct=distinct)
            left = placed(node, token)
        return left

    def _simple(self) -> exp.Query:
        token = self.token
        if self.at("select"):
            return self._select()
        if self.at("values"):
            return self._values()
        if self.at("table"):
            self.advance()
            item = self.table_name()
            return placed(exp.Select(expressions=[exp.Star()], from_=exp.From(this=item)), token)
        if self.at_operator("("):
            self.deeper()
            self.advance()
            inner = self.query()
            self.expect_operator(")")
            self.shallower()
            return placed(exp.Subquery(this=inner), token)
        raise self.wrong()

    def _values(self) -> exp.Query:
        token = self.advance()
        rows = []
        while True:
            start = self.token
            self.expect_operator("(")
            first = self.token
            rows.append(placed(exp.Tuple(expressions=self.expressions()), start))
            self.expect_operator(")")
            if len(rows[-1].expressions) != len(rows[0].expressions):
                raise self.refused("42601", "VALUES lists must all be the same length", first)
            if not self.take_operator(","):
                break
        columns = [f"column{number}" for number in range(1, len(rows[0].expressions) + 1)]
        values = placed(exp.Values(expressions=rows, alias=alias_of("*VALUES*", columns)), token)
        return placed(exp.Select(expressions=[exp.Star()], from_=exp.From(this=values)), token)

    # --- SELECT ---------------------------------------------------------------------------------

    def _select(self) -> exp.Query:
        token = self.advance()
        select = placed(exp.Select(), token)
        if self.take("distinct"):
            on = None
            if self.take("on"):
                self.expect_operator("(")
                on = exp.Tuple(expressions=self.expressions())
                self.expect_operator(")")
            select.set("distinct", exp.Distinct(on=on))
        else:
            self.take("all")
        select.set("expressions", self.targets())
        if self.at("into"):
            raise self.unsupported("SELECT INTO")
        if self.take("from"):
            select.set("from_", exp.From(this=self.from_list()))
        if self.take("where"):
            select.set("where", exp.Where(this=self.expression()))
        if self.take("group"):
            self.expect("by")
            select.set("group", self._group())
        if self.take("having"):
            select.set("having", exp.Having(this=self.expression()))
        if self.take("window"):
            select.set("windows", self._named_windows())
        return cast(exp.Query, select)

    def targets(self) -> list[exp.Expr]:
        """A select list; it may be empty."""
        if self.token.kind == "end" or self.at_operator(")", ";") or self.at(*_AFTER_TARGETS):
            return []
        found = [self._target()]
        while self.take_operator(","):
            found.append(self._target())
        return found

    def _target(self) -> exp.Expr:
        token = self.token
        if self.take_operator("*"):
            return placed(exp.Star(), token)
        this = self.expression()
        if self.take("as"):
            return self._labelled(this, self.label(), token)
        if self.at_name(keywords.NEEDS_AS):
            return self._labelled(this, self.label(), token)
        return this

    def _labelled(self, this: exp.Expr, label: str, token: Token) -> exp.Expr:
        if isinstance(this, exp.Column) and isinstance(this.this, exp.Star):
            raise self.wrong()
        return placed(exp.Alias(this=this, alias=exp.Identifier(this=label)), token)

    def _group(self) -> exp.Group:
        if self.at("distinct") or (self.at("all") and self.peek().text != ","):
            if self.at("distinct"):
                raise self.unsupported("GROUP BY DISTINCT")
            self.advance()
        found = [self._grouping()]
        while self.take_operator(","):
            found.append(self._grouping())
        return exp.Group(expressions=found)

    def _grouping(self) -> exp.Expr:
        token = self.token
        if self.at("rollup", "cube") and self.peek().text == "(":
            node = exp.Rollup if self.advance().text == "rollup" else exp.Cube
            self.expect_operator("(")
            items = self.expressions()
            self.expect_operator(")")
            return placed(node(expressions=items), token)
        if self.follows("grouping", "sets"):
            self.take("grouping", "sets")
            self.expect_operator("(")
            sets = [self._grouping()]
            while self.take_operator(","):
                sets.append(self._grouping())
            self.expect_operator(")")
            return placed(exp.GroupingSets(expressions=sets), token)
        if self.at_operator("(") and self.peek().text == ")":
            self.advance()
            self.advance()
            return placed(exp.Tuple(expressions=[]), token)
        return self.expression()

    def _named_windows(self) -> list[exp.Expr]:
        found: list[exp.Expr] = []
        while True:
            name = self.name()
            self.expect("as")
            window = self.window_definition()
            window.set("this", exp.Identifier(this=name))
            found.append(window)
            if not self.take_operator(","):
                return found

    def window_definition(self) -> exp.Window:
        """``(name PARTITION BY … ORDER BY … frame)``; all parts may be missing."""
        token = self.token
        self.expect_operator("(")
        window = placed(exp.Window(), token)
        if self.at_name() and not self.at("partition", "range", "rows", "groups"):
            window.set("alias", exp.Identifier(this=self.name()))
        if self.take("partition"):
            self.expect("by")
            window.set("partition_by", self.expressions())
        order = self.order_by()
        if order is not None:
            window.set("order", order)
        if self.at("range", "rows", "groups"):
            window.set("spec", self._frame())
        self.expect_operator(")")
        return window

    def _frame(self) -> exp.WindowSpec:
        kind = self.advance().text.upper()
        if self.take("between"):
            start, start_side = self._bound()
            self.expect("and")
            end, end_side = self._bound()
        else:
            start, start_side = self._bound()
            end, end_side = "CURRENT ROW", None
        exclude = None
        if self.take("exclude"):
            if self.take("current"):
                self.expect("row")
                exclude = "CURRENT ROW"
            elif self.take("no"):
                self.expect("others")
                exclude = "NO OTHERS"
            else:
                exclude = self.one_of("group", "ties").upper()
        spec = {"kind": kind, "start": start, "start_side": start_side, "end": end, "end_side": end_side}
        return exp.WindowSpec(**spec, exclude=exclude)

    def _bound(self) -> tuple[exp.Expr | str, str | None]:
        if self.take("unbounded"):
            return "UNBOUNDED", self.one_of("preceding", "following").upper()
        if self.follows("current", "row"):
            self.take("current", "row")
            return "CURRENT ROW", None
        distance = self.expression()
        return distance, self.one_of("preceding", "following").upper()

    def order_by(self) -> exp.Order | None:
        if not self.at("order"):
            return None
        token = self.advance()
        self.expect("by")
        found = [self._ordered()]
        while self.take_operator(","):
            found.append(self._ordered())
        return placed(exp.Order(expressions=found), token)

    def _ordered(self) -> exp.Ordered:
        token = self.token
        this = self.expression()
        descending = False
        if self.at("using"):
            self.advance()
            operator = self.advance().text
            if operator not in ("<", ">"):
                raise self.unsupported(f"ORDER BY USING {operator}", token)
            descending = operator == ">"
        elif self.at("asc", "desc"):
            descending = self.advance().text == "desc"
        nulls_first = descending
        if self.take("nulls"):
            nulls_first = self.one_of("first", "last") == "first"
        return placed(exp.Ordered(this=this, desc=descending, nulls_first=nulls_first), token)


def _derived(query: exp.Query, name: str) -> exp.Subquery:
    if isinstance(query, exp.Subquery):
        query.set("alias", alias_of(name, ()))
        return query
    return exp.Subquery(this=query, alias=alias_of(name, ()))
