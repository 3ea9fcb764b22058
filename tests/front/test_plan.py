"""What a plan tells beside its text: relations and moments, outputs, parameter types, and caching."""

from __future__ import annotations

import dataclasses

import pytest

from engine.catalog import Catalog, Schema, Table
from engine.ids import CatalogId, StorageId, Timestamp
from sql import plan
from sql.build import rows_table, select, star, table
from sql.errors import SqlError
from sql.parse import parse_query
from sql.plan import Moment, moments, plan_query
from sql.statement import Name
from sql.types import by_oid
from tests.front.world import Duck, catalog, context, planned

_THEN = Timestamp(1_600_000_000_000_000)


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck.filled()


# --- parameters -------------------------------------------------------------------------------------

_PARAMETERS = {
    "SELECT $1": "text",
    "SELECT $1::int": "int4",
    "SELECT $2::int, $1": "text int4",
    "SELECT $1 + 1": "int4",
    "SELECT $1 || 'x'": "text",
    "SELECT * FROM people WHERE id = $1": "int4",
    "SELECT * FROM people WHERE $1 = id": "int4",
    "SELECT * FROM people WHERE name LIKE $1": "text",
    "SELECT * FROM people WHERE id IN ($1, $2)": "int4 int4",
    "SELECT * FROM people WHERE id = ANY ($1)": "_int4",
    "SELECT * FROM people WHERE born > $1 AND born < $2": "date date",
    "SELECT * FROM people WHERE born BETWEEN $1 AND $2": "date date",
    "SELECT * FROM people WHERE (id, name) = ($1, $2)": "int4 text",
    "SELECT * FROM orders WHERE at < $1 AND placed > $2": "timestamp timestamptz",
    "SELECT * FROM orders WHERE at > now() - $1::interval": "interval",
    "SELECT now() - $1": "timestamptz",
    "SELECT * FROM people LIMIT $1 OFFSET $2": "int8 int8",
    "SELECT upper($1), length($2)": "text text",
    "SELECT coalesce($1, 5)": "int4",
    "SELECT CASE WHEN $1 THEN 1 ELSE $2 END": "bool int4",
    "SELECT * FROM people WHERE $1": "bool",
    "SELECT * FROM generate_series(1, $1)": "int4",
    "SELECT ARRAY[1, $1]": "int4",
    "VALUES (1, $1), ($2, 'x')": "text int4",
    "SELECT 1 UNION ALL SELECT $1": "int4",
    "SELECT $1 UNION ALL SELECT 2.5": "numeric",
    "SELECT $1::date - 5": "date",
    "SELECT id FROM people WHERE salary > $1": "numeric",
    "SELECT id FROM people WHERE weight = $1 AND code = $2": "float8 bpchar",
    "SELECT date_trunc($1, at) FROM orders": "text",
    "SELECT body -> $1, body ->> $2 FROM docs": "text text",
    "SELECT $1 IS NULL": "text",
    "SELECT sum(id) FILTER (WHERE name = $1) FROM people": "text",
    "SELECT lag(id, $1, $2) OVER () FROM people": "int4 int4",
    "SELECT $1, $1 + 1": "int4",
}


@pytest.mark.parametrize(("text", "types"), _PARAMETERS.items(), ids=list(_PARAMETERS))
def test_parameter_types_follow_from_their_use(text: str, types: str) -> None:
    assert [by_oid(oid).name for oid in planned(text).parameter_oids] == types.split()


def test_parameters_that_do_not_occur_are_left_open() -> None:
    """They may occur in another part of the statement that the session plans by itself."""
    assert planned("SELECT $3").parameter_oids == (0, 0, 25)


def test_declared_parameter_types_win() -> None:
    assert planned("SELECT $1", oids=[23]).parameter_oids == (23,)
    assert planned("SELECT $1 || 'x'", oids=[1043]).parameter_oids == (1043,)
    assert planned("SELECT $2 = $1", oids=[20, 0]).parameter_oids == (20, 20)
    with pytest.raises(SqlError) as raised:
        planned("SELECT $1 + 1", oids=[25])
    assert raised.value.sqlstate == "42883"


