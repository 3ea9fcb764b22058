"""Queries: SELECT, VALUES, TABLE, WITH and the set operations, with what stands in FROM."""

from __future__ import annotations

from typing import Any, cast

from sqlglot import exp

from sql import keywords
from sql.grammar.cursor import placed
from sql.grammar.expressions import OR, Expressions
from sql.grammar.typenames import as_data_type
from sql.lexer import NAME, STRING, WORD, Token

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


class Queries(Expressions):
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
                self.refuse("42601", f"multiple {key.upper()} clauses not allowed")
            found.update(self._limit_or_offset())
        return found

    def _refuse_locking(self) -> None:
        strength = self.peek().text
        if strength == "no":
            strength = "no key update"
        elif strength == "key":
            strength = "key share"
        if strength.split()[0] not in ("update", "share", "no", "key"):
            self.fail(self.peek())
        self.unsupported(f"SELECT FOR {strength.upper()}")

    def _limit_or_offset(self) -> dict[str, exp.Expr]:
        token = self.advance()
        if token.text == "limit":
            count: exp.Expr = exp.Null() if self.take("all") else self.expression()
            if self.at_operator(","):
                hint = "Use separate LIMIT and OFFSET clauses."
                self.refuse("42601", "LIMIT #,# syntax is not supported", hint=hint)
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
            self.unsupported("FETCH … WITH TIES", token)
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
            self.unsupported(f"{self.token.text.upper()} in WITH")
        if not self.starts_query():
            self.fail()
        query = self.query()
        self.expect_operator(")")
        if self.at("search", "cycle"):
            self.unsupported(f"{self.token.text.upper()} in WITH")
        alias = _alias(name, columns)
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
        self.fail()

    def _values(self) -> exp.Query:
        token = self.advance()
        rows = []
        while True:
            start = self.token
            self.expect_operator("(")
            rows.append(placed(exp.Tuple(expressions=self.expressions()), start))
            self.expect_operator(")")
            if not self.take_operator(","):
                break
        if any(len(row.expressions) != len(rows[0].expressions) for row in rows):
            self.refuse("42601", "VALUES lists must all be the same length", token)
        columns = [f"column{number}" for number in range(1, len(rows[0].expressions) + 1)]
        values = placed(exp.Values(expressions=rows, alias=_alias("*VALUES*", columns)), token)
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
            self.unsupported("SELECT INTO")
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
            self.fail()
        return placed(exp.Alias(this=this, alias=exp.Identifier(this=label)), token)

    def _group(self) -> exp.Group:
        if self.at("distinct") or (self.at("all") and not self.peek().text == ","):
            if self.at("distinct"):
                self.unsupported("GROUP BY DISTINCT")
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
                self.unsupported(f"ORDER BY USING {operator}", token)
            descending = operator == ">"
        elif self.at("asc", "desc"):
            descending = self.advance().text == "desc"
        nulls_first = descending
        if self.take("nulls"):
            nulls_first = self.one_of("first", "last") == "first"
        return placed(exp.Ordered(this=this, desc=descending, nulls_first=nulls_first), token)

    # --- FROM -----------------------------------------------------------------------------------

    def from_list(self) -> exp.Expr:
        """All of FROM as one item; the further ones are joins of the first without a condition."""
        first = self.from_item()
        while self.at_operator(","):
            token = self.advance()
            _add_join(first, placed(exp.Join(this=self.from_item()), token))
        return first

    def from_item(self, first: exp.Expr | None = None) -> exp.Expr:
        """One table (`first` if it is read already) with the joins written after it."""
        left = self._single_item() if first is None else first
        while True:
            join = self._join_head()
            if join is None:
                return left
            right = self._single_item()
            kind = join.args.get("kind")
            if not (kind == "CROSS" or join.args.get("method")):
                right = self._nested_joins(right)
                self._join_condition(join)
            join.set("this", right)
            _add_join(left, join)

    def _nested_joins(self, right: exp.Expr) -> exp.Expr:
        """``a JOIN b JOIN c ON … ON …``: a join that comes before the condition belongs to the right."""
        while not self.at("on", "using"):
            join = self._join_head()
            if join is None:
                self.fail()
            item = self._single_item()
            if not (join.args.get("kind") == "CROSS" or join.args.get("method")):
                item = self._nested_joins(item)
                self._join_condition(join)
            join.set("this", item)
            right = _parenthesised_join(right)
            _add_join(right.this, join)
        return right

    def _join_head(self) -> exp.Join | None:
        token = self.token
        if self.follows("cross", "join"):
            self.take("cross", "join")
            return placed(exp.Join(kind="CROSS"), token)
        method = None
        if self.at("natural"):
            self.advance()
            method = "NATURAL"
        side = None
        if self.at("left", "right", "full"):
            side = self.advance().text.upper()
            self.take("outer")
            self.expect("join")
        elif self.take("inner"):
            self.expect("join")
        elif not self.take("join"):
            if method is not None:
                self.fail()
            return None
        return placed(exp.Join(side=side, kind="" if side else "INNER", method=method), token)

    def _join_condition(self, join: exp.Join) -> None:
        if self.take("on"):
            join.set("on", self.expression())
        elif self.take("using"):
            join.set("using", [exp.Identifier(this=name) for name in self.names()])
            if self.at("as"):
                self.unsupported("an alias for JOIN USING")
        else:
            self.fail()

    def _single_item(self) -> exp.Expr:
        token = self.token
        lateral = self.take("lateral")
        item: exp.Expr
        if self.at_operator("("):
            item = self._parenthesised_item(lateral)
        elif self.at("rows") and self.peek().text == "from":
            self.unsupported("ROWS FROM")
        elif self.at("xmltable"):
            self.unsupported("XMLTABLE")
        elif self._at_function():
            item = self._function_item()
        else:
            if lateral:
                self.fail()
            return self._table_item()
        return placed(exp.Lateral(this=item), token) if lateral else item

    def _at_function(self) -> bool:
        ahead = 1
        if self.token.kind not in (WORD, NAME):
            return False
        while self.peek(ahead).text == "." and self.peek(ahead + 1).kind in (WORD, NAME):
            ahead += 2
        following = self.peek(ahead)
        return (following.text == "(" and following.kind == "operator") or (
            self.at("current_date", "current_timestamp", "current_user", "session_user", "current_role")
            or self.at(
                "current_catalog", "localtime", "localtimestamp", "current_time", "current_schema", "user"
            )
        )

    def _parenthesised_item(self, lateral: bool) -> exp.Expr:
        """A subquery with its alias, or a join in parentheses."""
        token = self.token
        if self.starts_query():
            node = self._query_or_join()
        else:
            if lateral:
                self.fail()
            self.deeper()
            self.advance()
            inner = self.from_item()
            self.expect_operator(")")
            self.shallower()
            if not inner.args.get("joins") and not isinstance(inner, exp.Subquery):
                self.fail()
            node = exp.Subquery(this=inner, join=True)
        alias = self._alias_clause(token)
        if alias is not None:
            node.set("alias", alias)
        elif not node.args.get("join"):
            hint = "For example, FROM (SELECT ...) [AS] foo."
            self.refuse("42601", "subquery in FROM must have an alias", token, hint)
        return placed(node, token)

    def _query_or_join(self) -> exp.Subquery:
        """After seeing that a query starts behind these parentheses: it, or a join that begins with it."""
        token = self.token
        self.deeper()
        self.expect_operator("(")
        if self.at_operator("("):
            inner = self._query_or_join()
            if self.at_operator(")"):
                node = inner
            elif self.continues_query() and not inner.args.get("join"):
                node = exp.Subquery(this=self.continued_query(inner))
            else:
                alias = self._alias_clause(token)
                if alias is not None:
                    inner.set("alias", alias)
                node = exp.Subquery(this=self.from_item(inner), join=True)
        else:
            node = exp.Subquery(this=self.query())
        self.expect_operator(")")
        self.shallower()
        return node

    def _function_item(self) -> exp.Expr:
        token = self.token
        call = self.primary()
        if not isinstance(call, exp.Anonymous):
            self.fail(token)
        if any(call.args.get(key) is not None for key in ("over", "filter", "within")):
            self.fail(token)
        ordinality = self.take("with", "ordinality")
        item = exp.Table(this=call, ordinality=ordinality or None)
        alias = self._alias_clause(token, definitions=True)
        if alias is not None:
            item.set("alias", alias)
        return placed(item, token)

    def _alias_clause(self, token: Token, definitions: bool = False) -> exp.TableAlias | None:
        explicit = self.take("as")
        if explicit and definitions and self.at_operator("("):
            return exp.TableAlias(columns=self._column_definitions())
        if not explicit and not self.at_name():
            return None
        name = self.name()
        if not self.at_operator("("):
            return _alias(name, ())
        if definitions and self.peek().kind in (WORD, NAME) and self.peek(2).kind in (WORD, NAME):
            return exp.TableAlias(this=exp.Identifier(this=name), columns=self._column_definitions())
        return _alias(name, self.names())

    def _column_definitions(self) -> list[exp.Expr]:
        self.expect_operator("(")
        found: list[exp.Expr] = []
        while True:
            name = self.name()
            found.append(exp.ColumnDef(this=exp.Identifier(this=name), kind=as_data_type(self.type_name())))
            if not self.take_operator(","):
                break
        self.expect_operator(")")
        return found

    def table_name(self) -> exp.Table:
        """``[ONLY] name [*]``; a table has no children here, so both mean the table itself."""
        token = self.token
        only = self.take("only")
        wrapped = only and self.take_operator("(")
        parts = [self.name()]
        while self.take_operator("."):
            parts.append(self.label())
        if len(parts) > 3:
            dotted = ".".join(parts)
            self.refuse("42601", f"improper qualified name (too many dotted names): {dotted}", token)
        if wrapped:
            self.expect_operator(")")
        elif not only:
            self.take_operator("*")
        keys = ("this", "db", "catalog")
        named = {key: exp.Identifier(this=part) for key, part in zip(keys, reversed(parts), strict=False)}
        return placed(exp.Table(**named), token)

    def _table_item(self) -> exp.Expr:
        token = self.token
        table = self.table_name()
        version = self._as_of()
        alias = None if self._at_version() else self._alias_clause(token)
        if version is None:
            version = self._as_of()
        if version is not None:
            table.set("version", version)
        if alias is not None:
            table.set("alias", alias)
        if self.at("tablesample"):
            self.unsupported("TABLESAMPLE")
        return table

    def _at_version(self) -> bool:
        return self.at_operator("{") or (self.at("at") and self.peek().text == "(")

    def _as_of(self) -> exp.Version | None:
        """FOR SYSTEM_TIME AS OF …, ``{SNAPSHOT = 'name'}``, AT (TIMESTAMP | SNAPSHOT => …)."""
        token = self.token
        if self.follows("for", "system_time"):
            self.take("for", "system_time")
            if not self.take("as", "of"):
                if self.at("between", "from", "all", "contained"):
                    self.unsupported(f"FOR SYSTEM_TIME {self.token.text.upper()}")
                self.fail()
            if self.at("snapshot") and self.peek().kind == STRING:
                self.advance()
                return self._version("SNAPSHOT", exp.Literal.string(self.string()), token)
            return self._version("TIMESTAMP", self.expression(7), token)
        if self.take_operator("{"):
            word = self.one_of("snapshot", "timestamp")
            self.expect_operator("=")
            version = self._version_value(word, token)
            self.expect_operator("}")
            return version
        if self.at("at") and self.peek().text == "(":
            self.advance()
            self.advance()
            word = self.one_of("snapshot", "timestamp")
            self.expect_operator("=>")
            version = self._version_value(word, token)
            self.expect_operator(")")
            return version
        return None

    def _version_value(self, word: str, token: Token) -> exp.Version:
        if word == "snapshot":
            return self._version("SNAPSHOT", exp.Literal.string(self.string()), token)
        return self._version("TIMESTAMP", self.expression(OR), token)

    def _version(self, what: str, value: exp.Expr, token: Token) -> exp.Version:
        return placed(exp.Version(this=what, kind="AS OF", expression=value), token)


def _alias(name: str, columns: Any) -> exp.TableAlias:
    alias = exp.TableAlias(this=exp.Identifier(this=name))
    if columns:
        alias.set("columns", [exp.Identifier(this=column) for column in columns])
    return alias


def _derived(query: exp.Query, name: str) -> exp.Subquery:
    if isinstance(query, exp.Subquery):
        query.set("alias", _alias(name, ()))
        return query
    return exp.Subquery(this=query, alias=_alias(name, ()))


def _parenthesised_join(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Subquery) and item.args.get("join"):
        return item
    return exp.Subquery(this=item, join=True)


def _add_join(item: exp.Expr, join: exp.Join) -> None:
    item.set("joins", [*(item.args.get("joins") or []), join])
