-- What stands in the way of what is brought back, and undoing when nothing is left to undo.
a> CREATE SCHEMA e
CREATE SCHEMA
a> CREATE TABLE e.a (x int)
CREATE TABLE
a> DROP SCHEMA e CASCADE
NOTICE: drop cascades to table e.a
DROP SCHEMA
a> UNDROP SCHEMA e
NOTICE: schema "e" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | e | a | recreated | 0 | 0 | 0 | 0
UNDROP SCHEMA
a> DROP SCHEMA e CASCADE
NOTICE: drop cascades to table e.a
DROP SCHEMA
a> UNDO RESTORE
NOTICE: back to <time>, just before restore <id>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
UNDO RESTORE
a> SELECT level, objects, tables, undoes IS NULL FROM mo_restores ORDER BY id
level | objects | tables | ?column?
schema | {postgres.e} | 1 | t
schema | {postgres.e} | 0 | f
SELECT 2
-- the last database stays, in whatever way it would go
a> CREATE DATABASE d
CREATE DATABASE
x: database=d
connected
x> SELECT 1
?column?
1
SELECT 1
a> DROP DATABASE d
DROP DATABASE
x>! DROP DATABASE postgres
ERROR: 55006 cannot take away the last database of the tenant
DETAIL: Nobody could connect to the tenant any more.
HINT: Create or restore another database first: CREATE DATABASE ..., UNDROP DATABASE ...
a> SELECT datname FROM pg_database
datname
postgres
SELECT 1
a> UNDROP DATABASE d
NOTICE: database "d" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
UNDROP DATABASE
x> DROP DATABASE postgres
DROP DATABASE
x> UNDROP DATABASE postgres
NOTICE: database "postgres" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
UNDROP DATABASE
b: database=postgres
connected
b> DROP DATABASE d
DROP DATABASE
b>! UNDO RESTORE
ERROR: 55006 cannot take away the last database of the tenant
DETAIL: Nobody could connect to the tenant any more.
HINT: Create or restore another database first: CREATE DATABASE ..., UNDROP DATABASE ...
b>! EXPLAIN UNDO RESTORE
ERROR: 55006 cannot take away the last database of the tenant
DETAIL: Nobody could connect to the tenant any more.
HINT: Create or restore another database first: CREATE DATABASE ..., UNDROP DATABASE ...
b> SELECT datname FROM pg_database
datname
postgres
SELECT 1
-- a table created again, with a sequence of its own
b> CREATE TABLE t (id serial PRIMARY KEY, v text)
CREATE TABLE
b> INSERT INTO t (v) VALUES ('old')
INSERT 0 1
b> CREATE SNAPSHOT good
NOTICE: snapshot "good" at <time>
CREATE SNAPSHOT
b> DROP TABLE t
DROP TABLE
b> CREATE TABLE t (id serial, w int)
CREATE TABLE
b>! RESTORE TABLE t FROM SNAPSHOT good
ERROR: 42P07 something else is called "t", "t_id_seq" now
DETAIL: In the way: table public.t, sequence public.t_id_seq.
HINT: Rename or drop them, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
b> ALTER TABLE t RENAME TO t_new
ALTER TABLE
b>! RESTORE TABLE t FROM SNAPSHOT good
ERROR: 42P07 something else is called "t_id_seq" now
DETAIL: In the way: sequence public.t_id_seq.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
b>! UNDROP TABLE t
ERROR: 42P07 something else is called "t_id_seq" now
DETAIL: In the way: sequence public.t_id_seq.
HINT: Rename or drop it, then restore again. RESTORE TABLE ... TO TABLE new_name restores beside what is there.
b> RESTORE TABLE t FROM SNAPSHOT good TO TABLE t
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | public | t | created | 1 | 0 | 1 | 0
RESTORE
b> SELECT * FROM t
id | v
1 | old
SELECT 1
-- a schema created again
b> CREATE SCHEMA billing
CREATE SCHEMA
b> CREATE TABLE billing.invoices (id int)
CREATE TABLE
b> CREATE VIEW billing.all_invoices AS SELECT * FROM billing.invoices
CREATE VIEW
b> INSERT INTO billing.invoices VALUES (1)
INSERT 0 1
b> CREATE SNAPSHOT whole
NOTICE: snapshot "whole" at <time>
CREATE SNAPSHOT
b> DROP SCHEMA billing CASCADE
NOTICE: drop cascades to 2 other objects
DETAIL: drop cascades to table billing.invoices
DETAIL: drop cascades to view billing.all_invoices
DROP SCHEMA
b>! RESTORE TABLE billing.invoices FROM SNAPSHOT whole
ERROR: 42P07 the schema "billing" that "invoices" was in has been dropped
HINT: Restore the schema.
b> CREATE SCHEMA billing
CREATE SCHEMA
b>! RESTORE TABLE billing.invoices FROM SNAPSHOT whole
ERROR: 42P07 the schema "billing" that "invoices" was in has been dropped, and another schema has its name now
HINT: Rename or drop the new schema, then restore the old one. RESTORE TABLE ... TO TABLE billing.invoices brings the table back into the new one.
b>! RESTORE SCHEMA billing FROM SNAPSHOT whole
ERROR: 42P07 something else is called "billing" now
DETAIL: In the way: schema billing.
HINT: Rename or drop it, then restore again.
b> RESTORE TABLE billing.invoices FROM SNAPSHOT whole TO TABLE billing.invoices
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | billing | invoices | created | 1 | 0 | 1 | 0
RESTORE
b> SELECT * FROM billing.invoices
id
1
SELECT 1
b> ALTER SCHEMA billing RENAME TO billing_new
ALTER SCHEMA
b> RESTORE SCHEMA billing FROM SNAPSHOT whole
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | billing | invoices | recreated | 1 | 0 | 1 | 0
RESTORE
b> SELECT * FROM billing.all_invoices
id
1
SELECT 1
-- dropped in another schema, or in another database
b> CREATE SCHEMA "Archive"
CREATE SCHEMA
b> CREATE TABLE "Archive".payments (id int)
CREATE TABLE
b> DROP TABLE "Archive".payments
DROP TABLE
b>! UNDROP TABLE payments
ERROR: 42P01 there is no dropped table "payments"
DETAIL: One of that name was dropped elsewhere.
HINT: UNDROP TABLE "Archive".payments brings it back.
b>! UNDROP TABLE public.payments
ERROR: 42P01 there is no dropped table "public.payments"
DETAIL: One of that name was dropped elsewhere.
HINT: UNDROP TABLE "Archive".payments brings it back.
b> UNDROP TABLE "Archive".payments
NOTICE: table "Archive.payments" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
postgres | Archive | payments | recreated | 0 | 0 | 0 | 0
UNDROP TABLE
b> CREATE DATABASE shop
CREATE DATABASE
s: database=shop
connected
s> CREATE SCHEMA goods
CREATE SCHEMA
s> CREATE TABLE goods.t (id int)
CREATE TABLE
s> DROP SCHEMA goods CASCADE
NOTICE: drop cascades to table goods.t
DROP SCHEMA
b>! UNDROP SCHEMA goods
ERROR: 3F000 there is no dropped schema "goods"
DETAIL: One of that name was dropped elsewhere.
HINT: UNDROP SCHEMA shop.goods brings it back.
b> UNDROP SCHEMA shop.goods
NOTICE: schema "shop.goods" is back as it was at <time>
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
shop | goods | t | recreated | 0 | 0 | 0 | 0
UNDROP SCHEMA
