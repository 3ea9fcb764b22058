"""Statements about rows: INSERT, UPDATE, DELETE, TRUNCATE and COPY."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from sql import statement as st
from sql.grammar.copying import CopyClauses
from sql.grammar.cursor import placed
from sql.lexer import STRING

SNAPSHOTS = "mo_snapshots"


class Rows(CopyClauses):
    def qualified_name(self) -> st.Name:
        token = self.token
        parts = [self.name()]
        while self.take_operator("."):
            parts.append(self.label())
        if len(parts) > 3:
            dotted = ".".join(parts)
            raise self.refused("42601", f"improper qualified name (too many dotted names): {dotted}", token)
        return st.Name(parts[-1], *reversed(parts[:-1]))

    def _target_table(self) -> st.Name:
        """``[ONLY] name [*]``"""
        table = self.table_name()
        return st.Name(table.name, table.db or None, table.catalog or None)

    def returning(self) -> tuple[exp.Expr, ...] | None:
        if not self.take("returning"):
            return None
        found = self.targets()
        if not found:
            raise self.wrong()
        return tuple(found)

    def _not_snapshots(self, table: st.Name, verb: str) -> None:
        if is_snapshots(table):
            hint = "Use CREATE SNAPSHOT and DROP SNAPSHOT, or DELETE."
            raise self.refused("55000", f'cannot {verb} "{SNAPSHOTS}"', hint=hint)

    # --- INSERT ---------------------------------------------------------------------------------

    def insert(self, with_: exp.With | None) -> st.Statement:
        self.expect("insert", "into")
        table = self.qualified_name()
        self._not_snapshots(table, "insert into")
        alias = self.name() if self.take("as") else None
        columns = None
        if self.at_operator("(") and not self.starts_query():
            columns = self.names()
        overriding: Literal["system", "user"] | None = None
        if self.take("overriding"):
            overriding = "system" if self.one_of("system", "user") == "system" else "user"
            self.expect("value")
        source = None
        if not self.take("default", "values"):
            if not (self.starts_query()):
                raise self.wrong()
            source = self.query()
        conflict = self._on_conflict()
        return st.Insert(table, alias, columns, source, overriding, conflict, self.returning(), with_)

    def _on_conflict(self) -> exp.OnConflict | None:
        token = self.token
        if not self.take("on", "conflict"):
            return None
        conflict = placed(exp.OnConflict(), token)
        if self.take("on", "constraint"):
            conflict.set("constraint", exp.Identifier(this=self.name()))
        elif self.at_operator("("):
            conflict.set("conflict_keys", self._conflict_target())
            if self.at("where"):
                raise self.unsupported("ON CONFLICT with an index predicate")
        self.expect("do")
        if self.take("nothing"):
            conflict.set("action", exp.Var(this="DO NOTHING"))
            return conflict
        self.expect("update", "set")
        if not (conflict.args.get("constraint") or conflict.args.get("conflict_keys")):
            hint = "For example, ON CONFLICT (column_name)."
            message = "ON CONFLICT DO UPDATE requires inference specification or constraint name"
            raise self.refused("42601", message, token, hint)
        conflict.set("action", exp.Var(this="DO UPDATE"))
        updates = [
            exp.EQ(this=exp.Column(this=exp.Identifier(this=name)), expression=value)
            for name, value in self.assignments()
        ]
        conflict.set("expressions", updates)
        if self.take("where"):
            conflict.set("where", exp.Where(this=self.expression()))
        return conflict

    def _conflict_target(self) -> list[exp.Expr]:
        self.expect_operator("(")
        found: list[exp.Expr] = []
        while True:
            if self.at_operator("(") or self.peek().text == "(":
                raise self.unsupported("ON CONFLICT on an expression")
            found.append(exp.Identifier(this=self.name()))
            if not self.take_operator(","):
                break
        self.expect_operator(")")
        return found

    # --- UPDATE and DELETE ----------------------------------------------------------------------

    def assignments(self) -> list[tuple[str, exp.Expr]]:
        found = self._assignment()
        while self.take_operator(","):
            found += self._assignment()
        return found

    def _assignment(self) -> list[tuple[str, exp.Expr]]:
        token = self.token
        if not self.at_operator("("):
            name = self.name()
            if self.at_operator("[", "."):
                raise self.unsupported("assigning to a part of a column")
            self.expect_operator("=")
            return [(name, self.expression())]
        names = self.names()
        self.expect_operator("=")
        value = self.expression()
        if isinstance(value, exp.Subquery):
            raise self.unsupported("assigning a subquery to several columns", token)
        values = value.expressions if isinstance(value, exp.Tuple) else [value.unnest()]
        if len(values) != len(names):
            raise self.refused("42601", "number of columns does not match number of values", token)
        return list(zip(names, values, strict=True))

    def _condition(self) -> exp.Expr | None:
        if not self.take("where"):
            return None
        if self.follows("current", "of"):
            raise self.unsupported("WHERE CURRENT OF")
        return self.expression()

    def update(self, with_: exp.With | None) -> st.Statement:
        self.expect("update")
        table = self._target_table()
        self._not_snapshots(table, "update")
        alias = self._dml_alias("set")
        self.expect("set")
        assignments = tuple(self.assignments())
        from_ = exp.From(this=self.from_list()) if self.take("from") else None
        where = self._condition()
        return st.Update(table, alias, assignments, from_, where, self.returning(), with_)

    def _dml_alias(self, before: str) -> str | None:
        if self.take("as"):
            return self.name()
        return self.name() if self.at_name() and not self.at(before) else None

    def delete(self, with_: exp.With | None) -> st.Statement:
        self.expect("delete", "from")
        token = self.token
        table = self._target_table()
        alias = self._dml_alias("using")
        using = (self.from_list(),) if self.take("using") else ()
        where = self._condition()
        returning = self.returning()
        if not is_snapshots(table):
            return st.Delete(table, alias, using, where, returning, with_)
        if using or with_ is not None:
            raise self.unsupported(f"DELETE FROM {SNAPSHOTS} with other tables", token)
        here = {alias or SNAPSHOTS}
        where = None if where is None else _unqualified(where, here)
        if returning is not None:
            returning = tuple(_unqualified(item, here) for item in returning)
        return st.DropSnapshot((), False, where, returning, from_delete=True)

    def truncate(self) -> st.Statement:
        self.expect("truncate")
        self.take("table")
        tables = [self._target_table()]
        while self.take_operator(","):
            tables.append(self._target_table())
        restart = False
        if self.take("restart"):
            self.expect("identity")
            restart = True
        elif self.take("continue"):
            self.expect("identity")
        return st.Truncate(tuple(tables), restart, self.cascade())

    def cascade(self) -> bool:
        if self.take("cascade"):
            return True
        self.take("restrict")
        return False

    # --- COPY -----------------------------------------------------------------------------------

    def copy(self) -> st.Statement:
        self.expect("copy")
        table, columns, query = None, None, None
        if self.at_operator("("):
            self.advance()
            if self.at("insert", "update", "delete"):
                raise self.unsupported(f"COPY of {self.token.text.upper()}")
            query = self.query()
            self.expect_operator(")")
            self.expect("to")
            direction: Literal["from", "to"] = "to"
        else:
            if self.at("binary"):
                raise self.unsupported("COPY BINARY")
            table = self.qualified_name()
            columns = self.names() if self.at_operator("(") else None
            direction = "from" if self.one_of("from", "to") == "from" else "to"
        if direction == "from" and table is not None:
            self._not_snapshots(table, "copy into")
        if self.at("program") or self.token.kind == STRING:
            message = f"COPY {direction.upper()} a file or program is not supported"
            raise self.refused("0A000", message, hint="Use COPY FROM STDIN or TO STDOUT; psql's \\copy does.")
        self.one_of("stdin", "stdout")
        return st.Copy(direction, table, columns, query, self.copy_options(direction))


def is_snapshots(table: st.Name) -> bool:
    return table.name == SNAPSHOTS and table.schema in (None, "mo_catalog")


def _unqualified(tree: exp.Expr, qualifiers: set[str]) -> exp.Expr:
    for column in tree.find_all(exp.Column):
        if column.table in qualifiers and not column.db:
            column.set("table", None)
    return tree
