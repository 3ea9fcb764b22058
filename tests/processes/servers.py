"""What the process tests do to servers besides starting and killing them."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from engine.stores.local import TEMPORARY
from server import checking
from tests.clients.serving import Server
from tests.conftest import StoreAddress


def check(address: StoreAddress) -> tuple[int, str]:
    """The exit status of `rewinddb check`, and what it says. In this process: starting another one takes
    longer than all it does."""
    endpoint = ["--s3-endpoint", address.endpoint] if address.endpoint else []
    said = io.StringIO()
    with (
        mock.patch.dict(os.environ, address.environment),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        status = checking.run(["--store", address.url, *endpoint], os.environ)
    return status, said.getvalue()


def checked(address: StoreAddress) -> None:
    """The store must have no faults."""
    status, said = check(address)
    assert status == 0, said


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
