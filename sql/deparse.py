"""Trees back to PostgreSQL text, for what the catalog stores: views, defaults, checks.

Reading the result gives an equal tree, except that every operand which is not a single word stands in
parentheses of its own. sqlglot's generator is not used: it rewrites what it thinks it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from sql import keywords

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")
_QUOTED_WORDS = keywords.RESERVED | keywords.FUNCTION_NAMES | keywords.COLUMN_NAMES
_BINARY: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.Pow: "^", exp.EQ: "=",
    exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.DPipe: "||",
    exp.Like: "LIKE", exp.ILike: "ILIKE", exp.SimilarTo: "SIMILAR TO",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_ATOMS = (
    exp.Column, exp.Literal, exp.Null, exp.Boolean, exp.Anonymous, exp.Parameter, exp.Subquery, exp.Tuple,
    exp.Array, exp.Case, exp.Exists, exp.Cast, exp.Var, exp.Any, exp.All, exp.Star, exp.Bracket, exp.Dot,
)  # fmt: skip
_SETS = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


def to_postgres(tree: exp.Expr) -> str:
    """The PostgreSQL text of an expression or a query."""
    return _print(tree)


def quote_name(name: str) -> str:
    """`name` as SQL text: quoted when PostgreSQL's quote_ident() would."""
    if _PLAIN.match(name) and name not in _QUOTED_WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_string(value: str) -> str:
    quoted = "'" + value.replace("'", "''") + "'"
    return quoted if "\\" not in value else "E" + quoted.replace("\\", "\\\\")


def _print(node: exp.Expr) -> str:
    printer = _PRINTERS.get(type(node))
    if printer is not None:
        return printer(node)
    operator = _BINARY.get(type(node))
    if operator is not None:
        return f"{_operand(node.this)} {operator} {_operand(node.expression)}"
    raise ValueError(f"no PostgreSQL text for {type(node).__name__}")


def _operand(node: exp.Expr) -> str:
    node = node.unnest()
    return _print(node) if isinstance(node, _ATOMS) else f"({_print(node)})"


def _list(nodes: Iterable[exp.Expr]) -> str:
    return ", ".join(_print(node) for node in nodes)


def _name(node: Any) -> str:
    return quote_name(node if isinstance(node, str) else node.name)


# --- expressions ------------------------------------------------------------------------------------


def _chain(node: exp.Expr) -> str:
    """AND and OR chains grow to the left, thousands long; they are printed without recursion."""
    kind = type(node)
    parts = []
    while isinstance(node, kind):
        parts.append(_operand(node.expression))
        node = node.this
    parts.append(_operand(node))
    return (" AND " if kind is exp.And else " OR ").join(reversed(parts))


def _column(node: exp.Expr) -> str:
    parts = [node.args.get(key) for key in ("catalog", "db", "table")]
    names = [_name(part) for part in parts if part is not None]
    last = "*" if isinstance(node.this, exp.Star) else _name(node.this)
    return ".".join([*names, last])


def _literal(node: exp.Expr) -> str:
    return quote_string(node.this) if node.args.get("is_string") else str(node.this)


def _not(node: exp.Expr) -> str:
    inner = node.this.unnest()
    if isinstance(inner, exp.Is):
        return f"{_operand(inner.this)} IS NOT {_print(inner.expression)}"
    return f"NOT {_operand(node.this)}"


def _between(node: exp.Expr) -> str:
    symmetric = "SYMMETRIC " if node.args.get("symmetric") else ""
    low, high = _operand(node.args["low"]), _operand(node.args["high"])
    return f"{_operand(node.this)} BETWEEN {symmetric}{low} AND {high}"


def _in(node: exp.Expr) -> str:
    query = node.args.get("query")
    inside = _print(query) if query is not None else f"({_list(node.expressions)})"
    return f"{_operand(node.this)} IN {inside}"


