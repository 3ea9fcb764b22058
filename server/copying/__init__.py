"""COPY's text and CSV: bytes to batches of strings (`CopyReader`) and back (`CopyWriter`).

`fast` splits a window of well-formed lines with numpy; `exact` follows PostgreSQL's reader line by line
and is asked whenever `fast` sees anything unusual, so that every oddity and every error has one home.
"""

from __future__ import annotations

from server.copying.reader import CopyReader
from server.copying.writer import CopyWriter

__all__ = ["CopyReader", "CopyWriter"]
