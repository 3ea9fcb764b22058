-- A snapshot's name is written as an identifier or as a string, wherever one is named.
a> CREATE TABLE t (x int)
CREATE TABLE
a> INSERT INTO t VALUES (1)
INSERT 0 1
a> CREATE SNAPSHOT p1
NOTICE: snapshot "p1" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT 'Quoted Name'
NOTICE: snapshot "Quoted Name" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT IF NOT EXISTS 'Quoted Name'
NOTICE: snapshot "Quoted Name" already exists, skipping
CREATE SNAPSHOT
a> UPDATE t SET x = 2
UPDATE 1
a> SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT p1
x
1
SELECT 1
a> SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT P1 AS past WHERE past.x = 1
x
1
SELECT 1
a> SELECT p.x, t.x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT p1 p JOIN t ON true
x | x
1 | 2
SELECT 1
a> SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'p1'
x
1
SELECT 1
a> SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT "Quoted Name"
x
1
SELECT 1
a> SELECT x FROM t AT (SNAPSHOT => p1)
x
1
SELECT 1
a> SELECT x FROM t {SNAPSHOT = "Quoted Name"}
x
1
SELECT 1
a>! SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT Quoted Name
ERROR: 42704 snapshot "quoted" does not exist
a>! SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT nope
ERROR: 42704 snapshot "nope" does not exist
a>! SELECT x FROM t FOR SYSTEM_TIME AS OF p1
ERROR: 42P10 a moment cannot depend on a table's columns
HINT: A snapshot is named by SNAPSHOT name.
a>! SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT
ERROR: 42601 syntax error at end of input
a> CREATE VIEW v AS SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT "Quoted Name"
CREATE VIEW
a> SELECT * FROM v
x
1
SELECT 1
a> BEGIN
BEGIN
a> SET TRANSACTION SNAPSHOT p1
SET
a> SELECT x FROM t
x
1
SELECT 1
a> ROLLBACK
ROLLBACK
a> RESTORE TABLE t FROM SNAPSHOT "Quoted Name"
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 1 | 0
RESTORE
a> SELECT x FROM t
x
1
SELECT 1
a>! CREATE SNAPSHOT again AS OF SNAPSHOT p1
ERROR: 0A000 CREATE SNAPSHOT … AS OF SNAPSHOT is not supported
HINT: The timestamp is a snapshot's key: there is no second one at the same moment.
a>! CREATE SNAPSHOT 'now'
ERROR: 42602 invalid snapshot name "now"
DETAIL: It reads as a timestamp.
HINT: Names are tried before timestamps, so a name must not look like one.
a>! CREATE SNAPSHOT ''
ERROR: 42602 invalid snapshot name ""
DETAIL: A name has 1 to 63 bytes.
a> DROP SNAPSHOT 'Quoted Name', p1
DROP SNAPSHOT 2
a> DROP SNAPSHOT IF EXISTS 'p1'
NOTICE: snapshot "p1" does not exist, skipping
DROP SNAPSHOT 0
a>! DROP SNAPSHOT 'timestamp'
ERROR: 42704 snapshot "timestamp" does not exist
a> DROP SNAPSHOT 'x' = 'y'
DROP SNAPSHOT 0
