"""One query asked of PostgreSQL and of what `sql` plans for it, both with schema.sql."""

from __future__ import annotations

import json
import re

import duckdb
import psycopg

from engine.ids import Timestamp
from sql.parse import parse
from sql.plan import Context, Plan, plan_query
from sql.statement import Query
from sql.system.functions import MACROS
from sql.types import raised
from tests.system.shop import Shop

NOW = Timestamp(1_700_000_000_000_000)


class Servers:
    """The same query asked of both, with the ids in it and in the answers by name."""

    def __init__(self, shop: Shop, postgres: psycopg.Connection) -> None:
        self.catalog = shop.catalog()
        self.context = shop.context()
        self.postgres = postgres
        self.duckdb = duckdb.connect()
        for macro in MACROS:
            self.duckdb.execute(macro)
        listing = (
            "SELECT c.oid, n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384"
        )
        self.our_names = dict(self.ours(listing))
        self.their_names = dict(postgres.execute(listing).fetchall())

    def plan(self, text: str) -> Plan:
        (parsed,) = parse(self._filled(text, getattr(self, "our_names", {})))
        assert isinstance(parsed.statement, Query)
        return plan_query(parsed.statement.tree, self._plan_context())

    def ours(self, text: str) -> list[tuple]:
        plan = self.plan(text)
        sql = plan.sql
        for number, use in enumerate(plan.system):
            name = f"system_{number}"
            self.duckdb.register(name, use.relation.begin(self.catalog, self.context)())
            sql = sql.replace(use.marker, name)
        try:
            rows = self.duckdb.execute(sql).fetchall()
        except duckdb.Error as error:
            known = raised(str(error))
            raise known if known is not None else error from None
        assert plan.outputs is not None
        names = [output.declared.pg.name if output.declared else "" for output in plan.outputs]
        return [tuple(map(_as_a_driver_gives_it, names, row)) for row in rows]

    def theirs(self, text: str) -> list[tuple]:
        return self.postgres.execute(self._filled(text, self.their_names).replace("%", "%%"), ()).fetchall()

    def _plan_context(self) -> Context:
        return Context(
            catalog=self.catalog,
            past={},
            database="shop",
            search_path=("public",),
            role="postgres",
            tenant="acme",
            parameter_oids=(),
            now=NOW,
            statement_now=NOW,
            settings=self.context.settings,
        )

    def _filled(self, text: str, names: dict[int, str]) -> str:
        by_name = {name: oid for oid, name in names.items()}
        return re.sub(r"\{oid:([^}]*)\}", lambda match: str(by_name[match[1]]), text)

    def normal(self, rows: list[tuple], names: dict[int, str]) -> list[str]:
        """Rows to compare: ids by name, without rows about what only one of the two has."""
        shown = [
            repr(tuple(names.get(v, v) if isinstance(v, int) else _plain(v) for v in row)) for row in rows
        ]
        return [row for row in shown if not re.search("mo_catalog|template[01]|pg_toast", row)]


def _as_a_driver_gives_it(type_name: str, value: object) -> object:
    if value is not None and type_name in ("json", "jsonb"):
        return json.loads(str(value))
    if isinstance(value, list) and type_name in ("int2vector", "oidvector"):
        return " ".join(map(str, value))
    return value


def _plain(value: object) -> object:
    """Server-side names of roles, and values as text, so that two drivers' types agree."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.replace("pg_database_owner", "postgres") if isinstance(value, str) else value
