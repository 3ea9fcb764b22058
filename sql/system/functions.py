"""The functions and casts that catalog queries are made of, rewritten before a query is planned.

`rewrite` replaces, in a tree as `sql.parse` makes it,

- calls of the functions in `sql.system.templates` by queries over helper relations,
- casts to regclass, regtype, regnamespace and regrole, by a look-up of the name or of the OID: such a
  value is an OID in a comparison and a name where it is shown or made text,
- ``tableoid`` of pg_catalog's relations, by its value,
- ``information_schema._pg_expandarray(keys)``, which JDBC's driver asks for keys with: a set of records
  ``(x, n)``, of which only single fields can be had,
- generate_subscripts of int2vector and oidvector, which PostgreSQL counts from 0,
- a constant ``'{…}'`` that is compared to an array column of the catalog, by the array.

Calls marked ``internal`` are DuckDB's own functions or one of `MACROS` and are rendered as they stand;
the parser never makes one, so no client can.

Rejected: DuckDB macros over the helper relations. A macro binds its tables when it is called, by names
that would have to be the same for every concurrent statement; and PostgreSQL's "relation does not exist"
could not be told from inside one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from sql.errors import SqlError
from sql.grammar.typenames import as_data_type
from sql.parse import parse_expression
from sql.system.columns import DESCRIPTIONS, HELPER_SCHEMA
from sql.system.quoting import KEYWORDS, quote_identifier, split_name
from sql.system.templates import ANY_NUMBER, MACRO_PREFIX, TEMPLATES
from sql.types import declared

_QUOTED_KEYWORDS = ", ".join(f"'{word}'" for word in sorted(KEYWORDS))
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def _pretty_size() -> str:
    """PostgreSQL's rounding: halves of a unit, truncated, then rounded to the unit."""
    limit = 20 * 1024 - 1
    text = ""
    for power, unit in enumerate(_UNITS):
        half = f"(x // {512 * 1024**power})"
        rounded = f"(({half} + sign({half})::BIGINT) // 2)::VARCHAR || ' {unit}'"
        last = power == len(_UNITS) - 1
        text += f" ELSE {rounded} END" if last else f" WHEN abs({half}) < {limit} THEN {rounded}"
    return f"CASE WHEN abs(x) < 10240 THEN x::VARCHAR || ' bytes'{text}"


_QUOTE_IDENT = f"""
    CASE WHEN regexp_full_match(x, '[a-z_][a-z0-9_]*') AND x NOT IN ({_QUOTED_KEYWORDS}) THEN x
         ELSE '"' || replace(x, '"', '""') || '"' END
"""
_QUOTE_LITERAL = r"""
    CASE WHEN contains(x::VARCHAR, '\') THEN 'E' ELSE '' END
    || '''' || replace(replace(x::VARCHAR, '''', ''''''), '\', '\\') || ''''
"""
_BODIES = {
    "quote_ident": _QUOTE_IDENT,
    "quote_literal": _QUOTE_LITERAL,
    "quote_nullable": f"CASE WHEN x IS NULL THEN 'NULL' ELSE {MACRO_PREFIX}quote_literal(x) END",
    "pg_size_pretty": _pretty_size(),
}
MACROS: tuple[str, ...] = tuple(
    f"CREATE OR REPLACE MACRO {MACRO_PREFIX}{name}(x) AS {body}" for name, body in _BODIES.items()
)
"""Run once in each tenant's DuckDB, before its configuration is locked."""


@dataclass(frozen=True, slots=True)
class _Names:
    """A reg… type: the helper relations that translate its names, and the error for an unknown one."""

    names: str
    titles: str
    title: str
    sqlstate: str
    kind: str


