"""The statements that PostgreSQL does not have: tenants, snapshots, RESTORE."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sqlglot import exp

from engine.catalog import Level
from sql import keywords
from sql import statement as st
from sql.grammar.expressions import OR
from sql.grammar.roles import Roles
from sql.lexer import NAME, NUMBER, PARAMETER, STRING
from sql.settings import TENANT_SETTINGS

COLUMNS = frozenset(
    [
        "timestamp",
        "name",
        "level",
        "database_name",
        "schema_name",
        "table_name",
        "created_by",
        "comment",
        "expires_at",
    ]
)
"""Of mo_snapshots: a single one of these after DROP SNAPSHOT is not a snapshot's name."""


class Snapshots(Roles):
    # --- tenants --------------------------------------------------------------------------------

    def create_tenant(self) -> st.Statement:
        self.expect("tenant")
        if_not_exists = self.take("if", "not", "exists")
        name = self.name()
        if self.at("clone"):
            raise self.unsupported("CREATE TENANT … CLONE")
        self.expect("admin")
        role = self.name()
        self.expect("password")
        return st.CreateTenant(name, if_not_exists, role, self.string())

    def alter_tenant(self) -> st.Statement:
        self.expect("tenant")
        name = self.name()
        if self.take("admin"):
            return self.tenant_password(name)
        reset = self.take("reset")
        if not reset and not self.take("set"):
            if self.token.kind == "word":
                raise self.unsupported(f"ALTER TENANT … {self.token.text.upper()}")
            hint = f"A tenant's name comes first: ALTER TENANT name {name.upper()} (…)."
            raise replace(self.wrong(), hint=hint if name in ("set", "reset") else None)
        self.expect_operator("(")
        options: dict[str, str | None] = {}
        while True:
            token = self.token
            option = self.label()
            if option not in TENANT_SETTINGS:
                hint = f"There are: {', '.join(sorted(TENANT_SETTINGS))}."
                raise self.refused("0A000", f"the tenant setting {option} is not supported", token, hint=hint)
            if option in options:
                raise self.refused("42601", "conflicting or redundant options", token)
            options[option] = None
            if not reset:
                self.expect_operator("=")
                options[option] = self.string()
            if not self.take_operator(","):
                break
        self.expect_operator(")")
        return st.AlterTenant(name, tuple(options.items()))

    def drop_tenant(self) -> st.Statement:
        self.expect("tenant")
        if_exists = self.take("if", "exists")
        return st.DropTenant(self.name(), if_exists)

    def undrop(self) -> st.Statement:
        token = self.advance()
        if self.take("tenant"):
            name = self.name()
            return st.UndropTenant(name, self.expression() if self.take("to", "timestamp") else None)
        if not self.at("table", "schema", "database"):
            raise self.unsupported(f"UNDROP {self.token.text.upper()}".strip(), token)
        level = self._level()
        undrop = st.Undrop(level, self._covered_name(level))
        if self.at("as"):
            raise self.unsupported("UNDROP … AS")
        return undrop

    # --- snapshots ------------------------------------------------------------------------------

    def create_snapshot(self) -> st.Statement:
        self.expect("snapshot")
        if_not_exists = self.take("if", "not", "exists")
        named = self.token.kind in (STRING, PARAMETER) or self.at_name()
        name = self.snapshot_value() if named else None
        if if_not_exists and name is None:
            raise self.wrong()
        level: Level = "tenant"
        covers = None
        if self.take("for"):
            level = self._level()
            covers = self._covered_name(level) if level != "tenant" else None
        as_of = None
        if self.take("as"):
            self.expect("of")
            if self.at("snapshot"):
                hint = "The timestamp is a snapshot's key: there is no second one at the same moment."
                raise self.refused("0A000", "CREATE SNAPSHOT … AS OF SNAPSHOT is not supported", hint=hint)
            as_of = self.expression(OR)
        comment, retain = self._snapshot_options()
        returning = self.returning()
        return st.CreateSnapshot(name, if_not_exists, as_of, comment, retain, returning, level, covers)

    def _snapshot_options(self) -> tuple[str | None, str | None]:
        found: dict[str, str] = {}
        if self.take("with"):
            self.expect_operator("(")
            while True:
                token = self.token
                option = self.label()
                if option not in ("comment", "retain"):
                    raise self.refused("42601", f'unrecognized snapshot option "{option}"', token)
                if option in found:
                    raise self.refused("42601", "conflicting or redundant options", token)
                self.expect_operator("=")
                found[option] = self.string()
                if not self.take_operator(","):
                    break
            self.expect_operator(")")
        return found.get("comment"), found.get("retain")

    def drop_snapshot(self) -> st.Statement:
        self.expect("snapshot")
        if_exists = self.take("if", "exists")
        if if_exists or self._at_snapshot_names():
            names = [self.snapshot_value()]
            while self.take_operator(","):
                names.append(self.snapshot_value())
            return st.DropSnapshot(tuple(names), if_exists, None, self.returning(), from_delete=False)
        self.take("where")
        condition = self.expression()
        return st.DropSnapshot((), False, condition, self.returning(), from_delete=False)

    def _at_snapshot_names(self) -> bool:
        """A name, string or parameter that nothing follows, or a list of them. A string or a parameter alone
        is no condition, whatever it holds."""
        quoted = self.token.kind in (NAME, STRING, PARAMETER)
        if not quoted and not self.at_name(keywords.NOT_A_NAME):
            return False
        after = self.peek()
        if after.text == "," and after.kind == "operator":
            return True
        alone = (
            after.kind == "end" or after.text == ";" or (after.kind == "word" and after.text == "returning")
        )
        return alone and (self.token.kind in (STRING, PARAMETER) or self.token.text not in COLUMNS)

    # --- RESTORE --------------------------------------------------------------------------------

    def restore(self) -> st.Statement:
        self.expect("restore")
        level = self._level()
        tenant = self.name() if level == "tenant" and self.at_name() else None
        names = []
        if level != "tenant":
            names = [self._covered_name(level)]
            while level == "table" and self.take_operator(","):
                names.append(self._covered_name(level))
        snapshot: str | exp.Parameter | None = None
        timestamp: exp.Expr | None = None
        if self.take("from"):
            self.expect("snapshot")
            snapshot = self.snapshot_value()
        else:
            self.expect("to", "timestamp")
            timestamp = self.expression()
        beside = self._beside(level, names)
        if self.at("except", "where", "with"):
            raise self.unsupported(f"RESTORE … {self.token.text.upper()}")
        method: Literal["physical", "logical"] = "physical"
        if self.take("using"):
            method = "physical" if self.one_of("physical", "logical") == "physical" else "logical"
        if self.at("to", "except", "where", "with"):
            raise self.unsupported(f"RESTORE … {self.token.text.upper()}")
        return st.Restore(tenant, snapshot, timestamp, method, level, tuple(names), beside)

    def _beside(self, level: Level, names: list[st.Name]) -> st.Name | None:
        if not self.at("to"):
            return None
        token = self.advance()
        if level != "table" or not self.at("table"):
            raise self.unsupported(f"RESTORE … TO {self.token.text.upper()}", token)
        if len(names) > 1:
            raise self.unsupported("RESTORE of several tables … TO TABLE", token)
        self.advance()
        return self.qualified_name()

    def undo_restore(self) -> st.Statement:
        self.expect("undo", "restore")
        return st.UndoRestore(self.integer() if self.token.kind == NUMBER else None)

    def _level(self) -> Level:
        match self.one_of("tenant", "database", "schema", "table"):
            case "database":
                return "database"
            case "schema":
                return "schema"
            case "table":
                return "table"
        return "tenant"

    def _covered_name(self, level: Level) -> st.Name:
        """The name of a database, of a schema (``[database.]schema``) or of a table."""
        if level == "table":
            return self.qualified_name()
        name = self.name()
        if level == "schema" and self.take_operator("."):
            return st.Name(self.label(), database=name)
        return st.Name(name)

    # --- upkeep ---------------------------------------------------------------------------------

    def analyze(self) -> st.Statement:
        self.one_of("analyze", "analyse")
        if self.at("verbose") or self.at_operator("("):
            raise self.unsupported("ANALYZE with options")
        tables = []
        if self.at_name():
            tables.append(self.qualified_name())
            while self.take_operator(","):
                tables.append(self.qualified_name())
        if self.at_operator("("):
            raise self.unsupported("ANALYZE of columns")
        return st.Analyze(tuple(tables))

    def vacuum(self) -> st.Statement:
        self.expect("vacuum")
        dry_run = False
        if self.take_operator("("):
            while True:
                token = self.token
                option = self.label()
                if option != "dry_run":
                    raise self.unsupported(f"VACUUM ({option.upper()})", token)
                dry_run = True
                if not self.take_operator(","):
                    break
            self.expect_operator(")")
        elif self.at("full", "freeze", "verbose", "analyze", "analyse"):
            raise self.unsupported(f"VACUUM {self.token.text.upper()}")
        table = self.qualified_name() if self.at_name() else None
        if self.at_operator(",", "("):
            raise self.unsupported("VACUUM of " + ("several tables" if self.at_operator(",") else "columns"))
        return st.Vacuum(table, dry_run)
