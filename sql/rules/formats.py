"""PostgreSQL's format templates (``'YYYY-MM-DD'``, ``'FM999,990.00'``) as DuckDB expressions.

A template is read once, when the statement is planned; what is not understood in it is refused by name
rather than printed as it stands.
"""

from __future__ import annotations

import re

from sql.errors import SqlError
from sql.render import string

_CODES = {
    "YYYY": "%Y", "MM": "%m", "DD": "%d", "DDD": "%j", "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M",
    "SS": "%S", "US": "%f", "MS": "%g", "IYYY": "%G", "IW": "%V", "YY": "%y", "Mon": "%b", "Dy": "%a",
    "ID": "%u",
}  # fmt: skip
_WORDS = {
    "Month": ("%B", 9, ""), "MONTH": ("%B", 9, "upper"), "month": ("%B", 9, "lower"),
    "Day": ("%A", 9, ""), "DAY": ("%A", 9, "upper"), "day": ("%A", 9, "lower"),
    "MON": ("%b", 0, "upper"), "mon": ("%b", 0, "lower"), "DY": ("%a", 0, "upper"), "dy": ("%a", 0, "lower"),
}  # fmt: skip
_MERIDIEM = {"AM": "upper", "PM": "upper", "am": "lower", "pm": "lower"}
_DATE_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*)"|(FM|TM)?(IYYY|YYYY|Y,YYY|HH24|HH12|HH|SSSSS|SSSS|SS|MI|MM|MS|US|DDD|DD|ID|IW|WW|YY|Month|MONTH|month'
    r"|Mon|MON|mon|Day|DAY|day|Dy|DY|dy|AM|PM|am|pm|A\.M\.|P\.M\.|TZH|TZM|TZ|tz|OF|CC|FF[1-6]|Q|D|W|J)(th|TH)?"
    r"|([^A-Za-z\"]+)|(T)",
)
_LOWER = {
    word.lower(): word
    for word in ("YYYY", "MM", "DD", "HH24", "HH12", "HH", "MI", "SS", "MS", "US", "YY", "DDD", "IW", "IYYY")
}
_NUMERIC_FIELDS = frozenset(["MM", "DD", "DDD", "HH24", "HH12", "HH", "MI", "SS", "YYYY", "IW", "WW"])


def _tokens(template: str) -> list[tuple[str, str, bool]]:
    """(kind, text, FM) for each piece: a field or text to copy."""
    found = []
    text = re.sub(r"(?<![A-Za-z])(?:FM)?[a-z]+\d*", _unlowered, template)
    position = 0
    while position < len(text):
        match = _DATE_TOKEN.match(text, position)
        if match is None:
            raise SqlError("0A000", f'the format "{text[position:]}" is not supported')
        position = match.end()
        quoted, modifier, field, ordinal, plain, letter = match.groups()
        if quoted is not None:
            found.append(("text", re.sub(r"\\(.)", r"\1", quoted), False))
        elif field is not None:
            found.append(("field", field, modifier == "FM" or modifier == "TM"))
            if ordinal:
                found.append(("ordinal", ordinal, False))
        else:
            found.append(("text", plain or letter, False))
    return found


def _unlowered(match: re.Match[str]) -> str:
    """``yyyymmdd`` in lower case means the same numbers."""
    word, out = match.group(), ""
    prefix = "FM" if word.startswith("FM") else ""
    word = word.removeprefix("FM")
    while word:
        for size in (4, 3, 2):
            if word[:size] in _LOWER and word not in ("month", "mon", "day", "dy"):
                out, word = out + _LOWER[word[:size]], word[size:]
                break
        else:
            return prefix + out + word
    return prefix + out


def date_format(sql: str, template: str, *, zoned: bool, interval: bool = False) -> str:
    """to_char() of a timestamp: pieces joined by ||."""
    parts = []
    pattern = ""
    tokens = _tokens(template)
    for index, (kind, text, fill) in enumerate(tokens):
        if kind == "text":
            pattern += text.replace("%", "%%")
            continue
        piece = None
        if kind == "ordinal":
            piece = _ordinal(sql, tokens[index - 1][1], text)
        elif interval or fill or text not in _CODES:
            piece = _field(sql, text, fill, zoned, interval)
        if piece is None:
            pattern += _CODES[text]
            continue
        if pattern:
            parts.append(_strftime(sql, pattern, interval))
            pattern = ""
        parts.append(piece)
    if pattern or not parts:
        parts.append(_strftime(sql, pattern, interval))
    return "(" + " || ".join(parts) + ")"


