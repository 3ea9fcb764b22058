-- oracle
-- Writes whose values come from queries: CTEs, subqueries, joins, defaults that compute, many types.
a> CREATE TABLE src (id int PRIMARY KEY, grp text, val numeric(8,2))
CREATE TABLE
a> INSERT INTO src VALUES (1, 'a', 1.5), (2, 'a', 2.5), (3, 'b', 3.5), (4, NULL, NULL)
INSERT 0 4
a> CREATE TABLE agg (grp text PRIMARY KEY, total numeric(10,2), n bigint, top int DEFAULT 0)
CREATE TABLE
a> WITH g AS (SELECT grp, sum(val) AS total, count(*) AS n FROM src WHERE grp IS NOT NULL GROUP BY grp) INSERT INTO agg SELECT g.* FROM g ORDER BY grp RETURNING grp, n, top
grp | n | top
a | 2 | 0
b | 1 | 0
INSERT 0 2
a> SELECT grp, total, n FROM agg ORDER BY grp
grp | total | n
a | 4.00 | 2
b | 3.50 | 1
SELECT 2
a> INSERT INTO agg (grp) VALUES ((SELECT max(grp) || 'x' FROM src)) RETURNING *
grp | total | n | top
bx | ∅ | ∅ | 0
INSERT 0 1
a> INSERT INTO agg (n, grp) WITH one AS (SELECT 7 AS n) SELECT n, 'cte' FROM one RETURNING grp, n
grp | n
cte | 7
INSERT 0 1
a> UPDATE agg SET n = (SELECT count(*) FROM src WHERE src.grp = agg.grp), top = COALESCE((SELECT max(id) FROM src s WHERE s.grp = agg.grp), -1) RETURNING grp, n, top
grp | n | top
a | 2 | 2
b | 1 | 3
bx | 0 | -1
cte | 0 | -1
UPDATE 4
a> WITH big AS (SELECT grp FROM agg WHERE n > 1) UPDATE agg SET top = 99 FROM big WHERE agg.grp = big.grp RETURNING agg.grp, top
grp | top
a | 99
UPDATE 1
a> UPDATE agg SET top = j.id + k.id FROM src j JOIN src k ON k.id = j.id + 1 WHERE agg.grp = j.grp AND j.id = 1 RETURNING agg.top, j.val, k.val
top | val | val
3 | 1.50 | 2.50
UPDATE 1
a> DELETE FROM agg WHERE NOT EXISTS (SELECT 1 FROM src WHERE src.grp = agg.grp) AND n = 0 RETURNING grp
grp
bx
cte
DELETE 2
a> WITH gone AS (SELECT 'a' AS g) DELETE FROM agg USING gone WHERE grp = gone.g RETURNING agg.*, gone.g
grp | total | n | top | g
a | 4.00 | 2 | 3 | a
DELETE 1
a>! DELETE FROM agg USING agg WHERE false
ERROR: 42712 table name "agg" specified more than once
a>! UPDATE agg SET top = nosuch.x
ERROR: 42P01 missing FROM-clause entry for table "nosuch"
a>! INSERT INTO agg SELECT 1, 2, 3, 4, 5
ERROR: 42601 INSERT has more expressions than target columns
a>! INSERT INTO agg (grp, n) SELECT 'x'
ERROR: 42601 INSERT has more target columns than expressions
a>! INSERT INTO agg (grp) SELECT 1 / 0
ERROR: 22012 division by zero
a>! UPDATE agg SET top = (SELECT id FROM src)
ERROR: 21000 more than one row returned by a subquery used as an expression
a>! DELETE FROM src WHERE val
ERROR: 42804 argument of WHERE must be type boolean, not type numeric
a>! UPDATE agg SET n = 'x'::text
ERROR: 42804 column "n" is of type bigint but expression is of type text
HINT: You will need to rewrite or cast the expression.
a> SELECT count(*) FROM agg
count
1
SELECT 1
-- multi-row VALUES of mixed kinds
a> CREATE TABLE kinds (i smallint, b bigint, r real, d double precision, n numeric(10,3), t text, c char(4), v varchar(4), y bytea, o boolean)
CREATE TABLE
a> INSERT INTO kinds VALUES (1, 1, 1, 1, 1, 'x', 'y', 'z', 'abc', true), ('2', '2', '2.5', '2.5', '2.5', 2, 3, 4, '\x00ff', 'f'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
INSERT 0 3
a> SELECT * FROM kinds ORDER BY i
i | b | r | d | n | t | c | v | y | o
1 | 1 | 1 | 1 | 1.000 | x | y    | z | \x616263 | t
2 | 2 | 2.5 | 2.5 | 2.500 | 2 | 3    | 4 | \x00ff | f
∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅
SELECT 3
a> SELECT t || '|' || c || '|' || v || '|' AS joined, length(c) FROM kinds ORDER BY i
joined | length
x|y|z| | 1
2|3|4| | 1
∅ | ∅
SELECT 3
a>! INSERT INTO kinds (i) VALUES (40000)
ERROR: 22003 smallint out of range
a>! INSERT INTO kinds (o) VALUES (1)
ERROR: 42804 column "o" is of type boolean but expression is of type integer
HINT: You will need to rewrite or cast the expression.
a>! INSERT INTO kinds (i) VALUES (true)
ERROR: 42804 column "i" is of type smallint but expression is of type boolean
HINT: You will need to rewrite or cast the expression.
a> INSERT INTO kinds (i, n) VALUES (2.6, 1e2), (3, 1.0005) RETURNING i, n
i | n
3 | 100.000
3 | 1.001
INSERT 0 2
a>! INSERT INTO kinds (c) VALUES ('12345')
ERROR: 22001 value too long for type character(4)
a>! INSERT INTO kinds (i) VALUES ('')
ERROR: 22P02 invalid input syntax for type smallint: ""
a> CREATE TABLE times (d date DEFAULT '2024-01-31', t time, ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb, a int[], ta text[])
CREATE TABLE
a> INSERT INTO times VALUES ('2024-02-29', '12:34:56.789', '2024-02-29 12:00', '2024-02-29 12:00+02', '1 year 2 mons 3 days 04:05:06', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{"a": 1}', '{"b": [1, 2]}', '{1,2,NULL}', ARRAY['x', 'y z', NULL])
INSERT 0 1
a> SELECT * FROM times
d | t | ts | tz | iv | u | j | jb | a | ta
2024-02-29 | 12:34:56.789 | 2024-02-29 12:00:00 | 2024-02-29 10:00:00+00 | 1 year 2 mons 3 days 04:05:06 | a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 | {"a": 1} | {"b": [1, 2]} | {1,2,NULL} | {x,"y z",NULL}
SELECT 1
a> INSERT INTO times (ts, tz, d) VALUES (DATE '2024-03-01', TIMESTAMP '2024-03-01 01:02:03', TIMESTAMP '2024-03-02 23:59') RETURNING d, ts, tz
d | ts | tz
2024-03-02 | 2024-03-01 00:00:00 | 2024-03-01 01:02:03+00
INSERT 0 1
a>! INSERT INTO times (d) VALUES (20240301)
ERROR: 42804 column "d" is of type date but expression is of type integer
HINT: You will need to rewrite or cast the expression.
a>! INSERT INTO times (u) VALUES ('bad')
ERROR: 22P02 invalid input syntax for type uuid: "bad"
a>! INSERT INTO times (a) VALUES ('{1,x}')
ERROR: 22P02 invalid input syntax for type integer: "x"
a> UPDATE times SET a = a || 4, j = NULL WHERE u IS NOT NULL RETURNING a, a[1], j
a | a | j
{1,2,NULL,4} | 1 | ∅
UPDATE 1
-- defaults that compute
a> CREATE TABLE computed (id int GENERATED BY DEFAULT AS IDENTITY, at date DEFAULT CURRENT_DATE, made timestamptz DEFAULT now(), n int DEFAULT 2 + 3, u uuid DEFAULT gen_random_uuid(), s text DEFAULT upper('abc') || '!')
CREATE TABLE
a> INSERT INTO computed DEFAULT VALUES RETURNING id, at = CURRENT_DATE AS today, made = now() AS now, n, u IS NOT NULL AS u, s
id | today | now | n | u | s
1 | t | t | 5 | t | ABC!
INSERT 0 1
a> INSERT INTO computed (id) VALUES (10), (DEFAULT), (11) RETURNING id
id
10
2
11
INSERT 0 3
a> SELECT count(DISTINCT u) FROM computed
count
4
SELECT 1
a> ALTER TABLE computed ADD COLUMN r uuid DEFAULT gen_random_uuid()
ALTER TABLE
a> SELECT count(DISTINCT r) FROM computed
count
4
SELECT 1
-- serial in INSERT … SELECT keeps the order
a> CREATE TABLE ordered (n serial, id int)
CREATE TABLE
a> INSERT INTO ordered (id) SELECT id FROM src ORDER BY id DESC
INSERT 0 4
a> SELECT * FROM ordered ORDER BY n
n | id
1 | 4
2 | 3
3 | 2
4 | 1
SELECT 4
-- null is equal to nothing in keys
a> CREATE TABLE uniq (a int, b int, UNIQUE (a, b))
CREATE TABLE
a> INSERT INTO uniq VALUES (1, NULL), (1, NULL), (NULL, NULL), (1, 1)
INSERT 0 4
a>! INSERT INTO uniq VALUES (1, 1)
ERROR: 23505 duplicate key value violates unique constraint "uniq_a_b_key"
DETAIL: Key (a, b)=(1, 1) already exists.
a>! INSERT INTO uniq VALUES (2, 2), (2, 2)
ERROR: 23505 duplicate key value violates unique constraint "uniq_a_b_key"
DETAIL: Key (a, b)=(2, 2) already exists.
a> UPDATE uniq SET b = 2 WHERE b = 1
UPDATE 1
a> INSERT INTO uniq VALUES (1, 1) ON CONFLICT (b, a) DO UPDATE SET b = 5 RETURNING *
a | b
1 | 1
INSERT 0 1
a> INSERT INTO uniq VALUES (1, 1), (1, NULL) ON CONFLICT DO NOTHING RETURNING b
b
∅
INSERT 0 1
-- keys may be swapped in one statement as long as they are unique at its end, as far as PostgreSQL allows
a> CREATE TABLE moved (id int PRIMARY KEY)
CREATE TABLE
a> INSERT INTO moved SELECT generate_series(1, 3)
INSERT 0 3
a> UPDATE moved SET id = id + 10
UPDATE 3
a> SELECT * FROM moved ORDER BY id
id
11
12
13
SELECT 3
-- own writes within one transaction
a> BEGIN
BEGIN
a> DELETE FROM moved WHERE id = 11
DELETE 1
a> INSERT INTO moved VALUES (11)
INSERT 0 1
a> UPDATE moved SET id = 21 WHERE id = 11
UPDATE 1
a> INSERT INTO moved VALUES (11)
INSERT 0 1
a>! INSERT INTO moved VALUES (21)
ERROR: 23505 duplicate key value violates unique constraint "moved_pkey"
DETAIL: Key (id)=(21) already exists.
a> ROLLBACK
ROLLBACK
a> SELECT * FROM moved ORDER BY id
id
11
12
13
SELECT 3