_REG_TYPES: Mapping[str, _Names] = {
    "regclass": _Names("relation_names", "relation_titles", "title", "42P01", "relation"),
    "regtype": _Names("type_names", "type_titles", "bare", "42704", "type"),
    "regnamespace": _Names("schema_names", "schema_titles", "title", "3F000", "schema"),
    "regrole": _Names("role_names", "role_titles", "title", "42704", "role"),
}
_PSEUDO_TYPES = {"internal": 2281, "language_handler": 2280, "trigger": 2279, "event_trigger": 3838}
"""Types that no value has, which queries over pg_proc compare with."""
_TABLES = frozenset(["pg_timezone_names"])
_HELD_AS_TEXT = frozenset(["regproc", "regprocedure", "regoper", "regoperator"])
_TO_REG = {f"to_{name}": name for name in _REG_TYPES}
_TEXT_TYPES = frozenset(["text", "varchar", "character varying", "name", "bpchar"])
_OID_TYPES = frozenset(["oid", "int", "integer", "int4", "int8", "bigint"])
_PASSED_ON = frozenset(["coalesce", "nullif", "greatest", "least"])
_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Is, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Any, exp.All, exp.Ordered,
)  # fmt: skip

_COLUMNS = [(c.name, c.type) for d in DESCRIPTIONS.values() if d.schema == "pg_catalog" for c in d.columns]
_OID_COLUMNS = frozenset(name for name, type_ in _COLUMNS if type_ == "oid") | {"tableoid"}
_FUNCTION_COLUMNS = frozenset(name for name, type_ in _COLUMNS if type_ == "regproc")
_VECTOR_COLUMNS = frozenset(name for name, type_ in _COLUMNS if type_.endswith("vector"))
_ARRAY_COLUMNS = {name: type_ for name, type_ in _COLUMNS if type_.endswith(("[]", "vector"))}


_OTHERS = _TABLES | {"generate_subscripts", "_pg_expandarray"}


def rewrite(tree: exp.Expr) -> exp.Expr:
    """`tree` with PostgreSQL's catalog functions replaced; the same tree when it has none. A changed
    tree is a copy."""
    if not any(_touches(node) for node in tree.walk()):
        return tree
    return _Rewriter(tree).visit(tree.copy())


def _touches(node: exp.Expr) -> bool:
    match node:
        case exp.Anonymous():
            return node.name in TEMPLATES or node.name in _TO_REG or node.name in _OTHERS
        case exp.Cast():
            return _type_name(node) in _REG_TYPES or _type_name(node) in _HELD_AS_TEXT
        case exp.Column():
            return node.name in _ARRAY_COLUMNS or node.name == "tableoid"
    return False


def _type_name(node: exp.Cast) -> str:
    text = node.args["to"].args.get("kind")
    return text.removeprefix("pg_catalog.") if isinstance(text, str) else ""


def output_name(node: exp.Expr | None) -> str | None:
    """The name PostgreSQL gives to an unnamed result column, as far as a rewrite may hide it."""
    match node:
        case exp.Column():
            return node.name
        case exp.Anonymous():
            return node.name
        case exp.Cast():
            return output_name(node.this) or _type_name(node)
        case exp.Case():
            return output_name(node.args.get("default")) or "case"
        case exp.Paren() | exp.Bracket() | exp.Collate():
            return output_name(node.this)
    return None


@functools.cache
def _template(name: str, count: int) -> exp.Expr | None:
    texts = TEMPLATES[name]
    text = texts.get(count, texts.get(ANY_NUMBER))
    return None if text is None else parse_expression(text)


_SUBSCRIPTS = parse_expression("generate_series(0, array_upper($1, 1) - 1)")


_EXPANDED = {
    "x": parse_expression("unnest($1)"),
    "n": parse_expression("generate_series(1, array_upper($1, 1))"),
}


@functools.cache
def _look_up(relation: str, result: str, column: str) -> exp.Expr:
    return parse_expression(f"(SELECT h.{result} FROM helper.{relation} h WHERE h.{column} = $1)")


