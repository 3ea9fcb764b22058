"""Type names as people write them, and type modifiers: text to type and back.

`declared` reads what stands in a column definition or a cast (``numeric(10, 2)``, ``int4[]``,
``timestamp(3) with time zone``, ``pg_catalog."char"``); `format_type` is PostgreSQL's function of that
name. A modifier is PostgreSQL's ``atttypmod``. Reading is by hand: sqlglot maps several PostgreSQL
types to one of its own and forgets which it was, and a column's declared type has to come back exactly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sql.errors import SqlError
from sql.types.table import NUMERIC_PRECISION_MAX, UNSUPPORTED, PgType, by_name, find_name, find_oid

ALIASES = {
    "int": "int4",
    "integer": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "real": "float4",
    "double precision": "float8",
    "decimal": "numeric",
    "dec": "numeric",
    "boolean": "bool",
    "character varying": "varchar",
    "char varying": "varchar",
    "national character varying": "varchar",
    "national char varying": "varchar",
    "nchar varying": "varchar",
    "character": "bpchar",
    "char": "bpchar",
    "national character": "bpchar",
    "national char": "bpchar",
    "nchar": "bpchar",
    "bit varying": "varbit",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}
_LENGTH_ONE = frozenset({"character", "char", "national character", "national char", "nchar", "bit"})
_INTERVAL_FIELDS = {
    "year": 4,
    "month": 2,
    "day": 8,
    "hour": 1024,
    "minute": 2048,
    "second": 4096,
    "year to month": 6,
    "day to hour": 1032,
    "day to minute": 3080,
    "day to second": 7176,
    "hour to minute": 3072,
    "hour to second": 7168,
    "minute to second": 6144,
}
_FIELDS_BY_MASK = {mask: fields for fields, mask in _INTERVAL_FIELDS.items()}
_FULL_RANGE = 0x7FFF
_FULL_PRECISION = 0xFFFF
LENGTH_MAX = 10485760
BITS_MAX = LENGTH_MAX * 8
_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|[A-Za-z_\x80-\U0010ffff][\w$]*|-?\d+|[().,\[\]])')


@dataclass(frozen=True, slots=True)
class Declared:
    """A type with its modifier. `duckdb` is what holds it, `text` its canonical PostgreSQL name;
    `declared(text)` gives an equal value."""

    pg: PgType
    modifier: int
    duckdb: str
    text: str

    @property
    def element(self) -> Declared | None:
        """Of an array: its innermost element, which carries the same modifier."""
        if not self.pg.is_array:
            return None
        return declared(self.text[: self.text.index("[")])


@lru_cache(maxsize=4096)
def declared(text: str) -> Declared:
    """The type that `text` names. 42704 unknown, 0A000 unsupported, 22023 bad modifier, 42601 no type."""
    reader = _TypeReader(text).read()
    words, modifiers, dimensions = tuple(reader.words), reader.modifiers, reader.dimensions
    pg, default_length = _resolve(words, text)
    if pg.name in UNSUPPORTED or not pg.duckdb:
        raise SqlError("0A000", f"type {pg.title} is not supported")
    if pg.is_array:
        element = find_oid(pg.element_oid)
        assert element is not None
        pg, dimensions = element, dimensions + 1
    if words == ("float",):
        pg, modifiers = _float(modifiers)
    fields = _interval_fields(words)
    modifier = encode_modifier(pg, tuple(modifiers) or default_length, fields)
    duckdb = _duckdb(pg, modifier)
    title = format_type(pg.oid, modifier)
    if pg.name in ("bpchar", "bit") and modifier < 0:
        title = pg.title
    if dimensions:
        array = find_oid(pg.array_oid)
        if array is None or dimensions > 6:
            message = f"number of array dimensions ({dimensions}) exceeds the maximum allowed (6)"
            raise SqlError("54000", message)
        return Declared(array, modifier, duckdb + "[]" * dimensions, title + "[]" * dimensions)
    return Declared(pg, modifier, duckdb, title)


class _TypeReader:
    """Reads the pieces of a type name: words (a quoted or qualified one in double quotes), the numbers
    in parentheses, and how many array dimensions follow."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._pieces: list[str] = []
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                raise self._invalid()
            self._pieces.append(match[1])
            position = match.end()
        self._at = 0
        self.words: list[str] = []
        self.modifiers: list[int] = []
        self.dimensions = 0

    def read(self) -> _TypeReader:
        self._read_name()
        if self._take("("):
            self._read_modifiers()
            self._read_words()
        while self._take("[") or self._take("array"):
            self._read_dimension()
        if self._at < len(self._pieces) or (len(self.words) > 1 and any('"' in word for word in self.words)):
            raise self._invalid()
        return self

    def _invalid(self) -> SqlError:
        return SqlError("42601", f'invalid type name "{self._text}"')

    def _take(self, piece: str) -> bool:
        if self._at < len(self._pieces) and self._pieces[self._at].lower() == piece:
            self._at += 1
            return True
        return False

    def _read_words(self) -> None:
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            if not re.match(r'["\w]', piece) or piece[0].isdigit() or piece.lower() == "array":
                return
            self.words.append(piece if piece.startswith('"') else piece.lower())
            self._at += 1

    def _read_name(self) -> None:
        self._read_words()
        if self._take("."):
            schema = self.words.pop() if self.words else ""
            if schema.strip('"') != "pg_catalog" or self.words:
                raise SqlError("42704", f'type "{self._text}" does not exist')
            self._read_words()
            self.words = [word if word.startswith('"') else f'"{word}"' for word in self.words]
        if not self.words:
            raise self._invalid()

    def _read_modifiers(self) -> None:
        while True:
            number = self._pieces[self._at] if self._at < len(self._pieces) else ""
            if not re.fullmatch(r"-?\d{1,9}", number):
                raise self._invalid()
            self.modifiers.append(int(number))
            self._at += 1
            if self._take(")"):
                return
            if not self._take(","):
                raise self._invalid()

    def _read_dimension(self) -> None:
        if self._pieces[self._at - 1] == "[":
            if self._at < len(self._pieces) and self._pieces[self._at].isdigit():
                self._at += 1
            if not self._take("]"):
                raise self._invalid()
            self.dimensions += 1
        elif self._at == len(self._pieces):
            self.dimensions += 1


