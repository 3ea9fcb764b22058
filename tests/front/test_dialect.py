"""sqlglot's own API reads and writes our SQL through the dialect."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from sql.dialect import RewindDB


def test_sqlglot_reads_and_writes_it() -> None:
    text = "SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's' AS a"
    tree = sqlglot.parse_one("select * from T {snapshot = 's'} a", dialect=RewindDB)
    assert [version.this for version in tree.find_all(exp.Version)] == ["SNAPSHOT"]
    assert tree.sql(dialect=RewindDB) == text
    assert sqlglot.parse_one(text, dialect="rewinddb") == tree
