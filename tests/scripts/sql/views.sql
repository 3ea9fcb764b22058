-- oracle
-- Views: what they show stays what it was when they were made.
a> CREATE TABLE t (id int PRIMARY KEY, v text)
CREATE TABLE
a> CREATE TABLE u (id int, w int)
CREATE TABLE
a> INSERT INTO t VALUES (1, 'one'), (2, 'two')
INSERT 0 2
a> INSERT INTO u VALUES (1, 10), (1, 11), (3, 30)
INSERT 0 3
a> CREATE VIEW star AS SELECT * FROM t
CREATE VIEW
a> CREATE VIEW joined AS SELECT t.*, u.w FROM t JOIN u ON u.id = t.id
CREATE VIEW
a> CREATE VIEW both_sides (a, b, c, d) AS SELECT * FROM t, u
CREATE VIEW
a> CREATE VIEW merged AS SELECT * FROM t JOIN u USING (id)
CREATE VIEW
a> CREATE VIEW common AS WITH x AS (SELECT * FROM u WHERE w > 10) SELECT * FROM x
CREATE VIEW
a> CREATE VIEW nested AS SELECT * FROM (SELECT * FROM star) AS s
CREATE VIEW
a> CREATE VIEW counted AS SELECT v, (SELECT count(*) FROM u WHERE u.id = t.id) AS n FROM t
CREATE VIEW
a> CREATE VIEW united AS SELECT id FROM t UNION SELECT id FROM u ORDER BY 1
CREATE VIEW
a> CREATE VIEW "Named" AS SELECT id AS "Id", v AS "select" FROM t
CREATE VIEW
a> CREATE VIEW expressions AS SELECT 1 + 1, 'x'::text, now() IS NOT NULL AS now
CREATE VIEW
a> ALTER TABLE t ADD COLUMN extra int DEFAULT 5
ALTER TABLE
a> ALTER TABLE u ADD COLUMN extra int DEFAULT 6
ALTER TABLE
a> SELECT * FROM star ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM joined ORDER BY w
id | v | w
1 | one | 10
1 | one | 11
SELECT 2
a> SELECT * FROM both_sides ORDER BY a, d
a | b | c | d
1 | one | 1 | 10
1 | one | 1 | 11
1 | one | 3 | 30
2 | two | 1 | 10
2 | two | 1 | 11
2 | two | 3 | 30
SELECT 6
a> SELECT * FROM merged ORDER BY w
id | v | w
1 | one | 10
1 | one | 11
SELECT 2
a> SELECT * FROM common ORDER BY w
id | w
1 | 11
3 | 30
SELECT 2
a> SELECT * FROM nested ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> SELECT * FROM counted ORDER BY v
v | n
one | 2
two | 0
SELECT 2
a> SELECT * FROM united
id
1
2
3
SELECT 3
a> SELECT "Id", "select" FROM "Named" ORDER BY "Id"
Id | select
1 | one
2 | two
SELECT 2
a> SELECT * FROM expressions
?column? | text | now
2 | x | t
SELECT 1
a> SELECT star.v, n.v FROM star, nested n WHERE n.id = star.id AND star.id = 1
v | v
one | one
SELECT 1
-- a table of the same name earlier in the search path does not come between
a> CREATE SCHEMA first
CREATE SCHEMA
a> CREATE TABLE first.t (id int, v text)
CREATE TABLE
a> SET search_path = first, public
SET
a> SELECT count(*) FROM t
count
0
SELECT 1
a> SELECT count(*) FROM star
count
2
SELECT 1
a> RESET search_path
RESET
-- renames are followed
a> ALTER TABLE t RENAME TO renamed
ALTER TABLE
a> SELECT * FROM star ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> ALTER TABLE renamed SET SCHEMA first
ALTER TABLE
a>! ALTER TABLE renamed RENAME TO t
ERROR: 42P01 relation "renamed" does not exist
a> SELECT * FROM counted ORDER BY v
v | n
one | 2
two | 0
SELECT 2
a> ALTER SCHEMA first RENAME TO second
ALTER SCHEMA
a> SELECT * FROM nested ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a> ALTER VIEW star RENAME TO stars
ALTER VIEW
a> SELECT * FROM nested ORDER BY id
id | v
1 | one
2 | two
SELECT 2
a>! ALTER VIEW second.renamed RENAME TO x
ERROR: 42809 "renamed" is not a view
a>! ALTER TABLE second.renamed ALTER COLUMN v TYPE varchar(9)
ERROR: 0A000 cannot alter type of a column used by a view or rule
DETAIL: rule _RETURN on view stars depends on column "v"
a> ALTER TABLE second.renamed DROP COLUMN extra
ALTER TABLE
-- dropping
a>! DROP SCHEMA second
ERROR: 2BP01 cannot drop schema second because other objects depend on it
DETAIL: table second.renamed depends on schema second
DETAIL: view stars depends on table second.renamed
DETAIL: view nested depends on view stars
DETAIL: view joined depends on table second.renamed
DETAIL: view both_sides depends on table second.renamed
DETAIL: view merged depends on table second.renamed
DETAIL: view counted depends on table second.renamed
DETAIL: view united depends on table second.renamed
DETAIL: view "Named" depends on table second.renamed
DETAIL: table second.t depends on schema second
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a>! DROP TABLE u
ERROR: 2BP01 cannot drop table u because other objects depend on it
DETAIL: view joined depends on table u
DETAIL: view both_sides depends on table u
DETAIL: view merged depends on table u
DETAIL: view common depends on table u
DETAIL: view counted depends on table u
DETAIL: view united depends on table u
HINT: Use DROP ... CASCADE to drop the dependent objects too.
a> DROP VIEW stars CASCADE
NOTICE: drop cascades to view nested
DROP VIEW
a>! DROP VIEW nosuch
ERROR: 42P01 view "nosuch" does not exist
a> DROP VIEW IF EXISTS nosuch, counted
NOTICE: view "nosuch" does not exist, skipping
DROP VIEW
a> DROP TABLE second.renamed CASCADE
NOTICE: drop cascades to 5 other objects
DETAIL: drop cascades to view joined
DETAIL: drop cascades to view both_sides
DETAIL: drop cascades to view merged
DETAIL: drop cascades to view united
DETAIL: drop cascades to view "Named"
DROP TABLE
a> DROP TABLE u CASCADE
NOTICE: drop cascades to view common
DROP TABLE
a>! SELECT * FROM joined
ERROR: 42P01 relation "joined" does not exist