def _strftime(sql: str, pattern: str, interval: bool) -> str:
    if "%" not in pattern.replace("%%", ""):
        return string(pattern.replace("%%", "%"))
    return f"strftime({sql}, {string(pattern)})"


def _field(sql: str, field: str, fill: bool, zoned: bool, interval: bool) -> str:
    if interval:
        return _interval_field(sql, field, fill)
    if field in _WORDS or field in ("Mon", "Dy"):
        code, width, case = _WORDS.get(field, (_CODES.get(field, ""), 0, ""))
        text = f"strftime({sql}, '{code}')"
        text = f"{case}({text})" if case else text
        return text if fill or not width else f"rpad({text}, {width}, ' ')"
    if field in _CODES:
        return f"CAST(CAST(strftime({sql}, '{_CODES[field]}') AS BIGINT) AS VARCHAR)"
    if field in _MERIDIEM:
        return f"{_MERIDIEM[field]}(strftime({sql}, '%p'))"
    return _other_field(sql, field, fill, zoned)


def _other_field(sql: str, field: str, fill: bool, zoned: bool) -> str:
    year = f"datepart('year', {sql})"
    offset = f"datepart('timezone', {sql})" if zoned else "0"
    sign = f"CASE WHEN {offset} < 0 THEN '-' ELSE '+' END"
    hours = f"lpad(CAST(abs({offset}) // 3600 AS VARCHAR), 2, '0')"
    minutes = f"lpad(CAST(abs({offset}) % 3600 // 60 AS VARCHAR), 2, '0')"
    known = {
        "D": f"CAST(dayofweek({sql}) + 1 AS VARCHAR)",
        "Q": f"CAST(quarter({sql}) AS VARCHAR)",
        "W": f"CAST((day({sql}) - 1) // 7 + 1 AS VARCHAR)",
        "J": f"CAST(CAST(floor(julian({sql})) AS BIGINT) AS VARCHAR)",
        "CC": f"lpad(CAST(({year} + 99) // 100 AS VARCHAR), 2, '0')",
        "WW": f"lpad(CAST((dayofyear({sql}) - 1) // 7 + 1 AS VARCHAR), 2, '0')",
        "SSSS": f"CAST(datepart('epoch', {sql})::BIGINT % 86400 AS VARCHAR)",
        "SSSSS": f"CAST(datepart('epoch', {sql})::BIGINT % 86400 AS VARCHAR)",
        "Y,YYY": f"format('{{:,}}', {year})",
        "A.M.": f"CASE WHEN hour({sql}) < 12 THEN 'A.M.' ELSE 'P.M.' END",
        "P.M.": f"CASE WHEN hour({sql}) < 12 THEN 'A.M.' ELSE 'P.M.' END",
        "TZH": f"({sign} || {hours})",
        "TZM": minutes,
        "OF": f"({sign} || {hours} || CASE WHEN {minutes} = '00' THEN '' ELSE ':' || {minutes} END)",
        "TZ": f"strftime({sql}, '%Z')" if zoned else "''",
        "tz": f"lower(strftime({sql}, '%Z'))" if zoned else "''",
    }
    if field.startswith("FF"):
        return f"left(strftime({sql}, '%f'), {int(field[2:])})"
    return known[field]


def _interval_field(sql: str, field: str, fill: bool) -> str:
    units = {"YYYY": "year", "MM": "month", "DD": "day", "MI": "minute"}
    units |= dict.fromkeys(("HH24", "HH", "HH12"), "hour")
    if field in units:
        unit, width = units[field], 4 if field == "YYYY" else 2
        value = f"CAST(datepart('{unit}', {sql}) AS VARCHAR)"
        return (
            value
            if fill
            else f"CASE WHEN length({value}) >= {width} THEN {value} ELSE lpad({value}, {width}, '0') END"
        )
    micros = f"datepart('microseconds', {sql})"
    if field == "SS":
        value = f"CAST({micros} // 1000000 AS VARCHAR)"
        return value if fill else f"lpad({value}, 2, '0')"
    if field in ("US", "MS"):
        unit = "" if field == "US" else " // 1000"
        return f"lpad(CAST({micros} % 1000000{unit} AS VARCHAR), {6 if field == 'US' else 3}, '0')"
    raise SqlError("0A000", f'the format "{field}" for an interval is not supported')


def _ordinal(sql: str, field: str, written: str) -> str:
    if field not in _CODES:
        raise SqlError("0A000", f'the format "{field}{written}" is not supported')
    number = f"CAST(strftime({sql}, '{_CODES[field]}') AS BIGINT)"
    text = (
        f"CASE WHEN {number} % 100 BETWEEN 11 AND 13 THEN 'th' WHEN {number} % 10 = 1 THEN 'st' "
        f"WHEN {number} % 10 = 2 THEN 'nd' WHEN {number} % 10 = 3 THEN 'rd' ELSE 'th' END"
    )
    return f"upper({text})" if written == "TH" else f"({text})"


