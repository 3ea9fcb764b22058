"""The relations behind functions: what PostgreSQL's C functions would look up, as small tables.

`sql.system.functions` replaces a call such as ``pg_get_constraintdef(oid)`` by a query over one of these.
They live in a schema that cannot be named, and are built from the same inventory as pg_catalog, so a
function agrees with the relations it is asked about, in the past too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine import usage
from engine.catalog import Table
from engine.ids import CatalogId
from sql.system.information_schema import is_admin
from sql.system.inventory import Inventory
from sql.system.pg_relations import index_definition, key_definition
from sql.system.pg_server import description_rows, shared_description_rows
from sql.system.quoting import quote_identifier
from sql.system.relation import Row, Rows
from sql.system.view_text import view_definition
from sql.types import TYPES, PgType, format_type
from sql.types.names import ALIASES

BUILT_IN = " -- built in: the server makes the rows when they are read"
_ENCODINGS = [
    "SQL_ASCII",
    "EUC_JP",
    "EUC_CN",
    "EUC_KR",
    "EUC_TW",
    "EUC_JIS_2004",
    "UTF8",
    "MULE_INTERNAL",
    "LATIN1",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "LATIN10",
    "WIN1256",
    "WIN1258",
    "WIN866",
    "WIN874",
    "KOI8R",
    "WIN1251",
    "WIN1252",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "WIN1250",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1257",
    "KOI8U",
    "SJIS",
    "BIG5",
    "GBK",
    "UHC",
    "GB18030",
    "JOHAB",
    "SHIFT_JIS_2004",
]
"""PostgreSQL's encodings by number; pg_database holds 6."""


def _spellings(name: str) -> set[str]:
    """A name as text may hold it: as needed, and quoted without need."""
    return {quote_identifier(name), '"' + name.replace('"', '""') + '"'}


def _named(seen: Inventory) -> Iterator[tuple[int, str, str]]:
    """(OID, schema, name) of everything that pg_class lists."""
    for schema, relation in seen.relations:
        yield relation.id, schema.name, relation.name
    for index in seen.indexes:
        yield index.key.id, index.schema.name, index.key.name
    for described in seen.system_relations:
        yield described.oid, described.schema, described.name


def _with_digits(names: Mapping[str, tuple[int, str]]) -> Iterator[Row]:
    """Spellings with their OID and shown name; an OID's digits are a spelling too, 0 a dash."""
    titles = {str(oid): (oid, title) for oid, title in names.values()}
    for spelling, (oid, title) in {**names, **titles, "-": (0, "-"), "0": (0, "-")}.items():
        yield {"@spelling": spelling, "@oid": oid, "@title": title}


def relation_name_rows(seen: Inventory) -> Iterator[Row]:
    """Every spelling by which regclass finds a relation."""
    names: dict[str, tuple[int, str]] = {}
    for oid, schema, name in _named(seen):
        found = (oid, seen.title(schema, name))
        for spelling in _spellings(name):
            if seen.visible(schema, name):
                names[spelling] = found
            for schema_spelling in _spellings(schema):
                names[f"{schema_spelling}.{spelling}"] = found
    return _with_digits(names)


def relation_title_rows(seen: Inventory) -> Iterator[Row]:
    tables = {relation.id for _, relation in seen.relations if isinstance(relation, Table)}
    writable = {relation.id for _, relation in seen.relations}
    for oid, schema, name in _named(seen):
        yield {
            "@oid": oid,
            "@title": seen.title(schema, name),
            "@visible": seen.visible(schema, name),
            "@listed": seen.visible(schema, name) and schema != "mo_catalog",
            "@table": oid in tables,
            "@writable": oid in writable,
        }


def _simple_names(names: Mapping[str, int]) -> Iterator[Row]:
    return _with_digits(
        {
            spelling: (oid, quote_identifier(name))
            for name, oid in names.items()
            for spelling in _spellings(name)
        }
    )


def schema_name_rows(seen: Inventory) -> Iterator[Row]:
    return _simple_names(seen.namespaces)


