"""One statement that asks for more memory than the server was given fails alone."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clients.serving import Server, serving
from tests.conftest import StoreAddress

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the ceiling does not follow")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("small")
    address = StoreAddress(f"file://{folder / 'store'}")
    with serving(address, folder, "--memory", "512MB", "--tenant-memory", "400MB") as running:
        yield running


def taken_bytes(server: Server) -> int:
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def test_a_statement_beyond_all_memory_fails_alone(small: Server) -> None:
    with small.connect() as greedy, small.connect() as other:
        greedy.execute("SELECT 1")
        with pytest.raises(psycopg.Error) as caught:
            greedy.execute("SELECT length(repeat('x', 1000000000))")
        assert caught.value.sqlstate in ("53200", "54000")
        assert greedy.execute("SELECT 42").fetchone() == (42,)
        assert other.execute("SELECT 43").fetchone() == (43,)
        assert taken_bytes(small) < 512 * 2**20


def test_statements_that_are_too_much_together_end_one_by_one(small: Server) -> None:
    """Each is within its tenant's limit as DuckDB counts; the values of a list it does not count."""
    with small.connect() as greedy, small.connect() as other:
        with pytest.raises(psycopg.Error) as caught:
            greedy.execute(
                "SELECT array_agg(repeat('x', 1000) || n) FROM generate_series(1, 1000000) AS g(n)"
            )
        assert caught.value.sqlstate in ("53200", "54000")
        assert other.execute("SELECT 43").fetchone() == (43,)
        assert greedy.execute("SELECT 42").fetchone() == (42,)
