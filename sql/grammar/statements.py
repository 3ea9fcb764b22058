"""Which statement it is, by its first words; and what PostgreSQL has and we do not, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sql import statement as st
from sql.grammar.snapshots import Snapshots

_UNSUPPORTED = {
    "call": "CALL", "cluster": "CLUSTER", "comment": "COMMENT",
    "declare": "DECLARE CURSOR", "do": "DO", "fetch": "FETCH", "grant": "GRANT",
    "import": "IMPORT FOREIGN SCHEMA", "listen": "LISTEN", "load": "LOAD", "lock": "LOCK TABLE",
    "merge": "MERGE", "move": "MOVE", "notify": "NOTIFY", "reassign": "REASSIGN OWNED",
    "refresh": "REFRESH MATERIALIZED VIEW", "reindex": "REINDEX", "revoke": "REVOKE",
    "security": "SECURITY LABEL",
}  # fmt: skip
_OBJECTS = frozenset(
    [
        "access",
        "aggregate",
        "cast",
        "collation",
        "conversion",
        "default",
        "domain",
        "event",
        "extension",
        "foreign",
        "function",
        "group",
        "index",
        "language",
        "large",
        "materialized",
        "operator",
        "policy",
        "procedural",
        "procedure",
        "publication",
        "role",
        "rule",
        "server",
        "statistics",
        "subscription",
        "tablespace",
        "temp",
        "temporary",
        "text",
        "transform",
        "trigger",
        "trusted",
        "type",
        "unique",
        "unlogged",
        "user",
        "global",
        "local",
        "recursive",
        "constraint",
        "routine",
        "owned",
    ]
)


_INSTEAD = {
    "INDEX": "None is needed: rows are kept in the order of the primary key, and a scan leaves out the row "
    "groups that cannot have what it looks for.",
    "UNIQUE INDEX": "ALTER TABLE ... ADD UNIQUE (...) keeps values unique.",
}
"""What to do in place of CREATE."""

_AFTER_WITH = frozenset(["select", "values", "table", "insert", "update", "delete", "merge"])


class Statements(Snapshots):
    def statement(self) -> st.Statement:
        token = self.token
        if self.at_operator("("):
            return st.Query(self.query())
        if token.kind != "word":
            raise self.wrong()
        reader = _READERS.get(token.text)
        if reader is not None:
            return reader(self)
        if token.text in _UNSUPPORTED:
            raise self.unsupported(_UNSUPPORTED[token.text])
        raise self.wrong()

    def read_query(self) -> st.Statement:
        return st.Query(self.query())

    def read_with(self) -> st.Statement:
        """WITH belongs to the statement that follows it."""
        ahead = self._after_common_tables()
        word = self.peek(ahead).text
        if word not in ("insert", "update", "delete", "merge"):
            return st.Query(self.query())
        with_ = self.with_clause()
        match word:
            case "insert":
                return self.insert(with_)
            case "update":
                return self.update(with_)
            case "delete":
                return self.delete(with_)
        raise self.unsupported("MERGE")

    def _after_common_tables(self) -> int:
        """How many tokens ahead the word is that follows ``WITH a AS (…), b AS (…)``."""
        ahead, depth = 1, 0
        while True:
            token = self.peek(ahead)
            if token.kind == "end":
                return ahead
            if token.kind == "operator":
                depth += (token.text == "(") - (token.text == ")")
            elif depth == 0 and token.kind == "word" and token.text in _AFTER_WITH:
                previous = self.peek(ahead - 1)
                if previous.text == ")" and previous.kind == "operator":
                    return ahead
            ahead += 1

    def read_insert(self) -> st.Statement:
        return self.insert(None)

    def read_update(self) -> st.Statement:
        return self.update(None)

    def read_delete(self) -> st.Statement:
        return self.delete(None)

    def create(self) -> st.Statement:
        token = self.advance()
        or_replace = self.take("or", "replace")
        if self.at("view"):
            return self.create_view(or_replace)
        word = self.token.text
        creator = _CREATORS.get(word) if self.token.kind == "word" and not or_replace else None
        if creator is not None:
            return creator(self)
        if self.at(*_OBJECTS):
            words = self._created_words()
            message = f"CREATE {words} is not supported"
            raise self.refused("0A000", message, token, hint=_INSTEAD.get(words))
        raise self.wrong()

    def _created_words(self) -> str:
        words = self._object_words()
        if self.at("temp", "temporary", "unlogged", "global", "local", "recursive", "trusted", "constraint"):
            words += " " + self.peek().text.upper()
        return words

    def read_undrop(self) -> st.Statement:
        if self.peek().text in ("view", "sequence"):
            kind = self.peek().text.upper()
            hint = "It comes back with all of its schema or database: RESTORE SCHEMA, RESTORE DATABASE."
            raise self.refused("0A000", f"UNDROP {kind} is not supported", hint=hint)
        return self.undrop()

    def read_alter(self) -> st.Statement:
        if self.peek().kind == "word" and self.peek().text == "tenant":
            self.advance()
            return self.alter_tenant()
        if self.peek().kind == "word" and self.peek().text in ("role", "user"):
            self.advance()
            return self.alter_role()
        return self.alter()

    def drop(self) -> st.Statement:
        token = self.advance()
        if self.at("table", "view", "sequence", "schema", "database"):
            return self.drop_relation()
        if self.at("snapshot"):
            return self.drop_snapshot()
        if self.at("tenant"):
            return self.drop_tenant()
        if self.at(*_OBJECTS):
            raise self.unsupported(f"DROP {self._object_words()}", token)
        raise self.wrong()

    def checkpoint(self) -> st.Statement:
        self.advance()
        return st.Checkpoint()


_CREATORS: dict[str, Callable[[Any], st.Statement]] = {
    "table": Statements.create_table,
    "sequence": Statements.create_sequence,
    "schema": Statements.create_schema,
    "database": Statements.create_database,
    "tenant": Statements.create_tenant,
    "snapshot": Statements.create_snapshot,
}
_READERS: dict[str, Callable[[Any], st.Statement]] = {
    "select": Statements.read_query,
    "values": Statements.read_query,
    "table": Statements.read_query,
    "with": Statements.read_with,
    "insert": Statements.read_insert,
    "undrop": Statements.read_undrop,
    "update": Statements.read_update,
    "delete": Statements.read_delete,
    "truncate": Statements.truncate,
    "copy": Statements.copy,
    "explain": Statements.explain,
    "create": Statements.create,
    "alter": Statements.read_alter,
    "drop": Statements.drop,
    "begin": Statements.begin,
    "start": Statements.begin,
    "commit": Statements.commit,
    "end": Statements.commit,
    "rollback": Statements.rollback,
    "abort": Statements.rollback,
    "savepoint": Statements.savepoint,
    "release": Statements.savepoint,
    "set": Statements.set,
    "reset": Statements.reset,
    "show": Statements.show,
    "discard": Statements.discard,
    "prepare": Statements.prepare,
    "execute": Statements.execute,
    "deallocate": Statements.deallocate,
    "close": Statements.close,
    "unlisten": Statements.unlisten,
    "restore": Statements.restore,
    "undo": Statements.undo_restore,
    "vacuum": Statements.vacuum,
    "analyze": Statements.analyze,
    "analyse": Statements.analyze,
    "checkpoint": Statements.checkpoint,
}
