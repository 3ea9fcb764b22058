"""Several pieces of work side by side, all of them over when the call is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order. When one fails, or the caller is cancelled, the others are cancelled and waited
    for before the failure is raised: nothing goes on behind the caller's back."""
    tasks = [asyncio.create_task(piece) for piece in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await until_over(tasks)
        raise


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that must come to its end once it has begun; a caller that was cancelled meanwhile
    is so when it has."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


async def until_over(work: Iterable[asyncio.Future[Any]]) -> None:
    """Waits for work that has been told to stop, however often the waiting task is told so too."""
    left = [piece for piece in work if not piece.done()]
    while left:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(left)
        left = [piece for piece in left if not piece.done()]
