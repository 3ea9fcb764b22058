"""The golden scripts, on RewindDB and, where a script says so, on PostgreSQL as its oracle.

`pytest tests/scripts --rewrite` writes what is said into the scripts: what PostgreSQL says where it is the
oracle, what RewindDB says elsewhere. Read the difference before you believe it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.cluster import Cluster
from tests.scripts import script
from tests.scripts.postgres import Postgres
from tests.session.harness import Client, running_cluster

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*/*.sql"))


def has_oracle(path: Path) -> bool:
    return path.read_text().startswith("-- oracle")


class Ours:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def connect(self, **options: str) -> Client:
        return await Client.connect(self._cluster, **options)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script(path: Path, request: pytest.FixtureRequest) -> None:
    steps = script.read(path)

    async def play() -> list[list[str]]:
        async with running_cluster() as cluster:
            return await script.Player(Ours(cluster)).play(steps)

    outputs = asyncio.run(play())
    if request.config.getoption("--rewrite") and not has_oracle(path):
        _rewrite(path, steps, outputs)
    _compare(path, steps, outputs)


def _rewrite(path: Path, steps: list[script.Step], outputs: list[list[str]]) -> None:
    for step, output in zip(steps, outputs, strict=True):
        step.expected = output
    script.write(path, steps)


@pytest.mark.parametrize("path", [path for path in SCRIPTS if has_oracle(path)], ids=lambda path: path.stem)
def test_oracle(path: Path, postgres_dsn: str, request: pytest.FixtureRequest) -> None:
    steps = script.read(path)

    async def play() -> list[list[str]]:
        system = Postgres(postgres_dsn)
        await system.create()
        try:
            return await script.Player(system).play(steps)
        finally:
            await system.drop()

    outputs = asyncio.run(play())
    if request.config.getoption("--rewrite"):
        _rewrite(path, steps, outputs)
    _compare(path, steps, outputs)


def _compare(path: Path, steps: list[script.Step], outputs: list[list[str]]) -> None:
    expected = [[*step.source, *step.expected] for step in steps]
    found = [[*step.source, *output] for step, output in zip(steps, outputs, strict=True)]
    assert found == expected, "\n".join(
        f"{path.name}:\n  {step.source[0]}\n    expected {step.expected}\n    found    {output}"
        for step, output in zip(steps, outputs, strict=True)
        if step.expected != output
    )
