"""kill -9, again and again, of a server that a bank works on.

`REWINDDB_KILL_ROUNDS` is how often; the store is the same all along, so later rounds recover what
earlier ones left. Flushes and snapshots go on meanwhile.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.clients.serving import serving
from tests.clients.test_kill import DURABLE_STORES
from tests.conftest import StoreAddress
from tests.processes.bank import USER, Books, audit, customers, found_bank
from tests.processes.servers import checked
from tests.tally import tally

ROUNDS = int(os.environ.get("REWINDDB_KILL_ROUNDS", "2"))
SEED = int(os.environ.get("REWINDDB_SEED", "1"))
LOAD_SECONDS_MAX = 1.5
SNAPSHOTS_EACH_ROUND = 10


@pytest.mark.timeout(60 + 60 * ROUNDS)
@pytest.mark.parametrize("store_address", DURABLE_STORES, indirect=True)
def test_the_bank_outlives_its_servers(store_address: StoreAddress, tmp_path: Path) -> None:
    books = Books()
    chance = random.Random(SEED)
    moments = 0
    for round_ in range(ROUNDS):
        with serving(store_address, tmp_path) as server:
            if round_ == 0:
                found_bank(server)
            with server.connect(USER) as connection:
                moments += audit(connection, books, SNAPSHOTS_EACH_ROUND)
            with customers(server, books, upkeep=True, seed=SEED * 1000 + round_) as working:
                working.wait(chance.uniform(0.3, LOAD_SECONDS_MAX), 20)
                server.kill()
                working.join()
                tally("transfers acknowledged", working.done)
    with serving(store_address, tmp_path) as server, server.connect(USER) as connection:
        moments += audit(connection, books)
    checked(store_address)
    tally("kill -9 of a server under load", ROUNDS)
    tally("moments compared", moments)
