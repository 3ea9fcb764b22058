"""A bank on a running server, and clients who keep books of their own of what it told them.

Each transfer is one transaction: two balances and a line of the ledger. A client writes down what came of
it: *acknowledged* (it must be there), *refused* with an error that promises that nothing happened (it must
not be there), or *open*, when the connection was lost or the server said that it could not tell. The audit
compares the ledger to the books, the balances to the ledger, and the sum to what it was in the beginning,
now and at every snapshot that a client was told of.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.clients.serving import PASSWORD, Server

TENANT = "bank"
USER = f"{TENANT}:admin"
ACCOUNTS = 12
START = 1_000
CLIENTS = 4
RETRY = {"40001", "40P01"}
OPEN_OUTCOMES = {None, "08007", "08006", "08003", "57P02"}
"""SQLSTATEs that leave open whether the commit happened; None: the connection was lost."""

Connection = psycopg.Connection[tuple[object, ...]]
Transfer = tuple[int, int]
"""A client's number, and the number of its transfer."""


@dataclass
class Books:
    """What the clients of all servers so far know. A transfer is in one of three sets, or under way."""

    acknowledged: set[Transfer] = field(default_factory=set)
    refused: set[Transfer] = field(default_factory=set)
    open: set[Transfer] = field(default_factory=set)
    snapshots: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    clients: int = 0
    numbers: int = 0

    def new_client(self) -> int:
        with self.lock:
            self.clients += 1
            return self.clients

    def new_number(self) -> int:
        with self.lock:
            self.numbers += 1
            return self.numbers


def found_bank(server: Server) -> None:
    """The tenant and its accounts."""
    with server.connect() as system:
        system.execute(f"create tenant {TENANT} admin admin password '{PASSWORD}'")  # type: ignore[arg-type]
    with server.connect(USER) as connection:
        connection.execute("create table account (id int primary key, balance int not null)")
        opening = "insert into account select n, %s from generate_series(1, %s) as s(n)"
        connection.execute(opening, (START, ACCOUNTS))
        connection.execute(
            "create table ledger (client int, number int, source int, target int, amount int, "
            "primary key (client, number))"
        )


def transfer(connection: Connection, this: Transfer, chance: random.Random) -> None:
    """Money from one account to another, noted in the ledger. Raises what the server said."""
    source, target = chance.sample(range(1, ACCOUNTS + 1), 2)
    amount = chance.randint(1, 50)
    connection.execute("begin")
    connection.execute("update account set balance = balance - %s where id = %s", (amount, source))
    connection.execute("update account set balance = balance + %s where id = %s", (amount, target))
    connection.execute("insert into ledger values (%s, %s, %s, %s, %s)", (*this, source, target, amount))
    connection.execute("commit")


