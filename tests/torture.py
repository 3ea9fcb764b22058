"""The long forms of the tests that try to lose data: `make torture`, or `python -m tests.torture`.

    python -m tests.torture [--only NAME] [--seed N] [--scale N]

Each part is an ordinary test with its environment variables turned up. `--scale 10` does ten times as much;
the seed goes to the random moments at which servers are killed or stopped, and to Hypothesis. A part that
fails ends there, and the next begins. At the end stands what was tried, how long each part took, and the
command that does what failed again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.tally import VARIABLE, totals

ROOT = Path(__file__).parent.parent
SECONDS_MAX = 24 * 3600


@dataclass(frozen=True)
class Part:
    """`scaled` variables are multiplied by the scale."""

    name: str
    tests: str
    scaled: Mapping[str, int] = field(default_factory=dict)


PARTS = (
    Part("model", "tests/engine/test_model.py", {"REWINDDB_MODEL_EXAMPLES": 150, "REWINDDB_MODEL_STEPS": 70}),
    Part("crashes", "tests/engine/test_crash.py"),
    Part("faults", "tests/engine/test_faults.py"),
    Part("tenants", "tests/engine/test_tenant_faults.py"),
    Part("kill", "tests/processes/test_kill.py", {"REWINDDB_KILL_ROUNDS": 50}),
    Part("stop", "tests/processes/test_takeover.py", {"REWINDDB_STOP_ROUNDS": 20}),
    Part("store", "tests/processes/test_store_down.py", {"REWINDDB_RESTART_ROUNDS": 5}),
    Part("many", "tests/processes/test_many.py"),
)


def run(part: Part, seed: int, scale: int, tally: Path) -> int:
    """One part; pytest's exit status."""
    scaled = {name: str(value * scale) for name, value in part.scaled.items()}
    environment = {
        **os.environ,
        **scaled,
        "REWINDDB_TORTURE": "1",
        "REWINDDB_SEED": str(seed),
        VARIABLE: str(tally),
    }
    seeded = [f"--hypothesis-seed={seed}"] if part.name == "model" else []
    command = [sys.executable, "-m", "pytest", part.tests, "-x", "--showlocals", f"--timeout={SECONDS_MAX}"]
    return subprocess.run([*command, *seeded], cwd=ROOT, env=environment, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Tries to lose data.")
    parser.add_argument("--only", choices=[part.name for part in PARTS], help="one part instead of all")
    parser.add_argument("--seed", type=int, default=None, help="of what is random; printed when not given")
    parser.add_argument("--scale", type=int, default=1, help="how many times the usual amount")
    given = parser.parse_args(arguments)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**31)
    failed: list[str] = []
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "tally"
        for part in PARTS:
            if given.only in (None, part.name):
                print(f"--- {part.name} (seed {seed})", flush=True)
                began = time.monotonic()
                if run(part, seed, given.scale, tally) != 0:
                    failed.append(part.name)
                seconds[part.name] = time.monotonic() - began
        each = ", ".join(f"{name} {took:,.0f} s" for name, took in seconds.items())
        print(f"--- tried in {sum(seconds.values()):,.0f} s ({each}), with seed {seed}:")
        for what, count in sorted(totals(tally).items()):
            print(f"{count:12,} {what}")
    for name in failed:
        again = f"--only {name} --seed {seed} --scale {given.scale}"
        print(f'FAILED: {name}; again with: make torture TORTURE="{again}"')
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
