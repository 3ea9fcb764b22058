"""Puts that end in a definite outcome, or say that they cannot.

A put that was cut off is put again with the same bytes under the same key until a read shows whose
bytes are there. "Already exists" may be our own put whose reply was lost; "already exists" with nothing
there means a put (ours or another's) in flight, so it is tried again. `PutUnknown` and
`StoreUnavailable` are waited out, with growing pauses, for `DECIDE_SECONDS_MAX`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.clock import Clock
from engine.errors import (
    CommitUnknown,
    ObjectExists,
    ObjectMissing,
    PutUnknown,
    StoreFull,
    StoreUnavailable,
)
from engine.stores.base import Store

DECIDE_SECONDS_MAX = 30.0
PAUSE_SECONDS_MIN = 0.02
PAUSE_SECONDS_MAX = 2.0


async def put_decided(
    store: Store, clock: Clock, key: str, data: bytes, is_ours: Callable[[bytes], bool]
) -> bytes | None:
    """Create `key`. None: our bytes are there, durably. Otherwise the bytes of somebody else who was
    first. Raises `StoreUnavailable` when certainly nothing of ours was stored, `CommitUnknown` when that
    cannot be told, `StoreFull` at once unless an earlier try is still undecided."""
    deadline = clock.monotonic() + DECIDE_SECONDS_MAX
    pause = PAUSE_SECONDS_MIN
    undecided = False
    while True:
        try:
            await store.put(key, data)
            return None
        except ObjectExists as error:
            failure: Exception = error
        except PutUnknown as error:
            failure, undecided = error, True
        except StoreUnavailable as error:
            failure = error
        except StoreFull as error:
            if not undecided:
                raise
            failure = error
        if isinstance(failure, ObjectExists):
            try:
                found = await store.get(key)
                return None if is_ours(found) else found
            except (ObjectMissing, StoreUnavailable) as error:
                undecided = True
                failure = error
        if clock.monotonic() >= deadline:
            if undecided:
                raise CommitUnknown(
                    f"it cannot be told whether {key} was stored: {failure}",
                    hint="Connect again and look; the store's answer was lost.",
                ) from failure
            raise failure
        await clock.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def put_object(store: Store, clock: Clock, key: str, data: bytes) -> None:
    """Create an object under a random key of our own: whatever is there already is ours."""
    other = await put_decided(store, clock, key, data, lambda found: found == data)
    assert other is None, f"a random key was used twice: {key}"
