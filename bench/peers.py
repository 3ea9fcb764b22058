"""The two servers, each started in a folder that is thrown away."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import services

PASSWORD = "bench"
POSTGRES_SETTINGS = ("shared_buffers=1GB", "max_wal_size=4GB")


@contextmanager
def rewinddb(folder: Path) -> Iterator[str]:
    """A server on a local store; yields the connection string of a new tenant's admin."""
    log = folder / "rewinddb.log"
    command = [sys.executable, "-m", "server", "serve", "--listen", "127.0.0.1:0"]
    command += ["--store", f"file://{folder / 'store'}", "--cache-dir", str(folder / "cache")]
    environment = {"REWINDDB_ADMIN_PASSWORD": PASSWORD}
    with services.process(command, log, lambda: _port(log) > 0, environment=environment):
        where = f"host=127.0.0.1 port={_port(log)} password={PASSWORD} dbname=postgres"
        with psycopg.connect(f"{where} user=sys:admin", autocommit=True) as connection:
            connection.execute(f"CREATE TENANT bench ADMIN admin PASSWORD '{PASSWORD}'")
        yield f"{where} user=bench:admin"


def _port(log: Path) -> int:
    """The port the server says it listens on; 0 until then."""
    found = re.search(r"^listening on .*:(\d+)$", log.read_text() if log.exists() else "", re.MULTILINE)
    return int(found[1]) if found else 0


@contextmanager
def postgresql(folder: Path) -> Iterator[services.PostgresService]:
    with services.postgres(folder, durable=True, settings=POSTGRES_SETTINGS) as service:
        yield service
