-- Reading the past: moments, past schemas, dropped tables, and what is refused.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> INSERT INTO t VALUES (1, 'one'), (2, 'two')
INSERT 0 2
a@m1> SELECT clock_timestamp()
(kept)
a> UPDATE t SET v = 'changed' WHERE id = 1
UPDATE 1
a> DELETE FROM t WHERE id = 2
DELETE 1
a> CREATE SNAPSHOT s2
NOTICE: snapshot "s2" at <time>
CREATE SNAPSHOT
a@m2> SELECT timestamp FROM mo_snapshots WHERE name = 's2'
(kept)
a> ALTER TABLE t ADD COLUMN extra int DEFAULT 7
ALTER TABLE
a> ALTER TABLE t RENAME COLUMN v TO text
ALTER TABLE
a> SELECT * FROM t
id | text | extra
1 | changed | 7
SELECT 1
a> SELECT * FROM t FOR SYSTEM_TIME AS OF :m1 ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's2'
id | v
1 | changed
SELECT 1
a> SELECT * FROM t {SNAPSHOT = 's2'}
id | v
1 | changed
SELECT 1
a> SELECT * FROM t AT (SNAPSHOT => 's2')
id | v
1 | changed
SELECT 1
a> SELECT * FROM t AT (TIMESTAMP => :m2)
id | v
1 | changed
SELECT 1
a> SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT :m2
id | v
1 | changed
SELECT 1
-- several moments in one statement, joins, CTEs, subqueries, INSERT … SELECT, CREATE TABLE AS
a> SELECT n.id, n.text AS new, o.v AS old FROM t n JOIN t FOR SYSTEM_TIME AS OF :m1 o ON o.id = n.id
id | new | old
1 | changed | one
SELECT 1
a> WITH gone AS (SELECT * FROM t FOR SYSTEM_TIME AS OF :m1 WHERE id NOT IN (SELECT id FROM t)) SELECT * FROM gone
id | v
2 | two
SELECT 1
a> INSERT INTO t (id, text) SELECT id, v FROM t FOR SYSTEM_TIME AS OF :m1 WHERE id = 2
INSERT 0 1
a> CREATE TABLE back AS SELECT * FROM t FOR SYSTEM_TIME AS OF :m1
SELECT 2
a> SELECT * FROM back ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF now()
count
2
SELECT 1
-- a view into the past, and a view read in the past
a> CREATE VIEW old AS SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 's2'
CREATE VIEW
a> SELECT * FROM old
id | v
1 | changed
SELECT 1
a> CREATE VIEW current AS SELECT id, text FROM t
CREATE VIEW
a@m3> SELECT clock_timestamp()
(kept)
a> UPDATE t SET text = 'later'
UPDATE 2
a> SELECT * FROM current FOR SYSTEM_TIME AS OF :m3 ORDER BY id
id | text
1 | changed
2 | two
SELECT 2
-- dropped tables, tables that did not exist yet
a> DROP VIEW current, old
DROP VIEW
a> DROP TABLE t
DROP TABLE
a>! SELECT * FROM t
ERROR: 42P01 relation "t" does not exist
a> SELECT * FROM t FOR SYSTEM_TIME AS OF :m3 ORDER BY id
id | text | extra
1 | changed | 7
2 | two | 7
SELECT 2
a>! SELECT * FROM back FOR SYSTEM_TIME AS OF :m1
ERROR: 42P01 relation "back" does not exist at <time>
HINT: It was created at <time>.
a> CREATE TABLE t (other text)
CREATE TABLE
a> SELECT * FROM t
other
SELECT 0
a> SELECT * FROM t FOR SYSTEM_TIME AS OF :m1 ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT v FROM t FOR SYSTEM_TIME AS OF :m1 WHERE id = 1
v
one
SELECT 1
a>! SELECT other FROM t FOR SYSTEM_TIME AS OF :m1
ERROR: 42703 column "other" does not exist
-- own uncommitted writes are no part of the past
a> BEGIN
BEGIN
a> INSERT INTO t VALUES ('mine')
INSERT 0 1
a> SELECT count(*) FROM t FOR SYSTEM_TIME AS OF now()
count
0
SELECT 1
a> ROLLBACK
ROLLBACK
-- what is refused
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT 'nosuch'
ERROR: 42704 snapshot "nosuch" does not exist
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT '2026-01-01'
ERROR: 42704 there is no snapshot at 2026-01-01 00:00:00+00
HINT: FOR SYSTEM_TIME AS OF and TO TIMESTAMP take any moment that is kept.
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF now() + interval '1 day'
ERROR: 22023 the moment <time> is in the future
DETAIL: The tenant's clock is at <time>.
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF 'rubbish'
ERROR: 22007 invalid input syntax for type timestamp with time zone: "rubbish"
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF NULL
ERROR: 22004 the moment to read is null
HINT: AS OF takes a timestamptz that is not null.
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF 5
ERROR: 42846 cannot cast type integer to timestamp with time zone
a>! SELECT * FROM t u, t FOR SYSTEM_TIME AS OF u.other
ERROR: 42P10 a moment cannot depend on a table's columns
a>! UPDATE t FOR SYSTEM_TIME AS OF now() SET other = 'x'
ERROR: 42601 syntax error at or near "FOR"
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF 'infinity'
ERROR: 22023 the moment to read must be finite, and a date of our era
a>! SELECT * FROM t FOR SYSTEM_TIME AS OF SNAPSHOT unquoted
ERROR: 42704 snapshot "unquoted" does not exist
