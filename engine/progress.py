"""How far a restore has come: what NOTICEs and mo_restores tell of it while it runs.

Whoever asks for a restore may hand in a `Progress` and look at it meanwhile; the tenant's upkeep lists
those that are at work. Nothing of it is durable: what came of a restore is its record in the catalog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.catalog import Level
from engine.ids import CatalogId, Timestamp
from engine.refs import OWN_COMMIT

Stage = Literal["waiting", "flushing", "writing", "committing"]


@dataclass(eq=False, slots=True)
class Progress:
    """`stage`: waiting for other upkeep or a lock, flushing what of the moment is only in the tail, writing
    (straddlers anew, or every row), committing. `committing` is called before the commit is queued: it may
    raise to stop the restore, which nothing can do afterwards. `undoes` is the restore that it undoes, and
    `names` may be given as that one's, for what is neither then nor now."""

    committing: Callable[[], None] | None = None
    undoes: CatalogId | None = None
    role: str = ""
    method: Literal["physical", "logical"] = "physical"
    level: Level = "tenant"
    moment: Timestamp = OWN_COMMIT
    names: tuple[str, ...] = ()
    stage: Stage = "waiting"
    tables: int = 0
    tables_done: int = 0
    objects: int = 0
    rows: int = 0
    bytes: int = 0

    def wrote(self, objects: int, rows: int, nbytes: int) -> None:
        self.objects += objects
        self.rows += rows
        self.bytes += nbytes

    def commits(self) -> None:
        """The commit is about to be queued."""
        if self.committing is not None:
            self.committing()
        self.stage = "committing"

    def told(self) -> str:
        """In words."""
        match self.stage:
            case "waiting":
                return "restoring: waiting for other upkeep of the tenant to end"
            case "flushing":
                return "restoring: flushing what is not in objects yet"
            case "committing":
                return f"restoring: all {self.tables} tables are ready, committing"
        return (
            f"restoring: {self.tables_done} of {self.tables} tables are ready, "
            f"{self.rows} rows ({self.bytes} bytes) written"
        )
