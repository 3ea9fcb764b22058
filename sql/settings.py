"""The settings of a session: the one table of them, their checks, and how transactions undo them.

`KNOWN` lists every setting there is. Those marked ``quiet`` are sent by drivers and tools, change
nothing here, and are accepted because refusing them would turn the drivers away; nothing else is
accepted and ignored. A setting that has only one supported value (``bytea_output = hex``) takes that
value and refuses others by name. An unknown setting is 42704, as in PostgreSQL.

SET belongs to the transaction: a rollback takes it back, SET LOCAL ends with it.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sql.answers import ParameterChanged
from sql.errors import SqlError

Check = Callable[[str, str], str]
"""(setting's name, what was written) -> the value kept; raises 22023."""


def _invalid(name: str, value: str, hint: str | None = None) -> SqlError:
    return SqlError("22023", f'invalid value for parameter "{name}": "{value}"', hint=hint)


def _any(name: str, value: str) -> str:
    return value


def _boolean(name: str, value: str) -> str:
    word = value.lower()
    if word in ("on", "true", "yes", "1", "t", "y"):
        return "on"
    if word in ("off", "false", "no", "0", "f", "n"):
        return "off"
    raise SqlError("22023", f'parameter "{name}" requires a Boolean value')


def _one_of(*allowed: str) -> Check:
    def check(name: str, value: str) -> str:
        if value.lower() not in allowed:
            raise _invalid(name, value, f"Available values: {', '.join(allowed)}.")
        return value.lower()

    return check


def _only(supported: str, *spellings: str) -> Check:
    """One supported value, under its spellings; others are refused by name, not ignored."""

    def check(name: str, value: str) -> str:
        if re.sub(r"[\s\"'-]", "", value).lower() not in spellings:
            raise SqlError("0A000", f'{name} "{value}" is not supported', hint=f"Only {supported} is.")
        return supported

    return check


_UNITS_MS = {
    "": 1.0,
    "us": 0.001,
    "ms": 1.0,
    "s": 1000.0,
    "min": 60_000.0,
    "h": 3_600_000.0,
    "d": 86_400_000.0,
}
MILLISECONDS_MAX = 2**31 - 1


def _milliseconds(name: str, value: str) -> str:
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*([a-z]*)\s*", value)
    if match is None or match[2] not in _UNITS_MS:
        units = 'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".'
        raise _invalid(name, value, None if match is None else units)
    number = round(float(match[1]) * _UNITS_MS[match[2]])
    if not 0 <= number <= MILLISECONDS_MAX:
        raise SqlError(
            "22023",
            f'{number} ms is outside the valid range for parameter "{name}" (0 .. {MILLISECONDS_MAX})',
        )
    return _show_milliseconds(number)


def _show_milliseconds(number: int) -> str:
    """PostgreSQL shows a duration in the largest unit that divides it."""
    if number == 0:
        return "0"
    for unit in ("d", "h", "min", "s"):
        if number % int(_UNITS_MS[unit]) == 0:
            return f"{number // int(_UNITS_MS[unit])}{unit}"
    return f"{number}ms"


def milliseconds(shown: str) -> int:
    """The number behind a duration as `_show_milliseconds` shows it."""
    match = re.fullmatch(r"(\d+)([a-z]*)", shown)
    assert match is not None, shown
    return int(int(match[1]) * _UNITS_MS[match[2]])


def _time_zone(name: str, value: str) -> str:
    if value.lower() in ("utc", "z", "zulu", "gmt", "etc/utc", "local", "default"):
        return "GMT" if value.lower() == "gmt" else ("Etc/UTC" if value.lower() == "etc/utc" else "UTC")
    if offset := re.fullmatch(r"([+-]?)(\d{1,2})(?::?00)?", value):
        hours = int(offset[2])
        if hours > 14:
            raise _invalid(name, value)
        return "UTC" if hours == 0 else f"Etc/GMT{'+' if offset[1] == '-' else '-'}{hours}"
    found = {zone.lower(): zone for zone in zoneinfo.available_timezones()}.get(value.lower())
    if found is None:
        raise _invalid(name, value)
    return found


def _float_digits(name: str, value: str) -> str:
    if not re.fullmatch(r"-?\d+", value) or not -15 <= int(value) <= 3:
        raise _invalid(name, value)
    if int(value) < 1:
        raise SqlError(
            "0A000",
            f"{name} below 1 is not supported",
            hint="Floats are printed so that they read back the same.",
        )
    return value


def _isolation(name: str, value: str) -> str:
    level = " ".join(value.lower().split())
    if level == "serializable":
        raise SqlError("0A000", "isolation level SERIALIZABLE is not supported", hint="Use REPEATABLE READ.")
    if level not in ("read uncommitted", "read committed", "repeatable read"):
        raise _invalid(
            name, value, "Available values: serializable, repeatable read, read committed, read uncommitted."
        )
    return level


def _fixed(name: str, value: str) -> str:
    raise SqlError("55P02", f'parameter "{name}" cannot be changed')


@dataclass(frozen=True, slots=True)
class Known:
    """A setting: PostgreSQL's spelling, its value at the start, its check. `reported` ones are told
    to the client whenever they change; `quiet` ones are taken for drivers' sake and change nothing."""

    name: str
    default: str
    check: Check
    reported: bool = False
    quiet: bool = False


_TABLE = (
    # what has an effect
    Known("application_name", "", _any, reported=True),
    Known("default_transaction_isolation", "read committed", _isolation),
    Known("default_transaction_read_only", "off", _boolean, reported=True),
    Known("rewinddb.as_of", "", _any),
    Known("lock_timeout", "0", _milliseconds),
    Known("search_path", '"$user", public', _any),
    Known("statement_timeout", "0", _milliseconds),
    Known("TimeZone", "UTC", _time_zone, reported=True),
    Known(
        "client_min_messages",
        "notice",
        _one_of("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"),
    ),
    # what has one supported value
    Known("bytea_output", "hex", _only("hex", "hex")),
    Known("client_encoding", "UTF8", _only("UTF8", "utf8", "unicode"), reported=True),
    Known("DateStyle", "ISO, MDY", _only("ISO, MDY", "iso", "iso,mdy", "mdy", "iso,us", "us"), reported=True),
    Known("IntervalStyle", "postgres", _only("postgres", "postgres"), reported=True),
    Known("standard_conforming_strings", "on", _only("on", "on", "true", "1", "yes"), reported=True),
    Known("password_encryption", "scram-sha-256", _only("scram-sha-256", "scramsha256")),
    Known("array_nulls", "on", _only("on", "on", "true", "1", "yes")),
    Known("transform_null_equals", "off", _only("off", "off", "false", "0", "no")),
    Known("idle_in_transaction_session_timeout", "0", _only("0", "0", "0ms", "0s")),
    Known("idle_session_timeout", "0", _only("0", "0", "0ms", "0s")),
    # what drivers and tools send, and what changes nothing here
    Known("backslash_quote", "safe_encoding", _any, quiet=True),
    Known("check_function_bodies", "on", _boolean, quiet=True),
    Known("default_table_access_method", "heap", _any, quiet=True),
    Known("default_tablespace", "", _any, quiet=True),
    Known("default_toast_compression", "pglz", _any, quiet=True),
    Known("default_with_oids", "off", _only("off", "off", "false", "0", "no"), quiet=True),
    Known("enable_seqscan", "on", _boolean, quiet=True),
    Known("escape_string_warning", "on", _boolean, quiet=True),
    Known("extra_float_digits", "1", _float_digits, quiet=True),
    Known("jit", "off", _boolean, quiet=True),
    Known("row_security", "on", _boolean, quiet=True),
    Known("work_mem", "4MB", _any, quiet=True),
    Known("xmloption", "content", _one_of("content", "document"), quiet=True),
    # what can be read only
    Known("in_hot_standby", "off", _fixed, reported=True),
    Known("integer_datetimes", "on", _fixed, reported=True),
    Known("is_superuser", "off", _fixed, reported=True),
    Known("lc_collate", "C", _fixed),
    Known("lc_ctype", "C.UTF-8", _fixed),
    Known("max_identifier_length", "63", _fixed),
    Known("max_index_keys", "32", _fixed),
    Known("server_encoding", "UTF8", _fixed, reported=True),
    Known("server_version", "15.0", _fixed, reported=True),
    Known("server_version_num", "150000", _fixed),
    Known("session_authorization", "", _fixed, reported=True),
    Known("transaction_isolation", "read committed", _isolation),
    Known("transaction_read_only", "off", _boolean),
)
KNOWN: Mapping[str, Known] = {known.name.lower(): known for known in _TABLE}

TENANT_SETTINGS = ("history_retention", "memory_limit")
"""What ALTER TENANT sets and SHOW shows, and no session can change (`sql.tenant_settings`)."""

_LISTS = {
    "snapshots": "SELECT * FROM mo_snapshots lists the snapshots.",
    "restores": "SELECT * FROM mo_restores lists the restores.",
    "tenants": "SELECT * FROM mo_tenants lists the tenants.",
    "databases": "SELECT datname FROM pg_database lists the databases.",
    "schemas": "SELECT * FROM information_schema.schemata lists the schemas.",
    "tables": "SELECT * FROM information_schema.tables lists the tables.",
}
"""What other systems show by SHOW, and who comes from them tries first."""

CUSTOM = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+")
"""A name with a dot is an application's own setting: kept for it, and read by current_setting()."""

Mark = tuple[dict[str, str], dict[str, str]]


def known(name: str) -> Known:
    if name.lower().startswith("rewinddb.") and name.lower() not in KNOWN:
        raise SqlError("0A000", f"the setting {name} is not supported")
    if name.lower() in TENANT_SETTINGS:
        hint = f"ALTER TENANT … SET ({name.lower()} = …) sets it for a tenant."
        raise SqlError("55P02", f'parameter "{name.lower()}" cannot be set in a session', hint=hint)
    if CUSTOM.fullmatch(name):
        return Known(name.lower(), "", _any)
    found = KNOWN.get(name.lower())
    if found is None:
        message = f'unrecognized configuration parameter "{name}"'
        raise SqlError("42704", message, hint=_LISTS.get(name.lower()))
    return found


class Settings:
    """One session's values. Keys are lower case inside."""

    def __init__(self, startup: Mapping[str, str], *, role: str, admin: bool) -> None:
        fixed = {"is_superuser": "on" if admin else "off", "session_authorization": role}
        self._start = {key: item.default for key, item in KNOWN.items()} | fixed
        for name, value in startup.items():
            item = known(name)
            self._start[item.name.lower()] = item.check(item.name, value)
        self._session = dict(self._start)
        self._local: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._effective: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self.effective[name.lower()]

    @property
    def effective(self) -> dict[str, str]:
        """All values as they are now, by lower-case name."""
        if self._effective is None:
            self._effective = self._session | self._local
        return self._effective

    def set(self, name: str, value: str | None, *, local: bool) -> None:
        """`value` None sets the one the session began with."""
        item = known(name)
        key = item.name.lower()
        if value is None and item.check is not _fixed:
            kept = self._start.get(key, "")
        else:
            kept = item.check(item.name, value or "")
        self._effective = None
        if local:
            self._local[key] = kept
        else:
            self._session[key] = kept
            self._local.pop(key, None)

    def start_with(self, name: str, value: str) -> None:
        """A value of the startup message that had to be looked up first: RESET goes back to it."""
        self._start[name] = self._session[name] = value
        self._effective = None

    def reset_all(self) -> None:
        self._session = dict(self._start)
        self._local = {}
        self._effective = None

    # --- transactions ---

    def mark(self) -> Mark:
        return dict(self._session), dict(self._local)

    def back_to(self, mark: Mark) -> None:
        self._session, self._local = dict(mark[0]), dict(mark[1])
        self._effective = None

    def transaction_ended(self) -> None:
        """What SET LOCAL set is over."""
        if self._local:
            self._local = {}
            self._effective = None

    # --- telling the client ---

    def reported(self) -> dict[str, str]:
        """The settings a client is told at the start."""
        self._told = {item.name: self[item.name] for item in KNOWN.values() if item.reported}
        return dict(self._told)

    def changes(self) -> Iterator[ParameterChanged]:
        """What the client was told and is no longer so."""
        for name, value in self._told.items():
            if (new := self[name]) != value:
                self._told[name] = new
                yield ParameterChanged(name, new)


def search_path(shown: str, role: str) -> tuple[str, ...]:
    """The schemas named by `search_path`; ``"$user"`` stands for the role's own."""
    names = []
    for quoted, plain in re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(?:,|$)', shown):
        name = quoted.replace('""', '"') if quoted else plain.lower()
        names.append(role if name == "$user" else name)
    return tuple(name for name in names if name)


def quoted_list(values: tuple[str, ...]) -> str:
    """Names as SHOW search_path prints them."""
    return ", ".join(
        v if re.fullmatch(r"[a-z_][a-z0-9_$]*", v) else '"' + v.replace('"', '""') + '"' for v in values
    )
