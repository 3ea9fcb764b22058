"""FROM: tables with their moment, subqueries, functions, and how they are joined."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sql.grammar.cursor import placed
from sql.grammar.expressions import OR, Expressions
from sql.grammar.typenames import as_data_type
from sql.lexer import NAME, PARAMETER, STRING, WORD, Token


class Items(Expressions):
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
                raise self.wrong()
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
                raise self.wrong()
            return None
        return placed(exp.Join(side=side, kind="" if side else "INNER", method=method), token)

    def _join_condition(self, join: exp.Join) -> None:
        if self.take("on"):
            join.set("on", self.expression())
        elif self.take("using"):
            join.set("using", [exp.Identifier(this=name) for name in self.names()])
            if self.at("as"):
                raise self.unsupported("an alias for JOIN USING")
        else:
            raise self.wrong()

    def _single_item(self) -> exp.Expr:
        token = self.token
        lateral = self.take("lateral")
        item: exp.Expr
        if self.at_operator("("):
            item = self._parenthesised_item(lateral)
        elif self.at("rows") and self.peek().text == "from":
            raise self.unsupported("ROWS FROM")
        elif self.at("xmltable"):
            raise self.unsupported("XMLTABLE")
        elif self._at_function():
            item = self._function_item()
        else:
            if lateral:
                raise self.wrong()
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
                raise self.wrong()
            self.deeper()
            self.advance()
            inner = self.from_item()
            self.expect_operator(")")
            self.shallower()
            if not inner.args.get("joins") and not isinstance(inner, exp.Subquery):
                raise self.wrong()
            node = exp.Subquery(this=inner, join=True)
        alias = self._alias_clause(token)
        if alias is not None:
            node.set("alias", alias)
        elif not node.args.get("join"):
            hint = "For example, FROM (SELECT ...) [AS] foo."
            raise self.refused("42601", "subquery in FROM must have an alias", token, hint)
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
            raise self.wrong(token)
        if any(call.args.get(key) is not None for key in ("over", "filter", "within")):
            raise self.wrong(token)
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
            return alias_of(name, ())
        if definitions and self.peek().kind in (WORD, NAME) and self.peek(2).kind in (WORD, NAME):
            return exp.TableAlias(this=exp.Identifier(this=name), columns=self._column_definitions())
        return alias_of(name, self.names())

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
            raise self.refused("42601", f"improper qualified name (too many dotted names): {dotted}", token)
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
            raise self.unsupported("TABLESAMPLE")
        return table

    def _at_version(self) -> bool:
        return self.at_operator("{") or (self.at("at") and self.peek().text == "(")

    def _as_of(self) -> exp.Version | None:
        """FOR SYSTEM_TIME AS OF …, ``{SNAPSHOT = name}``, AT (TIMESTAMP | SNAPSHOT => …)."""
        token = self.token
        if self.follows("for", "system_time"):
            self.take("for", "system_time")
            if not self.take("as", "of"):
                if self.at("between", "from", "all", "contained"):
                    raise self.unsupported(f"FOR SYSTEM_TIME {self.token.text.upper()}")
                raise self.wrong()
            if self.take("snapshot"):
                return self._version("SNAPSHOT", self.snapshot_value(), token)
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
            return self._version("SNAPSHOT", self.snapshot_value(), token)
        return self._version("TIMESTAMP", self.expression(OR), token)

    def snapshot_value(self) -> str | exp.Parameter:
        """The snapshot to read or to go back to: a name, as an identifier or as a string, a timestamp as a
        string, or a parameter that holds either."""
        return self.parameter() if self.token.kind == PARAMETER else self.snapshot_name()

    def snapshot_name(self) -> str:
        return self.string() if self.token.kind == STRING else self.name()

    def _version(self, what: str, value: exp.Expr | str, token: Token) -> exp.Version:
        if isinstance(value, str):
            value = exp.Literal.string(value)
        return placed(exp.Version(this=what, kind="AS OF", expression=value), token)


def alias_of(name: str, columns: Any) -> exp.TableAlias:
    alias = exp.TableAlias(this=exp.Identifier(this=name))
    if columns:
        alias.set("columns", [exp.Identifier(this=column) for column in columns])
    return alias


def _parenthesised_join(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Subquery) and item.args.get("join"):
        return item
    return exp.Subquery(this=item, join=True)


def _add_join(item: exp.Expr, join: exp.Join) -> None:
    item.set("joins", [*(item.args.get("joins") or []), join])
