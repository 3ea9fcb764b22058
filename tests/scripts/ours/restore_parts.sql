-- RESTORE TABLE, SCHEMA and DATABASE, in and out of transaction blocks; UNDO RESTORE.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE n (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE other (x int)
CREATE TABLE
a> INSERT INTO t VALUES (1, 'one'), (2, 'two')
INSERT 0 2
a> INSERT INTO n (v) VALUES ('a'), ('b')
INSERT 0 2
a> INSERT INTO other VALUES (10)
INSERT 0 1
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'damaged'
UPDATE 2
a> INSERT INTO n (v) VALUES ('c')
INSERT 0 1
a> INSERT INTO other VALUES (11)
INSERT 0 1
-- a preview: seen here, not elsewhere, and gone after ROLLBACK
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
b> SELECT * FROM t ORDER BY id
id | v
1 | damaged
2 | damaged
SELECT 2
a> INSERT INTO t VALUES (3, 'three')
INSERT 0 1
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
3 | three
SELECT 3
a> ROLLBACK
ROLLBACK
a> SELECT * FROM t ORDER BY id
id | v
1 | damaged
2 | damaged
SELECT 2
a> SELECT level, objects, method, role FROM mo_restores
level | objects | method | role
SELECT 0
-- to a savepoint
a> BEGIN
BEGIN
a> SAVEPOINT p
SAVEPOINT
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> ROLLBACK TO p
ROLLBACK
a> SELECT * FROM t ORDER BY id
id | v
1 | damaged
2 | damaged
SELECT 2
a> COMMIT
COMMIT
-- for good, and the other tables stay as they are
a> RESTORE TABLE t, n FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
postgres | public | n | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> INSERT INTO n (v) VALUES ('d') RETURNING *
id | v
3 | d
INSERT 0 1
a> SELECT * FROM other ORDER BY x
x
10
11
SELECT 2
a> SELECT level, objects, moment < commit_ts AS past, method, role FROM mo_catalog.mo_restores
level | objects | past | method | role
table | {postgres.public.t,postgres.public.n} | t | physical | admin
SELECT 1
-- undone, and the undoing undone
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
postgres | public | n | restored | 2 | 0 | 3 | 0
UNDO RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | damaged
2 | damaged
SELECT 2
a> SELECT * FROM n ORDER BY id
id | v
1 | a
2 | b
3 | c
SELECT 3
a>! UNDO RESTORE
ERROR: 42704 there is no restore to undo
HINT: SELECT * FROM mo_catalog.mo_restores shows them.
a@undoing> SELECT max(id) FROM mo_restores
(kept)
a> UNDO RESTORE :undoing
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
postgres | public | n | restored | 2 | 0 | 3 | 0
UNDO RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM n ORDER BY id
id | v
1 | a
2 | b
3 | d
SELECT 3
a> SELECT o.undoes IS NULL AS undone, o.id = :undoing AS redone FROM mo_restores d JOIN mo_restores o ON d.undoes = o.id ORDER BY d.id
undone | redone
t | f
f | t
SELECT 2
a>! UNDO RESTORE 1
ERROR: 42704 restore 1 does not exist
HINT: SELECT * FROM mo_catalog.mo_restores shows them.
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
postgres | public | n | restored | 2 | 0 | 3 | 0
UNDO RESTORE
a> SELECT v FROM n ORDER BY id
v
a
b
c
SELECT 3
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a>! UNDO RESTORE
ERROR: 55000 a restore of this transaction is not committed yet
HINT: ROLLBACK, or ROLLBACK TO a savepoint, takes it back.
a> ROLLBACK
ROLLBACK
-- in a block with other changes, all or nothing
a> BEGIN
BEGIN
a> INSERT INTO other VALUES (12)
INSERT 0 1
a> RESTORE TABLE t FROM SNAPSHOT s USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 0 | 1 | 2 | <bytes>
RESTORE
a> UPDATE t SET v = v || '!'
UPDATE 2
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
1 | one!
2 | two!
SELECT 2
a> SELECT * FROM other ORDER BY x
x
10
11
12
SELECT 3
-- a dropped table comes back, a name that is taken does not
a> DROP TABLE other
DROP TABLE
a@gone> SELECT clock_timestamp()
(kept)
a> CREATE TABLE other (y text)
CREATE TABLE
a>! RESTORE TABLE other FROM SNAPSHOT s
ERROR: 42P07 something else is called "other" now
DETAIL: In the way: table public.other.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
a> ALTER TABLE other RENAME TO newer
ALTER TABLE
a> RESTORE TABLE other FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | other | recreated | 1 | 0 | 1 | 0
RESTORE
a> SELECT * FROM other
x
10
SELECT 1
a> SELECT * FROM newer
y
SELECT 0
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | other | dropped | 0 | 0 | 0 | 0
UNDO RESTORE
a>! SELECT * FROM other
ERROR: 42P01 relation "other" does not exist
a@undoing> SELECT max(id) FROM mo_restores
(kept)
a> UNDO RESTORE :undoing
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | other | recreated | 1 | 0 | 1 | 0
UNDO RESTORE
a> SELECT * FROM other
x
10
SELECT 1
-- a renamed table is found by the name it had, and gets it back
a> ALTER TABLE t RENAME TO renamed
ALTER TABLE
a>! RESTORE TABLE renamed FROM SNAPSHOT s
ERROR: 42P01 relation "renamed" does not exist at <time>
HINT: It was renamed from "t" at <time>.
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a>! SELECT * FROM renamed
ERROR: 42P01 relation "renamed" does not exist
-- to a timestamp, with columns as they were
a> ALTER TABLE t ADD COLUMN w int DEFAULT 5
ALTER TABLE
a@with> SELECT clock_timestamp()
(kept)
a> ALTER TABLE t DROP COLUMN v
ALTER TABLE
a> DELETE FROM t WHERE id = 1
DELETE 1
a> RESTORE TABLE t TO TIMESTAMP :with
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v | w
1 | one | 5
2 | two | 5
SELECT 2
-- views over what is restored
a> CREATE VIEW sums AS SELECT sum(w) AS total FROM t
CREATE VIEW
a>! RESTORE TABLE t FROM SNAPSHOT s
ERROR: 2BP01 cannot restore because view public.sums would not hold any more
DETAIL: It needs something that the restore changes or that is not part of it.
HINT: Restore more at once (the schema, the database), or drop it first.
a> SELECT total FROM sums
total
10
SELECT 1
a> DROP VIEW sums
DROP VIEW
a> CREATE VIEW ids AS SELECT id FROM t
CREATE VIEW
a> ALTER TABLE t RENAME TO t2
ALTER TABLE
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM ids ORDER BY id
id
1
2
SELECT 2
-- schemas
a> CREATE SCHEMA app
CREATE SCHEMA
a> CREATE TABLE app.users (id serial PRIMARY KEY, name text)
CREATE TABLE
a> CREATE VIEW app.names AS SELECT name FROM app.users
CREATE VIEW
a> INSERT INTO app.users (name) VALUES ('ada')
INSERT 0 1
a> CREATE SNAPSHOT schemas
NOTICE: snapshot "schemas" at <time>
CREATE SNAPSHOT
a> INSERT INTO app.users (name) VALUES ('bob')
INSERT 0 1
a> CREATE TABLE app.later (x int)
CREATE TABLE
a> DROP VIEW app.names
DROP VIEW
a> BEGIN
BEGIN
a> RESTORE SCHEMA app FROM SNAPSHOT schemas
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | restored | 1 | 0 | 1 | 0
postgres | app | later | dropped | 0 | 0 | 0 | 0
RESTORE
a> SELECT * FROM app.names
name
ada
SELECT 1
a>! SELECT * FROM app.later
ERROR: 42P01 relation "app.later" does not exist
a> ROLLBACK
ROLLBACK
a> SELECT name FROM app.users ORDER BY id
name
ada
bob
SELECT 2
a> RESTORE SCHEMA app FROM SNAPSHOT schemas
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | restored | 1 | 0 | 1 | 0
postgres | app | later | dropped | 0 | 0 | 0 | 0
RESTORE
a> SELECT * FROM app.names
name
ada
SELECT 1
a> INSERT INTO app.users (name) VALUES ('cyd') RETURNING id
id
2
INSERT 0 1
a> DROP SCHEMA app CASCADE
NOTICE: drop cascades to 2 other objects
DETAIL: drop cascades to table app.users
DETAIL: drop cascades to view app.names
DROP SCHEMA
a> RESTORE SCHEMA postgres.app FROM SNAPSHOT schemas
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | recreated | 1 | 0 | 1 | 0
RESTORE
a> SELECT * FROM app.names
name
ada
SELECT 1
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | dropped | 0 | 0 | 0 | 0
UNDO RESTORE
a>! SELECT * FROM app.names
ERROR: 42P01 relation "app.names" does not exist
a>! RESTORE TABLE app.users FROM SNAPSHOT schemas
ERROR: 42P07 the schema "app" that "users" was in has been dropped
HINT: Restore the schema.
-- databases
a> CREATE DATABASE shop
CREATE DATABASE
o: database=shop
connected
o> CREATE TABLE goods (id int PRIMARY KEY)
CREATE TABLE
o> INSERT INTO goods VALUES (1)
INSERT 0 1
a> CREATE SNAPSHOT shops
NOTICE: snapshot "shops" at <time>
CREATE SNAPSHOT
o> DROP TABLE goods
DROP TABLE
o> CREATE TABLE junk (x int)
CREATE TABLE
a> RESTORE DATABASE shop FROM SNAPSHOT shops
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
shop | public | goods | recreated | 1 | 0 | 1 | 0
shop | public | junk | dropped | 0 | 0 | 0 | 0
RESTORE
o> SELECT * FROM goods
id
1
SELECT 1
o>! SELECT * FROM junk
ERROR: 42P01 relation "junk" does not exist
a> BEGIN
BEGIN
a>! RESTORE DATABASE shop TO TIMESTAMP :with
ERROR: 3D000 database "shop" does not exist at <time>
a> ROLLBACK
ROLLBACK
x: database=postgres
connected
x> DROP DATABASE shop
DROP DATABASE
o>! SELECT * FROM goods
ERROR: 3D000 database "shop" does not exist
DETAIL: It seems to have been dropped, renamed or undone by a restore.
HINT: Connect to another database of the tenant.
a> RESTORE DATABASE shop FROM SNAPSHOT shops
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
shop | public | goods | recreated | 1 | 0 | 1 | 0
RESTORE
o> SELECT * FROM goods
id
1
SELECT 1
-- a writer is waited for, and gives way
b> BEGIN
BEGIN
b> INSERT INTO t VALUES (9, 'nine')
INSERT 0 1
a>& RESTORE TABLE t FROM SNAPSHOT s
(waits)
b> COMMIT
COMMIT
a<
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | unchanged | 1 | 0 | 2 | 0
RESTORE
b>& INSERT INTO t VALUES (8, 'eight')
(waits)
a> COMMIT
COMMIT
b<
INSERT 0 1
b> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
8 | eight
SELECT 3
-- mistakes
a>! RESTORE TABLE nosuch FROM SNAPSHOT s
ERROR: 42P01 relation "nosuch" does not exist at <time>
a>! RESTORE TABLE newer FROM SNAPSHOT s
ERROR: 42P01 relation "newer" does not exist at <time>
HINT: It was renamed from "other" at <time>.
a>! RESTORE TABLE nosuch.t FROM SNAPSHOT s
ERROR: 42P01 relation "nosuch.t" does not exist at <time>
a>! RESTORE SCHEMA nosuch FROM SNAPSHOT s
ERROR: 3F000 schema "nosuch" does not exist at <time>
a>! RESTORE DATABASE nosuch FROM SNAPSHOT s
ERROR: 3D000 database "nosuch" does not exist at <time>
a>! RESTORE TABLE ids FROM SNAPSHOT schemas
ERROR: 42809 "ids" is not a table at <time>
HINT: What is no table comes along with its schema.
a>! RESTORE TABLE pg_class FROM SNAPSHOT s
ERROR: 42501 permission denied: "pg_class" is a system catalog
a>! RESTORE TABLE t FROM SNAPSHOT nosuch
ERROR: 42704 snapshot "nosuch" does not exist
a>! RESTORE TABLE t TO TIMESTAMP now() + interval '1 hour'
ERROR: 22023 the moment <time> is in the future
DETAIL: The tenant's clock is at <time>.
a>! RESTORE TABLE t TO TIMESTAMP '2020-01-01'
ERROR: 22023 the tenant did not exist yet at <time>
DETAIL: It began at <time>.
a> BEGIN READ ONLY
BEGIN
a>! RESTORE TABLE t FROM SNAPSHOT s
ERROR: 25006 cannot execute RESTORE in a read-only transaction
a> ROLLBACK
ROLLBACK
a> BEGIN
BEGIN
a>! RESTORE TENANT FROM SNAPSHOT s
ERROR: 25001 RESTORE TENANT cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
-- the whole tenant, undone
a> RESTORE TENANT FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
postgres | public | n | restored | 1 | 0 | 2 | 0
postgres | public | other | unchanged | 1 | 0 | 1 | 0
postgres | public | newer | dropped | 0 | 0 | 0 | 0
shop | public | goods | dropped | 0 | 0 | 0 | 0
RESTORE
a> SELECT * FROM n ORDER BY id
id | v
1 | a
2 | b
SELECT 2
a>! SELECT * FROM newer
ERROR: 42P01 relation "newer" does not exist
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | newer | recreated | 0 | 0 | 0 | 0
shop | public | goods | recreated | 1 | 0 | 1 | 0
postgres | public | t | restored | 2 | 0 | 3 | 0
postgres | public | n | restored | 2 | 0 | 3 | 0
postgres | public | other | unchanged | 1 | 0 | 1 | 0
UNDO RESTORE
a> SELECT * FROM newer
y
SELECT 0
a@whole> SELECT max(id) FROM mo_restores WHERE level = 'tenant'
(kept)
a> BEGIN
BEGIN
a>! UNDO RESTORE :whole
ERROR: 25001 UNDO RESTORE of a tenant cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a> SELECT level, objects, method, role, undoes IS NOT NULL AS undoes FROM mo_restores ORDER BY id
level | objects | method | role | undoes
table | {postgres.public.t,postgres.public.n} | physical | admin | f
table | {postgres.public.t,postgres.public.n} | physical | admin | t
table | {postgres.public.t,postgres.public.n} | physical | admin | t
table | {postgres.public.t,postgres.public.n} | physical | admin | t
table | {postgres.public.t} | logical | admin | f
table | {postgres.public.other} | physical | admin | f
table | {postgres.public.other} | physical | admin | t
table | {postgres.public.other} | physical | admin | t
table | {postgres.public.t} | physical | admin | f
table | {postgres.public.t} | physical | admin | f
table | {postgres.public.t} | physical | admin | f
schema | {postgres.app} | physical | admin | f
schema | {postgres.app} | physical | admin | f
schema | {postgres.app} | physical | admin | t
database | {shop} | physical | admin | f
database | {shop} | physical | admin | f
table | {postgres.public.t} | physical | admin | f
table | {postgres.public.t} | physical | admin | f
tenant | ∅ | physical | admin | f
tenant | ∅ | physical | admin | t
SELECT 20
-- a default of a table outside needs a sequence that the restore would end
a> CREATE SCHEMA seqs
CREATE SCHEMA
a> CREATE SNAPSHOT none
NOTICE: snapshot "none" at <time>
CREATE SNAPSHOT
a> CREATE SEQUENCE seqs.numbers
CREATE SEQUENCE
a> CREATE TABLE outside (id int DEFAULT nextval('seqs.numbers'), v int)
CREATE TABLE
a>! RESTORE SCHEMA seqs FROM SNAPSHOT none
ERROR: 2BP01 cannot restore because default value for column id of table public.outside would not hold any more
DETAIL: It needs something that the restore changes or that is not part of it.
HINT: Restore more at once (the schema, the database), or drop it first.
a> INSERT INTO outside (v) VALUES (1) RETURNING id
id
1
INSERT 0 1
a> DROP TABLE outside
DROP TABLE
a> RESTORE SCHEMA seqs FROM SNAPSHOT none
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
RESTORE
a>! SELECT nextval('seqs.numbers')
ERROR: 42P01 relation "seqs.numbers" does not exist
