"""The services that tests stand on: gone when the test process is, also when that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import services

SCRIPT = """
import sys, time
from pathlib import Path
from tests import services
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
with services.process(sleep, Path(sys.argv[1]), lambda: True) as p:
    print(p.pid, flush=True)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_service_dies_with_a_killed_parent(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tmp_path / "log"], stdout=subprocess.PIPE, cwd=root
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_service_that_ends_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
    with (
        pytest.raises(services.ServiceFailed, match="no such luck"),
        services.process(command, tmp_path / "log", lambda: False),
    ):
        pass


def test_a_missing_program_says_how_to_get_it() -> None:
    with pytest.raises(services.ToolMissing, match=r"no-such-program is not installed \(get it there\)"):
        services._program("no-such-program", "get it there")
