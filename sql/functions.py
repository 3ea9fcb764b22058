"""Which functions exist: the allow-list, and PostgreSQL's way of choosing among overloads.

A function that is neither in `sql.function_table` nor in `sql.rules` does not exist (42883), whatever
DuckDB may know under that name. Every entry names its argument types, its result and the DuckDB text it
becomes; the client's own spelling of the name never reaches DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sql.bound import (
    TEXT,
    Bound,
    array_of,
    element_of,
    name_of,
    special,
    type_named,
)
from sql.errors import SqlError
from sql.function_table import AGGREGATES, SCALARS, SETS, WINDOWS
from sql.types import Declared
from sql.types.table import PgType, by_name

Kind = Literal["scalar", "aggregate", "window", "set"]
_LINE = re.compile(r'(?P<name>\w+)\((?P<arguments>[^)]*)\)\s+(?P<result>[\w\[\]"]+)\s+=\s+(?P<template>.+)\Z')
_HOLE = re.compile(r"\{(\d+|\*)\}|~")
POLYMORPHIC = frozenset(["any", "anyelement", "anyarray", "anynonarray"])
_IMPLICIT = {
    "int2": "int4 int8 numeric float4 float8 oid",
    "int4": "int8 numeric float4 float8 oid regclass regtype regnamespace regrole regproc",
    "int8": "numeric float4 float8 oid regclass regtype regnamespace regrole regproc",
    "numeric": "float4 float8",
    "float4": "float8",
    "oid": "int8 regclass regtype regnamespace regrole regproc",
    "regclass": "oid int8", "regtype": "oid int8", "regnamespace": "oid int8", "regrole": "oid int8",
    "regproc": "oid int8",
    "text": "varchar bpchar name",
    "varchar": "text bpchar name",
    "bpchar": "text varchar name",
    "name": "text",
    "char": "text",
    "date": "timestamp timestamptz",
    "timestamp": "timestamptz",
    "time": "interval",
    "bit": "varbit",
    "varbit": "bit",
}  # fmt: skip
_CASTS = {source: frozenset(targets.split()) for source, targets in _IMPLICIT.items()}


@dataclass(frozen=True, slots=True)
class Signature:
    """`variadic`: the last argument type stands for any number of them, at least one."""

    name: str
    kind: Kind
    arguments: tuple[str, ...]
    variadic: bool
    result: str
    template: str

    def render(self, arguments: Sequence[str], suffix: str = "") -> str:
        """The template with its holes filled, in one pass: what is filled in is not looked at again."""
        template = self.template
        if suffix and "~" not in template:
            template += "~"

        def fill(match: re.Match[str]) -> str:
            hole = match.group(1)
            if hole is None:
                return suffix
            return ", ".join(arguments) if hole == "*" else arguments[int(hole)]

        return _HOLE.sub(fill, template)

    def types_for(self, count: int) -> tuple[str, ...] | None:
        """The argument types for `count` arguments, or None if it takes another number."""
        if not self.variadic:
            return self.arguments if count == len(self.arguments) else None
        missing = count - len(self.arguments)
        return (*self.arguments, *([self.arguments[-1]] * missing)) if missing >= 0 else None


def read_table(kind: Kind, table: str) -> list[Signature]:
    found = []
    for line in table.strip().splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        assert match is not None, line
        names = [text.strip() for text in match["arguments"].split(",") if text.strip()]
        variadic = bool(names) and names[-1].endswith("...")
        names = [name.removesuffix("...") for name in names]
        found.append(
            Signature(match["name"], kind, tuple(names), variadic, match["result"], match["template"])
        )
    return found


@cache
def _signatures() -> dict[str, list[Signature]]:
    found: dict[str, list[Signature]] = {}
    tables: tuple[tuple[Kind, str], ...] = (
        ("scalar", SCALARS),
        ("aggregate", AGGREGATES),
        ("window", WINDOWS),
        ("set", SETS),
    )
    for kind, table in tables:
        for signature in read_table(kind, table):
            found.setdefault(signature.name, []).append(signature)
    return found


def signatures_of(name: str) -> list[Signature]:
    return _signatures().get(name, [])


@cache
def _type(name: str) -> Declared:
    if name in ("record", "void"):
        return special(name, "VARCHAR")
    return type_named(name if "[" in name else f'"{name}"')


def internal_type(name: str) -> Declared:
    """A type by its internal name (``int4``, ``_text`` as ``text[]``)."""
    return _type(name)


# --- implicit casts ---------------------------------------------------------------------------------


def casts_implicitly(source: PgType, target: PgType) -> bool:
    if source.oid == target.oid:
        return True
    if target.name in _CASTS.get(source.name, ()):
        return True
    if source.is_array and target.is_array:
        source_element, target_element = by_name(source.name[1:]), by_name(target.name[1:])
        return casts_implicitly(source_element, target_element)
    return False


def _accepts(wanted: str, given: Bound) -> bool:
    if wanted == "any" or given.type is None:
        return True
    if wanted == "anyelement":
        return True
    if wanted == "anyarray":
        return given.type.pg.category == "A"
    if wanted == "anynonarray":
        return given.type.pg.category != "A"
    return casts_implicitly(given.type.pg, _type(wanted).pg)


def _exact(wanted: str, given: Bound) -> bool:
    if given.type is None or wanted in POLYMORPHIC:
        return False
    return _type(wanted).pg.oid == given.type.pg.oid


# --- overloads --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A signature with its argument types made concrete; None leaves an argument as it is."""

    signature: Signature
    arguments: tuple[Declared | None, ...]
    result: Declared


