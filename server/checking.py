"""`rewinddb check`: one plain line per finding, exit status 1 when one of them is a fault.

It claims nothing, writes nothing, and may run beside a server. What it looked at goes to standard error
at the end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from engine.check import Counts, check
from engine.errors import EngineError
from engine.paths import TENANTS
from engine.stores import open_store
from server.config import ConfigError, StoreConfig, read_store_config

_DESCRIPTION = "Looks at every name, manifest, ref, object and content hash of a store."


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit status: 0 without faults, 1 with, 2 when the command line is wrong."""
    try:
        config = read_store_config("check", _DESCRIPTION, arguments, environ)
    except ConfigError as error:
        print(f"rewinddb check: {error}", file=sys.stderr)
        return 2
    try:
        return asyncio.run(_check(config))
    except ConfigError as error:
        print(f"rewinddb check: {error}", file=sys.stderr)
        return 1
    except EngineError as error:
        hint = f" {error.hint}" if error.hint else ""
        print(f"rewinddb check: {error.message.rstrip('.')}.{hint}", file=sys.stderr)
        return 1


async def _check(config: StoreConfig) -> int:
    store = await open_store(config.store, endpoint=config.s3_endpoint, read_only=True)
    counts = Counts()
    faults = waiting = 0
    try:
        if not await store.folders(TENANTS):
            raise ConfigError(f"there is no store at {config.store}.")
        async for finding in check(store, counts):
            faults += finding.kind == "fault"
            waiting += finding.kind == "orphan"
            print(finding, flush=True)
    finally:
        await store.close()
    print(
        f"{counts.tenants} tenants, {counts.objects:,} objects, {counts.bytes:,} bytes looked at: "
        f"{faults or 'no'} fault{'' if faults == 1 else 's'}",
        file=sys.stderr,
    )
    if waiting:
        print(
            f"what waits to be collected ({waiting:,}) is no fault: upkeep frees it in time", file=sys.stderr
        )
    return 1 if faults else 0
