"""Locks in memory: rows, key values, names, tables. Held until the commit is visible.

A lock is any hashable key, held shared by many or exclusively by one owner. Waiters queue in order of
arrival, so that an exclusive request is not starved by a stream of shared ones; an owner who already
holds the key shared and asks for more goes to the front. A request that would close a circle of owners
waiting for each other raises `Deadlock` at once: the newcomer is the victim.

All methods run on the event loop; nothing here blocks a thread. Locks do not survive the process, and
need not: what is durable is decided by the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from engine.errors import Deadlock, LockTimeout

Key = Hashable


class Owner:
    """Who holds locks: one transaction. `waits_for` is the key it stands in line for."""

    __slots__ = ("held", "waits_for")

    def __init__(self) -> None:
        self.held: dict[Key, bool] = {}
        self.waits_for: Key | None = None


@dataclass(slots=True)
class _Waiter:
    owner: Owner
    exclusive: bool
    granted: asyncio.Future[None]


@dataclass(slots=True)
class _Lock:
    holders: dict[Owner, bool] = field(default_factory=dict)
    waiters: list[_Waiter] = field(default_factory=list)

    def free_for(self, owner: Owner, exclusive: bool) -> bool:
        return all(
            holder is owner or not (exclusive or held_exclusive)
            for holder, held_exclusive in self.holders.items()
        )


class Locks:
    """The locks of one tenant."""

    def __init__(self) -> None:
        self._locks: dict[Key, _Lock] = {}

    async def acquire(
        self, owner: Owner, key: Key, *, exclusive: bool, timeout_seconds: float | None = None
    ) -> bool:
        """Hold `key`; True when it had to be waited for."""
        held = owner.held.get(key)
        if held or (held is not None and not exclusive):
            return False
        lock = self._locks.setdefault(key, _Lock())
        if lock.free_for(owner, exclusive) and (held is not None or not lock.waiters):
            self._grant(lock, owner, key, exclusive)
            return False
        await self._wait(lock, owner, key, exclusive, timeout_seconds)
        return True

    async def acquire_all(
        self, owner: Owner, keys: Iterable[Key], *, timeout_seconds: float | None = None
    ) -> bool:
        """Hold all `keys` exclusively; True when any had to be waited for."""
        waited = False
        for key in keys:
            waited |= await self.acquire(owner, key, exclusive=True, timeout_seconds=timeout_seconds)
        return waited

    def release_all(self, owner: Owner) -> None:
        for key in owner.held:
            lock = self._locks[key]
            del lock.holders[owner]
            self._wake(key, lock)
        owner.held.clear()

    def release_since(self, owner: Owner, count: int) -> None:
        """Let go of all but the first `count` locks that the owner took."""
        for key in list(owner.held)[count:]:
            lock = self._locks[key]
            del lock.holders[owner], owner.held[key]
            self._wake(key, lock)

    def _grant(self, lock: _Lock, owner: Owner, key: Key, exclusive: bool) -> None:
        lock.holders[owner] = exclusive or lock.holders.get(owner, False)
        owner.held[key] = lock.holders[owner]

    async def _wait(
        self, lock: _Lock, owner: Owner, key: Key, exclusive: bool, timeout_seconds: float | None
    ) -> None:
        waiter = _Waiter(owner, exclusive, asyncio.get_running_loop().create_future())
        upgrade = key in owner.held
        lock.waiters.insert(0 if upgrade else len(lock.waiters), waiter)
        owner.waits_for = key
        try:
            if self._circle(owner):
                raise Deadlock(
                    "deadlock detected",
                    detail=f"The transaction waits for {_describe(key)}, whose holder waits for it.",
                    hint="Roll back and try again; take locks in the same order everywhere.",
                )
            async with asyncio.timeout(timeout_seconds):
                await waiter.granted
        except TimeoutError:
            raise LockTimeout(
                "canceling statement due to lock timeout",
                detail=f"It waited {timeout_seconds:g} s for {_describe(key)}.",
            ) from None
        finally:
            owner.waits_for = None
            if waiter in lock.waiters:
                lock.waiters.remove(waiter)
                self._wake(key, lock)

    def _wake(self, key: Key, lock: _Lock) -> None:
        """Grant to waiters from the front while they fit."""
        while lock.waiters:
            waiter = lock.waiters[0]
            if not lock.free_for(waiter.owner, waiter.exclusive):
                return
            lock.waiters.pop(0)
            if not waiter.granted.done():
                self._grant(lock, waiter.owner, key, waiter.exclusive)
                waiter.owner.waits_for = None
                waiter.granted.set_result(None)
        if not lock.holders:
            self._locks.pop(key, None)

    def _circle(self, start: Owner) -> bool:
        """Whether `start` waits, over any number of steps, for itself."""
        pending, seen = [start], set[Owner]()
        while pending:
            owner = pending.pop()
            key = owner.waits_for
            if key is None:
                continue
            for blocker in self._blockers(self._locks[key], owner):
                if blocker is start:
                    return True
                if blocker not in seen:
                    seen.add(blocker)
                    pending.append(blocker)
        return False

    @staticmethod
    def _blockers(lock: _Lock, owner: Owner) -> Iterable[Owner]:
        """Who must let go or move on before `owner` gets the lock: holders, and those in line before, also if
        they are holders who want more."""
        exclusive = next(waiter.exclusive for waiter in lock.waiters if waiter.owner is owner)
        for holder, held_exclusive in lock.holders.items():
            if holder is not owner and (exclusive or held_exclusive):
                yield holder
        for waiter in lock.waiters:
            if waiter.owner is owner:
                return
            if exclusive or waiter.exclusive:
                yield waiter.owner


def _describe(key: Key) -> str:
    if isinstance(key, tuple) and key:
        return f"a {key[0]} lock"
    return "a lock"
