"""The parser's place in the text: what token is next, and the error that says it should not be."""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

from sql import keywords, lexer
from sql.errors import SqlError
from sql.lexer import END, NAME, NUMBER, OPERATOR, STRING, WORD, Token

NESTING_MAX = 100
"""Expressions and queries within each other. PostgreSQL gives up later; Python's own stack sooner."""


class Cursor:
    """Reads tokens one by one. `take…` consumes and tells whether it did, `expect…` raises if not."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self.offset = offset
        self._tokens = lexer.tokens(text)
        self._index = 0
        self._depth = 0
        self._run = range(0)
        """Where the opening parentheses stand that were looked through last."""
        self.token = self._tokens[0]

    # --- looking --------------------------------------------------------------------------------

    def peek(self, ahead: int = 1) -> Token:
        index = min(self._index + ahead, len(self._tokens) - 1)
        return self._tokens[index]

    def after_parentheses(self) -> Token:
        """The next token, or the first one after the opening parentheses that are next. A run of them is
        looked through once, not again behind each of them."""
        if self._index not in self._run:
            end = self._index
            while (token := self._tokens[end]).text == "(" and token.kind == OPERATOR:
                end += 1
            self._run = range(self._index, end)
        return self._tokens[self._run.stop]

    def at(self, *words: str) -> bool:
        """Is the next token one of these key words?"""
        return self.token.kind == WORD and self.token.text in words

    def at_operator(self, *operators: str) -> bool:
        return self.token.kind == OPERATOR and self.token.text in operators

    def follows(self, *words: str) -> bool:
        """Do these key words come next, in this order?"""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token.kind != WORD or token.text != word:
                return False
        return True

    # --- moving ---------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.token
        self._index = min(self._index + 1, len(self._tokens) - 1)
        self.token = self._tokens[self._index]
        return token

    def take(self, *words: str) -> bool:
        if not self.follows(*words):
            return False
        for _ in words:
            self.advance()
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.at(word):
                raise self.wrong()
            self.advance()

    def take_operator(self, operator: str) -> bool:
        token = self.token
        if token.kind == OPERATOR and token.text == operator:
            self.advance()
            return True
        return False

    def expect_operator(self, operator: str) -> None:
        if not self.take_operator(operator):
            raise self.wrong()

    def one_of(self, *words: str) -> str:
        """The key word that comes next, which must be one of these."""
        if not self.at(*words):
            raise self.wrong()
        return self.advance().text

    # --- names and constants --------------------------------------------------------------------

    def name(self, refused: frozenset[str] = keywords.NOT_A_NAME) -> str:
        """A name, quoted or not; `refused` are the key words that must be quoted here."""
        token = self.token
        if token.kind == NAME or (token.kind == WORD and token.text not in refused):
            self.advance()
            return token.text
        raise self.wrong()

    def at_name(self, refused: frozenset[str] = keywords.NOT_A_NAME) -> bool:
        token = self.token
        return token.kind == NAME or (token.kind == WORD and token.text not in refused)

    def label(self) -> str:
        """Any word, as after AS or a dot."""
        return self.name(frozenset())

    def names(self) -> tuple[str, ...]:
        """A parenthesised list of names."""
        self.expect_operator("(")
        found = [self.name()]
        while self.take_operator(","):
            found.append(self.name())
        self.expect_operator(")")
        return tuple(found)

    def string(self) -> str:
        if self.token.kind != STRING:
            raise self.wrong()
        return self.advance().text

    def integer(self) -> int:
        """A whole number, with a sign or not."""
        negative = self.take_operator("-")
        if not negative:
            self.take_operator("+")
        if self.token.kind != NUMBER or not self.token.text.isdigit():
            raise self.wrong()
        value = int(self.advance().text[:40])
        return -value if negative else value

    # --- failing --------------------------------------------------------------------------------

    def wrong(self, token: Token | None = None) -> SqlError:
        """The syntax error at a token, by default the next one."""
        token = token or self.token
        if token.kind == END:
            return SqlError("42601", "syntax error at end of input", position=self._position(token))
        near = self.text[token.start : token.end]
        return SqlError("42601", f'syntax error at or near "{near}"', position=self._position(token))

    def unsupported(self, feature: str, token: Token | None = None) -> SqlError:
        return SqlError("0A000", f"{feature} is not supported", position=self._position(token or self.token))

    def refused(
        self, sqlstate: str, message: str, token: Token | None = None, hint: str | None = None
    ) -> SqlError:
        return SqlError(sqlstate, message, hint=hint, position=self._position(token or self.token))

    def _position(self, token: Token) -> int:
        return self.offset + token.start + 1

    def deeper(self) -> None:
        self._depth += 1
        if self._depth > NESTING_MAX:
            message = "stack depth limit exceeded"
            hint = f"Expressions and queries may be nested {NESTING_MAX} levels deep."
            raise SqlError("54001", message, hint=hint)

    def shallower(self) -> None:
        self._depth -= 1


NodeT = TypeVar("NodeT", bound=exp.Expr)


def placed(node: NodeT, token: Token) -> NodeT:
    """`node`, remembering where in the text it began (``meta["at"]``)."""
    node.meta["at"] = token.start
    return node