def parse_format(template: str) -> str:
    """The strptime() format of to_date() and to_timestamp()."""
    out = ""
    for kind, text, _ in _tokens(template):
        if kind == "text":
            out += text.replace("%", "%%")
        elif text in _CODES:
            out += _CODES[text]
        elif text in _WORDS:
            out += _WORDS[text][0]
        elif text in _MERIDIEM:
            out += "%p"
        elif text in ("TZH", "OF"):
            out += "%z"
        else:
            raise SqlError("0A000", f'the format "{text}" is not supported here')
    return out


# --- numbers ----------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(FM)?(S|MI|PL|SG|L|\$)?([09,G]*)(?:([.D])([09]*))?(S|MI|PL|SG|%)?(FM)?\Z")


def number_format(sql: str, kind: str, template: str) -> str:
    """to_char() of a number: digits, groups, decimals, a sign before or behind, FM."""
    text = template.upper()
    match = _NUMBER.match(text)
    if match is None or not (match[3] or match[5]):
        raise SqlError("0A000", f'the format "{template}" is not supported')
    fill = not (match[1] or match[7])
    before, whole, point, decimals, after = match[2], match[3], match[4], match[5] or "", match[6]
    value = f"CAST({sql} AS DECIMAL(38,{max(len(decimals), 0)}))" if kind != "interval" else sql
    places = len(whole.replace(",", "").replace("G", ""))
    grouped = "," in whole or "G" in whole
    digits = f"format('{{:{',' if grouped else ''}.{len(decimals)}f}}', abs({value}::DOUBLE))"
    if not grouped and kind in ("numeric", "int2", "int4", "int8"):
        digits = f"CAST(abs({value}) AS VARCHAR)"
    zeros = _zeros(whole)
    width = len(whole) + (1 + len(decimals) if point else 0)
    if zeros:
        body = _zero_padded(digits, whole, zeros, len(decimals), point)
    else:
        body = f"regexp_replace({digits}, '^0\\.', '.')" if point and whole else digits
        if not point:
            body = digits
    if not fill and decimals:
        optional = len(decimals) - decimals.rfind("0") - 1
        if optional:
            body = f"regexp_replace({body}, '0{{1,{optional}}}$', '')"
    overflow = string(re.sub("[09]", "#", whole) + (("." + "#" * len(decimals)) if point else ""))
    limit = f"abs({value}) >= {10**places if places < 38 else '1e38::DOUBLE'}"
    negative = f"{value} < 0"
    minus, plus = ("-", "+") if before in ("S", "SG") or after in ("S", "SG") else ("-", "")
    sign = f"CASE WHEN {negative} THEN '{minus}' ELSE '{plus or (' ' if fill else '')}' END"
    body = f"CASE WHEN {limit} THEN {overflow} ELSE {body} END"
    if after in ("S", "SG", "MI"):
        behind = f"CASE WHEN {negative} THEN '-' ELSE '{'+' if after != 'MI' else (' ' if fill else '')}' END"
        full = f"({body}) || {behind}"
        return f"lpad({full}, {width + 1}, ' ')" if fill else f"({full})"
    prefix = "'$' || " if before in ("L", "$") else ""
    suffix = " || '%'" if after == "%" else ""
    full = f"{sign} || {prefix}({body})"
    if fill:
        full = f"lpad({full}, {width + 1 + (1 if prefix else 0)}, ' ')"
    return f"({full}{suffix})"


def _zeros(whole: str) -> int:
    """How many digits before the point are always shown: from the first 0 on."""
    digits = whole.replace(",", "").replace("G", "")
    return len(digits) - digits.index("0") if "0" in digits else 0


def _zero_padded(digits: str, whole: str, zeros: int, decimals: int, point: str | None) -> str:
    separators = sum(1 for c in whole[whole.index("0") :] if c in ",G")
    width = zeros + separators + (1 + decimals if point else 0)
    if separators:
        return (
            f"CASE WHEN length({digits}) >= {width} THEN {digits} "
            f"ELSE right({string(_skeleton(whole, decimals, point))}, {width} - length({digits})) "
            f"|| {digits} END"
        )
    return f"CASE WHEN length({digits}) >= {width} THEN {digits} ELSE lpad({digits}, {width}, '0') END"


def _skeleton(whole: str, decimals: int, point: str | None) -> str:
    return re.sub("[09]", "0", whole.replace("G", ",")) + (("." + "0" * decimals) if point else "")
