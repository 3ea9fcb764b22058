"""The places of what a restore brings back: each has its schema or database, and its name to itself.

Ids decide, not names: a schema that was dropped is not the one that was created under its name since, so
what was in the old one has no place although the name is there. The refusal says which of the two it is,
and names all that is in the way at once, so that nobody has to find out one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from engine import catalog
from engine.catalog import Body, Catalog, Database, Schema, Table, View
from engine.errors import NameTaken
from engine.extent import Extent
from engine.ids import CatalogId

NAMES_TOLD_MAX = 5


class _Place(NamedTuple):
    """What must be there once: a name among its like (relations share one space), in what `holder` is."""

    kind: str
    holder: str | None
    id: CatalogId
    name: str


def check_places(after: Catalog, extent: Extent, past: Catalog, restored: Collection[Body]) -> None:
    """Raises `NameTaken` when anything restored has no place in the catalog `after` the restore of `extent`,
    whose catalog was `past`."""
    there: dict[_Place, list[Body]] = defaultdict(list)
    for body in after:
        if (place := _place(body)) is not None:
            there[place].append(body)
    back = {(body.kind, body.id) for body in restored}
    blockers: list[Body] = []
    for body in sorted(restored, key=lambda body: not isinstance(body, Table)):  # what people know first
        place = _place(body)
        if place is None:
            continue
        if place.holder is not None and after.get(place.holder, place.id) is None:
            raise _homeless(after, past, body, place.holder, place.id)
        blockers += [other for other in there[place] if (other.kind, other.id) not in back]
    if blockers:
        raise _taken(after, extent, blockers)


def _place(body: Body) -> _Place | None:
    match body:
        case Table() | View() | catalog.Sequence():
            return _Place("relation", Schema.kind, body.schema, body.name)
        case Schema():
            return _Place(Schema.kind, Database.kind, body.database, body.name)
        case Database():
            return _Place(Database.kind, None, CatalogId(0), body.name)
        case _:
            return None


def _homeless(after: Catalog, past: Catalog, body: Body, holder: str, id: CatalogId) -> NameTaken:
    """`holder` is ``schema`` or ``database``."""
    gone = past.get(holder, id)
    assert isinstance(gone, Schema | Database), "what is in the past had a place there"
    name = _name(body)
    message = f'the {holder} "{gone.name}" that "{name}" was in has been dropped'
    wanted = _place(gone)
    if all(_place(other) != wanted for other in after):
        return NameTaken(message, hint=f"Restore the {holder}.")
    hint = f"Rename or drop the new {holder}, then restore the old one."
    if isinstance(body, Table):
        hint += f" RESTORE TABLE ... TO TABLE {gone.name}.{name} brings the table back into the new one."
    return NameTaken(f"{message}, and another {holder} has its name now", hint=hint)


def _taken(after: Catalog, extent: Extent, blockers: Sequence[Body]) -> NameTaken:
    told = [f'"{_name(body)}"' for body in blockers[:NAMES_TOLD_MAX]]
    labels = [f"{body.kind} {_full_name(after, body)}" for body in blockers[:NAMES_TOLD_MAX]]
    more = len(blockers) - len(told)
    suffix = f" and {more} more" if more > 0 else ""
    them = "it" if len(blockers) == 1 else "them"
    hint = f"Rename or drop {them}, then restore again."
    if extent.level == "table" and len(extent.objects) == 1:
        hint += " RESTORE TABLE ... TO TABLE new_name restores beside what is there."
    return NameTaken(
        f"something else is called {', '.join(told)}{suffix} now",
        detail=f"In the way: {', '.join(labels)}{suffix}.",
        hint=hint,
    )


def _name(body: Body) -> str:
    assert isinstance(body, Table | View | catalog.Sequence | Schema | Database)
    return body.name


def _full_name(after: Catalog, body: Body) -> str:
    """``schema.relation`` or the name alone."""
    schema = after.get("schema", body.schema) if isinstance(body, Table | View | catalog.Sequence) else None
    return f"{schema.name}.{_name(body)}" if isinstance(schema, Schema) else _name(body)
