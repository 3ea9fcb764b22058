"""`rewinddb demo` as a stranger runs it: it ends well, tells what happened, and leaves nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMO_SECONDS_MAX = 240

CONTENTS = {
    "airlines": (16, "381b2144536582917ee205f24640779f"),
    "airports": (1458, "3268f2969e44358e62a10cd26c43b438"),
    "planes": (3322, "b0a4c780332f86e4ee7f81f7c9805e2e"),
    "weather": (26115, "8a068f7d220aad6256803e5ccdc52097"),
    "flights": (336776, "17aeb969f38d8e1ce9730d6712610ee0"),
}
"""Rows and hashes as PostgreSQL 15 has them, after the same COPY in and out."""


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
    for table, (rows, digest) in CONTENTS.items():
        assert re.search(rf"{table} +{rows:,} rows  {digest} +equal$", demo.stdout, re.MULTILINE), table
    assert "5 tables, 367,687 rows, restored online in" in demo.stdout
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
