"""What came up while a statement ran, as the error a client gets.

DuckDB's failures carry a class name and English text; `RULES` reads them in order and the first that
matches gives PostgreSQL's SQLSTATE and wording. Positions in DuckDB's text are those of rendered SQL,
so they are dropped, with the hints about DuckDB's own settings and candidate lists. What no rule knows
keeps the first line of DuckDB's text under the SQLSTATE of its class: a statement that cannot run must
say why, but nothing of the rendered SQL gets out.

Rejected: checking everything beforehand. DuckDB computes over vectors and knows best which value it
could not convert; only its words are not PostgreSQL's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from engine import errors as engine_errors
from sql.errors import FATAL, SQLSTATE_OF, SqlError
from sql.types import of_duckdb, raised

log = logging.getLogger(__name__)

_TYPE_NAMES = {
    "INT8": "smallint",
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
    "INT128": "numeric",
    "UINT8": "smallint",
    "UINT16": "integer",
    "UINT32": "bigint",
    "UINT64": "numeric",
    "UINT128": "numeric",
    "BOOL": "boolean",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "STRING_LITERAL": "unknown",
    "INTEGER_LITERAL": "integer",
}


_UNMATCHED = "matches the given name and argument types. You might need to add explicit type casts."


def type_name(duckdb: str) -> str:
    """A type in DuckDB's messages, as PostgreSQL calls it."""
    name = duckdb.strip()
    return _TYPE_NAMES.get(name) or of_duckdb(name).title


def _out_of_range(type_: str) -> SqlError:
    if type_ == "numeric":
        return SqlError("22003", "numeric field overflow")
    noun = {"real": '"real"', "double precision": '"double precision"'}.get(type_)
    return SqlError("22003", f"value out of range: {noun}" if noun else f"{type_} out of range")


def _unreadable(match: re.Match[str]) -> SqlError:
    value, type_ = match["value"], type_name(match["type"])
    if type_ in ("smallint", "integer", "bigint") and re.fullmatch(r"\s*[-+]?\d+\s*", value):
        return SqlError("22003", f'value "{value}" is out of range for type {type_}')
    if match["type"].startswith("DECIMAL") and re.fullmatch(
        r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", value
    ):
        return SqlError("22003", "numeric field overflow")
    sqlstate = "22007" if type_ == "interval" else "22P02"
    return SqlError(sqlstate, f'invalid input syntax for type {type_}: "{value}"')


def _operands(match: re.Match[str]) -> SqlError:
    """No function matches …: an operator's is worded differently from a function's."""
    name = match["name"].strip('"')
    arguments = [type_name(part) for part in re.split(r",\s*(?![^(]*\))", match["arguments"]) if part]
    if re.fullmatch(r"[-+*/%<>=~!@#&|^?]+", name):
        words = f"{arguments[0]} {name} {arguments[1]}" if len(arguments) == 2 else f"{name} {arguments[0]}"
        hint = f"No operator {_UNMATCHED}"
        return SqlError("42883", f"operator does not exist: {words}", hint=hint)
    hint = f"No function {_UNMATCHED}"
    return SqlError("42883", f"function {name}({', '.join(arguments)}) does not exist", hint=hint)


def _date_or_time(match: re.Match[str]) -> SqlError:
    kind = {"timestamp": "timestamp", "date": "date", "time": "time"}[match["kind"]]
    return SqlError("22007", f'invalid input syntax for type {kind}: "{match["value"]}"')


def _says(sqlstate: str, message: str, hint: str | None = None) -> Callable[[re.Match[str]], SqlError]:
    """An error whose message may use the match's groups as ``{name}``."""
    return lambda match: SqlError(sqlstate, message.format(**match.groupdict()), hint=hint)


def _malformed_json(match: re.Match[str]) -> SqlError:
    """PostgreSQL's details, as far as the byte where reading stopped tells them."""
    detail = None
    if match["byte"] is not None:
        before = match["input"].encode()[: int(match["byte"])].decode(errors="ignore")
        found = re.match(r"\w{1,40}|\S", match["input"][len(before) :])
        if found is not None and found[0][0].isalpha():
            detail = f'Token "{found[0]}" is invalid.'
        elif found is not None:
            detail = f'Unexpected "{found[0]}" at character {len(before) + 1}.'
        elif "unexpected end" in match["reason"] or "length is 0" in match["reason"]:
            detail = "The input string ended unexpectedly."
    return SqlError("22P02", "invalid input syntax for type json", detail=detail)


