"""COPY FROM STDIN: chunks of bytes, cut anywhere, to batches of text columns.

Data is gathered into windows of some megabytes that begin at a line's start; what follows the last whole
line waits for more. Memory is bounded by the window and by the longest line (1 GB, as in PostgreSQL). A
line's values are null or text exactly as PostgreSQL would have them; types are the session's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from server.copying.exact import ExactReader, csv_value, text_value
from server.copying.fast import split
from server.copying.format import LINE_BYTES_MAX, Format, Place, decoded
from server.values.arrow import Array, replaced
from sql.answers import CopyOptions, ResultColumn
from sql.errors import SqlError

WINDOW_BYTES = 4 * 1024 * 1024


class CopyReader:
    """`feed` chunks as they come, then `finish`; both give the batches that are complete."""

    def __init__(
        self, columns: Sequence[ResultColumn], options: CopyOptions, *, window_bytes: int = WINDOW_BYTES
    ) -> None:
        self._names = tuple(column.name for column in columns)
        self._format = Format.of(options)
        self._force_null = frozenset(options.force_null)
        self._force_not_null = frozenset(options.force_not_null)
        self._exact = ExactReader(self._format, self._names)
        self._header = options.header
        self._place = Place()
        self._window_bytes = window_bytes
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._enough_bytes = window_bytes

    def feed(self, data: bytes) -> list[pa.RecordBatch]:
        """Batches of the lines that `data` completes; what is too little waits."""
        if self._place.ended:
            return []
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes < self._enough_bytes:
            return []
        return self._read(final=False)

    def finish(self) -> list[pa.RecordBatch]:
        """The rest, after CopyDone."""
        return [] if self._place.ended else self._read(final=True)

    def _read(self, *, final: bool) -> list[pa.RecordBatch]:
        data = b"".join(self._waiting)
        batches: list[pa.RecordBatch] = []
        position, size = 0, self._window_bytes
        while position < len(data) and not self._place.ended:
            window = data[position : position + size]
            last = position + len(window) == len(data)
            consumed, batch = self._read_window(window, final=final and last)
            if batch is not None and batch.num_rows:
                batches.append(batch)
            if consumed:
                size = self._window_bytes
            elif last:
                break
            else:
                size *= 2
            position += consumed
        self._waiting = [] if self._place.ended else [data[position:]]
        self._waiting_bytes = sum(map(len, self._waiting))
        self._enough_bytes = max(self._window_bytes, 2 * self._waiting_bytes)
        if self._waiting_bytes > LINE_BYTES_MAX:
            raise SqlError("54000", "a line of COPY data is longer than 1 GB")
        return batches

    def _read_window(self, window: bytes, *, final: bool) -> tuple[int, pa.RecordBatch | None]:
        if self._header:
            return self._skip_header(window, final), None
        found = split(window, self._format, len(self._names), self._place)
        if found is None:
            return self._read_exactly(window, final)
        decoded(window[: found.consumed], self._place.line + 1)
        values = [self._values(raw, name) for raw, name in zip(found.columns, self._names, strict=True)]
        self._place.line += found.lines
        self._place.eol = found.eol
        return found.consumed, pa.RecordBatch.from_arrays(values, names=list(self._names))

    def _skip_header(self, window: bytes, final: bool) -> int:
        for _, following in self._exact.lines(window, self._place, final=final):
            self._header = False
            return following
        return 0

    def _read_exactly(self, window: bytes, final: bool) -> tuple[int, pa.RecordBatch | None]:
        rows: list[list[str]] = []
        consumed = 0
        for line, following in self._exact.lines(window, self._place, final=final):
            consumed = following
            decoded(line, self._place.line)
            fields = self._exact.fields(line, self._place.line)
            rows.append([field.decode() for field in fields])
        if self._place.ended:
            consumed = len(window)
        if not self._names:
            empty = pa.array([{}] * len(rows), pa.struct([]))
            return consumed, pa.RecordBatch.from_struct_array(empty)
        values = [
            self._values(pa.array([row[at] for row in rows], pa.string()), name)
            for at, name in enumerate(self._names)
        ]
        return consumed, pa.RecordBatch.from_arrays(values, names=list(self._names))

    # --- values -----------------------------------------------------------------------------------

    def _values(self, raw: Array, name: str) -> Array:
        """Raw fields of one column to its values. What stands for null is compared before anything is
        unescaped or unquoted, save for FORCE_NULL."""
        null = self._format.null.decode()
        null_before = pc.equal(raw, null)
        if name not in self._force_not_null and pc.any(null_before).as_py():
            raw = pc.if_else(null_before, None, raw)
        if not self._format.csv:
            marked = pc.fill_null(pc.match_substring(raw, "\\"), False)
            return self._changed(raw, marked, text_value)
        values = self._unquoted(raw)
        if name in self._force_null:
            values = pc.if_else(pc.and_not(pc.equal(values, null), null_before), None, values)
        return values

    def _unquoted(self, raw: Array) -> Array:
        """Fields wholly within quotes are done in C++, all other quoted ones one by one."""
        format, quote = self._format, chr(self._format.quote)
        quoted = pc.match_substring(raw, quote)
        if not pc.any(quoted).as_py():
            return raw
        inner = pc.binary_slice(raw.view(pa.binary()), 1, -1).view(pa.string())
        if format.escape is None:
            irregular = pc.match_substring(pc.replace_substring(inner, quote * 2, ""), quote)
            inner = pc.replace_substring(inner, quote * 2, quote)
        else:
            escape = chr(format.escape)
            irregular = pc.or_(pc.match_substring(inner, quote), pc.match_substring(inner, escape))
        whole = pc.and_(pc.starts_with(raw, quote), pc.ends_with(raw, quote))
        simple = pc.fill_null(pc.and_not(whole, irregular), False)
        odd = pc.fill_null(pc.and_not(quoted, simple), False)
        values = pc.if_else(simple, inner, raw)
        return self._changed(values, odd, lambda field: csv_value(field, format))

    def _changed(self, raw: Array, marked: Array, change: Callable[[bytes], bytes]) -> Array:
        """`change` made to the marked fields, one by one."""
        if not pc.any(marked).as_py():
            return raw
        line = self._place.line + 1
        fields = raw.filter(marked).to_pylist()
        changed = [decoded(change(field.encode()), line) for field in fields]
        return replaced(raw, marked.to_numpy(zero_copy_only=False), changed)
