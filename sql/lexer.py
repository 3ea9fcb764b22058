"""Text to tokens, by PostgreSQL's lexical rules.

One compiled pattern finds the next token; what a pattern cannot say (nested comments, dollar quotes,
escapes, strings continued on the next line) is done by hand. Time is linear in the text. Every token
knows where it stands, so that errors can point at it.

Rejected: sqlglot's tokenizer. It joins key words ("GROUP BY") and remembers neither how an E'' string
was written nor PostgreSQL's rules for operators' ends, trailing junk and Unicode escapes.
"""

from __future__ import annotations

import re
from typing import Final

from sql.errors import SqlError

WORD: Final = "word"  # an unquoted identifier or key word, folded
NAME: Final = "name"  # a quoted identifier
STRING: Final = "string"
BITS: Final = "bits"
NUMBER: Final = "number"
PARAMETER: Final = "parameter"
OPERATOR: Final = "operator"
END: Final = "end"

IDENTIFIER_BYTES_MAX = 63
TOKENS_MAX = 2_000_000


class Token:
    """`text` is the folded word, the string's value, the operator; `start`/`end` cut it from the source."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r}, {self.start})"


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
  | (?P<comment>/\*)
  | (?P<special>[eEbBxXnN]'|[uU]&['"])
  | (?P<word>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*)
  | (?P<string>')
  | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<parameter>\$[0-9]+)
  | (?P<dollar>\$(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?\$)
  | (?P<name>")
  | (?P<self>::|:=|\.\.|[,()\[\].;:{}])
  | (?P<operator>[-+*/<>=~!@\#%^&|`?]+)
""",
    re.VERBOSE,
)
_STRING_END = re.compile(r"'((?:[^']|'')*)'")
_ESCAPED_END = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_NAME_END = re.compile(r'"((?:[^"]|"")*)"')
_CONTINUED = re.compile(r"(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*(?=[\n\r]))*(?=')")
_COMMENT_MARK = re.compile(r"/\*|\*/")
_JUNK = re.compile(r"[A-Za-z_\u0080-\U0010ffff]")
_SIMPLE_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL
)


def _error(message: str, position: int, sqlstate: str = "42601", hint: str | None = None) -> SqlError:
    return SqlError(sqlstate, message, hint=hint, position=position + 1)


def fold(word: str) -> str:
    """An unquoted identifier as PostgreSQL folds and cuts it: ASCII letters become lower case."""
    folded = word.lower() if word.isascii() else re.sub("[A-Z]+", lambda m: m.group().lower(), word)
    return cut(folded)


def cut(name: str) -> str:
    """A name no longer than PostgreSQL's 63 bytes."""
    if len(name) * 4 <= IDENTIFIER_BYTES_MAX or len(name.encode()) <= IDENTIFIER_BYTES_MAX:
        return name
    return name.encode()[:IDENTIFIER_BYTES_MAX].decode(errors="ignore")