_COLUMN = '(?P<name>[^"]+)'
_REGEX = "invalid regular expression"
RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], SqlError]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), make)
    for pattern, make in (
        (r"Division by zero", _says("22012", "division by zero")),
        (
            r"Could not convert string ['\"](?P<value>.*?)['\"] to (?P<type>[A-Z0-9_ ]+(\(\d+,\d+\))?)",
            _unreadable,
        ),
        (
            r"out of range for the destination type (?P<type>[A-Z0-9]+(\(\d+,\d+\))?)",
            lambda match: _out_of_range(type_name(match["type"])),
        ),
        (
            r"Casting value .* to type DECIMAL|Could not cast value .* to DECIMAL",
            _says("22003", "numeric field overflow"),
        ),
        (
            r"Overflow in [\w ]+ of (?P<type>[A-Z0-9]+)|Overflow in (?P<sum>HUGEINT) ",
            lambda match: _out_of_range(type_name((match["type"] or "DECIMAL(38,0)").split("(")[0])),
        ),
        (
            r"[Ff]ailed to cast (decimal )?value .* to type (?P<type>[A-Z0-9]+)",
            lambda match: _out_of_range(type_name(match["type"])),
        ),
        (
            r"max expression depth",
            _says(
                "54001", "stack depth limit exceeded", "An expression of the statement is nested too deeply."
            ),
        ),
        (r"Overflow on (abs|negation)|Cannot negate", _says("22003", "integer out of range")),
        (
            r"(?P<kind>date|timestamp|time) field value out of range: \"(?P<value>.*?)\", expected",
            _date_or_time,
        ),
        (r"invalid (?P<kind>date|timestamp) field format: \"(?P<value>.*?)\"", _date_or_time),
        (
            r"(date|timestamp|time) field value out of range: \"(?P<value>.*?)\"",
            _says("22008", 'date/time field value out of range: "{value}"'),
        ),
        (
            r"not in timestamp range|[Dd]ate out of range|Timestamp .*out of range|"
            r"Overflow exception in date/time",
            _says("22008", "timestamp out of range"),
        ),
        (
            r"extract specifier \"(?P<name>.*?)\" not recognized",
            _says("22023", 'unit "{name}" not recognized'),
        ),
        (
            r"\"(DISTINCT|FILTER)\".* (is|are) .*not|is a Macro Function",
            _says("0A000", "DISTINCT, FILTER or ORDER BY is not supported with this function"),
        ),
        (
            r"blob contained invalid UTF8|Invalid unicode|invalid UTF-?8",
            _says("22021", 'invalid byte sequence for encoding "UTF8"'),
        ),
        (
            r"Malformed JSON( at byte (?P<byte>\d+) of input: (?P<reason>[^.]*)\.\s+"
            r"Input: \"(?P<input>.*)\")?",
            _malformed_json,
        ),
        (
            r"Invalid hex escape code|Invalid input for hex digit",
            _says("22P02", "invalid input syntax for type bytea"),
        ),
        (
            r"string -> bit conversion: '(?P<value>.*?)'",
            _says("22P02", '"{value}" is not a valid binary digit'),
        ),
        (
            r"Unimplemented type for cast \((?P<source>.*?) -> (?P<type>.*?)\)",
            lambda match: SqlError(
                "42846", f"cannot cast type {type_name(match['source'])} to {type_name(match['type'])}"
            ),
        ),
        (
            r"More than one row returned by a subquery",
            _says("21000", "more than one row returned by a subquery used as an expression"),
        ),
        (r"Subquery returns \d+ columns", _says("42601", "subquery has too many columns")),
        (
            r"same number of result columns",
            _says("42601", "each UNION query must have the same number of columns"),
        ),
        (r"LIMIT/OFFSET cannot be negative", _says("2201W", "LIMIT must not be negative")),
        (r"(missing|unexpected) \)", _says("2201B", f"{_REGEX}: parentheses () not balanced")),
        (r"missing \]", _says("2201B", f"{_REGEX}: brackets [] not balanced")),
        (
            r"(no argument for|bad|invalid) repetition",
            _says("2201B", f"{_REGEX}: quantifier operand invalid"),
        ),
        (r"invalid character class", _says("2201B", f"{_REGEX}: invalid character class")),
        (r"invalid (escape sequence|perl operator|regexp)|trailing \\", _says("2201B", _REGEX)),
        (
            rf"Ambiguous reference to (column|table)( name)? \"{_COLUMN}\"",
            _says("42702", 'column reference "{name}" is ambiguous'),
        ),
        (
            rf"column \"{_COLUMN}\" must appear in the GROUP BY",
            _says(
                "42803",
                'column "{name}" must appear in the GROUP BY clause or be used in an aggregate function',
            ),
        ),
        (
            rf"(Referenced column|does not have a column named) \"{_COLUMN}\"",
            _says("42703", 'column "{name}" does not exist'),
        ),
        (
            rf"Referenced table \"{_COLUMN}\" not found",
            _says("42P01", 'missing FROM-clause entry for table "{name}"'),
        ),
        (
            r"WHERE clause cannot contain aggregates",
            _says("42803", "aggregate functions are not allowed in WHERE"),
        ),
        (
            r"aggregate function calls cannot be nested",
            _says("42803", "aggregate function calls cannot be nested"),
        ),
        (r"WHERE clause cannot contain window", _says("42P20", "window functions are not allowed in WHERE")),
        (
            r"Window functions are not supported here",
            _says("42809", "this window function requires an OVER clause"),
        ),
        (
            r"(window functions?|aggregates?) .*not (allowed|supported)",
            _says("42P20", "window or aggregate functions are not allowed here"),
        ),
        (
            r"No function matches the given name and argument types '(?P<name>.+?)\((?P<arguments>.*?)\)'\.",
            _operands,
        ),
        (r"function call \"(?P<name>.+?)\((?P<arguments>.*?)\)\"\.", _operands),
        (
            r"Function with name (?P<name>\S+) does not exist",
            _says("42883", "function {name} does not exist"),
        ),
        (
            r"Invalid escape string|must be empty or one character",
            _says("22025", "invalid escape string", "Escape string must be empty or one character."),
        ),
        (r"Invalid UTF8 Codepoint -", _says("22023", "character number must be positive")),
        (r"Invalid UTF8 Codepoint", _says("54000", "requested character not valid for encoding: UTF8")),
        (r"Like pattern must not end", _says("22025", "LIKE pattern must not end with escape character")),
        (
            r"Could not parse string \"(?P<value>.*?)\" according to .*out of range",
            _says("22008", 'date/time field value out of range: "{value}"'),
        ),
        (
            r"Could not parse string \"(?P<value>.*?)\" according to",
            _says("22007", 'invalid value "{value}" for the given format'),
        ),
        (r"Cannot subtract infinite timestamps", _says("22008", "cannot subtract infinite timestamps")),
        (r"interval cannot be 0", _says("22023", "step size cannot equal zero")),
        (
            r"cannot take (square root|logarithm) of",
            _says("2201F", "invalid argument for a mathematical function"),
        ),
        (
            r"Cannot (mix|compare) values of type (?P<left>.*?) and (type )?(?P<right>.*?)( -|\.| in)",
            lambda match: SqlError(
                "42804", f"types {type_name(match['left'])} and {type_name(match['right'])} cannot be matched"
            ),
        ),
    )
)
"""Tried in order against the text; the first match decides."""

