"""The error for an operator that does not exist for the types it is given."""

from __future__ import annotations

from sql.bound import Bound, name_of
from sql.errors import SqlError


def unknown_operator(symbol: str, left: Bound | None, right: Bound) -> SqlError:
    shown = f"{name_of(left)} {symbol} {name_of(right)}" if left else f"{symbol} {name_of(right)}"
    hint = (
        f"No operator matches the given name and argument type{'s' if left else ''}. "
        f"You might need to add {'explicit type casts' if left else 'an explicit type cast'}."
    )
    return SqlError("42883", f"operator does not exist: {shown}", hint=hint)
