"""Names as PostgreSQL reads and writes them in SQL."""

from __future__ import annotations

import re

from sql import keywords
from sql.deparse import quote_name as quote_identifier
from sql.deparse import quote_string as quote_literal

KEYWORDS = keywords.RESERVED | keywords.FUNCTION_NAMES | keywords.COLUMN_NAMES
"""Words that cannot stand for every kind of name without quotes."""


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


__all__ = ["KEYWORDS", "quote_identifier", "quote_literal", "split_name"]