def _case(node: exp.Expr) -> str:
    parts = ["CASE"]
    if node.this is not None:
        parts.append(_print(node.this))
    for branch in node.args["ifs"]:
        parts.append(f"WHEN {_print(branch.this)} THEN {_print(branch.args['true'])}")
    if node.args.get("default") is not None:
        parts.append(f"ELSE {_print(node.args['default'])}")
    return " ".join([*parts, "END"])


def _call(node: exp.Expr) -> str:
    args = node.args
    name = quote_name(node.this) if node.this not in keywords.COLUMN_NAMES else node.this
    if node.this in keywords.FUNCTION_NAMES:
        name = node.this
    if args.get("bare"):
        return str(node.this).upper() + (f"({_list(node.expressions)})" if node.expressions else "")
    if args.get("schema"):
        name = f"{quote_name(args['schema'])}.{name}"
    items = [_print(item) for item in node.expressions]
    if node.this == "extract" and len(items) == 2:
        return f"EXTRACT({items[0]} FROM {items[1]})"
    if node.this == "position" and len(items) == 2 and not args.get("schema"):
        return f"POSITION({_operand(node.expressions[1])} IN {_operand(node.expressions[0])})"
    if node.this == "timezone" and len(items) == 2:
        return f"({_operand(node.expressions[1])} AT TIME ZONE {_operand(node.expressions[0])})"
    if node.this == "overlaps" and len(items) == 4:
        return f"((({items[0]}, {items[1]}) OVERLAPS ({items[2]}, {items[3]})))"
    if args.get("variadic"):
        items[-1] = f"VARIADIC {items[-1]}"
    inside = "*" if args.get("star") else ", ".join(items)
    if args.get("distinct"):
        inside = f"DISTINCT {inside}"
    if args.get("order") is not None:
        inside += f" {_print(args['order'])}"
    return f"{name}({inside}){_call_suffixes(args)}"


def _call_suffixes(args: dict[str, Any]) -> str:
    text = ""
    if args.get("within") is not None:
        text += f" WITHIN GROUP ({_print(args['within'])})"
    if args.get("filter") is not None:
        text += f" FILTER (WHERE {_print(args['filter'])})"
    over = args.get("over")
    if over is not None:
        text += " OVER " + (_name(over) if isinstance(over, exp.Identifier) else f"({_window(over)})")
    return text


def _window(node: exp.Expr) -> str:
    parts = []
    if node.args.get("alias") is not None:
        parts.append(_name(node.args["alias"]))
    if node.args.get("partition_by"):
        parts.append(f"PARTITION BY {_list(node.args['partition_by'])}")
    if node.args.get("order") is not None:
        parts.append(_print(node.args["order"]))
    spec = node.args.get("spec")
    if spec is not None:
        start = _bound(spec.args["start"], spec.args.get("start_side"))
        end = _bound(spec.args["end"], spec.args.get("end_side"))
        exclude = f" EXCLUDE {spec.args['exclude']}" if spec.args.get("exclude") else ""
        parts.append(f"{spec.args['kind']} BETWEEN {start} AND {end}{exclude}")
    return " ".join(parts)


def _bound(value: Any, side: str | None) -> str:
    text = value if isinstance(value, str) else _print(value)
    return f"{text} {side}" if side else text


def _bracket(node: exp.Expr) -> str:
    index = node.expressions[0]
    if isinstance(index, exp.Slice):
        low = _print(index.this) if index.this is not None else ""
        high = _print(index.expression) if index.expression is not None else ""
        return f"{_subscripted(node.this)}[{low} : {high}]"
    return f"{_subscripted(node.this)}[{_print(index)}]"


def _subscripted(node: exp.Expr) -> str:
    node = node.unnest()
    return _print(node) if isinstance(node, exp.Column | exp.Bracket) else f"({_print(node)})"


def _array(node: exp.Expr) -> str:
    if node.args.get("query"):
        return f"ARRAY{_print(node.expressions[0])}"
    return f"ARRAY[{_list(node.expressions)}]"


def _order(node: exp.Expr) -> str:
    return f"ORDER BY {_list(node.expressions)}"


