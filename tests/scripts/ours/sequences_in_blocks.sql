-- Where sequences stand in a block that has restored them, and after it.
a> CREATE TABLE u (id serial, x int)
CREATE TABLE
a> INSERT INTO u (x) VALUES (1), (2), (3)
INSERT 0 3
a> CREATE SNAPSHOT three FOR TABLE u
NOTICE: snapshot "three" at <time>
CREATE SNAPSHOT
a> TRUNCATE u RESTART IDENTITY
TRUNCATE TABLE
-- from the restored position on, in the block and after it
a> BEGIN
BEGIN
a> RESTORE TABLE u FROM SNAPSHOT three
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 1 | 0 | 3 | 0
RESTORE
a> INSERT INTO u (x) VALUES (9) RETURNING id
id
4
INSERT 0 1
a> SAVEPOINT one
SAVEPOINT
a> INSERT INTO u (x) VALUES (9) RETURNING id
id
5
INSERT 0 1
a> ROLLBACK TO one
ROLLBACK
a> INSERT INTO u (x) VALUES (9) RETURNING id
id
6
INSERT 0 1
a> COMMIT
COMMIT
a> INSERT INTO u (x) VALUES (9) RETURNING id
id
7
INSERT 0 1
a> SELECT id FROM u ORDER BY id
id
1
2
3
4
6
7
SELECT 6
-- taken back, and on from there
a> BEGIN
BEGIN
a> RESTORE TABLE u FROM SNAPSHOT three
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 1 | 0 | 3 | 0
RESTORE
a> COMMIT
COMMIT
a> INSERT INTO u (x) VALUES (9) RETURNING id
id
4
INSERT 0 1
a> BEGIN
BEGIN
a> RESTORE TABLE u FROM SNAPSHOT three USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 0 | 1 | 3 | <bytes>
RESTORE
a> SELECT nextval('u_id_seq')
nextval
4
SELECT 1
a> SELECT setval('u_id_seq', 40)
setval
40
SELECT 1
a> SELECT nextval('u_id_seq'), currval('u_id_seq')
nextval | currval
41 | 41
SELECT 1
a> COMMIT
COMMIT
a> SELECT nextval('u_id_seq')
nextval
42
SELECT 1
-- a block that is rolled back leaves the sequence alone, also to a savepoint
a> BEGIN
BEGIN
a> INSERT INTO u (x) VALUES (10) RETURNING id
id
43
INSERT 0 1
a> SAVEPOINT two
SAVEPOINT
a> RESTORE TABLE u FROM SNAPSHOT three
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 1 | 0 | 3 | 0
RESTORE
a> SELECT nextval('u_id_seq')
nextval
4
SELECT 1
b> SELECT nextval('u_id_seq')
nextval
44
SELECT 1
a> ROLLBACK TO two
ROLLBACK
a> INSERT INTO u (x) VALUES (10) RETURNING id
id
45
INSERT 0 1
a> COMMIT
COMMIT
a> BEGIN
BEGIN
a> RESTORE TABLE u FROM SNAPSHOT three
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 1 | 0 | 3 | 0
RESTORE
a> SELECT nextval('u_id_seq')
nextval
4
SELECT 1
a> ROLLBACK
ROLLBACK
a> SELECT nextval('u_id_seq')
nextval
46
SELECT 1
-- drawn before the restore, in the same block
a> BEGIN
BEGIN
a> SELECT nextval('u_id_seq')
nextval
47
SELECT 1
a> RESTORE TABLE u FROM SNAPSHOT three
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | restored | 1 | 0 | 3 | 0
RESTORE
a> COMMIT
COMMIT
a> SELECT nextval('u_id_seq')
nextval
4
SELECT 1
-- a sequence that had never been drawn from
a> CREATE SEQUENCE q
CREATE SEQUENCE
a> CREATE SNAPSHOT fresh
NOTICE: snapshot "fresh" at <time>
CREATE SNAPSHOT
a> SELECT nextval('q'), nextval('q')
nextval | nextval
1 | 2
SELECT 1
a> BEGIN
BEGIN
a> RESTORE SCHEMA public FROM SNAPSHOT fresh
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | u | unchanged | 1 | 0 | 3 | 0
RESTORE
a> SELECT nextval('q')
nextval
1
SELECT 1
a> COMMIT
COMMIT
a> SELECT nextval('q')
nextval
2
SELECT 1
-- RESTART IDENTITY is a part of its transaction as well
a> CREATE TABLE v (id int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5), x int)
CREATE TABLE
a> INSERT INTO v (x) VALUES (1), (2)
INSERT 0 2
a> BEGIN
BEGIN
a> TRUNCATE v RESTART IDENTITY
TRUNCATE TABLE
a> INSERT INTO v (x) VALUES (1) RETURNING id
id
10
INSERT 0 1
b> SELECT nextval('v_id_seq')
nextval
20
SELECT 1
a> ROLLBACK
ROLLBACK
a> INSERT INTO v (x) VALUES (3) RETURNING id
id
25
INSERT 0 1
a> BEGIN
BEGIN
a> TRUNCATE v RESTART IDENTITY
TRUNCATE TABLE
a> INSERT INTO v (x) VALUES (1) RETURNING id
id
10
INSERT 0 1
a> COMMIT
COMMIT
a> INSERT INTO v (x) VALUES (2) RETURNING id
id
15
INSERT 0 1
a> TRUNCATE v RESTART IDENTITY
TRUNCATE TABLE
a> INSERT INTO v (x) VALUES (1) RETURNING id
id
10
INSERT 0 1
-- a restore within a restore, rolled back: on from where the first one led
a> CREATE TABLE w (id serial, x int)
CREATE TABLE
a> INSERT INTO w (x) VALUES (1), (2)
INSERT 0 2
a> CREATE SNAPSHOT w2
NOTICE: snapshot "w2" at <time>
CREATE SNAPSHOT
a> INSERT INTO w (x) VALUES (3), (4)
INSERT 0 2
a> CREATE SNAPSHOT w4
NOTICE: snapshot "w4" at <time>
CREATE SNAPSHOT
a> INSERT INTO w (x) VALUES (5)
INSERT 0 1
a> BEGIN
BEGIN
a> RESTORE TABLE w FROM SNAPSHOT w4
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | w | restored | 2 | 0 | 4 | 0
RESTORE
a> INSERT INTO w (x) VALUES (9) RETURNING id
id
5
INSERT 0 1
a> SAVEPOINT deeper
SAVEPOINT
a> RESTORE TABLE w FROM SNAPSHOT w2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | w | restored | 1 | 0 | 2 | 0
RESTORE
a> INSERT INTO w (x) VALUES (9) RETURNING id
id
3
INSERT 0 1
a> ROLLBACK TO deeper
ROLLBACK
a> INSERT INTO w (x) VALUES (9) RETURNING id
id
6
INSERT 0 1
a> COMMIT
COMMIT
a> INSERT INTO w (x) VALUES (9) RETURNING id
id
7
INSERT 0 1
a> SELECT id FROM w ORDER BY id
id
1
2
3
4
5
6
7
SELECT 7
