"""How PostgreSQL would lay a type's values out: what `pg_type` and `pg_attribute` repeat of it.

Drivers and tools read these columns (``typbyval``, ``attstorage`` in ``\\d+``), so they are PostgreSQL's,
worked out from a type's size, name and category by the rules its catalog follows.
"""

from __future__ import annotations

from collections.abc import Mapping

from sql.types import PgType, by_name, by_oid, declared, find_name, find_oid

DEFAULT_COLLATION = 100
C_COLLATION = 950
_UNDERSCORED = frozenset(
    [
        "json",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "timetz",
        "bit",
        "varbit",
        "numeric",
        "record",
        "cstring",
        "any",
        "anyarray",
        "void",
        "uuid",
        "pg_lsn",
        "jsonb",
        "pg_node_tree",
    ]
)
_WITH_MODIFIER = frozenset(
    [
        "bpchar",
        "varchar",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "timetz",
        "bit",
        "varbit",
        "numeric",
    ]
)
_NOT_SENT = frozenset(("aclitem", "any"))
_PSEUDO = frozenset(("unknown", "record", "cstring", "any", "anyarray", "void", "_record"))
_ALIGN_BY_SIZE = {1: "c", 2: "s", 4: "i", 8: "d"}
_ALIGN = {
    **dict.fromkeys(("name", "unknown", "cstring", "uuid"), "c"),
    **dict.fromkeys(("interval", "timetz", "record", "anyarray"), "d"),
    "tid": "s",
}


def by_value(pg: PgType) -> bool:
    return pg.size in _ALIGN_BY_SIZE


def alignment(pg: PgType) -> str:
    if pg.is_array:
        element = find_oid(pg.element_oid)
        return "d" if element is not None and alignment(element) == "d" else "i"
    return _ALIGN.get(pg.name) or _ALIGN_BY_SIZE.get(pg.size, "i")


def storage(pg: PgType) -> str:
    """``p`` in place, ``x`` compressed or out of line, ``m`` compressed in place."""
    if pg.size != -1 or pg.name in ("int2vector", "oidvector"):
        return "p"
    return "m" if pg.name == "numeric" else "x"


def collation(pg: PgType) -> int:
    if pg.is_array:
        element = find_oid(pg.element_oid)
        return 0 if element is None else collation(element)
    if pg.name == "name":
        return C_COLLATION
    return DEFAULT_COLLATION if pg.name in ("text", "bpchar", "varchar", "pg_node_tree") else 0


def attribute(type_name: str) -> Mapping[str, object]:
    """The columns of pg_attribute that follow from a column's type, as SQL names the type."""
    type_ = declared(type_name)
    return attribute_of(type_.pg, type_.modifier, max(type_.text.count("[]"), type_.pg.is_array))


def internal_type(internal_name: str) -> PgType:
    """The type of a system relation's column, by its internal name. Types that PostgreSQL keeps for
    itself (``pg_ndistinct``) are told as text."""
    pg = find_name(internal_name.removesuffix("[]")) or by_name("text")
    return by_oid(pg.array_oid) if internal_name.endswith("[]") else pg


def internal_attribute(internal_name: str) -> Mapping[str, object]:
    pg = internal_type(internal_name)
    return attribute_of(pg, -1, 1 if pg.is_array else 0)


def attribute_of(pg: PgType, modifier: int, dimensions: int) -> Mapping[str, object]:
    return {
        "atttypid": pg.oid,
        "atttypmod": modifier,
        "attlen": pg.size,
        "attndims": dimensions,
        "attbyval": by_value(pg),
        "attalign": alignment(pg),
        "attstorage": storage(pg),
        "attcollation": collation(pg),
    }


def type_row(pg: PgType) -> Mapping[str, object]:
    """pg_type's row, less its namespace and owner."""
    stem = "array" if pg.is_array else pg.name
    stem += "_" if pg.is_array or pg.name in _UNDERSCORED else ""
    element = find_oid(pg.element_oid) if pg.is_array else None
    modified = (element or pg).name
    subscript = "-"
    if pg.is_array or pg.name in ("int2vector", "oidvector"):
        subscript = "array_subscript_handler"
    elif pg.name in ("name", "jsonb"):
        subscript = "raw_array_subscript_handler" if pg.name == "name" else "jsonb_subscript_handler"
    return {
        "oid": pg.oid,
        "typname": pg.name,
        "typlen": pg.size,
        "typbyval": by_value(pg),
        "typtype": "p" if pg.name in _PSEUDO else "b",
        "typcategory": pg.category,
        "typispreferred": pg.preferred,
        "typisdefined": True,
        "typdelim": ",",
        "typsubscript": subscript,
        "typelem": 18 if pg.name == "name" else pg.element_oid,
        "typarray": pg.array_oid,
        "typinput": f"{stem}in",
        "typoutput": f"{stem}out",
        "typreceive": "-" if pg.name in _NOT_SENT else f"{stem}recv",
        "typsend": "-" if pg.name in _NOT_SENT else f"{stem}send",
        "typmodin": f"{modified}typmodin" if modified in _WITH_MODIFIER else "-",
        "typmodout": f"{modified}typmodout" if modified in _WITH_MODIFIER else "-",
        "typanalyze": "array_typanalyze" if pg.is_array else "-",
        "typalign": alignment(pg),
        "typstorage": storage(pg),
        "typtypmod": -1,
        "typcollation": collation(pg),
    }
