"""The statements that PostgreSQL does not have: tenants, snapshots, RESTORE."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from sql import keywords
from sql import statement as st
from sql.grammar.expressions import OR
from sql.grammar.sessions import Sessions
from sql.lexer import STRING

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


class Snapshots(Sessions):
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

    def drop_tenant(self) -> st.Statement:
        self.expect("tenant")
        if_exists = self.take("if", "exists")
        return st.DropTenant(self.name(), if_exists)

    # --- snapshots ------------------------------------------------------------------------------

    def create_snapshot(self) -> st.Statement:
        self.expect("snapshot")
        if_not_exists = self.take("if", "not", "exists")
        name = self.name() if self.at_name() else None
        if if_not_exists and name is None:
            raise self.wrong()
        if self.take("for"):
            if self.at("database", "schema", "table"):
                raise self.unsupported(f"CREATE SNAPSHOT FOR {self.token.text.upper()}")
            self.expect("tenant")
        as_of = None
        if self.take("as"):
            self.expect("of")
            as_of = self.expression(OR)
        comment, retain = self._snapshot_options()
        return st.CreateSnapshot(name, if_not_exists, as_of, comment, retain, self.returning())

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
            names = [self.name()]
            while self.take_operator(","):
                names.append(self.name())
            return st.DropSnapshot(tuple(names), if_exists, None, self.returning(), from_delete=False)
        self.take("where")
        condition = self.expression()
        return st.DropSnapshot((), False, condition, self.returning(), from_delete=False)

    def _at_snapshot_names(self) -> bool:
        if not self.at_name(keywords.NOT_A_NAME):
            return False
        after = self.peek()
        if after.text == "," and after.kind == "operator":
            return True
        alone = (
            after.kind == "end" or after.text == ";" or (after.kind == "word" and after.text == "returning")
        )
        return alone and self.token.text not in COLUMNS

    # --- RESTORE --------------------------------------------------------------------------------

    def restore(self) -> st.Statement:
        self.expect("restore")
        if self.at("database", "schema", "table"):
            raise self.unsupported(f"RESTORE {self.token.text.upper()}")
        self.expect("tenant")
        tenant = self.name() if self.at_name() else None
        snapshot: str | None = None
        timestamp: exp.Expr | None = None
        if self.take("from"):
            self.expect("snapshot")
            snapshot = self.string() if self.token.kind == STRING else self.name()
        else:
            self.expect("to", "timestamp")
            timestamp = self.expression()
        if self.at("to", "except", "where", "with"):
            raise self.unsupported(f"RESTORE … {self.token.text.upper()}")
        method: Literal["physical", "logical"] = "physical"
        if self.take("using"):
            method = "physical" if self.one_of("physical", "logical") == "physical" else "logical"
        if self.at("to", "except", "where", "with"):
            raise self.unsupported(f"RESTORE … {self.token.text.upper()}")
        return st.Restore(tenant, snapshot, timestamp, method)
