-- oracle
-- What sessions see of each other; lost updates, write conflicts, deadlock, lock time-outs.
a> CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)
a> INSERT INTO account VALUES (1, 100), (2, 200)
-- own writes are seen, others' only when committed
a> BEGIN
a> UPDATE account SET balance = 50 WHERE id = 1
a> SELECT * FROM account ORDER BY id
b> SELECT * FROM account ORDER BY id
a> COMMIT
b> SELECT * FROM account ORDER BY id
-- READ COMMITTED looks anew for each statement, REPEATABLE READ does not
b> BEGIN
b> SELECT balance FROM account WHERE id = 1
c> BEGIN ISOLATION LEVEL REPEATABLE READ
c> SELECT balance FROM account WHERE id = 1
a> UPDATE account SET balance = 60 WHERE id = 1
b> SELECT balance FROM account WHERE id = 1
c> SELECT balance FROM account WHERE id = 1
b> COMMIT
c>! UPDATE account SET balance = 0 WHERE id = 1
c> ROLLBACK
-- READ COMMITTED runs again on what the other has committed
a> BEGIN
a> UPDATE account SET balance = balance + 10 WHERE id = 1
b>& UPDATE account SET balance = balance + 100 WHERE id = 1 RETURNING balance
a> COMMIT
b<
a> SELECT balance FROM account WHERE id = 1
-- and finds that a row no longer matches
a> BEGIN
a> UPDATE account SET balance = 0 WHERE id = 1
b>& UPDATE account SET balance = balance + 1 WHERE id = 1 AND balance > 0 RETURNING balance
a> COMMIT
b<
-- or is gone
a> BEGIN
a> DELETE FROM account WHERE id = 1
b>& DELETE FROM account WHERE id = 1
a> COMMIT
b<
a> INSERT INTO account VALUES (1, 100)
-- a rollback lets the other go on with what it read
a> BEGIN
a> UPDATE account SET balance = 1 WHERE id = 1
b>& UPDATE account SET balance = balance + 1 WHERE id = 1 RETURNING balance
a> ROLLBACK
b<
-- two inserts of one key: the second waits for the first
a> BEGIN
a> INSERT INTO account VALUES (3, 300)
b>& INSERT INTO account VALUES (3, 333)
a> COMMIT
b<!
a> BEGIN
a> INSERT INTO account VALUES (4, 400)
b>& INSERT INTO account VALUES (4, 444)
a> ROLLBACK
b<
-- a deleted key is free once the delete is committed
a> BEGIN
a> DELETE FROM account WHERE id = 4
a> INSERT INTO account VALUES (4, 4)
a> COMMIT
b> SELECT * FROM account ORDER BY id
-- REPEATABLE READ: first committer wins, the waiting one fails
a> BEGIN
a> UPDATE account SET balance = 7 WHERE id = 1
b> BEGIN ISOLATION LEVEL REPEATABLE READ
b> SELECT count(*) FROM account
b>& UPDATE account SET balance = 8 WHERE id = 1
a> COMMIT
b<!
b> ROLLBACK
-- lock time-out
a> BEGIN
a> UPDATE account SET balance = 9 WHERE id = 1
b> SET lock_timeout = '100ms'
b>! UPDATE account SET balance = 10 WHERE id = 1
b> RESET lock_timeout
a> ROLLBACK
-- a table being created is not there for others, and its name is taken
a> BEGIN
a> CREATE TABLE fresh (a int)
a> INSERT INTO fresh VALUES (1)
b>! SELECT * FROM fresh
a> COMMIT
b> SELECT * FROM fresh
-- definitions wait for writers
a> BEGIN
a> INSERT INTO fresh VALUES (2)
b>& ALTER TABLE fresh ADD COLUMN b int DEFAULT 5
a> COMMIT
b<
b> SELECT * FROM fresh ORDER BY a
-- a rolled back definition leaves nothing
a> BEGIN
a> ALTER TABLE fresh DROP COLUMN b
a> SELECT * FROM fresh ORDER BY a
a> DROP TABLE fresh
a>! SELECT * FROM fresh
a> ROLLBACK
a> SELECT * FROM fresh ORDER BY a
