"""Golden scripts: statements of several sessions, each with the output that is expected below it.

    -- a comment
    a> SELECT 1 AS one;            session a; it is connected when first named
    one
    1
    SELECT 1
    b>! SELECT nonsense;           an error is expected
    ERROR: 42703 column "nonsense" does not exist
    b>& UPDATE t SET v = 2;        may block: goes on in the background
    (waits)
    a> COMMIT;
    COMMIT
    b<                             what the background statement said in the end
    UPDATE 1
    a@t> SELECT now();             the first value is kept as `t`, for `:t` in later statements
    (kept)
    c: database=other              connects a session with options: tenant, role, database

A statement ends with its line; a line that ends with a backslash goes on in the next. Rows for COPY FROM
STDIN follow as lines that begin with ``|``. ``-- oracle`` in the first line means that PostgreSQL must
give the same output. Timestamps with microseconds of the present are shown as <time>,
the bytes that a restore rewrites and those of an object as <bytes>, its key as <object>, the restore that
is undone as <id>; a row without columns, or an empty text, is (). How far a restore has come is left out:
it is told by the clock.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sql.errors import SqlError
from tests.session.harness import shown_error

STATEMENT = re.compile(r"(?P<session>[a-z]\w*)(?:@(?P<keep>\w+))?>(?P<mode>[!&]?) ?(?P<text>.*)")
COLLECT = re.compile(r"(?P<session>[a-z]\w*)<(?P<mode>!?)\s*")
CONNECT = re.compile(r"(?P<session>[a-z]\w*): (?P<options>\w+=\S+( \w+=\S+)*)\s*")
TIME = re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+\d\d\b")
BYTES = re.compile(r"(?<=\| )[1-9]\d*$")
REWRITTEN = re.compile(r"^((?:[^|]*\| ){7})[1-9]\d*(?= \|)")
UNDONE = re.compile(r"(?<=just before restore )\d+|(?<=ERROR: 22023 restore )\d+")
PROGRESS = "NOTICE: restoring:"
SUM = re.compile(r"(?<=\()[\d,]+ bytes(?=\))")
OBJECT = re.compile(r"tenants/\S+ \| \d+ (?=\| )")
BLOCKED_AFTER_SECONDS = 0.2
WAIT_SECONDS = 30


class Talker(Protocol):
    """A session of whatever system: text in, lines out; raises `SqlError`."""

    async def lines(self, text: str, copied: str | None = None) -> list[str]: ...

    async def value(self, text: str) -> str | None: ...


class System(Protocol):
    async def connect(self, **options: str) -> Talker: ...


@dataclass
class Step:
    """One command of a script with the lines it was written in and the output expected."""

    source: list[str]
    kind: str
    session: str = ""
    mode: str = ""
    keep: str = ""
    text: str = ""
    copied: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


def read(path: Path) -> list[Step]:
    """The steps of a script; comments and blank lines are steps of their own kind, to be written back."""
    steps: list[Step] = []
    lines = path.read_text().splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if match := STATEMENT.fullmatch(line):
            source, text = [line], match["text"]
            while text.endswith("\\"):
                text = text[:-1].rstrip() + " " + lines[at].strip()
                source.append(lines[at])
                at += 1
            step = Step(source, "run", match["session"], match["mode"], match["keep"] or "", text)
            while at < len(lines) and lines[at].startswith("|"):
                step.source.append(lines[at])
                step.copied.append(lines[at][1:])
                at += 1
            steps.append(step)
        elif match := COLLECT.fullmatch(line):
            steps.append(Step([line], "collect", match["session"], match["mode"]))
        elif match := CONNECT.fullmatch(line):
            steps.append(Step([line], "connect", match["session"], text=match["options"]))
        elif not line.strip() or line.startswith("--"):
            steps.append(Step([line], "comment"))
        else:
            steps[-1].expected.append(line)
    return steps


def write(path: Path, steps: Sequence[Step]) -> None:
    lines: list[str] = []
    for step in steps:
        lines += [*step.source, *step.expected]
    path.write_text("\n".join(lines) + "\n")


class Player:
    """Runs a script's steps against a system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._sessions: dict[str, Talker] = {}
        self._running: dict[str, asyncio.Task[list[str]]] = {}
        self._kept: dict[str, str] = {}

    async def play(self, steps: Sequence[Step]) -> list[list[str]]:
        """The output of every step."""
        try:
            return [await self._step(step) for step in steps]
        finally:
            for task in self._running.values():
                task.cancel()

    async def _session(self, name: str) -> Talker:
        if name not in self._sessions:
            self._sessions[name] = await self._system.connect()
        return self._sessions[name]

    async def _step(self, step: Step) -> list[str]:
        match step.kind:
            case "comment":
                return []
            case "connect":
                options = dict(pair.split("=", 1) for pair in step.text.split())
                try:
                    self._sessions[step.session] = await self._system.connect(**options)
                except SqlError as error:
                    return shown_error(error)
                return ["connected"]
            case "collect":
                task = self._running.pop(step.session, None)
                if task is None:
                    return ["(it did not wait)"]
                return await self._judged(task, step.mode)
        session = await self._session(step.session)
        text = re.sub(r"(?<!:):(\w+)\b", lambda m: self._kept.get(m[1], m[0]), step.text)
        if step.keep:
            value = str(await session.value(text))
            self._kept[step.keep] = value if value.isdigit() else f"'{value}'"
            return ["(kept)"]
        task = asyncio.ensure_future(session.lines(text, "\n".join(step.copied) if step.copied else None))
        if step.mode == "&":
            done, _ = await asyncio.wait([task], timeout=BLOCKED_AFTER_SECONDS)
            if not done:
                self._running[step.session] = task
                return ["(waits)"]
            return await self._judged(task, "")
        return await self._judged(task, step.mode)

    async def _judged(self, task: asyncio.Task[list[str]], mode: str) -> list[str]:
        try:
            lines = await asyncio.wait_for(task, WAIT_SECONDS)
            if mode == "!":
                lines = ["(an error was expected)", *lines]
        except SqlError as error:
            lines = shown_error(error)
            if mode != "!":
                lines = ["(no error was expected)", *lines]
        lines = [line for line in lines if not line.startswith(PROGRESS)]
        shown = [TIME.sub("<time>", line) or "()" for text in lines for line in text.split("\n")]
        shown = [SUM.sub("<bytes>", OBJECT.sub("<object> | <bytes> ", line)) for line in shown]
        if any("| bytes_rewritten | rows_gained" in line for line in shown):
            shown = [REWRITTEN.sub(r"\1<bytes>", line) for line in shown]
        shown = [UNDONE.sub("<id>", line) for line in shown]
        if any(line.endswith("bytes_rewritten") for line in shown):
            shown = [BYTES.sub("<bytes>", line) for line in shown]
        return shown