def tokens(text: str) -> list[Token]:
    """All tokens of `text` and one of kind END."""
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Token] = []

    def run(self) -> list[Token]:
        text, found, position, length = self.text, self.found, 0, len(self.text)
        match_token = _TOKEN.match
        while position < length:
            match = match_token(text, position)
            if match is None:
                raise _error(f'syntax error at or near "{text[position]}"', position)
            kind = match.lastgroup
            if kind == "space":
                position = match.end()
            elif kind == "word":
                end = match.end()
                found.append(Token(WORD, fold(match.group()), position, end))
                position = end
            elif kind == "self":
                end = match.end()
                found.append(Token(OPERATOR, match.group(), position, end))
                position = end
            else:
                position = self._other(str(kind), match, position)
            if len(found) > TOKENS_MAX:
                raise SqlError("54000", f"a query may have at most {TOKENS_MAX} words")
        found.append(Token(END, "", length, length))
        return found

    def _other(self, kind: str, match: re.Match[str], position: int) -> int:
        match kind:
            case "number":
                return self._number(match)
            case "operator":
                return self._operator(match.group(), position)
            case "parameter":
                self._no_junk(match, "parameter")
                self.found.append(Token(PARAMETER, match.group()[1:], position, match.end()))
                return match.end()
            case "string":
                return self._quoted(position, position, _STRING_END, STRING)
            case "name":
                return self._name(position, position)
            case "comment":
                return self._comment(position)
            case "dollar":
                return self._dollar(match.group(), position)
            case _:
                return self._special(match.group().lower(), position, match.end())

    def _no_junk(self, match: re.Match[str], what: str) -> None:
        if _JUNK.match(self.text, match.end()):
            near = self.text[match.start() : match.end() + 1]
            raise _error(f'trailing junk after {what} at or near "{near}"', match.start())

    def _number(self, match: re.Match[str]) -> int:
        self._no_junk(match, "numeric literal")
        self.found.append(Token(NUMBER, match.group(), match.start(), match.end()))
        return match.end()

    def _operator(self, run: str, position: int) -> int:
        """A run of operator characters, cut where a comment starts and by the trailing +/- rule."""
        for mark in ("--", "/*"):
            if mark in run:
                run = run[: run.index(mark)]
        if len(run) > 1 and run[-1] in "+-" and not set(run) & set("~!@#%^&|`?"):
            run = run.rstrip("+-") or run[0]
        if not run:
            raise _error(f'syntax error at or near "{self.text[position]}"', position)
        end = position + len(run)
        self.found.append(Token(OPERATOR, "<>" if run == "!=" else run, position, end))
        return end

    def _comment(self, start: int) -> int:
        depth, position = 1, start + 2
        while depth:
            match = _COMMENT_MARK.search(self.text, position)
            if match is None:
                raise _error(f'unterminated /* comment at or near "{self.text[start:][:60]}"', start)
            depth += 1 if match.group() == "/*" else -1
            position = match.end()
        return position

    def _quoted(self, start: int, quote: int, pattern: re.Pattern[str], kind: str) -> int:
        """A string whose quote is at `quote`, with its continuations on following lines."""
        parts = []
        while True:
            match = pattern.match(self.text, quote)
            if match is None:
                raise _error(f'unterminated quoted string at or near "{self.text[start:][:60]}"', start)
            parts.append(match.group(1))
            more = _CONTINUED.match(self.text, match.end())
            if more is None:
                break
            quote = more.end()
        body = "".join(parts)
        value = self._unescape(body, start) if pattern is _ESCAPED_END else body.replace("''", "'")
        if "\0" in value:
            raise _error('invalid byte sequence for encoding "UTF8": 0x00', start, "22021")
        self.found.append(Token(kind, value, start, match.end()))
        return match.end()

    def _unescape(self, body: str, start: int) -> str:
        """An E'' string's value; \\x and octal escapes are bytes of UTF-8."""
        out = bytearray()
        position = 0
        body = body.replace("''", "\\'") if "''" in body else body
        for match in _ESCAPE.finditer(body):
            out += body[position : match.start()].encode("utf-8", "surrogatepass")
            position = match.end()
            hexadecimal, octal, short, long, other = match.groups()
            if hexadecimal is not None:
                out.append(int(hexadecimal, 16))
            elif octal is not None:
                out.append(int(octal, 8) & 0xFF)
            elif short is not None or long is not None:
                out += self._character(int(short or long, 16), start).encode("utf-8", "surrogatepass")
            elif other in "uU":
                raise _error("invalid Unicode escape", start, "22025")
            else:
                out += _SIMPLE_ESCAPES.get(other, other).encode("utf-8", "surrogatepass")
        out += body[position:].encode("utf-8", "surrogatepass")
        return self._utf8(bytes(out), start)

    def _character(self, code: int, start: int) -> str:
        if not 0 < code <= 0x10FFFF:
            raise _error("invalid Unicode escape value", start)
        return chr(code)

    def _utf8(self, data: bytes, start: int) -> str:
        try:
            text = data.decode("utf-8", "surrogatepass")
            return text.encode("utf-16", "surrogatepass").decode("utf-16")  # joins surrogate pairs
        except UnicodeDecodeError as error:
            shown = " ".join(f"0x{byte:02x}" for byte in data[error.start : error.end])
            message = f'invalid byte sequence for encoding "UTF8": {shown}'
            raise _error(message, start, "22021") from None

    def _name(self, start: int, quote: int) -> int:
        match = _NAME_END.match(self.text, quote)
        if match is None:
            raise _error(f'unterminated quoted identifier at or near "{self.text[start:][:60]}"', start)
        value = match.group(1).replace('""', '"')
        if not value:
            raise _error('zero-length delimited identifier at or near """"', start)
        if "\0" in value:
            raise _error('invalid byte sequence for encoding "UTF8": 0x00', start, "22021")
        self.found.append(Token(NAME, cut(value), start, match.end()))
        return match.end()

    def _dollar(self, tag: str, start: int) -> int:
        end = self.text.find(tag, start + len(tag))
        if end < 0:
            raise _error(f'unterminated dollar-quoted string at or near "{self.text[start:][:60]}"', start)
        value = self.text[start + len(tag) : end]
        if "\0" in value:
            raise _error('invalid byte sequence for encoding "UTF8": 0x00', start, "22021")
        self.found.append(Token(STRING, value, start, end + len(tag)))
        return end + len(tag)

    def _special(self, prefix: str, start: int, after: int) -> int:
        """E'', B'', X'', N'', U&'' and U&""."""
        match prefix[0]:
            case "e":
                return self._quoted(start, after - 1, _ESCAPED_END, STRING)
            case "n":
                return self._quoted(start, after - 1, _STRING_END, STRING)
            case "b" | "x":
                return self._quoted(start, after - 1, _STRING_END, BITS)
        if prefix == "u&'":
            end = self._quoted(start, after - 1, _STRING_END, STRING)
        else:
            end = self._name(start, after - 1)
        token = self.found[-1]
        escape, end = self._uescape(end)
        token.text = self._unicode(token.text, escape, start)
        token.end = end
        return end

    def _uescape(self, position: int) -> tuple[str, int]:
        match = re.compile(r"\s*uescape\s*'([^'])'", re.IGNORECASE).match(self.text, position)
        if match is None:
            return "\\", position
        if match.group(1) in '+" \t\n' or match.group(1) in "0123456789abcdefABCDEF":
            raise _error("invalid Unicode escape character", match.start(1))
        return match.group(1), match.end()

    def _unicode(self, value: str, escape: str, start: int) -> str:
        pattern = re.compile(
            re.escape(escape)
            + rf"(?:(?P<escape>{re.escape(escape)})|(?P<short>[0-9A-Fa-f]{{4}})"
            + r"|\+(?P<long>[0-9A-Fa-f]{6})|)"
        )

        def replace(match: re.Match[str]) -> str:
            if match.group("escape"):
                return escape
            digits = match.group("short") or match.group("long")
            if digits is None:
                hint = r"Unicode escapes must be \XXXX or \+XXXXXX."
                raise _error("invalid Unicode escape", start + len("U&'") + match.start(), hint=hint)
            return self._character(int(digits, 16), start)

        return self._utf8(pattern.sub(replace, value).encode("utf-8", "surrogatepass"), start)
