"""Work beside the event loop: in a thread when there is much of it, and no search for garbage meanwhile."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from engine.aside import ITEMS_MIN, VERY_MANY_ITEMS_MIN, aside


def test_where_it_runs() -> None:
    async def run() -> None:
        here = threading.get_ident()
        assert await aside(ITEMS_MIN - 1, threading.get_ident) == here
        assert await aside(ITEMS_MIN, threading.get_ident) != here
        assert await aside(VERY_MANY_ITEMS_MIN, threading.get_ident) != here

    asyncio.run(run())


def test_the_search_for_garbage_goes_on_when_the_last_is_done() -> None:
    async def run() -> None:
        both, one_over = threading.Barrier(2, timeout=60), threading.Event()

        def first() -> bool:
            both.wait()
            return gc.isenabled()

        def second() -> bool:
            both.wait()
            assert one_over.wait(60)
            return gc.isenabled()

        pieces = [asyncio.create_task(aside(VERY_MANY_ITEMS_MIN, work)) for work in (first, second)]
        assert await pieces[0] is False
        one_over.set()
        assert await pieces[1] is False
        assert gc.isenabled()
        with pytest.raises(ZeroDivisionError):
            await aside(VERY_MANY_ITEMS_MIN, lambda: 1 // 0)
        assert gc.isenabled()

    asyncio.run(run())
