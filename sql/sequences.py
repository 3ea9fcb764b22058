"""nextval, setval, currval, lastval, set_config and pg_sleep: functions of the session, not of DuckDB.

They change something or remember something, so they are taken out of a query's tree before it is
planned. A call that is a whole item of the outermost SELECT is evaluated once per result row, while the
rows pass by (`Fill`); one in a SELECT or VALUES without FROM is evaluated once and its value put in its
place. Elsewhere (inside an expression over a table's rows) they are refused by name.

Rejected: DuckDB sequences. They would live outside the catalog, so neither a restore nor the past
would know their positions.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Sequence
from engine.errors import LimitExceeded
from sql import build, names, query
from sql.errors import SqlError
from sql.scope import Arguments, Scope

FUNCTIONS = frozenset(
    {"nextval", "setval", "currval", "lastval", "set_config", "pg_get_serial_sequence", "pg_sleep"}
)


@dataclass(frozen=True, slots=True)
class Fill:
    """Column `position` of a result gets its values from the sequence as rows pass by. For setval the
    column holds the values to set; `called` is its third argument."""

    position: int
    function: Literal["nextval", "setval"]
    sequence: Sequence
    called: bool = True


# --- the functions themselves -----------------------------------------------------------------------


def next_values(scope: Scope, sequence: Sequence, count: int) -> list[int]:
    scope.require_writable("nextval()")
    transaction = scope.transaction
    try:
        values = [transaction.next_value(sequence.id) for _ in range(count)]
    except LimitExceeded as error:
        raise SqlError("2200H", error.message) from error
    if values:
        scope.handed_out[sequence.id] = values[-1]
        scope.last_sequence = sequence.id
    return values


def set_value(scope: Scope, sequence: Sequence, value: int, *, called: bool) -> int:
    scope.require_writable("setval()")
    if not sequence.minimum <= value <= sequence.maximum:
        raise SqlError(
            "22003",
            f'setval: value {value} is out of bounds for sequence "{sequence.name}" '
            f"({sequence.minimum}..{sequence.maximum})",
        )
    scope.transaction.set_value(sequence.id, value if called else value - sequence.increment)
    if called:
        scope.handed_out[sequence.id] = value
    return value


def current_value(scope: Scope, sequence: Sequence) -> int:
    value = scope.handed_out.get(sequence.id)
    if value is None:
        message = f'currval of sequence "{sequence.name}" is not yet defined in this session'
        raise SqlError("55000", message)
    return value


def last_value(scope: Scope) -> int:
    sequence = scope.last_sequence
    if sequence is None or sequence not in scope.handed_out:
        raise SqlError("55000", "lastval is not yet defined in this session")
    return scope.handed_out[sequence]


def serial_sequence(scope: Scope, table_name: str, column_name: str) -> str | None:
    """pg_get_serial_sequence: the sequence that a serial or identity column owns."""
    table = names.table(scope, names.parse(table_name), "read")
    column = table.column(column_name)
    if column is None:
        raise SqlError("42703", f'column "{column_name}" of relation "{table.name}" does not exist')
    if column.sequence is None or (sequence := scope.catalog.sequences.get(column.sequence)) is None:
        return None
    where = names.qualified(scope.catalog, sequence)
    return f"{names.quoted(where.schema or '')}.{names.quoted(where.name)}"


# --- in a query's tree ------------------------------------------------------------------------------


def call_of(node: exp.Expr) -> str | None:
    """The session function that `node` calls, if it calls one. pg_get_serial_sequence over a table's rows
    is `sql.system`'s: it reads the catalog like any other function."""
    if not isinstance(node, exp.Anonymous) or not isinstance(node.this, str):
        return None
    name = node.this.lower()
    if name not in FUNCTIONS or (name == "pg_get_serial_sequence" and node.find(exp.Column) is not None):
        return None
    return name


def calls_in(tree: exp.Expr) -> list[exp.Expr]:
    """In the order in which they are evaluated: from left to right, arguments before their call."""
    found: list[exp.Expr] = []
    for node in tree.find_all(exp.Anonymous, bfs=False):
        if call_of(node) is not None:
            outer = node.find_ancestor(exp.Anonymous)
            while outer is not None and call_of(outer) is None:
                outer = outer.find_ancestor(exp.Anonymous)
            found.insert(len(found) if outer is None else _index(found, outer), node)
    return found


