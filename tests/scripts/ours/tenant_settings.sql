-- Settings of a tenant: who may change them, what they take, and how they are shown.
a> SHOW history_retention
history_retention
1 day
SHOW
a> SHOW memory_limit
memory_limit
2GB
SHOW
a> ALTER TENANT acme SET (history_retention = '7 days')
ALTER TENANT
a> SHOW history_retention
history_retention
7 days
SHOW
a>! ALTER TENANT acme SET (history_retention = '-1 day')
ERROR: 22023 history_retention must not be negative: -1 day
a>! ALTER TENANT acme SET (history_retention = 'long')
ERROR: 22007 invalid input syntax for type interval: "long"
a>! ALTER TENANT acme SET (memory_limit = '1GB')
ERROR: 42501 permission denied to set parameter "memory_limit"
HINT: Only an admin of the tenant "sys" may do this.
a>! ALTER TENANT acme SET (history_retention = '1 day', memory_limit = '1GB')
ERROR: 42501 permission denied to set parameter "memory_limit"
HINT: Only an admin of the tenant "sys" may do this.
a>! ALTER TENANT acme RESET (memory_limit)
ERROR: 42501 permission denied to set parameter "memory_limit"
HINT: Only an admin of the tenant "sys" may do this.
a>! ALTER TENANT sys SET (memory_limit = '1GB')
ERROR: 42501 permission denied to alter another tenant
a>! ALTER TENANT nosuch SET (memory_limit = '1GB')
ERROR: 42501 permission denied to alter another tenant
a> SHOW history_retention
history_retention
7 days
SHOW
s: tenant=sys
connected
s>! ALTER TENANT acme SET (memory_limit = 'much')
ERROR: 22023 invalid value for parameter "memory_limit": "much"
HINT: A size is a number with one of the units "B", "kB", "MB", "GB" and "TB", like '2GB'.
s>! ALTER TENANT acme SET (memory_limit = '1kB')
ERROR: 22023 1kB is outside the valid range for parameter "memory_limit" (64MB .. 16GB)
HINT: The server's own limit is set by --memory.
s>! ALTER TENANT acme SET (memory_limit = '900TB')
ERROR: 22023 900TB is outside the valid range for parameter "memory_limit" (64MB .. 16GB)
HINT: The server's own limit is set by --memory.
s>! ALTER TENANT nosuch SET (memory_limit = '1GB')
ERROR: 42704 tenant "nosuch" does not exist
s>! ALTER TENANT acme SET (memory_limit = '1GB', memory_limit = '2GB')
ERROR: 42601 conflicting or redundant options
s>! ALTER TENANT acme SET (colour = 'blue')
ERROR: 0A000 the tenant setting colour is not supported
HINT: There are: history_retention, memory_limit.
-- acme has a session: it goes on with what it has
s> ALTER TENANT acme SET (memory_limit = '1GB', history_retention = '36 hours')
NOTICE: memory_limit will hold when the tenant is opened next
DETAIL: It is closed when nobody has used it for a while, and when the server stops.
ALTER TENANT
a> SHOW memory_limit
memory_limit
1GB
SHOW
a> SHOW history_retention
history_retention
36 hours
SHOW
-- nobody uses beta: it is closed, and opened with it next
s> CREATE TENANT beta ADMIN admin PASSWORD 'geheim'
CREATE TENANT
s> ALTER TENANT beta SET (memory_limit = '256 mb')
ALTER TENANT
b: tenant=beta
connected
b> SHOW memory_limit
memory_limit
256MB
SHOW
b> SELECT 42 AS answer
answer
42
SELECT 1
s> ALTER TENANT acme RESET (memory_limit, history_retention)
NOTICE: memory_limit will hold when the tenant is opened next
DETAIL: It is closed when nobody has used it for a while, and when the server stops.
ALTER TENANT
a> SHOW memory_limit
memory_limit
2GB
SHOW
a> SHOW history_retention
history_retention
1 day
SHOW
a>! SET history_retention = '1 day'
ERROR: 55P02 parameter "history_retention" cannot be set in a session
HINT: ALTER TENANT … SET (history_retention = …) sets it for a tenant.
a>! RESET memory_limit
ERROR: 55P02 parameter "memory_limit" cannot be set in a session
HINT: ALTER TENANT … SET (memory_limit = …) sets it for a tenant.
s> BEGIN
BEGIN
s>! ALTER TENANT beta SET (memory_limit = '1GB')
ERROR: 25001 ALTER TENANT cannot run inside a transaction block
s> ROLLBACK
ROLLBACK
-- a restore leaves settings as they are
a> CREATE SNAPSHOT before
NOTICE: snapshot "before" at <time>
CREATE SNAPSHOT
a> ALTER TENANT acme SET (history_retention = '3 days')
ALTER TENANT
a> RESTORE TENANT FROM SNAPSHOT before
database | schema | table | action | objects_shared | objects_rewritten | rows | bytes_rewritten
RESTORE
a> SHOW history_retention
history_retention
3 days
SHOW
