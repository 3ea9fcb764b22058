"""The one table of PostgreSQL types: OIDs, names, sizes, categories, and the DuckDB type of each.

What `pg_type` says of PostgreSQL 15 is stated once, here; system relations, the wire's encoders and
the parser of type names all read it. Array types are derived from their element's row. A type with
an empty `duckdb` can be named in a result or in the catalog but not declared for a column.

Choices where the two systems differ:

- ``oid`` and its kin are BIGINT: DuckDB then computes and compares with them like PostgreSQL, which
  an unsigned type would not (``-1``).
- ``character(n)`` is VARCHAR without its padding: PostgreSQL ignores trailing blanks when it compares,
  measures or concatenates, so padding belongs to output only, where the type modifier is known.
- ``numeric`` without a precision is DECIMAL(38,10), a documented limit.
- a DuckDB STRUCT is a ``record``; MAP, UNION and VARIANT have no PostgreSQL type and are ``json``.

Rejected: taking the table from sqlglot (no OIDs) or from a driver (incomplete, and another licence).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sql.errors import SqlError

UNCONSTRAINED_NUMERIC = "DECIMAL(38,10)"
"""What holds a ``numeric`` that was declared without precision."""
NUMERIC_PRECISION_MAX = 38
NAME_BYTES_MAX = 63


@dataclass(frozen=True, slots=True)
class PgType:
    """`size` is typlen (-1: variable, -2: C string), `title` what format_type calls it without a
    modifier, `element_oid` typelem (arrays, vectors, and name), `category` typcategory."""

    oid: int
    name: str
    size: int
    array_oid: int
    element_oid: int
    category: str
    preferred: bool
    title: str
    duckdb: str

    @property
    def is_array(self) -> bool:
        """A true array; int2vector, oidvector and name have elements but print differently."""
        return self.element_oid != 0 and self.name.startswith("_")


_ROWS = """
16   bool          1  1000 B t BOOLEAN           boolean
17   bytea        -1  1001 U f BLOB              bytea
18   char          1  1002 Z f VARCHAR           "char"
19   name         64  1003 S f VARCHAR           name
20   int8          8  1016 N f BIGINT            bigint
21   int2          2  1005 N f SMALLINT          smallint
23   int4          4  1007 N f INTEGER           integer
24   regproc       4  1008 N f BIGINT            regproc
25   text         -1  1009 S t VARCHAR           text
26   oid           4  1028 N t BIGINT            oid
27   tid           6  1010 U f -                 tid
28   xid           4  1011 U f BIGINT            xid
29   cid           4  1012 U f BIGINT            cid
114  json         -1   199 U f JSON              json
194  pg_node_tree -1     0 Z f -                 pg_node_tree
700  float4        4  1021 N f FLOAT             real
701  float8        8  1022 N t DOUBLE            double precision
705  unknown      -2     0 X f -                 unknown
1033 aclitem      12  1034 U f -                 aclitem
1042 bpchar       -1  1014 S f VARCHAR           bpchar
1043 varchar      -1  1015 S f VARCHAR           character varying
1082 date          4  1182 D f DATE              date
1083 time          8  1183 D f TIME              time without time zone
1114 timestamp     8  1115 D f TIMESTAMP         timestamp without time zone
1184 timestamptz   8  1185 D t TIMESTAMPTZ       timestamp with time zone
1186 interval     16  1187 T t INTERVAL          interval
1266 timetz       12  1270 D f -                 time with time zone
1560 bit          -1  1561 V f BIT               "bit"
1562 varbit       -1  1563 V t BIT               bit varying
1700 numeric      -1  1231 N f DECIMAL(38,10)    numeric
2202 regprocedure  4  2207 N f BIGINT            regprocedure
2203 regoper       4  2208 N f BIGINT            regoper
2204 regoperator   4  2209 N f BIGINT            regoperator
2205 regclass      4  2210 N f BIGINT            regclass
2206 regtype       4  2211 N f BIGINT            regtype
2249 record       -1  2287 P f -                 record
2275 cstring      -2  1263 P f -                 cstring
2276 any           4     0 P f -                 "any"
2277 anyarray     -1     0 P f -                 anyarray
2278 void          4     0 P f -                 void
2950 uuid         16  2951 U f UUID              uuid
3220 pg_lsn        8  3221 U f -                 pg_lsn
3734 regconfig     4  3735 N f BIGINT            regconfig
3769 regdictionary 4  3770 N f BIGINT            regdictionary
3802 jsonb        -1  3807 U f JSON              jsonb
4089 regnamespace  4  4090 N f BIGINT            regnamespace
4096 regrole       4  4097 N f BIGINT            regrole
5069 xid8          8   271 U f BIGINT            xid8
"""

_DUCKDB_SPELLING = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "-": ""}


def _read_rows() -> tuple[PgType, ...]:
    types = [
        PgType(22, "int2vector", -1, 1006, 21, "A", False, "int2vector", "SMALLINT[]"),
        PgType(30, "oidvector", -1, 1013, 26, "A", False, "oidvector", "BIGINT[]"),
    ]
    for line in _ROWS.strip().splitlines():
        oid, name, size, array_oid, category, preferred, duckdb, title = line.split(None, 7)
        duckdb = _DUCKDB_SPELLING.get(duckdb, duckdb)
        element = 18 if name == "name" else 0
        types.append(
            PgType(
                int(oid), name, int(size), int(array_oid), element, category, preferred == "t", title, duckdb
            )
        )
    types += [
        PgType(
            oid=element.array_oid,
            name=f"_{element.name}",
            size=-1,
            array_oid=0,
            element_oid=element.oid,
            category="P" if element.name == "record" else "A",
            preferred=False,
            title=f"{element.title}[]",
            duckdb=f"{element.duckdb}[]" if element.duckdb else "",
        )
        for element in types
        if element.array_oid
    ]
    return tuple(sorted(types, key=lambda pg: pg.oid))


TYPES: tuple[PgType, ...] = _read_rows()
"""Every type we know, by OID."""
_BY_OID: Mapping[int, PgType] = MappingProxyType({pg.oid: pg for pg in TYPES})
_BY_NAME: Mapping[str, PgType] = MappingProxyType({pg.name: pg for pg in TYPES})

_UNSUPPORTED = """
box cidr circle cstring inet line lseg macaddr macaddr8 money path pg_lsn pg_node_tree pg_snapshot point
polygon refcursor tid timetz tsquery tsvector txid_snapshot xml jsonpath aclitem record void unknown any
anyarray int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange
nummultirange tsmultirange tstzmultirange datemultirange
"""
UNSUPPORTED = frozenset(_UNSUPPORTED.split())
"""PostgreSQL has them, we refuse them by name (0A000)."""


def by_oid(oid: int) -> PgType:
    """The type with this OID; 42704 when there is none."""
    found = _BY_OID.get(oid)
    if found is None:
        raise SqlError("42704", f"type with OID {oid} does not exist")
    return found


def find_oid(oid: int) -> PgType | None:
    return _BY_OID.get(oid)


def by_name(name: str) -> PgType:
    """The type with this internal name (`typname`, such as int4 or _text); 42704 when there is none."""
    found = _BY_NAME.get(name)
    if found is None:
        raise SqlError("42704", f'type "{name}" does not exist')
    return found


def find_name(name: str) -> PgType | None:
    return _BY_NAME.get(name)


_OF_DUCKDB = {
    "BOOLEAN": "bool",
    "TINYINT": "int2",
    "UTINYINT": "int2",
    "SMALLINT": "int2",
    "USMALLINT": "int4",
    "INTEGER": "int4",
    "UINTEGER": "int8",
    "BIGINT": "int8",
    "UBIGINT": "numeric",
    "HUGEINT": "numeric",
    "UHUGEINT": "numeric",
    "BIGNUM": "numeric",
    "DECIMAL": "numeric",
    "FLOAT": "float4",
    "DOUBLE": "float8",
    "VARCHAR": "text",
    "ENUM": "text",
    "NULL": "text",
    '"NULL"': "text",
    "BLOB": "bytea",
    "BIT": "varbit",
    "DATE": "date",
    "TIME": "time",
    "TIME_NS": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMPTZ_NS": "timestamptz",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "JSON": "json",
    "STRUCT": "record",
    "TUPLE": "record",
    "MAP": "json",
    "UNION": "json",
    "VARIANT": "json",
}


def of_duckdb(duckdb_type: str) -> PgType:
    """The PostgreSQL type that a value of a DuckDB type (as DuckDB prints it) is sent as."""
    text = duckdb_type.strip()
    if text.endswith("]"):
        element = text
        while element.endswith("]"):
            element = element[: element.rindex("[")].rstrip()
        array_oid = of_duckdb(element).array_oid
        return by_oid(array_oid)
    name = _OF_DUCKDB.get(text.split("(", 1)[0].strip().upper())
    if name is None:
        raise SqlError("0A000", f"a value of DuckDB's type {duckdb_type} cannot be sent")
    return _BY_NAME[name]
