-- RESTORE TENANT with other sessions connected.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)
CREATE TABLE
a> CREATE VIEW v AS SELECT count(*) AS n FROM t
CREATE VIEW
a> CREATE DATABASE other
CREATE DATABASE
o: database=other
connected
o> CREATE TABLE far (x int)
CREATE TABLE
o> INSERT INTO far VALUES (1)
INSERT 0 1
a> INSERT INTO t VALUES (1, 'one'), (2, 'two')
INSERT 0 2
a> INSERT INTO numbered (v) VALUES ('a'), ('b')
INSERT 0 2
a> CREATE SNAPSHOT s
NOTICE: snapshot "s" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'damaged'
UPDATE 2
a> INSERT INTO numbered (v) VALUES ('c')
INSERT 0 1
a> DROP VIEW v
DROP VIEW
a> DROP TABLE numbered
DROP TABLE
a> CREATE TABLE later (x int)
CREATE TABLE
a> INSERT INTO later VALUES (1)
INSERT 0 1
o> DELETE FROM far
DELETE 1
a@before> SELECT clock_timestamp()
(kept)
-- a writer, a REPEATABLE READ reader and a READ COMMITTED reader, all open
w> BEGIN
BEGIN
w> INSERT INTO t VALUES (3, 'never')
INSERT 0 1
r> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
r> SELECT count(*) FROM t
count
2
SELECT 1
c> BEGIN
BEGIN
c> SELECT v FROM t WHERE id = 1
v
damaged
SELECT 1
-- not in a block
c>! RESTORE TENANT FROM SNAPSHOT s
ERROR: 25001 RESTORE TENANT cannot run inside a transaction block
c> ROLLBACK
ROLLBACK
c> BEGIN
BEGIN
c> SELECT v FROM t WHERE id = 1
v
damaged
SELECT 1
a> RESTORE TENANT FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | numbered | recreated | 1 | 0 | 2 | 0
postgres | public | t | restored | 1 | 0 | 2 | 0
other | public | far | restored | 1 | 0 | 1 | 0
postgres | public | later | dropped | 0 | 0 | 0 | 0
RESTORE
w>! SELECT 1
ERROR: 40001 the tenant was restored while the transaction was open
DETAIL: Nothing of the transaction was kept.
HINT: Roll back and run it again on the restored data.
w> ROLLBACK
ROLLBACK
r>! SELECT count(*) FROM t
ERROR: 40001 the tenant was restored while the transaction was open
DETAIL: Nothing of the transaction was kept.
HINT: Roll back and run it again on the restored data.
r> ROLLBACK
ROLLBACK
c> SELECT v FROM t WHERE id = 1
v
one
SELECT 1
c> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM v
n
2
SELECT 1
a> INSERT INTO numbered (v) VALUES ('d') RETURNING *
id | v
3 | d
INSERT 0 1
o> SELECT * FROM far
x
1
SELECT 1
a>! SELECT * FROM later
ERROR: 42P01 relation "later" does not exist
a> SELECT name FROM mo_snapshots
name
s
SELECT 1
-- the state before the restore stays readable and restorable
a> SELECT DISTINCT v FROM t FOR SYSTEM_TIME AS OF :before
v
damaged
SELECT 1
a> SELECT * FROM later FOR SYSTEM_TIME AS OF :before
x
1
SELECT 1
a> RESTORE TENANT TO TIMESTAMP :before
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | later | recreated | 1 | 0 | 1 | 0
postgres | public | t | restored | 3 | 0 | 2 | 0
other | public | far | restored | 2 | 0 | 0 | 0
postgres | public | numbered | dropped | 0 | 0 | 0 | 0
RESTORE
a> SELECT DISTINCT v FROM t
v
damaged
SELECT 1
a> SELECT * FROM later
x
1
SELECT 1
a> RESTORE TENANT acme FROM SNAPSHOT 's' USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | numbered | recreated | 0 | 1 | 2 | <bytes>
postgres | public | t | restored | 0 | 1 | 2 | <bytes>
other | public | far | restored | 0 | 1 | 1 | <bytes>
postgres | public | later | dropped | 0 | 0 | 0 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a>! SELECT * FROM later
ERROR: 42P01 relation "later" does not exist
-- a session whose database the restore takes away
a> CREATE DATABASE young
CREATE DATABASE
y: database=young
connected
y> SELECT 1
?column?
1
SELECT 1
a> RESTORE TENANT FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | numbered | restored | 1 | 0 | 2 | 0
postgres | public | t | restored | 1 | 0 | 2 | 0
other | public | far | restored | 1 | 0 | 1 | 0
RESTORE
y>! SELECT 1
ERROR: 3D000 database "young" does not exist
DETAIL: It seems to have been dropped, renamed or undone by a restore.
HINT: Connect to another database of the tenant.
y>! CREATE TABLE t (a int)
ERROR: 3D000 database "young" does not exist
DETAIL: It seems to have been dropped, renamed or undone by a restore.
HINT: Connect to another database of the tenant.
y> SHOW timezone
TimeZone
UTC
SHOW
-- rights and mistakes
a>! RESTORE TENANT FROM SNAPSHOT nosuch
ERROR: 42704 snapshot "nosuch" does not exist
a>! RESTORE TENANT FROM SNAPSHOT '2020-01-01'
ERROR: 42704 there is no snapshot at 2020-01-01 00:00:00+00
HINT: FOR SYSTEM_TIME AS OF and TO TIMESTAMP take any moment that is kept.
a>! RESTORE TENANT TO TIMESTAMP now() + interval '1 hour'
ERROR: 22023 the moment <time> is in the future
DETAIL: The tenant's clock is at <time>.
a>! RESTORE TENANT TO TIMESTAMP '2020-01-01'
ERROR: 22023 the tenant did not exist yet at <time>
DETAIL: It began at <time>.
a>! RESTORE TENANT sys FROM SNAPSHOT s
ERROR: 42501 permission denied to restore another tenant
a>! RESTORE TENANT nosuch FROM SNAPSHOT s
ERROR: 42501 permission denied to restore another tenant
s: tenant=sys
connected
s> RESTORE TENANT acme FROM SNAPSHOT s
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | numbered | unchanged | 1 | 0 | 2 | 0
postgres | public | t | unchanged | 1 | 0 | 2 | 0
other | public | far | unchanged | 1 | 0 | 1 | 0
RESTORE
s>! RESTORE TENANT nosuch FROM SNAPSHOT s
ERROR: 42704 tenant "nosuch" does not exist
s>! RESTORE TENANT acme FROM SNAPSHOT nosuch
ERROR: 42704 snapshot "nosuch" does not exist