def test_parameters_run(duck: Duck) -> None:
    found = duck.run(
        "SELECT id FROM people WHERE id = ANY ($1) AND name <> $2 ORDER BY 1", [[1, 2, 3], "Bob"]
    )
    assert found.column(0).to_pylist() == [1, 3]
    found = duck.run("SELECT round(salary, $1) FROM people WHERE id = $2", [1, 1])
    assert str(found.column(0)[0].as_py()).startswith("1000.5")
    assert duck.run("SELECT $1", ["x"]).column(0).to_pylist() == ["x"]


# --- outputs ----------------------------------------------------------------------------------------


def test_outputs_tell_the_table_column() -> None:
    outputs = planned("SELECT name, id + 1, salary AS pay, p.born FROM people p").outputs
    assert outputs is not None
    found = [(o.name, o.declared.text if o.declared else "", o.column_number) for o in outputs]
    assert found == [
        ("name", "text", 2),
        ("?column?", "integer", 0),
        ("pay", "numeric(10,2)", 7),
        ("born", "date", 4),
    ]
    assert {o.table_id for o in outputs} == {20000, 0}
    through = planned("SELECT x.n FROM (SELECT name AS n FROM people) x").outputs
    assert through is not None
    assert (through[0].table_id, through[0].column_number) == (20000, 2)


def test_numeric_results_keep_no_declared_precision() -> None:
    outputs = planned("SELECT salary, salary + 1 FROM people").outputs or ()
    # A plain column or a cast has its modifier, what is computed has none.
    assert [o.declared.modifier if o.declared else None for o in outputs] == [655366, -1]
    grouped = planned("SELECT sum(salary) FROM people").outputs or ()
    assert grouped[0].declared is not None
    assert grouped[0].declared.modifier == -1


# --- relations --------------------------------------------------------------------------------------


def test_each_mention_of_a_table_is_a_use() -> None:
    found = planned("SELECT * FROM people a, people b, orders")
    assert [use.table.name for use in found.relations] == ["people", "people", "orders"]
    assert len({use.marker for use in found.relations}) == 3
    assert all(found.sql.count(use.marker) == 1 for use in found.relations)
    assert found.cacheable


def test_system_relations() -> None:
    found = planned("SELECT relname FROM pg_class JOIN mo_snapshots ON true, information_schema.tables")
    assert [(use.relation.schema, use.relation.name) for use in found.system] == [
        ("pg_catalog", "pg_class"),
        ("mo_catalog", "mo_snapshots"),
        ("information_schema", "tables"),
    ]
    assert all(use.at is None for use in found.system)


def test_plans_with_moments_of_their_own_are_not_kept() -> None:
    for text in ("SELECT now()", "SELECT current_date", "SELECT age(born) FROM people"):
        assert not planned(text).cacheable
    assert planned("SELECT 1").cacheable


def test_search_path() -> None:
    tree = parse_query("SELECT * FROM people")
    assert plan_query(tree, context(search_path=("nowhere", "public"))).relations
    with pytest.raises(SqlError) as raised:
        plan_query(tree, context(search_path=("other",)))
    assert (raised.value.sqlstate, raised.value.message) == ("42P01", 'relation "people" does not exist')
    other = parse_query("SELECT * FROM postgres.public.people")
    assert plan_query(other, context(search_path=())).relations


# --- the past ---------------------------------------------------------------------------------------


