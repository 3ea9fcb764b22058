-- Snapshots of a database, a schema or a table, and their scope.
a> CREATE TABLE t (id serial PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE u (x int)
CREATE TABLE
a> INSERT INTO t (v) VALUES ('one'), ('two')
INSERT 0 2
a> INSERT INTO u VALUES (1)
INSERT 0 1
a> CREATE SCHEMA app
CREATE SCHEMA
a> CREATE TABLE app.users (name text)
CREATE TABLE
a> CREATE VIEW app.names AS SELECT name FROM app.users
CREATE VIEW
a> CREATE VIEW app.mixed AS SELECT name, x FROM app.users, u
CREATE VIEW
a> INSERT INTO app.users VALUES ('ada')
INSERT 0 1
a@before> SELECT clock_timestamp()
(kept)
a> CREATE SNAPSHOT st FOR TABLE t WITH (comment = 'just t') RETURNING name, level, database_name, schema_name, table_name
NOTICE: snapshot "st" at <time>
name | level | database_name | schema_name | table_name
st | table | postgres | public | t
CREATE SNAPSHOT
a> CREATE SNAPSHOT ss FOR SCHEMA app
NOTICE: snapshot "ss" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT sd FOR DATABASE postgres
NOTICE: snapshot "sd" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT w FOR TENANT
NOTICE: snapshot "w" at <time>
CREATE SNAPSHOT
a> CREATE SNAPSHOT old FOR TABLE app.users AS OF :before
NOTICE: snapshot "old" at <time>
CREATE SNAPSHOT
a> SELECT name, level, database_name, schema_name, table_name, comment FROM mo_snapshots ORDER BY timestamp
name | level | database_name | schema_name | table_name | comment
old | table | postgres | app | users | ∅
st | table | postgres | public | t | just t
ss | schema | postgres | app | ∅ | ∅
sd | database | postgres | ∅ | ∅ | ∅
w | tenant | ∅ | ∅ | ∅ | ∅
SELECT 5
-- reading
a> UPDATE t SET v = 'damaged'
UPDATE 2
a> SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'st' ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a>! SELECT * FROM u FOR SYSTEM_TIME AS OF SNAPSHOT 'st'
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! SELECT * FROM t, u {SNAPSHOT = 'ss'}
ERROR: 42704 snapshot "ss" does not cover table "u"
DETAIL: It is a snapshot of the schema postgres.app.
HINT: Within history_retention any moment is readable by its timestamp.
a>! SELECT relname FROM pg_class FOR SYSTEM_TIME AS OF SNAPSHOT 'st'
ERROR: 42704 snapshot "st" does not cover the catalog "pg_class"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! SELECT * FROM nosuch FOR SYSTEM_TIME AS OF SNAPSHOT 'st'
ERROR: 42P01 relation "nosuch" does not exist at <time>
a> SELECT * FROM app.names FOR SYSTEM_TIME AS OF SNAPSHOT 'ss'
name
ada
SELECT 1
a>! SELECT * FROM app.mixed FOR SYSTEM_TIME AS OF SNAPSHOT 'ss'
ERROR: 42704 snapshot "ss" does not cover table "u"
DETAIL: It is a snapshot of the schema postgres.app.
HINT: Within history_retention any moment is readable by its timestamp.
a> SELECT * FROM app.mixed FOR SYSTEM_TIME AS OF SNAPSHOT 'sd'
name | x
ada | 1
SELECT 1
a> SELECT * FROM app.users FOR SYSTEM_TIME AS OF SNAPSHOT 'old'
name
ada
SELECT 1
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'old'
ERROR: 42704 snapshot "old" does not cover table "t"
DETAIL: It is a snapshot of the table postgres.app.users.
HINT: Within history_retention any moment is readable by its timestamp.
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF :before
count
2
SELECT 1
a>! CREATE VIEW v AS SELECT * FROM u FOR SYSTEM_TIME AS OF SNAPSHOT 'st'
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
-- restoring
a>! RESTORE TABLE u FROM SNAPSHOT st
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE TABLE t, u FROM SNAPSHOT st
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE SCHEMA public FROM SNAPSHOT st
ERROR: 42704 snapshot "st" does not cover schema "public"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE SCHEMA public FROM SNAPSHOT ss
ERROR: 42704 snapshot "ss" does not cover schema "public"
DETAIL: It is a snapshot of the schema postgres.app.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE DATABASE postgres FROM SNAPSHOT ss
ERROR: 42704 snapshot "ss" does not cover database "postgres"
DETAIL: It is a snapshot of the schema postgres.app.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE TENANT FROM SNAPSHOT sd
ERROR: 42704 snapshot "sd" does not cover all of the tenant
DETAIL: It is a snapshot of the database postgres.
HINT: Within history_retention any moment is readable by its timestamp.
a> RESTORE TABLE t FROM SNAPSHOT st
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> INSERT INTO t (v) VALUES ('three') RETURNING *
id | v
3 | three
INSERT 0 1
a> RESTORE TABLE app.users FROM SNAPSHOT ss
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | unchanged | 1 | 0 | 1 | 0
RESTORE
a> RESTORE SCHEMA app FROM SNAPSHOT sd
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | app | users | unchanged | 1 | 0 | 1 | 0
RESTORE
-- the table is what the snapshot is of, whatever it is called
a> ALTER TABLE t RENAME TO t2
ALTER TABLE
a> CREATE TABLE t (other int)
CREATE TABLE
a> SELECT v FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'st' ORDER BY id
v
one
two
SELECT 2
a>! SELECT * FROM t2 FOR SYSTEM_TIME AS OF SNAPSHOT 'st'
ERROR: 42P01 relation "t2" does not exist at <time>
HINT: It was renamed from "t" at <time>.
-- after all history has gone
a> ALTER TENANT acme SET (history_retention = '0')
ALTER TENANT
a> DROP SNAPSHOT w
DROP SNAPSHOT 1
a> DROP SNAPSHOT sd
DROP SNAPSHOT 1
a@gone> SELECT clock_timestamp()
(kept)
a> DELETE FROM u
DELETE 1
a> VACUUM
NOTICE: objects deleted: 0, waiting for their grace period to end: 2
VACUUM
a> SELECT v FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'st' ORDER BY id
v
one
two
SELECT 2
a> SELECT * FROM app.names FOR SYSTEM_TIME AS OF SNAPSHOT 'ss'
name
ada
SELECT 1
a@st> SELECT timestamp FROM mo_snapshots WHERE name = 'st'
(kept)
a> SELECT v FROM t FOR SYSTEM_TIME AS OF :st ORDER BY id
v
one
two
SELECT 2
a>! SELECT * FROM u FOR SYSTEM_TIME AS OF :st
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE TABLE u TO TIMESTAMP :st
ERROR: 42704 snapshot "st" does not cover table "u"
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! RESTORE TENANT TO TIMESTAMP :st
ERROR: 42704 snapshot "st" does not cover all of the tenant
DETAIL: It is a snapshot of the table postgres.public.t.
HINT: Within history_retention any moment is readable by its timestamp.
a>! SELECT * FROM u FOR SYSTEM_TIME AS OF :gone
ERROR: 22023 the moment <time> is no longer readable
DETAIL: The earliest readable moment is <time>.
HINT: Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.
a>! CREATE SNAPSHOT late FOR TABLE u AS OF :gone
ERROR: 22023 the moment <time> is no longer readable
DETAIL: The earliest readable moment is <time>.
HINT: Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.
a> DROP TABLE t, t2
DROP TABLE
a> RESTORE TABLE t FROM SNAPSHOT st
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 1 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT why FROM mo_recovery_window ORDER BY latest DESC, why
why
history_retention = 0 seconds
snapshot "ss" of the schema postgres.app
snapshot "st" of the table postgres.public.t
snapshot "old" of the table postgres.app.users
SELECT 4
-- mistakes
a>! CREATE SNAPSHOT x FOR TABLE nosuch
ERROR: 42P01 relation "nosuch" does not exist
a>! CREATE SNAPSHOT x FOR TABLE app.names
ERROR: 42809 "names" is not a table
HINT: What is no table comes along with its schema.
a>! CREATE SNAPSHOT x FOR SCHEMA nosuch
ERROR: 3F000 schema "nosuch" does not exist
a>! CREATE SNAPSHOT x FOR DATABASE nosuch
ERROR: 3D000 database "nosuch" does not exist
a>! CREATE SNAPSHOT x FOR TABLE pg_class
ERROR: 42501 permission denied: "pg_class" is a system catalog
a>! CREATE SNAPSHOT x FOR VIEW app.names
ERROR: 42601 syntax error at or near "VIEW"
a>! CREATE SNAPSHOT x FOR TABLE t AS OF :st
ERROR: 42710 snapshot "st" already exists at <time>
a>! CREATE SNAPSHOT x FOR TABLE t AS OF now() + interval '1 hour'
ERROR: 22023 the moment <time> is in the future
DETAIL: The tenant's clock is at <time>.
-- whoever drops or renames the table meanwhile is waited for
b> BEGIN
BEGIN
b> ALTER TABLE t RENAME TO fresh
ALTER TABLE
a>& CREATE SNAPSHOT x FOR TABLE t
(waits)
b> COMMIT
COMMIT
a<!
ERROR: 42P01 relation "t" does not exist
a> CREATE SNAPSHOT x FOR TABLE fresh
NOTICE: snapshot "x" at <time>
CREATE SNAPSHOT
