"""Definitions: CREATE, ALTER and DROP of tables, views, sequences, schemas and databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from sql import statement as st
from sql.grammar.expressions import COMPARISON
from sql.grammar.sequences import Sequences

_SERIAL = {
    "serial": "integer", "serial4": "integer", "bigserial": "bigint", "serial8": "bigint",
    "smallserial": "smallint", "serial2": "smallint",
}  # fmt: skip
_KINDS: dict[str, Literal["table", "view", "sequence", "schema", "database"]] = {
    "table": "table", "view": "view", "sequence": "sequence", "schema": "schema", "database": "database",
}  # fmt: skip
_OTHER_ACTIONS = frozenset(
    [
        "attach",
        "cluster",
        "detach",
        "disable",
        "enable",
        "force",
        "inherit",
        "no",
        "not",
        "of",
        "options",
        "owner",
        "replica",
        "reset",
        "set",
        "validate",
        "rename",
    ]
)


@dataclass
class _Parts:
    """What a list of columns and constraints has given so far."""

    table: str
    columns: list[st.ColumnDefinition] = field(default_factory=list)
    keys: list[st.KeyDefinition] = field(default_factory=list)
    checks: list[st.CheckDefinition] = field(default_factory=list)


class Definitions(Sequences):
    # --- CREATE TABLE ---------------------------------------------------------------------------

    def create_table(self) -> st.Statement:
        self.expect("table")
        if_not_exists = self.take("if", "not", "exists")
        name = self.qualified_name()
        if self.at("of", "partition", "clone"):
            raise self.unsupported(f"CREATE TABLE … {self.token.text.upper()}")
        if self.at("as"):
            return self._create_table_as(name, if_not_exists, None)
        if self.at_operator("(") and self._is_name_list():
            names = self.names()
            return self._create_table_as(name, if_not_exists, names)
        parts = _Parts(name.name)
        self.expect_operator("(")
        while not self.at_operator(")"):
            self._table_element(parts)
            if not self.at_operator(")"):
                self.expect_operator(",")
                if self.at_operator(")"):
                    raise self.wrong()
        self.advance()
        self._refuse_table_options()
        columns, keys, checks = tuple(parts.columns), tuple(parts.keys), tuple(parts.checks)
        return st.CreateTable(name, if_not_exists, columns, keys, checks, None, None)

    def _is_name_list(self) -> bool:
        """``(a, b)``: only names, as before AS."""
        ahead = 1
        while self.peek(ahead).kind in ("word", "name") and self.peek(ahead + 1).text == ",":
            ahead += 2
        return self.peek(ahead).kind in ("word", "name") and self.peek(ahead + 1).text == ")"

    def _create_table_as(
        self, name: st.Name, if_not_exists: bool, columns: tuple[str, ...] | None
    ) -> st.Statement:
        self._refuse_table_options()
        self.expect("as")
        if self.at("execute"):
            raise self.unsupported("CREATE TABLE AS EXECUTE")
        if not self.starts_query():
            raise self.wrong()
        query = self.query()
        with_data = True
        if self.take("with"):
            with_data = not self.take("no")
            self.expect("data")
        return st.CreateTable(name, if_not_exists, (), (), (), query, columns, with_data)

    def _refuse_table_options(self) -> None:
        if self.at("inherits", "partition", "using", "with", "without", "on", "tablespace"):
            raise self.unsupported(f"CREATE TABLE … {self.token.text.upper()}")

    def _table_element(self, parts: _Parts) -> None:
        if self.at("like"):
            raise self.unsupported("CREATE TABLE … LIKE")
        if self._at_table_constraint():
            self._table_constraint(parts)
        else:
            parts.columns.append(self._column(parts))

    def _at_table_constraint(self) -> bool:
        return self.at("constraint", "check", "unique", "primary", "foreign", "exclude") and not (
            self.at("exclude") and self.peek().text not in ("using", "(")
        )

    def _table_constraint(self, parts: _Parts) -> None:
        name = self.name() if self.take("constraint") else None
        if self.take("check"):
            parts.checks.append(st.CheckDefinition(name, self._check_expression()))
        elif self.at("unique", "primary"):
            primary = self._key_words()
            if self.at("using"):
                raise self.unsupported("a constraint USING INDEX")
            parts.keys.append(st.KeyDefinition(name, self.names(), primary))
            self._refuse_index_options()
        elif self.at("foreign"):
            raise self.unsupported("FOREIGN KEY")
        elif self.at("exclude"):
            raise self.unsupported("EXCLUDE")
        else:
            raise self.wrong()
        self._constraint_attributes()

    def _key_words(self) -> bool:
        """UNIQUE or PRIMARY KEY; true for the latter."""
        if self.take("unique"):
            if self.take("nulls"):
                if not self.take("not"):
                    self.expect("distinct")
                    return False
                raise self.unsupported("UNIQUE NULLS NOT DISTINCT")
            return False
        self.expect("primary", "key")
        return True

    def _refuse_index_options(self) -> None:
        if self.at("include", "using", "with"):
            raise self.unsupported(f"a key with {self.token.text.upper()}")

    def _check_expression(self) -> exp.Expr:
        self.expect_operator("(")
        expression = self.expression()
        self.expect_operator(")")
        if self.follows("no", "inherit"):
            raise self.unsupported("NO INHERIT")
        return expression

    def _constraint_attributes(self) -> None:
        """NOT DEFERRABLE INITIALLY IMMEDIATE is what we do; the opposite is refused."""
        while True:
            if self.at("deferrable") or self.follows("initially", "deferred"):
                raise self.unsupported("DEFERRABLE")
            if self.follows("not", "valid"):
                raise self.unsupported("NOT VALID")
            if not (self.take("not", "deferrable") or self.take("initially", "immediate")):
                return

    # --- columns --------------------------------------------------------------------------------

    def _column(self, parts: _Parts) -> st.ColumnDefinition:
        name = self.name()
        type_name = self.type_name()
        serial = type_name in _SERIAL
        type_name = _SERIAL.get(type_name, type_name)
        if self.take("collate"):
            self.known_collation()
        if self.at("storage", "compression"):
            raise self.unsupported(f"column option {self.token.text.upper()}")
        column = _ColumnOptions(not_null=serial)
        while self._column_constraint(name, column, parts):
            pass
        return st.ColumnDefinition(
            name, type_name, column.not_null, column.default, column.identity, serial, column.sequence
        )

    def known_collation(self) -> None:
        token = self.token
        collation = self.name()
        while self.take_operator("."):
            collation = self.label()
        if collation not in ("C", "POSIX", "default", "ucs_basic", "C.UTF-8"):
            raise self.unsupported(f'collation "{collation}"', token)

    def _column_constraint(self, name: str, column: _ColumnOptions, parts: _Parts) -> bool:
        token = self.token
        constraint = self.name() if self.take("constraint") else None
        if self.take("not", "null"):
            column.not_null = True
            column.null_written = column.null_written or "not null"
            if column.null_written == "null":
                raise self.refused(
                    "42601",
                    f'conflicting NULL/NOT NULL declarations for column "{name}" of table "{parts.table}"',
                    token,
                )
        elif self.at("not") and self.peek().text not in ("deferrable", "valid"):
            self.advance()
            raise self.wrong()
        elif self.take("null"):
            if column.null_written == "not null":
                raise self.refused(
                    "42601",
                    f'conflicting NULL/NOT NULL declarations for column "{name}" of table "{parts.table}"',
                    token,
                )
            column.null_written = "null"
        elif self.at("default"):
            self.advance()
            if column.default is not None:
                raise self.refused(
                    "42601",
                    f'multiple default values specified for column "{name}" of table "{parts.table}"',
                    token,
                )
            column.default = self.expression(COMPARISON)
        elif self.at("generated"):
            self._generated(name, column, parts)
        elif self.take("check"):
            parts.checks.append(st.CheckDefinition(constraint, self._check_expression()))
        elif self.at("unique", "primary"):
            parts.keys.append(st.KeyDefinition(constraint, (name,), self._key_words()))
            self._refuse_index_options()
        elif self.at("references"):
            raise self.unsupported("FOREIGN KEY (REFERENCES)")
        elif self.at("collate"):
            self.advance()
            self.known_collation()
        elif constraint is not None:
            raise self.wrong()
        else:
            before = self._index
            self._constraint_attributes()
            return self._index != before
        return True

    def _generated(self, name: str, column: _ColumnOptions, parts: _Parts) -> None:
        token = self.advance()
        if self.take("always"):
            identity: Literal["always", "by default"] = "always"
        else:
            self.expect("by", "default")
            identity = "by default"
        self.expect("as")
        if self.at_operator("("):
            raise self.unsupported("a generated column")
        self.expect("identity")
        if column.identity is not None:
            raise self.refused("42601", f'multiple identity specifications for column "{name}"', token)
        column.identity = identity
        column.not_null = True
        if self.take_operator("("):
            column.sequence = self.sequence_options()
            self.expect_operator(")")

    # --- ALTER ----------------------------------------------------------------------------------

    def alter(self) -> st.Statement:
        self.expect("alter")
        token = self.token
        if self.at("table", "view", "sequence"):
            return self._alter_relation()
        if self.at("schema", "database"):
            kind: Literal["schema", "database"] = "schema" if self.advance().text == "schema" else "database"
            name = self.name()
            if not self.take("rename", "to"):
                raise self.unsupported(f"ALTER {kind.upper()} … {self.token.text.upper()}", token)
            return st.AlterRename(kind, name, self.name())
        raise self.unsupported(f"ALTER {self._object_words()}", token)

    def _object_words(self) -> str:
        if self.token.kind != "word":
            raise self.wrong()
        words = [self.token.text.upper()]
        if self.at("materialized", "foreign", "event", "text", "access", "default", "operator", "unique"):
            words.append(self.peek().text.upper())
        return " ".join(words)

    def _alter_relation(self) -> st.Statement:
        kind = self.advance().text
        if_exists = self.take("if", "exists")
        if kind == "table":
            self.take("only")
        name = self.qualified_name()
        if kind == "table":
            self.take_operator("*")
        if self.at("rename", "set"):
            action = self._rename(kind)
            if action is not None:
                return st.AlterTable(_relation_kind(kind), name, if_exists, (action,))
        if kind != "table":
            raise self.unsupported(f"ALTER {kind.upper()} … {self.token.text.upper()}")
        actions = [self._alter_action(name.name)]
        while self.take_operator(","):
            actions.append(self._alter_action(name.name))
        return st.AlterTable("table", name, if_exists, tuple(actions))

    def _rename(self, kind: str) -> st.AlterAction | None:
        if self.take("rename", "to"):
            return st.RenameTo(self.name())
        if self.take("set", "schema"):
            return st.SetSchema(self.name())
        if not self.at("rename"):
            return None
        self.advance()
        if self.at("constraint"):
            raise self.unsupported("RENAME CONSTRAINT")
        if kind == "sequence":
            raise self.wrong()
        self.take("column")
        old = self.name()
        self.expect("to")
        return st.RenameColumn(old, self.name())

    def _alter_action(self, table: str) -> st.AlterAction:
        token = self.token
        if self.take("add"):
            return self._add(table)
        if self.take("drop"):
            if self.take("constraint"):
                if_exists = self.take("if", "exists")
                return st.DropConstraint(self.name(), if_exists, self.cascade())
            self.take("column")
            if_exists = self.take("if", "exists")
            return st.DropColumn(self.name(), if_exists, self.cascade())
        if self.take("alter"):
            self.take("column")
            return self._alter_column()
        if token.kind != "word" or token.text not in _OTHER_ACTIONS:
            raise self.wrong()
        raise self.unsupported(f"ALTER TABLE … {token.text.upper()}")

    def _add(self, table: str) -> st.AlterAction:
        parts = _Parts(table)
        if self._at_table_constraint():
            self._table_constraint(parts)
            return st.AddKey(parts.keys[0]) if parts.keys else st.AddCheck(parts.checks[0])
        self.take("column")
        if_not_exists = self.take("if", "not", "exists")
        column = self._column(parts)
        return st.AddColumn(column, tuple(parts.keys), tuple(parts.checks), if_not_exists)

    def _alter_column(self) -> st.AlterAction:
        name = self.name()
        if self.take("set", "data"):
            self.expect("type")
            return self._set_type(name)
        if self.take("type"):
            return self._set_type(name)
        if self.take("set", "default"):
            return st.SetDefault(name, self.expression())
        if self.take("drop", "default"):
            return st.SetDefault(name, None)
        if self.take("set", "not", "null"):
            return st.SetNotNull(name, True)
        if self.take("drop", "not", "null"):
            return st.SetNotNull(name, False)
        if self.at("set", "drop", "add", "reset", "restart"):
            words = f"{self.token.text} {self.peek().text}".upper()
            raise self.unsupported(f"ALTER COLUMN … {words}")
        raise self.wrong()

    def _set_type(self, name: str) -> st.SetType:
        type_name = self.type_name()
        if self.take("collate"):
            self.known_collation()
        using = self.expression() if self.take("using") else None
        return st.SetType(name, type_name, using)

    # --- CREATE of other things, DROP -----------------------------------------------------------

    def create_view(self, or_replace: bool) -> st.Statement:
        self.expect("view")
        name = self.qualified_name()
        columns = self.names() if self.at_operator("(") else None
        if self.at("with"):
            raise self.unsupported("CREATE VIEW … WITH options")
        self.expect("as")
        if not self.starts_query():
            raise self.wrong()
        query = self.query()
        if self.at("with"):
            raise self.unsupported("WITH CHECK OPTION")
        return st.CreateView(name, or_replace, columns, query)

    def create_schema(self) -> st.Statement:
        self.expect("schema")
        if_not_exists = self.take("if", "not", "exists")
        if self.at("authorization"):
            raise self.unsupported("CREATE SCHEMA AUTHORIZATION")
        name = self.name()
        if self.at("authorization"):
            raise self.unsupported("CREATE SCHEMA AUTHORIZATION")
        if self.at("create", "grant"):
            raise self.unsupported("elements in CREATE SCHEMA")
        return st.CreateSchema(name, if_not_exists)

    def create_database(self) -> st.Statement:
        self.expect("database")
        name = self.name()
        self.take("with")
        if self.token.kind == "word":
            raise self.unsupported(f"CREATE DATABASE … {self.token.text.upper()}")
        return st.CreateDatabase(name)

    def drop_relation(self) -> st.Statement:
        """DROP TABLE, VIEW, SEQUENCE, SCHEMA, DATABASE, after the word DROP."""
        kind = _KINDS[self.advance().text]
        if_exists = self.take("if", "exists")
        names = [self._dropped_name(kind)]
        while self.at_operator(",") and kind != "database":
            self.advance()
            names.append(self._dropped_name(kind))
        if kind == "database":
            if self.at("with") or self.at_operator("("):
                raise self.unsupported("DROP DATABASE WITH (FORCE)")
            return st.Drop(kind, tuple(names), if_exists, cascade=False)
        return st.Drop(kind, tuple(names), if_exists, self.cascade())

    def _dropped_name(self, kind: str) -> st.Name:
        return st.Name(self.name()) if kind in ("schema", "database") else self.qualified_name()


@dataclass
class _ColumnOptions:
    not_null: bool = False
    null_written: str | None = None
    default: exp.Expr | None = None
    identity: Literal["always", "by default"] | None = None
    sequence: dict[str, int | bool] = field(default_factory=dict)


def _relation_kind(kind: str) -> Literal["table", "view", "sequence"]:
    match kind:
        case "view":
            return "view"
        case "sequence":
            return "sequence"
    return "table"
