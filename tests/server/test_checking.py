"""`rewinddb check` as a person meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import checking


def said(capsys: pytest.CaptureFixture[str], store: str) -> tuple[int, str]:
    status = checking.run(["--store", store], {})
    told = capsys.readouterr()
    return status, told.out + told.err


def test_a_store_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"file://{tmp_path / 'store'}"
    assert said(capsys, url) == (1, f"rewinddb check: there is no store at {url}.\n")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "store").mkdir()
    assert said(capsys, url) == (1, f"rewinddb check: there is no store at {url}.\n")
    assert list(tmp_path.rglob("*")) == [tmp_path / "store"]


def test_what_is_no_address_of_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, str(tmp_path)) == (
        1,
        f'rewinddb check: "{tmp_path}" is not the address of a store. '
        "Use file:///folder, file://./folder or s3://bucket/prefix.\n",
    )


def test_a_bucket_that_is_not_there(moto_endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        status = checking.run(["--store", "s3://never-made", "--s3-endpoint", moto_endpoint], {})
        assert (status, capsys.readouterr().err) == (1, 'rewinddb check: there is no bucket "never-made".\n')
