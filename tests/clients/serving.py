"""The real server in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.conftest import StoreAddress
from tests.services import process

PASSWORD = "s3cret"
_LISTENING = re.compile(r"^listening on (\S+):(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A running `rewinddb serve`."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def dsn(
        self, user: str = "admin", password: str = PASSWORD, dbname: str = "postgres", more: str = ""
    ) -> str:
        return (
            f"host={self.host} port={self.port} user={user} password={password} dbname={dbname} "
            f"connect_timeout=20 {more}"
        )

    def connect(self, user: str = "admin", **keywords: object) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.dsn(user), **{"autocommit": True, **keywords})  # type: ignore[arg-type]

    def socket(self) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout=20)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def terminate(self) -> int:
        """Asks it to stop; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """What a crash of the machine's other half looks like: kill -9."""
        self.process.kill()
        self.process.wait(30)

    def output(self) -> str:
        return self.log.read_text()


def command(address: StoreAddress, folder: Path, *flags: str) -> list[str]:
    endpoint = ["--s3-endpoint", address.endpoint] if address.endpoint else []
    where = ["--store", address.url, *endpoint, "--cache-dir", str(folder / "cache")]
    return [sys.executable, "-m", "server", "serve", "--listen", "127.0.0.1:0", *where, *flags]


@contextmanager
def serving(
    address: StoreAddress,
    folder: Path,
    *flags: str,
    environment: Mapping[str, str] | None = None,
    password: str | None = PASSWORD,
) -> Iterator[Server]:
    """`rewinddb serve` on the store at `address`, listening on a free port."""
    number = len(list(folder.glob("serve-*.log")))
    log = folder / f"serve-{number}.log"
    admin = {} if password is None else {"REWINDDB_ADMIN_PASSWORD": password}
    variables = {**address.environment, **admin, **(environment or {})}
    with process(
        command(address, folder, *flags),
        log,
        lambda: _LISTENING.search(log.read_text()) is not None,
        environment=variables,
    ) as started:
        found = _LISTENING.search(log.read_text())
        assert found is not None
        yield Server(found[1].strip("[]"), int(found[2]), started, log)


def psql(
    program: Path, dsn: str, *commands: str, stdin: str = "", flags: Sequence[str] = ("-At",)
) -> subprocess.CompletedProcess[str]:
    """psql with the commands, each a `-c`, and nobody's psqlrc."""
    words = [word for text in commands for word in ("-c", text)]
    return subprocess.run(
        [str(program), "-X", *flags, dsn, *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PGOPTIONS": ""},
        check=False,
    )
