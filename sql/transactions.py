"""BEGIN, COMMIT, ROLLBACK, savepoints and SET TRANSACTION, with PostgreSQL's warnings."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import (
    Begin,
    Commit,
    ReleaseSavepoint,
    Rollback,
    RollbackTo,
    Savepoint,
    SetTransaction,
)

TransactionStatement = Begin | Commit | Rollback | Savepoint | ReleaseSavepoint | RollbackTo | SetTransaction


async def execute(scope: Scope, statement: TransactionStatement) -> AsyncIterator[Answer]:
    block = scope.block
    match statement:
        case Begin(modes, start):
            if block.explicit:
                yield Notice("WARNING", "there is already a transaction in progress", "25001")
                block.set_modes(modes)
            else:
                block.begin(modes)
            yield Complete("START TRANSACTION" if start else "BEGIN")
        case Commit(chain):
            if not block.explicit:
                yield _no_transaction("COMMIT", chain)
            tag = "ROLLBACK" if block.failed else "COMMIT"
            await _end(scope, commit=not block.failed, chain=chain)
            yield Complete(tag)
        case Rollback(chain):
            if not block.explicit:
                yield _no_transaction("ROLLBACK", chain)
            await _end(scope, commit=False, chain=chain)
            yield Complete("ROLLBACK")
        case Savepoint(name):
            _require_block(scope, "SAVEPOINT")
            block.savepoint(name)
            yield Complete("SAVEPOINT")
        case ReleaseSavepoint(name):
            _require_block(scope, "RELEASE SAVEPOINT")
            block.release(name)
            yield Complete("RELEASE")
        case RollbackTo(name):
            _require_block(scope, "ROLLBACK TO SAVEPOINT")
            await block.rollback_to(name)
            yield Complete("ROLLBACK")
        case SetTransaction(modes, session):
            if session:
                _set_characteristics(scope, statement)
            elif not block.explicit:
                yield Notice("WARNING", "SET TRANSACTION can only be used in transaction blocks", "25P01")
            else:
                block.set_modes(modes)
            yield Complete("SET")


def _no_transaction(command: str, chain: bool) -> Notice:
    if chain:
        raise SqlError("25P01", f"{command} AND CHAIN can only be used in transaction blocks")
    return Notice("WARNING", "there is no transaction in progress", "25P01")


def _require_block(scope: Scope, command: str) -> None:
    if not scope.block.explicit:
        raise SqlError("25P01", f"{command} can only be used in transaction blocks")


async def _end(scope: Scope, *, commit: bool, chain: bool) -> None:
    modes = scope.block.modes
    if commit:
        scope.interrupts.deafen()
        await scope.block.commit()
    else:
        await scope.block.rollback()
    if chain:
        scope.block.begin(modes)


def _set_characteristics(scope: Scope, statement: SetTransaction) -> None:
    modes = statement.modes
    if modes.isolation is not None:
        scope.settings.set("default_transaction_isolation", modes.isolation, local=False)
    if modes.read_only is not None:
        value = "on" if modes.read_only else "off"
        scope.settings.set("default_transaction_read_only", value, local=False)
