"""DuckDB SQL for jsonb as a value: what is kept of its text, and what two equal documents have in common.

DuckDB keeps JSON as it was written. A jsonb is kept with its keys sorted and without blanks, so that
grouping, DISTINCT and keys see equal documents as equal; a document with a number whose spelling sorting
would change (``2.50``, ``1e2``, more than fifteen digits) is kept as written, because PostgreSQL prints it
so. `comparison_key` sees ``1`` and ``1.0`` as equal too, and is what operators compare.

Rejected: one form for both. It would print ``1`` for a document written ``1.0``.
"""

from __future__ import annotations

_STRING = r'"(?:[^"\\]|\\.)*"'
_LONG = "[0-9][0-9.]{15,}"
_SPELLED = rf"{_LONG}|\.[0-9]*0([^0-9]|$)|[0-9][eE]"
_WHOLE = rf"({_STRING})|([0-9])\.0([,\]}}]|$)"


def _without_strings(text: str) -> str:
    return f"regexp_replace({text}, '{_STRING}', '', 'g')"


def kept(sql: str) -> str:
    """Text or JSON as the JSON that a jsonb is kept as. Malformed text fails."""
    text = f"CAST({sql} AS VARCHAR)"
    return (
        f"CASE WHEN regexp_matches({_without_strings(text)}, '{_SPELLED}') THEN CAST({sql} AS JSON) "
        f"ELSE CAST(json_normalize({sql}) AS JSON) END"
    )


def comparison_key(sql: str) -> str:
    """Equal for equal documents, unless they have a number of more than fifteen digits."""
    long = f"regexp_matches({_without_strings(f'CAST({sql} AS VARCHAR)')}, '{_LONG}')"
    key = f"regexp_replace(json_normalize({sql}), '{_WHOLE}', '\\1\\2\\3', 'g')"
    return f"CASE WHEN {long} THEN CAST({sql} AS VARCHAR) ELSE {key} END"
