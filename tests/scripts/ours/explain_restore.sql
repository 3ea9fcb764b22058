-- EXPLAIN RESTORE: what a restore would do. ANALYZE does all but the commit.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE same (x int)
CREATE TABLE
a> CREATE TABLE gone (x int)
CREATE TABLE
a> CREATE TABLE old_name (x int, y text DEFAULT 'y', z int NOT NULL)
CREATE TABLE
a> CREATE VIEW v AS SELECT id FROM t
CREATE VIEW
a> INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 10) g
INSERT 0 10
a> INSERT INTO same VALUES (1), (2)
INSERT 0 2
a> INSERT INTO gone VALUES (1), (2), (3)
INSERT 0 3
a> INSERT INTO old_name VALUES (1, 'a', 1)
INSERT 0 1
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'changed' WHERE id <= 3
UPDATE 3
a> DELETE FROM t WHERE id = 10
DELETE 1
a> INSERT INTO t VALUES (11, 'new'), (12, 'new')
INSERT 0 2
a> DROP TABLE gone
DROP TABLE
a> ALTER TABLE old_name RENAME TO new_name
ALTER TABLE
a> ALTER TABLE new_name DROP COLUMN y
ALTER TABLE
a> ALTER TABLE new_name ADD COLUMN w int
ALTER TABLE
a> ALTER TABLE new_name RENAME COLUMN x TO xx
ALTER TABLE
a> ALTER TABLE new_name ADD CONSTRAINT positive CHECK (xx > 0)
ALTER TABLE
a> CREATE TABLE young (x int)
CREATE TABLE
a> INSERT INTO young VALUES (1), (2)
INSERT 0 2
a> EXPLAIN RESTORE TENANT FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 0 | 0 | 0 | 0 | 3 | 0 | ∅
postgres | public | old_name | restored | 0 | 0 | 0 | 0 | 0 | 0 | rename postgres.public.new_name to postgres.public.old_name; rename column xx to x; add column y text; drop column w; drop constraint positive
postgres | public | t | restored | 0 | 0 | 0 | 0 | 4 | 5 | ∅
postgres | public | same | unchanged | 0 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | young | dropped | 0 | 0 | 0 | 0 | 0 | 2 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE TENANT FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 1 | 0 | 0 | 0 | 3 | 0 | ∅
postgres | public | old_name | restored | 1 | 0 | 0 | 0 | 0 | 0 | rename postgres.public.new_name to postgres.public.old_name; rename column xx to x; add column y text; drop column w; drop constraint positive
postgres | public | t | restored | 1 | 0 | 0 | 0 | 4 | 5 | ∅
postgres | public | same | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | young | dropped | 0 | 0 | 0 | 0 | 0 | 2 | ∅
EXPLAIN
a> EXPLAIN (ANALYZE) RESTORE TENANT acme FROM SNAPSHOT s USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 0 | 1 | 3 | <bytes> | 3 | 0 | ∅
postgres | public | old_name | restored | 0 | 1 | 1 | <bytes> | 0 | 0 | rename postgres.public.new_name to postgres.public.old_name; rename column xx to x; add column y text; drop column w; drop constraint positive
postgres | public | t | restored | 0 | 1 | 10 | <bytes> | 4 | 5 | ∅
postgres | public | same | unchanged | 0 | 1 | 2 | <bytes> | 0 | 0 | ∅
postgres | public | young | dropped | 0 | 0 | 0 | 0 | 0 | 2 | ∅
EXPLAIN
a> SELECT count(*) FROM t WHERE v = 'changed'
count
3
SELECT 1
a> SELECT count(*) FROM mo_restores
count
0
SELECT 1
-- straddlers: an object of both sides of the moment
a> CREATE TABLE cut (x int)
CREATE TABLE
a> INSERT INTO cut VALUES (1), (2)
INSERT 0 2
a@between> SELECT clock_timestamp()
(kept)
a> INSERT INTO cut VALUES (3)
INSERT 0 1
a> CHECKPOINT
CHECKPOINT
a> EXPLAIN RESTORE TABLE cut TO TIMESTAMP :between
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | cut | restored | 0 | 1 | 3 | <bytes> | 0 | 3 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE TABLE cut TO TIMESTAMP :between
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | cut | restored | 0 | 1 | 2 | <bytes> | 0 | 1 | ∅
EXPLAIN
a> SELECT count(*) FROM cut
count
3
SELECT 1
-- the other forms
a> EXPLAIN RESTORE TABLE t FROM SNAPSHOT s TO TABLE t_then
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t_then | created | 1 | 0 | 0 | 0 | 10 | 0 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE TABLE t FROM SNAPSHOT s TO TABLE t_then
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t_then | created | 1 | 0 | 0 | 0 | 10 | 0 | ∅
EXPLAIN
a>! EXPLAIN RESTORE TABLE t FROM SNAPSHOT s TO TABLE same
ERROR: 42P07 relation "same" already exists
a> EXPLAIN UNDROP TABLE gone
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 1 | 0 | 0 | 0 | 3 | 0 | ∅
EXPLAIN
a> EXPLAIN ANALYZE UNDROP TABLE gone
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 1 | 0 | 0 | 0 | 3 | 0 | ∅
EXPLAIN
a>! EXPLAIN UNDO RESTORE
ERROR: 42704 there is no restore to undo
HINT: SELECT * FROM mo_catalog.mo_restores shows them.
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 10 | 0
RESTORE
a> INSERT INTO t VALUES (13, 'after')
INSERT 0 1
a> EXPLAIN UNDO RESTORE
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t | restored | 3 | 0 | 0 | 0 | 5 | 5 | ∅
EXPLAIN
a> EXPLAIN ANALYZE UNDO RESTORE
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t | restored | 3 | 0 | 0 | 0 | 5 | 5 | ∅
EXPLAIN
a>! EXPLAIN UNDROP TENANT acme
ERROR: 0A000 EXPLAIN of UNDROP TENANT is not supported
-- in a transaction, its own writes count; and nobody waits
a> BEGIN
BEGIN
a> INSERT INTO same VALUES (3)
INSERT 0 1
a> EXPLAIN RESTORE TABLE same FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | same | restored | 1 | 0 | 0 | 0 | 0 | 1 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE TABLE same FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | same | restored | 1 | 0 | 0 | 0 | 0 | 1 | ∅
EXPLAIN
b> INSERT INTO same VALUES (4)
INSERT 0 1
b> ALTER TABLE t ADD COLUMN more int
ALTER TABLE
a> EXPLAIN ANALYZE RESTORE TABLE same FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | same | restored | 1 | 0 | 0 | 0 | 0 | 2 | ∅
EXPLAIN
a>! EXPLAIN RESTORE TENANT FROM SNAPSHOT s
ERROR: 25001 RESTORE TENANT cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
-- errors are those of the restore
a>! EXPLAIN RESTORE TABLE young FROM SNAPSHOT s
ERROR: 42P01 relation "young" does not exist at <time>
HINT: It was created at <time>.
a>! EXPLAIN RESTORE TENANT sys FROM SNAPSHOT s
ERROR: 42501 permission denied to restore another tenant
a>! EXPLAIN RESTORE TABLE t FROM SNAPSHOT nope
ERROR: 42704 snapshot "nope" does not exist
a> CREATE TABLE gone (y int)
CREATE TABLE
a>! EXPLAIN RESTORE TABLE gone FROM SNAPSHOT s
ERROR: 42P07 something else is called "gone" now
DETAIL: In the way: table public.gone.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
a>! EXPLAIN ANALYZE RESTORE TABLE gone FROM SNAPSHOT s
ERROR: 42P07 something else is called "gone" now
DETAIL: In the way: table public.gone.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
a> CREATE SNAPSHOT later
NOTICE: snapshot "later" at <time>
CREATE SNAPSHOT
a> DROP VIEW v
DROP VIEW
a> ALTER TABLE t ADD COLUMN extra int
ALTER TABLE
a> CREATE VIEW v AS SELECT extra FROM t
CREATE VIEW
a>! EXPLAIN RESTORE TABLE t FROM SNAPSHOT s
ERROR: 2BP01 cannot restore because view public.v would not hold any more
DETAIL: It needs something that the restore changes or that is not part of it.
HINT: Restore more at once (the schema, the database), or drop it first.
a>! EXPLAIN ANALYZE RESTORE TABLE t FROM SNAPSHOT s
ERROR: 2BP01 cannot restore because view public.v would not hold any more
DETAIL: It needs something that the restore changes or that is not part of it.
HINT: Restore more at once (the schema, the database), or drop it first.
a> SELECT * FROM v LIMIT 1
extra
∅
SELECT 1
a> BEGIN READ ONLY
BEGIN
a>! EXPLAIN RESTORE TABLE t FROM SNAPSHOT s
ERROR: 25006 cannot execute RESTORE in a read-only transaction
a> ROLLBACK
ROLLBACK
-- sys explains the restore of any tenant
y: tenant=sys
connected
y> EXPLAIN RESTORE TENANT acme FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 1 | 0 | 0 | 0 | 3 | 0 | ∅
postgres | public | old_name | restored | 1 | 0 | 0 | 0 | 0 | 0 | rename postgres.public.new_name to postgres.public.old_name; rename column xx to x; add column y text; drop column w; drop constraint positive
postgres | public | t | restored | 1 | 0 | 0 | 0 | 0 | 1 | drop column more; drop column extra
postgres | public | same | restored | 1 | 0 | 0 | 0 | 0 | 1 | ∅
postgres | public | young | dropped | 0 | 0 | 0 | 0 | 0 | 2 | ∅
postgres | public | cut | dropped | 0 | 0 | 0 | 0 | 0 | 3 | ∅
postgres | public | gone | dropped | 0 | 0 | 0 | 0 | 0 | 0 | ∅
EXPLAIN
y> EXPLAIN ANALYZE RESTORE TENANT acme FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | gone | recreated | 1 | 0 | 0 | 0 | 3 | 0 | ∅
postgres | public | old_name | restored | 1 | 0 | 0 | 0 | 0 | 0 | rename postgres.public.new_name to postgres.public.old_name; rename column xx to x; add column y text; drop column w; drop constraint positive
postgres | public | t | restored | 1 | 0 | 0 | 0 | 0 | 1 | drop column more; drop column extra
postgres | public | same | restored | 1 | 0 | 0 | 0 | 0 | 1 | ∅
postgres | public | young | dropped | 0 | 0 | 0 | 0 | 0 | 2 | ∅
postgres | public | cut | dropped | 0 | 0 | 0 | 0 | 0 | 3 | ∅
postgres | public | gone | dropped | 0 | 0 | 0 | 0 | 0 | 0 | ∅
EXPLAIN
a> EXPLAIN RESTORE TENANT FROM SNAPSHOT later
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t | restored | 1 | 0 | 0 | 0 | 0 | 0 | drop column extra
postgres | public | same | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | new_name | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | young | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | cut | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | gone | unchanged | 0 | 0 | 0 | 0 | 0 | 0 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE SCHEMA public FROM SNAPSHOT later
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t | restored | 2 | 0 | 0 | 0 | 0 | 0 | drop column extra
postgres | public | same | unchanged | 2 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | new_name | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | young | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | cut | unchanged | 1 | 0 | 0 | 0 | 0 | 0 | ∅
postgres | public | gone | unchanged | 0 | 0 | 0 | 0 | 0 | 0 | ∅
EXPLAIN
a> EXPLAIN ANALYZE RESTORE DATABASE postgres FROM SNAPSHOT later USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows_rewritten | bytes_rewritten | rows_gained | rows_lost | definition
postgres | public | t | restored | 0 | 1 | 11 | <bytes> | 0 | 0 | drop column extra
postgres | public | same | unchanged | 0 | 1 | 3 | <bytes> | 0 | 0 | ∅
postgres | public | new_name | unchanged | 0 | 1 | 1 | <bytes> | 0 | 0 | ∅
postgres | public | young | unchanged | 0 | 1 | 2 | <bytes> | 0 | 0 | ∅
postgres | public | cut | unchanged | 0 | 1 | 3 | <bytes> | 0 | 0 | ∅
postgres | public | gone | unchanged | 0 | 0 | 0 | 0 | 0 | 0 | ∅
EXPLAIN
