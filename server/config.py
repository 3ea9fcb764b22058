"""What the server is told at its start: flags, their environment variables, and the limits.

Every flag `--some-thing` has the variable `REWINDDB_SOME_THING`; the flag wins. A mistake is a
`ConfigError` with one plain sentence, before anything is opened. Nothing else in the server reads the
environment, except that the S3 client reads Amazon's own variables.
"""

from __future__ import annotations

import argparse
import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn, cast

from engine.sizes import UNITS_HINT, parse_size, show_size
from server.machine import memory_bytes
from server.wire.protocol import Limits as WireLimits

AuthMethod = Literal["scram", "trust"]
LogFormat = Literal["text", "json"]

_DEFAULTS = {
    "store": "file://./rewinddb-data",
    "listen": "127.0.0.1:5433",
    "auth": "scram",
    "log_format": "text",
    "memory": "three quarters of the machine's, or of its container's",
    "tenant_memory": "a quarter of --memory, 2GB at most",
    "cache_bytes": "20GB",
}
"""As told by --help; those of memory depend on the machine, see `_memory`."""

_OF_THE_MACHINE = ("memory", "tenant_memory")

MEMORY_BYTES_MIN = 512 * 2**20
TENANT_MEMORY_BYTES_MIN = 64 * 2**20
TENANT_MEMORY_BYTES_DEFAULT = 2 * 2**30
CACHE_BYTES_MIN = 64 * 2**20

_HELP = {
    "store": ("URL", "where the data is: file:///folder, file://./folder or s3://bucket/prefix"),
    "listen": ("HOST:PORT", "address to take connections on; port 0 picks one"),
    "s3_endpoint": ("URL", "address of an S3 server other than Amazon's"),
    "cache_dir": ("DIR", "folder for local copies of objects"),
    "cache_bytes": ("SIZE", "the most that all of them may take, like 20GB"),
    "memory": ("SIZE", "the most that the server may take, like 8GB"),
    "tenant_memory": ("SIZE", "the most for one tenant whose memory_limit is not set, like 2GB"),
    "auth": ("METHOD", "scram, or trust (no passwords; loopback addresses only)"),
    "tls_cert": ("FILE", "certificate chain in PEM; with --tls-key, clients may use TLS"),
    "tls_key": ("FILE", "private key of the certificate, in PEM"),
    "log_format": ("FORMAT", "text or json"),
}


_SERVE_EPILOG = (
    "The environment variable REWINDDB_ADMIN_PASSWORD is the password of sys:admin when a store is new "
    "(without it one is made and shown once), and with --reset-admin-password."
)


class ConfigError(Exception):
    """One sentence for the person who started the server."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of everything that clients can make the server hold or wait for."""

    connections: int = 100
    connections_per_tenant: int = 60
    """So that one tenant cannot shut out the others."""
    connections_kept_for_sys: int = 5
    """Of all connections, those that only the system tenant gets."""
    unauthenticated_connections: int = 100
    """Connections that may be logging in or cancelling beside the established ones."""
    login_seconds: float = 60.0
    shutdown_seconds: float = 5.0
    """How long running statements may take to finish after SIGTERM; as long again to be cancelled."""
    send_buffer_bytes: int = 1 << 18
    receive_buffer_bytes: int = 1 << 18
    """What is read ahead of the statement under way."""
    wire: WireLimits = field(default_factory=WireLimits)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class Config:
    store: str
    listen: Address
    cache_dir: Path
    memory_bytes_max: int
    tenant_memory_bytes_max: int
    cache_bytes_max: int
    s3_endpoint: str | None = None
    auth: AuthMethod = "scram"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    log_format: LogFormat = "text"
    admin_password: str | None = None
    reset_admin_password: bool = False
    """Give `sys:admin` the password again, whatever it is now: for who has lost it."""
    limits: Limits = field(default_factory=Limits)