def _past() -> Catalog:
    """`people` had two columns then, and there was a table that is gone."""
    now = catalog()
    people = now.relations[CatalogId(3), "people"]
    assert isinstance(people, Table)
    gone = dataclasses.replace(people, id=CatalogId(30000), name="gone", columns=people.columns[:1], keys=())
    bodies = {(body.kind, body.id): body for body in now}
    bodies["table", people.id] = dataclasses.replace(
        people, columns=people.columns[:2], storage=StorageId(7), keys=()
    )
    bodies["table", gone.id] = gone
    bodies["schema", CatalogId(9)] = Schema(CatalogId(9), CatalogId(2), "old")
    return Catalog(bodies.values(), "v0")


def _plan_past(text: str) -> plan.Plan:
    tree = parse_query(text)
    past = {moment: (_THEN, _past()) for moment in moments(tree)}
    return plan_query(tree, dataclasses.replace(context(), past=past))


def test_moments_of_a_text() -> None:
    tree = parse_query(
        "SELECT * FROM people FOR SYSTEM_TIME AS OF SNAPSHOT 's' a, people {SNAPSHOT = 's'} b,"
        " people FOR SYSTEM_TIME AS OF now() c WHERE EXISTS (SELECT 1 FROM t AT (TIMESTAMP => now()))"
    )
    found = moments(tree)
    assert len(found) == 2
    assert found[0] == Moment("s", None)
    assert found[1].timestamp is not None


def test_the_past_has_its_own_names() -> None:
    found = _plan_past("SELECT * FROM people FOR SYSTEM_TIME AS OF SNAPSHOT 's' JOIN people now USING (id)")
    assert [(use.at, len(use.table.columns)) for use in found.relations] == [(_THEN, 2), (None, 11)]
    assert not found.cacheable
    assert [use.at for use in _plan_past("SELECT * FROM gone {SNAPSHOT = 's'}").relations] == [_THEN]
    with pytest.raises(SqlError) as raised:
        _plan_past("SELECT salary FROM people {SNAPSHOT = 's'}")
    assert raised.value.sqlstate == "42703"
    with pytest.raises(SqlError) as raised:
        _plan_past("SELECT * FROM gone, people {SNAPSHOT = 's'}")
    assert raised.value.sqlstate == "42P01"


def test_a_view_of_the_past_reads_the_past() -> None:
    found = _plan_past("SELECT now.n FROM spent FOR SYSTEM_TIME AS OF SNAPSHOT 's', spent now")
    assert [use.at for use in found.relations] == [_THEN, None]
    system = _plan_past("SELECT * FROM pg_class FOR SYSTEM_TIME AS OF SNAPSHOT 's'")
    assert [use.at for use in system.system] == [_THEN]


# --- trees that the session makes -------------------------------------------------------------------


def test_targets_show_their_row_ids() -> None:
    tree = select([star()], table(Name("people"), "p", target=True))
    outputs = plan_query(tree, context()).outputs
    assert outputs is not None
    assert len(outputs) == 11
    from sql.build import column

    tree = select([column("_row_id", "p"), column("_row_id")], table(Name("people"), "p", target=True))
    found = plan_query(tree, context())
    assert "_row_id" in found.sql
    with pytest.raises(SqlError):
        planned("SELECT _row_id FROM people")


def test_rows_of_the_session_stand_for_themselves() -> None:
    columns = catalog().tables[CatalogId(20000)].columns[:2]
    tree = select([star()], rows_table("MARKER", columns, "people"))
    found = plan_query(tree, context())
    assert found.relations == ()
    assert found.sql.count("MARKER") == 1
    assert [o.name for o in found.outputs or ()] == ["id", "name"]


def test_a_tree_can_be_planned_twice() -> None:
    tree = parse_query(
        "WITH a AS (SELECT id, sum(salary) FILTER (WHERE active) AS s FROM people GROUP BY 1)"
        " SELECT * FROM a JOIN spent ON who = id WHERE id = ANY ($1) ORDER BY s DESC NULLS LAST"
    )
    before = repr(tree)
    assert plan_query(tree, context()).sql == plan_query(tree, context()).sql
    assert repr(tree) == before
