-- Tenants: only sys makes them, and nothing of another can be named or told from what does not exist.
s: tenant=sys
connected
s> CREATE TENANT beta ADMIN boss PASSWORD 'geheim'
CREATE TENANT
s>! CREATE TENANT beta ADMIN boss PASSWORD 'geheim'
ERROR: 42710 tenant "beta" already exists
s> CREATE TENANT IF NOT EXISTS beta ADMIN boss PASSWORD 'geheim'
NOTICE: tenant "beta" already exists, skipping
CREATE TENANT
s>! CREATE TENANT sys ADMIN boss PASSWORD 'geheim'
ERROR: 42710 tenant "sys" already exists
s>! CREATE TENANT "a:b" ADMIN boss PASSWORD 'geheim'
ERROR: 42602 invalid tenant name "a:b"
DETAIL: A name has 1 to 63 bytes and no ":".
s>! CREATE TENANT gamma ADMIN boss PASSWORD ''
ERROR: 22023 a password cannot be empty
s> SELECT name, admin_role FROM mo_catalog.mo_tenants ORDER BY name
name | admin_role
acme | admin
beta | boss
SELECT 2
b: tenant=beta role=boss
connected
b> CREATE TABLE secret (x int)
CREATE TABLE
b> INSERT INTO secret VALUES (42)
INSERT 0 1
b> CREATE SNAPSHOT bs
NOTICE: snapshot "bs" at <time>
CREATE SNAPSHOT
a>! SELECT * FROM secret
ERROR: 42P01 relation "secret" does not exist
a>! SELECT * FROM beta.public.secret
ERROR: 3D000 database "beta" does not exist
a>! SELECT * FROM mo_catalog.mo_tenants
ERROR: 42P01 relation "mo_catalog.mo_tenants" does not exist
a>! SELECT * FROM mo_tenants
ERROR: 42P01 relation "mo_tenants" does not exist
a> SELECT name FROM mo_snapshots
name
SELECT 0
a>! SELECT * FROM secret FOR SYSTEM_TIME AS OF SNAPSHOT 'bs'
ERROR: 42704 snapshot "bs" does not exist
a>! RESTORE TENANT beta FROM SNAPSHOT bs
ERROR: 42501 permission denied to restore another tenant
a>! RESTORE TENANT nosuch FROM SNAPSHOT bs
ERROR: 42501 permission denied to restore another tenant
a>! CREATE TENANT x ADMIN y PASSWORD 'z'
ERROR: 42501 permission denied to create tenant
HINT: Only an admin of the tenant "sys" may do this.
a>! DROP TENANT beta
ERROR: 42501 permission denied to drop tenant
HINT: Only an admin of the tenant "sys" may do this.
a>! DROP TENANT nosuch
ERROR: 42501 permission denied to drop tenant
HINT: Only an admin of the tenant "sys" may do this.
a>! DROP TENANT IF EXISTS nosuch
ERROR: 42501 permission denied to drop tenant
HINT: Only an admin of the tenant "sys" may do this.
a> SELECT datname FROM pg_database
datname
postgres
SELECT 1
-- the first wall
a>! SELECT * FROM read_parquet('/etc/passwd')
ERROR: 42883 function read_parquet(unknown) does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! SELECT * FROM '/etc/passwd'
ERROR: 42601 syntax error at or near "'/etc/passwd'"
a>! SELECT getenv('HOME')
ERROR: 42883 function getenv(unknown) does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! SELECT * FROM duckdb_settings()
ERROR: 42883 function duckdb_settings() does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! SELECT * FROM glob('*')
ERROR: 42883 function glob(unknown) does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! SELECT query('select 1')
ERROR: 42883 function query(unknown) does not exist
HINT: No function matches the given name and argument types. You might need to add explicit type casts.
a>! COPY secret TO '/tmp/x'
ERROR: 0A000 COPY TO a file or program is not supported
HINT: Use COPY FROM STDIN or TO STDOUT; psql's \copy does.
a>! ATTACH 'x.db'
ERROR: 42601 syntax error at or near "ATTACH"
a>! PRAGMA database_list
ERROR: 42601 syntax error at or near "PRAGMA"
a>! SET memory_limit = '1GB'
ERROR: 55P02 parameter "memory_limit" cannot be set in a session
HINT: ALTER TENANT … SET (memory_limit = …) sets it for a tenant.
a>! SELECT * FROM sqlite_master
ERROR: 42P01 relation "sqlite_master" does not exist
a>! SELECT * FROM hot_1
ERROR: 42P01 relation "hot_1" does not exist
-- dropping
s>! DROP TENANT nosuch
ERROR: 42704 tenant "nosuch" does not exist
s> DROP TENANT IF EXISTS nosuch
NOTICE: tenant "nosuch" does not exist, skipping
DROP TENANT
s>! DROP TENANT sys
ERROR: 55006 the system tenant cannot be dropped
s> BEGIN
BEGIN
s>! DROP TENANT beta
ERROR: 25001 DROP TENANT cannot run inside a transaction block
s> ROLLBACK
ROLLBACK
s> DROP TENANT beta
DROP TENANT
b>! SELECT * FROM secret
FATAL: 57P01 tenant "beta" was dropped
HINT: Connect again.
x: tenant=beta role=boss
ERROR: 42704 tenant "beta" does not exist
-- brought back
s> SELECT name, admin_role, kept_until - dropped_at AS kept FROM mo_catalog.mo_dropped_tenants
name | admin_role | kept
beta | boss | 1 day
SELECT 1
a>! SELECT * FROM mo_catalog.mo_dropped_tenants
ERROR: 42P01 relation "mo_catalog.mo_dropped_tenants" does not exist
a>! UNDROP TENANT beta
ERROR: 42501 permission denied to undrop tenant
HINT: Only an admin of the tenant "sys" may do this.
s>! UNDROP TENANT acme
ERROR: 42710 tenant "acme" already exists
HINT: DROP TENANT frees the name; UNDROP TENANT … TO TIMESTAMP says which is meant.
s>! UNDROP TENANT nosuch
ERROR: 42704 no dropped tenant "nosuch" can be brought back
HINT: Dropped tenants are kept for the history_retention of the tenant "sys": SELECT * FROM mo_dropped_tenants.
s>! UNDROP VIEW t
ERROR: 0A000 UNDROP VIEW is not supported
HINT: It comes back with all of its schema or database: RESTORE SCHEMA, RESTORE DATABASE.
s> UNDROP TENANT beta
UNDROP TENANT
y: tenant=beta role=boss
connected
y> SELECT * FROM secret
x
42
SELECT 1
y> SELECT name FROM mo_snapshots
name
bs
SELECT 1
s>! UNDROP TENANT beta
ERROR: 42710 tenant "beta" already exists
HINT: DROP TENANT frees the name; UNDROP TENANT … TO TIMESTAMP says which is meant.
