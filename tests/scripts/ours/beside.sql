-- RESTORE TABLE … TO TABLE: a table as it was, beside what is there.
a> CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE, w int DEFAULT 5 CHECK (w > 0), gone int, n int GENERATED ALWAYS AS IDENTITY)
CREATE TABLE
a> INSERT INTO t (v) VALUES ('one'), ('two'), ('three')
INSERT 0 3
a> ALTER TABLE t DROP COLUMN gone
ALTER TABLE
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = v || '!'
UPDATE 3
a> ALTER TABLE t ADD COLUMN later int
ALTER TABLE
a> INSERT INTO t (v) VALUES ('four')
INSERT 0 1
a> RESTORE TABLE t FROM SNAPSHOT s TO TABLE was
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | was | created | 1 | 0 | 3 | 0
RESTORE
a> SELECT * FROM was ORDER BY id
id | v | w | n
1 | one | 5 | 1
2 | two | 5 | 2
3 | three | 5 | 3
SELECT 3
a> SELECT * FROM t ORDER BY id
id | v | w | n | later
1 | one! | 5 | 1 | ∅
2 | two! | 5 | 2 | ∅
3 | three! | 5 | 3 | ∅
4 | four | 5 | 4 | ∅
SELECT 4
a> SELECT column_name, data_type, column_default, is_identity FROM information_schema.columns WHERE table_name = 'was' ORDER BY ordinal_position
column_name | data_type | column_default | is_identity
id | integer | nextval('was_id_seq'::regclass) | NO
v | text | ∅ | NO
w | integer | 5 | NO
n | integer | ∅ | YES
SELECT 4
a> SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'was'::regclass ORDER BY 1
conname | pg_get_constraintdef
t_w_check | CHECK ((w > 0))
was_pkey | PRIMARY KEY (id)
was_v_key | UNIQUE (v)
SELECT 3
-- it is a table of its own
a> INSERT INTO was (v) VALUES ('new') RETURNING *
id | v | w | n
4 | new | 5 | 4
INSERT 0 1
a> INSERT INTO t (v) VALUES ('five') RETURNING id, n
id | n
5 | 5
INSERT 0 1
a>! INSERT INTO was (v) VALUES ('one')
ERROR: 23505 duplicate key value violates unique constraint "was_v_key"
DETAIL: Key (v)=(one) already exists.
a>! INSERT INTO was (v, w) VALUES ('x', 0)
ERROR: 23514 new row for relation "was" violates check constraint "t_w_check"
DETAIL: Failing row contains (6, x, 0, 6).
a> DELETE FROM was WHERE id = 1
DELETE 1
a> SELECT id, t.v, was.v FROM t JOIN was USING (id) WHERE t.v <> was.v ORDER BY id
id | v | v
2 | two! | two
3 | three! | three
4 | four | new
SELECT 3
a> UPDATE t SET v = was.v FROM was WHERE t.id = was.id AND t.id = 2
UPDATE 1
a> SELECT id, v FROM t ORDER BY id
id | v
1 | one!
2 | two
3 | three!
4 | four
5 | five
SELECT 5
a> CHECKPOINT
CHECKPOINT
a> DROP TABLE t
DROP TABLE
a> ALTER TABLE was DROP COLUMN w
ALTER TABLE
a> VACUUM
VACUUM
a> SELECT * FROM was ORDER BY id
id | v | n
2 | two | 2
3 | three | 3
4 | new | 4
SELECT 3
-- the old one need not be there, and may come back
a> RESTORE TABLE t FROM SNAPSHOT s TO TABLE again USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | again | created | 0 | 1 | 3 | <bytes>
RESTORE
a> SELECT * FROM again ORDER BY id
id | v | w | n
1 | one | 5 | 1
2 | two | 5 | 2
3 | three | 5 | 3
SELECT 3
a> UNDROP TABLE t
NOTICE: table "t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 6 | 0 | 5 | 0
UNDROP TABLE
a> SELECT count(*) FROM t
count
5
SELECT 1
a> SELECT count(*) FROM t {SNAPSHOT = 's'}
count
3
SELECT 1
-- in a block, looked at and rolled back; in another schema
a> CREATE SCHEMA app
CREATE SCHEMA
a> BEGIN
BEGIN
a> RESTORE TABLE public.t FROM SNAPSHOT s TO TABLE app.t
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | t | created | 1 | 0 | 3 | 0
RESTORE
a> INSERT INTO app.t (v) VALUES ('mine')
INSERT 0 1
a> SELECT id, v FROM app.t ORDER BY id
id | v
1 | one
2 | two
3 | three
4 | mine
SELECT 4
b>! SELECT * FROM app.t
ERROR: 42P01 relation "app.t" does not exist
a> ROLLBACK
ROLLBACK
a>! SELECT * FROM app.t
ERROR: 42P01 relation "app.t" does not exist
a> RESTORE TABLE public.t FROM SNAPSHOT s TO TABLE app.t
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | t | created | 1 | 0 | 3 | 0
RESTORE
a> SELECT nextval('app.t_id_seq')
nextval
4
SELECT 1
-- taken back
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | t | dropped | 0 | 0 | 0 | 0
UNDO RESTORE
a>! SELECT * FROM app.t
ERROR: 42P01 relation "app.t" does not exist
a> UNDROP TABLE app.t
NOTICE: table "app.t" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | t | recreated | 1 | 0 | 3 | 0
UNDROP TABLE
a> SELECT count(*) FROM app.t
count
3
SELECT 1
a> SELECT level, objects, tables, rows FROM mo_restores ORDER BY id
level | objects | tables | rows
table | {postgres.public.was} | 1 | 3
table | {postgres.public.again} | 1 | 3
table | {postgres.public.t} | 1 | 5
table | {postgres.app.t} | 1 | 3
table | {postgres.app.t} | 1 | 0
table | {postgres.app.t} | 1 | 3
SELECT 6
-- mistakes
a>! RESTORE TABLE t FROM SNAPSHOT s TO TABLE was
ERROR: 42P07 relation "was" already exists
a>! RESTORE TABLE t FROM SNAPSHOT s TO TABLE t
ERROR: 42P07 relation "t" already exists
a>! RESTORE TABLE t FROM SNAPSHOT s TO TABLE nosuch.t
ERROR: 3F000 schema "nosuch" does not exist
a>! RESTORE TABLE t FROM SNAPSHOT s TO TABLE pg_catalog.x
ERROR: 42501 permission denied to create "pg_catalog.x"
DETAIL: System catalog modifications are currently disallowed.
a>! RESTORE TABLE t, was FROM SNAPSHOT s TO TABLE x
ERROR: 0A000 RESTORE of several tables … TO TABLE is not supported
a>! RESTORE SCHEMA app FROM SNAPSHOT s TO SCHEMA x
ERROR: 0A000 RESTORE … TO SCHEMA is not supported
a>! RESTORE TABLE t FROM SNAPSHOT s TO SCHEMA x
ERROR: 0A000 RESTORE … TO SCHEMA is not supported
a>! RESTORE TABLE nosuch FROM SNAPSHOT s TO TABLE x
ERROR: 42P01 relation "nosuch" does not exist at <time>
a>! RESTORE TENANT FROM SNAPSHOT s TO TENANT x
ERROR: 0A000 RESTORE … TO TENANT is not supported
-- a default that draws from what is gone
a> CREATE SEQUENCE shared
CREATE SEQUENCE
a> CREATE TABLE draws (x int DEFAULT nextval('shared'))
CREATE TABLE
a> CREATE SNAPSHOT d
NOTICE: snapshot "d" at <time>
CREATE SNAPSHOT
a> DROP TABLE draws
DROP TABLE
a> DROP SEQUENCE shared
DROP SEQUENCE
a>! RESTORE TABLE draws FROM SNAPSHOT d TO TABLE x
ERROR: 2BP01 cannot restore because default value for column x of table x would not hold any more
DETAIL: It needs something that the restore changes or that is not part of it.
HINT: Restore more at once (the schema, the database), or drop it first.
