-- oracle
-- What sessions see of each other; lost updates, write conflicts, deadlock, lock time-outs.
a> CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)
CREATE TABLE
a> INSERT INTO account VALUES (1, 100), (2, 200)
INSERT 0 2
-- own writes are seen, others' only when committed
a> BEGIN
BEGIN
a> UPDATE account SET balance = 50 WHERE id = 1
UPDATE 1
a> SELECT * FROM account ORDER BY id
id | balance
1 | 50
2 | 200
SELECT 2
b> SELECT * FROM account ORDER BY id
id | balance
1 | 100
2 | 200
SELECT 2
a> COMMIT
COMMIT
b> SELECT * FROM account ORDER BY id
id | balance
1 | 50
2 | 200
SELECT 2
-- READ COMMITTED looks anew for each statement, REPEATABLE READ does not
b> BEGIN
BEGIN
b> SELECT balance FROM account WHERE id = 1
balance
50
SELECT 1
c> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
c> SELECT balance FROM account WHERE id = 1
balance
50
SELECT 1
a> UPDATE account SET balance = 60 WHERE id = 1
UPDATE 1
b> SELECT balance FROM account WHERE id = 1
balance
60
SELECT 1
c> SELECT balance FROM account WHERE id = 1
balance
50
SELECT 1
b> COMMIT
COMMIT
c>! UPDATE account SET balance = 0 WHERE id = 1
ERROR: 40001 could not serialize access due to concurrent update
c> ROLLBACK
ROLLBACK
-- READ COMMITTED runs again on what the other has committed
a> BEGIN
BEGIN
a> UPDATE account SET balance = balance + 10 WHERE id = 1
UPDATE 1
b>& UPDATE account SET balance = balance + 100 WHERE id = 1 RETURNING balance
(waits)
a> COMMIT
COMMIT
b<
balance
170
UPDATE 1
a> SELECT balance FROM account WHERE id = 1
balance
170
SELECT 1
-- and finds that a row no longer matches
a> BEGIN
BEGIN
a> UPDATE account SET balance = 0 WHERE id = 1
UPDATE 1
b>& UPDATE account SET balance = balance + 1 WHERE id = 1 AND balance > 0 RETURNING balance
(waits)
a> COMMIT
COMMIT
b<
balance
UPDATE 0
-- or is gone
a> BEGIN
BEGIN
a> DELETE FROM account WHERE id = 1
DELETE 1
b>& DELETE FROM account WHERE id = 1
(waits)
a> COMMIT
COMMIT
b<
DELETE 0
a> INSERT INTO account VALUES (1, 100)
INSERT 0 1
-- a rollback lets the other go on with what it read
a> BEGIN
BEGIN
a> UPDATE account SET balance = 1 WHERE id = 1
UPDATE 1
b>& UPDATE account SET balance = balance + 1 WHERE id = 1 RETURNING balance
(waits)
a> ROLLBACK
ROLLBACK
b<
balance
101
UPDATE 1
-- two inserts of one key: the second waits for the first
a> BEGIN
BEGIN
a> INSERT INTO account VALUES (3, 300)
INSERT 0 1
b>& INSERT INTO account VALUES (3, 333)
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 23505 duplicate key value violates unique constraint "account_pkey"
DETAIL: Key (id)=(3) already exists.
a> BEGIN
BEGIN
a> INSERT INTO account VALUES (4, 400)
INSERT 0 1
b>& INSERT INTO account VALUES (4, 444)
(waits)
a> ROLLBACK
ROLLBACK
b<
INSERT 0 1
-- a deleted key is free once the delete is committed
a> BEGIN
BEGIN
a> DELETE FROM account WHERE id = 4
DELETE 1
a> INSERT INTO account VALUES (4, 4)
INSERT 0 1
a> COMMIT
COMMIT
b> SELECT * FROM account ORDER BY id
id | balance
1 | 101
2 | 200
3 | 300
4 | 4
SELECT 4
-- REPEATABLE READ: first committer wins, the waiting one fails
a> BEGIN
BEGIN
a> UPDATE account SET balance = 7 WHERE id = 1
UPDATE 1
b> BEGIN ISOLATION LEVEL REPEATABLE READ
BEGIN
b> SELECT count(*) FROM account
count
4
SELECT 1
b>& UPDATE account SET balance = 8 WHERE id = 1
(waits)
a> COMMIT
COMMIT
b<!
ERROR: 40001 could not serialize access due to concurrent update
b> ROLLBACK
ROLLBACK
-- a table being created is not there for others, and its name is taken
a> BEGIN
BEGIN
a> CREATE TABLE fresh (a int)
CREATE TABLE
a> INSERT INTO fresh VALUES (1)
INSERT 0 1
b>! SELECT * FROM fresh
ERROR: 42P01 relation "fresh" does not exist
a> COMMIT
COMMIT
b> SELECT * FROM fresh
a
1
SELECT 1
-- definitions wait for writers
a> BEGIN
BEGIN
a> INSERT INTO fresh VALUES (2)
INSERT 0 1
b>& ALTER TABLE fresh ADD COLUMN b int DEFAULT 5
(waits)
a> COMMIT
COMMIT
b<
ALTER TABLE
b> SELECT * FROM fresh ORDER BY a
a | b
1 | 5
2 | 5
SELECT 2
-- a rolled back definition leaves nothing
a> BEGIN
BEGIN
a> ALTER TABLE fresh DROP COLUMN b
ALTER TABLE
a> SELECT * FROM fresh ORDER BY a
a
1
2
SELECT 2
a> DROP TABLE fresh
DROP TABLE
a>! SELECT * FROM fresh
ERROR: 42P01 relation "fresh" does not exist
a> ROLLBACK
ROLLBACK
a> SELECT * FROM fresh ORDER BY a
a | b
1 | 5
2 | 5
SELECT 2
