"""Statements about transactions, settings and prepared statements."""

from __future__ import annotations

from typing import Literal

from sql import keywords
from sql import statement as st
from sql.grammar.definitions import Definitions
from sql.lexer import NAME, NUMBER, STRING, WORD, Token


class Sessions(Definitions):
    def statement(self) -> st.Statement:
        raise NotImplementedError

    # --- transactions ---------------------------------------------------------------------------

    def _work(self) -> None:
        self.take("work") or self.take("transaction")

    def begin(self) -> st.Statement:
        start = self.advance().text == "start"
        if start:
            self.expect("transaction")
        else:
            self._work()
        return st.Begin(self._modes(required=False), start)

    def commit(self) -> st.Statement:
        self.advance()
        if self.at("prepared"):
            raise self.unsupported("COMMIT PREPARED")
        self._work()
        return st.Commit(self._chain())

    def rollback(self) -> st.Statement:
        word = self.advance().text
        if self.at("prepared"):
            raise self.unsupported("ROLLBACK PREPARED")
        self._work()
        if word == "rollback" and self.take("to"):
            self.take("savepoint")
            return st.RollbackTo(self.name())
        return st.Rollback(self._chain())

    def _chain(self) -> bool:
        if not self.take("and"):
            return False
        chain = not self.take("no")
        self.expect("chain")
        return chain

    def savepoint(self) -> st.Statement:
        if self.advance().text == "savepoint":
            return st.Savepoint(self.name())
        self.take("savepoint")
        return st.ReleaseSavepoint(self.name())

    def _modes(self, required: bool) -> st.TransactionModes:
        isolation: st.Isolation | None = None
        read_only: bool | None = None
        found = False
        while True:
            if self.take("isolation"):
                self.expect("level")
                isolation = self._isolation()
            elif self.take("read"):
                read_only = self.one_of("only", "write") == "only"
            elif self.at("deferrable"):
                raise self.unsupported("DEFERRABLE")
            elif not self.take("not", "deferrable"):
                break
            found = True
            if self.take_operator(","):
                required = True
                found = False
        if required and not found:
            raise self.wrong()
        return st.TransactionModes(isolation, read_only)

    def _isolation(self) -> st.Isolation:
        if self.at("serializable"):
            raise self.unsupported("SERIALIZABLE")
        if self.take("repeatable"):
            self.expect("read")
            return "repeatable read"
        self.expect("read")
        self.one_of("committed", "uncommitted")
        return "read committed"

    # --- settings -------------------------------------------------------------------------------

    def set(self) -> st.Statement:
        self.expect("set")
        if self.follows("session", "characteristics"):
            self.take("session", "characteristics")
            self.expect("as", "transaction")
            return st.SetTransaction(self._modes(required=True), session=True)
        if self.at("constraints"):
            raise self.unsupported("SET CONSTRAINTS")
        local = False
        if self.at("session", "local") and self.peek().kind in (WORD, NAME):
            local = self.advance().text == "local"
        if self.at("transaction") and self.peek().text not in ("=", "to", "."):
            self.advance()
            if self.take("snapshot"):
                return st.SetTransactionSnapshot(self.snapshot_name())
            return st.SetTransaction(self._modes(required=True), session=False)
        return self._set_value(local)

    def _set_value(self, local: bool) -> st.Statement:
        if self.take("time", "zone"):
            return st.Set("timezone", self._zone(), local)
        if self.at("names") and self.peek().text not in ("=", "to"):
            self.advance()
            encoding = None if self.take("default") else (self.string(),)
            return st.Set("client_encoding", encoding, local)
        if self.at("schema") and self.peek().kind == STRING:
            self.advance()
            return st.Set("search_path", (self.string(),), local)
        for words in (("session", "authorization"), ("role",), ("xml", "option")):
            if self.follows(*words) and self.peek(len(words)).text not in ("=", "to", "."):
                raise self.unsupported("SET " + " ".join(words).upper())
        if self.follows("authorization"):
            raise self.unsupported("SET SESSION AUTHORIZATION")
        name = self._setting_name()
        if not self.take("to"):
            self.expect_operator("=")
        if self.take("default"):
            return st.Set(name, None, local)
        values = [self._setting_value()]
        while self.take_operator(","):
            values.append(self._setting_value())
        return st.Set(name, tuple(values), local)

    def _setting_name(self) -> str:
        name = self.name()
        while self.take_operator("."):
            name += "." + self.label()
        return name.lower()

    def _setting_value(self) -> str:
        token = self.token
        if token.kind in (STRING, NAME):
            return self.advance().text
        if token.kind == WORD:
            if token.text not in ("true", "false", "on") and token.text in keywords.RESERVED:
                raise self.wrong()
            return self.advance().text
        return self._signed_number()

    def _signed_number(self) -> str:
        sign = "-" if self.take_operator("-") else ""
        if not sign:
            self.take_operator("+")
        if self.token.kind != NUMBER:
            raise self.wrong()
        return sign + self.advance().text

    def _zone(self) -> tuple[str, ...] | None:
        if self.take("default") or self.take("local"):
            return None
        if self.at("interval"):
            raise self.unsupported("SET TIME ZONE INTERVAL")
        return (self._setting_value(),)

    def reset(self) -> st.Statement:
        self.expect("reset")
        return st.Reset(self._shown_name("RESET"))

    def show(self) -> st.Statement:
        self.expect("show")
        return st.Show(self._shown_name("SHOW"))

    def _shown_name(self, verb: str) -> str | None:
        if self.take("all"):
            return None
        if self.take("time", "zone"):
            return "timezone"
        if self.take("transaction", "isolation"):
            self.expect("level")
            return "transaction_isolation"
        if self.take("session", "authorization"):
            if verb == "RESET":
                raise self.unsupported("RESET SESSION AUTHORIZATION")
            return "session_authorization"
        return self._setting_name()

    def discard(self) -> st.Statement:
        self.expect("discard")
        whats: dict[str, Literal["all", "plans", "temp", "sequences"]] = {
            "all": "all", "plans": "plans", "temp": "temp", "temporary": "temp", "sequences": "sequences",
        }  # fmt: skip
        return st.Discard(whats[self.one_of(*whats)])

    # --- prepared statements, cursors, channels -------------------------------------------------

    def prepare(self) -> st.Statement:
        self.expect("prepare")
        if self.at("transaction"):
            raise self.unsupported("PREPARE TRANSACTION")
        name = self.name()
        types: list[str] = []
        if self.take_operator("("):
            types.append(self.type_name())
            while self.take_operator(","):
                types.append(self.type_name())
            self.expect_operator(")")
        self.expect("as")
        return st.Prepare(name, tuple(types), self._preparable("PREPARE"))

    def _preparable(self, verb: str) -> st.Statement:
        token = self.token
        if not (
            self.at("select", "with", "values", "table", "insert", "update", "delete") or self.starts_query()
        ):
            if self.at("merge", "restore", "create", "declare", "execute", "refresh"):
                raise self.unsupported(f"{verb} of {token.text.upper()}")
            raise self.wrong()
        return self.statement()

    def execute(self) -> st.Statement:
        self.expect("execute")
        name = self.name()
        arguments = []
        if self.take_operator("("):
            arguments = self.expressions()
            self.expect_operator(")")
        return st.Execute(name, tuple(arguments))

    def deallocate(self) -> st.Statement:
        self.expect("deallocate")
        if self.at("prepare") and self.peek().kind in (WORD, NAME):
            self.advance()
        return st.Deallocate(None if self.take("all") else self.name())

    def close(self) -> st.Statement:
        self.expect("close")
        if not self.take("all"):
            self.name()
            raise self.unsupported("CLOSE of a cursor")
        return st.CloseCursor()

    def unlisten(self) -> st.Statement:
        self.expect("unlisten")
        if not self.take_operator("*"):
            raise self.unsupported("UNLISTEN of a channel")
        return st.Listen()

    # --- EXPLAIN --------------------------------------------------------------------------------

    def explain(self) -> st.Statement:
        self.expect("explain")
        analyze = False
        if self.at_operator("(") and not self.starts_query():
            self.advance()
            analyze = self._explain_option()
            while self.take_operator(","):
                analyze = self._explain_option() or analyze
            self.expect_operator(")")
        else:
            analyze = self.take("analyze") or self.take("analyse")
            if self.at("verbose"):
                raise self.unsupported("EXPLAIN VERBOSE")
        if self.follows("undrop", "tenant"):
            raise self.unsupported("EXPLAIN of UNDROP TENANT")
        if self.at("restore", "undo", "undrop"):
            return st.Explain(analyze, self.statement())
        return st.Explain(analyze, self._preparable("EXPLAIN"))

    def _explain_option(self) -> bool:
        """ANALYZE, and those others that ask for what we do anyway."""
        token = self.token
        option = self.label()
        value = "true" if self.at_operator(",", ")") else self.advance().text.lower()
        off = value in ("false", "off", "0")
        if option in ("analyze", "analyse"):
            return not off
        if option == "format" and value == "text":
            return False
        known = (
            "verbose",
            "costs",
            "settings",
            "generate_plan",
            "buffers",
            "wal",
            "timing",
            "summary",
            "format",
        )
        if option not in known:
            raise self.refused("42601", f'unrecognized EXPLAIN option "{option}"', token)
        if not off:
            raise self.unsupported(f"EXPLAIN option {option.upper()}", token)
        return False

    def unknown(self, token: Token) -> st.Statement:
        raise self.wrong(token)
