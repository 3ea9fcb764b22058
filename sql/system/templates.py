"""PostgreSQL's catalog functions as queries over helper relations, in PostgreSQL's SQL.

``$n`` is the call's n-th argument, ``helper`` the schema of the helper relations, whose columns are written
without their ``@``; a query names its helper ``h``. A cast to regclass makes an argument that may be a
name or an OID an OID. ``raise_error`` fails with a SQLSTATE and a message.

What is told of things that RewindDB does not have is what PostgreSQL tells of an OID that it does not
know: null. A function that would have to guess is not here, so it does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sql.system.macros import MACRO_PREFIX

ANY_NUMBER = -1
"""In place of a number of arguments."""


def _one(relation: str, result: str, condition: str = "h.oid = $1") -> str:
    return f"(SELECT {result} FROM helper.{relation} h WHERE {condition})"


_TYPE_NAME = """
    CASE WHEN CAST($2 AS integer) IS NULL THEN h.bare
         WHEN $2 < 0 OR h.rule = '' THEN h.title
         WHEN h.rule = 'bits' THEN h.before || '(' || CAST($2 AS text) || ')' || h.after
         WHEN h.rule = 'length' THEN
             h.before || CASE WHEN $2 > 4 THEN '(' || CAST($2 - 4 AS text) || ')' ELSE '' END || h.after
         WHEN h.rule = 'numeric' THEN
             h.before || CASE WHEN $2 >= 4 THEN
                 '(' || CAST(($2 - 4) / 65536 AS text) || ','
                 || CAST((($2 - 4) % 2048 + 1024) % 2048 - 1024 AS text) || ')'
                 ELSE '' END || h.after
         ELSE h.before || CASE WHEN $2 % 65536 = 65535 THEN ''
                               ELSE '(' || CAST($2 % 65536 AS text) || ')' END || h.after
    END
"""
_NULL_TEXT = """
    pg_get_ruledef pg_get_triggerdef pg_get_partkeydef pg_get_statisticsobjdef
    pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_functiondef
    pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
    pg_get_function_sqlbody pg_get_function_arg_default pg_get_partition_constraintdef
"""
_VISIBLE = """
    pg_function_is_visible pg_operator_is_visible pg_opclass_is_visible pg_opfamily_is_visible
    pg_collation_is_visible pg_conversion_is_visible pg_statistics_obj_is_visible pg_ts_config_is_visible
    pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
"""
_PRIVILEGES = {
    "has_table_privilege": ("relation_titles", "h.writable OR lower({1}) LIKE 'select%'", "{0}::regclass"),
    "has_any_column_privilege": (
        "relation_titles",
        "h.writable OR lower({1}) LIKE 'select%'",
        "{0}::regclass",
    ),
    "has_sequence_privilege": ("relation_titles", "h.writable", "{0}::regclass"),
    "has_schema_privilege": (
        "schema_titles",
        "h.oid >= 16384 OR lower({1}) LIKE 'usage%'",
        "{0}::regnamespace",
    ),
}
_SIZES = {
    "pg_relation_size": "h.main",
    "pg_table_size": "h.main",
    "pg_indexes_size": "h.indexes",
    "pg_total_relation_size": "h.main + h.indexes",
}
_DATABASE = "h.name = CAST({0} AS text) OR CAST(h.oid AS text) = CAST({0} AS text)"


def _templates() -> Iterator[tuple[str, int, str]]:
    yield "pg_table_is_visible", 1, _one("relation_titles", "h.visible")
    yield "pg_type_is_visible", 1, _one("type_titles", "true")
    for name in _VISIBLE.split():
        yield name, 1, "CASE WHEN $1 IS NULL THEN NULL ELSE true END"
    yield "pg_get_userbyid", 1, f"coalesce({_one('role_titles', 'h.name')}, 'unknown (OID=' || $1 || ')')"
    known = f"coalesce({_one('type_titles', _TYPE_NAME)}, '???')"
    yield "format_type", 2, f"CASE WHEN $1 IS NULL THEN NULL ELSE {known} END"
    for count in (2, 3):
        yield "pg_get_expr", count, "CAST($1 AS text)"
    yield from _definitions()
    yield from _descriptions()
    yield from _privileges()
    yield from _rest()


def _definitions() -> Iterator[tuple[str, int, str]]:
    pretty = "CASE WHEN CAST({} AS boolean) THEN h.pretty ELSE h.definition END"
    yield "pg_get_constraintdef", 1, _one("constraint_definitions", "h.definition")
    yield "pg_get_constraintdef", 2, _one("constraint_definitions", pretty.format("$2"))
    yield "pg_get_indexdef", 1, _one("index_definitions", "h.definition", "h.oid = $1 AND h.attnum = 0")
    yield "pg_get_indexdef", 3, _one("index_definitions", pretty.format("$3"), "h.oid = $1 AND h.attnum = $2")
    for count in (1, 2):
        yield "pg_get_viewdef", count, _one("view_definitions", "h.definition", "h.oid = $1::regclass")
    owned = "h.relation = $1::regclass AND h.attribute = $2"
    yield "pg_get_serial_sequence", 2, _one("owned_sequences", "h.sequence", owned)
    for name in _NULL_TEXT.split():
        yield name, ANY_NUMBER, "CAST(NULL AS text)"


def _descriptions() -> Iterator[tuple[str, int, str]]:
    of_object = "h.oid = $1 AND h.catalog = $2 AND h.attnum = 0"
    yield "obj_description", 1, _one("descriptions", "h.text", "h.oid = $1 AND h.attnum = 0")
    yield "obj_description", 2, _one("descriptions", "h.text", of_object)
    yield "shobj_description", 2, _one("descriptions", "h.text", of_object)
    of_column = "h.oid = $1 AND h.catalog = 'pg_class' AND h.attnum = $2"
    yield "col_description", 2, _one("descriptions", "h.text", of_column)


def _privileges() -> Iterator[tuple[str, int, str]]:
    """There is no GRANT: whoever is in the tenant may do everything but write the system's relations."""
    for name, (relation, result, argument) in _PRIVILEGES.items():
        for count, arguments in ((2, ("$1", "$2")), (3, ("$2", "$3"))):
            found = f"h.oid = {argument.format(*arguments)}"
            yield name, count, _one(relation, result.format(*arguments), found)
    relation, result, argument = _PRIVILEGES["has_table_privilege"]
    for count, arguments in ((3, ("$1", "$3")), (4, ("$2", "$4"))):
        found = f"h.oid = {argument.format(*arguments)}"
        yield "has_column_privilege", count, _one(relation, result.format(*arguments), found)
    for count in (2, 3):
        database = _DATABASE.format(f"${count - 1}")
        yield "has_database_privilege", count, _one("database_titles", "true", database)
        for kind in ("function", "language", "type", "tablespace"):
            yield f"has_{kind}_privilege", count, f"CASE WHEN ${count - 1} IS NULL THEN NULL ELSE true END"
        member = f"h.admin OR h.role = ${count - 1}::regrole"
        yield "pg_has_role", count, f"(SELECT {member} FROM helper.session h)"


