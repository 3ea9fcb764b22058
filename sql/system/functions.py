"""The functions and casts that catalog queries are made of, rewritten before a query is planned.

`rewrite` replaces, in a tree as `sql.parse` makes it,

- calls of the functions in `sql.system.templates` by queries over helper relations,
- casts to regclass, regtype, regnamespace and regrole, by a look-up of the name or of the OID: such a
  value is an OID in a comparison and a name where it is shown or made text,
- ``tableoid`` of pg_catalog's relations, by its value,
- ``information_schema._pg_expandarray(keys)``, which JDBC's driver asks for keys with: a set of records
  ``(x, n)``, of which only single fields can be had,
- generate_subscripts of int2vector and oidvector, which PostgreSQL counts from 0.

Calls marked ``internal`` are DuckDB's own functions or one of `MACROS` and are rendered as they stand;
the parser never makes one, so no client can.

Rejected: DuckDB macros over the helper relations. A macro binds its tables when it is called, by names
that would have to be the same for every concurrent statement; and PostgreSQL's "relation does not exist"
could not be told from inside one.
"""

from __future__ import annotations

import functools

from sqlglot import exp

from sql.grammar.typenames import as_data_type
from sql.parse import parse_expression
from sql.rules.names import output_name
from sql.system.columns import DESCRIPTIONS
from sql.system.filling import Filler, bare
from sql.system.macros import MACROS
from sql.system.reg_types import HELD_AS_TEXT, REG_TYPES, TO_REG, RegTypes, type_name
from sql.system.templates import ANY_NUMBER, TEMPLATES

_TABLES = frozenset(["pg_timezone_names"])
_COLUMNS = [(c.name, c.type) for d in DESCRIPTIONS.values() if d.schema == "pg_catalog" for c in d.columns]
_FUNCTION_COLUMNS = frozenset(name for name, type_ in _COLUMNS if type_ == "regproc")
_VECTOR_COLUMNS = frozenset(name for name, type_ in _COLUMNS if type_.endswith("vector"))
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
            return node.name in TEMPLATES or node.name in TO_REG or node.name in _OTHERS
        case exp.Cast():
            return type_name(node) in REG_TYPES or type_name(node) in HELD_AS_TEXT
        case exp.Column():
            return node.name == "tableoid"
    return False


@functools.cache
def _template(name: str, count: int) -> exp.Expr | None:
    texts = TEMPLATES[name]
    text = texts.get(count, texts.get(ANY_NUMBER))
    return None if text is None else parse_expression(text)


_SUBSCRIPTS = parse_expression("generate_series(0, array_upper($1, 1) - 1)")


_LISTED = parse_expression("(SELECT h.listed FROM helper.relation_titles h WHERE h.oid = $1)")


_EXPANDED = {
    "x": parse_expression("unnest($1)"),
    "n": parse_expression("generate_series(1, array_upper($1, 1))"),
}


class _Rewriter:
    """One rewrite. `_expansions` are the names of columns that
    are _pg_expandarray's records."""

    def __init__(self, tree: exp.Expr) -> None:
        self._filler = Filler()
        self._reg_types = RegTypes(self._filler)
        self._expansions = {a.alias for a in tree.find_all(exp.Alias) if _is_expansion(a.this)}

    def visit(self, node: exp.Expr) -> exp.Expr:
        """`node` rewritten, which takes its place in its parent."""
        if isinstance(node, exp.Select):
            _name_columns(node)
        changed = self._expand(node)
        while changed is not None:
            if isinstance(node.parent, exp.Any | exp.All):
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
                return self._reg_types.cast(node)
            case exp.Dot():
                return self._field(node)
            case exp.Column() if node.name == "tableoid":
                return _table_oid(node)
            case exp.Table() if isinstance(node.this, exp.Anonymous) and node.this.name in _TABLES:
                return _as_table(node)
        return None

    # --- functions ------------------------------------------------------------------------------

    def _call(self, node: exp.Anonymous) -> exp.Expr | None:
        name, arguments = node.name, node.expressions
        if _is_expansion(node):
            return self._filler.filled(_EXPANDED["x"], arguments)
        if node.args.get("schema") not in (None, "pg_catalog"):
            return None
        if name in TO_REG and len(arguments) == 1:
            return self._reg_types.call(node)
        if name == "generate_subscripts" and _is_vector(arguments[0]):
            return self._filler.filled(_SUBSCRIPTS, arguments)
        if name not in TEMPLATES:
            return None
        if name == "obj_description" and arguments and bare(arguments[0]).name in _FUNCTION_COLUMNS:
            return exp.Cast(this=exp.Null(), to=as_data_type("text"))  # functions have no descriptions
        if name == "pg_table_is_visible" and len(arguments) == 1 and _lists(node):
            return self._filler.filled(_LISTED, arguments)
        template = _template(name, len(arguments))
        return None if template is None else self._filler.filled(template, arguments)

    def _field(self, node: exp.Dot) -> exp.Expr | None:
        """A field of what _pg_expandarray gives, at the call or by the column that a subquery made of it:
        such a column holds its `x`."""
        record, name = bare(node.this), node.expression.name
        if _is_expansion(record) and name in _EXPANDED:
            return self._filler.filled(_EXPANDED[name], record.expressions)
        if isinstance(record, exp.Column) and record.name in self._expansions and name == "x":
            return record.copy()
        return None


def _is_expansion(node: exp.Expr) -> bool:
    return (
        isinstance(node, exp.Anonymous)
        and node.name == "_pg_expandarray"
        and node.args.get("schema") == "information_schema"
        and len(node.expressions) == 1
    )


def _lists(node: exp.Expr) -> bool:
    """Whether a query asks which of all relations are visible, and for none by its name. Then mo_catalog's
    do not count: a tool would take them for the user's (Alembic would drop them)."""
    select = node.find_ancestor(exp.Select)
    if select is None or select.args.get("from_") is None:
        return False
    where = select.args.get("where")
    return where is None or not any(
        column.name == "relname" and _names(column) for column in where.find_all(exp.Column)
    )


def _names(column: exp.Column) -> bool:
    """Whether what a column is compared with is a name, or a pattern that does not fit all."""
    comparison, negated = column.parent, column.find_ancestor(exp.Not, exp.NEQ) is not None
    while isinstance(comparison, exp.Paren):
        comparison = comparison.parent
    if comparison is None or negated or str(comparison.args.get("operator", "")).startswith("!"):
        return False
    texts = [literal.name for literal in comparison.find_all(exp.Literal)]
    return not texts or any(character.isalnum() for text in texts for character in text)


def _is_vector(node: exp.Expr) -> bool:
    return isinstance(bare(node), exp.Column) and bare(node).name in _VECTOR_COLUMNS


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


def _name_columns(select: exp.Select) -> None:
    """Gives a result column the name that it would lose by being rewritten."""
    for item in select.expressions:
        if not isinstance(item, exp.Alias | exp.Column) and any(_touches(node) for node in item.walk()):
            name = exp.Identifier(this=output_name(item))
            item.replace(exp.Alias(this=item.copy(), alias=name))


__all__ = ["MACROS", "rewrite"]
