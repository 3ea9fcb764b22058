"""Puts that end in a definite outcome, or say that they cannot.

A put that was cut off is put again with the same bytes under the same key until a read shows whose
bytes are there. "Already exists" may be our own put whose reply was lost; "already exists" with nothing
there means a put (ours or another's) in flight, so it is tried again. `PutUnknown` and
`StoreUnavailable` are waited out, with growing pauses.

**It ends in time, whatever the store does**: after `decide_seconds_max`, which is `DECIDE_SECONDS_MAX`
and a second more for every `BYTES_PER_SECOND_MIN` of the bytes. A try that is still out then is given
up; it may arrive later, so it stays undecided. No try begins in the last `TRY_SECONDS_MIN`: cutting it
off would only make a definite outcome an open one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.clock import Clock
from engine.errors import (
    CommitUnknown,
    ObjectExists,
    ObjectMissing,
    PutUnknown,
    StoreFull,
    StoreMisconfigured,
    StoreUnavailable,
)
from engine.stores.base import Store

DECIDE_SECONDS_MAX = 45.0
BYTES_PER_SECOND_MIN = 512 * 1024
TRY_SECONDS_MIN = 5.0
PAUSE_SECONDS_MIN = 0.02
PAUSE_SECONDS_MAX = 2.0


def decide_seconds_max(size: int) -> float:
    """How long anybody waits to hear what came of a put of `size` bytes."""
    return DECIDE_SECONDS_MAX + size / BYTES_PER_SECOND_MIN


async def put_decided(
    store: Store, clock: Clock, key: str, data: bytes, is_ours: Callable[[bytes], bool]
) -> bytes | None:
    """Create `key`. None: our bytes are there, durably. Otherwise the bytes of somebody else who was
    first. Raises `StoreUnavailable` when certainly nothing of ours was stored, `CommitUnknown` when that
    cannot be told; `StoreFull` and `StoreMisconfigured` at once, unless an earlier try is still undecided."""
    deadline = clock.monotonic() + decide_seconds_max(len(data))
    pause = PAUSE_SECONDS_MIN
    undecided = False
    while True:
        try:
            async with asyncio.timeout(deadline - clock.monotonic()):
                return await _try(store, key, data, is_ours)
        except (PutUnknown, TimeoutError) as error:
            failure: Exception = error
            undecided = True
        except StoreUnavailable as error:
            failure = error
        except (StoreFull, StoreMisconfigured) as error:
            if not undecided:
                raise
            failure = error
        if clock.monotonic() + pause > deadline - TRY_SECONDS_MIN:
            if undecided:
                raise CommitUnknown(
                    f"it cannot be told whether {key} was stored",
                    detail=str(failure) or "The store did not answer in time.",
                    hint="Connect again and look; the store's answer was lost.",
                ) from failure
            raise failure
        await clock.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def _try(store: Store, key: str, data: bytes, is_ours: Callable[[bytes], bool]) -> bytes | None:
    """One put, and a look at what is there when something is; `PutUnknown` when it cannot be seen."""
    try:
        await store.put(key, data)
        return None
    except ObjectExists as exists:
        try:
            found = await store.get(key)
        except (ObjectMissing, StoreUnavailable) as error:
            raise PutUnknown(str(error)) from exists
    return None if is_ours(found) else found


async def put_object(store: Store, clock: Clock, key: str, data: bytes) -> None:
    """Create an object under a random key of our own: whatever is there already is ours."""
    other = await put_decided(store, clock, key, data, lambda found: found == data)
    assert other is None, f"a random key was used twice: {key}"
