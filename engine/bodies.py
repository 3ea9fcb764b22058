"""Bodies and edits as JSON values, as the WAL and manifests have them, and back.

A commit of a restore may hold thousands of tables, so the way there goes by the fields themselves:
`dataclasses.asdict` copies each value deeply, at five times the cost.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Hashable, Mapping
from typing import Any

from engine.catalog import Body, Drop, Edit, Put
from engine.ids import CatalogId

KINDS: Mapping[str, type[Any]] = types.MappingProxyType({body.kind: body for body in typing.get_args(Body)})


def body_to_json(body: Body) -> dict[str, Any]:
    """A body as JSON values; `body_from_json` reads it back."""
    return {"kind": body.kind, **_fields(body)}


def _fields(owner: Any) -> dict[str, Any]:
    made_by = typing.cast(Hashable, type(owner))
    found = {name: getattr(owner, name) for name in _names(made_by)}
    for name in _nested(made_by):
        found[name] = [_fields(item) for item in found[name]]
    return found


def body_from_json(data: Mapping[str, Any]) -> Body:
    """Unknown fields raise TypeError: a newer format must not be read by half."""
    fields = dict(data)
    body_type = KINDS[fields.pop("kind")]
    body: Body = _build(body_type, fields)
    return body


@functools.cache
def _names(owner: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(typing.cast(type[Any], owner)))


@functools.cache
def _nested(owner: Hashable) -> dict[str, type[Any]]:
    """Field name -> dataclass of its tuple items, for the fields that hold tuples of dataclasses."""
    found = {}
    for name, hint in typing.get_type_hints(owner).items():
        arguments = typing.get_args(hint)
        if typing.get_origin(hint) is tuple and dataclasses.is_dataclass(arguments[0]):
            found[name] = typing.cast(type[Any], arguments[0])
    return found


def _build(owner: type[Any], fields: dict[str, Any]) -> Any:
    nested = _nested(typing.cast(Hashable, owner))
    for name, value in fields.items():
        if name in nested:
            fields[name] = tuple(_build(nested[name], dict(item)) for item in value)
        elif isinstance(value, list):
            fields[name] = tuple(value)
    return owner(**fields)


def edit_to_json(edit: Edit) -> dict[str, Any]:
    match edit:
        case Put(body):
            return {"put": body_to_json(body)}
        case Drop(kind, id):
            return {"drop": kind, "id": id}


def edit_from_json(data: Mapping[str, Any]) -> Edit:
    if "put" in data:
        return Put(body_from_json(data["put"]))
    return Drop(data["drop"], CatalogId(data["id"]))
