-- Definitions of several sessions at once: what waits for what, and what is refused.
a> CREATE SCHEMA s
CREATE SCHEMA
a> CREATE TABLE t (id int)
CREATE TABLE
-- a schema is not dropped under a table that is being created in it
a> BEGIN
BEGIN
a> CREATE TABLE s.fresh (x int)
CREATE TABLE
b>& DROP SCHEMA s
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 2BP01 cannot drop schema s because other objects depend on it
DETAIL: table s.fresh depends on schema s
HINT: Use DROP ... CASCADE to drop the dependent objects too.
-- nor is a table created in a schema that is being dropped
a> BEGIN
BEGIN
a> DROP SCHEMA s CASCADE
NOTICE: drop cascades to table s.fresh
DROP SCHEMA
b>& CREATE TABLE s.other (x int)
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 3F000 schema "s" does not exist
-- a table is not dropped under a view that is being created over it
a> BEGIN
BEGIN
a> CREATE VIEW v AS SELECT * FROM t
CREATE VIEW
b>& DROP TABLE t
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 2BP01 cannot drop table t because other objects depend on it
DETAIL: view v depends on table t
HINT: Use DROP ... CASCADE to drop the dependent objects too.
-- one name, two creators
a> BEGIN
BEGIN
a> CREATE TABLE same (x int)
CREATE TABLE
b>& CREATE TABLE same (x int)
(waits)
c>& CREATE TABLE IF NOT EXISTS same (x int)
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 42P07 relation "same" already exists
c<
NOTICE: relation "same" already exists, skipping
CREATE TABLE
a> BEGIN
BEGIN
a> DROP TABLE same
DROP TABLE
b>& DROP TABLE same
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 42P01 table "same" does not exist
-- a writer waits for a definition, and writes by the new one
a> BEGIN
BEGIN
a> ALTER TABLE t ADD COLUMN v text DEFAULT 'new'
ALTER TABLE
b>& INSERT INTO t VALUES (1)
(waits)
a> COMMIT
COMMIT
b<
INSERT 0 1
a> SELECT * FROM t
id | v
1 | new
SELECT 1
a> BEGIN
BEGIN
a> DROP VIEW v
DROP VIEW
a> ALTER TABLE t DROP COLUMN v
ALTER TABLE
b>& UPDATE t SET v = 'x'
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 42703 column "v" of relation "t" does not exist
-- REPEATABLE READ defines nothing once somebody else has
a> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
a> SELECT count(*) FROM t
count
1
SELECT 1
b> CREATE TABLE meanwhile (x int)
CREATE TABLE
a>! CREATE TABLE meanwhile (x int)
ERROR: 40001 could not serialize access due to concurrent update
HINT: The transaction might succeed if retried.
a> ROLLBACK
ROLLBACK
a> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
a> SELECT count(*) FROM t
count
1
SELECT 1
b> ALTER TABLE t ADD COLUMN w int DEFAULT 1
ALTER TABLE
a> SELECT * FROM t
id
1
SELECT 1
a>! INSERT INTO t VALUES (2)
ERROR: 40001 could not serialize access due to concurrent update
a> ROLLBACK
ROLLBACK
a> INSERT INTO t VALUES (2)
INSERT 0 1
a> SELECT * FROM t ORDER BY id
id | w
1 | 1
2 | 1
SELECT 2
-- TRUNCATE is undone by a rollback, and others wait
a> BEGIN
BEGIN
a> TRUNCATE t
TRUNCATE TABLE
a> SELECT count(*) FROM t
count
0
SELECT 1
b> SELECT count(*) FROM t
count
2
SELECT 1
b>& INSERT INTO t VALUES (3)
(waits)
a> ROLLBACK
ROLLBACK
b<
INSERT 0 1
a> SELECT count(*) FROM t
count
3
SELECT 1
-- savepoints undo definitions
a> BEGIN
BEGIN
a> SAVEPOINT s
SAVEPOINT
a> ALTER TABLE t RENAME TO renamed
ALTER TABLE
a> ROLLBACK TO s
ROLLBACK
a> SELECT count(*) FROM t
count
3
SELECT 1
a> COMMIT
COMMIT
