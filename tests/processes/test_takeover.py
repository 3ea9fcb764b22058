"""Two servers on one store: the later one takes the tenant over, and the earlier one never writes again.

Also when the earlier one stood still for a while, wherever it was: in the middle of a put, with a commit
written and not acknowledged, or with a manifest or a delete on its way. `REWINDDB_STOP_ROUNDS` is how
often that is tried; each round stops at another moment.
"""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tests.clients.serving import serving
from tests.clients.test_kill import DURABLE_STORES
from tests.conftest import StoreAddress
from tests.processes.bank import RETRY, USER, Books, audit, customers, found_bank
from tests.processes.servers import checked, stopped, stopped_in_a_put
from tests.tally import tally

ROUNDS = int(os.environ.get("REWINDDB_STOP_ROUNDS", "1"))
SEED = int(os.environ.get("REWINDDB_SEED", "1"))


def folder(parent: Path, name: str) -> Path:
    """A folder of its own for each server: caches are not shared between machines either."""
    made = parent / name
    made.mkdir()
    return made


@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_the_second_server_takes_the_tenant_over(store_address: StoreAddress, tmp_path: Path) -> None:
    """Both are on one machine and were given the same cache folder, of which each takes a part."""
    books = Books()
    with serving(store_address, tmp_path) as first, serving(store_address, tmp_path) as second:
        found_bank(first)
        with contextlib.closing(first.connect(USER)) as resting:
            with customers(first, books, upkeep=True) as displaced:
                displaced.wait(0.2, 5)
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(second.dsn(USER, password="wrong"))
                checked(store_address)
                displaced.wait(0.2, 5)
                assert books.errors.keys() <= RETRY, "a login that fails takes nothing over"
                with customers(second, books) as successors:
                    displaced.join()
                    successors.wait(0.3, 10)
            assert books.acknowledged
            assert books.errors["57P01"] > 0, displaced.last
            assert books.errors.keys() <= {"57P01"} | RETRY, "every client was told for sure"
            with pytest.raises(errors.AdminShutdown):
                resting.execute("insert into account values (100, 0)")
        with second.connect(USER) as connection:
            audit(connection, books)
        checked(store_address)
        with first.connect(USER) as back:
            audit(back, books)


@pytest.mark.timeout(60 + 60 * ROUNDS)
@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_a_server_that_stood_still_never_writes_again(store_address: StoreAddress, tmp_path: Path) -> None:
    books = Books()
    chance = random.Random(SEED)
    moments = 0
    with contextlib.ExitStack() as servers:
        old = servers.enter_context(serving(store_address, folder(tmp_path, "founder")))
        found_bank(old)
        for round_ in range(ROUNDS):
            new = servers.enter_context(serving(store_address, folder(tmp_path, f"round {round_}")))
            with contextlib.ExitStack() as clients:
                working = customers(old, books, upkeep=True, seed=SEED * 1000 + round_)
                displaced = clients.enter_context(working)
                displaced.wait(0.3 + chance.random() / 2, 5)
                with stopped(old):
                    successors = clients.enter_context(customers(new, books, upkeep=True))
                    successors.wait(0.3, 5)
                displaced.join()
                successors.wait(0.2, 3)
            with new.connect(USER) as connection:
                moments += audit(connection, books)
            old.terminate()
            old = new
        checked(store_address)
    tally("servers stopped, overtaken and continued", ROUNDS)
    tally("transfers acknowledged", len(books.acknowledged))
    tally("moments compared", moments)


@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_a_server_stopped_in_a_put(tmp_path: Path) -> None:
    """The put comes to its end after somebody else has taken the tenant over."""
    address = StoreAddress(f"file://{tmp_path / 'store'}")
    books = Books()
    with contextlib.ExitStack() as servers:
        old = servers.enter_context(serving(address, folder(tmp_path, "founder")))
        found_bank(old)
        for round_ in range(ROUNDS):
            new = servers.enter_context(serving(address, folder(tmp_path, f"round {round_}")))
            with customers(old, books, upkeep=round_ % 2 == 1, seed=SEED * 1000 + round_) as displaced:
                displaced.wait(0.1, 3)
                with stopped_in_a_put(old, tmp_path / "store"), new.connect(USER) as connection:
                    connection.execute("create table if not exists proof (n int)")
                displaced.join()
            with new.connect(USER) as connection:
                audit(connection, books)
            old.terminate()
            old = new
        checked(address)
    tally("servers stopped in a put, overtaken and continued", ROUNDS)