class _Rewriter:
    """One rewrite: hands out aliases that no query can write. `_expansions` are the names of columns that
    are _pg_expandarray's records."""

    def __init__(self, tree: exp.Expr) -> None:
        self._aliases = 0
        self._expansions = {a.alias for a in tree.find_all(exp.Alias) if _is_expansion(a.this)}

    def visit(self, node: exp.Expr) -> exp.Expr:
        """`node` rewritten, which takes its place in its parent."""
        changed = self._expand(node)
        while changed is not None:
            if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
                changed = _named(changed, output_name(node))
            elif isinstance(node.parent, exp.Any | exp.All):
                changed = exp.Paren(this=changed)  # an array's value, not the rows of a query
            node.replace(changed)
            node = changed
            changed = self._expand(node)
        for child in list(node.iter_expressions()):
            self.visit(child)
        return node

    def _expand(self, node: exp.Expr) -> exp.Expr | None:
        match node:
            case exp.Anonymous() if not node.args.get("internal"):
                return self._call(node)
            case exp.Cast():
                return self._cast(node)
            case exp.Dot():
                return self._field(node)
            case exp.Column() if node.name == "tableoid":
                return _table_oid(node)
            case exp.Table() if isinstance(node.this, exp.Anonymous) and node.this.name in _TABLES:
                return _as_table(node)
            case exp.EQ() | exp.NEQ():
                _make_array(node)
        return None

    # --- functions ------------------------------------------------------------------------------

    def _call(self, node: exp.Anonymous) -> exp.Expr | None:
        name, arguments = node.name, node.expressions
        if _is_expansion(node):
            return self._filled(_EXPANDED["x"], arguments)
        if node.args.get("schema") not in (None, "pg_catalog"):
            return None
        if name in _TO_REG and len(arguments) == 1:
            kind = _TO_REG[name]
            if _shows_name(node):
                return self._title(kind, arguments[0], strict=False)
            return self._oid(kind, arguments[0], strict=False)
        if name == "generate_subscripts" and _is_vector(arguments[0]):
            return self._filled(_SUBSCRIPTS, arguments)
        if name not in TEMPLATES:
            return None
        if name == "obj_description" and arguments and _bare(arguments[0]).name in _FUNCTION_COLUMNS:
            return exp.Cast(this=exp.Null(), to=as_data_type("text"))  # functions have no descriptions
        template = _template(name, len(arguments))
        return None if template is None else self._filled(template, arguments)

    def _field(self, node: exp.Dot) -> exp.Expr | None:
        """A field of what _pg_expandarray gives, at the call or by the column that a subquery made of it:
        such a column holds its `x`."""
        record, name = _bare(node.this), node.expression.name
        if _is_expansion(record) and name in _EXPANDED:
            return self._filled(_EXPANDED[name], record.expressions)
        if isinstance(record, exp.Column) and record.name in self._expansions and name == "x":
            return record.copy()
        return None

    def _filled(self, template: exp.Expr, arguments: list[exp.Expr]) -> exp.Expr:
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
                node.replace(_raise(*node.expressions))
        filled: exp.Expr = root.this
        return filled.pop()

    def _one(self, relation: str, result: str, column: str, value: exp.Expr) -> exp.Expr:
        return self._filled(_look_up(relation, result, column), [value])

    # --- reg… types -----------------------------------------------------------------------------

    def _cast(self, node: exp.Cast) -> exp.Expr | None:
        name = _type_name(node)
        if name in _HELD_AS_TEXT:
            return _function_text(node.this)
        if name not in _REG_TYPES:
            return None
        if _shows_name(node):
            return self._title(name, node.this, strict=True)
        return self._oid(name, node.this, strict=True)

    def _title(self, kind: str, value: exp.Expr, *, strict: bool) -> exp.Expr:
        """The name that the value is shown by; an OID that nothing has is shown as its digits."""
        names = _REG_TYPES[kind]
        value = _stripped(value, kind)
        if _is_oid(value):
            found = self._one(names.titles, names.title, "oid", value)
            zero = exp.EQ(this=value.copy(), expression=exp.Literal.number(0))
            unknown = exp.Case(ifs=[exp.If(this=zero, true=_string("-"))], default=_text(value))
            return exp.Anonymous(this="coalesce", expressions=[found, unknown])
        if isinstance(value, exp.Literal):
            return self._constant(kind, value.name, "title", strict=strict)
        text = _text(value)
        found = self._one(names.names, "title", "spelling", _spelling(text))
        if not strict:
            return found
        digits = exp.If(this=_is_digits(text), true=text.copy())
        failed = exp.Case(ifs=[_if_null(text), digits], default=self._unknown(names, text))
        return exp.Anonymous(this="coalesce", expressions=[found, failed])

    def _oid(self, kind: str, value: exp.Expr, *, strict: bool) -> exp.Expr:
        """The OID that the value stands for: a number, digits, or a name."""
        value = _bare(value)
        if isinstance(value, exp.Cast) and _type_name(value) in _REG_TYPES:
            return self._oid(_type_name(value), value.this, strict=strict)
        if isinstance(value, exp.Anonymous) and value.name in _TO_REG:
            return self._oid(_TO_REG[value.name], value.expressions[0], strict=False)
        if isinstance(value, exp.Literal):
            return self._constant(kind, value.name, "oid", strict=strict)
        if _is_oid(value):
            return value.copy()
        text = _text(value)
        number = exp.Cast(this=text.copy(), to=as_data_type("oid"))
        found = self._found(kind, "oid", _spelling(text), text, strict=strict)
        return exp.Case(ifs=[_if_null(text), exp.If(this=_is_digits(text), true=number)], default=found)

    def _found(
        self, kind: str, result: str, spelling: exp.Expr, shown: exp.Expr, *, strict: bool
    ) -> exp.Expr:
        names = _REG_TYPES[kind]
        found = self._one(names.names, result, "spelling", spelling)
        if not strict:
            return found
        return exp.Anonymous(this="coalesce", expressions=[found, self._unknown(names, shown)])

    def _unknown(self, names: _Names, shown: exp.Expr) -> exp.Expr:
        head = exp.DPipe(this=_string(f'{names.kind} "'), expression=shown.copy())
        return _raise(_string(names.sqlstate), exp.DPipe(this=head, expression=_string('" does not exist')))

    def _constant(self, kind: str, text: str, result: str, *, strict: bool) -> exp.Expr:
        if text.isdigit() and result == "oid":
            return exp.Literal.number(text)
        if text.isdigit() or text == "-":
            shown = self._one(_REG_TYPES[kind].names, result, "spelling", _string(text))
            return (
                exp.Anonymous(this="coalesce", expressions=[shown, _string(text)])
                if text.isdigit()
                else shown
            )
        if kind == "regtype":
            return self._constant_type(text, result, strict=strict)
        parts = split_name(text)
        if parts is None:
            raise SqlError("42602", "invalid name syntax")
        spelling = ".".join(quote_identifier(part) for part in parts)
        return self._found(kind, result, _string(spelling), _string(".".join(parts)), strict=strict)

    def _constant_type(self, text: str, result: str, *, strict: bool) -> exp.Expr:
        oid = _type_oid(text, strict=strict)
        if result == "oid" or isinstance(oid, exp.Null):
            return oid
        return self._one("type_titles", "bare", "oid", oid)


