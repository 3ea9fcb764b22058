-- What is refused by name, what differs from PostgreSQL on purpose, and the locks' own errors.
a> CREATE TABLE t (id int PRIMARY KEY, v int)
CREATE TABLE
a> INSERT INTO t VALUES (1, 1), (2, 2)
INSERT 0 2
a> CREATE VIEW v AS SELECT * FROM t
CREATE VIEW
a>! INSERT INTO v VALUES (3, 3)
ERROR: 55000 cannot insert into view "v"
DETAIL: Views are for reading.
HINT: Change the tables that the view reads.
a>! UPDATE v SET v = 0
ERROR: 55000 cannot update view "v"
DETAIL: Views are for reading.
HINT: Change the tables that the view reads.
a>! DELETE FROM v
ERROR: 55000 cannot delete from view "v"
DETAIL: Views are for reading.
HINT: Change the tables that the view reads.
a>! BEGIN ISOLATION LEVEL SERIALIZABLE
ERROR: 0A000 SERIALIZABLE is not supported
a>! SET default_transaction_isolation = serializable
ERROR: 0A000 isolation level SERIALIZABLE is not supported
HINT: Use REPEATABLE READ.
a>! SELECT * FROM t FOR UPDATE
ERROR: 0A000 SELECT FOR UPDATE is not supported
a>! CREATE INDEX i ON t (v)
ERROR: 0A000 CREATE INDEX is not supported
HINT: None is needed: rows are kept in the order of the primary key, and a scan leaves out the row groups that cannot have what it looks for.
a>! CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
ERROR: 0A000 CREATE FUNCTION is not supported
a>! CREATE TABLE f (a int REFERENCES t)
ERROR: 0A000 FOREIGN KEY (REFERENCES) is not supported
a>! DECLARE c CURSOR FOR SELECT 1
ERROR: 0A000 DECLARE CURSOR is not supported
a>! LISTEN x
ERROR: 0A000 LISTEN is not supported
a>! GRANT SELECT ON t TO public
ERROR: 0A000 GRANT is not supported
a>! WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d
ERROR: 0A000 DELETE in WITH is not supported
a>! SET nosuch = 1
ERROR: 42704 unrecognized configuration parameter "nosuch"
a>! SHOW nosuch
ERROR: 42704 unrecognized configuration parameter "nosuch"
a>! SET DateStyle = 'German'
ERROR: 0A000 DateStyle "German" is not supported
HINT: Only ISO, MDY is.
a>! SET client_encoding = 'LATIN1'
ERROR: 0A000 client_encoding "LATIN1" is not supported
HINT: Only UTF8 is.
a>! SET TimeZone = 'Nowhere/Land'
ERROR: 22023 invalid value for parameter "TimeZone": "Nowhere/Land"
a>! SET server_version = '16'
ERROR: 55P02 parameter "server_version" cannot be changed
a>! SET statement_timeout = 'soon'
ERROR: 22023 invalid value for parameter "statement_timeout": "soon"
a>! CREATE TABLE bad (_row_id int)
ERROR: 42701 column name "_row_id" conflicts with a system column name
a>! ALTER TABLE t RENAME COLUMN v TO _commit_ts
ERROR: 42701 column name "_commit_ts" conflicts with a system column name
a>! SELECT 1; SELEC 2
ERROR: 42601 syntax error at or near "SELEC"
a>! SELECT nosuch FROM t
ERROR: 42703 column "nosuch" does not exist
a>! SELECT nosuch(1)
ERROR: 42883 function nosuch(integer) does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! SELECT 1 / 0
ERROR: 22012 division by zero
a>! SELECT 'x'::int
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! SELECT 1 + 'x'
ERROR: 22P02 invalid input syntax for type integer: "x"
a> SELECT '1' + 1 AS two
two
2
SELECT 1
-- deadlock: the newcomer is the victim
a> BEGIN
BEGIN
a> UPDATE t SET v = 10 WHERE id = 1
UPDATE 1
b> BEGIN
BEGIN
b> UPDATE t SET v = 20 WHERE id = 2
UPDATE 1
a>& UPDATE t SET v = 11 WHERE id = 2
(waits)
b>! UPDATE t SET v = 21 WHERE id = 1
ERROR: 40P01 deadlock detected
DETAIL: The transaction waits for a row lock, whose holder waits for it.
HINT: Roll back and try again; take locks in the same order everywhere.
b> ROLLBACK
ROLLBACK
a<
UPDATE 1
a> COMMIT
COMMIT
a> SELECT * FROM t ORDER BY id
id | v
1 | 10
2 | 11
SELECT 2
-- lock time-out and statement time-out
a> BEGIN
BEGIN
a> UPDATE t SET v = 9 WHERE id = 1
UPDATE 1
b> SET lock_timeout = '50ms'
SET
b>! UPDATE t SET v = 10 WHERE id = 1
ERROR: 55P03 canceling statement due to lock timeout
DETAIL: It waited 0.05 s for a row lock.
b> RESET lock_timeout
RESET
b> SET statement_timeout = '80ms'
SET
b>! UPDATE t SET v = 10 WHERE id = 1
ERROR: 57014 canceling statement due to statement timeout
b> RESET statement_timeout
RESET
a> ROLLBACK
ROLLBACK
-- databases
a> CREATE DATABASE other
CREATE DATABASE
a>! CREATE DATABASE other
ERROR: 42P04 database "other" already exists
o: database=other
connected
o> SELECT * FROM postgres.public.t ORDER BY id
id | v
1 | 10
2 | 11
SELECT 2
o>! SELECT * FROM nosuch.public.t
ERROR: 3D000 database "nosuch" does not exist
o>! DROP DATABASE other
ERROR: 55006 cannot drop the currently open database
x: database=nosuch
ERROR: 3D000 database "nosuch" does not exist
a>! ALTER DATABASE postgres RENAME TO mine
ERROR: 0A000 current database cannot be renamed
a> DROP DATABASE other
DROP DATABASE
o>! SELECT 1
ERROR: 3D000 database "other" does not exist
DETAIL: It seems to have been dropped, renamed or undone by a restore.
HINT: Connect to another database of the tenant.
a>! DROP DATABASE other
ERROR: 3D000 database "other" does not exist
a> DROP DATABASE IF EXISTS other
NOTICE: database "other" does not exist, skipping
DROP DATABASE
-- text that is made longer than anybody needs
a>! SELECT repeat('x', 2000000000)
ERROR: 54000 requested length too large
a>! SELECT length(lpad('x', 1000000000))
ERROR: 54000 requested length too large
a>! SELECT length(rpad('x', 1000000000, 'yz'))
ERROR: 54000 requested length too large
a> SELECT length(repeat('xy', 1000)), length(lpad('x', 1000)), length(rpad('x', 1000, 'yz')), repeat('x', -1)
length | length | length | repeat
2000 | 1000 | 1000 | 
SELECT 1
-- rows without columns, made by a query
a> CREATE TABLE nothing_in_it AS SELECT
SELECT 1
a> CHECKPOINT
CHECKPOINT
a> SELECT count(*) FROM nothing_in_it
count
1
SELECT 1
a> CREATE SNAPSHOT without_columns
NOTICE: snapshot "without_columns" at <time>
CREATE SNAPSHOT
a> INSERT INTO nothing_in_it DEFAULT VALUES
INSERT 0 1
a> RESTORE TABLE nothing_in_it FROM SNAPSHOT without_columns USING LOGICAL
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | nothing_in_it | restored | 1 | 0 | 1 | 0
RESTORE
a> SELECT count(*) FROM nothing_in_it
count
1
SELECT 1
-- a moment beyond all
a> PREPARE moment AS SELECT count(*) FROM nothing_in_it FOR SYSTEM_TIME AS OF $1::timestamptz
PREPARE
a>! EXECUTE moment('infinity')
ERROR: 22023 the moment to read must be finite, and a date of our era
a>! EXECUTE moment('-infinity')
ERROR: 22023 the moment to read must be finite, and a date of our era
a>! SELECT count(*) FROM nothing_in_it FOR SYSTEM_TIME AS OF 'infinity'
ERROR: 22023 the moment to read must be finite, and a date of our era
