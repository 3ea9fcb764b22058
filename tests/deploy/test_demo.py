"""`rewinddb demo` as a stranger runs it: it ends well, tells what happened, and leaves nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMO_SECONDS_MAX = 240

ROWS = {"airlines": 16, "airports": 1458, "planes": 3322, "weather": 26115, "flights": 336776}


@pytest.mark.timeout(DEMO_SECONDS_MAX)
def test_the_demo(tmp_path: Path) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "server", "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS_MAX,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""
    assert "\x1b" not in demo.stdout
    for table, rows in ROWS.items():
        assert re.search(rf"{table} +{rows:,} rows  [0-9a-f]{{32}} +equal$", demo.stdout, re.MULTILINE), table
    assert f"5 tables, {sum(ROWS.values()):,} rows, restored online in" in demo.stdout
    assert "DIFFERENT" not in demo.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--connect", "nowhere"], '--connect takes HOST:PORT, and "nowhere" is not that.'),
        (["--connect", "127.0.0.1:1"], "Connection refused"),
    ],
)
def test_a_server_that_cannot_be_used(arguments: list[str], said: str) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "server", "demo", *arguments], capture_output=True, text=True, timeout=60
    )
    assert demo.returncode == 1
    assert said in demo.stderr
    assert "Traceback" not in demo.stderr
