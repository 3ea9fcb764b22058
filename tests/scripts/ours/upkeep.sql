-- VACUUM, history_retention, expiry, and what can still be read.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) AS i
INSERT 0 100
a> CHECKPOINT
CHECKPOINT
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> DELETE FROM t WHERE id <= 50
DELETE 50
a@between> SELECT clock_timestamp()
(kept)
a> TRUNCATE t
TRUNCATE TABLE
a> INSERT INTO t VALUES (1, 'new')
INSERT 0 1
a> CHECKPOINT
CHECKPOINT
a> VACUUM (DRY_RUN)
table | object | bytes | action | why
postgres.public.t | <object> | <bytes> | keep | snapshot s
postgres.public.t | <object> | <bytes> | keep | history_retention
postgres.public.t | <object> | <bytes> | keep | the table has it now
NOTICE: objects that would go: 0 (<bytes>), that stay: 3 (<bytes>)
VACUUM
a> SELECT latest >= earliest AS sane, why FROM mo_recovery_window
sane | why
t | the tenant began then
SELECT 1
a> VACUUM
VACUUM
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF :between
count
50
SELECT 1
-- a shorter history: what only it needs goes, what the snapshot needs stays
a> ALTER TENANT acme SET (history_retention = '7 days')
ALTER TENANT
a> VACUUM (DRY_RUN) t
table | object | bytes | action | why
postgres.public.t | <object> | <bytes> | keep | snapshot s
postgres.public.t | <object> | <bytes> | keep | history_retention
postgres.public.t | <object> | <bytes> | keep | the table has it now
NOTICE: objects that would go: 0 (<bytes>), that stay: 3 (<bytes>)
VACUUM
a> ALTER TENANT acme SET (history_retention = '0 seconds')
ALTER TENANT
a> VACUUM (DRY_RUN) t
table | object | bytes | action | why
postgres.public.t | <object> | <bytes> | keep | snapshot s
postgres.public.t | <object> | <bytes> | forget | nothing needs it
postgres.public.t | <object> | <bytes> | keep | the table has it now
NOTICE: objects that would go: 1 (<bytes>), that stay: 2 (<bytes>)
VACUUM
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF :between
count
50
SELECT 1
a> VACUUM
NOTICE: objects deleted: 0, waiting for their grace period to end: 1
VACUUM
a>! SELECT count(*) FROM t FOR SYSTEM_TIME AS OF :between
ERROR: 22023 the moment <time> is no longer readable
DETAIL: The earliest readable moment is <time>.
HINT: Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's'
count
100
SELECT 1
a> SELECT why FROM mo_recovery_window ORDER BY latest DESC
why
history_retention = 0 seconds
snapshot "s" of the tenant
SELECT 2
a> DROP SNAPSHOT s
DROP SNAPSHOT 1
a> VACUUM t
NOTICE: objects deleted: 0, waiting for their grace period to end: 2
VACUUM
a> SELECT * FROM t
id | v
1 | new
SELECT 1
a> VACUUM (DRY_RUN) t
table | object | bytes | action | why
postgres.public.t | <object> | <bytes> | keep | the table has it now
NOTICE: objects that would go: 0 (<bytes>), that stay: 1 (<bytes>)
VACUUM
-- snapshots expire with the VACUUM after their time
a> CREATE SNAPSHOT soon WITH (retain = '1 millisecond')
NOTICE: snapshot "soon" at <time>
CREATE SNAPSHOT
a> SELECT count(*) FROM generate_series(1, 100000)
count
100000
SELECT 1
a> SELECT name, expires_at > timestamp AS later FROM mo_snapshots
name | later
soon | f
SELECT 1
a> VACUUM
NOTICE: snapshot "soon" has expired and was dropped
NOTICE: objects deleted: 0, waiting for their grace period to end: 2
VACUUM
a> SELECT name FROM mo_snapshots
name
SELECT 0
-- who may, and where
a> BEGIN
BEGIN
a>! VACUUM
ERROR: 25001 VACUUM cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a> BEGIN
BEGIN
a>! VACUUM (DRY_RUN)
ERROR: 25001 VACUUM cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a>! VACUUM nosuch
ERROR: 42P01 relation "nosuch" does not exist
a>! VACUUM pg_class
ERROR: 42501 permission denied: "pg_class" is a system catalog
a>! VACUUM (FULL) t
ERROR: 0A000 VACUUM (FULL) is not supported
a>! VACUUM FULL t
ERROR: 0A000 VACUUM FULL is not supported
a>! VACUUM (VERBOSE, ANALYZE)
ERROR: 0A000 VACUUM (VERBOSE) is not supported
a> BEGIN
BEGIN
a>! ALTER TENANT acme SET (history_retention = '1 day')
ERROR: 25001 ALTER TENANT cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a>! ALTER TENANT acme SET (history_retention = '-1 day')
ERROR: 22023 history_retention must not be negative: -1 day
a>! ALTER TENANT acme SET (history_retention = 'soon')
ERROR: 22007 invalid input syntax for type interval: "soon"
a>! ALTER TENANT acme SET (memory_limit = '2GB')
ERROR: 42501 permission denied to set parameter "memory_limit"
HINT: Only an admin of the tenant "sys" may do this.
a>! ALTER TENANT acme RENAME TO acne
ERROR: 0A000 ALTER TENANT … RENAME is not supported
a>! ALTER TENANT sys SET (history_retention = '1 day')
ERROR: 42501 permission denied to alter another tenant
a>! ALTER TENANT nosuch SET (history_retention = '1 day')
ERROR: 42501 permission denied to alter another tenant
s: tenant=sys
connected
s> ALTER TENANT acme SET (history_retention = '2 hours')
ALTER TENANT
s> ALTER TENANT sys SET (history_retention = '2 hours')
ALTER TENANT
s>! ALTER TENANT nosuch SET (history_retention = '1 day')
ERROR: 42704 tenant "nosuch" does not exist
a> VACUUM
NOTICE: objects deleted: 0, waiting for their grace period to end: 2
VACUUM
a> SELECT why FROM mo_recovery_window
why
history_retention = 2 hours, but it was shorter before
SELECT 1
