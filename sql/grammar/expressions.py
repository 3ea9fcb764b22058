"""Expressions: PostgreSQL's operators in its order of precedence, its calls and its constants.

Precedence climbing: `expression(level)` reads everything that binds at least as tightly as `level`.
Nothing is tried twice, so the time is linear in the text.
"""

from __future__ import annotations

from sqlglot import exp

from sql.grammar.calls import Calls
from sql.grammar.cursor import placed
from sql.grammar.typenames import as_data_type
from sql.lexer import OPERATOR, STRING, WORD, Token

# Loosest first, as in PostgreSQL's grammar.
OR, AND, NOT, IS, COMPARISON, LIKE, OPERATION, SUM, PRODUCT, POWER, ZONE, COLLATION, SIGN, SUBSCRIPT, CAST = (
    range(1, 16)
)
_COMPARISONS: dict[str, type[exp.Expr]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_ARITHMETIC: dict[str, tuple[int, type[exp.Expr]]] = {
    "+": (SUM, exp.Add), "-": (SUM, exp.Sub), "*": (PRODUCT, exp.Mul), "/": (PRODUCT, exp.Div),
    "%": (PRODUCT, exp.Mod), "^": (POWER, exp.Pow),
}  # fmt: skip
_PUNCTUATION = frozenset([",", "(", ")", "]", ".", ";", ":", "{", "}", ":=", "=>", ".."])
_LIKE_OPERATORS = {
    "~~": (exp.Like, False),
    "!~~": (exp.Like, True),
    "~~*": (exp.ILike, False),
    "!~~*": (exp.ILike, True),
}
_PREFIX_FUNCTIONS = {"|/": "sqrt", "||/": "cbrt", "@": "abs"}


class Expressions(Calls):
    def expression(self, level: int = OR) -> exp.Expr:
        self.deeper()
        left = self._prefix(level)
        left = self.continued(left, level)
        self.shallower()
        return left

    def expressions(self) -> list[exp.Expr]:
        found = [self.expression()]
        while self.take_operator(","):
            found.append(self.expression())
        return found

    def continued(self, left: exp.Expr, level: int) -> exp.Expr:
        """`left` with the operators that follow it, as long as they bind at `level` or tighter."""
        while True:
            token = self.token
            if token.kind == OPERATOR:
                further = self._infix_operator(left, level, token)
            elif token.kind == WORD:
                further = self._infix_word(left, level, token)
            else:
                return left
            if further is None:
                return left
            left = further

    # --- prefixes -------------------------------------------------------------------------------

    def _prefix(self, level: int) -> exp.Expr:
        token = self.token
        if token.kind == WORD and token.text == "not" and level <= NOT:
            self.advance()
            return placed(exp.Not(this=self.expression(NOT)), token)
        if token.kind != OPERATOR or token.text in ("(", "{"):
            return self.primary()
        if token.text == "-":
            self.advance()
            return placed(exp.Neg(this=self.expression(SIGN)), token)
        if token.text == "+":
            self.advance()
            return placed(exp.Paren(this=self.expression(SIGN), plus=True), token)
        if token.text in _PREFIX_FUNCTIONS:
            self.advance()
            name = _PREFIX_FUNCTIONS[token.text]
            operand = self.expression(SUM)
            if name != "abs":
                operand = exp.Cast(this=operand, to=as_data_type("double precision"))
            call = exp.Anonymous(this=name, expressions=[operand], operator=True)
            return placed(call, token)
        if token.text == "~":
            self.advance()
            return placed(exp.BitwiseNot(this=self.expression(SUM)), token)
        raise self.wrong()

    # --- operators ------------------------------------------------------------------------------

    def _infix_operator(self, left: exp.Expr, level: int, token: Token) -> exp.Expr | None:
        text = token.text
        if text in _COMPARISONS:
            return self._comparison(left, level, token, text)
        arithmetic = _ARITHMETIC.get(text)
        if arithmetic is not None:
            binds, node = arithmetic
            if binds < level:
                return None
            self.advance()
            return placed(node(this=left, expression=self._operand(binds + 1)), token)
        if text == "::":
            if level > CAST:
                return None
            self.advance()
            return placed(exp.Cast(this=left, to=self.data_type()), token)
        if text == "[":
            return self._subscript(left) if level <= SUBSCRIPT else None
        if text in _PUNCTUATION or level > OPERATION:
            return None
        self.advance()
        return self._operation(left, text, token)

    def _comparison(self, left: exp.Expr, level: int, token: Token, text: str) -> exp.Expr | None:
        if level > COMPARISON:
            return None
        self.advance()
        node = placed(_COMPARISONS[text](this=left, expression=self._operand(LIKE)), token)
        if self.token.kind == OPERATOR and self.token.text in _COMPARISONS:
            raise self.wrong()
        return node

    def _operation(self, left: exp.Expr, text: str, token: Token) -> exp.Expr:
        """`left`, an operator other than arithmetic and comparison, and its right side."""
        if text in _LIKE_OPERATORS:
            node, negated = _LIKE_OPERATORS[text]
            like = placed(node(this=left, expression=self._operand(SUM)), token)
            return placed(exp.Not(this=like), token) if negated else like
        right = self._operand(SUM)
        if text == "||":
            return placed(exp.DPipe(this=left, expression=right), token)
        return placed(exp.Operator(this=left, operator=text, expression=right), token)

    def _operand(self, level: int) -> exp.Expr:
        """The right side of an operator: an expression, or ANY/ALL of something."""
        if self.at("any", "some", "all") and self.peek().text == "(":
            token = self.advance()
            node = exp.All if token.text == "all" else exp.Any
            self.expect_operator("(")
            this = self.query_or_expression()
            self.expect_operator(")")
            return placed(node(this=this), token)
        return self.expression(level)

    def _subscript(self, left: exp.Expr) -> exp.Expr:
        token = self.advance()
        low = None if self.at_operator(":", "::") else self.expression()
        if self.at_operator(":"):
            self.advance()
            high = None if self.at_operator("]") else self.expression()
            self.expect_operator("]")
            index: exp.Expr = exp.Slice(this=low, expression=high)
        else:
            self.expect_operator("]")
            assert low is not None
            index = low
        return placed(exp.Bracket(this=left, expressions=[index], offset=1), token)

    # --- words as operators ---------------------------------------------------------------------

    def _infix_word(self, left: exp.Expr, level: int, token: Token) -> exp.Expr | None:
        match token.text:
            case "or" if level <= OR:
                self.advance()
                return placed(exp.Or(this=left, expression=self.expression(AND)), token)
            case "and" if level <= AND:
                self.advance()
                return placed(exp.And(this=left, expression=self.expression(NOT)), token)
            case "is" if level <= IS:
                self.advance()
                return self._is(left, token)
            case "isnull" | "notnull" if level <= IS:
                self.advance()
                null = placed(exp.Is(this=left, expression=exp.Null()), token)
                return null if token.text == "isnull" else placed(exp.Not(this=null), token)
            case "at" if level <= ZONE and self.follows("at", "time", "zone"):
                self.take("at", "time", "zone")
                zone = self.expression(ZONE + 1)
                return placed(exp.Anonymous(this="timezone", expressions=[zone, left]), token)
            case "collate" if level <= COLLATION:
                self.advance()
                collation = exp.Identifier(this=self._qualified_text())
                return placed(exp.Collate(this=left, expression=collation), token)
            case "overlaps" if level <= OPERATION and isinstance(left, exp.Tuple):
                self.advance()
                right = self.expression(SUM)
                if not isinstance(right, exp.Tuple):
                    raise self.wrong()
                arguments = [*left.expressions, *right.expressions]
                return placed(exp.Anonymous(this="overlaps", expressions=arguments), token)
            case "operator" if level <= OPERATION and self.peek().text == "(":
                return self._explicit_operator(left, token)
        return self._predicate(left, level, token)

    def _qualified_text(self) -> str:
        text = self.name()
        while self.take_operator("."):
            text = self.label()
        return text

    def _explicit_operator(self, left: exp.Expr, token: Token) -> exp.Expr:
        """``OPERATOR(pg_catalog.~)``: any operator, at the precedence of other operators."""
        self.advance()
        self.expect_operator("(")
        while self.token.kind == WORD:
            if self.token.text != "pg_catalog":
                raise self.unsupported(f"operators in schema {self.token.text}")
            self.advance()
            self.expect_operator(".")
        operator = self.advance()
        if operator.kind != OPERATOR or operator.text in _PUNCTUATION:
            raise self.wrong(operator)
        self.expect_operator(")")
        if operator.text in _COMPARISONS:
            return placed(_COMPARISONS[operator.text](this=left, expression=self._operand(SUM)), token)
        if operator.text in _ARITHMETIC:
            return placed(_ARITHMETIC[operator.text][1](this=left, expression=self._operand(SUM)), token)
        return self._operation(left, operator.text, token)

    def _predicate(self, left: exp.Expr, level: int, token: Token) -> exp.Expr | None:
        """IN, LIKE, ILIKE, SIMILAR TO, BETWEEN, with NOT or without."""
        negated = token.text == "not"
        word = self.peek() if negated else token
        if (
            level > LIKE
            or word.kind != WORD
            or word.text not in ("in", "like", "ilike", "similar", "between")
        ):
            return None
        if negated:
            self.advance()
        self.advance()
        node: exp.Expr
        match word.text:
            case "in":
                node = self._in(left)
            case "between":
                symmetric = self.take("symmetric")
                if not symmetric:
                    self.take("asymmetric")
                low = self.expression(OPERATION)
                self.expect("and")
                node = exp.Between(this=left, low=low, high=self.expression(OPERATION), symmetric=symmetric)
            case "similar":
                self.expect("to")
                node = self._escaped(exp.SimilarTo(this=left, expression=self.expression(OPERATION)))
            case _:
                matcher = exp.Like if word.text == "like" else exp.ILike
                node = self._escaped(matcher(this=left, expression=self._operand(OPERATION)))
        placed(node, token)
        if self.at("in", "like", "ilike", "similar", "between"):
            raise self.wrong()
        return placed(exp.Not(this=node), token) if negated else node

    def _escaped(self, node: exp.Expr) -> exp.Expr:
        if self.take("escape"):
            return exp.Escape(this=node, expression=self.expression(OPERATION))
        return node

    def _in(self, left: exp.Expr) -> exp.Expr:
        self.expect_operator("(")
        first = self.query_or_expression()
        if isinstance(first, exp.Subquery) and self.at_operator(")"):
            node = exp.In(this=left, query=first)
        else:
            items = [first]
            while self.take_operator(","):
                items.append(self.expression())
            node = exp.In(this=left, expressions=items)
        self.expect_operator(")")
        return node

    def _is(self, left: exp.Expr, token: Token) -> exp.Expr:
        negated = self.take("not")
        node: exp.Expr
        if self.take("distinct", "from"):
            same = exp.NullSafeEQ if negated else exp.NullSafeNEQ
            return placed(same(this=left, expression=self.expression(LIKE)), token)
        if self.take("null"):
            node = exp.Is(this=left, expression=exp.Null())
        elif self.at("true", "false"):
            node = exp.Is(this=left, expression=exp.Boolean(this=self.advance().text == "true"))
        elif self.take("unknown"):
            node = exp.Is(this=left, expression=exp.Var(this="UNKNOWN"))
        elif self.at("document", "normalized", "nfc", "nfd", "nfkc", "nfkd", "of"):
            raise self.unsupported(f"IS {self.token.text.upper()}")
        else:
            raise self.wrong()
        placed(node, token)
        return placed(exp.Not(this=node), token) if negated else node

    # --- parentheses ----------------------------------------------------------------------------

    def parenthesised(self) -> exp.Expr:
        """A subquery, an expression, or a row: what stands at an opening parenthesis."""
        token = self.token
        self.deeper()
        self.expect_operator("(")
        node: exp.Expr
        if self.at("select", "with", "values", "table"):
            node = placed(exp.Subquery(this=self.query()), token)
        elif self.at_operator("(") and self.starts_query():
            inner = self.parenthesised()
            if isinstance(inner, exp.Subquery) and self.continues_query():
                node = placed(exp.Subquery(this=self.continued_query(inner)), token)
            else:
                node = self._row_or_single(self.continued(inner, OR), token)
        else:
            node = self._row_or_single(self.expression(), token)
        self.expect_operator(")")
        self.shallower()
        if self.at_operator(".") and not isinstance(node, exp.Tuple):
            return self._field(node)
        return node

    def _field(self, record: exp.Expr) -> exp.Expr:
        """``(record).field``; only catalog functions have such results (`sql.system.functions`)."""
        token = self.advance()
        if self.at_operator("*"):
            raise self.unsupported("selecting the fields of a composite value", token)
        return placed(exp.Dot(this=record, expression=exp.Identifier(this=self.label())), token)

    def _row_or_single(self, first: exp.Expr, token: Token) -> exp.Expr:
        if not self.at_operator(","):
            return placed(exp.Paren(this=first), token)
        items = [first]
        while self.take_operator(","):
            items.append(self.expression())
        return placed(exp.Tuple(expressions=items), token)

    def query_or_expression(self) -> exp.Expr:
        """Inside parentheses that are open already: a query comes as a Subquery."""
        if self.at("select", "with", "values", "table"):
            return exp.Subquery(this=self.query())
        if not (self.at_operator("(") and self.starts_query()):
            return self.expression()
        inner = self.parenthesised()
        if isinstance(inner, exp.Subquery) and self.continues_query():
            return exp.Subquery(this=self.continued_query(inner))
        return self.continued(inner, OR)

    def starts_query(self) -> bool:
        """Is what comes next a query, however many parentheses stand before it?"""
        token = self.after_parentheses()
        return token.kind == WORD and token.text in ("select", "with", "values", "table")

    def typed_literal(self) -> exp.Expr:
        token = self.token
        name = self.type_name()
        if self.token.kind != STRING:
            raise self.wrong()
        literal = placed(exp.Literal.string(self.advance().text), token)
        if name == "interval":
            name += self.interval_fields()
        return placed(exp.Cast(this=literal, to=as_data_type(name)), token)

    def column(self) -> exp.Expr:
        """A column, qualified or not, or ``t.*``."""
        token = self.token
        parts = [self.name()]
        while self.at_operator("."):
            self.advance()
            if self.take_operator("*"):
                return placed(_column(exp.Star(), parts), token)
            parts.append(self.label())
        if len(parts) > 4:
            dotted = ".".join(parts)
            raise self.refused("42601", f"improper qualified name (too many dotted names): {dotted}", token)
        return placed(_column(exp.Identifier(this=parts.pop()), parts), token)


def _column(this: exp.Expr, qualifiers: list[str]) -> exp.Column:
    table, db, catalog = ([*reversed(qualifiers), None, None, None])[:3]
    named = {
        key: exp.Identifier(this=part)
        for key, part in (("table", table), ("db", db), ("catalog", catalog))
        if part is not None
    }
    return exp.Column(this=this, **named)
