"""Pins: bisection finds what a look at every pin would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.ids import INFINITY, CatalogId, Timestamp
from engine.pins import Pin, Pins

MOMENTS = st.integers(1, 12).map(Timestamp)
RELATIONS = st.frozensets(st.integers(1, 3).map(CatalogId), max_size=3)
SNAPSHOTS = st.dictionaries(MOMENTS, st.none() | RELATIONS, max_size=6)


def needed(pins: Pins, first: int, end: int, relations: frozenset[CatalogId] | None) -> list[Timestamp]:
    """By looking at every snapshot."""
    return [
        ts
        for ts, pin in sorted(pins.snapshots.items())
        if first <= ts < end and (relations is None or pin.relations is None or pin.relations & relations)
    ]


@given(SNAPSHOTS, st.lists(MOMENTS, max_size=3), MOMENTS, MOMENTS, MOMENTS, st.none() | RELATIONS)
def test_what_keeps_a_life(
    snapshots: dict[Timestamp, frozenset[CatalogId] | None],
    reading: list[Timestamp],
    horizon: Timestamp,
    first: Timestamp,
    end: Timestamp,
    relations: frozenset[CatalogId] | None,
) -> None:
    pins = Pins(horizon, {ts: Pin(f"s{ts}", covered) for ts, covered in snapshots.items()}, reading)
    holding = needed(pins, first, end, relations)
    read = any(first <= ts < end for ts in reading)
    kept = pins.keeper(first, end, relations)
    if holding:
        assert kept == ("snapshot", f"s{holding[0]}")
    elif read:
        assert kept == ("transaction", "a running transaction reads it")
    else:
        assert kept == (("history", "history_retention") if end > horizon else None)
    assert pins.keeper(first, INFINITY, relations) == ("live", "")
    assert pins.any_in(first, end) == (read or bool(needed(pins, first, end, None)))
    if relations is not None:
        assert [pins.moments[at] for at in pins.places(first, end, relations)] == holding
