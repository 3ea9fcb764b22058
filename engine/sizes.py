"""Sizes in bytes as people write them: ``2GB``, ``512 MB``, ``1.5gb``, ``1048576``.

The units are PostgreSQL's (B, kB, MB, GB, TB), each 1024 of the one before, in any case; a number
without a unit counts bytes. The one place where flags and settings are read and shown.
"""

from __future__ import annotations

import re

_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_SHOWN = (("TB", 2**40), ("GB", 2**30), ("MB", 2**20), ("kB", 2**10))
BYTES_MAX = 2**62
UNITS_HINT = 'A size is a number with one of the units "B", "kB", "MB", "GB" and "TB", like \'2GB\'.'


def parse_size(text: str) -> int:
    """The bytes; ValueError when it is no size."""
    match = re.fullmatch(r"\s*(\d{1,20}(?:\.\d{1,9})?)\s*([a-zA-Z]*)\s*", text, re.ASCII)
    unit = _UNITS.get(match[2].lower()) if match is not None else None
    if match is None or unit is None:
        raise ValueError(f"{text!r} is not a size")
    size = int(match[1]) * unit if "." not in match[1] else round(float(match[1]) * unit)
    if size > BYTES_MAX:
        raise ValueError(f"{text!r} is too large a size")
    return size


def show_size(size: int) -> str:
    """In the largest unit that divides it, as PostgreSQL shows sizes."""
    for name, unit in _SHOWN:
        if size and size % unit == 0:
            return f"{size // unit}{name}"
    return f"{size}B" if size else "0"
