"""Names and strings as PostgreSQL writes them in SQL: quote_ident() and quote_literal()."""

from __future__ import annotations

import re

from sql import keywords

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
KEYWORDS = keywords.RESERVED | keywords.FUNCTION_NAMES | keywords.COLUMN_NAMES
"""Words that cannot stand for every kind of name without quotes."""


def quote_identifier(name: str) -> str:
    """The name as it has to be written; quoted only when it must be."""
    if _PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """The text as a string constant; E'' when it holds a backslash."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def split_name(text: str) -> tuple[str, ...] | None:
    """The parts of a possibly qualified and quoted name, folded as PostgreSQL folds them; None when
    the text is no name."""
    parts = []
    rest = text.strip()
    while True:
        match = re.match(r'\s*(?:"((?:[^"]|"")+)"|([^\W\d][\w$]*))\s*', rest)
        if match is None:
            return None
        parts.append(match[1].replace('""', '"') if match[1] else match[2].lower())
        rest = rest[match.end() :]
        if not rest:
            return tuple(parts)
        if not rest.startswith("."):
            return None
        rest = rest[1:]
