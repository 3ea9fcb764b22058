"""Who asks a system relation, and what it is told beside the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.ids import Timestamp
from engine.pins import Pins
from engine.progress import Progress
from engine.state import State


class Handle(Protocol):
    """The part of the engine's tenant that system relations ask."""

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> State: ...

    def now(self) -> Timestamp: ...

    def coming_pins(self) -> Pins: ...

    @property
    def restoring(self) -> Sequence[Progress]: ...


@dataclass(frozen=True)
class SystemContext:
    """`search_path` holds the schemas in order, ``$user`` replaced. `settings` are the session's, by
    name, as SHOW prints them."""

    database: str
    role: str
    tenant: Handle
    settings: Mapping[str, str] = field(default_factory=dict)
    search_path: tuple[str, ...] = ("public",)
    process_id: int | None = None