def _is_expansion(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.Anonymous)
        and node.name == "_pg_expandarray"
        and node.args.get("schema") == "information_schema"
        and len(node.expressions) == 1
    )


def _stripped(value: exp.Expr, kind: str) -> exp.Expr:
    """What a cast of a cast to the same type starts from."""
    value = _bare(value)
    if isinstance(value, exp.Cast) and _type_name(value) == kind:
        return _stripped(value.this, kind)
    return value


def _spelling(text: exp.Expr) -> exp.Expr:
    """The text as `relation_names` and its kin spell names: folded unless quoted."""
    quoted = exp.If(this=exp.Like(this=text.copy(), expression=_string('%"%')), true=text.copy())
    return exp.Case(ifs=[quoted], default=exp.Anonymous(this="lower", expressions=[text.copy()]))


def _is_digits(text: exp.Expr) -> exp.Expr:
    return exp.Operator(this=text.copy(), operator="~", expression=_string("^[0-9]+$"))


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


def _function_text(value: exp.Expr) -> exp.Expr:
    """A function's name is held as text; the schema that all of them are in is left out."""
    if isinstance(value, exp.Literal):
        return _string(value.name.removeprefix("pg_catalog."))
    return _text(value)


def _shows_name(node: exp.Expr) -> bool:
    """Whether a reg… value is wanted as a name where `node` stands. In doubt it is: a name where PostgreSQL
    would compare an OID fails, while an OID where it would show a name would be a wrong answer."""
    parent = node.parent
    match parent:
        case exp.Cast():
            return _type_name(parent) not in _OID_TYPES and _type_name(parent) not in _REG_TYPES
        case exp.Paren() | exp.Case() | exp.If():
            return _shows_name(parent)
        case exp.Anonymous() if parent.name in _PASSED_ON:
            return _shows_name(parent)
        case exp.Select() | exp.Alias():
            select = parent if isinstance(parent, exp.Select) else parent.parent
            subquery = select.parent if select is not None else None
            if isinstance(subquery, exp.Subquery) and not isinstance(subquery.parent, exp.From | exp.Join):
                return _shows_name(subquery)
            return True
    return not isinstance(parent, _COMPARISONS)


