"""Long lists of refs, as objects of their own.

A manifest holds the changes to the tenant's refs since its ref files were written, and names the files.
A change says what a ref is now, or that it is forgotten; later changes override earlier ones, files come
before what is inline. When more than `inline_max` changes have gathered they become a file, merged with
the newest files unless these are much larger. So a flush costs what has changed since the last one, and
each ref is written again only a logarithmic number of times, however many objects a tenant has.

A restore that installs many refs puts them into a file of the same form beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.aside import aside
from engine.clock import Clock
from engine.frame import pack, unpack
from engine.ids import StorageId
from engine.puts import put_object
from engine.refs import Ref
from engine.stores.base import Store

GROWTH = 2
_MAGIC = b"RWDBREF1"

RefChanges = dict[tuple[StorageId, str], Ref | None]
"""By storage and object key, what a ref is now; None: forgotten."""


@dataclass(frozen=True, slots=True)
class RefFile:
    key: str
    changes: int


def changes_to_json(changes: Mapping[tuple[StorageId, str], Ref | None]) -> list[Any]:
    return [ref.to_json() if ref is not None else [storage, key] for (storage, key), ref in changes.items()]


def changes_from_json(values: list[Any]) -> RefChanges:
    found: RefChanges = {}
    for value in values:
        if len(value) == 2:
            found[StorageId(value[0]), value[1]] = None
        else:
            ref = Ref.from_json(value)
            found[ref.storage, ref.key] = ref
    return found


def encode(changes: RefChanges) -> bytes:
    return pack(_MAGIC, {"changes": changes_to_json(changes)})


def decode(data: bytes, name: str) -> RefChanges:
    """`LogCorrupted` (naming `name`) when the bytes are not a whole ref file of this format."""
    fields, _ = unpack(_MAGIC, data, name)
    return changes_from_json(fields["changes"])


class RefFileWriter:
    """Writes ref files and merges them; `new_key` gives a fresh key for each. Up to `inline_max` changes
    stay in the manifest."""

    def __init__(self, store: Store, clock: Clock, new_key: Callable[[], str], inline_max: int) -> None:
        self.inline_max = inline_max
        self._store = store
        self._clock = clock
        self._new_key = new_key

    async def write(self, changes: RefChanges) -> RefFile:
        key = self._new_key()
        data = await aside(len(changes), lambda: encode(changes))
        await put_object(self._store, self._clock, key, data)
        return RefFile(key, len(changes))

    async def spill(self, files: tuple[RefFile, ...], changes: RefChanges) -> tuple[RefFile, ...]:
        """`files` with `changes` added, merged with the newest of them as far as these are smaller than
        `GROWTH` times what they are merged with."""
        kept, size = list(files), len(changes)
        while kept and kept[-1].changes < GROWTH * size:
            size += kept.pop().changes
        older = [(file.key, await self._store.get(file.key)) for file in files[len(kept) :]]
        merged = await aside(size, lambda: _merged(older, changes, whole=not kept))
        return (*kept, await self.write(merged)) if merged else tuple(kept)


async def read(store: Store, files: Iterable[RefFile]) -> RefChanges:
    """What the files say together."""
    found = [(file.key, file.changes, await store.get(file.key)) for file in files]
    return await aside(
        sum(changes for _, changes, _ in found),
        lambda: _merged([(key, data) for key, _, data in found], {}, whole=True),
    )


def _merged(files: Iterable[tuple[str, bytes]], changes: RefChanges, *, whole: bool) -> RefChanges:
    """Files by name and content, and `changes` over them. `whole`: there is nothing before them, so that what
    is forgotten need not be told."""
    merged: RefChanges = {}
    for name, data in files:
        merged.update(decode(data, name))
    merged.update(changes)
    return {name: ref for name, ref in merged.items() if ref is not None} if whole else merged
