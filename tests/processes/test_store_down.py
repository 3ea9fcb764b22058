"""The store goes away, or fills up, while a bank is at work on it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests import services
from tests.clients.serving import serving
from tests.conftest import StoreAddress
from tests.processes.bank import USER, Books, audit, customers, found_bank
from tests.processes.servers import checked
from tests.tally import tally

RESTARTS = int(os.environ.get("REWINDDB_RESTART_ROUNDS", "1"))
DISK_MB = 32
PASSING = {"58030", "40001", "40P01"}


@pytest.mark.timeout(200 + 60 * RESTARTS)
def test_seaweed_restarts_under_load(tmp_path: Path) -> None:
    """Clients wait while it is down; none loses its session, and none is left without an answer."""
    books = Books()
    data = tmp_path / "seaweed"
    data.mkdir()
    ports = services.free_ports(8)
    with ExitStack() as stack:
        try:
            s3 = stack.enter_context(services.seaweed(data, ports))
        except services.ToolMissing as reason:
            pytest.skip(str(reason))
        address = StoreAddress("s3://bank/store", s3.endpoint, s3.environment)
        with serving(address, tmp_path) as server:
            found_bank(server)
            with customers(server, books, upkeep=True, stubborn=True) as working:
                for _ in range(RESTARTS):
                    working.wait(0.3, 10)
                    stack.close()
                    stack.enter_context(services.seaweed(data, ports))
                    working.wait(0.3, 10)
            tally("restarts of SeaweedFS under load", RESTARTS)
            tally("transfers acknowledged", len(books.acknowledged))
            assert books.errors.keys() <= PASSING, working.last
            assert books.open == set()
            with server.connect(USER) as connection:
                audit(connection, books)
        with serving(address, tmp_path) as server, server.connect(USER) as connection:
            audit(connection, books)
        checked(address)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of `DISK_MB`."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no program mount here")
    if done.returncode != 0:
        pytest.skip(f"a small disk needs the right to mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no room on the disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast


def test_the_disk_is_full(small_disk: Path, tmp_path: Path) -> None:
    """Who writes hears 53100 and may go on; what is there stays, and is readable; with room it goes on."""
    address = StoreAddress(f"file://{small_disk / 'store'}")
    books = Books()
    with serving(address, tmp_path) as server:
        found_bank(server)
        with (
            customers(server, books, upkeep=True, stubborn=True) as working,
            closing(server.connect(USER)) as connection,
        ):
            working.wait(0.3, 5)
            ballast = fill(small_disk)
            deadline = time.monotonic() + 20
            while books.errors["53100"] < 8:
                assert time.monotonic() < deadline, (books.errors, working.last)
                time.sleep(0.05)
            with pytest.raises(errors.DiskFull, match=r"(?i)no space left"):
                connection.execute("insert into account values (100, 0)")
            with pytest.raises(errors.DiskFull):
                connection.execute("checkpoint")
            count = connection.execute("select count(*) from account").fetchone()
            assert count == (12,), "reading needs no room"
            ballast.unlink()
            working.wait(0.3, 10)
        assert books.errors.keys() <= {"53100", "40001", "40P01"}, working.last
        assert books.open == set()
        with server.connect(USER) as connection:
            audit(connection, books)
            connection.execute("checkpoint")
        fill(small_disk)
        server.kill()
    checked(address)
    (small_disk / "ballast").unlink()
    with serving(address, tmp_path) as server, server.connect(USER) as connection:
        audit(connection, books)


def test_a_server_started_on_a_full_disk_says_so(small_disk: Path, tmp_path: Path) -> None:
    address = StoreAddress(f"file://{small_disk / 'store'}")
    with serving(address, tmp_path) as server:
        found_bank(server)
    ballast = fill(small_disk)
    with serving(address, tmp_path) as server:
        with pytest.raises(psycopg.OperationalError, match=r"(?i)no space left"):
            server.connect(USER)
        ballast.unlink()
        with server.connect(USER) as connection:
            audit(connection, Books())
