-- UNDROP of tables, schemas and databases.
a> CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE)
CREATE TABLE
a> INSERT INTO t (v) VALUES ('one'), ('two')
INSERT 0 2
a> UPDATE t SET v = 'zwei' WHERE id = 2
UPDATE 1
a>! UNDROP TABLE t
ERROR: 42P01 there is no dropped table "t"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
a> DROP TABLE t
DROP TABLE
a> UNDROP TABLE t
NOTICE: table "t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 2 | 0 | 2 | 0
UNDROP TABLE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | zwei
SELECT 2
a> INSERT INTO t (v) VALUES ('three') RETURNING id
id
3
INSERT 0 1
a>! UNDROP TABLE t
ERROR: 42P01 there is no dropped table "t"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
-- the last one of the name
a> DROP TABLE t
DROP TABLE
a> CREATE TABLE t (x int)
CREATE TABLE
a>! UNDROP TABLE t
ERROR: 42P07 something else is called "t" now
DETAIL: In the way: table public.t.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
a> DROP TABLE t
DROP TABLE
a> BEGIN
BEGIN
a> UNDROP TABLE t
NOTICE: table "t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
a> SELECT * FROM t
x
SELECT 0
a> ROLLBACK
ROLLBACK
a>! SELECT * FROM t
ERROR: 42P01 relation "t" does not exist
a> UNDROP TABLE public.t
NOTICE: table "public.t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | dropped | 0 | 0 | 0 | 0
UNDO RESTORE
a>! SELECT * FROM t
ERROR: 42P01 relation "t" does not exist
a> UNDROP TABLE postgres.public.t
NOTICE: table "postgres.public.t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
a> ALTER TABLE t RENAME TO young
ALTER TABLE
a> UNDROP TABLE t
NOTICE: table "t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 3 | 0 | 3 | 0
UNDROP TABLE
a> SELECT v FROM t ORDER BY id
v
one
zwei
three
SELECT 3
-- a drop of this transaction
a> BEGIN
BEGIN
a> DROP TABLE t
DROP TABLE
a>! UNDROP TABLE t
ERROR: 55000 the drop of table "t" is not committed yet
HINT: ROLLBACK, or ROLLBACK TO a savepoint, takes it back.
a> ROLLBACK
ROLLBACK
-- by the search path
a> CREATE SCHEMA app
CREATE SCHEMA
a> CREATE TABLE app.p (a int)
CREATE TABLE
a> CREATE TABLE p (b int)
CREATE TABLE
a> DROP TABLE p, app.p
DROP TABLE
a> SET search_path = app, public
SET
a> UNDROP TABLE p
NOTICE: table "p" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | p | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
a> SELECT * FROM app.p
a
SELECT 0
a> UNDROP TABLE p
NOTICE: table "p" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | p | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
a> SELECT * FROM public.p
b
SELECT 0
a> RESET search_path
RESET
-- schemas, with all that was in them
a> CREATE VIEW app.v AS SELECT count(*) AS n FROM app.p
CREATE VIEW
a> CREATE SEQUENCE app.s
CREATE SEQUENCE
a> SELECT nextval('app.s')
nextval
1
SELECT 1
a> INSERT INTO app.p VALUES (1)
INSERT 0 1
a> DROP SCHEMA app CASCADE
NOTICE: drop cascades to 3 other objects
DETAIL: drop cascades to table app.p
DETAIL: drop cascades to view app.v
DETAIL: drop cascades to sequence app.s
DROP SCHEMA
a>! UNDROP TABLE app.p
ERROR: 42P07 the schema "app" that "p" was in has been dropped
HINT: Restore the schema.
a> UNDROP SCHEMA app
NOTICE: schema "app" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | p | recreated | 1 | 0 | 1 | 0
UNDROP SCHEMA
a> SELECT * FROM app.v
n
1
SELECT 1
a> SELECT nextval('app.s')
nextval
2
SELECT 1
a>! UNDROP SCHEMA app
ERROR: 3F000 there is no dropped schema "app"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
a>! UNDROP SCHEMA nosuch
ERROR: 3F000 there is no dropped schema "nosuch"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
-- databases
a> CREATE DATABASE shop
CREATE DATABASE
o: database=shop
connected
o> CREATE TABLE goods (id int PRIMARY KEY)
CREATE TABLE
o> INSERT INTO goods VALUES (1)
INSERT 0 1
a> DROP DATABASE shop
DROP DATABASE
o>! SELECT * FROM goods
ERROR: 3D000 database "shop" does not exist
DETAIL: It seems to have been dropped, renamed or undone by a restore.
HINT: Connect to another database of the tenant.
a> UNDROP DATABASE shop
NOTICE: database "shop" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
shop | public | goods | recreated | 1 | 0 | 1 | 0
UNDROP DATABASE
o> SELECT * FROM goods
id
1
SELECT 1
a>! UNDROP DATABASE shop
ERROR: 3D000 there is no dropped database "shop"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
-- what a restore took away
a@before> SELECT clock_timestamp()
(kept)
a> CREATE TABLE later (x int)
CREATE TABLE
a> INSERT INTO later VALUES (1)
INSERT 0 1
a> RESTORE TENANT TO TIMESTAMP :before
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | young | unchanged | 0 | 0 | 0 | 0
postgres | public | t | unchanged | 3 | 0 | 3 | 0
postgres | public | p | unchanged | 0 | 0 | 0 | 0
postgres | app | p | unchanged | 1 | 0 | 1 | 0
shop | public | goods | unchanged | 1 | 0 | 1 | 0
postgres | public | later | dropped | 0 | 0 | 0 | 0
RESTORE
a>! SELECT * FROM later
ERROR: 42P01 relation "later" does not exist
a> UNDROP TABLE later
NOTICE: table "later" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | later | recreated | 1 | 0 | 1 | 0
UNDROP TABLE
a> SELECT * FROM later
x
1
SELECT 1
-- two at once: one brings it back
a> DROP TABLE later
DROP TABLE
a> BEGIN
BEGIN
a> UNDROP TABLE later
NOTICE: table "later" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | later | recreated | 1 | 0 | 1 | 0
UNDROP TABLE
b>& UNDROP TABLE later
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 42710 table "later" has been brought back meanwhile
-- mistakes
a>! UNDROP TABLE pg_class
ERROR: 42501 permission denied: "pg_class" is a system catalog
a>! UNDROP TABLE nosuch.t
ERROR: 42P01 there is no dropped table "nosuch.t"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
a>! UNDROP TABLE t AS u
ERROR: 0A000 UNDROP … AS is not supported
a>! UNDROP VIEW v
ERROR: 0A000 UNDROP VIEW is not supported
HINT: It comes back with all of its schema or database: RESTORE SCHEMA, RESTORE DATABASE.
a> BEGIN READ ONLY
BEGIN
a>! UNDROP TABLE t
ERROR: 25006 cannot execute UNDROP in a read-only transaction
a> ROLLBACK
ROLLBACK
-- no longer kept
a> CREATE TABLE old (x int)
CREATE TABLE
a> DROP TABLE old
DROP TABLE
a> ALTER TENANT acme SET (history_retention = '0')
ALTER TENANT
a> VACUUM
VACUUM
a>! UNDROP TABLE old
ERROR: 42P01 there is no dropped table "old"
DETAIL: Nothing of that name has been dropped, or it is no longer kept.
HINT: SELECT * FROM mo_catalog.mo_recovery_window shows what moments can be had.
a> SELECT level, objects, tables, rows FROM mo_restores ORDER BY id
level | objects | tables | rows
table | {postgres.public.t} | 1 | 2
table | {postgres.public.t} | 1 | 0
table | {postgres.public.t} | 1 | 0
table | {postgres.public.t} | 1 | 0
table | {postgres.public.t} | 1 | 3
table | {postgres.app.p} | 1 | 0
table | {postgres.public.p} | 1 | 0
schema | {postgres.app} | 1 | 1
database | {shop} | 1 | 1
tenant | ∅ | 6 | 5
table | {postgres.public.later} | 1 | 1
table | {postgres.public.later} | 1 | 1
SELECT 12
-- what the same block dropped is not gone, and no older one is taken for it
a> CREATE SCHEMA twice
CREATE SCHEMA
a> CREATE TABLE twice.k (i int)
CREATE TABLE
a> DROP SCHEMA twice CASCADE
NOTICE: drop cascades to table twice.k
DROP SCHEMA
a> CREATE SCHEMA twice
CREATE SCHEMA
a> CREATE TABLE twice.k (j text)
CREATE TABLE
a> BEGIN
BEGIN
a> SAVEPOINT before
SAVEPOINT
a> DROP SCHEMA twice CASCADE
NOTICE: drop cascades to table twice.k
DROP SCHEMA
a>! UNDROP SCHEMA twice
ERROR: 55000 the drop of schema "twice" is not committed yet
HINT: ROLLBACK, or ROLLBACK TO a savepoint, takes it back.
a> ROLLBACK TO before
ROLLBACK
a> DROP TABLE twice.k
DROP TABLE
a>! UNDROP TABLE twice.k
ERROR: 55000 the drop of table "twice.k" is not committed yet
HINT: ROLLBACK, or ROLLBACK TO a savepoint, takes it back.
a> ROLLBACK
ROLLBACK
a> SELECT * FROM twice.k
j
SELECT 0