def schema_title_rows(seen: Inventory) -> Iterator[Row]:
    for name, oid in seen.namespaces.items():
        yield {"@oid": oid, "@title": quote_identifier(name)}


def role_name_rows(seen: Inventory) -> Iterator[Row]:
    return _simple_names({role.name: role.id for role in seen.roles})


def role_title_rows(seen: Inventory) -> Iterator[Row]:
    for role in seen.roles:
        yield {"@oid": role.id, "@title": quote_identifier(role.name), "@name": role.name}


def database_title_rows(seen: Inventory) -> Iterator[Row]:
    for database in seen.catalog.databases.values():
        yield {"@oid": database.id, "@name": database.name}


def type_name_rows(seen: Inventory) -> Iterator[Row]:
    """Every spelling by which regtype finds a type, without modifiers."""
    names: dict[str, tuple[int, str]] = {}
    for pg in TYPES:
        found = (pg.oid, format_type(pg.oid, None))
        for spelling in _type_spellings(pg):
            names[spelling] = found
            if pg.array_oid:
                names[f"{spelling}[]"] = (pg.array_oid, format_type(pg.array_oid, None))
    return _with_digits(names)


def _type_spellings(pg: PgType) -> set[str]:
    if pg.name == "char":  # without quotes it is another type
        return {'"char"', 'pg_catalog."char"'}
    aliases = {alias for alias, name in ALIASES.items() if name == pg.name}
    internal = {pg.name, quote_identifier(pg.name)}
    qualified = {f"pg_catalog.{name}" for name in internal}
    return aliases | internal | qualified | {format_type(pg.oid), format_type(pg.oid, None)}


def type_title_rows(seen: Inventory) -> Iterator[Row]:
    """`@bare` is the name for a null modifier, `@title` for -1; with a modifier the name is `@before`,
    the modifier by `@rule`, `@after`."""
    for pg in TYPES:
        element = next((e for e in TYPES if pg.is_array and e.oid == pg.element_oid), pg)
        brackets = "[]" if pg.is_array else ""
        before, after, rule = _with_modifier(element)
        yield {
            "@oid": pg.oid,
            "@bare": format_type(pg.oid, None),
            "@title": format_type(pg.oid, -1),
            "@before": before,
            "@after": after + brackets,
            "@rule": rule,
        }
    yield dict.fromkeys(("@bare", "@title", "@before"), "-") | {"@oid": 0, "@after": "", "@rule": ""}


def _with_modifier(pg: PgType) -> tuple[str, str, str]:
    match pg.name:
        case "varchar" | "bpchar":
            return format_type(pg.oid, None), "", "length"
        case "bit" | "varbit":
            return format_type(pg.oid, None), "", "bits"
        case "numeric":
            return pg.title, "", "numeric"
        case "time" | "timetz" | "timestamp" | "timestamptz":
            before, after = pg.title.split(" ", 1)
            return before, f" {after}", "bits"
        case "interval":
            return pg.title, "", "interval"
    return pg.title, "", ""


# --- definitions ------------------------------------------------------------------------------------


def constraint_definition_rows(seen: Inventory) -> Iterator[Row]:
    for index in seen.indexes:
        text = key_definition(index)
        yield {"@oid": index.key.id, "@definition": text, "@pretty": text}
    for _, table in seen.tables:
        for check in table.checks:
            yield {
                "@oid": check.id,
                "@definition": f"CHECK (({check.expression}))",
                "@pretty": f"CHECK ({check.expression})",
            }


def index_definition_rows(seen: Inventory) -> Iterator[Row]:
    """Attribute 0 is the whole index."""
    for index in seen.indexes:
        qualified = f"{quote_identifier(index.schema.name)}.{quote_identifier(index.table.name)}"
        yield {
            "@oid": index.key.id,
            "@attnum": 0,
            "@definition": index_definition(index, relation=qualified),
            "@pretty": index_definition(index, relation=seen.title(index.schema.name, index.table.name)),
        }
        for position, (_, column) in enumerate(index.columns, 1):
            text = quote_identifier(column.name)
            yield {"@oid": index.key.id, "@attnum": position, "@definition": text, "@pretty": text}


