"""Casts to regclass, regtype, regnamespace and regrole: PostgreSQL's names for OIDs.

Such a value is an OID in a comparison and a name where it is shown or made text. Casts to regproc and its
kin give a function's name, which is how functions are held here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from sql.errors import SqlError
from sql.grammar.typenames import as_data_type
from sql.system.columns import DESCRIPTIONS
from sql.system.filling import Filler, bare, raising, string, text_of
from sql.system.quoting import quote_identifier, split_name
from sql.types import declared


@dataclass(frozen=True, slots=True)
class _Names:
    """A reg… type: the helper relations that translate its names, and the error for an unknown one."""

    names: str
    titles: str
    title: str
    sqlstate: str
    kind: str


REG_TYPES: Mapping[str, _Names] = {
    "regclass": _Names("relation_names", "relation_titles", "title", "42P01", "relation"),
    "regtype": _Names("type_names", "type_titles", "bare", "42704", "type"),
    "regnamespace": _Names("schema_names", "schema_titles", "title", "3F000", "schema"),
    "regrole": _Names("role_names", "role_titles", "title", "42704", "role"),
}
_PSEUDO_TYPES = {"internal": 2281, "language_handler": 2280, "trigger": 2279, "event_trigger": 3838}
"""Types that no value has, which queries over pg_proc compare with."""
HELD_AS_TEXT = frozenset(["regproc", "regprocedure", "regoper", "regoperator"])
_OID_TYPES = frozenset(["oid", "int", "integer", "int4", "int8", "bigint"])
_PASSED_ON = frozenset(["coalesce", "nullif", "greatest", "least"])
_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Is, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Any, exp.All, exp.Ordered,
)  # fmt: skip

TO_REG = {f"to_{name}": name for name in REG_TYPES}
"""The functions that are such casts, but give null for an unknown name."""
_OID_COLUMNS = {"tableoid"} | {
    column.name
    for described in DESCRIPTIONS.values()
    for column in described.columns
    if described.schema == "pg_catalog" and column.type == "oid"
}


def type_name(node: exp.Cast) -> str:
    text = node.args["to"].args.get("kind")
    return text.removeprefix("pg_catalog.") if isinstance(text, str) else ""


class RegTypes:
    """The casts of one rewrite."""

    def __init__(self, filler: Filler) -> None:
        self._filler = filler

    def call(self, node: exp.Anonymous) -> exp.Expr:
        """``to_regclass(text)`` and its kin."""
        kind, value = TO_REG[node.name], node.expressions[0]
        if shows_name(node):
            return self.title(kind, value, strict=False)
        return self.oid(kind, value, strict=False)

    def cast(self, node: exp.Cast) -> exp.Expr | None:
        name = type_name(node)
        if name in HELD_AS_TEXT:
            return _function_text(node)
        if name not in REG_TYPES:
            return None
        if shows_name(node):
            return self.title(name, node.this, strict=True)
        return self.oid(name, node.this, strict=True)

    def title(self, kind: str, value: exp.Expr, *, strict: bool) -> exp.Expr:
        """The name that the value is shown by; an OID that nothing has is shown as its digits."""
        names = REG_TYPES[kind]
        value = _stripped(value, kind)
        if _is_oid(value):
            found = self._filler.one(names.titles, names.title, "oid", value)
            zero = exp.EQ(this=value.copy(), expression=exp.Literal.number(0))
            unknown = exp.Case(ifs=[exp.If(this=zero, true=string("-"))], default=text_of(value))
            return exp.Anonymous(this="coalesce", expressions=[found, unknown])
        if isinstance(value, exp.Literal):
            return self._constant(kind, value.name, "title", strict=strict)
        text = text_of(value)
        found = self._filler.one(names.names, "title", "spelling", _spelling(text))
        if not strict:
            return found
        digits = exp.If(this=_is_digits(text), true=text.copy())
        failed = exp.Case(ifs=[_if_null(text), digits], default=self._unknown(names, text))
        return exp.Anonymous(this="coalesce", expressions=[found, failed])

    def oid(self, kind: str, value: exp.Expr, *, strict: bool) -> exp.Expr:
        """The OID that the value stands for: a number, digits, or a name."""
        value = bare(value)
        if isinstance(value, exp.Cast) and type_name(value) in REG_TYPES:
            return self.oid(type_name(value), value.this, strict=strict)
        if isinstance(value, exp.Anonymous) and value.name in TO_REG:
            return self.oid(TO_REG[value.name], value.expressions[0], strict=False)
        if isinstance(value, exp.Literal):
            return self._constant(kind, value.name, "oid", strict=strict)
        if _is_oid(value):
            return value.copy()
        text = text_of(value)
        number = exp.Cast(this=text.copy(), to=as_data_type("oid"))
        found = self._found(kind, "oid", _spelling(text), text, strict=strict)
        return exp.Case(ifs=[_if_null(text), exp.If(this=_is_digits(text), true=number)], default=found)

    def _found(
        self, kind: str, result: str, spelling: exp.Expr, shown: exp.Expr, *, strict: bool
    ) -> exp.Expr:
        names = REG_TYPES[kind]
        found = self._filler.one(names.names, result, "spelling", spelling)
        if not strict:
            return found
        return exp.Anonymous(this="coalesce", expressions=[found, self._unknown(names, shown)])

    def _unknown(self, names: _Names, shown: exp.Expr) -> exp.Expr:
        head = exp.DPipe(this=string(f'{names.kind} "'), expression=shown.copy())
        return raising(string(names.sqlstate), exp.DPipe(this=head, expression=string('" does not exist')))

    def _constant(self, kind: str, text: str, result: str, *, strict: bool) -> exp.Expr:
        if text.isdigit() and result == "oid":
            return exp.Literal.number(text)
        if text.isdigit() or text == "-":
            shown = self._filler.one(REG_TYPES[kind].names, result, "spelling", string(text))
            return (
                exp.Anonymous(this="coalesce", expressions=[shown, string(text)]) if text.isdigit() else shown
            )
        if kind == "regtype":
            return self._constant_type(text, result, strict=strict)
        parts = split_name(text)
        if parts is None:
            raise SqlError("42602", "invalid name syntax")
        spelling = ".".join(quote_identifier(part) for part in parts)
        return self._found(kind, result, string(spelling), string(".".join(parts)), strict=strict)

    def _constant_type(self, text: str, result: str, *, strict: bool) -> exp.Expr:
        oid = _type_oid(text, strict=strict)
        if result == "oid" or isinstance(oid, exp.Null):
            return oid
        return self._filler.one("type_titles", "bare", "oid", oid)


def _stripped(value: exp.Expr, kind: str) -> exp.Expr:
    """What a cast of a cast to the same type starts from."""
    value = bare(value)
    if isinstance(value, exp.Cast) and type_name(value) == kind:
        return _stripped(value.this, kind)
    return value


def _spelling(text: exp.Expr) -> exp.Expr:
    """The text as `relation_names` and its kin spell names: folded unless quoted."""
    quoted = exp.If(this=exp.Like(this=text.copy(), expression=string('%"%')), true=text.copy())
    return exp.Case(ifs=[quoted], default=exp.Anonymous(this="lower", expressions=[text.copy()]))


def _is_digits(text: exp.Expr) -> exp.Expr:
    return exp.Operator(this=text.copy(), operator="~", expression=string("^[0-9]+$"))


def _if_null(text: exp.Expr) -> exp.If:
    return exp.If(this=exp.Is(this=text.copy(), expression=exp.Null()), true=exp.Null())


def _type_oid(text: str, *, strict: bool) -> exp.Expr:
    if text in _PSEUDO_TYPES:
        return exp.Literal.number(_PSEUDO_TYPES[text])
    try:
        return exp.Literal.number(declared(text).pg.oid)
    except SqlError:
        if strict:
            raise
        return exp.Null()


def _function_text(node: exp.Cast) -> exp.Expr:
    """A function's name is held as text; the schema that all of them are in is left out. None has an OID."""
    value = bare(node.this)
    if not isinstance(value, exp.Literal):
        return text_of(value)
    if isinstance(node.parent, exp.Cast) and type_name(node.parent) in _OID_TYPES:
        raise SqlError("42883", f'function "{value.name}" does not exist')
    return string(value.name.removeprefix("pg_catalog."))


def shows_name(node: exp.Expr) -> bool:
    """Whether a reg… value is wanted as a name where `node` stands. In doubt it is: a name where PostgreSQL
    would compare an OID fails, while an OID where it would show a name would be a wrong answer."""
    parent = node.parent
    match parent:
        case exp.Cast():
            return type_name(parent) not in _OID_TYPES and type_name(parent) not in REG_TYPES
        case exp.Paren() | exp.Case() | exp.If():
            return shows_name(parent)
        case exp.Anonymous() if parent.name in _PASSED_ON:
            return shows_name(parent)
        case exp.Select() | exp.Alias():
            select = parent if isinstance(parent, exp.Select) else parent.parent
            subquery = select.parent if select is not None else None
            if isinstance(subquery, exp.Subquery) and not isinstance(subquery.parent, exp.From | exp.Join):
                return shows_name(subquery)
            return True
    return not isinstance(parent, _COMPARISONS)


def _is_oid(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        return type_name(node) in _OID_TYPES
    return isinstance(node, exp.Column) and node.name in _OID_COLUMNS