def _index(nodes: list[exp.Expr], node: exp.Expr) -> int:
    return next((i for i, other in enumerate(nodes) if other is node), len(nodes))


async def rewrite(scope: Scope, tree: exp.Query, arguments: Arguments) -> tuple[exp.Query, tuple[Fill, ...]]:
    """`tree` without session functions: a copy if it held any. The fills say which columns of the
    result are still to be filled."""
    if not calls_in(tree):
        return tree, ()
    tree = tree.copy()
    for node in calls_in(tree):
        if call_of(node) == "pg_get_serial_sequence":
            _substitute(node, _stable(scope, node, arguments))
    fills = tuple(_fills(scope, tree, arguments)) if isinstance(tree, exp.Select) else ()
    for node in calls_in(tree):
        if call_of(node) in ("currval", "lastval"):
            _substitute(node, _stable(scope, node, arguments))
            continue
        if _over_rows(node):
            what = f"{call_of(node)}() inside an expression over a table's rows"
            raise SqlError(
                "0A000", f"{what} is not supported", hint="Make it a column of the outermost SELECT."
            )
        _substitute(node, await _once(scope, node, arguments))
    return tree, fills


def _fills(scope: Scope, tree: exp.Select, arguments: Arguments) -> list[Fill]:
    fills: list[Fill] = []
    if tree.args.get("from_") is None:
        return fills
    for position, item in enumerate(tree.expressions):
        call = item.this if isinstance(item, exp.Alias) else item
        function = call_of(call)
        if function not in ("nextval", "setval"):
            continue
        if tree.args.get("distinct") or any(i.is_star for i in tree.expressions[:position]):
            raise SqlError("0A000", f"{function}() beside DISTINCT or after * is not supported")
        sequence = _sequence_argument(scope, call, arguments)
        if function == "nextval":
            fills.append(Fill(position, "nextval", sequence))
            value: exp.Expr = exp.Null()
        else:
            fills.append(Fill(position, "setval", sequence, called=_called(call)))
            value = call.expressions[1].copy()
        alias = item.alias if isinstance(item, exp.Alias) else function
        item.replace(build.alias(build.cast(value, "bigint"), alias))
    return fills


def _over_rows(node: exp.Expr) -> bool:
    """Whether a table's rows drive the call. A cell of VALUES is evaluated once, whatever reads it."""
    above, in_values = node.parent, False
    while above is not None:
        if isinstance(above, exp.Values):
            in_values = True
        elif isinstance(above, exp.Select):
            if above.args.get("from_") is not None and not in_values:
                return True
            in_values = False
        above = above.parent
    return False


def _text(node: exp.Expr, arguments: Arguments) -> str | None:
    """A constant text argument; None for NULL or while parameters have no values."""
    node = node.this if isinstance(node, exp.Cast | exp.Paren) else node
    if isinstance(node, exp.Parameter):
        if arguments.values is None:
            return None
        return str(arguments.values[int(node.name) - 1])
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    if isinstance(node, exp.Null):
        return None
    raise SqlError("0A000", "a sequence's name must be a constant here")


def _sequence_argument(scope: Scope, call: exp.Expr, arguments: Arguments) -> Sequence:
    if not call.expressions:
        raise SqlError("42883", f"function {call_of(call)}() does not exist")
    text = _text(call.expressions[0], arguments)
    if text is None:
        raise SqlError("22004", f"{call_of(call)}: the sequence's name is null")
    return names.sequence(scope, names.parse(text))


def constant_name(call: exp.Expr) -> str:
    """The sequence's name in a nextval call of a stored default."""
    argument = call.expressions[0] if call.expressions else call
    literal = argument.this if isinstance(argument, exp.Cast) else argument
    if not isinstance(literal, exp.Literal):
        raise SqlError("0A000", "a sequence's name must be a constant here")
    return str(literal.this)


def _called(call: exp.Expr) -> bool:
    if len(call.expressions) < 3:
        return True
    third = call.expressions[2]
    if not isinstance(third, exp.Boolean):
        raise SqlError("0A000", "setval's third argument must be true or false")
    return bool(third.this)


