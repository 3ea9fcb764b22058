"""pg_catalog's account of what is not a relation: schemas, types, databases, roles, collations, settings.

A role's password never leaves the catalog: ``pg_authid`` and ``pg_shadow`` say null, ``pg_roles`` and
``pg_user`` the asterisks that PostgreSQL says. Built-in rows that stand for something RewindDB has carry
PostgreSQL's OIDs.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from sql.system import physical
from sql.system.inventory import SYSTEM_NAMESPACES, Inventory
from sql.system.pg_relations import PG_NAMESPACE_OID
from sql.system.relation import Row, Rows
from sql.types import TYPES

UTF8 = 6
DEFAULT_TABLESPACE = 1663
PG_DATABASE_OID = 1262
HIDDEN_PASSWORD = "********"  # noqa: S105
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCALE = "C.UTF-8"


def namespace_rows(seen: Inventory) -> Iterator[Row]:
    for name, oid in SYSTEM_NAMESPACES.items():
        yield {"oid": oid, "nspname": name, "nspowner": seen.owner[0]}
    for schema in seen.schemas:
        yield {"oid": schema.id, "nspname": schema.name, "nspowner": seen.owner[0]}


def type_rows(seen: Inventory) -> Iterator[Row]:
    for pg in TYPES:
        yield {
            **physical.type_row(pg),
            "typnamespace": SYSTEM_NAMESPACES["pg_catalog"],
            "typowner": seen.owner[0],
        }


def database_rows(seen: Inventory) -> Iterator[Row]:
    for database in seen.catalog.databases.values():
        yield {
            "oid": database.id,
            "datname": database.name,
            "datdba": seen.owner[0],
            "encoding": UTF8,
            "datlocprovider": "c",
            "datallowconn": True,
            "datconnlimit": -1,
            "dattablespace": DEFAULT_TABLESPACE,
            "datcollate": _LOCALE,
            "datctype": _LOCALE,
        }


def role_rows(seen: Inventory) -> Iterator[Row]:
    for role in seen.roles:
        yield {
            "rolname": role.name,
            "rolsuper": role.admin,
            "rolinherit": True,
            "rolcreaterole": role.admin,
            "rolcreatedb": role.admin,
            "rolcanlogin": seen.catalog.password(role) is not None,
            "rolreplication": False,
            "rolconnlimit": -1,
            "rolpassword": HIDDEN_PASSWORD,
            "rolbypassrls": False,
            "oid": role.id,
        }


def authid_rows(seen: Inventory) -> Iterator[Row]:
    for row in role_rows(seen):
        yield {**row, "rolpassword": None}


def user_rows(seen: Inventory) -> Iterator[Row]:
    for row in role_rows(seen):
        if row["rolcanlogin"]:
            yield {
                "usename": row["rolname"],
                "usesysid": row["oid"],
                "usecreatedb": row["rolcreatedb"],
                "usesuper": row["rolsuper"],
                "userepl": row["rolreplication"],
                "usebypassrls": row["rolbypassrls"],
                "passwd": HIDDEN_PASSWORD,
            }


def shadow_rows(seen: Inventory) -> Iterator[Row]:
    for row in user_rows(seen):
        yield {**row, "passwd": None}


def access_method_rows(seen: Inventory) -> Iterator[Row]:
    yield {"oid": 2, "amname": "heap", "amhandler": "heap_tableam_handler", "amtype": "t"}
    yield {"oid": 403, "amname": "btree", "amhandler": "bthandler", "amtype": "i"}


def collation_rows(seen: Inventory) -> Iterator[Row]:
    common = {
        "collnamespace": 11,
        "collowner": seen.owner[0],
        "collisdeterministic": True,
        "collencoding": -1,
    }
    yield {**common, "oid": physical.DEFAULT_COLLATION, "collname": "default", "collprovider": "d"}
    for oid, name in ((physical.C_COLLATION, "C"), (951, "POSIX")):
        yield {
            **common,
            "oid": oid,
            "collname": name,
            "collprovider": "c",
            "collcollate": name,
            "collctype": name,
        }


def tablespace_rows(seen: Inventory) -> Iterator[Row]:
    yield {"oid": DEFAULT_TABLESPACE, "spcname": "pg_default", "spcowner": seen.owner[0]}
    yield {"oid": 1664, "spcname": "pg_global", "spcowner": seen.owner[0]}


def language_rows(seen: Inventory) -> Iterator[Row]:
    for oid, name in ((12, "internal"), (14, "sql")):
        yield {"oid": oid, "lanname": name, "lanowner": seen.owner[0], "lanpltrusted": name == "sql"}


def description_rows(seen: Inventory) -> Iterator[Row]:
    """There is no COMMENT ON; these are the comments that PostgreSQL itself makes."""
    comments = {SYSTEM_NAMESPACES["pg_catalog"]: "system catalog schema"}
    comments |= {schema.id: "standard public schema" for schema in seen.schemas if schema.name == "public"}
    comments[SYSTEM_NAMESPACES["mo_catalog"]] = "snapshots and tenants"
    for oid, text in comments.items():
        yield {"objoid": oid, "classoid": PG_NAMESPACE_OID, "description": text}


def shared_description_rows(seen: Inventory) -> Iterator[Row]:
    for database in seen.catalog.databases.values():
        if database.name == "postgres":
            yield {
                "objoid": database.id,
                "classoid": PG_DATABASE_OID,
                "description": "default administrative connection database",
            }


def settings_rows(seen: Inventory) -> Iterator[Row]:
    """Only what a session's settings are; ranges and defaults are told by SET and RESET."""
    for name, value in sorted(seen.context.settings.items()):
        yield {
            "name": name,
            "setting": value,
            "category": "",
            "short_desc": "",
            "context": "user",
            "vartype": "string",
            "source": "session",
            "pending_restart": False,
        }


