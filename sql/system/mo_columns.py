"""mo_catalog's relations, and the relations behind functions, in the form of `sql.system.pg_columns`.

mo_catalog's OIDs are from the range that PostgreSQL leaves free below its users' objects. The columns of
the helpers begin with ``@`` so that no name in an argument that is put into a query over one of them is
taken for the helper's own.
"""

from __future__ import annotations

MO_CATALOG = """
mo_snapshots 8100 r timestamp:timestamptz! name:text level:text! database_name:text schema_name:text
  table_name:text created_by:text! comment:text expires_at:timestamptz
mo_snapshot_usage 8101 v timestamp:timestamptz! name:text objects:int8! bytes:int8! unique_bytes:int8!
  straddlers:int8!
mo_restores 8103 r id:int8 state:text! level:text! objects:text[] moment:timestamptz! commit_ts:timestamptz
  method:text! role:text! tables:int8 tables_done:int8 objects_shared:int8 objects_rewritten:int8 rows:int8
  bytes_rewritten:int8 undoes:int8
mo_recovery_window 8104 v earliest:timestamptz! latest:timestamptz! why:text!
mo_tenants 8102 v name:text! admin_role:text! created_at:timestamptz!
mo_dropped_tenants 8106 v name:text! admin_role:text! created_at:timestamptz! dropped_at:timestamptz!
  kept_until:timestamptz!
"""

HELPERS = """
relation_names 0 v @spelling:text! @oid:oid! @title:text!
relation_titles 0 v @oid:oid! @title:text! @visible:bool! @listed:bool! @table:bool! @writable:bool!
schema_names 0 v @spelling:text! @oid:oid! @title:text!
schema_titles 0 v @oid:oid! @title:text!
role_names 0 v @spelling:text! @oid:oid! @title:text!
role_titles 0 v @oid:oid! @title:text! @name:text!
database_titles 0 v @oid:oid! @name:text!
type_names 0 v @spelling:text! @oid:oid! @title:text!
type_titles 0 v @oid:oid! @bare:text! @title:text! @before:text! @after:text! @rule:text!
constraint_definitions 0 v @oid:oid! @definition:text! @pretty:text!
index_definitions 0 v @oid:oid! @attnum:int4! @definition:text! @pretty:text!
view_definitions 0 v @oid:oid! @definition:text!
owned_sequences 0 v @relation:oid! @attribute:text! @sequence:text!
descriptions 0 v @oid:oid! @catalog:text! @attnum:int4! @text:text!
relation_sizes 0 v @oid:oid! @main:int8! @indexes:int8!
database_sizes 0 v @oid:oid! @name:text! @bytes:int8!
settings 0 v @name:text! @value:text!
session 0 v @schemas:name[]! @schemas_and_system:name[]! @role:oid! @admin:bool! @process_id:int4
encodings 0 v @number:int4! @name:text!
"""
