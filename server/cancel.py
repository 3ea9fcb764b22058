"""The keys that let a client cancel what its session runs, from a second connection.

A CancelRequest is never answered, whether it hit or not, so that keys cannot be tried out faster than
connections can be made.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

_PROCESS_IDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CancelKey:
    process_id: int
    secret_key: int


class CancelKeys:
    """Which session listens to which key."""

    def __init__(self) -> None:
        self._sessions: dict[int, tuple[int, Callable[[], None]]] = {}
        self._last_process_id = 0

    def issue(self, cancel: Callable[[], None]) -> CancelKey:
        """A new key; a request with it calls `cancel`."""
        assert len(self._sessions) < _PROCESS_IDS
        while True:
            self._last_process_id = self._last_process_id % _PROCESS_IDS + 1
            if self._last_process_id not in self._sessions:
                break
        key = CancelKey(self._last_process_id, secrets.randbits(32) - 2**31)
        self._sessions[key.process_id] = (key.secret_key, cancel)
        return key

    def withdraw(self, key: CancelKey) -> None:
        del self._sessions[key.process_id]

    def request(self, process_id: int, secret_key: int) -> bool:
        """Cancels what the session runs, if there is one with that key; tells whether there is."""
        known_key, cancel = self._sessions.get(process_id, (None, None))
        if known_key is None or cancel is None:
            return False
        if not hmac.compare_digest(known_key.to_bytes(4, signed=True), secret_key.to_bytes(4, signed=True)):
            return False
        cancel()
        return True
