"""The envelope of WAL objects, manifests and ref lists: magic, JSON header, binary parts, hash.

    magic (8 bytes) | header length (u32, little endian) | header | parts … | blake2b-128 of all before

The magic carries the kind and the format number. The header is zstd-compressed JSON and holds the
parts' lengths under ``"parts"``. Anything that does not add up is `LogCorrupted`: a torn or altered
object must never be read by half.

A header may be long (a hundred thousand refs), and one call into the JSON library keeps all threads waiting
until it returns, the event loop's as well. So the lists in it are written and read piece by piece.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from engine.errors import LogCorrupted

_HASH_BYTES = 16
_LENGTHS = struct.Struct("<II")
_HEADER_BYTES_MAX = 2**31
_PIECE_ITEMS = 500
_scan = json.JSONDecoder().raw_decode


def pack(magic: bytes, header: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """One object's bytes; `magic` is 8 bytes."""
    assert len(magic) == 8
    text = _written({**header, "parts": [len(part) for part in parts]}).encode()
    compressed = pa.compress(text, codec="zstd", asbytes=True)
    body = b"".join([magic, _LENGTHS.pack(len(compressed), len(text)), compressed, *parts])
    return body + hashlib.blake2b(body, digest_size=_HASH_BYTES).digest()


def unpack(magic: bytes, data: bytes, name: str) -> tuple[dict[str, Any], list[memoryview]]:
    """Header and parts of what `pack` made; `name` is the object's, for the error."""
    start = len(magic) + _LENGTHS.size
    body, digest = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
    if len(data) < start + _HASH_BYTES or hashlib.blake2b(body, digest_size=_HASH_BYTES).digest() != digest:
        raise LogCorrupted(f"{name} is damaged: its content does not match its hash")
    if body[: len(magic)] != magic:
        found = body[: len(magic)].decode("latin-1")
        raise LogCorrupted(
            f"{name} has format {found!r}, this server reads {magic.decode()!r}",
            hint="Use the version of the server that wrote it, or a newer one.",
        )
    compressed_bytes, text_bytes = _LENGTHS.unpack_from(body, len(magic))
    if text_bytes > _HEADER_BYTES_MAX:
        raise LogCorrupted(f"{name} is damaged: its header claims {text_bytes} bytes")
    text = pa.decompress(body[start : start + compressed_bytes], text_bytes, codec="zstd", asbytes=True)
    header = _read(str(text, "utf-8"))
    position = start + compressed_bytes
    parts = []
    view = memoryview(body)
    for length in header.pop("parts"):
        parts.append(view[position : position + length])
        position += length
    if position != len(body):
        raise LogCorrupted(f"{name} is damaged: {len(body) - position} bytes too many")
    return header, parts


def _written(header: dict[str, Any]) -> str:
    """As `json.dumps` does it without spaces."""
    fields = []
    for name, value in header.items():
        if isinstance(value, list):
            pieces = [value[at : at + _PIECE_ITEMS] for at in range(0, len(value), _PIECE_ITEMS)]
            text = f"[{','.join(_dumped(piece)[1:-1] for piece in pieces)}]"
        else:
            text = _dumped(value)
        fields.append(f"{_dumped(name)}:{text}")
    return f"{{{','.join(fields)}}}"


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    """What `_written` wrote. `at` is behind what has been read."""
    header: dict[str, Any] = {}
    at = 0
    while text[at] != "}":
        name, at = _scan(text, at + 1)
        at += 1
        if text[at] == "[" and text[at + 1] != "]":
            items = []
            while text[at] != "]":
                item, at = _scan(text, at + 1)
                items.append(item)
            header[name], at = items, at + 1
        else:
            header[name], at = _scan(text, at)
    return header
