"""What a startup packet asks for."""

from __future__ import annotations

import pytest

from server.startup import Login, read_login
from sql.errors import SqlError


def test_tenant_in_the_user_name() -> None:
    assert read_login({"user": "acme:admin", "database": "d", "application_name": "psql"}) == Login(
        "acme:admin", "acme", "admin", "d", {"application_name": "psql"}
    )


def test_tenant_as_an_option() -> None:
    login = read_login({"user": "admin", "options": "-c tenant=acme -c search_path=a,\\ b --work-mem=1"})
    assert (login.user, login.tenant, login.role) == ("admin", "acme", "admin")
    assert login.settings == {"search_path": "a, b", "work_mem": "1"}


def test_no_tenant_is_the_system_tenant_and_no_database_is_postgres() -> None:
    login = read_login({"user": "admin"})
    assert (login.tenant, login.database) == ("sys", "postgres")


def test_the_tenant_may_be_said_twice_but_not_differently() -> None:
    assert read_login({"user": "a:r", "options": "-c tenant=a"}).tenant == "a"
    with pytest.raises(SqlError, match="different tenants"):
        read_login({"user": "a:r", "options": "-c tenant=b"})


@pytest.mark.parametrize(
    ("parameters", "sqlstate"),
    [
        ({}, "28000"),
        ({"user": ""}, "28000"),
        ({"user": "a", "replication": "database"}, "0A000"),
        ({"user": "a", "options": "-x"}, "42601"),
        ({"user": "a", "options": "-c"}, "42601"),
        ({"user": "a", "options": "-c tenant"}, "42601"),
        ({"user": "a", "options": "word"}, "42601"),
    ],
)
def test_refused_and_fatal(parameters: dict[str, str], sqlstate: str) -> None:
    with pytest.raises(SqlError) as caught:
        read_login(parameters)
    assert (caught.value.sqlstate, caught.value.severity) == (sqlstate, "FATAL")


def test_replication_off_is_no_replication() -> None:
    assert read_login({"user": "a", "replication": "off"}).role == "a"
