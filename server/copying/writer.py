"""COPY TO STDOUT: batches to lines of text or CSV, a whole batch at a time.

Values are printed by `server.values.text` as in a result; escapes and quotes are added in C++ and only
to columns that need any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from server.values.arrow import Array, fixed, joined, lengths, value_bytes
from server.values.text import text_of
from server.values.zones import zone
from sql.answers import CopyOptions, ResultColumn
from sql.types import by_oid, find_oid

_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_HARMLESS = frozenset(
    (
        "bool",
        "int2",
        "int4",
        "int8",
        "float4",
        "float8",
        "numeric",
        "oid",
        "date",
        "time",
        "timestamp",
        "uuid",
    )
)
_ORDINARY_DELIMITERS = frozenset("\t,;|")
"""No value of a harmless type holds one of these, a quote, a backslash, or the end of a line."""
BATCH_BYTES_MAX = 256 * 1024 * 1024


class CopyWriter:
    """`header`, then `rows` for each batch. `settings` is the session's, of which TimeZone matters."""

    def __init__(
        self,
        columns: Sequence[ResultColumn],
        options: CopyOptions,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._columns = tuple(columns)
        self._options = options
        self._zone = zone((settings or {}).get("TimeZone", "UTC"))
        self._csv = options.format == "csv"
        forced = options.force_quote
        self._forced = [forced is None or column.name in forced for column in columns]
        self._types = [find_oid(column.type_oid) or by_oid(25) for column in columns]
        ordinary = options.delimiter in _ORDINARY_DELIMITERS and options.quote == '"'
        self._trusting = ordinary and (not self._csv or options.null == "")

    def header(self) -> bytes:
        """The line of column names, or nothing."""
        if not self._options.header:
            return b""
        names = [self._encoded(pa.array([column.name]), False) for column in self._columns]
        return _bytes(self._lines(names))

    def rows(self, batch: pa.RecordBatch) -> bytes:
        """The batch's lines."""
        return b"".join(_bytes(self._lines_of(piece)) for piece in _pieces(batch))

    def messages(self, batch: pa.RecordBatch) -> bytes:
        """The batch's lines as CopyData messages, one a row, as clients expect."""
        return b"".join(_messages(self._lines_of(piece)) for piece in _pieces(batch))

    def _lines_of(self, batch: pa.RecordBatch) -> Array:
        if not batch.num_columns:
            return pa.array(["\n"] * batch.num_rows, pa.string())
        texts = []
        for values, column, pg, forced in zip(
            batch.columns, self._columns, self._types, self._forced, strict=True
        ):
            text = text_of(values, pg, column.type_modifier, self._zone)
            harmless = self._trusting and pg.name in _HARMLESS and not forced
            texts.append(pc.fill_null(text, self._options.null) if harmless else self._encoded(text, forced))
        return self._lines(texts)

    def _lines(self, texts: list[Array]) -> Array:
        pieces: list[Any] = []
        for text in texts:
            pieces += [text, self._options.delimiter]
        pieces[-1] = "\n"
        return joined(*pieces)

    def _encoded(self, text: Array, forced: bool) -> Array:
        encoded = self._quoted(text, forced) if self._csv else self._escaped(text)
        return pc.fill_null(encoded, self._options.null)

    def _escaped(self, text: Array) -> Array:
        delimiter = self._options.delimiter
        needed = pc.match_substring_regex(text, r"[\\\x08\x0c\n\r\t\x0b" + _in_class(delimiter) + "]")
        if not pc.any(needed).as_py():
            return text
        text = pc.replace_substring(text, "\\", "\\\\")
        for character, escape in _ESCAPES.items():
            text = pc.replace_substring(text, character, escape)
        return text if delimiter in _ESCAPES else pc.replace_substring(text, delimiter, "\\" + delimiter)

    def _quoted(self, text: Array, forced: bool) -> Array:
        """Quoted when the text could be read as something else; ``\\.`` alone on a line is one such."""
        options = self._options
        quote, escape = options.quote, options.escape
        special = r"[\n\r" + _in_class(quote) + _in_class(options.delimiter) + "]"
        if len(self._columns) == 1:
            special += r"|^\\\.$"
        needed = pc.or_(pc.match_substring_regex(text, special), pc.equal(text, options.null))
        if not forced and not pc.any(needed).as_py():
            return text
        inner = text if escape == quote else pc.replace_substring(text, escape, escape + escape)
        inner = pc.replace_substring(inner, quote, escape + quote)
        quoted = joined(quote, inner, quote)
        return quoted if forced else pc.if_else(needed, quoted, text)


def _pieces(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """The batch in pieces whose lines fit an Arrow array of strings."""
    if batch.nbytes <= BATCH_BYTES_MAX or batch.num_rows <= 1:
        return [batch]
    middle = batch.num_rows // 2
    return _pieces(batch.slice(0, middle)) + _pieces(batch.slice(middle))


def _bytes(lines: Array) -> bytes:
    return bytes(value_bytes(lines)[1])


def _messages(lines: Array) -> bytes:
    heads = np.empty(len(lines), [("type", "S1"), ("length", ">i4")])
    heads["type"] = b"d"
    heads["length"] = lengths(lines) + 4
    matrix = heads.view(np.uint8).reshape(len(lines), heads.itemsize)
    return _bytes(joined(fixed(matrix, pa.nulls(0)), lines.cast(pa.binary())))


def _in_class(character: str) -> str:
    """A character within a regular expression's brackets."""
    return f"\\x{ord(character):02x}"