def _is_oid(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        return _type_name(node) in _OID_TYPES
    return isinstance(node, exp.Column) and node.name in _OID_COLUMNS


def _is_vector(node: exp.Expr) -> bool:
    return isinstance(_bare(node), exp.Column) and _bare(node).name in _VECTOR_COLUMNS


def _as_table(node: exp.Table) -> exp.Expr:
    """A set-returning function that says what a relation says."""
    name = node.this.name
    table = node.copy()
    table.set("this", exp.Identifier(this=name))
    table.set("db", exp.Identifier(this="pg_catalog"))
    return table


def _table_oid(node: exp.Column) -> exp.Expr | None:
    """``x.tableoid`` of a relation of pg_catalog: a constant. Users' tables have no such column."""
    select = node.find_ancestor(exp.Select)
    while select is not None:
        from_ = select.args.get("from_")
        for table in from_.find_all(exp.Table) if from_ is not None else ():
            described = DESCRIPTIONS.get(("pg_catalog", table.name))
            if described is not None and table.alias_or_name == node.table and table.db in ("", "pg_catalog"):
                return exp.Cast(this=exp.Literal.number(described.oid), to=as_data_type("oid"))
        select = select.find_ancestor(exp.Select)
    return None


def _make_array(node: exp.EQ | exp.NEQ) -> None:
    for column, constant in ((node.this, node.expression), (node.expression, node.this)):
        if (
            isinstance(column, exp.Column)
            and column.name in _ARRAY_COLUMNS
            and isinstance(constant, exp.Literal)
            and constant.is_string
        ):
            element = _ARRAY_COLUMNS[column.name].removesuffix("[]")
            type_ = {"int2vector": "int2", "oidvector": "oid", "aclitem": "text"}.get(element, f'"{element}"')
            constant.replace(exp.Cast(this=constant.copy(), to=as_data_type(f"{type_}[]")))


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _named(node: exp.Expr, name: str | None) -> exp.Expr:
    return node if name is None else exp.Alias(this=node, alias=exp.Identifier(this=name))


def _string(text: str) -> exp.Expr:
    return exp.Literal.string(text)


def _text(node: exp.Expr) -> exp.Expr:
    return exp.Cast(this=node.copy(), to=as_data_type("text"))


def _raise(sqlstate: exp.Expr, message: exp.Expr) -> exp.Expr:
    """A call that fails, in the form that `sql.types.raised` reads."""
    head = _string(f"[{sqlstate.name}] ")
    text = exp.DPipe(this=head, expression=exp.Paren(this=message.copy()))
    return exp.Anonymous(this="error", expressions=[text], internal=True)


__all__ = ["MACROS", "output_name", "rewrite"]
