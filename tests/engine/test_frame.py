"""Headers in pieces: the same text as in one piece, and the same values back, whatever is in them."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from engine.frame import pack, unpack

MAGIC = b"RWDBTST1"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)
HEADERS = st.dictionaries(st.text().filter(lambda name: name != "parts"), VALUES, max_size=5)


@given(HEADERS, st.lists(st.binary(max_size=9), max_size=3), st.integers(1, 4))
def test_a_header_comes_back(header: dict[str, Any], parts: list[bytes], items: int) -> None:
    with mock.patch("engine.frame._PIECE_ITEMS", items):
        data = pack(MAGIC, header, parts)
    assert data == pack(MAGIC, header, parts)
    found, found_parts = unpack(MAGIC, data, "it")
    assert (found, [bytes(part) for part in found_parts]) == (header, parts)


@given(HEADERS)
def test_the_text_is_compact_json(header: dict[str, Any]) -> None:
    with mock.patch("pyarrow.compress", side_effect=lambda text, **_: text):
        data = pack(MAGIC, header)
    text = json.dumps({**header, "parts": []}, separators=(",", ":")).encode()
    assert data[16:-16] == text
