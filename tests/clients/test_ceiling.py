"""One statement that asks for more memory than there is fails alone."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clients.conftest import ATenant

ROOM_BYTES = 200 * 2**20
"""What the server may take beyond what it has: the test does not fill the machine's memory."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="another process's limits are set on Linux")


@pytest.fixture
def limited(tenant: ATenant) -> Iterator[ATenant]:
    pid = tenant.server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_AS)
    assert soft != resource.RLIM_INFINITY, "the server has set its own ceiling"
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (taken + ROOM_BYTES, hard))
    yield tenant
    resource.prlimit(pid, resource.RLIMIT_AS, (soft, hard))


def test_a_statement_beyond_all_memory_fails_alone(limited: ATenant) -> None:
    with limited.connect(autocommit=True) as greedy, limited.connect(autocommit=True) as other:
        greedy.execute("SELECT 1")
        with pytest.raises(psycopg.Error) as caught:
            greedy.execute("SELECT length(repeat('x', 1000000000))")
        assert caught.value.sqlstate in ("53200", "54000")
        assert greedy.execute("SELECT 42").fetchone() == (42,)
        assert other.execute("SELECT 43").fetchone() == (43,)