def activity_rows(seen: Inventory) -> Iterator[Row]:
    """The asking session alone: a session knows of no other."""
    role = seen.catalog.roles.get(seen.context.role)
    yield {
        "datid": seen.database_id,
        "datname": seen.context.database,
        "pid": seen.context.process_id,
        "usesysid": None if role is None else role.id,
        "usename": seen.context.role,
        "application_name": seen.context.settings.get("application_name", ""),
        "state": "active",
        "backend_type": "client backend",
    }


def time_zone_rows(seen: Inventory) -> Iterator[Row]:
    moment = _EPOCH + timedelta(microseconds=seen.context.tenant.now())
    for name in sorted(zoneinfo.available_timezones()):
        local = moment.astimezone(zoneinfo.ZoneInfo(name))
        offset = local.utcoffset() or timedelta()
        nanoseconds = int(offset.total_seconds()) * 1_000_000_000
        yield {
            "name": name,
            "abbrev": local.tzname(),
            "utc_offset": pa.MonthDayNano([0, 0, nanoseconds]),
            "is_dst": bool(local.dst()),
        }


RELATIONS: Mapping[str, Rows] = {
    "pg_namespace": namespace_rows,
    "pg_type": type_rows,
    "pg_database": database_rows,
    "pg_roles": role_rows,
    "pg_authid": authid_rows,
    "pg_user": user_rows,
    "pg_shadow": shadow_rows,
    "pg_am": access_method_rows,
    "pg_collation": collation_rows,
    "pg_tablespace": tablespace_rows,
    "pg_language": language_rows,
    "pg_description": description_rows,
    "pg_shdescription": shared_description_rows,
    "pg_settings": settings_rows,
    "pg_stat_activity": activity_rows,
    "pg_timezone_names": time_zone_rows,
}
VOLATILE = frozenset({"pg_settings", "pg_stat_activity", "pg_sequences", "pg_timezone_names"})
