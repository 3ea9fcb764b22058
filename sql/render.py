"""Names and constants as DuckDB SQL text.

DuckDB compares names without regard to case even when they are quoted, PostgreSQL does not. So an
upper-case letter is written as ``~`` and its lower case, which no two names share. All SQL text that
reaches DuckDB is put together from these functions and from templates of ours; nothing a client wrote
is ever copied into it.

A *marker* stands for a table expression until the statement runs. It is wrapped in a character that no
constant or name can hold in the text (`string` and `encode_identifier` spell it differently), so a
client cannot forge one.
"""

from __future__ import annotations

import re

MARK = "\ue000"
_UPPER = re.compile(f"[A-Z~{MARK}]")
_CODED = re.compile("~(.)", re.DOTALL)


def encode_identifier(name: str) -> str:
    """An injective spelling of `name` that stays distinct when case is ignored."""
    return _UPPER.sub(_coded, name)


def _coded(match: re.Match[str]) -> str:
    character = match.group()
    if character == MARK:
        return "~."
    return "~" + character.lower()


def decode_identifier(name: str) -> str:
    """The name that `encode_identifier` spelt."""
    return _CODED.sub(_decoded, name)


def _decoded(match: re.Match[str]) -> str:
    character = match.group(1)
    return MARK if character == "." else character.upper()


def identifier(name: str) -> str:
    """`name` as a quoted DuckDB identifier."""
    return '"' + encode_identifier(name).replace('"', '""') + '"'


def string(value: str) -> str:
    """`value` as a DuckDB string constant."""
    quoted = "'" + value.replace("'", "''") + "'"
    if MARK in quoted:
        parts = ["'" + part.replace("'", "''") + "'" for part in value.split(MARK)]
        return "(" + f" || chr({ord(MARK)}) || ".join(parts) + ")"
    return quoted


def marker(number: int, name: str) -> str:
    """A place for a relation; `name` only helps whoever reads the text."""
    return f"{MARK}{number}:{re.sub('[^A-Za-z0-9_]', '_', name)}{MARK}"