def _resolve(words: tuple[str, ...], text: str) -> tuple[PgType, tuple[int, ...]]:
    """The type, and the modifier it has when none is written (``char`` is ``char(1)``)."""
    phrase = " ".join(words)
    if phrase.startswith('"'):
        found = find_name(phrase[1:-1].replace('""', '"'))
        phrase = phrase[1:-1]
    elif words[0] == "interval" and (len(words) == 1 or " ".join(words[1:]) in _INTERVAL_FIELDS):
        found = find_name("interval")
    elif phrase == "float":
        found = find_name("float8")
    else:
        found = find_name(ALIASES.get(phrase, phrase))
    if found is not None:
        return found, (1,) if phrase in _LENGTH_ONE and not words[0].startswith('"') else ()
    if phrase in UNSUPPORTED:
        raise SqlError("0A000", f"type {phrase} is not supported")
    if len(words) > 1:
        raise SqlError("42601", f'invalid type name "{text.strip()}"')
    raise SqlError("42704", f'type "{phrase}" does not exist')


def _float(modifiers: list[int]) -> tuple[PgType, list[int]]:
    if len(modifiers) > 1:
        raise SqlError("42601", "type float takes one precision")
    bits = modifiers[0] if modifiers else 53
    if bits < 1:
        raise SqlError("22023", "precision for type float must be at least 1 bit")
    if bits > 53:
        raise SqlError("22023", "precision for type float must be less than 54 bits")
    return by_name("float4" if bits <= 24 else "float8"), []


def _interval_fields(words: tuple[str, ...]) -> int | None:
    return _INTERVAL_FIELDS[" ".join(words[1:])] if words[0] == "interval" and len(words) > 1 else None


