-- CREATE SNAPSHOT, DROP SNAPSHOT, mo_snapshots.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> INSERT INTO t VALUES (1, 'one')
INSERT 0 1
a> CREATE SNAPSHOT
NOTICE: snapshot at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT first WITH (comment = 'the first', retain = '7 days')
NOTICE: snapshot "first" at <time>
CREATE SNAPSHOT
a>! CREATE SNAPSHOT first
ERROR: 42710 snapshot "first" already exists
a> CREATE SNAPSHOT IF NOT EXISTS first
NOTICE: snapshot "first" already exists, skipping
CREATE SNAPSHOT
a> CREATE SNAPSHOT second RETURNING name, level, created_by, expires_at IS NULL AS kept
NOTICE: snapshot "second" at <time>
name | level | created_by | kept
second | tenant | admin | t
CREATE SNAPSHOT
a@s> SELECT timestamp FROM mo_snapshots WHERE name = 'second'
(kept)
a> SELECT name FROM mo_snapshots WHERE timestamp = :s
name
second
SELECT 1
a>! CREATE SNAPSHOT third AS OF TIMESTAMP :s
ERROR: 42710 snapshot "second" already exists at <time>
a@m> SELECT clock_timestamp()
(kept)
a> CREATE SNAPSHOT past AS OF :m
NOTICE: snapshot "past" at <time>
CREATE SNAPSHOT
a> SELECT name FROM mo_snapshots WHERE timestamp = :m
name
past
SELECT 1
a> SELECT name, level, comment, expires_at > timestamp + interval '6 days' AS kept_a_week FROM mo_snapshots ORDER BY timestamp
name | level | comment | kept_a_week
∅ | tenant | ∅ | ∅
first | tenant | the first | t
second | tenant | ∅ | ∅
past | tenant | ∅ | ∅
SELECT 4
a> SELECT count(*) FROM mo_catalog.mo_snapshots
count
4
SELECT 1
-- names that read as timestamps are refused
a>! CREATE SNAPSHOT "now"
ERROR: 42602 invalid snapshot name "now"
DETAIL: It reads as a timestamp.
HINT: Names are tried before timestamps, so a name must not look like one.
a>! CREATE SNAPSHOT "2026-01-01"
ERROR: 42602 invalid snapshot name "2026-01-01"
DETAIL: It reads as a timestamp.
HINT: Names are tried before timestamps, so a name must not look like one.
a>! CREATE SNAPSHOT "yesterday"
ERROR: 42602 invalid snapshot name "yesterday"
DETAIL: It reads as a timestamp.
HINT: Names are tried before timestamps, so a name must not look like one.
a>! CREATE SNAPSHOT future AS OF now() + interval '1 hour'
ERROR: 22023 the moment <time> is in the future
DETAIL: The tenant's clock is at <time>.
a>! CREATE SNAPSHOT x WITH (retain = '-1 day')
ERROR: 22023 retain must be positive: -1 day
a>! CREATE SNAPSHOT x WITH (retain = 'rubbish')
ERROR: 22007 invalid input syntax for type interval: "rubbish"
a>! CREATE SNAPSHOT x AS OF NULL
ERROR: 22004 the moment to read is null
HINT: AS OF takes a timestamptz that is not null.
-- not inside a block
a> BEGIN
BEGIN
a>! CREATE SNAPSHOT x
ERROR: 25001 CREATE SNAPSHOT cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a>! SELECT 1; CREATE SNAPSHOT x
ERROR: 25001 CREATE SNAPSHOT cannot run inside a transaction block
-- DROP SNAPSHOT by name and by filter; in a block it can be rolled back
a>! DROP SNAPSHOT nosuch
ERROR: 42704 snapshot "nosuch" does not exist
a> DROP SNAPSHOT IF EXISTS nosuch, past
NOTICE: snapshot "nosuch" does not exist, skipping
DROP SNAPSHOT 1
a> BEGIN
BEGIN
a> DROP SNAPSHOT true
DROP SNAPSHOT 3
a> SELECT count(*) FROM mo_snapshots
count
0
SELECT 1
a> ROLLBACK
ROLLBACK
a> SELECT count(*) FROM mo_snapshots
count
3
SELECT 1
a> DROP SNAPSHOT name LIKE 'sec%' RETURNING name
name
second
DROP SNAPSHOT 1
a> DROP SNAPSHOT timestamp < now() - interval '7 days'
DROP SNAPSHOT 0
a> DROP SNAPSHOT WHERE name IS NULL
DROP SNAPSHOT 1
a> SELECT name FROM mo_snapshots
name
first
SELECT 1
a> CREATE SNAPSHOT again
NOTICE: snapshot "again" at <time>
CREATE SNAPSHOT
a> DELETE FROM mo_snapshots WHERE name = 'again' RETURNING level
level
tenant
DELETE 1
a> DELETE FROM mo_snapshots
DELETE 1
a> SELECT count(*) FROM mo_snapshots
count
0
SELECT 1
a>! DROP SNAPSHOT nosuchcolumn = 1
ERROR: 42703 column "nosuchcolumn" does not exist
a>! INSERT INTO mo_snapshots (name) VALUES ('x')
ERROR: 55000 cannot insert into "mo_snapshots"
HINT: Use CREATE SNAPSHOT and DROP SNAPSHOT, or DELETE.
a>! UPDATE mo_snapshots SET name = 'x'
ERROR: 55000 cannot update "mo_snapshots"
HINT: Use CREATE SNAPSHOT and DROP SNAPSHOT, or DELETE.
a>! TRUNCATE mo_snapshots
ERROR: 42501 mo_snapshots is not written directly
HINT: Use CREATE SNAPSHOT to add a snapshot, and DROP SNAPSHOT or DELETE to remove some.
a>! DROP TABLE mo_snapshots
ERROR: 42501 permission denied: "mo_snapshots" is a system catalog
a>! ALTER TABLE mo_snapshots ADD COLUMN x int
ERROR: 42501 permission denied: "mo_snapshots" is a system catalog
a>! COPY mo_snapshots FROM STDIN
ERROR: 55000 cannot copy into "mo_snapshots"
HINT: Use CREATE SNAPSHOT and DROP SNAPSHOT, or DELETE.
-- read only
a> BEGIN READ ONLY
BEGIN
a>! DROP SNAPSHOT true
ERROR: 25006 cannot execute DROP SNAPSHOT in a read-only transaction
a> ROLLBACK
ROLLBACK
-- an uncommitted write is not in a snapshot, an acknowledged one is
a> BEGIN
BEGIN
a> INSERT INTO t VALUES (2, 'two')
INSERT 0 1
b> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> COMMIT
COMMIT
b> SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's'
id | v
1 | one
SELECT 1
b> CREATE SNAPSHOT t
NOTICE: snapshot "t" at <time>
CREATE SNAPSHOT
b> SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 't' ORDER BY id
id | v
1 | one
2 | two
SELECT 2