def choose(name: str, given: Sequence[Bound], candidates: Sequence[Signature]) -> Choice:
    """The overload PostgreSQL would call. 42883 if there is none, 42725 if there are several."""
    fitting = [
        (signature, types)
        for signature in candidates
        if (types := signature.types_for(len(given))) is not None
        and all(_accepts(wanted, bound) for wanted, bound in zip(types, given, strict=True))
    ]
    if not fitting:
        raise unknown_function(name, given)
    if len(fitting) > 1:
        fitting = _best(fitting, given)
    if len(fitting) > 1:
        raise SqlError(
            "42725",
            f"function {name}({', '.join(name_of(bound) for bound in given)}) is not unique",
            hint="Could not choose a best candidate function. You might need to add explicit type casts.",
        )
    return _concrete(*fitting[0], given)


def unknown_function(name: str, given: Sequence[Bound]) -> SqlError:
    return SqlError(
        "42883",
        f"function {name}({', '.join(name_of(bound) for bound in given)}) does not exist",
        hint="No function matches the given name and argument types. "
        "You might need to add explicit type casts.",
    )


_Fitting = list[tuple[Signature, tuple[str, ...]]]


def _most(fitting: _Fitting, score: list[int]) -> _Fitting:
    best = max(score)
    return [item for item, points in zip(fitting, score, strict=True) if points == best]


def _best(fitting: _Fitting, given: Sequence[Bound]) -> _Fitting:
    fitting = _most(fitting, [sum(map(_exact, types, given)) for _, types in fitting])
    if len(fitting) > 1:
        fitting = _most(fitting, [sum(map(_exact_or_preferred, types, given)) for _, types in fitting])
    if len(fitting) > 1:
        fitting = _by_unknowns(fitting, given)
    if len(fitting) > 1:
        known = {bound.type.pg.oid for bound in given if bound.type is not None}
        if len(known) == 1:
            same = [
                item
                for item in fitting
                if all(wanted not in POLYMORPHIC and _type(wanted).pg.oid in known for wanted in item[1])
            ]
            fitting = same or fitting
    return fitting


def _exact_or_preferred(wanted: str, given: Bound) -> bool:
    if given.type is None or wanted in POLYMORPHIC:
        return False
    return _exact(wanted, given) or _type(wanted).pg.preferred


def _by_unknowns(fitting: _Fitting, given: Sequence[Bound]) -> _Fitting:
    """Where a constant's type is unknown, a string is preferred; then the one category all agree on."""
    for position, bound in enumerate(given):
        if bound.type is not None:
            continue
        wanted = [types[position] for _, types in fitting]
        categories = {"P" if name in POLYMORPHIC else _type(name).pg.category for name in wanted}
        if "S" in categories:
            category = "S"
        elif len(categories) == 1:
            category = categories.pop()
        else:
            continue
        kept = [item for item in fitting if _category(item[1][position]) == category]
        preferred = [item for item in kept if _is_preferred(item[1][position])]
        fitting = preferred or kept or fitting
    return fitting


def _category(name: str) -> str:
    return "P" if name in POLYMORPHIC else _type(name).pg.category


def _is_preferred(name: str) -> bool:
    return name not in POLYMORPHIC and _type(name).pg.preferred


def _concrete(signature: Signature, types: tuple[str, ...], given: Sequence[Bound]) -> Choice:
    element = _element(types, given)
    wanted: list[Declared | None] = []
    for name, bound in zip(types, given, strict=True):
        match name:
            case "any":
                wanted.append(TEXT if bound.type is None else None)
            case "anyelement" | "anynonarray":
                wanted.append(element)
            case "anyarray":
                wanted.append(array_of(element))
            case _:
                wanted.append(_type(name))
    match signature.result:
        case "anyelement":
            result = element
        case "anyarray":
            result = array_of(element)
        case _:
            result = _type(signature.result)
    return Choice(signature, tuple(wanted), result)


def _element(types: tuple[str, ...], given: Sequence[Bound]) -> Declared:
    """What anyelement stands for in this call."""
    for name, bound in zip(types, given, strict=True):
        if name == "anyarray" and bound.type is not None:
            return element_of(bound.type)
    best: Declared | None = None
    for name, bound in zip(types, given, strict=True):
        if name not in ("anyelement", "anynonarray") or bound.type is None:
            continue
        if best is None or (
            casts_implicitly(best.pg, bound.type.pg) and not casts_implicitly(bound.type.pg, best.pg)
        ):
            best = bound.type
    return best or TEXT
