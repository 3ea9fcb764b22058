"""What a key may be. Every store checks it, so that no key can leave the folder or bucket it is given.

A key is one or more segments joined by ``/``; a segment is letters, digits and ``-_.``, and is neither
``.`` nor ``..``. Names a store needs for itself therefore begin with ``~``, which no segment can hold.
"""

from __future__ import annotations

import re

KEY_BYTES_MAX = 900
"""S3 takes 1,024 bytes, of which a bucket's prefix needs some."""

SEGMENT_BYTES_MAX = 240
"""Filesystems take 255 bytes a name."""

_SEGMENT = re.compile(rf"(?!\.\.?\Z)[A-Za-z0-9_.\-]{{1,{SEGMENT_BYTES_MAX}}}\Z")


def check_key(key: str) -> str:
    """`key` itself; ValueError when it is none: keys are built by `engine.paths`, never by users."""
    if len(key) > KEY_BYTES_MAX or not all(_SEGMENT.match(segment) for segment in key.split("/")):
        raise ValueError(f"not a key of an object store: {key!r}")
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself: empty, or the beginning of a key, cut anywhere."""
    *folders, last = prefix.split("/")
    for segment in folders:
        check_key(segment)
    if last not in ("", ".", ".."):
        check_key(last)
    return prefix