def encode_modifier(pg: PgType, values: tuple[int, ...], interval_fields: int | None = None) -> int:
    """atttypmod for the numbers written in parentheses; -1 for none."""
    if interval_fields is not None:
        fields = _FIELDS_BY_MASK[interval_fields]
        raise SqlError("0A000", f"type interval {fields} is not supported")
    if not values:
        return -1
    match pg.name:
        case "varchar" | "bpchar" | "bit" | "varbit":
            return _length_modifier(pg, values)
        case "numeric":
            return _numeric_modifier(values)
        case "time" | "timestamp" | "timestamptz" | "interval":
            if len(values) != 1:
                raise SqlError("22023", "invalid type modifier")
            if values[0] < 0:
                name = pg.title.split()[0].upper()
                raise SqlError("22023", f"{name}({values[0]}) precision must not be negative")
            precision = min(values[0], 6)
            return precision if pg.name != "interval" else _FULL_RANGE << 16 | precision
    raise SqlError("42601", f'type modifier is not allowed for type "{pg.name}"')


def _length_modifier(pg: PgType, values: tuple[int, ...]) -> int:
    name = {"bpchar": "char"}.get(pg.name, pg.name)
    if len(values) != 1:
        raise SqlError("22023", "invalid type modifier")
    limit = BITS_MAX if pg.category == "V" else LENGTH_MAX
    if values[0] < 1:
        raise SqlError("22023", f"length for type {name} must be at least 1")
    if values[0] > limit:
        raise SqlError("22023", f"length for type {name} cannot exceed {limit}")
    return values[0] + (0 if pg.category == "V" else 4)


def _numeric_modifier(values: tuple[int, ...]) -> int:
    if len(values) > 2:
        raise SqlError("22023", "invalid NUMERIC type modifier")
    precision, scale = values[0], values[1] if len(values) == 2 else 0
    if not 1 <= precision <= 1000:
        raise SqlError("22023", f"NUMERIC precision {precision} must be between 1 and 1000")
    if not -1000 <= scale <= 1000:
        raise SqlError("22023", f"NUMERIC scale {scale} must be between -1000 and 1000")
    if precision > NUMERIC_PRECISION_MAX:
        raise SqlError("0A000", f"numeric of more than {NUMERIC_PRECISION_MAX} digits is not supported")
    if not 0 <= scale <= precision:
        raise SqlError("0A000", "a numeric scale that is negative or above the precision is not supported")
    return (precision << 16 | scale & 0x7FF) + 4


def numeric_modifier(modifier: int) -> tuple[int, int] | None:
    """(precision, scale) of a numeric's atttypmod; None when it has none."""
    if modifier < 4:
        return None
    scale = (modifier - 4) & 0x7FF
    return (modifier - 4) >> 16 & 0xFFFF, (scale ^ 1024) - 1024


def _duckdb(pg: PgType, modifier: int) -> str:
    numeric = numeric_modifier(modifier) if pg.name == "numeric" else None
    return f"DECIMAL({numeric[0]},{numeric[1]})" if numeric else pg.duckdb


def format_type(oid: int, modifier: int | None = -1) -> str:
    """PostgreSQL's format_type(): the SQL name of a type, with its modifier. `modifier` None is the
    function's NULL, which alone makes it say ``character`` for a bare bpchar."""
    if oid == 0:
        return "-"
    pg = find_oid(oid)
    if pg is None:
        return "???"
    if pg.is_array:
        return format_type(pg.element_oid, modifier) + "[]"
    if modifier is None:
        return {"bpchar": "character", "bit": "bit"}.get(pg.name, pg.title)
    return _with_modifier(pg, modifier)


def _with_modifier(pg: PgType, modifier: int) -> str:
    if modifier < 0:
        return pg.title
    match pg.name:
        case "bpchar" | "varchar":
            title = "character" if pg.name == "bpchar" else pg.title
            return f"{title}({modifier - 4})" if modifier > 4 else title
        case "bit" | "varbit":
            return f"{pg.title.strip(chr(34))}({modifier})"
        case "numeric":
            numeric = numeric_modifier(modifier)
            return f"numeric({numeric[0]},{numeric[1]})" if numeric else "numeric"
        case "time" | "timestamp" | "timestamptz" | "timetz":
            kind, rest = pg.title.split(" ", 1)
            return f"{kind}({modifier}) {rest}"
        case "interval":
            fields = _FIELDS_BY_MASK.get(modifier >> 16 & _FULL_RANGE)
            precision = modifier & _FULL_PRECISION
            digits = f"({precision})" if precision != _FULL_PRECISION else ""
            return f"interval{' ' + fields if fields else ''}{digits}"
    return pg.title