class Customers:
    """Clients at work on one server until it is gone or they are stopped. `stubborn` ones go on after an
    error that leaves their session usable. With `upkeep` one more flushes and takes snapshots."""

    def __init__(
        self, server: Server, books: Books, *, upkeep: bool = False, stubborn: bool = False, seed: int = 0
    ) -> None:
        self._server = server
        self._books = books
        self._stubborn = stubborn
        self._stop = threading.Event()
        self._seed = seed
        self.done = 0
        self.last: list[str] = []
        work = [self._transfers] * CLIENTS + [self._upkeep] * upkeep
        self.threads = [threading.Thread(target=each) for each in work]

    def _transfers(self) -> None:
        client = self._books.new_client()
        chance = random.Random(f"{self._seed} {client}")
        try:
            with self._server.connect(USER) as connection:
                number = 0
                while not self._stop.is_set():
                    number += 1
                    if not self._one(connection, (client, number), chance):
                        return
        except psycopg.Error as error:
            self.last.append(str(error))

    def _one(self, connection: Connection, this: Transfer, chance: random.Random) -> bool:
        """One transfer, noted in the books; whether to go on."""
        try:
            transfer(connection, this, chance)
        except psycopg.Error as error:
            return self._failed(connection, this, error)
        with self._books.lock:
            self._books.acknowledged.add(this)
        self.done += 1
        return True

    def _failed(self, connection: Connection, this: Transfer, error: psycopg.Error) -> bool:
        with self._books.lock:
            self._books.errors[error.sqlstate or "lost"] += 1
            (self._books.open if error.sqlstate in OPEN_OUTCOMES else self._books.refused).add(this)
        if error.sqlstate not in RETRY:
            self.last.append(str(error))
        if connection.closed or not (self._stubborn or error.sqlstate in RETRY):
            return False
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute("rollback")
        if error.sqlstate not in RETRY:
            time.sleep(0.05)
        return True

    def _upkeep(self) -> None:
        try:
            with self._server.connect(USER) as connection:
                while not self._stop.wait(0.05):
                    name = f"s{self._books.new_number()}"
                    try:
                        connection.execute(f"create snapshot {name}")  # type: ignore[arg-type]
                        self._books.snapshots.add(name)
                        connection.execute("checkpoint")
                    except psycopg.Error:
                        if connection.closed or not self._stubborn:
                            raise
        except psycopg.Error as error:
            self.last.append(str(error))

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def wait(self, seconds: float, transfers: int = 1, seconds_max: float = 90.0) -> None:
        """Until that much time has passed and that many transfers were acknowledged."""
        began, before = time.monotonic(), self.done
        while (passed := time.monotonic() - began) < seconds_max:
            if passed >= seconds and self.done - before >= transfers:
                return
            time.sleep(0.02)
        done = f"{self.done - before} transfers in {seconds_max} s: {self.last}"
        raise AssertionError(f"{done}\n{self._server.output()}")

    def join(self) -> None:
        for thread in self.threads:
            thread.join(90)
            assert not thread.is_alive(), "a client never heard what came of its transfer"

    def stop(self) -> None:
        self._stop.set()
        self.join()


@contextmanager
def customers(
    server: Server, books: Books, *, upkeep: bool = False, stubborn: bool = False, seed: int = 0
) -> Iterator[Customers]:
    """Clients at work while the block runs; at its end they are stopped, if the server did not do that."""
    working = Customers(server, books, upkeep=upkeep, stubborn=stubborn, seed=seed)
    working.start()
    try:
        yield working
    finally:
        working.stop()


def audit(connection: Connection, books: Books, snapshots_max: int = 10_000) -> int:
    """Ledger, balances and books agree, now and at the newest snapshots; how many moments were compared."""
    ledger = connection.execute("select client, number, source, target, amount from ledger").fetchall()
    there = {(row[0], row[1]) for row in ledger}
    assert len(there) == len(ledger)
    assert books.acknowledged - there == set(), "acknowledged, and lost"
    assert books.refused & there == set(), "refused, and there all the same"
    assert there - books.acknowledged - books.open == set(), "nobody asked for these"
    balances = connection.execute("select id, balance from account").fetchall()
    assert dict(balances) == _after(ledger)  # type: ignore[arg-type]
    names = sorted(books.snapshots, key=lambda name: -int(name[1:]))[:snapshots_max]
    for name in names:
        past = f"for system_time as of snapshot '{name}'"
        query = f"select client, number, source, target, amount from ledger {past}"
        then = connection.execute(query).fetchall()  # type: ignore[arg-type]
        assert set(then) <= set(ledger)
        balances = connection.execute(f"select id, balance from account {past}").fetchall()  # type: ignore[arg-type]
        assert dict(balances) == _after(then), name  # type: ignore[arg-type]
    return 1 + len(names)


def _after(ledger: Sequence[tuple[object, ...]]) -> dict[int, int]:
    """The balances that the transfers leave."""
    balances = dict.fromkeys(range(1, ACCOUNTS + 1), START)
    for _, _, source, target, amount in ledger:
        balances[source] -= amount  # type: ignore[index, operator]
        balances[target] += amount  # type: ignore[index, operator]
    return balances
