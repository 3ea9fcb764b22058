-- RESTORE together with other changes in one transaction block.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE p (id serial PRIMARY KEY, v text UNIQUE)
CREATE TABLE
a> INSERT INTO t VALUES (1, 'one'), (2, 'two')
INSERT 0 2
a> INSERT INTO p (v) VALUES ('x')
INSERT 0 1
a> CREATE SNAPSHOT s1
NOTICE: snapshot "s1" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'b'
UPDATE 2
a> CREATE SNAPSHOT s2
NOTICE: snapshot "s2" at <time>
CREATE SNAPSHOT
a> UPDATE t SET v = 'c'
UPDATE 2
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
RESTORE
a> RESTORE TABLE t FROM SNAPSHOT s1
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> DELETE FROM t WHERE id = 2
DELETE 1
a> INSERT INTO t VALUES (5, 'five')
INSERT 0 1
a>! INSERT INTO t VALUES (1, 'dup')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a> ROLLBACK
ROLLBACK
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
RESTORE
a> RESTORE TABLE t FROM SNAPSHOT s1
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> DELETE FROM t WHERE id = 2
DELETE 1
a> INSERT INTO t VALUES (5, 'five')
INSERT 0 1
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
1 | one
5 | five
SELECT 2
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
RESTORE
a> ALTER TABLE t ADD COLUMN w int DEFAULT 7
ALTER TABLE
a> UPDATE t SET w = 8 WHERE id = 1
UPDATE 1
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v | w
1 | b | 8
2 | b | 7
SELECT 2
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s1
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> TRUNCATE t
TRUNCATE TABLE
a> INSERT INTO t VALUES (9, 'nine')
INSERT 0 1
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
9 | nine
SELECT 1
a> BEGIN
BEGIN
a> RESTORE TABLE t FROM SNAPSHOT s1
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
RESTORE
a> DROP TABLE t
DROP TABLE
a> COMMIT
COMMIT
a>! SELECT * FROM t ORDER BY id
ERROR: 42P01 relation "t" does not exist
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | recreated | 1 | 0 | 1 | 0
UNDO RESTORE
a> SELECT * FROM t ORDER BY id
id | v
9 | nine
SELECT 1
a> BEGIN
BEGIN
a> CREATE TABLE q (x int)
CREATE TABLE
a> INSERT INTO q VALUES (1)
INSERT 0 1
a> RESTORE TABLE t, p FROM SNAPSHOT s1
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 1 | 0 | 2 | 0
postgres | public | p | unchanged | 1 | 0 | 1 | 0
RESTORE
a> SAVEPOINT one
SAVEPOINT
a> RESTORE TABLE t FROM SNAPSHOT s2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
RESTORE
a> ROLLBACK TO one
ROLLBACK
a> INSERT INTO p (v) VALUES ('y') RETURNING id
id
2
INSERT 0 1
a>! INSERT INTO p (v) VALUES ('x')
ERROR: 23505 duplicate key value violates unique constraint "p_v_key"
DETAIL: Key (v)=(x) already exists.
a> ROLLBACK TO one
ROLLBACK
a> INSERT INTO p (v) VALUES ('z') RETURNING id
id
4
INSERT 0 1
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM p ORDER BY id
id | v
1 | x
4 | z
SELECT 2
a> SELECT * FROM q
x
1
SELECT 1
a> CHECKPOINT
CHECKPOINT
a> VACUUM
VACUUM
a> SELECT * FROM p ORDER BY id
id | v
1 | x
4 | z
SELECT 2
a> SELECT * FROM t ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> RESTORE TABLE t FROM SNAPSHOT s1; SELECT count(*) FROM t; UPDATE t SET v = 'multi'
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | unchanged | 1 | 0 | 2 | 0
RESTORE
count
2
SELECT 1
UPDATE 2
a> SELECT * FROM t ORDER BY id
id | v
1 | multi
2 | multi
SELECT 2
a> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
a> SELECT count(*) FROM p
count
2
SELECT 1
b> INSERT INTO t VALUES (77, 'b')
INSERT 0 1
a>! RESTORE TABLE t FROM SNAPSHOT s2
ERROR: 40001 could not serialize access due to concurrent update
a> ROLLBACK
ROLLBACK
a> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
a> SELECT count(*) FROM t
count
3
SELECT 1
a> RESTORE TABLE t FROM SNAPSHOT s2
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | restored | 3 | 0 | 2 | 0
RESTORE
a> SELECT * FROM t ORDER BY id
id | v
1 | b
2 | b
SELECT 2
a> COMMIT
COMMIT
b> SELECT * FROM t ORDER BY id
id | v
1 | b
2 | b
SELECT 2
