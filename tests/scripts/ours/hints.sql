-- What comes close is told how it is meant.
s: tenant=sys
connected
a> CREATE TABLE t (id int)
CREATE TABLE
a>! ALTER TENANT SET (history_retention = '7 days')
ERROR: 42601 syntax error at or near "("
HINT: A tenant's name comes first: ALTER TENANT name SET (…).
a>! ALTER TENANT RESET (history_retention)
ERROR: 42601 syntax error at or near "("
HINT: A tenant's name comes first: ALTER TENANT name RESET (…).
a>! ALTER TENANT acme (history_retention = '7 days')
ERROR: 42601 syntax error at or near "("
a>! ALTER TENANT acme
ERROR: 42601 syntax error at end of input
a>! ALTER TENANT acme RENAME TO other
ERROR: 0A000 ALTER TENANT … RENAME is not supported
a>! VACUUM DRY_RUN
ERROR: 42P01 relation "dry_run" does not exist
HINT: To see what would go: VACUUM (DRY_RUN).
a>! VACUUM nothing
ERROR: 42P01 relation "nothing" does not exist
a> CREATE TABLE dry_run (id int)
CREATE TABLE
a> VACUUM DRY_RUN
VACUUM
a>! SHOW SNAPSHOTS
ERROR: 42704 unrecognized configuration parameter "snapshots"
HINT: SELECT * FROM mo_snapshots lists the snapshots.
a>! SHOW TABLES
ERROR: 42704 unrecognized configuration parameter "tables"
HINT: SELECT * FROM information_schema.tables lists the tables.
a>! SHOW nothing
ERROR: 42704 unrecognized configuration parameter "nothing"
s>! SHOW tenants
ERROR: 42704 unrecognized configuration parameter "tenants"
HINT: SELECT * FROM mo_tenants lists the tenants.
a> SELECT * FROM mo_snapshots
timestamp | name | level | database_name | schema_name | table_name | created_by | comment | expires_at
SELECT 0
a> SELECT count(*) FROM mo_restores
count
0
SELECT 1
s> SELECT name FROM mo_tenants
name
acme
SELECT 1
-- what there is in its place
a>! CREATE INDEX i ON t (id)
ERROR: 0A000 CREATE INDEX is not supported
HINT: None is needed: rows are kept in the order of the primary key, and a scan leaves out the row groups that cannot have what it looks for.
a>! CREATE UNIQUE INDEX i ON t (id)
ERROR: 0A000 CREATE UNIQUE INDEX is not supported
HINT: ALTER TABLE ... ADD UNIQUE (...) keeps values unique.
a>! CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''
ERROR: 0A000 CREATE FUNCTION is not supported
a>! UNDROP VIEW v
ERROR: 0A000 UNDROP VIEW is not supported
HINT: It comes back with all of its schema or database: RESTORE SCHEMA, RESTORE DATABASE.
a>! UNDROP SEQUENCE s
ERROR: 0A000 UNDROP SEQUENCE is not supported
HINT: It comes back with all of its schema or database: RESTORE SCHEMA, RESTORE DATABASE.
a>! UNDROP INDEX i
ERROR: 0A000 UNDROP INDEX is not supported
-- JSON that is none
a>! SELECT '{"a": x}'::jsonb
ERROR: 22P02 invalid input syntax for type json
DETAIL: Token "x" is invalid.
a>! SELECT '{"ä" 1}'::json
ERROR: 22P02 invalid input syntax for type json
DETAIL: Unexpected "1" at character 6.
a>! SELECT '[1, 2'::jsonb
ERROR: 22P02 invalid input syntax for type json
DETAIL: The input string ended unexpectedly.
a>! SELECT ''::json
ERROR: 22P02 invalid input syntax for type json
DETAIL: The input string ended unexpectedly.
a> CREATE TABLE texts (v text)
CREATE TABLE
a> INSERT INTO texts VALUES ('{"a": bad.}')
INSERT 0 1
a>! SELECT v::jsonb FROM texts
ERROR: 22P02 invalid input syntax for type json
DETAIL: Token "bad" is invalid.
