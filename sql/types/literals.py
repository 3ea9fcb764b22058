"""Literals whose text DuckDB would read differently: PostgreSQL's array and bytea input, in Python.

For parameters and constants; columns of text (COPY) are read by `casts.input_cast` inside DuckDB.
"""

from __future__ import annotations

import re

from sql.errors import SqlError

_DIMENSIONS = re.compile(r"\s*(?:\[\s*[+-]?\d+\s*(?::\s*[+-]?\d+\s*)?\])+\s*=")
_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^"\\{},]|\\.)+?))\s*(?=[,}])', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OCTAL = re.compile(rb"\\(?:(\\)|([0-3][0-7]{2})|)")


def array_from_text(text: str) -> list[object]:
    """``{1,NULL,"a b"}`` as nested lists of str and None. Lower bounds are read and let go: arrays here
    begin at 1. 22P02 when malformed, 2202E when sub-arrays differ in length."""
    start = _DIMENSIONS.match(text)
    opening = _skip_space(text, start.end() if start else 0)
    if text[opening : opening + 1] != "{":
        raise _malformed(text)
    found, position = _read_list(text, opening)
    if text[position:].strip():
        raise _malformed(text)
    depth, probe = 0, found
    while probe and isinstance(probe[0], list):
        depth, probe = depth + 1, probe[0]
    _check_shape(found, depth, text)
    return found


def _read_list(text: str, opening: int) -> tuple[list[object], int]:
    """The list whose brace is at `opening`, and where it ends. Iterative: nesting is the sender's."""
    root: list[object] = []
    stack, position = [root], opening + 1
    while stack:
        position = _skip_space(text, position)
        mark = text[position : position + 1]
        if mark == "{":
            if len(stack) == 6:
                raise SqlError("54000", "number of array dimensions (7) exceeds the maximum allowed (6)")
            child: list[object] = []
            stack[-1].append(child)
            stack.append(child)
            position += 1
            continue
        if mark == "}" and stack == [root] and not root:
            return root, position + 1
        value, position = _read_item(text, position)
        stack[-1].append(value)
        while stack:
            position = _skip_space(text, position)
            mark = text[position : position + 1]
            if mark == ",":
                position += 1
                if text[_skip_space(text, position) :][:1] == "}":
                    raise _malformed(text)
                break
            if mark != "}":
                raise _malformed(text)
            position += 1
            stack.pop()
    return root, position


def _read_item(text: str, position: int) -> tuple[str | None, int]:
    match = _ITEM.match(text, position)
    if match is None:
        raise _malformed(text)
    quoted, bare = match.groups()
    if quoted is not None:
        return _ESCAPED.sub(r"\1", quoted), match.end()
    return (None if bare.upper() == "NULL" else _ESCAPED.sub(r"\1", bare)), match.end()


def _skip_space(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t", "\n", "\r", "\v", "\f"):
        position += 1
    return position


def _check_shape(items: list[object], depth: int, text: str) -> None:
    """Lists at every level but the last, all of one level equally long."""
    level = [items]
    for _ in range(depth):
        if any(not isinstance(item, list) for group in level for item in group):
            raise _malformed(text)
        level = [item for group in level for item in group if isinstance(item, list)]
        if len({len(item) for item in level}) > 1:
            raise _malformed(text, "Multidimensional arrays must have sub-arrays with matching dimensions.")
    if any(isinstance(item, list) for group in level for item in group):
        raise _malformed(text, "Multidimensional arrays must have sub-arrays with matching dimensions.")


def _malformed(text: str, detail: str | None = None) -> SqlError:
    return SqlError("22P02", f'malformed array literal: "{text}"', detail=detail)


def bytea_from_text(text: str) -> bytes:
    """bytea in hex (``\\xdeadbeef``) or escape format."""
    if text.startswith("\\x"):
        digits = re.sub(r"[ \t\n\r]", "", text[2:])
        wrong = re.search(r"[^0-9A-Fa-f]", digits)
        if wrong:
            raise SqlError("22023", f'invalid hexadecimal digit: "{wrong[0]}"')
        if len(digits) % 2:
            raise SqlError("22023", "invalid hexadecimal data: odd number of digits")
        return bytes.fromhex(digits)

    def plain(match: re.Match[bytes]) -> bytes:
        if match[1] is not None:
            return b"\\"
        if match[2] is None:
            raise SqlError("22P02", "invalid input syntax for type bytea")
        return bytes([int(match[2], 8)])

    return _OCTAL.sub(plain, text.encode())
