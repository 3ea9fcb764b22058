-- oracle
-- ON CONFLICT and keys when several sessions write the same ones.
a> CREATE TABLE kv (k int PRIMARY KEY, v int, u int UNIQUE)
CREATE TABLE
a> BEGIN
BEGIN
a> INSERT INTO kv VALUES (1, 1, 1)
INSERT 0 1
b>& INSERT INTO kv VALUES (1, 10, 10) ON CONFLICT (k) DO UPDATE SET v = kv.v + excluded.v RETURNING *
(waits)
a> COMMIT
COMMIT
b<
k | v | u
1 | 11 | 1
INSERT 0 1
a> BEGIN
BEGIN
a> INSERT INTO kv VALUES (2, 2, 2)
INSERT 0 1
b>& INSERT INTO kv VALUES (2, 20, 20) ON CONFLICT DO NOTHING RETURNING *
(waits)
a> COMMIT
COMMIT
b<
k | v | u
INSERT 0 0
a> BEGIN
BEGIN
a> INSERT INTO kv VALUES (3, 3, 3)
INSERT 0 1
b>& INSERT INTO kv VALUES (3, 30, 30) ON CONFLICT DO NOTHING RETURNING *
(waits)
a> ROLLBACK
ROLLBACK
b<
k | v | u
3 | 30 | 30
INSERT 0 1
a> BEGIN
BEGIN
a> DELETE FROM kv WHERE k = 1
DELETE 1
b>& INSERT INTO kv VALUES (1, 100, 100) ON CONFLICT (k) DO UPDATE SET v = -1 RETURNING *
(waits)
a> COMMIT
COMMIT
b<
k | v | u
1 | 100 | 100
INSERT 0 1
a> BEGIN
BEGIN
a> UPDATE kv SET v = 5 WHERE k = 2
UPDATE 1
b>& INSERT INTO kv VALUES (2, 50, 50) ON CONFLICT (k) DO UPDATE SET v = kv.v * excluded.v WHERE kv.v = 5 RETURNING *
(waits)
a> COMMIT
COMMIT
b<
k | v | u
2 | 250 | 2
INSERT 0 1
-- the other key is not the arbiter's
a> BEGIN
BEGIN
a> INSERT INTO kv VALUES (7, 7, 7)
INSERT 0 1
b>& INSERT INTO kv VALUES (8, 8, 7) ON CONFLICT (k) DO NOTHING
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 23505 duplicate key value violates unique constraint "kv_u_key"
DETAIL: Key (u)=(7) already exists.
-- two sessions, two rows, no meeting
a> BEGIN
BEGIN
a> UPDATE kv SET v = 0 WHERE k = 7
UPDATE 1
b> UPDATE kv SET v = 0 WHERE k = 2
UPDATE 1
a> COMMIT
COMMIT
-- a key that is given up and taken by another
a> BEGIN
BEGIN
a> UPDATE kv SET k = 70 WHERE k = 7
UPDATE 1
b>& INSERT INTO kv VALUES (7, 1, 71)
(waits)
a> COMMIT
COMMIT
b<
INSERT 0 1
-- an insert of a key that a rolled back statement wanted
a> BEGIN
BEGIN
a> SAVEPOINT s
SAVEPOINT
a> INSERT INTO kv VALUES (9, 9, 9)
INSERT 0 1
a> ROLLBACK TO s
ROLLBACK
b> INSERT INTO kv VALUES (9, 90, 90)
INSERT 0 1
a>! INSERT INTO kv VALUES (9, 9, 9)
ERROR: 23505 duplicate key value violates unique constraint "kv_pkey"
DETAIL: Key (k)=(9) already exists.
a> ROLLBACK
ROLLBACK
a> SELECT * FROM kv ORDER BY k
k | v | u
1 | 100 | 100
2 | 0 | 2
3 | 30 | 30
7 | 1 | 71
9 | 90 | 90
70 | 0 | 7
SELECT 6
-- results without columns or rows
a> SELECT
()
()
SELECT 1


a> SELECT FROM kv
()
()
()
()
()
()
()
SELECT 6







a> SELECT * FROM kv WHERE false
k | v | u
SELECT 0
a> CREATE TABLE nothing ()
CREATE TABLE
a> INSERT INTO nothing DEFAULT VALUES
INSERT 0 1
a> SELECT count(*) FROM nothing
count
1
SELECT 1
a> SELECT * FROM nothing
()
()
SELECT 1


a> ALTER TABLE nothing ADD COLUMN a int DEFAULT 1
ALTER TABLE
a> SELECT * FROM nothing
a
1
SELECT 1
a> ALTER TABLE nothing DROP COLUMN a
ALTER TABLE
a> SELECT * FROM nothing
()
()
SELECT 1


