"""Passwords are changed by statements, by tools, and by whoever has the store when all else is lost."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests.clients.conftest import ATenant
from tests.clients.serving import PASSWORD, Server, serving
from tests.conftest import StoreAddress


def logs_in(server: Server, user: str, password: str) -> bool:
    try:
        psycopg.connect(server.dsn(user, password)).close()
    except psycopg.OperationalError:
        return False
    return True


def test_an_admin_changes_their_own(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("CREATE SNAPSHOT before")
        tag = connection.execute("ALTER ROLE CURRENT_USER WITH PASSWORD 'one'").statusmessage
        assert tag == "ALTER ROLE"
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not logs_in(tenant.server, tenant.user, PASSWORD)
        assert logs_in(tenant.server, tenant.user, "one")
        connection.execute("RESTORE TENANT FROM SNAPSHOT before")
        assert logs_in(tenant.server, tenant.user, "one")
        connection.execute("BEGIN; ALTER USER admin PASSWORD 'two'; ROLLBACK")
        assert logs_in(tenant.server, tenant.user, "one")
    assert "PASSWORD" not in tenant.server.output().replace("REWINDDB_ADMIN_PASSWORD", "")


def test_a_tool_sends_a_verifier(tenant: ATenant) -> None:
    """What psql's \\password does."""
    with tenant.connect() as connection:
        (algorithm,) = connection.execute("SHOW password_encryption").fetchone() or ("",)
        verifier = connection.pgconn.encrypt_password(b"new", b"admin", str(algorithm).encode()).decode()
        assert verifier.startswith("SCRAM-SHA-256$")
        connection.execute(f"ALTER USER admin PASSWORD '{verifier}'")  # type: ignore[arg-type]
        assert logs_in(tenant.server, tenant.user, "new")
        assert not logs_in(tenant.server, tenant.user, verifier)
        empty = connection.pgconn.encrypt_password(b"", b"admin", b"scram-sha-256").decode()
        with pytest.raises(errors.InvalidParameterValue, match="a password cannot be empty"):
            connection.execute(f"ALTER USER admin PASSWORD '{empty}'")  # type: ignore[arg-type]
        with pytest.raises(errors.FeatureNotSupported, match="md5"):
            connection.execute("ALTER USER admin PASSWORD 'md5" + "a" * 32 + "'")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sqlstate", "words"),
    [
        ("ALTER ROLE nobody PASSWORD 'x'", "42704", 'role "nobody" does not exist'),
        ("ALTER ROLE admin PASSWORD ''", "22023", "a password cannot be empty"),
        ("ALTER ROLE admin PASSWORD NULL", "0A000", "ALTER ROLE … PASSWORD NULL is not supported"),
        ("ALTER ROLE admin SUPERUSER", "0A000", "ALTER ROLE … SUPERUSER is not supported"),
        ("ALTER USER admin PASSWORD 'x' VALID UNTIL 'y'", "0A000", "ALTER USER … VALID is not supported"),
        ("ALTER ROLE admin RENAME TO other", "0A000", "ALTER ROLE … RENAME is not supported"),
        ("ALTER TENANT acme ADMIN admin PASSWORD 'x'", "42501", "permission denied"),
        ("ALTER ROLE admin PASSWORD", "42601", "syntax error at end of input"),
    ],
)
def test_refused(server: Server, tenant: ATenant, text: str, sqlstate: str, words: str) -> None:
    with tenant.connect() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(text)  # type: ignore[arg-type]
    assert (caught.value.sqlstate, words in str(caught.value)) == (sqlstate, True)


def test_sys_helps_a_tenant_that_has_lost_it(tenant: ATenant) -> None:
    with tenant.server.connect() as system, tenant.connect() as inside:
        text = f"ALTER TENANT {tenant.name} ADMIN admin PASSWORD 'found'"
        assert system.execute(text).statusmessage == "ALTER TENANT"  # type: ignore[arg-type]
        assert logs_in(tenant.server, tenant.user, "found")
        assert inside.execute("SELECT 1").fetchone() == (1,)
        for name, role in (("nobody", "admin"), (tenant.name, "nobody")):
            with pytest.raises(errors.UndefinedObject):
                system.execute(f"ALTER TENANT {name} ADMIN {role} PASSWORD 'x'")  # type: ignore[arg-type]


def test_whoever_has_the_store_gets_in_again(tmp_path: Path) -> None:
    address = StoreAddress(f"file://{tmp_path / 'store'}")
    told = "the store has an admin already; REWINDDB_ADMIN_PASSWORD is not used"
    with serving(address, tmp_path) as server:
        with server.connect() as connection:
            connection.execute("ALTER ROLE admin PASSWORD 'forgotten'")
        assert told not in server.output()
    with serving(address, tmp_path, password="forgotten") as server:
        assert logs_in(server, "admin", "forgotten")
        assert told not in server.output()
    with serving(address, tmp_path, password="another") as server:
        assert told in server.output()
        assert not logs_in(server, "admin", "another")
    with serving(address, tmp_path, "--reset-admin-password", password="another") as server:
        assert logs_in(server, "admin", "another")
        assert not logs_in(server, "admin", "forgotten")
    with serving(address, tmp_path, "--reset-admin-password", password=None) as server:
        shown = server.output().split("(shown only now): ")[1].split()[0]
        assert logs_in(server, "admin", shown)
