-- oracle
-- INSERT, UPDATE, DELETE, TRUNCATE with defaults, RETURNING, ON CONFLICT and their errors.
a> CREATE TABLE item (id int PRIMARY KEY, name varchar(5) NOT NULL, price numeric(6,2) DEFAULT 9.99, tag text DEFAULT 'none', made date)
CREATE TABLE
a> INSERT INTO item VALUES (1, 'one')
INSERT 0 1
a> INSERT INTO item (id, name, price) VALUES (2, 'two', 2.345), (3, 'three', DEFAULT) RETURNING *
id | name | price | tag | made
2 | two | 2.35 | none | ∅
3 | three | 9.99 | none | ∅
INSERT 0 2
a> INSERT INTO item (name, id) SELECT 'n' || id, id + 10 FROM item ORDER BY id RETURNING id, name AS label, price * 2
id | label | ?column?
11 | n1 | 19.98
12 | n2 | 19.98
13 | n3 | 19.98
INSERT 0 3
a> SELECT * FROM item ORDER BY id
id | name | price | tag | made
1 | one | 9.99 | none | ∅
2 | two | 2.35 | none | ∅
3 | three | 9.99 | none | ∅
11 | n1 | 9.99 | none | ∅
12 | n2 | 9.99 | none | ∅
13 | n3 | 9.99 | none | ∅
SELECT 6
a>! INSERT INTO item VALUES (1, 'dup')
ERROR: 23505 duplicate key value violates unique constraint "item_pkey"
DETAIL: Key (id)=(1) already exists.
a>! INSERT INTO item (id) VALUES (5)
ERROR: 23502 null value in column "name" of relation "item" violates not-null constraint
DETAIL: Failing row contains (5, null, 9.99, none, null).
a>! INSERT INTO item VALUES (5, 'too long')
ERROR: 22001 value too long for type character varying(5)
a> INSERT INTO item VALUES (5, 'five      ')
INSERT 0 1
a>! INSERT INTO item VALUES (6, 'six', 100000)
ERROR: 22003 numeric field overflow
DETAIL: A field with precision 6, scale 2 must round to an absolute value less than 10^4.
a>! INSERT INTO item VALUES ('x', 'six')
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! INSERT INTO item VALUES (6, 'six', 1, 'a', 'not a date')
ERROR: 22007 invalid input syntax for type date: "not a date"
a>! INSERT INTO item VALUES (6, 'six', 1, 'a', '2020-01-01', 7)
ERROR: 42601 INSERT has more expressions than target columns
a>! INSERT INTO item (id, name) VALUES (6)
ERROR: 42601 INSERT has more target columns than expressions
a>! INSERT INTO item (id, nosuch) VALUES (6, 1)
ERROR: 42703 column "nosuch" of relation "item" does not exist
a>! INSERT INTO item (id, id) VALUES (6, 1)
ERROR: 42701 column "id" specified more than once
a>! INSERT INTO nosuch VALUES (1)
ERROR: 42P01 relation "nosuch" does not exist
a>! INSERT INTO item VALUES (99999999999, 'x')
ERROR: 22003 integer out of range
a>! INSERT INTO item (id, name, made) VALUES (7, 'x', 1)
ERROR: 42804 column "made" is of type date but expression is of type integer
HINT: You will need to rewrite or cast the expression.
a>! INSERT INTO item (id, name) SELECT name, id FROM item
ERROR: 42804 column "id" is of type integer but expression is of type character varying
HINT: You will need to rewrite or cast the expression.
a> INSERT INTO item (id, name) VALUES (7, 77)
INSERT 0 1
a> UPDATE item SET price = price * 2 WHERE id = 1 RETURNING id, price
id | price
1 | 19.98
UPDATE 1
a> UPDATE item SET (name, tag) = ('uno', DEFAULT), made = '2024-02-29' WHERE id = 1 RETURNING *
id | name | price | tag | made
1 | uno | 19.98 | none | 2024-02-29
UPDATE 1
a> UPDATE item i SET tag = j.name FROM item j WHERE j.id = i.id + 1 AND i.id = 2 RETURNING i.id, i.tag, j.id AS other
id | tag | other
2 | three | 3
UPDATE 1
a> UPDATE item SET id = id + 100 WHERE id > 10
UPDATE 3
a>! UPDATE item SET id = 1 WHERE id = 2
ERROR: 23505 duplicate key value violates unique constraint "item_pkey"
DETAIL: Key (id)=(1) already exists.
a>! UPDATE item SET name = NULL
ERROR: 23502 null value in column "name" of relation "item" violates not-null constraint
DETAIL: Failing row contains (3, null, 9.99, none, null).
a>! UPDATE item SET nosuch = 1
ERROR: 42703 column "nosuch" of relation "item" does not exist
a>! UPDATE item SET id = 'x'
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! UPDATE item SET name = 'a', name = 'b'
ERROR: 42601 multiple assignments to same column "name"
a>! UPDATE item SET id = name
ERROR: 42804 column "id" is of type integer but expression is of type character varying
HINT: You will need to rewrite or cast the expression.
a> UPDATE item SET price = 1 WHERE false
UPDATE 0
a> DELETE FROM item WHERE id > 111 RETURNING name < 'z' AS gone
gone
t
t
DELETE 2
a> DELETE FROM item WHERE id > 100 RETURNING id
id
111
DELETE 1
a> DELETE FROM item USING (VALUES (5), (7)) AS gone(id) WHERE item.id = gone.id RETURNING item.id, gone.*
id | id
5 | 5
7 | 7
DELETE 2
a> SELECT * FROM item ORDER BY id
id | name | price | tag | made
1 | uno | 19.98 | none | 2024-02-29
2 | two | 2.35 | three | ∅
3 | three | 9.99 | none | ∅
SELECT 3
-- identity and serial
a> CREATE TABLE seq (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, v text)
CREATE TABLE
a> INSERT INTO seq (v) VALUES ('a'), ('b') RETURNING *
id | s | v
1 | 1 | a
2 | 2 | b
INSERT 0 2
a>! INSERT INTO seq VALUES (7, 1, 'c')
ERROR: 428C9 cannot insert a non-DEFAULT value into column "id"
DETAIL: Column "id" is an identity column defined as GENERATED ALWAYS.
HINT: Use OVERRIDING SYSTEM VALUE to override.
a> INSERT INTO seq OVERRIDING SYSTEM VALUE VALUES (7, DEFAULT, 'c') RETURNING *
id | s | v
7 | 3 | c
INSERT 0 1
a> INSERT INTO seq OVERRIDING USER VALUE VALUES (8, 50, 'd') RETURNING *
id | s | v
3 | 50 | d
INSERT 0 1
a> INSERT INTO seq VALUES (DEFAULT, DEFAULT, 'e') RETURNING id
id
4
INSERT 0 1
a>! UPDATE seq SET id = 9
ERROR: 428C9 column "id" can only be updated to DEFAULT
DETAIL: Column "id" is an identity column defined as GENERATED ALWAYS.
a> SELECT currval('seq_s_seq'), lastval()
currval | lastval
4 | 4
SELECT 1
a> SELECT nextval('seq_s_seq')
nextval
5
SELECT 1
a> SELECT setval('seq_s_seq', 100), nextval('seq_s_seq')
setval | nextval
100 | 101
SELECT 1
a> SELECT setval('seq_s_seq', max(id)) FROM seq
setval
7
SELECT 1
a> INSERT INTO seq (v) VALUES ('f') RETURNING s
s
8
INSERT 0 1
a> CREATE SEQUENCE counter START 10 INCREMENT 5
CREATE SEQUENCE
a> SELECT nextval('counter') FROM generate_series(1, 3)
nextval
10
15
20
SELECT 3
a>! SELECT nextval('nosuch')
ERROR: 42P01 relation "nosuch" does not exist
a>! SELECT currval('counter2')
ERROR: 42P01 relation "counter2" does not exist
a> CREATE SEQUENCE short MAXVALUE 2
CREATE SEQUENCE
a> SELECT nextval('short')
nextval
1
SELECT 1
a> SELECT nextval('short')
nextval
2
SELECT 1
a>! SELECT nextval('short')
ERROR: 2200H nextval: reached maximum value of sequence "short" (2)
a> TRUNCATE seq
TRUNCATE TABLE
a> INSERT INTO seq (v) VALUES ('g') RETURNING id
id
6
INSERT 0 1
a> TRUNCATE seq RESTART IDENTITY
TRUNCATE TABLE
a> INSERT INTO seq (v) VALUES ('h') RETURNING id, s
id | s
1 | 1
INSERT 0 1
-- ON CONFLICT
a> CREATE TABLE kv (k text PRIMARY KEY, v int, u int UNIQUE)
CREATE TABLE
a> INSERT INTO kv VALUES ('a', 1, 1), ('b', 2, 2)
INSERT 0 2
a> INSERT INTO kv VALUES ('a', 9, 9), ('c', 3, 3) ON CONFLICT DO NOTHING
INSERT 0 1
a> INSERT INTO kv VALUES ('d', 9, 1), ('e', 5, 5) ON CONFLICT (u) DO NOTHING RETURNING k
k
e
INSERT 0 1
a> INSERT INTO kv VALUES ('a', 10, 1), ('f', 6, 6) ON CONFLICT (k) DO UPDATE SET v = kv.v + excluded.v RETURNING k, v
k | v
a | 11
f | 6
INSERT 0 2
a> INSERT INTO kv AS t VALUES ('a', 10, 1) ON CONFLICT ON CONSTRAINT kv_pkey DO UPDATE SET v = excluded.v WHERE t.v < 5
INSERT 0 0
a> INSERT INTO kv VALUES ('g', 1, 70), ('g', 2, 71) ON CONFLICT DO NOTHING
INSERT 0 1
a>! INSERT INTO kv VALUES ('h', 1, 80), ('h', 2, 81) ON CONFLICT (k) DO UPDATE SET v = 0
ERROR: 21000 ON CONFLICT DO UPDATE command cannot affect row a second time
HINT: Ensure that no rows proposed for insertion within the same command have duplicate constrained values.
a>! INSERT INTO kv VALUES ('a', 1, 1) ON CONFLICT (v) DO NOTHING
ERROR: 42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification
a>! INSERT INTO kv VALUES ('z', 1, 1) ON CONFLICT (k) DO UPDATE SET v = 0
ERROR: 23505 duplicate key value violates unique constraint "kv_u_key"
DETAIL: Key (u)=(1) already exists.
a> SELECT * FROM kv ORDER BY k
k | v | u
a | 11 | 1
b | 2 | 2
c | 3 | 3
e | 5 | 5
f | 6 | 6
g | 1 | 70
SELECT 6
-- checks
a> CREATE TABLE checked (a int CHECK (a > 0), b int, CHECK (b > a), CONSTRAINT even CHECK (b % 2 = 0))
CREATE TABLE
a> INSERT INTO checked VALUES (1, 2), (NULL, 4), (3, NULL)
INSERT 0 3
a>! INSERT INTO checked VALUES (0, 2)
ERROR: 23514 new row for relation "checked" violates check constraint "checked_a_check"
DETAIL: Failing row contains (0, 2).
a>! INSERT INTO checked VALUES (5, 4)
ERROR: 23514 new row for relation "checked" violates check constraint "checked_check"
DETAIL: Failing row contains (5, 4).
a>! INSERT INTO checked VALUES (1, 3)
ERROR: 23514 new row for relation "checked" violates check constraint "even"
DETAIL: Failing row contains (1, 3).
a>! UPDATE checked SET b = 1 WHERE a = 1
ERROR: 23514 new row for relation "checked" violates check constraint "checked_check"
DETAIL: Failing row contains (1, 1).
a> SELECT * FROM checked ORDER BY a
a | b
1 | 2
3 | ∅
∅ | 4
SELECT 3
-- COPY
a> COPY kv FROM STDIN
|x	1	100
|y	\N	101
COPY 2
a> COPY kv (v, k) FROM STDIN
|7	z
COPY 1
a> COPY (SELECT k, v FROM kv WHERE k >= 'x' ORDER BY k) TO STDOUT
x | 1
y | ∅
z | 7
COPY 3
a>! COPY nosuch FROM STDIN
ERROR: 42P01 relation "nosuch" does not exist
a>! COPY kv (nosuch) TO STDOUT
ERROR: 42703 column "nosuch" of relation "kv" does not exist
a> SELECT * FROM kv WHERE k >= 'x' ORDER BY k
k | v | u
x | 1 | 100
y | ∅ | 101
z | 7 | ∅
SELECT 3
