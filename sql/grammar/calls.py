"""What an expression is made of: constants, columns, function calls in all their spellings, CASE.

Every call is an ``exp.Anonymous``: `this` is the folded name, `expressions` the arguments; what else was
written (DISTINCT, ORDER BY, FILTER, OVER …) stands in further args, present only when written. The
spellings that SQL gives to some functions (``EXTRACT(YEAR FROM x)``) become the plain call they mean.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sql import keywords
from sql.grammar.cursor import placed
from sql.grammar.typenames import TypeNames, as_data_type
from sql.lexer import NAME, OPERATOR, STRING, WORD, Token

_BARE = frozenset(
    [
        "current_catalog",
        "current_date",
        "current_role",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "user",
        "current_schema",
    ]
)
_WITH_PRECISION = frozenset(["current_time", "current_timestamp", "localtime", "localtimestamp"])
_REFUSED = frozenset(
    [
        "xmlattributes",
        "xmlconcat",
        "xmlelement",
        "xmlexists",
        "xmlforest",
        "xmlnamespaces",
        "xmlparse",
        "xmlpi",
        "xmlroot",
        "xmlserialize",
        "xmltable",
        "normalize",
        "treat",
    ]
)
_ORDINARY = frozenset(["coalesce", "nullif", "greatest", "least", "grouping"])


class Calls(TypeNames):
    # Further down the chain of classes:
    def expression(self, level: int = 1) -> exp.Expr:
        raise NotImplementedError

    def expressions(self) -> list[exp.Expr]:
        raise NotImplementedError

    def parenthesised(self) -> exp.Expr:
        raise NotImplementedError

    def typed_literal(self) -> exp.Expr:
        raise NotImplementedError

    def column(self) -> exp.Expr:
        raise NotImplementedError

    def starts_query(self) -> bool:
        raise NotImplementedError

    def query(self) -> exp.Query:
        raise NotImplementedError

    def continues_query(self) -> bool:
        raise NotImplementedError

    def continued_query(self, first: exp.Subquery) -> exp.Query:
        raise NotImplementedError

    def order_by(self) -> exp.Order | None:
        raise NotImplementedError

    def window_definition(self) -> exp.Window:
        raise NotImplementedError

    # --- primaries ------------------------------------------------------------------------------

    def primary(self) -> exp.Expr:
        token = self.token
        match token.kind:
            case "word":
                return self._word()
            case "name":
                return self._name_or_call()
            case "string":
                self.advance()
                return placed(exp.Literal.string(token.text), token)
            case "number":
                self.advance()
                return placed(exp.Literal.number(token.text), token)
            case "parameter":
                return self.parameter()
            case "bits":
                return self._bits()
        if self.at_operator("("):
            return self.parenthesised()
        raise self.wrong()

    def parameter(self) -> exp.Parameter:
        token = self.advance()
        if len(token.text) > 5 or not 1 <= int(token.text) <= 65535:
            raise self.refused("42P02", f"there is no parameter ${token.text}", token)
        return placed(exp.Parameter(this=exp.Literal.number(token.text)), token)

    def _bits(self) -> exp.Expr:
        token = self.advance()
        digits = token.text
        if self.text[token.start] in "xX":
            if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise self.refused("22P02", f'"{digits}" is not a valid hexadecimal digit', token)
            digits = "".join(f"{int(digit, 16):04b}" for digit in digits)
        literal = placed(exp.Literal.string(digits), token)
        return placed(exp.Cast(this=literal, to=as_data_type('"bit"'), constant=True), token)

    def _word(self) -> exp.Expr:
        token = self.token
        word = token.text
        special = _SPECIAL.get(word)
        if special is not None and (word not in _NEEDS_PARENTHESIS or self.peek().text == "("):
            return special(self)
        if word in _BARE and not (word == "current_schema" and self.peek().text == "("):
            return self._bare()
        if word in _REFUSED and self.peek().text == "(":
            raise self.unsupported(word.upper())
        if self.starts_typed_literal():
            return self.typed_literal()
        if word == "interval" and self.peek().text == "(":
            return self.typed_literal()
        return self._name_or_call()

    def _name_or_call(self) -> exp.Expr:
        """A column, or a function call when a parenthesis follows the (qualified) name."""
        ahead = 1
        while self.peek(ahead).text == "." and self.peek(ahead + 1).kind in (WORD, NAME):
            ahead += 2
        opening = self.peek(ahead)
        if opening.kind == OPERATOR and opening.text == "(":
            return self.function_call()
        if opening.kind == STRING and ahead > 1:
            return self.typed_literal()
        return self.column()

    def _bare(self) -> exp.Expr:
        token = self.advance()
        arguments: list[exp.Expr] = []
        if token.text in _WITH_PRECISION and self.take_operator("("):
            arguments = [exp.Literal.number(self.integer())]
            self.expect_operator(")")
        return placed(exp.Anonymous(this=token.text, expressions=arguments, bare=True), token)

    def _constant(self) -> exp.Expr:
        token = self.advance()
        node = exp.Null() if token.text == "null" else exp.Boolean(this=token.text == "true")
        return placed(node, token)

    def _default(self) -> exp.Expr:
        token = self.advance()
        return placed(exp.Var(this="DEFAULT"), token)

    # --- special forms --------------------------------------------------------------------------

    def _case(self) -> exp.Expr:
        token = self.advance()
        self.deeper()
        operand = None if self.at("when") else self.expression()
        branches = []
        while self.take("when"):
            condition = self.expression()
            self.expect("then")
            branches.append(exp.If(this=condition, true=self.expression()))
        if not branches:
            raise self.wrong()
        default = self.expression() if self.take("else") else None
        self.expect("end")
        self.shallower()
        return placed(exp.Case(this=operand, ifs=branches, default=default), token)

    def _cast(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        this = self.expression()
        self.expect("as")
        to = self.data_type()
        self.expect_operator(")")
        return placed(exp.Cast(this=this, to=to), token)

    def _exists(self) -> exp.Expr:
        token = self.advance()
        if not (self.at_operator("(") and self.starts_query()):
            raise self.wrong()
        subquery = self.parenthesised()
        if not isinstance(subquery, exp.Subquery):
            raise self.wrong()
        return placed(exp.Exists(this=subquery), token)

    def _array(self) -> exp.Expr:
        token = self.advance()
        if self.at_operator("("):
            subquery = self.parenthesised()
            if not isinstance(subquery, exp.Subquery):
                raise self.wrong(token)
            return placed(exp.Array(expressions=[subquery], query=True), token)
        if not self.at_operator("["):
            raise self.wrong()
        return self._array_items(token)

    def _array_items(self, token: Token) -> exp.Expr:
        self.deeper()
        self.expect_operator("[")
        items: list[exp.Expr] = []
        while not self.at_operator("]"):
            items.append(self._array_items(self.token) if self.at_operator("[") else self.expression())
            if not self.at_operator("]"):
                self.expect_operator(",")
                if self.at_operator("]"):
                    raise self.wrong()
        self.advance()
        self.shallower()
        return placed(exp.Array(expressions=items), token)

    def _row(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        items = [] if self.at_operator(")") else self.expressions()
        self.expect_operator(")")
        return placed(exp.Tuple(expressions=items), token)

    def _extract(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        if self.token.kind not in (WORD, NAME, STRING):
            raise self.wrong()
        field = exp.Literal.string(self.advance().text)
        self.expect("from")
        return self._closed_call("extract", [field, self.expression()], token)

    def _closed_call(self, name: str, arguments: list[exp.Expr], token: Token) -> exp.Expr:
        self.expect_operator(")")
        return placed(exp.Anonymous(this=name, expressions=arguments), token)

    def _position_in(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        needle = self.expression(7)
        self.expect("in")
        return self._closed_call("position", [self.expression(7), needle], token)

    def _substring(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        arguments = [self.expression()]
        if self.take_operator(","):
            arguments += self.expressions()
        elif self.take("similar"):
            raise self.unsupported("SUBSTRING with SIMILAR", token)
        elif self.take("from"):
            arguments.append(self.expression())
            if self.take("for"):
                arguments.append(self.expression())
        elif self.take("for"):
            length = self.expression()
            start = exp.Literal.number(1)
            if self.take("from"):
                start = self.expression()  # type: ignore[assignment]
            arguments += [start, length]
        return self._closed_call("substring", arguments, token)

    def _overlay(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        arguments = [self.expression()]
        if self.take("placing"):
            arguments.append(self.expression())
            self.expect("from")
            arguments.append(self.expression())
            if self.take("for"):
                arguments.append(self.expression())
        else:
            while self.take_operator(","):
                arguments.append(self.expression())
        return self._closed_call("overlay", arguments, token)

    def _trim(self) -> exp.Expr:
        token = self.advance()
        self.expect_operator("(")
        name = "btrim"
        if self.at("leading", "trailing", "both"):
            name = {"leading": "ltrim", "trailing": "rtrim", "both": "btrim"}[self.advance().text]
        if self.take("from"):
            return self._closed_call(name, self.expressions(), token)
        first = self.expressions()
        if self.take("from"):
            if len(first) != 1:
                raise self.wrong()
            return self._closed_call(name, [*self.expressions(), *first], token)
        return self._closed_call(name, first, token)

    def _collation_for(self) -> exp.Expr:
        raise self.unsupported("COLLATION FOR")

    # --- calls ----------------------------------------------------------------------------------

    def function_name(self) -> tuple[str | None, str]:
        """(schema, name); what stands before the schema must be nothing."""
        token = self.token
        if self.peek().text == ".":
            parts = [self.name()]
            while self.take_operator("."):
                parts.append(self.label())
        else:
            word = token.text
            refused = keywords.NOT_A_FUNCTION - _ORDINARY
            if token.kind == WORD and word in refused:
                raise self.wrong(self.peek() if word in keywords.COLUMN_NAMES else token)
            parts = [self.advance().text]
        if len(parts) > 2:
            raise self.unsupported(f"function name {'.'.join(parts)}", token)
        return (parts[0] if len(parts) == 2 else None), parts[-1]

    def function_call(self) -> exp.Expr:
        token = self.token
        schema, name = self.function_name()
        self.deeper()
        self.expect_operator("(")
        extra: dict[str, Any] = {"schema": schema} if schema is not None else {}
        arguments: list[exp.Expr] = []
        if self.take_operator("*"):
            extra["star"] = True
        elif not self.at_operator(")"):
            arguments = self._arguments(extra)
            order = self.order_by()
            if order is not None:
                extra["order"] = order
        self.expect_operator(")")
        self.shallower()
        self._call_suffixes(extra)
        return placed(exp.Anonymous(this=name, expressions=arguments, **extra), token)

    def _arguments(self, extra: dict[str, Any]) -> list[exp.Expr]:
        if self.take("distinct"):
            extra["distinct"] = True
        else:
            self.take("all")
        found = []
        while True:
            if self.at("variadic"):
                self.advance()
                extra["variadic"] = True
                found.append(self.expression())
                return found
            found.append(self._argument())
            if not self.take_operator(","):
                return found

    def _argument(self) -> exp.Expr:
        following = self.peek()
        if following.kind == OPERATOR and following.text in ("=>", ":=") and self.at_name(frozenset()):
            token = self.token
            name = self.name(keywords.RESERVED | keywords.COLUMN_NAMES)
            self.advance()
            return placed(exp.Kwarg(this=exp.Var(this=name), expression=self.expression()), token)
        return self.expression()

    def _call_suffixes(self, extra: dict[str, Any]) -> None:
        if self.follows("within", "group"):
            self.take("within", "group")
            self.expect_operator("(")
            extra["within"] = self.order_by()
            if extra["within"] is None:
                raise self.wrong()
            self.expect_operator(")")
        if self.at("filter") and self.peek().text == "(":
            self.advance()
            self.expect_operator("(")
            self.expect("where")
            extra["filter"] = self.expression()
            self.expect_operator(")")
        if self.at("over"):
            self.advance()
            if self.at_operator("("):
                extra["over"] = self.window_definition()
            else:
                token = self.token
                extra["over"] = placed(exp.Identifier(this=self.name()), token)


_SPECIAL = {
    "null": Calls._constant,
    "true": Calls._constant,
    "false": Calls._constant,
    "default": Calls._default,
    "case": Calls._case,
    "cast": Calls._cast,
    "exists": Calls._exists,
    "array": Calls._array,
    "row": Calls._row,
    "extract": Calls._extract,
    "position": Calls._position_in,
    "substring": Calls._substring,
    "overlay": Calls._overlay,
    "trim": Calls._trim,
    "collation": Calls._collation_for,
}
_NEEDS_PARENTHESIS = frozenset(["exists", "row", "extract", "position", "substring", "overlay", "trim"])