_CLASSES = {
    "BinderException": "42601",
    "CatalogException": "42704",
    "ConstraintException": "23000",
    "ConversionException": "22000",
    "InvalidInputException": "22023",
    "InvalidTypeException": "42804",
    "NotImplementedException": "0A000",
    "OutOfRangeException": "22003",
    "ParserException": "42601",
    "SyntaxException": "42601",
    "TypeMismatchException": "42804",
    "SerializationException": "0A000",
}
"""By DuckDB's exception class, when no rule knows the text."""


def query_failed(error: engine_errors.QueryFailed) -> SqlError:
    """DuckDB's refusal in PostgreSQL's words."""
    text = re.split(r"\n\nLINE \d+:", error.text)[0]
    own = raised(text)
    if own is not None:
        return own
    for pattern, make in RULES:
        if match := pattern.search(text):
            return make(match)
    sqlstate = _CLASSES.get(error.kind)
    if sqlstate is None:
        log.error("DuckDB failed: %s", text)
        return SqlError("XX000", "the statement failed inside the query engine")
    log.warning("unmapped DuckDB error %s: %s", error.kind, text)
    first = re.sub(r"^[A-Za-z ]+ Error: ", "", text.split("\n")[0])
    return SqlError(sqlstate, first[:1].lower() + first[1:])


def as_sql_error(error: Exception) -> SqlError:
    """Whatever came up, as the error a client is sent."""
    match error:
        case SqlError():
            return error
        case engine_errors.QueryFailed():
            return query_failed(error)
        case engine_errors.StaleRead():
            return SqlError(
                "40001",
                "could not serialize access due to concurrent update",
                detail=error.detail,
                hint=error.hint or "The transaction might succeed if retried.",
            )
        case engine_errors.OutOfMemory():
            log.warning("out of memory: %s", error.detail or error.message)
            return SqlError(SQLSTATE_OF[type(error)], error.message, hint=error.hint)
        case engine_errors.ConstraintViolated(refused=engine_errors.Refused() as refused):
            return SqlError(
                SQLSTATE_OF[type(error)],
                error.message,
                detail=error.detail,
                hint=error.hint,
                table=refused.table.name,
                column=refused.column.name if refused.column is not None else None,
                constraint=refused.key.name if refused.key is not None else None,
            )
        case engine_errors.EngineError():
            severity = "FATAL" if type(error) in FATAL else "ERROR"
            return SqlError(
                SQLSTATE_OF[type(error)],
                error.message,
                detail=error.detail,
                hint=error.hint,
                severity=severity,
            )
        case MemoryError() | RuntimeError(args=("can't start new thread",)):
            log.warning("out of memory outside the query engine", exc_info=error)
            hint = "Make the statement smaller, or try it when less is going on."
            return SqlError("53200", "out of memory", hint=hint)
        case RecursionError():
            return SqlError("54001", "stack depth limit exceeded", hint="The statement is nested too deeply.")
    log.error("internal error", exc_info=error)
    return SqlError("XX000", f"internal error ({type(error).__name__}); the server's log has the details")
