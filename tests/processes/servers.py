"""What the process tests do to servers besides starting and killing them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.stores.local import TEMPORARY
from tests.clients.serving import Server
from tests.conftest import StoreAddress


def checked(address: StoreAddress) -> str:
    """What `rewinddb check` says of a store that must have no faults."""
    endpoint = ["--s3-endpoint", address.endpoint] if address.endpoint else []
    done = subprocess.run(
        [sys.executable, "-m", "server", "check", "--store", address.url, *endpoint],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **address.environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server stands still while the block runs, wherever it was, and then goes on."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@contextmanager
def stopped_in_a_put(server: Server, store: Path) -> Iterator[None]:
    """The same, with a file of the local store written or named and not yet acknowledged."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not os.listdir(store / TEMPORARY):
            continue
        with stopped(server):
            time.sleep(0.05)
            if os.listdir(store / TEMPORARY):
                yield
                return
        time.sleep(0.01)
    raise AssertionError("the server was never caught in a put")
