-- How far back one can go, and what is said of the moments before.
a>! RESTORE TENANT TO TIMESTAMP '2020-01-01'
ERROR: 22023 the tenant did not exist yet at <time>
DETAIL: It began at <time>.
a> SELECT why FROM mo_recovery_window
why
the tenant began then
SELECT 1
a> ALTER TENANT acme SET (history_retention = '0')
ALTER TENANT
a> VACUUM
VACUUM
a> SELECT why FROM mo_recovery_window
why
history_retention = 0 seconds
SELECT 1
a>! RESTORE TENANT TO TIMESTAMP '2020-01-01'
ERROR: 22023 the moment <time> is no longer readable
DETAIL: The earliest readable moment is <time>.
HINT: Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.
a> ALTER TENANT acme SET (history_retention = '1 day')
ALTER TENANT
a> SELECT why FROM mo_recovery_window
why
history_retention = 1 day, but it was shorter before
SELECT 1
-- a view over a moment at which its table was not there
a@before> SELECT clock_timestamp()
(kept)
a> CREATE TABLE part (id int, v text)
CREATE TABLE
a>! CREATE VIEW h AS SELECT * FROM part FOR SYSTEM_TIME AS OF :before
ERROR: 42P01 relation "part" does not exist at <time>
HINT: It was created at <time>.
a>! CREATE VIEW h AS SELECT * FROM (SELECT * FROM part FOR SYSTEM_TIME AS OF :before) p
ERROR: 42P01 relation "part" does not exist at <time>
HINT: It was created at <time>.
a>! CREATE VIEW h AS SELECT * FROM nosuch
ERROR: 42P01 relation "nosuch" does not exist
a>! CREATE VIEW h AS SELECT id, (SELECT max(s.n) FROM (SELECT * FROM (SELECT p.id AS n) q) s) FROM part p
ERROR: 0A000 * over a subquery that refers to a query around it is not supported in a view
HINT: Name the columns.
a>! CREATE VIEW h AS SELECT nosuch, (SELECT max(s.n) FROM (SELECT * FROM (SELECT p.id AS n) q) s) FROM part p
ERROR: 42703 column "nosuch" does not exist