def _ordered(node: exp.Expr) -> str:
    descending, nulls_first = bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
    text = _print(node.this) + (" DESC" if descending else "")
    if nulls_first != descending:
        text += " NULLS FIRST" if nulls_first else " NULLS LAST"
    return text


# --- queries ----------------------------------------------------------------------------------------


def _with(node: exp.Expr) -> str:
    with_ = node.args.get("with_")
    if with_ is None:
        return ""
    parts = []
    for table in with_.expressions:
        materialized = table.args.get("materialized")
        hint = {None: "", True: "MATERIALIZED ", False: "NOT MATERIALIZED "}[materialized]
        parts.append(f"{_print(table.args['alias'])} AS {hint}({_print(table.this)})")
    return f"WITH {'RECURSIVE ' if with_.args.get('recursive') else ''}{', '.join(parts)} "


def _tail(node: exp.Expr) -> str:
    parts = []
    if node.args.get("order") is not None:
        parts.append(" " + _print(node.args["order"]))
    if node.args.get("limit") is not None:
        count = node.args["limit"].expression
        parts.append(f" LIMIT {'ALL' if isinstance(count, exp.Null) else _operand(count)}")
    if node.args.get("offset") is not None:
        parts.append(f" OFFSET {_operand(node.args['offset'].expression)}")
    return "".join(parts)


def _select(node: exp.Expr) -> str:
    from_ = node.args.get("from_")
    if from_ is not None and isinstance(from_.this, exp.Values):
        rows = ", ".join(f"({_list(row.expressions)})" for row in from_.this.expressions)
        return f"{_with(node)}VALUES {rows}{_tail(node)}"
    parts = ["SELECT"]
    distinct = node.args.get("distinct")
    if distinct is not None:
        on = distinct.args.get("on")
        parts.append(f"DISTINCT ON ({_list(on.expressions)})" if on is not None else "DISTINCT")
    if node.expressions:
        parts.append(_list(node.expressions))
    if from_ is not None:
        parts.append(f"FROM {_print(from_.this)}")
    if node.args.get("where") is not None:
        parts.append(f"WHERE {_print(node.args['where'].this)}")
    if node.args.get("group") is not None:
        parts.append(f"GROUP BY {_list(node.args['group'].expressions)}")
    if node.args.get("having") is not None:
        parts.append(f"HAVING {_print(node.args['having'].this)}")
    if node.args.get("windows"):
        windows = [f"{_name(window.this)} AS ({_window(window)})" for window in node.args["windows"]]
        parts.append(f"WINDOW {', '.join(windows)}")
    return _with(node) + " ".join(parts) + _tail(node)


def _set_operation(node: exp.Expr) -> str:
    distinct = "" if node.args.get("distinct") else " ALL"
    left, right = _side(node.this), _side(node.expression)
    return f"{_with(node)}{left} {_SETS[type(node)]}{distinct} {right}{_tail(node)}"  # type: ignore[index]


def _side(node: exp.Expr) -> str:
    return f"({_print(node)})" if isinstance(node, exp.SetOperation) else _print(node)


def _subquery(node: exp.Expr) -> str:
    return f"({_print(node.this)}){_aliased(node)}{_joins(node)}"


def _aliased(node: exp.Expr) -> str:
    alias = node.args.get("alias")
    return "" if alias is None else f" AS {_print(alias)}"


def _joins(node: exp.Expr) -> str:
    return "".join(_join(join) for join in node.args.get("joins") or ())


def _join(join: exp.Expr) -> str:
    kind, side, method = (join.args.get(key) for key in ("kind", "side", "method"))
    if kind is None:
        return f", {_print(join.this)}"
    words = " ".join(word for word in (method, side, "CROSS" if kind == "CROSS" else "", "JOIN") if word)
    text = f" {words} {_print(join.this)}"
    if join.args.get("on") is not None:
        text += f" ON {_operand(join.args['on'])}"
    if join.args.get("using"):
        text += f" USING ({', '.join(_name(column) for column in join.args['using'])})"
    return text


