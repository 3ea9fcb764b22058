"""The envelope of WAL objects, manifests and ref lists: magic, JSON header, binary parts, hash.

    magic (8 bytes) | header length (u32, little endian) | header | parts … | blake2b-128 of all before

The magic carries the kind and the format number. The header is zstd-compressed JSON and holds the
parts' lengths under ``"parts"``. Anything that does not add up is `LogCorrupted`: a torn or altered
object must never be read by half.
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


def pack(magic: bytes, header: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """One object's bytes; `magic` is 8 bytes."""
    assert len(magic) == 8
    text = json.dumps({**header, "parts": [len(part) for part in parts]}, separators=(",", ":")).encode()
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
    header = json.loads(text)
    position = start + compressed_bytes
    parts = []
    view = memoryview(body)
    for length in header.pop("parts"):
        parts.append(view[position : position + length])
        position += length
    if position != len(body):
        raise LogCorrupted(f"{name} is damaged: {len(body) - position} bytes too many")
    return header, parts
