"""What a startup packet asks for: which tenant, role and database, and which settings.

The tenant comes before a colon in the user name (`acme:admin`), or as the option `-c tenant=acme`, and
is the system tenant when neither is there. Settings are the packet's other parameters and those in
`options`; which of them exist is for the session to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sql.errors import SqlError

SYSTEM_TENANT = "sys"
DEFAULT_DATABASE = "postgres"

_NOT_SETTINGS = frozenset({"user", "database", "options", "replication"})
_OFF = frozenset({"false", "off", "no", "0"})
_WORD = re.compile(r"((?:\\.|[^\s\\])+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Login:
    """`user` is the name as the client gave it, for messages."""

    user: str
    tenant: str
    role: str
    database: str
    settings: Mapping[str, str]


def read_login(parameters: Mapping[str, str]) -> Login:
    """What the startup parameters ask for; SqlError (fatal) when they make no sense."""
    user = parameters.get("user", "")
    if not user:
        raise SqlError("28000", "no PostgreSQL user name specified in startup packet", severity="FATAL")
    if parameters.get("replication", "off").lower() not in _OFF:
        raise SqlError("0A000", "replication connections are not supported", severity="FATAL")
    settings = {name: value for name, value in parameters.items() if name not in _NOT_SETTINGS}
    settings.update(_settings(parameters.get("options", "")))
    option = settings.pop("tenant", None)
    before, colon, role = user.partition(":")
    tenant = before if colon else option or SYSTEM_TENANT
    if colon and option not in (None, before):
        message = "the user name and the option tenant name different tenants"
        raise SqlError("28000", message, severity="FATAL")
    database = parameters.get("database") or DEFAULT_DATABASE
    return Login(user, tenant, role if colon else user, database, settings)


def _settings(options: str) -> Iterator[tuple[str, str]]:
    """The `-c name=value` and `--name=value` in a command line, a backslash protecting white space."""
    words = iter([re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL) for word in _WORD.findall(options)])
    for word in words:
        if word == "-c":
            setting = next(words, "")
        elif word.startswith(("-c", "--")):
            setting = word[2:]
        else:
            setting = ""
        name, equals, value = setting.partition("=")
        if not name or not equals:
            message = f"invalid command-line argument for server process: {word}"
            raise SqlError("42601", message, severity="FATAL")
        yield name.replace("-", "_").lower(), value
