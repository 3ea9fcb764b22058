-- SET TRANSACTION SNAPSHOT and SET rewinddb.as_of: everything at one moment of the past, read only.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE gone (x int)
CREATE TABLE
a> CREATE VIEW w AS SELECT count(*) AS n FROM t
CREATE VIEW
a> CREATE SEQUENCE numbers
CREATE SEQUENCE
a> INSERT INTO t VALUES (1, 'one')
INSERT 0 1
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT narrow FOR TABLE t
NOTICE: snapshot "narrow" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'now'
UPDATE 1
a> INSERT INTO t VALUES (2, 'two')
INSERT 0 1
a@between> SELECT clock_timestamp()
(kept)
a> DROP TABLE gone
DROP TABLE
a> ALTER TABLE t RENAME COLUMN v TO word
ALTER TABLE
-- for a transaction
b> BEGIN
BEGIN
b> SET TRANSACTION SNAPSHOT 's'
SET
b> SELECT * FROM t
id | v
1 | one
SELECT 1
b> SELECT * FROM w
n
1
SELECT 1
b> SELECT * FROM gone
x
SELECT 0
b> SELECT column_name FROM information_schema.columns WHERE table_name = 't' ORDER BY 1
column_name
id
v
SELECT 2
b> SELECT t.v, new.word FROM t JOIN t FOR SYSTEM_TIME AS OF :between AS old USING (id), LATERAL (SELECT old.v) AS new (word)
v | word
one | now
SELECT 1
b>! INSERT INTO t VALUES (3, 'three')
ERROR: 25006 cannot execute INSERT in a read-only transaction
b> ROLLBACK
ROLLBACK
b> SELECT * FROM t ORDER BY id
id | word
1 | now
2 | two
SELECT 2
b> BEGIN
BEGIN
b> SELECT 1 AS one FROM t LIMIT 1
one
1
SELECT 1
b>! SET TRANSACTION SNAPSHOT 's'
ERROR: 25001 SET TRANSACTION SNAPSHOT must be called before any query
b> ROLLBACK
ROLLBACK
b> BEGIN
BEGIN
b>! SET TRANSACTION SNAPSHOT 'nosuch'
ERROR: 42704 snapshot "nosuch" does not exist
b> ROLLBACK
ROLLBACK
b> SET TRANSACTION SNAPSHOT 's'
WARNING: SET TRANSACTION can only be used in transaction blocks
SET
b> BEGIN
BEGIN
b> SET TRANSACTION SNAPSHOT 'narrow'
SET
b> SELECT v FROM t
v
one
SELECT 1
b>! SELECT * FROM gone
ERROR: 42704 snapshot "narrow" does not cover table "gone"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
b> ROLLBACK
ROLLBACK
-- for a session
b> SET rewinddb.as_of = 's'
SET
b> SHOW rewinddb.as_of
rewinddb.as_of
s
SHOW
b> SELECT * FROM t
id | v
1 | one
SELECT 1
b> SHOW transaction_read_only
transaction_read_only
on
SHOW
b>! DELETE FROM t
ERROR: 25006 cannot execute DELETE in a read-only transaction
b>! SELECT nextval('numbers')
ERROR: 25006 cannot execute nextval() in a read-only transaction
b>! CREATE TABLE x (a int)
ERROR: 25006 cannot execute CREATE TABLE in a read-only transaction
b>! RESTORE TABLE t FROM SNAPSHOT s
ERROR: 25006 cannot execute RESTORE in a read-only transaction
b>! CREATE SNAPSHOT x
ERROR: 25006 cannot execute CREATE SNAPSHOT in a read-only transaction
b>! DROP SNAPSHOT s
ERROR: 25006 cannot execute DROP SNAPSHOT in a read-only transaction
b>! VACUUM
ERROR: 25006 cannot execute VACUUM in a read-only transaction
b>! BEGIN READ WRITE
ERROR: 25006 cannot set transaction read-write mode while reading the past
b> COPY t TO STDOUT
1 | one
COPY 1
b> PREPARE q AS SELECT count(*) FROM t
PREPARE
b> EXECUTE q
count
1
SELECT 1
b> SET rewinddb.as_of = :between
SET
b> EXECUTE q
count
2
SELECT 1
b> SELECT * FROM t ORDER BY id
id | v
1 | now
2 | two
SELECT 2
-- it is the moment, not the name
b> SET rewinddb.as_of = 's'
SET
a> DROP SNAPSHOT s
DROP SNAPSHOT 1
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
b> SELECT * FROM t
id | v
1 | one
SELECT 1
b> BEGIN
BEGIN
b> RESET rewinddb.as_of
RESET
b> SELECT * FROM t ORDER BY id
id | word
1 | now
2 | two
SELECT 2
b> ROLLBACK
ROLLBACK
b> SELECT * FROM t
id | v
1 | one
SELECT 1
b> RESET rewinddb.as_of
RESET
b> SELECT * FROM t ORDER BY id
id | word
1 | now
2 | two
SELECT 2
b> EXECUTE q
count
2
SELECT 1
b> INSERT INTO t VALUES (3, 'three')
INSERT 0 1
b>! SET rewinddb.as_of = 'nosuch'
ERROR: 42704 snapshot "nosuch" does not exist
b>! SET rewinddb.as_of = '2020-01-01'
ERROR: 22023 the tenant did not exist yet at <time>
DETAIL: It began at <time>.
b>! SET rewinddb.as_of = '2100-01-01'
ERROR: 22023 the moment 2100-01-01 00:00:00.000000+00 is in the future
DETAIL: The tenant's clock is at <time>.
b>! SELECT set_config('rewinddb.as_of', 's', false)
ERROR: 0A000 set_config of rewinddb.as_of is not supported
HINT: Use SET.
b>! SET rewinddb.nosuch = 's'
ERROR: 0A000 the setting rewinddb.nosuch is not supported
-- when the moment has been collected
b> SET rewinddb.as_of = :between
SET
b> SELECT count(*) FROM t
count
2
SELECT 1
a> ALTER TENANT acme SET (history_retention = '0')
ALTER TENANT
a> VACUUM
VACUUM
b>! SELECT count(*) FROM t
ERROR: 22023 the moment <time> is no longer readable
DETAIL: The earliest readable moment is <time>.
HINT: Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.
b> RESET rewinddb.as_of
RESET
b> SELECT count(*) FROM t
count
3
SELECT 1
