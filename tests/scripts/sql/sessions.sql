-- oracle
-- PREPARE, settings, search path, and several statements at once.
a> PREPARE plus (int, int) AS SELECT $1 + $2 AS sum
PREPARE
a> EXECUTE plus (1, 2)
sum
3
SELECT 1
a> EXECUTE plus (1 + 1, '40')
sum
42
SELECT 1
a>! EXECUTE plus (1)
ERROR: 42601 wrong number of parameters for prepared statement "plus"
DETAIL: Expected 2 parameters but got 1.
a>! EXECUTE plus ('x', 1)
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! EXECUTE nosuch
ERROR: 26000 prepared statement "nosuch" does not exist
a>! PREPARE plus AS SELECT 1
ERROR: 42P05 prepared statement "plus" already exists
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> PREPARE add AS INSERT INTO t VALUES ($1, $2) RETURNING *
PREPARE
a> EXECUTE add (1, 'one')
id | v
1 | one
INSERT 0 1
a> EXECUTE add (2, NULL)
id | v
2 | ∅
INSERT 0 1
a>! EXECUTE add (1, 'again')
ERROR: 23505 duplicate key value violates unique constraint "t_pkey"
DETAIL: Key (id)=(1) already exists.
a> PREPARE all_rows AS SELECT * FROM t ORDER BY id
PREPARE
a> EXECUTE all_rows
id | v
1 | one
2 | ∅
SELECT 2
a> DEALLOCATE all_rows
DEALLOCATE
a>! EXECUTE all_rows
ERROR: 26000 prepared statement "all_rows" does not exist
a>! DEALLOCATE all_rows
ERROR: 26000 prepared statement "all_rows" does not exist
a> DEALLOCATE ALL
DEALLOCATE ALL
a>! EXECUTE plus (1, 2)
ERROR: 26000 prepared statement "plus" does not exist
-- settings
a> SHOW search_path
search_path
"$user", public
SHOW
a> SET search_path TO one, "Two", public
SET
a> SHOW search_path
search_path
one, "Two", public
SHOW
a> SELECT current_schema()
current_schema
public
SELECT 1
a> SET search_path TO DEFAULT
SET
a> SHOW TimeZone
TimeZone
UTC
SHOW
a> SET TIME ZONE 'Europe/Berlin'
SET
a> SELECT '2024-07-01 12:00:00+00'::timestamptz
timestamptz
2024-07-01 14:00:00+02
SELECT 1
a> SET timezone TO 'America/New_York'
SET
a> SELECT '2024-07-01 12:00:00+00'::timestamptz, '2024-07-01 12:00:00'::timestamp AT TIME ZONE 'UTC'
timestamptz | timezone
2024-07-01 08:00:00-04 | 2024-07-01 08:00:00-04
SELECT 1
a> RESET timezone
RESET
a> SET statement_timeout = '1500ms'
SET
a> SHOW statement_timeout
statement_timeout
1500ms
SHOW
a> SET statement_timeout = '90s'
SET
a> SHOW statement_timeout
statement_timeout
90s
SHOW
a> RESET statement_timeout
RESET
a> SHOW standard_conforming_strings
standard_conforming_strings
on
SHOW
a> SHOW server_encoding
server_encoding
UTF8
SHOW
a> SHOW transaction_isolation
transaction_isolation
read committed
SHOW
a>! SHOW nosuch
ERROR: 42704 unrecognized configuration parameter "nosuch"
a>! SET nosuch = 1
ERROR: 42704 unrecognized configuration parameter "nosuch"
a>! SET statement_timeout = 'x'
ERROR: 22023 invalid value for parameter "statement_timeout": "x"
a>! SET default_transaction_read_only = maybe
ERROR: 22023 parameter "default_transaction_read_only" requires a Boolean value
a>! SET TimeZone = 'Nowhere/Land'
ERROR: 22023 invalid value for parameter "TimeZone": "Nowhere/Land"
a> SET LOCAL search_path = x
WARNING: SET LOCAL can only be used in transaction blocks
SET
a> SELECT current_setting('search_path')
current_setting
"$user", public
SELECT 1
a> SELECT set_config('search_path', 'y', false)
set_config
y
SELECT 1
a> SHOW search_path
search_path
y
SHOW
a>! SELECT current_setting('nosuch')
ERROR: 42704 unrecognized configuration parameter "nosuch"
a> SELECT current_setting('nosuch', true)
current_setting
∅
SELECT 1
a> DISCARD ALL
DISCARD ALL
a> SHOW search_path
search_path
"$user", public
SHOW
a> BEGIN
BEGIN
a>! DISCARD ALL
ERROR: 25001 DISCARD ALL cannot run inside a transaction block
a> ROLLBACK
ROLLBACK
-- search path and names
a>! CREATE TABLE nosuch.t (a int)
ERROR: 3F000 schema "nosuch" does not exist
a> SET search_path = ''
SET
a>! CREATE TABLE nowhere (a int)
ERROR: 3F000 no schema has been selected to create in
a>! SELECT * FROM t
ERROR: 42P01 relation "t" does not exist
a> SELECT count(*) FROM public.t
count
2
SELECT 1
a> RESET search_path
RESET
-- several statements
a> SELECT 1 AS a; SELECT 2 AS b
a
1
SELECT 1
b
2
SELECT 1
a>! SELECT 1; SELECT nosuch; SELECT 3
ERROR: 42703 column "nosuch" does not exist
a>! CREATE TABLE x (a int); INSERT INTO x VALUES (1); SELECT 1 / 0
ERROR: 22012 division by zero
a>! SELECT * FROM x
ERROR: 42P01 relation "x" does not exist
a> BEGIN; CREATE TABLE x (a int); INSERT INTO x VALUES (1); COMMIT; SELECT * FROM x
BEGIN
CREATE TABLE
INSERT 0 1
COMMIT
a
1
SELECT 1
a> UNLISTEN *
UNLISTEN
a> CLOSE ALL
CLOSE CURSOR ALL
a> COPY t FROM STDIN
|3	three
|4	tab\tand\nline
COPY 2
a> COPY t TO STDOUT
1 | one
2 | ∅
3 | three
4 | tab\tand\nline
COPY 4
a> COPY t (v) TO STDOUT
one
∅
three
tab\tand\nline
COPY 4
a> TRUNCATE t, x
TRUNCATE TABLE
a>! TRUNCATE nosuch
ERROR: 42P01 relation "nosuch" does not exist
a> SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM x)
count | count
0 | 0
SELECT 1
-- an application's own settings
a>! SHOW app.owner
ERROR: 42704 unrecognized configuration parameter "app.owner"
a> SET app.owner = 'me'
SET
a> SHOW app.owner
app.owner
me
SHOW
a> SELECT current_setting('app.owner')
current_setting
me
SELECT 1
a> BEGIN
BEGIN
a> SET LOCAL app.owner = 'you'
SET
a> SHOW app.owner
app.owner
you
SHOW
a> COMMIT
COMMIT
a> SHOW app.owner
app.owner
me
SHOW
a> RESET app.owner
RESET
a> SHOW app.owner
app.owner
()
SHOW
-- sequence functions are evaluated from left to right, arguments first
a> CREATE SEQUENCE q
CREATE SEQUENCE
a> SELECT setval('q', 100), nextval('q'), currval('q'), lastval()
setval | nextval | currval | lastval
100 | 101 | 101 | 101
SELECT 1
a> SELECT nextval('q') + nextval('q') AS sum, setval('q', nextval('q') + 5), currval('q')
sum | setval | currval
205 | 109 | 109
SELECT 1
a>! SELECT $1
ERROR: 42P02 there is no parameter $1
a> ALTER TABLE t ADD COLUMN c1 int, DROP COLUMN v
ALTER TABLE
a>! ALTER TABLE t ADD COLUMN c2 int, DROP COLUMN c2
ERROR: 42703 column "c2" of relation "t" does not exist
a> SELECT * FROM t
id | c1
SELECT 0
