"""Checkpoints: where a tenant's manifests stand, and how the next one is made and published.

Flush, compaction and collection end in the same way: a manifest that says what there is now, put under
the next number. It tells only of what was up to its watermark, although the state has moved on.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass

from engine import manifest as manifests
from engine.clock import Clock
from engine.errors import TenantFenced
from engine.ids import Timestamp
from engine.manifest import Manifest
from engine.paths import TenantPaths
from engine.puts import put_decided
from engine.ref_files import RefFileWriter
from engine.state import State
from engine.stores.base import Store


@dataclass(slots=True)
class Publisher:
    """Where the tenant's manifests stand."""

    store: Store
    paths: TenantPaths
    clock: Clock
    epoch: int
    writer: str
    number: int
    ref_files: RefFileWriter

    def next_manifest(self, state: State, watermark: Timestamp, first_wal: int) -> Manifest:
        """What there was at `watermark`; replay goes on from `first_wal`."""
        return Manifest(
            number=self.number + 1,
            epoch=self.epoch,
            writer=self.writer,
            first_wal=first_wal,
            watermark=watermark,
            last_ts=state.last_ts,
            horizon=state.horizon,
            next_id=state.next_id,
            next_row_id=state.next_row_id,
            claims=tuple(state.claims),
            fences=tuple(state.fences),
            entries=tuple(state.history.entries_until(watermark)),
            ref_files=state.ref_files,
            ref_changes={
                name: ref
                for name, ref in state.ref_changes.items()
                if ref is None or ref.added_ts <= watermark
            },
        )

    async def publish(self, manifest: Manifest) -> Manifest:
        """Put `manifest`, its ref changes in a file if they have become many; what was put.
        `TenantFenced` when another server has put one under the number."""
        if len(manifest.ref_changes) > self.ref_files.inline_max:
            files = await self.ref_files.spill(manifest.ref_files, manifest.ref_changes)
            manifest = dataclasses.replace(manifest, ref_files=files, ref_changes={})
        await self._put(manifest)
        return manifest

    async def _put(self, manifest: Manifest) -> None:
        key = self.paths.manifest(manifest.number)
        data = await asyncio.to_thread(manifests.encode, manifest)
        other = await put_decided(self.store, self.clock, key, data, lambda found: found == data)
        if other is not None:
            raise TenantFenced(
                f"another server has taken over the tenant {self.paths.name!r}",
                detail=f"Manifest {manifest.number} is not this server's.",
                hint="Connect to the other server. Nothing acknowledged here is lost.",
            )
        self.number = manifest.number
