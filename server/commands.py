"""What can be typed after `rewinddb`, and how failing to start is told.

A failure is one plain sentence on standard error and exit code 1 (2 when the command line itself is
wrong), never a traceback: that is kept for bugs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from engine import allocators
from engine.errors import EngineError
from server import checking, log
from server.ceiling import set_ceiling
from server.config import ConfigError, read_config
from server.listener import serve
from server.machine import memory_bytes

_USAGE = """usage: rewinddb COMMAND [OPTION ...]

  rewinddb serve   run the server                   (rewinddb serve --help)
  rewinddb demo    snapshot, damage and restore real data, in a throw-away store
  rewinddb check   look at every manifest, object and hash of a store (rewinddb check --help)
  rewinddb --version
"""


def run(words: Sequence[str]) -> int:
    """Runs the command; returns the exit code."""
    command, rest = (words[0], list(words[1:])) if words else ("", [])
    match command:
        case "serve":
            return _serve(rest)
        case "demo":
            return _demo(rest)
        case "check":
            return checking.run(rest, os.environ)
        case "--help" | "-h" | "help":
            print(_USAGE, end="")
            return 0
        case "--version":
            print(f"rewinddb {version('rewinddb')}")
            return 0
        case "":
            print(_USAGE, end="", file=sys.stderr)
            return 2
        case _:
            print(f'rewinddb: there is no command "{command}"; see rewinddb --help.', file=sys.stderr)
            return 2


def _demo(arguments: Sequence[str]) -> int:
    """Imported only here: it needs packages that a server does without."""
    from server import demo

    return demo.run(arguments)


def _serve(arguments: Sequence[str]) -> int:
    try:
        config = read_config(arguments, os.environ)
    except ConfigError as error:
        print(f"rewinddb serve: {error}", file=sys.stderr)
        return 2
    log.configure(config.log_format)
    set_ceiling(memory_bytes())
    allocators.prepare()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(config))
    except ConfigError as error:
        print(f"rewinddb serve: {error}", file=sys.stderr)
        return 1
    except EngineError as error:
        hint = f" {error.hint}" if error.hint else ""
        print(f"rewinddb serve: {error.message.rstrip('.')}.{hint}", file=sys.stderr)
        return 1
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's event loop where it is installed: a third less time per message."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
