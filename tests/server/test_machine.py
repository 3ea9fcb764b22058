"""The memory that a container allows, by either version of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.machine import memory_bytes

GIB = 2**30


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/pod/box", {"pod/box/memory.max": "max", "pod/memory.max": f"{GIB}"}, GIB),
        ("0::/pod/box", {"pod/box/memory.max": "77", "pod/memory.max": f"{GIB}"}, 77),
        ("0::/", {"memory.max": f"{GIB}"}, GIB),
        ("0::/not/seen/from/inside", {"memory.max": f"{GIB}"}, GIB),
        ("4:memory:/box\n0::/", {"memory/box/memory.limit_in_bytes": f"{GIB}"}, GIB),
        ("4:cpu,memory:/box", {"memory/memory.limit_in_bytes": f"{GIB}"}, GIB),
        ("4:cpu:/box", {"memory/box/memory.limit_in_bytes": f"{GIB}"}, None),
        ("4:memory:/box", {"memory/box/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("0::/", {"memory.max": "max"}, None),
        ("", {}, None),
        ("what is this", {"memory.max": "1"}, None),
    ],
)
def test_the_strictest_limit_counts(
    tmp_path: Path, own: str, files: dict[str, str], expected: int | None
) -> None:
    physical = memory_bytes(tmp_path / "none", tmp_path / "none")
    own_groups = tmp_path / "cgroup"
    own_groups.write_text(own + "\n")
    found = memory_bytes(tree(tmp_path / "groups", files), own_groups)
    assert found == (physical if expected is None else expected)
    assert found <= physical
