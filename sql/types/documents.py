"""jsonb as PostgreSQL prints it: one space after ``:`` and ``,``, keys by length and then by bytes, the
last of equal keys, numbers as numeric prints them.

DuckDB keeps JSON as it was written, so this is done when a jsonb column is sent. Values are parsed one
by one; a column of equal documents costs one parse each (the cache is small on purpose).
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any


class _Number(str):
    """The text of a number, to be written without quotes."""

    __slots__ = ()


NUMERIC_DIGITS_MAX = 131_072


def _number(text: str) -> _Number:
    """Without exponent, as numeric prints it; zero has no sign."""
    value = Decimal(text)
    if abs(value.adjusted()) > NUMERIC_DIGITS_MAX:
        raise ValueError(text)
    return _Number(format(value if value else abs(value), "f"))


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The document `text` in jsonb's form; text that is not JSON is left alone."""
    try:
        value = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_refuse)
    except ValueError:
        return text
    return _written(value)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _written(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case str():
            return _string(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return "[" + ", ".join(map(_written, value)) + "]"
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return "{" + ", ".join(f"{_string(key)}: {_written(value[key])}" for key in keys) + "}"
    raise AssertionError(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
