"""The btree operator classes behind keys: ``pg_index.indclass`` and the rows of pg_opclass it points to.

PostgreSQL 15's OIDs and names. A key may be of any type here that has a default class there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sql.system.inventory import SYSTEM_NAMESPACES, Inventory
from sql.system.relation import Row, Rows
from sql.types import PgType, by_name

BTREE = 403
_DEFAULTS = """
int4 1978 1976   int2 1979 1976   oid 1981 1989   date 3122 434   float8 3123 1970   int8 3124 1976
numeric 3125 1988   text 3126 1994   timestamptz 3127 434   timestamp 3128 434   bit 10002 423
bool 10003 424   bpchar 10004 426   bytea 10006 428   char 10007 429   float4 10012 1970
interval 10022 1982   name 10028 1994   time 10038 1996   timetz 10041 2000   varbit 10043 2002
uuid 10065 2968   jsonb 10088 4033   anyarray 10000 397
"""


@dataclass(frozen=True, slots=True)
class OperatorClass:
    type_name: str
    oid: int
    family: int


def _read() -> Iterator[OperatorClass]:
    words = iter(_DEFAULTS.split())
    for type_name, oid, family in zip(words, words, words, strict=True):
        yield OperatorClass(type_name, int(oid), int(family))


_BY_TYPE: Mapping[str, OperatorClass] = MappingProxyType({found.type_name: found for found in _read()})


def default_class(pg: PgType) -> int:
    """The OID of the class that an index over the type has; 0 when PostgreSQL has none."""
    name = "anyarray" if pg.is_array else {"varchar": "text"}.get(pg.name, pg.name)
    found = _BY_TYPE.get(name)
    return 0 if found is None else found.oid


def class_rows(seen: Inventory) -> Iterator[Row]:
    for found in _BY_TYPE.values():
        yield {
            "oid": found.oid,
            "opcmethod": BTREE,
            "opcname": "array_ops" if found.type_name == "anyarray" else f"{found.type_name}_ops",
            "opcnamespace": SYSTEM_NAMESPACES["pg_catalog"],
            "opcowner": seen.owner[0],
            "opcfamily": found.family,
            "opcintype": by_name(found.type_name).oid,
            "opcdefault": True,
        }


RELATIONS: Mapping[str, Rows] = {"pg_opclass": class_rows}
