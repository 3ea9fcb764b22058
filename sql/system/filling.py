"""Pieces of a rewritten query: templates with their arguments in place, and small nodes.

A template is an expression as the parser made it from our own text; `Filler` copies it, puts the call's
arguments where its parameters stand, and gives its helper relation an alias that no query can write.
"""

from __future__ import annotations

import functools

from sqlglot import exp

from sql.grammar.typenames import as_data_type
from sql.parse import parse_expression
from sql.system.columns import HELPER_SCHEMA
from sql.system.macros import MACRO_PREFIX


@functools.cache
def _look_up(relation: str, result: str, column: str) -> exp.Expr:
    return parse_expression(f"(SELECT h.{result} FROM helper.{relation} h WHERE h.{column} = $1)")


class Filler:
    """Fills the templates of one rewrite."""

    def __init__(self) -> None:
        self._aliases = 0

    def filled(self, template: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
        """A template's copy with the arguments in it and its helpers under fresh aliases."""
        root = exp.Paren(this=template.copy())
        self._aliases += 1
        alias = f"@{self._aliases}"
        for node in reversed(list(root.walk())):  # arguments go in before what holds them is copied
            match node:
                case exp.Parameter():
                    node.replace(arguments[int(node.this.name) - 1].copy())
                case exp.Table():
                    node.set("db", exp.Identifier(this=HELPER_SCHEMA))
                    node.set("alias", exp.TableAlias(this=exp.Identifier(this=alias)))
                case exp.Column() if node.table == "h":
                    node.set("this", exp.Identifier(this=f"@{node.name}"))
                    node.set("table", exp.Identifier(this=alias))
                case exp.Anonymous() if node.name.startswith(MACRO_PREFIX):
                    node.set("internal", True)
        for node in list(root.find_all(exp.Anonymous)):
            if node.name == "raise_error":
                node.replace(raising(*node.expressions))
        filled: exp.Expr = root.this
        return filled.pop()

    def one(self, relation: str, result: str, column: str, value: exp.Expr) -> exp.Expr:
        return self.filled(_look_up(relation, result, column), [value])


def bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def string(text: str) -> exp.Expr:
    return exp.Literal.string(text)


def text_of(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node.copy(), to=as_data_type("text"))


def raising(sqlstate: exp.Expr, message: exp.Expr) -> exp.Expr:
    """A call that fails, in the form that `sql.types.raised` reads."""
    head = string(f"[{sqlstate.name}] ")
    text = exp.DPipe(this=head, expression=exp.Paren(this=message.copy()))
    return exp.Anonymous(this="error", expressions=[text], internal=True)
