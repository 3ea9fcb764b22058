"""SET, SHOW, RESET, DISCARD, and the few statements that drivers send and that change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pyarrow as pa

from sql import as_of, tenant_settings
from sql import settings as setting_table
from sql.answers import Answer, Batch, Complete, Notice, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.scope import Scope
from sql.settings import KNOWN, TENANT_SETTINGS
from sql.statement import Discard, Reset, Set, Show
from sql.types import by_name

TEXT = by_name("text")


def text_columns(*names: str) -> tuple[ResultColumn, ...]:
    return tuple(ResultColumn(name, TEXT.oid, TEXT.size) for name in names)


async def text_rows(
    columns: tuple[ResultColumn, ...], rows: Sequence[Sequence[str]]
) -> AsyncIterator[Answer]:
    """A result of text columns."""
    yield RowsBegin(columns)
    arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(columns))]
    yield Batch(pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns]))


# --- settings ---------------------------------------------------------------------------------------


async def set_setting(scope: Scope, statement: Set) -> AsyncIterator[Answer]:
    if statement.local and not scope.block.explicit:
        yield Notice("WARNING", "SET LOCAL can only be used in transaction blocks", "25P01")
    name, values = statement.name, statement.values
    if name in ("transaction_isolation", "transaction_read_only"):
        raise SqlError("0A000", f"SET {name} is not supported", hint="Use SET TRANSACTION.")
    if values is None:
        value = None
    elif name == "search_path":
        value = setting_table.quoted_list(values)
    elif len(values) == 1 or name == "datestyle":
        value = ", ".join(values)
    else:
        raise SqlError("22023", f"SET {name} takes only one argument")
    if name == as_of.SETTING and value:
        await as_of.resolve_setting(scope, value)
    scope.settings.set(name, value, local=statement.local)
    yield Complete("SET")


async def reset(scope: Scope, statement: Reset) -> AsyncIterator[Answer]:
    if statement.name is None:
        scope.settings.reset_all()
    else:
        scope.settings.set(statement.name, None, local=False)
    yield Complete("RESET")


def show_columns(statement: Show) -> tuple[ResultColumn, ...]:
    if statement.name is None:
        return text_columns("name", "setting", "description")
    if statement.name.lower() in TENANT_SETTINGS:
        return text_columns(statement.name.lower())
    return text_columns(setting_table.known(statement.name).name)


async def show(scope: Scope, statement: Show) -> AsyncIterator[Answer]:
    columns = show_columns(statement)
    if statement.name is not None:
        rows = [[_shown(scope, statement.name)]]
    else:
        names = [*TENANT_SETTINGS, *(item.name for item in KNOWN.values())]
        rows = [[name, _shown(scope, name), ""] for name in names]
        rows.sort(key=lambda row: row[0].lower())
    async for answer in text_rows(columns, rows):
        yield answer
    yield Complete("SHOW")


def _shown(scope: Scope, name: str) -> str:
    match name.lower():
        case "transaction_isolation":
            return scope.block.isolation
        case "transaction_read_only":
            return "on" if scope.block.read_only else "off"
        case setting if setting in TENANT_SETTINGS:
            return tenant_settings.shown(scope.tenant, setting)
    setting_table.known(name)
    if name.lower() not in scope.settings.effective:
        raise SqlError("42704", f'unrecognized configuration parameter "{name}"')
    return scope.settings[name]


async def discard(scope: Scope, statement: Discard) -> AsyncIterator[Answer]:
    if statement.what == "all":
        scope.require_no_block("DISCARD ALL")
        scope.settings.reset_all()
        scope.prepared.drop_statements()
    if statement.what in ("all", "plans"):
        scope.plans.clear()
    if statement.what in ("all", "sequences"):
        scope.handed_out.clear()
        scope.last_sequence = None
    yield Complete(f"DISCARD {statement.what.upper()}")