def _table(node: exp.Expr) -> str:
    if isinstance(node.this, exp.Anonymous):
        ordinality = " WITH ORDINALITY" if node.args.get("ordinality") else ""
        return _print(node.this) + ordinality + _aliased(node) + _joins(node)
    parts = [node.args.get(key) for key in ("catalog", "db", "this")]
    text = ".".join(_name(part) for part in parts if part is not None)
    version = node.args.get("version")
    if version is not None:
        word = "SNAPSHOT " if version.this == "SNAPSHOT" else ""
        text += f" FOR SYSTEM_TIME AS OF {word}{_operand(version.expression)}"
    return text + _aliased(node) + _joins(node)


def _table_alias(node: exp.Expr) -> str:
    name = _name(node.this) if node.this is not None else ""
    columns = node.args.get("columns")
    return name + (f"({', '.join(_print(column) for column in columns)})" if columns else "")


_PRINTERS: dict[type[exp.Expr], Callable[[Any], str]] = {
    exp.And: _chain,
    exp.Or: _chain,
    exp.Column: _column,
    exp.Identifier: _name,
    exp.Literal: _literal,
    exp.Null: lambda node: "NULL",
    exp.Dot: lambda node: f"({_print(node.this.unnest())}).{quote_name(node.expression.name)}",
    exp.Boolean: lambda node: "true" if node.this else "false",
    exp.Var: lambda node: node.this,
    exp.Star: lambda node: "*",
    exp.Paren: lambda node: _print(node.this),
    exp.Neg: lambda node: f"- {_operand(node.this)}",
    exp.BitwiseNot: lambda node: f"~ {_operand(node.this)}",
    exp.Not: _not,
    exp.Is: lambda node: f"{_operand(node.this)} IS {_print(node.expression)}",
    exp.Between: _between,
    exp.In: _in,
    exp.Escape: lambda node: f"{_print(node.this)} ESCAPE {_operand(node.expression)}",
    exp.Collate: lambda node: f"{_operand(node.this)} COLLATE {_name(node.expression)}",
    exp.Operator: lambda n: f"{_operand(n.this)} {n.args['operator']} {_operand(n.expression)}",
    exp.Any: lambda node: f"ANY {_wrapped(node.this)}",
    exp.All: lambda node: f"ALL {_wrapped(node.this)}",
    exp.Parameter: lambda node: f"${node.this.this}",
    exp.Cast: lambda node: f"CAST({_print(node.this)} AS {node.args['to'].args['kind']})",
    exp.Case: _case,
    exp.Anonymous: _call,
    exp.Kwarg: lambda node: f"{quote_name(node.this.this)} => {_print(node.expression)}",
    exp.Bracket: _bracket,
    exp.Array: _array,
    exp.Tuple: lambda node: f"{'' if len(node.expressions) > 1 else 'ROW'}({_list(node.expressions)})",
    exp.Exists: lambda node: f"EXISTS {_print(node.this)}",
    exp.Alias: lambda node: f"{_print(node.this)} AS {_name(node.args['alias'])}",
    exp.Order: _order,
    exp.Ordered: _ordered,
    exp.Select: _select,
    exp.Union: _set_operation,
    exp.Except: _set_operation,
    exp.Intersect: _set_operation,
    exp.Subquery: _subquery,
    exp.Table: _table,
    exp.Lateral: lambda node: f"LATERAL {_print(node.this)}",
    exp.TableAlias: _table_alias,
    exp.ColumnDef: lambda n: f"{_name(n.this)} {n.args['kind'].args['kind']}",
    exp.Rollup: lambda node: f"ROLLUP ({_list(node.expressions)})",
    exp.Cube: lambda node: f"CUBE ({_list(node.expressions)})",
    exp.GroupingSets: lambda node: f"GROUPING SETS ({_list(node.expressions)})",
}


def _wrapped(node: exp.Expr) -> str:
    return _print(node) if isinstance(node, exp.Subquery) else f"({_print(node)})"
