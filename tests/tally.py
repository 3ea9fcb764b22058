"""What the torturing tests have tried, counted in the file that `REWINDDB_TALLY` names, if it does."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

VARIABLE = "REWINDDB_TALLY"


def tally(what: str, count: int = 1) -> None:
    path = os.environ.get(VARIABLE)
    if path is not None and count:
        with Path(path).open("a") as file:
            file.write(f"{count} {what}\n")


def totals(path: Path) -> Counter[str]:
    """All that was counted so far."""
    counted: Counter[str] = Counter()
    for line in path.read_text().splitlines() if path.exists() else ():
        count, _, what = line.partition(" ")
        counted[what] += int(count)
    return counted