def _substitute(node: exp.Expr, value: exp.Expr) -> None:
    """Puts a value where a call was; a whole select item keeps the function's name as its own."""
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        value = build.alias(value, call_of(node) or "")
    node.replace(value)


def _number(value: int) -> exp.Expr:
    return build.cast(exp.Literal.string(str(value)), "bigint")


def _stable(scope: Scope, node: exp.Expr, arguments: Arguments) -> exp.Expr:
    function = call_of(node)
    if function == "pg_get_serial_sequence":
        parts = [_text(argument, arguments) for argument in node.expressions]
        if len(parts) != 2:
            raise SqlError("42883", "function pg_get_serial_sequence with these arguments does not exist")
        found = None if None in parts else serial_sequence(scope, str(parts[0]), str(parts[1]))
        return exp.Null() if found is None else exp.Literal.string(found)
    if arguments.values is None:
        return _number(0)
    if function == "lastval":
        return _number(last_value(scope))
    return _number(current_value(scope, _sequence_argument(scope, node, arguments)))


async def _once(scope: Scope, node: exp.Expr, arguments: Arguments) -> exp.Expr:
    """A call that is evaluated once in the statement."""
    function = call_of(node)
    if function == "pg_sleep":
        return await _sleep(scope, node, arguments)
    if arguments.values is None:
        return build.cast(exp.Null(), "text" if function == "set_config" else "bigint")
    if function == "set_config":
        return await _set_config(scope, node, arguments)
    sequence = _sequence_argument(scope, node, arguments)
    if function == "nextval":
        return _number(next_values(scope, sequence, 1)[0])
    if len(node.expressions) < 2:
        raise SqlError("42883", "function setval(unknown) does not exist")
    value = await query.value(scope, node.expressions[1], "bigint", arguments)
    if value is None:
        return build.cast(exp.Null(), "bigint")
    assert isinstance(value, int)
    return _number(set_value(scope, sequence, value, called=_called(node)))


async def _sleep(scope: Scope, node: exp.Expr, arguments: Arguments) -> exp.Expr:
    """Waits, as long as neither a cancel request nor statement_timeout comes."""
    if len(node.expressions) != 1:
        raise SqlError("42883", "function pg_sleep with these arguments does not exist")
    if arguments.values is not None:
        seconds = await query.value(scope, node.expressions[0], "double precision", arguments)
        if isinstance(seconds, float) and seconds > 0:
            await scope.interrupts.wait(scope.cluster.clock.sleep(seconds))
    return exp.Anonymous(this="pg_sleep", expressions=[node.expressions[0].copy()], slept=True)


async def _set_config(scope: Scope, node: exp.Expr, arguments: Arguments) -> exp.Expr:
    if len(node.expressions) != 3 or not isinstance(node.expressions[2], exp.Boolean):
        raise SqlError("0A000", "set_config takes a name, a value, and true or false")
    name, value = [await query.value(scope, given, "text", arguments) for given in node.expressions[:2]]
    if not isinstance(name, str):
        raise SqlError("22004", "SET requires parameter name")
    if name.lower() == "rewinddb.as_of":
        raise SqlError("0A000", "set_config of rewinddb.as_of is not supported", hint="Use SET.")
    assert value is None or isinstance(value, str)
    scope.settings.set(name, value, local=bool(node.expressions[2].this))
    return exp.Literal.string(scope.settings[name])


# --- in a result ------------------------------------------------------------------------------------


def fill(scope: Scope, batch: pa.RecordBatch, fills: Many[Fill]) -> pa.RecordBatch:
    """The batch with its sequence columns filled."""
    columns = list(batch.columns)
    for item in fills:
        if item.function == "nextval":
            values: list[int | None] = list(next_values(scope, item.sequence, batch.num_rows))
        else:
            values = columns[item.position].to_pylist()
            for value in values:
                if value is not None:
                    set_value(scope, item.sequence, value, called=item.called)
        columns[item.position] = pa.array(values, pa.int64())
    return pa.RecordBatch.from_arrays(columns, names=[str(i) for i in range(len(columns))])
