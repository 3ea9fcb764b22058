"""Texts to statements: the classes of `sql.statement`, strictness, and trees that come back as text."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlglot import exp

from sql import statement as st
from sql.answers import CopyOptions
from sql.errors import SqlError
from sql.parse import parse, parse_expression, parse_query, to_postgres, values_rows
from sql.statement import Name
from tests.front.world import planned


def only(text: str) -> st.Statement:
    (parsed,) = parse(text)
    return parsed.statement


def test_blank_texts_have_no_statements() -> None:
    for text in ("", " \n", ";", ";;  ;", "-- x", "/* a /* b */ c */", " ; -- x\n ;"):
        assert parse(text) == []


def test_several_statements_know_where_they_are() -> None:
    text = "SELECT 1; -- one\n  BEGIN ; UPDATE t SET a = ';' "
    assert [(p.text, p.offset) for p in parse(text)] == [
        ("SELECT 1", 0),
        ("BEGIN", 19),
        ("UPDATE t SET a = ';'", 27),
    ]


_PLAIN: dict[str, st.Statement] = {
    "BEGIN": st.Begin(st.TransactionModes(), start=False),
    "begin work": st.Begin(st.TransactionModes(), start=False),
    "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY": st.Begin(
        st.TransactionModes("repeatable read", True), start=True
    ),
    "BEGIN READ WRITE ISOLATION LEVEL READ UNCOMMITTED": st.Begin(
        st.TransactionModes("read committed", False), start=False
    ),
    "COMMIT": st.Commit(False),
    "END TRANSACTION": st.Commit(False),
    "COMMIT AND CHAIN": st.Commit(True),
    "ROLLBACK AND NO CHAIN": st.Rollback(False),
    "ABORT": st.Rollback(False),
    "SAVEPOINT a": st.Savepoint("a"),
    'RELEASE SAVEPOINT "A b"': st.ReleaseSavepoint("A b"),
    "RELEASE a": st.ReleaseSavepoint("a"),
    "ROLLBACK TO a": st.RollbackTo("a"),
    "ROLLBACK WORK TO SAVEPOINT a": st.RollbackTo("a"),
    "SET TRANSACTION READ ONLY": st.SetTransaction(st.TransactionModes(None, True), session=False),
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED": st.SetTransaction(
        st.TransactionModes("read committed", None), session=True
    ),
    "SET x TO 'a', b, 3": st.Set("x", ("a", "b", "3"), False),
    "SET LOCAL rewinddb.as_of = 'now'": st.Set("rewinddb.as_of", ("now",), True),
    "SET SESSION x = on": st.Set("x", ("on",), False),
    "SET x = -1.5": st.Set("x", ("-1.5",), False),
    "SET x TO DEFAULT": st.Set("x", None, False),
    "SET TIME ZONE 'Asia/Tokyo'": st.Set("timezone", ("Asia/Tokyo",), False),
    "SET TIME ZONE LOCAL": st.Set("timezone", None, False),
    "SET NAMES 'utf8'": st.Set("client_encoding", ("utf8",), False),
    "SET SCHEMA 'a'": st.Set("search_path", ("a",), False),
    "RESET ALL": st.Reset(None),
    "RESET TIME ZONE": st.Reset("timezone"),
    "SHOW ALL": st.Show(None),
    "SHOW TRANSACTION ISOLATION LEVEL": st.Show("transaction_isolation"),
    "SHOW Search_Path": st.Show("search_path"),
    "DISCARD ALL": st.Discard("all"),
    "DEALLOCATE ALL": st.Deallocate(None),
    "DEALLOCATE PREPARE p": st.Deallocate("p"),
    "CLOSE ALL": st.CloseCursor(),
    "UNLISTEN *": st.Listen(),
    "CHECKPOINT": st.Checkpoint(),
    "CREATE SCHEMA IF NOT EXISTS s": st.CreateSchema("s", True),
    "CREATE DATABASE d": st.CreateDatabase("d"),
    "ALTER SCHEMA s RENAME TO t": st.AlterRename("schema", "s", "t"),
    "ALTER DATABASE s RENAME TO t": st.AlterRename("database", "s", "t"),
    "DROP TABLE IF EXISTS a, b.c CASCADE": st.Drop("table", (Name("a"), Name("c", "b")), True, True),
    "DROP VIEW v": st.Drop("view", (Name("v"),), False, False),
    "DROP SCHEMA s RESTRICT": st.Drop("schema", (Name("s"),), False, False),
    "DROP DATABASE d": st.Drop("database", (Name("d"),), False, False),
    "TRUNCATE a, ONLY b RESTART IDENTITY CASCADE": st.Truncate((Name("a"), Name("b")), True, True),
    "TRUNCATE TABLE a": st.Truncate((Name("a"),), False, False),
    "CREATE SEQUENCE s START 5 INCREMENT BY -2 MINVALUE -9 NO MAXVALUE CYCLE CACHE 1": st.CreateSequence(
        Name("s"), False, {"start": 5, "increment": -2, "minimum": -9, "cycle": True}
    ),
    "CREATE SEQUENCE IF NOT EXISTS s AS smallint": st.CreateSequence(Name("s"), True, {"maximum": 32767}),
    "ALTER TABLE IF EXISTS ONLY a RENAME TO b": st.AlterTable("table", Name("a"), True, (st.RenameTo("b"),)),
    "ALTER TABLE a RENAME COLUMN b TO c": st.AlterTable(
        "table", Name("a"), False, (st.RenameColumn("b", "c"),)
    ),
    "ALTER VIEW a SET SCHEMA s": st.AlterTable("view", Name("a"), False, (st.SetSchema("s"),)),
    "ALTER SEQUENCE a RENAME TO b": st.AlterTable("sequence", Name("a"), False, (st.RenameTo("b"),)),
    "ALTER TABLE a DROP b, DROP COLUMN IF EXISTS c CASCADE, DROP CONSTRAINT d": st.AlterTable(
        "table",
        Name("a"),
        False,
        (
            st.DropColumn("b", False, False),
            st.DropColumn("c", True, True),
            st.DropConstraint("d", False, False),
        ),
    ),
    "ALTER TABLE a ALTER b SET NOT NULL, ALTER COLUMN b DROP NOT NULL, ALTER b DROP DEFAULT": st.AlterTable(
        "table",
        Name("a"),
        False,
        (st.SetNotNull("b", True), st.SetNotNull("b", False), st.SetDefault("b", None)),
    ),
    "ALTER TABLE a ALTER b SET DATA TYPE numeric(5, 2)": st.AlterTable(
        "table", Name("a"), False, (st.SetType("b", "numeric(5,2)", None),)
    ),
    "ALTER TABLE a ADD CONSTRAINT k PRIMARY KEY (b, c)": st.AlterTable(
        "table", Name("a"), False, (st.AddKey(st.KeyDefinition("k", ("b", "c"), True)),)
    ),
    "CREATE TENANT IF NOT EXISTS t ADMIN a PASSWORD 'p'": st.CreateTenant("t", True, "a", "p"),
    "DROP TENANT IF EXISTS t": st.DropTenant("t", True),
    "UNDROP TENANT t": st.UndropTenant("t"),
    "UNDROP TENANT t TO TIMESTAMP $1": st.UndropTenant("t", exp.Parameter(this=exp.Literal.number(1))),
    "create snapshot": st.CreateSnapshot(None, False, None, None, None, None),
    "CREATE SNAPSHOT IF NOT EXISTS s FOR TENANT WITH (comment = 'c', retain = '7 days')": st.CreateSnapshot(
        "s", True, None, "c", "7 days", None
    ),
    "DROP SNAPSHOT s": st.DropSnapshot(("s",), False, None, None, False),
    "DROP SNAPSHOT a, name": st.DropSnapshot(("a", "name"), False, None, None, False),
    "DROP SNAPSHOT IF EXISTS name": st.DropSnapshot(("name",), True, None, None, False),
    "DELETE FROM mo_snapshots": st.DropSnapshot((), False, None, None, True),
    "DELETE FROM mo_catalog.mo_snapshots": st.DropSnapshot((), False, None, None, True),
    "CREATE SNAPSHOT FOR SCHEMA d.s": st.CreateSnapshot(
        None, False, None, None, None, None, "schema", st.Name("s", database="d")
    ),
    "CREATE SNAPSHOT x FOR TABLE d.s.t WITH (retain = '1 day')": st.CreateSnapshot(
        "x", False, None, None, "1 day", None, "table", st.Name("t", "s", "d")
    ),
    "RESTORE TABLE a, s.b FROM SNAPSHOT x USING LOGICAL": st.Restore(
        None, "x", None, "logical", "table", (st.Name("a"), st.Name("b", "s"))
    ),
    "RESTORE SCHEMA d.s FROM SNAPSHOT x": st.Restore(
        None, "x", None, "physical", "schema", (st.Name("s", database="d"),)
    ),
    "RESTORE DATABASE d FROM SNAPSHOT x": st.Restore(
        None, "x", None, "physical", "database", (st.Name("d"),)
    ),
    "RESTORE TABLE t FROM SNAPSHOT x TO TABLE s.u": st.Restore(
        None, "x", None, "physical", "table", (st.Name("t"),), st.Name("u", "s")
    ),
    "UNDROP SCHEMA d.s": st.Undrop("schema", st.Name("s", database="d")),
    "UNDO RESTORE": st.UndoRestore(None),
    "UNDO RESTORE 17": st.UndoRestore(17),
    "EXPLAIN UNDO RESTORE": st.Explain(False, st.UndoRestore(None)),
    "EXPLAIN (ANALYZE) UNDROP TABLE t": st.Explain(True, st.Undrop("table", Name("t"))),
    "VACUUM": st.Vacuum(None, False),
    "VACUUM (DRY_RUN) s.t": st.Vacuum(st.Name("t", "s"), True),
    "ALTER TENANT t SET (history_retention = '7 days')": st.AlterTenant(
        "t", (("history_retention", "7 days"),)
    ),
    "ALTER TENANT t SET (memory_limit = '2GB', history_retention = '1 day')": st.AlterTenant(
        "t", (("memory_limit", "2GB"), ("history_retention", "1 day"))
    ),
    "ALTER TENANT t RESET (history_retention, memory_limit)": st.AlterTenant(
        "t", (("history_retention", None), ("memory_limit", None))
    ),
    "RESTORE TENANT FROM SNAPSHOT s": st.Restore(None, "s", None, "physical"),
    "RESTORE TENANT t FROM SNAPSHOT '2024-01-01 00:00:00+00' USING LOGICAL": st.Restore(
        "t", "2024-01-01 00:00:00+00", None, "logical"
    ),
    "COPY t FROM STDIN": st.Copy("from", Name("t"), None, None, CopyOptions()),
    "COPY t (a, b) TO STDOUT (FORMAT csv, HEADER, NULL 'x')": st.Copy(
        "to", Name("t"), ("a", "b"), None, CopyOptions("csv", ",", "x", header=True)
    ),
    "COPY t FROM stdin CSV HEADER QUOTE ''''": st.Copy(
        "from", Name("t"), None, None, CopyOptions("csv", ",", "", header=True, quote="'", escape="'")
    ),
    "COPY t TO stdout WITH (FORMAT csv, FORCE_QUOTE *)": st.Copy(
        "to", Name("t"), None, None, CopyOptions("csv", ",", "", force_quote=None)
    ),
    "COPY t FROM stdin WITH DELIMITER AS '|' NULL AS ''": st.Copy(
        "from", Name("t"), None, None, CopyOptions("text", "|", "")
    ),
}


@pytest.mark.parametrize(("text", "expected"), _PLAIN.items(), ids=list(_PLAIN))
def test_plain_statements(text: str, expected: st.Statement) -> None:
    assert only(text) == expected
    assert only(text + ";") == expected


def test_create_table() -> None:
    statement = only(
        "CREATE TABLE IF NOT EXISTS s.t (id bigserial, a varchar(20) NOT NULL DEFAULT 'x' UNIQUE,"
        ' "B" timestamp(3) with time zone CHECK ("B" > now()), n int[] NULL,'
        " i int GENERATED BY DEFAULT AS IDENTITY (START 10 INCREMENT 5) PRIMARY KEY,"
        " CONSTRAINT k UNIQUE (a, n), CONSTRAINT c CHECK (a <> ''))"
    )
    assert isinstance(statement, st.CreateTable)
    assert (statement.table, statement.if_not_exists, statement.query) == (Name("t", "s"), True, None)
    described = [(c.name, c.type, c.not_null, c.identity, c.serial) for c in statement.columns]
    assert described == [
        ("id", "bigint", True, None, True),
        ("a", "varchar(20)", True, None, False),
        ("B", "timestamp(3) with time zone", False, None, False),
        ("n", "int[]", False, None, False),
        ("i", "int", True, "by default", False),
    ]
    assert statement.columns[4].sequence_options == {"start": 10, "increment": 5}
    assert statement.keys == (
        st.KeyDefinition(None, ("a",), False),
        st.KeyDefinition(None, ("i",), True),
        st.KeyDefinition("k", ("a", "n"), False),
    )
    assert [(c.name, to_postgres(c.expression)) for c in statement.checks] == [
        (None, '"B" > now()'),
        ("c", "a <> ''"),
    ]


def test_create_table_as() -> None:
    statement = only("CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA")
    assert isinstance(statement, st.CreateTable)
    assert (statement.column_names, statement.with_data) == (("a", "b"), False)
    assert statement.query is not None


def test_insert() -> None:
    statement = only(
        "WITH w AS (SELECT 1) INSERT INTO s.t AS x (a, b) OVERRIDING SYSTEM VALUE"
        " VALUES (1, DEFAULT), ($1, 'y')"
        " ON CONFLICT (a, b) DO UPDATE SET b = excluded.b, a = DEFAULT WHERE x.a > 1 RETURNING a, b AS c"
    )
    assert isinstance(statement, st.Insert)
    assert (statement.table, statement.alias, statement.columns) == (Name("t", "s"), "x", ("a", "b"))
    assert statement.overriding == "system"
    rows = values_rows(statement.source)
    assert rows is not None
    assert [[type(item).__name__ for item in row.expressions] for row in rows] == [
        ["Literal", "Var"],
        ["Parameter", "Literal"],
    ]
    conflict = statement.conflict
    assert conflict is not None
    assert conflict.args["action"].this == "DO UPDATE"
    assert [key.this for key in conflict.args["conflict_keys"]] == ["a", "b"]
    assert statement.returning is not None
    assert [item.sql() for item in statement.returning] == ["a", "b AS c"]
    assert statement.with_ is not None
    default = only("INSERT INTO t DEFAULT VALUES")
    assert isinstance(default, st.Insert)
    assert default.source is None
    assert values_rows(None) is None


def test_update_and_delete() -> None:
    update = only("UPDATE ONLY t AS x SET a = 1, (b, c) = (2, DEFAULT) FROM u, v WHERE x.a = u.a RETURNING *")
    assert isinstance(update, st.Update)
    assert [name for name, _ in update.assignments] == ["a", "b", "c"]
    assert update.from_ is not None
    assert len(update.from_.this.args["joins"]) == 1
    delete = only("DELETE FROM t USING u WHERE t.a = u.a RETURNING t.a")
    assert isinstance(delete, st.Delete)
    assert len(delete.using) == 1


def test_snapshot_filters() -> None:
    for text in (
        "DROP SNAPSHOT timestamp < now() - interval '7 days'",
        "DROP SNAPSHOT WHERE name LIKE 'nightly%' RETURNING name",
        "DROP SNAPSHOT true",
        "DROP SNAPSHOT name",
        "DROP SNAPSHOT name = 'x'",
        "DELETE FROM mo_snapshots s WHERE s.name = 'x' RETURNING s.name",
    ):
        statement = only(text)
        assert isinstance(statement, st.DropSnapshot)
        assert statement.names == ()
        assert statement.filter is not None
        assert not any(column.table for column in statement.filter.find_all(exp.Column))
        assert statement.from_delete == text.startswith("DELETE")


def test_moments() -> None:
    texts = {
        "t FOR SYSTEM_TIME AS OF now() - interval '1 day' AS x": "TIMESTAMP",
        "t AS x FOR SYSTEM_TIME AS OF '2024-01-01'": "TIMESTAMP",
        "t FOR SYSTEM_TIME AS OF SNAPSHOT 's' x": "SNAPSHOT",
        "t {SNAPSHOT = 's'} x": "SNAPSHOT",
        "t {TIMESTAMP = $1} x": "TIMESTAMP",
        "t AT (TIMESTAMP => now()) x": "TIMESTAMP",
        "t AT (SNAPSHOT => 's') AS x": "SNAPSHOT",
    }
    for text, kind in texts.items():
        tree = parse_query(f"SELECT * FROM {text} JOIN u ON true")
        (version,) = tree.find_all(exp.Version)
        assert version.this == kind
        assert isinstance(version.parent, exp.Table)
        assert version.parent.alias == "x"


_REFUSED = """
CREATE INDEX i ON t (a)
CREATE UNIQUE INDEX i ON t (a)
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''
CREATE PROCEDURE p() LANGUAGE sql AS ''
CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()
CREATE TYPE t AS ENUM ('a')
CREATE DOMAIN d AS int
CREATE EXTENSION x
CREATE ROLE r
CREATE USER r
CREATE MATERIALIZED VIEW v AS SELECT 1
CREATE TEMP TABLE t (a int)
CREATE TEMPORARY VIEW v AS SELECT 1
CREATE UNLOGGED TABLE t (a int)
CREATE RECURSIVE VIEW v (a) AS SELECT 1
CREATE VIEW v WITH (security_barrier) AS SELECT 1
CREATE VIEW v AS SELECT 1 WITH CHECK OPTION
CREATE TABLE t (a int REFERENCES u)
CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES u (b))
CREATE TABLE t (a int GENERATED ALWAYS AS (1) STORED)
CREATE TABLE t (a int) INHERITS (u)
CREATE TABLE t (a int) PARTITION BY RANGE (a)
CREATE TABLE t PARTITION OF u DEFAULT
CREATE TABLE t CLONE u
CREATE TABLE t OF x
CREATE TABLE t (a int) TABLESPACE x
CREATE TABLE t (a int) WITH (fillfactor = 10)
CREATE TABLE t (a int) USING heap
CREATE TABLE t (LIKE u)
CREATE TABLE t (a int, EXCLUDE USING gist (a WITH =))
CREATE TABLE t (a int UNIQUE DEFERRABLE)
CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT)
CREATE TABLE t (a text COLLATE "de_DE")
CREATE SCHEMA AUTHORIZATION x
CREATE SCHEMA s CREATE TABLE t (a int)
CREATE DATABASE d OWNER x
CREATE DATABASE d TEMPLATE e
CREATE SEQUENCE s CACHE 10
CREATE SEQUENCE s OWNED BY t.a
ALTER TABLE t OWNER TO x
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u
ALTER TABLE t ENABLE TRIGGER x
ALTER TABLE t ALTER a SET STATISTICS 5
ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY
ALTER TABLE t RENAME CONSTRAINT a TO b
ALTER TABLE t ADD UNIQUE USING INDEX i
ALTER TABLE t ADD CHECK (a > 1) NOT VALID
ALTER SEQUENCE s RESTART
ALTER ROLE r SUPERUSER
ALTER SYSTEM SET x = 1
ALTER DATABASE d SET x = 1
DROP INDEX i
DROP FUNCTION f
DROP DATABASE d WITH (FORCE)
GRANT SELECT ON t TO r
REVOKE ALL ON t FROM r
LISTEN x
NOTIFY x
UNLISTEN x
DECLARE c CURSOR FOR SELECT 1
FETCH c
MOVE c
CLOSE c
LOCK TABLE t
MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE
COMMENT ON TABLE t IS 'x'
VACUUM FULL
VACUUM (DRY_RUN, VERBOSE)
VACUUM t, u
VACUUM t (a)
ALTER TENANT t SET (color = 'blue')
ALTER TENANT t RESET (color)
RESTORE SCHEMA a FROM SNAPSHOT s TO SCHEMA u
REINDEX TABLE t
CLUSTER t
DO ''
CALL p()
REFRESH MATERIALIZED VIEW v
SECURITY LABEL ON TABLE t IS 'x'
PREPARE TRANSACTION 'x'
COMMIT PREPARED 'x'
SET SESSION AUTHORIZATION x
SET ROLE x
SET CONSTRAINTS ALL DEFERRED
BEGIN ISOLATION LEVEL SERIALIZABLE
BEGIN DEFERRABLE
EXPLAIN VERBOSE SELECT 1
EXPLAIN (FORMAT json) SELECT 1
EXPLAIN CREATE TABLE t AS SELECT 1
COPY t FROM '/etc/passwd'
COPY t TO 'x'
COPY t FROM PROGRAM 'x'
COPY t FROM stdin (FORMAT binary)
COPY t FROM stdin (FREEZE)
COPY t FROM stdin (ENCODING 'latin1')
COPY t FROM stdin (QUOTE 'x')
COPY t FROM stdin WHERE a > 1
SELECT * FROM t FOR UPDATE
SELECT * FROM t FOR NO KEY UPDATE
SELECT * FROM t FOR SHARE
SELECT * INTO x FROM t
SELECT * FROM t TABLESAMPLE system (1)
SELECT * FROM t FETCH FIRST 1 ROW WITH TIES
SELECT * FROM ROWS FROM (f())
SELECT * FROM t FOR SYSTEM_TIME BETWEEN 1 AND 2
SELECT xmlelement(name a)
SELECT a FROM t GROUP BY DISTINCT a
WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x
WITH RECURSIVE x AS (SELECT 1) SEARCH DEPTH FIRST BY a SET b SELECT 1
UPDATE t SET (a, b) = (SELECT 1, 2)
UPDATE t SET a[1] = 2
UPDATE t SET a = 1 WHERE CURRENT OF c
INSERT INTO t VALUES (1) ON CONFLICT (lower(a)) DO NOTHING
"""


@pytest.mark.parametrize("text", _REFUSED.strip().splitlines())
def test_what_postgresql_has_and_we_do_not_is_named(text: str) -> None:
    with pytest.raises(SqlError) as raised:
        parse(text)
    assert raised.value.sqlstate == "0A000"
    assert raised.value.position is not None
    assert len(raised.value.message) > len(" is not supported")


@pytest.mark.parametrize(
    "verb", ["INSERT INTO {} VALUES (1)", "UPDATE {} SET name = 'x'", "COPY {} FROM STDIN"]
)
def test_snapshots_are_written_by_their_statements_only(verb: str) -> None:
    for name in ("mo_snapshots", "mo_catalog.mo_snapshots"):
        with pytest.raises(SqlError) as raised:
            parse(verb.format(name))
        assert raised.value.hint is not None
        assert "CREATE SNAPSHOT" in raised.value.hint
    assert parse(verb.format("public.mo_snapshots"))


_LENIENT = """
SELECT a FROM t PIVOT (sum(x) FOR y IN (1))
SELECT a FROM t WITH (NOLOCK)
SELECT a FROM t ORDER BY a WHERE b
SELECT a, FROM t
FROM t
INSERT INTO t VALUES (1) junk
SELECT 1 AS a b
UPDATE t SET a
CREATE TABLE t (a int junk)
CREATE SNAPSHOT a b
CREATE SNAPSHOT WITH comment = 'x'
CREATE SNAPSHOT s WITH (colour = 'x')
CREATE SNAPSHOT s WITH (comment = 'x', comment = 'y')
DROP SNAPSHOT
DROP SNAPSHOT a b
DROP SNAPSHOT IF EXISTS a = b
RESTORE TENANT t
RESTORE TENANT FROM SNAPSHOT
RESTORE TENANT FROM SNAPSHOT s USING MAGIC
RESTORE
CREATE TENANT t
CREATE TENANT t ADMIN a
CREATE TENANT t ADMIN a PASSWORD p
SELECT * FROM t FOR SYSTEM_TIME
SELECT * FROM t FOR SYSTEM_TIME AS OF
SELECT * FROM t {SNAPSHOT 's'}
SELECT * FROM t {VERSION = 's'}
SELECT * FROM t AT (SNAPSHOT = 's')
SELECT * FROM f() FOR SYSTEM_TIME AS OF now()
SET TRANSACTION
BEGIN READ
EXPLAIN EXPLAIN SELECT 1
EXPLAIN (nonsense) SELECT 1
PREPARE p AS BEGIN
SELECT DISTINCT ON a FROM t
SELECT count(DISTINCT) FROM t
SELECT TOP 3 a FROM t
SELECT a FROM t QUALIFY b
SELECT {'a': 1}
SELECT [1, 2]
SELECT x.upper()
SELECT (1).y
SELECT * EXCEPT (a) FROM t
SELECT ?
SELECT :a
SELECT 2 ** 3
SELECT 'a' 'b'
GRANT
"""


@pytest.mark.parametrize("text", _LENIENT.strip().splitlines())
def test_nothing_is_overlooked(text: str) -> None:
    with pytest.raises(SqlError) as raised:
        _planned(text)
    assert raised.value.sqlstate in ("42601", "0A000", "42883")


def _planned(text: str) -> None:
    if isinstance(only(text), st.Query):
        planned(text)


_ORACLE = [
    "\n".join(line for line in block.splitlines() if not line.startswith("--")).strip()
    for block in (Path(__file__).parent / "oracle.sql").read_text().split(";\n")
]


@pytest.mark.parametrize("text", [text for text in _ORACLE if text])
def test_trees_come_back_as_text(text: str) -> None:
    """The text of a tree reads as the same tree, up to parentheses: and so on for ever."""
    tree = parse_query(text)
    written = to_postgres(tree)
    again = parse_query(written)
    assert to_postgres(again) == written
    assert _bare(again) == _bare(tree)


def _bare(tree: exp.Expr) -> exp.Expr:
    """Without parentheses, and without the mark of a function that was written as an operator."""
    root = exp.Paren(this=tree.copy())
    for node in list(root.walk()):
        around = isinstance(node, exp.Subquery) and isinstance(node.parent, exp.SetOperation)
        if node is not root and (isinstance(node, exp.Paren) or around):
            node.replace(node.this)
        elif isinstance(node, exp.Anonymous):
            node.set("operator", None)
    bare: exp.Expr = root.this
    return bare


def test_names_that_need_quotes_get_them() -> None:
    for text in ('"select"', '"A"', '"a b"', '"a""b"', '"1a"', "é", "_x", "a1$", '"user"', '"left"', '"ü"'):
        written = to_postgres(parse_expression(text))
        assert parse_expression(written) == parse_expression(text)
    assert to_postgres(parse_expression('"plain"')) == "plain"
    assert to_postgres(parse_expression('"Plain"')) == '"Plain"'


@pytest.mark.parametrize("value", ["", "'", "\\", "a'b\\c", "\n", "☃", "\x01", "$$"])
def test_constants_come_back(value: str) -> None:
    tree = exp.Literal.string(value)
    assert parse_expression(to_postgres(tree)).this == value


def test_names_are_cut_and_folded_as_postgresql_does() -> None:
    tree = parse_expression("ABC" + "d" * 100)
    assert tree.name == "abc" + "d" * 60
    assert parse_expression("É").name == "É"
    assert parse_expression('"É"').name == "É"
    assert len(parse_expression("é" * 60).name.encode()) <= 63
