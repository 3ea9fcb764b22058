-- oracle
-- CREATE, ALTER, DROP: what they say, what they refuse, what depends on what.
a> CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, n int)
CREATE TABLE
a>! CREATE TABLE t (a int)
ERROR: 42P07 relation "t" already exists
a> CREATE TABLE IF NOT EXISTS t (a int)
NOTICE: relation "t" already exists, skipping
CREATE TABLE
a>! CREATE TABLE u (a int, a text)
ERROR: 42701 column "a" specified more than once
a>! CREATE TABLE u (a nosuchtype)
ERROR: 42704 type "nosuchtype" does not exist
a>! CREATE TABLE u (a int PRIMARY KEY, b int PRIMARY KEY)
ERROR: 42P16 multiple primary keys for table "u" are not allowed
a>! CREATE TABLE u (a int, PRIMARY KEY (b))
ERROR: 42703 column "b" named in key does not exist
a>! CREATE TABLE u (a int, UNIQUE (a, a))
ERROR: 42701 column "a" appears twice in unique constraint
a>! CREATE TABLE nosuch.u (a int)
ERROR: 3F000 schema "nosuch" does not exist
a>! CREATE TABLE u (a int DEFAULT 'x')
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! CREATE TABLE u (a int DEFAULT b)
ERROR: 0A000 cannot use column reference in DEFAULT expression
a>! CREATE TABLE u (a int CHECK (b > 0))
ERROR: 42703 column "b" does not exist
a>! CREATE TABLE u (a int CHECK (a + 1))
ERROR: 42804 argument of CHECK must be type boolean, not type integer
a> INSERT INTO t VALUES (1, 'one', 10), (2, 'two', NULL)
INSERT 0 2
-- columns
a> ALTER TABLE t ADD COLUMN c text DEFAULT 'seed'
ALTER TABLE
a> ALTER TABLE t ADD d int
ALTER TABLE
a> SELECT * FROM t ORDER BY id
id | name | n | c | d
1 | one | 10 | seed | ∅
2 | two | ∅ | seed | ∅
SELECT 2
a>! ALTER TABLE t ADD COLUMN c int
ERROR: 42701 column "c" of relation "t" already exists
a> ALTER TABLE t ADD COLUMN IF NOT EXISTS c int
NOTICE: column "c" of relation "t" already exists, skipping
ALTER TABLE
a>! ALTER TABLE t ADD COLUMN e int NOT NULL
ERROR: 23502 column "e" of relation "t" contains null values
a> ALTER TABLE t ADD COLUMN e int NOT NULL DEFAULT 7
ALTER TABLE
a> ALTER TABLE t ADD COLUMN s serial
ALTER TABLE
a> SELECT id, e, s FROM t ORDER BY id
id | e | s
1 | 7 | 1
2 | 7 | 2
SELECT 2
a> ALTER TABLE t DROP COLUMN c
ALTER TABLE
a>! ALTER TABLE t DROP COLUMN c
ERROR: 42703 column "c" of relation "t" does not exist
a> ALTER TABLE t DROP COLUMN IF EXISTS c
NOTICE: column "c" of relation "t" does not exist, skipping
ALTER TABLE
a> ALTER TABLE t ADD COLUMN c text
ALTER TABLE
a> SELECT id, c FROM t ORDER BY id
id | c
1 | ∅
2 | ∅
SELECT 2
a> ALTER TABLE t RENAME COLUMN n TO number
ALTER TABLE
a>! ALTER TABLE t RENAME COLUMN nosuch TO x
ERROR: 42703 column "nosuch" does not exist
a>! ALTER TABLE t RENAME COLUMN number TO name
ERROR: 42701 column "name" of relation "t" already exists
a>! ALTER TABLE t ALTER COLUMN number SET NOT NULL
ERROR: 23502 column "number" of relation "t" contains null values
a> UPDATE t SET number = 0 WHERE number IS NULL
UPDATE 1
a> ALTER TABLE t ALTER COLUMN number SET NOT NULL
ALTER TABLE
a>! INSERT INTO t (id, number) VALUES (3, NULL)
ERROR: 23502 null value in column "number" of relation "t" violates not-null constraint
DETAIL: Failing row contains (3, null, null, null, 7, 3, null).
a> ALTER TABLE t ALTER number DROP NOT NULL
ALTER TABLE
a>! ALTER TABLE t ALTER id DROP NOT NULL
ERROR: 42P16 column "id" is in a primary key
a> ALTER TABLE t ALTER COLUMN number SET DEFAULT 42
ALTER TABLE
a> INSERT INTO t (id) VALUES (3) RETURNING number
number
42
INSERT 0 1
a> ALTER TABLE t ALTER COLUMN number DROP DEFAULT
ALTER TABLE
a> INSERT INTO t (id) VALUES (4) RETURNING number
number
∅
INSERT 0 1
-- types
a> ALTER TABLE t ALTER COLUMN number TYPE bigint
ALTER TABLE
a> ALTER TABLE t ALTER COLUMN number TYPE text
ALTER TABLE
a>! ALTER TABLE t ALTER COLUMN number TYPE int
ERROR: 42804 column "number" cannot be cast automatically to type integer
HINT: You might need to specify "USING number::integer".
a> ALTER TABLE t ALTER COLUMN number TYPE int USING number::int + 1
ALTER TABLE
a> SELECT id, number FROM t ORDER BY id
id | number
1 | 11
2 | 1
3 | 43
4 | ∅
SELECT 4
a> ALTER TABLE t ALTER COLUMN name TYPE varchar(10)
ALTER TABLE
a>! ALTER TABLE t ALTER COLUMN name TYPE varchar(2)
ERROR: 22001 value too long for type character varying(2)
-- keys and checks
a>! ALTER TABLE t ADD PRIMARY KEY (number)
ERROR: 42P16 multiple primary keys for table "t" are not allowed
a>! ALTER TABLE t ADD UNIQUE (e)
ERROR: 23505 could not create unique index "t_e_key"
DETAIL: Key (e)=(7) is duplicated.
a> ALTER TABLE t ADD CONSTRAINT positive CHECK (e > 0)
ALTER TABLE
a>! ALTER TABLE t ADD CHECK (id > 1)
ERROR: 23514 check constraint "t_id_check" of relation "t" is violated by some row
a>! ALTER TABLE t ADD CONSTRAINT positive CHECK (e > 1)
ERROR: 42710 constraint "positive" for relation "t" already exists
a>! UPDATE t SET e = 0
ERROR: 23514 new row for relation "t" violates check constraint "positive"
DETAIL: Failing row contains (1, one, 11, null, 0, 1, null).
a> ALTER TABLE t DROP CONSTRAINT positive
ALTER TABLE
a>! ALTER TABLE t DROP CONSTRAINT positive
ERROR: 42704 constraint "positive" of relation "t" does not exist
a> ALTER TABLE t DROP CONSTRAINT IF EXISTS positive
NOTICE: constraint "positive" of relation "t" does not exist, skipping
ALTER TABLE
a> ALTER TABLE t DROP CONSTRAINT t_name_key
ALTER TABLE
a> INSERT INTO t (id, name) VALUES (5, 'one')
INSERT 0 1
a>! ALTER TABLE t ADD CONSTRAINT t_name_key UNIQUE (name)
ERROR: 23505 could not create unique index "t_name_key"
DETAIL: Key (name)=(one) is duplicated.
-- names
a> ALTER TABLE t RENAME TO renamed
ALTER TABLE
a>! SELECT * FROM t
ERROR: 42P01 relation "t" does not exist
a> CREATE TABLE other (a int)
CREATE TABLE
a>! ALTER TABLE renamed RENAME TO other
ERROR: 42P07 relation "other" already exists
a>! ALTER TABLE nosuch ADD COLUMN a int
ERROR: 42P01 relation "nosuch" does not exist
a> ALTER TABLE IF EXISTS nosuch ADD COLUMN a int
NOTICE: relation "nosuch" does not exist, skipping
ALTER TABLE
a> CREATE SCHEMA s
CREATE SCHEMA
a>! CREATE SCHEMA s
ERROR: 42P06 schema "s" already exists
a> CREATE SCHEMA IF NOT EXISTS s
NOTICE: schema "s" already exists, skipping
CREATE SCHEMA
a>! CREATE SCHEMA pg_s
ERROR: 42939 unacceptable schema name "pg_s"
DETAIL: The prefix "pg_" is reserved for system schemas.
a> ALTER TABLE other SET SCHEMA s
ALTER TABLE
a> SELECT * FROM s.other
a
SELECT 0
a>! SELECT * FROM other
ERROR: 42P01 relation "other" does not exist
a> SET search_path = s, public
SET
a> SELECT * FROM other
a
SELECT 0
a> CREATE TABLE inside (a int)
CREATE TABLE
a> RESET search_path
RESET
a> SELECT * FROM s.inside
a
SELECT 0
-- views
a> CREATE VIEW v AS SELECT id, name FROM renamed WHERE id < 3
CREATE VIEW
a> SELECT * FROM v ORDER BY id
id | name
1 | one
2 | two
SELECT 2
a>! CREATE VIEW v AS SELECT 1
ERROR: 42P07 relation "v" already exists
a> CREATE OR REPLACE VIEW v AS SELECT id, name, number FROM renamed WHERE id < 3
CREATE VIEW
a> SELECT * FROM v ORDER BY id
id | name | number
1 | one | 11
2 | two | 1
SELECT 2
a>! CREATE OR REPLACE VIEW v AS SELECT id FROM renamed
ERROR: 42P16 cannot drop columns from view
a>! CREATE OR REPLACE VIEW v AS SELECT id, name AS n, number FROM renamed
ERROR: 42P16 cannot change name of view column "name" to "n"
HINT: Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.
a> CREATE VIEW w (a, b) AS SELECT name, count(*) FROM v GROUP BY name
CREATE VIEW
a> SELECT * FROM w ORDER BY a
a | b
one | 1
two | 1
SELECT 2
a>! CREATE VIEW x AS SELECT 1 AS a, 2 AS a
ERROR: 42701 column "a" specified more than once
a>! DROP TABLE renamed
ERROR: 2BP01 cannot drop table renamed because other objects depend on it
DETAIL: view v depends on table renamed
DETAIL: view w depends on view v
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a>! DROP VIEW v
ERROR: 2BP01 cannot drop view v because other objects depend on it
DETAIL: view w depends on view v
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a>! ALTER TABLE renamed DROP COLUMN name
ERROR: 2BP01 cannot drop column name of table renamed because other objects depend on it
DETAIL: view v depends on column name of table renamed
DETAIL: view w depends on view v
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a>! DROP TABLE v
ERROR: 42809 "v" is not a table
HINT: Use DROP VIEW to remove a view.
a>! DROP VIEW renamed
ERROR: 42809 "renamed" is not a view
HINT: Use DROP TABLE to remove a table.
a> ALTER TABLE renamed RENAME TO t
ALTER TABLE
a> SELECT * FROM v ORDER BY id
id | name | number
1 | one | 11
2 | two | 1
SELECT 2
a> DROP TABLE t CASCADE
NOTICE: drop cascades to 2 other objects
DETAIL: drop cascades to view v
DETAIL: drop cascades to view w
DROP TABLE
a>! SELECT * FROM v
ERROR: 42P01 relation "v" does not exist
-- CREATE TABLE AS
a> CREATE TABLE made AS SELECT g AS n, g::text AS t, 1.5 AS d FROM generate_series(1, 3) AS g
SELECT 3
a> SELECT * FROM made ORDER BY n
n | t | d
1 | 1 | 1.5
2 | 2 | 1.5
3 | 3 | 1.5
SELECT 3
a> CREATE TABLE empty (x) AS SELECT n FROM made WITH NO DATA
CREATE TABLE AS
a> SELECT * FROM empty
x
SELECT 0
a>! CREATE TABLE made AS SELECT 1
ERROR: 42P07 relation "made" already exists
a> CREATE TABLE IF NOT EXISTS made AS SELECT 1
NOTICE: relation "made" already exists, skipping
CREATE TABLE AS
a>! CREATE TABLE bad (a, b) AS SELECT 1
ERROR: 42601 too many column names were specified
-- DROP
a>! DROP TABLE nosuch
ERROR: 42P01 table "nosuch" does not exist
a> DROP TABLE IF EXISTS nosuch
NOTICE: table "nosuch" does not exist, skipping
DROP TABLE
a>! DROP TABLE nosuch.t
ERROR: 3F000 schema "nosuch" does not exist
a>! DROP SCHEMA nosuch
ERROR: 3F000 schema "nosuch" does not exist
a> DROP SCHEMA IF EXISTS nosuch
NOTICE: schema "nosuch" does not exist, skipping
DROP SCHEMA
a>! DROP SCHEMA s
ERROR: 2BP01 cannot drop schema s because other objects depend on it
DETAIL: table s.other depends on schema s
DETAIL: table s.inside depends on schema s
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a> DROP SCHEMA s CASCADE
NOTICE: drop cascades to 2 other objects
DETAIL: drop cascades to table s.other
DETAIL: drop cascades to table s.inside
DROP SCHEMA
a> CREATE SEQUENCE q
CREATE SEQUENCE
a>! CREATE SEQUENCE q
ERROR: 42P07 relation "q" already exists
a> CREATE TABLE uses (a int DEFAULT nextval('q'), b serial)
CREATE TABLE
a> INSERT INTO uses DEFAULT VALUES
INSERT 0 1
a> SELECT * FROM uses
a | b
1 | 1
SELECT 1
a>! DROP SEQUENCE q
ERROR: 2BP01 cannot drop sequence q because other objects depend on it
DETAIL: default value for column a of table uses depends on sequence q
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a>! DROP SEQUENCE uses_b_seq
ERROR: 2BP01 cannot drop sequence uses_b_seq because other objects depend on it
DETAIL: default value for column b of table uses depends on sequence uses_b_seq
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a> DROP SEQUENCE q CASCADE
NOTICE: drop cascades to default value for column a of table uses
DROP SEQUENCE
a> INSERT INTO uses DEFAULT VALUES
INSERT 0 1
a> SELECT * FROM uses ORDER BY b
a | b
1 | 1
∅ | 2
SELECT 2
a> DROP TABLE uses, made, empty
DROP TABLE
a>! CREATE SEQUENCE z INCREMENT 0
ERROR: 22023 INCREMENT must not be zero
a>! CREATE SEQUENCE z MINVALUE 5 MAXVALUE 4
ERROR: 22023 MINVALUE (5) must be less than MAXVALUE (4)
a>! CREATE SEQUENCE z START 5 MAXVALUE 4
ERROR: 22023 START value (5) cannot be greater than MAXVALUE (4)
-- upper case, quotes, key words
a> CREATE TABLE "Mixed" ("Id" int, "select" int, "id" int)
CREATE TABLE
a> INSERT INTO "Mixed" VALUES (1, 2, 3)
INSERT 0 1
a> SELECT "Id", "select", id FROM "Mixed"
Id | select | id
1 | 2 | 3
SELECT 1
a>! SELECT * FROM Mixed
ERROR: 42P01 relation "mixed" does not exist
a> ALTER TABLE "Mixed" RENAME COLUMN "Id" TO "ID"
ALTER TABLE
a> SELECT * FROM "Mixed"
ID | select | id
1 | 2 | 3
SELECT 1
a> DROP TABLE "Mixed"
DROP TABLE
