-- oracle
-- Transaction blocks: status, warnings, failed blocks, savepoints, implicit transactions.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> COMMIT
WARNING: there is no transaction in progress
COMMIT
a> ROLLBACK
WARNING: there is no transaction in progress
ROLLBACK
a> BEGIN
BEGIN
a> BEGIN
WARNING: there is already a transaction in progress
BEGIN
a> INSERT INTO t VALUES (1, 'one')
INSERT 0 1
a>! INSERT INTO t VALUES (1, 'again')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a>! SELECT 1
ERROR: 25P02 current transaction is aborted, commands ignored until end of transaction block
a> COMMIT
ROLLBACK
a> SELECT * FROM t
id | v
SELECT 0
a> START TRANSACTION
START TRANSACTION
a> INSERT INTO t VALUES (1, 'one')
INSERT 0 1
a> SAVEPOINT s
SAVEPOINT
a> INSERT INTO t VALUES (2, 'two')
INSERT 0 1
a>! INSERT INTO t VALUES (1, 'again')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a>! SAVEPOINT other
ERROR: 25P02 current transaction is aborted, commands ignored until end of transaction block
a> ROLLBACK TO s
ROLLBACK
a> SELECT * FROM t ORDER BY id
id | v
1 | one
SELECT 1
a> INSERT INTO t VALUES (3, 'three')
INSERT 0 1
a> SAVEPOINT s
SAVEPOINT
a> DELETE FROM t
DELETE 2
a> ROLLBACK TO SAVEPOINT s
ROLLBACK
a> RELEASE SAVEPOINT s
RELEASE
a>! ROLLBACK TO nosuch
ERROR: 3B001 savepoint "nosuch" does not exist
a> ROLLBACK
ROLLBACK
a> BEGIN
BEGIN
a> INSERT INTO t VALUES (1, 'one'), (3, 'three')
INSERT 0 2
a> COMMIT AND CHAIN
COMMIT
a> INSERT INTO t VALUES (4, 'four')
INSERT 0 1
a> ROLLBACK AND CHAIN
ROLLBACK
a> SELECT count(*) FROM t
count
2
SELECT 1
a> COMMIT
COMMIT
a>! SAVEPOINT s
ERROR: 25P01 SAVEPOINT can only be used in transaction blocks
a>! RELEASE SAVEPOINT s
ERROR: 25P01 RELEASE SAVEPOINT can only be used in transaction blocks
a>! ROLLBACK TO SAVEPOINT s
ERROR: 25P01 ROLLBACK TO SAVEPOINT can only be used in transaction blocks
a>! COMMIT AND CHAIN
ERROR: 25P01 COMMIT AND CHAIN can only be used in transaction blocks
-- several statements in one message are one transaction
a>! INSERT INTO t VALUES (5, 'five'); INSERT INTO t VALUES (1, 'again'); INSERT INTO t VALUES (6, 'six')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a> SELECT * FROM t ORDER BY id
id | v
1 | one
3 | three
SELECT 2
a> INSERT INTO t VALUES (5, 'five'); SELECT count(*) FROM t; DELETE FROM t WHERE id = 5
INSERT 0 1
count
3
SELECT 1
DELETE 1
a> INSERT INTO t VALUES (5, 'five'); BEGIN; INSERT INTO t VALUES (6, 'six'); ROLLBACK
INSERT 0 1
BEGIN
INSERT 0 1
ROLLBACK
a> SELECT * FROM t ORDER BY id
id | v
1 | one
3 | three
SELECT 2
a>! INSERT INTO t VALUES (5, 'five'); COMMIT; INSERT INTO t VALUES (1, 'again')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a> SELECT * FROM t ORDER BY id
id | v
1 | one
3 | three
5 | five
SELECT 3
a> ; ;
(empty)
a>
(empty)
-- isolation levels and read only
a> BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
BEGIN
a> SHOW transaction_isolation
transaction_isolation
repeatable read
SHOW
a> SHOW transaction_read_only
transaction_read_only
on
SHOW
a>! DELETE FROM t
ERROR: 25006 cannot execute DELETE in a read-only transaction
a> ROLLBACK
ROLLBACK
a> BEGIN READ ONLY
BEGIN
a>! CREATE TABLE u (a int)
ERROR: 25006 cannot execute CREATE TABLE in a read-only transaction
a> ROLLBACK
ROLLBACK
a> SET default_transaction_read_only = on
SET
a>! INSERT INTO t VALUES (9, 'nine')
ERROR: 25006 cannot execute INSERT in a read-only transaction
a> RESET default_transaction_read_only
RESET
a> SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
WARNING: SET TRANSACTION can only be used in transaction blocks
SET
a> BEGIN
BEGIN
a> SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
SET
a> SELECT count(*) FROM t
count
3
SELECT 1
a>! SET TRANSACTION ISOLATION LEVEL READ COMMITTED
ERROR: 25001 SET TRANSACTION ISOLATION LEVEL must be called before any query
a> ROLLBACK
ROLLBACK
a> SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ
SET
a> SHOW default_transaction_isolation
default_transaction_isolation
repeatable read
SHOW
a> BEGIN
BEGIN
a> SHOW transaction_isolation
transaction_isolation
repeatable read
SHOW
a> COMMIT
COMMIT
-- what may not stand in a block
a> BEGIN
BEGIN
a>! CREATE DATABASE other
ERROR: 25001 CREATE DATABASE cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
a>! SELECT 1; CREATE DATABASE other
ERROR: 25001 CREATE DATABASE cannot run inside a transaction block