def _rest() -> Iterator[tuple[str, int, str]]:
    yield "pg_encoding_to_char", 1, f"coalesce({_one('encodings', 'h.name', 'h.number = $1')}, '')"
    number = _one("encodings", "h.number", "lower(h.name) = lower(CAST($1 AS text))")
    yield "pg_char_to_encoding", 1, f"CASE WHEN $1 IS NULL THEN NULL ELSE coalesce({number}, -1) END"
    yield "getdatabaseencoding", 0, "'UTF8'"
    for name, result in _SIZES.items():
        yield name, 1, _one("relation_sizes", result, "h.oid = $1::regclass")
    yield "pg_relation_size", 2, _one("relation_sizes", "h.main", "h.oid = $1::regclass")
    yield "pg_database_size", 1, _one("database_sizes", "h.bytes", _DATABASE.format("$1"))
    refused = "raise_error('0A000', 'pg_backend_pid is not supported')"
    yield "pg_backend_pid", 0, f"coalesce((SELECT h.process_id FROM helper.session h), {refused})"
    for name in ("pg_cancel_backend", "pg_terminate_backend"):
        unknown = f"raise_error('0A000', '{name} is not supported')"
        yield name, 1, f"coalesce(CAST(NULL AS boolean), {unknown})"
    yield "pg_is_in_recovery", 0, "false"
    yield "pg_is_other_temp_schema", 1, "false"
    yield "pg_my_temp_schema", 0, "CAST(0 AS oid)"
    yield "row_security_active", 1, "false"
    yield "pg_tablespace_location", 1, "''"
    yield "pg_advisory_unlock_all", 0, "''"
    yield "pg_relation_is_publishable", 1, _one("relation_titles", 'h."table"', "h.oid = $1::regclass")
    yield "pg_relation_is_updatable", 2, _one("relation_titles", 'CASE WHEN h."table" THEN 28 ELSE 0 END')
    path = "CASE WHEN CAST($1 AS boolean) THEN h.schemas_and_system ELSE h.schemas END"
    yield "current_schemas", 1, f"(SELECT {path} FROM helper.session h)"
    value = _one("settings", "h.value", "h.name = lower($1)")
    unknown = "raise_error('42704', 'unrecognized configuration parameter \"' || $1 || '\"')"
    yield "current_setting", 1, f"coalesce({value}, {unknown})"
    yield "current_setting", 2, f"coalesce({value}, CASE WHEN NOT CAST($2 AS boolean) THEN {unknown} END)"
    for name in ("quote_ident", "quote_literal", "quote_nullable", "pg_size_pretty"):
        yield name, 1, f"{MACRO_PREFIX}{name}($1)"


TEMPLATES: Mapping[str, Mapping[int, str]] = {}
for _name, _count, _text in _templates():
    TEMPLATES.setdefault(_name, {})[_count] = _text  # type: ignore[attr-defined]
