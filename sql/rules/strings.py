"""String functions whose text depends on more than the types of their arguments."""

from __future__ import annotations

import re

from sqlglot import exp

from sql.bound import BYTEA, TEXT, Bound, array_of
from sql.errors import SqlError
from sql.functions import unknown_function
from sql.render import string
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.planner import Planner

_FORMAT = re.compile(r"%(?:(\d+)\$)?(-)?(\d+)?([sIL%])")


def _values(planner: Planner, node: exp.Anonymous, scope: Scope) -> list[Bound]:
    return [planner.text(planner.expression(argument, scope)) for argument in node.expressions]


def _shown(bound: Bound) -> str:
    """A value as text, for concat and format: booleans are ``t`` and ``f`` there."""
    assert bound.type is not None
    if bound.type.pg.name == "bool":
        return f"(CASE WHEN {bound.sql} THEN 't' WHEN NOT {bound.sql} THEN 'f' END)"
    return coercion.converted(bound, TEXT)


def _concat(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    values = _values(planner, node, scope)
    if not values:
        raise unknown_function(node.this, values)
    if node.args.get("variadic"):
        raise planner.error("0A000", "VARIADIC in a call of concat is not supported", node)
    shown = [_shown(value) for value in values]
    if node.this == "concat_ws":
        return Bound(f"concat_ws({', '.join(shown)})", TEXT)
    return Bound(f"concat({', '.join(shown)})", TEXT)


def _format(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """format() with a constant template becomes a concatenation."""
    template = node.expressions[0] if node.expressions else None
    if not isinstance(template, exp.Literal) or not template.args.get("is_string"):
        raise planner.error("0A000", "format() takes a constant template", node)
    values = [planner.text(planner.expression(argument, scope)) for argument in node.expressions[1:]]
    parts, position, following = [], 0, 0
    text = template.this
    for match in _FORMAT.finditer(text):
        if match.start() > position:
            parts.append(string(text[position : match.start()]))
        position = match.end()
        number, left, width, kind = match.groups()
        if kind == "%":
            parts.append("'%'")
            continue
        following = int(number) - 1 if number else following
        if not 0 <= following < len(values):
            raise planner.error("22023", "too few arguments for format()", node)
        parts.append(_padded(_formatted(values[following], kind), left, width))
        following += 1
    rest = text[position:]
    if "%" in rest or any("%" in text[a:b] for a, b in _gaps(text)):
        raise planner.error("22023", "unrecognized format() type specifier", node)
    parts.append(string(rest))
    return Bound("(" + " || ".join(parts) + ")", TEXT)


def _gaps(text: str) -> list[tuple[int, int]]:
    gaps, position = [], 0
    for match in _FORMAT.finditer(text):
        gaps.append((position, match.start()))
        position = match.end()
    return gaps


def _formatted(value: Bound, kind: str) -> str:
    shown = _shown(value)
    if kind == "s":
        return f"coalesce({shown}, '')"
    if kind == "L":
        return f"coalesce('''' || replace({shown}, '''', '''''') || '''', 'NULL')"
    return (
        f"(CASE WHEN regexp_full_match({shown}, '[a-z_][a-z0-9_]*') THEN {shown} "
        f"ELSE '\"' || replace({shown}, '\"', '\"\"') || '\"' END)"
    )


def _padded(sql: str, left: str | None, width: str | None) -> str:
    if width is None:
        return sql
    pad = "rpad" if left else "lpad"
    return f"(CASE WHEN length({sql}) >= {int(width)} THEN {sql} ELSE {pad}({sql}, {int(width)}, ' ') END)"


# --- regular expressions ----------------------------------------------------------------------------


def _flags(planner: Planner, node: exp.Expr | None, allowed: str) -> str:
    if node is None:
        return ""
    if not isinstance(node, exp.Literal) or not node.args.get("is_string"):
        raise planner.error("0A000", "regular expression flags that are not constant are not supported", node)
    unknown = set(node.this) - set(allowed)
    if unknown:
        raise planner.error("22023", f'invalid regular expression option: "{sorted(unknown)[0]}"', node)
    return str(node.this)


def _options(flags: str) -> str:
    """RE2's options for PostgreSQL's flags: case, and what a dot and a circumflex mean at line ends."""
    options = "i" if "i" in flags else "c"
    return options + ("m" if "n" in flags or "m" in flags else "s")


def _regexp_replace(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    arguments = node.expressions
    if not 3 <= len(arguments) <= 4:
        if len(arguments) in (5, 6):
            raise planner.error("0A000", "regexp_replace with a start or an N is not supported", node)
        raise unknown_function("regexp_replace", _values(planner, node, scope))
    text, pattern = (planner.typed(argument, scope, TEXT) for argument in arguments[:2])
    replacement = planner.expression(arguments[2], scope)
    flags = _flags(planner, arguments[3] if len(arguments) > 3 else None, "gicnmsx")
    put = planner.coerce(replacement, TEXT)
    if replacement.literal is not None:
        put = string(replacement.literal.replace("\\&", "\\0"))
    options = _options(flags) + ("g" if "g" in flags else "")
    return Bound(f"regexp_replace({text}, {pattern}, {put}, '{options}')", TEXT)


def _regexp_match(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """The first match: its groups, or all of it when there are none. Groups are counted in a constant."""
    arguments = node.expressions
    if not 2 <= len(arguments) <= 3:
        raise unknown_function("regexp_match", _values(planner, node, scope))
    text = planner.typed(arguments[0], scope, TEXT)
    pattern = planner.expression(arguments[1], scope)
    if pattern.literal is None:
        raise planner.error("0A000", "regexp_match of a computed pattern is not supported", node)
    flags = _options(_flags(planner, arguments[2] if len(arguments) > 2 else None, "icnmsx"))
    numbers = _group_numbers(pattern.literal)
    constant = string(pattern.literal)
    items = ", ".join(f"regexp_extract({text}, {constant}, {number}, '{flags}')" for number in numbers)
    found = f"CASE WHEN regexp_matches({text}, {constant}, '{flags}') THEN [{items}] END"
    return Bound(f"({found})", array_of(TEXT))


def regexp_rows(planner: Planner, node: exp.Anonymous, scope: Scope) -> str:
    """regexp_matches() as a list of its rows: the first match, or with ``g`` all of them."""
    arguments = node.expressions
    if not 2 <= len(arguments) <= 3:
        raise unknown_function("regexp_matches", _values(planner, node, scope))
    text = planner.typed(arguments[0], scope, TEXT)
    pattern = planner.expression(arguments[1], scope)
    if pattern.literal is None:
        raise planner.error("0A000", "regexp_matches of a computed pattern is not supported", node)
    given = _flags(planner, arguments[2] if len(arguments) > 2 else None, "gicnmsx")
    constant, options = string(pattern.literal), _options(given)
    numbers = _group_numbers(pattern.literal)
    found = [f"regexp_extract_all({text}, {constant}, {number}, '{options}')" for number in numbers]
    rows = (
        f"list_transform(range(1, len({found[0]}) + 1), lambda i: [{', '.join(f'({x})[i]' for x in found)}])"
    )
    return rows if "g" in given else f"({rows})[1:1]"


def _group_numbers(pattern: str) -> range:
    try:
        groups = re.compile(pattern).groups
    except re.error:
        raise SqlError("2201B", f"invalid regular expression: {pattern}") from None
    return range(1, groups + 1) if groups else range(1)


# --- bytes ------------------------------------------------------------------------------------------


def _encode(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    arguments = node.expressions
    if len(arguments) != 2 or not isinstance(arguments[1], exp.Literal):
        raise planner.error("0A000", f"{node.this} takes a constant format", node)
    encoding = arguments[1].this.lower()
    if encoding not in ("hex", "base64"):
        raise planner.error("22023", f'unrecognized encoding: "{arguments[1].this}"', node)
    if node.this == "encode":
        data = planner.typed(arguments[0], scope, BYTEA)
        return Bound(f"lower(hex({data}))" if encoding == "hex" else f"to_base64({data})", TEXT)
    text = planner.typed(arguments[0], scope, TEXT)
    return Bound(f"unhex({text})" if encoding == "hex" else f"from_base64({text})", BYTEA)


def _convert(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    """convert_to and convert_from, to and from UTF-8."""
    arguments = node.expressions
    if len(arguments) != 2 or not isinstance(arguments[1], exp.Literal):
        raise planner.error("0A000", f"{node.this} takes a constant encoding", node)
    if arguments[1].this.lower().replace("-", "") != "utf8":
        raise planner.error("0A000", f"encoding {arguments[1].this} is not supported", node)
    if node.this == "convert_to":
        return Bound(f"encode({planner.typed(arguments[0], scope, TEXT)})", BYTEA)
    return Bound(f"decode({planner.typed(arguments[0], scope, BYTEA)})", TEXT)


FUNCTIONS = {
    "concat": _concat,
    "concat_ws": _concat,
    "format": _format,
    "regexp_replace": _regexp_replace,
    "regexp_match": _regexp_match,
    "encode": _encode,
    "decode": _encode,
    "convert_to": _convert,
    "convert_from": _convert,
}