def view_definition_rows(seen: Inventory) -> Iterator[Row]:
    """A system view has no query: PostgreSQL's clients are told in words that they can show."""
    for _, view in seen.views:
        yield {"@oid": view.id, "@definition": view_definition(seen, view)}
    for described in seen.system_relations:
        if described.kind == "v":
            yield {"@oid": described.oid, "@definition": BUILT_IN}


def owned_sequence_rows(seen: Inventory) -> Iterator[Row]:
    for schema, sequence in seen.sequences:
        table = seen.catalog.tables.get(sequence.owner_table) if sequence.owner_table is not None else None
        for column in table.columns if table is not None else ():
            if table is not None and column.id == sequence.owner_column:
                yield {
                    "@relation": table.id,
                    "@attribute": column.name,
                    "@sequence": f"{quote_identifier(schema.name)}.{quote_identifier(sequence.name)}",
                }


def description_text_rows(seen: Inventory) -> Iterator[Row]:
    for catalog, rows in (("pg_namespace", description_rows), ("pg_database", shared_description_rows)):
        for row in rows(seen):
            yield {"@oid": row["objoid"], "@catalog": catalog, "@text": row["description"]}


# --- sizes, settings, the session -------------------------------------------------------------------


def _table_bytes(seen: Inventory, table: Table) -> int:
    return usage.storage_bytes(seen.context.tenant.state, table.storage)


def relation_size_rows(seen: Inventory) -> Iterator[Row]:
    """Indexes are part of a table's objects: they have no bytes of their own."""
    for oid, _, _ in _named(seen):
        table = seen.catalog.tables.get(CatalogId(oid))
        yield {"@oid": oid, "@main": 0 if table is None else _table_bytes(seen, table), "@indexes": 0}


def database_size_rows(seen: Inventory) -> Iterator[Row]:
    for database in seen.catalog.databases.values():
        schemas = {schema.id for schema in seen.catalog.schemas.values() if schema.database == database.id}
        tables = [table for table in seen.catalog.tables.values() if table.schema in schemas]
        size = sum(_table_bytes(seen, table) for table in tables)
        yield {"@oid": database.id, "@name": database.name, "@bytes": size}


def settings_rows(seen: Inventory) -> Iterator[Row]:
    for name, value in seen.context.settings.items():
        yield {"@name": name.lower(), "@value": value}


def session_rows(seen: Inventory) -> Iterator[Row]:
    role = seen.catalog.roles.get(seen.context.role)
    yield {
        "@schemas": list(seen.search_schemas),
        "@schemas_and_system": list(seen.effective_schemas),
        "@role": 0 if role is None else role.id,
        "@admin": is_admin(seen),
        "@process_id": seen.context.process_id,
    }


def encoding_rows(seen: Inventory) -> Iterator[Row]:
    for number, name in enumerate(_ENCODINGS):
        yield {"@number": number, "@name": name}


RELATIONS: Mapping[str, Rows] = {
    "relation_names": relation_name_rows,
    "relation_titles": relation_title_rows,
    "schema_names": schema_name_rows,
    "schema_titles": schema_title_rows,
    "role_names": role_name_rows,
    "role_titles": role_title_rows,
    "database_titles": database_title_rows,
    "type_names": type_name_rows,
    "type_titles": type_title_rows,
    "constraint_definitions": constraint_definition_rows,
    "index_definitions": index_definition_rows,
    "view_definitions": view_definition_rows,
    "owned_sequences": owned_sequence_rows,
    "descriptions": description_text_rows,
    "relation_sizes": relation_size_rows,
    "database_sizes": database_size_rows,
    "settings": settings_rows,
    "session": session_rows,
    "encodings": encoding_rows,
}
VOLATILE = frozenset({"relation_sizes", "database_sizes", "settings", "session"})
