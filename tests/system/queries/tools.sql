-- the kind of queries that JDBC tools send, written by hand
SELECT current_database() AS table_cat, n.nspname AS table_schem, c.relname AS table_name,
  CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
    WHEN true THEN CASE WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN
      CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' ELSE NULL END END
    WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'i' THEN 'INDEX'
      WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END
    ELSE NULL END AS table_type, d.description AS remarks
FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass)
WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND c.relname LIKE '%'
ORDER BY table_type, table_schem, table_name;

SELECT * FROM (SELECT current_database() AS current_database, n.nspname, c.relname, a.attname, a.atttypid,
  a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod,
  row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity,
  nullif(a.attgenerated, '') AS attgenerated, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,
  dsc.description, t.typbasetype, t.typtype
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid)
JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid = def.adrelid AND a.attnum = def.adnum)
LEFT JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
LEFT JOIN pg_catalog.pg_class dc ON (dc.oid = dsc.classoid AND dc.relname = 'pg_class')
LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace = dn.oid AND dn.nspname = 'pg_catalog')
WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped
AND n.nspname LIKE 'public' AND c.relname LIKE 'items') c WHERE true ORDER BY nspname, c.relname, attnum;

SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 23;

SELECT pg_type.oid, typname FROM pg_type LEFT JOIN (
  SELECT ns.oid AS nspoid, ns.nspname, r.r FROM pg_namespace AS ns JOIN (
    SELECT s.r, (current_schemas(false))[s.r] AS nspname
    FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(r)) AS r USING (nspname)
) AS sp ON sp.nspoid = typnamespace WHERE typname = 'int4' ORDER BY sp.r, pg_type.oid DESC LIMIT 1;

SELECT typinput = 'pg_catalog.array_in'::regproc AS is_array, typtype, typname, pg_type.oid FROM pg_type
WHERE typname IN ('int4', '_int4', 'record') ORDER BY pg_type.oid;

SELECT e.typdelim FROM pg_catalog.pg_type t, pg_catalog.pg_type e WHERE t.oid = 1007 AND t.typelem = e.oid;

SELECT c.column_name AS name, CASE WHEN c.udt_schema IN ('public', 'pg_catalog') THEN format('%s', c.udt_name)
    ELSE format('"%s"."%s"', c.udt_schema, c.udt_name) END AS "database-type",
  c.ordinal_position - 1 AS "database-position", c.table_schema AS "table-schema", c.table_name AS "table-name",
  pk.column_name IS NOT NULL AS "pk?",
  col_description(CAST(CAST(format('%I.%I', CAST(c.table_schema AS TEXT), CAST(c.table_name AS TEXT)) AS REGCLASS) AS OID),
    c.ordinal_position) AS "field-comment",
  ((column_default IS NULL) OR (LOWER(column_default) = 'null')) AND (is_nullable = 'NO')
    AND NOT (((column_default IS NOT NULL) AND (column_default LIKE '%nextval(%')) OR (is_identity <> 'NO')) AS required
FROM information_schema.columns AS c LEFT JOIN (
  SELECT tc.table_schema, tc.table_name, kc.column_name
  FROM information_schema.table_constraints AS tc
  INNER JOIN information_schema.key_column_usage AS kc ON tc.constraint_name = kc.constraint_name
    AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name
  WHERE tc.constraint_type = 'PRIMARY KEY') AS pk
ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND c.table_schema IN ('public', 'Side')
ORDER BY "table-schema", "table-name", "database-position";

SELECT c.oid, c.relname, c.relkind, c.relpersistence, pg_get_userbyid(c.relowner) AS owner,
  obj_description(c.oid) AS description, c.relispartition, c.relrowsecurity
FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), def.adsrc FROM pg_catalog.pg_attribute a
LEFT JOIN (SELECT adrelid, adnum, pg_get_expr(adbin, adrelid) AS adsrc FROM pg_catalog.pg_attrdef) def
ON def.adrelid = a.attrelid AND def.adnum = a.attnum
WHERE a.attrelid = 'items'::regclass AND a.attnum > 0 ORDER BY a.attnum;

SELECT i.relname AS index_name, a.attname, ix.indnatts, ix.indisunique
FROM pg_index ix JOIN pg_class i ON i.oid = ix.indexrelid JOIN pg_class t ON t.oid = ix.indrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(ix.indkey)
WHERE t.relname IN ('items', 'pairs') ORDER BY 1, 2;

SELECT conname, contype, conrelid::regclass::text, array_agg(a.attname ORDER BY k.n) AS columns
FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, n)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
WHERE c.connamespace = 'public'::regnamespace GROUP BY 1, 2, 3 ORDER BY 1;

SELECT table_name, string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = current_schema() GROUP BY table_name ORDER BY table_name;

SELECT schemaname, relname FROM (SELECT schemaname, tablename AS relname FROM pg_tables
  UNION ALL SELECT schemaname, viewname FROM pg_views) x WHERE schemaname = 'public' ORDER BY 1, 2;

SELECT EXISTS (SELECT FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'items');

SELECT to_regclass('public.items') IS NOT NULL, to_regclass('public.nothing') IS NULL;

SELECT d.datname, d.datallowconn, d.datistemplate FROM pg_catalog.pg_database d WHERE d.datname = current_database();

SELECT sequence_name, data_type, start_value, increment FROM information_schema.sequences ORDER BY 1;

SELECT s.schemaname, s.sequencename, s.data_type::text, s.last_value FROM pg_sequences s ORDER BY 2;

SELECT rolname, rolsuper, rolcanlogin FROM pg_roles WHERE rolname = current_user;

SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND usename = current_user;

SELECT result.table_schem, result.table_name, result.column_name, result.key_seq, result.pk_name FROM (
  SELECT n.nspname AS table_schem, ct.relname AS table_name, a.attname AS column_name,
    (information_schema._pg_expandarray(i.indkey)).n AS key_seq, ci.relname AS pk_name,
    information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS a_attnum, i.indnkeyatts AS key_count
  FROM pg_catalog.pg_class ct
  JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
  JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
  JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid)
  JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
  WHERE n.nspname = 'public' AND ct.relname IN ('items', 'pairs') AND i.indisprimary) result
WHERE result.a_attnum = (result.keys).x AND result.key_seq <= key_count
ORDER BY result.table_name, result.pk_name, result.key_seq;

SELECT tmp.table_name, tmp.non_unique, tmp.index_name, tmp.ordinal_position,
  trim(both '"' FROM pg_catalog.pg_get_indexdef(tmp.ci_oid, tmp.ordinal_position, false)) AS column_name,
  CASE tmp.am_name WHEN 'btree' THEN CASE tmp.i_indoption[tmp.ordinal_position - 1] & 1::smallint
    WHEN 1 THEN 'D' ELSE 'A' END ELSE NULL END AS asc_or_desc
FROM (SELECT ct.relname AS table_name, NOT i.indisunique AS non_unique, ci.relname AS index_name,
    (information_schema._pg_expandarray(i.indkey)).n AS ordinal_position, ci.oid AS ci_oid, i.indoption AS i_indoption,
    am.amname AS am_name
  FROM pg_catalog.pg_class ct
  JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
  JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid)
  JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
  JOIN pg_catalog.pg_am am ON (ci.relam = am.oid)
  WHERE n.nspname = 'public' AND ct.relname = 'items') AS tmp
ORDER BY non_unique, index_name, ordinal_position;
