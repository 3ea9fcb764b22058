"""What a process is told before it is a server. Each in a process of its own: it stays for good."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="addresses are counted by /proc")

PRELUDE = """
    import resource, sys
    from pathlib import Path
    from engine import allocators
    from engine.duck import Ducks
    from engine.errors import OutOfMemory

    FOLDER, MB = Path(sys.argv[1]), 2**20
    LIMITS = {"memory_bytes_max": 256 * MB, "spill_bytes_max": 256 * MB, "threads": 2}

    def reserved():
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

    def leave(size):
        resource.setrlimit(resource.RLIMIT_AS, (reserved() + size, resource.RLIM_INFINITY))

    ducks = Ducks()
    opened = []

    def open_one():
        opened.append(ducks.open(FOLDER / str(len(opened)), **LIMITS))
"""

RESERVED = """
    if sys.argv[2] == "prepared":
        allocators.prepare()
    open_one()
    before = reserved()
    for _ in range(20):
        open_one()
    print((reserved() - before) // 20 // MB)
"""

SCARCE = """
    allocators.prepare()
    open_one()
    ducks.make_room = lambda: leave(64 * MB)
    for tenth in range(0, 40):
        leave(tenth * MB // 10)
        open_one()
        leave(64 * MB)
    print(len(opened))
"""


def said(script: str, *words: str) -> str:
    text = textwrap.dedent(PRELUDE) + textwrap.dedent(script)
    command = [sys.executable, "-c", text, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout.strip()


def test_an_instance_reserves_little_more_than_it_takes(tmp_path: Path) -> None:
    prepared = int(said(RESERVED, str(tmp_path / "one"), "prepared"))
    otherwise = int(said(RESERVED, str(tmp_path / "two"), "as it comes"))
    assert prepared < 12
    assert prepared < otherwise / 2


def test_instances_are_made_where_there_is_room(tmp_path: Path) -> None:
    """Made without any, some end the process."""
    assert said(SCARCE, str(tmp_path)) == "41"