def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, is this machine's own."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def read_config(arguments: Sequence[str], environ: Mapping[str, str]) -> Config:
    """The configuration of `rewinddb serve`, checked as far as that can be done without opening anything."""
    values = _values("serve", "Runs the server.", tuple(_HELP), arguments, environ, epilog=_SERVE_EPILOG)
    listen = _address(values["listen"] or "")
    auth = _one_of("auth", values["auth"], ("scram", "trust"))
    if auth == "trust" and not listen.is_loopback:
        raise ConfigError(
            f"--auth trust lets everybody in without a password, so it is refused on {listen.host}, "
            "which is not a loopback address."
        )
    if (values["tls_cert"] is None) != (values["tls_key"] is None):
        raise ConfigError("--tls-cert and --tls-key belong together; one of them is missing.")
    password = environ.get("REWINDDB_ADMIN_PASSWORD")
    if password == "":
        raise ConfigError("REWINDDB_ADMIN_PASSWORD is empty; give a password, or unset it to have one made.")
    store = values["store"] or ""
    memory, tenant_memory = _memory(values["memory"], values["tenant_memory"])
    return Config(
        store=store,
        listen=listen,
        cache_dir=Path(values["cache_dir"]) if values["cache_dir"] else _default_cache_dir(store, environ),
        memory_bytes_max=memory,
        tenant_memory_bytes_max=tenant_memory,
        cache_bytes_max=_size("cache_bytes", values["cache_bytes"] or "", CACHE_BYTES_MIN),
        s3_endpoint=values["s3_endpoint"],
        auth=cast(AuthMethod, auth),
        tls_cert=_file("tls_cert", values["tls_cert"]),
        tls_key=_file("tls_key", values["tls_key"]),
        log_format=cast(LogFormat, _one_of("log_format", values["log_format"], ("text", "json"))),
        admin_password=password,
        reset_admin_password=values["reset_admin_password"] is not None,
    )


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """What a command that only looks at a store is told."""

    store: str
    s3_endpoint: str | None


def read_store_config(
    command: str, description: str, arguments: Sequence[str], environ: Mapping[str, str]
) -> StoreConfig:
    """The configuration of `rewinddb check`."""
    values = _values(command, description, ("store", "s3_endpoint"), arguments, environ)
    return StoreConfig(values["store"] or "", values["s3_endpoint"])


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def _values(
    command: str,
    description: str,
    names: Sequence[str],
    arguments: Sequence[str],
    environ: Mapping[str, str],
    epilog: str | None = None,
) -> dict[str, str | None]:
    parser = _Parser(prog=f"rewinddb {command}", allow_abbrev=False, description=description, epilog=epilog)
    for name in names:
        metavar, text = _HELP[name]
        variable = "REWINDDB_" + name.upper()
        default = f"; default {_DEFAULTS[name]}" if name in _DEFAULTS else ""
        parser.add_argument(flag_of(name), metavar=metavar, help=f"{text} [{variable}{default}]")
    if command == "serve":
        what = "change the lost password of sys:admin, then run the server; only as a flag"
        parser.add_argument("--reset-admin-password", action="store_const", const="yes", help=what)
    given = vars(parser.parse_args(list(arguments)))
    values: dict[str, str | None] = {"reset_admin_password": given.get("reset_admin_password")}
    for name in names:
        value = given[name] if given[name] is not None else environ.get("REWINDDB_" + name.upper())
        values[name] = value or (None if name in _OF_THE_MACHINE else _DEFAULTS.get(name))
    return values


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help.")


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f'--listen takes HOST:PORT, and "{text}" is not that.')
    return Address(host, int(port))


def _memory(memory: str | None, tenant_memory: str | None) -> tuple[int, int]:
    """For the server, and for a tenant. By default something is left for the rest of the machine, and
    one tenant cannot take what four could share."""
    whole = memory_bytes() * 3 // 4
    if memory is not None:
        whole = _size("memory", memory, MEMORY_BYTES_MIN)
    if tenant_memory is None:
        return whole, min(whole // 4, TENANT_MEMORY_BYTES_DEFAULT)
    share = _size("tenant_memory", tenant_memory, TENANT_MEMORY_BYTES_MIN)
    if share > whole:
        raise ConfigError(f"--tenant-memory {tenant_memory} is more than the whole server's memory.")
    return whole, share


def _size(name: str, text: str, bytes_min: int) -> int:
    try:
        size = parse_size(text)
    except ValueError:
        raise ConfigError(f'{flag_of(name)} takes a size, and "{text}" is not one. {UNITS_HINT}') from None
    if size < bytes_min:
        raise ConfigError(f"{flag_of(name)} is {show_size(bytes_min)} at least, not {text}.")
    return size


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ConfigError(f'{flag_of(name)} is {" or ".join(allowed)}, not "{value}".')
    return value


def _file(name: str, value: str | None) -> Path | None:
    if value is None:
        return None
    if not Path(value).is_file():
        raise ConfigError(f"{flag_of(name)}: there is no file {value}.")
    return Path(value)


def _default_cache_dir(store: str, environ: Mapping[str, str]) -> Path:
    """A folder of its own for each store, where the system keeps what may be lost."""
    base = environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path(environ.get("HOME", "/var/tmp")) / ".cache"  # noqa: S108
    where = str(Path(store.removeprefix("file://")).resolve()) if store.startswith("file://") else store
    return root / "rewinddb" / hashlib.sha256(where.encode()).hexdigest()[:16]
