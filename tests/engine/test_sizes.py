"""Sizes as people write them."""

from __future__ import annotations

import pytest

from engine.sizes import parse_size, show_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("77", 77),
        ("77B", 77),
        ("2GB", 2 * 2**30),
        (" 512 MB ", 512 * 2**20),
        ("1.5gb", 3 * 2**29),
        ("64kB", 65_536),
        ("3tb", 3 * 2**40),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(show_size(size)) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-1", "1e9", "2 G B", "2GiB", "1,5GB", "٢GB", "9" * 20 + "TB", "9" * 40, "2GB;"]
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


def test_a_size_is_shown_in_the_largest_unit_that_divides_it() -> None:
    assert [show_size(size) for size in (0, 1, 1024, 1536, 2**31, 3 * 2**29)] == [
        "0",
        "1B",
        "1kB",
        "1536B",
        "2GB",
        "1536MB",
    ]
