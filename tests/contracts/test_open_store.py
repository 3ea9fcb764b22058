"""Addresses of stores, and what a person is told about a wrong one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.errors import StoreMisconfigured
from engine.stores import open_store


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def body() -> None:
        store = await open_store("file://./data/here")
        await store.put("a", b"x")
        await store.close()

    asyncio.run(body())
    assert (tmp_path / "data" / "here" / "a").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("url", "endpoint", "said"),
    [
        ("data", None, '"data" is not the address of a store'),
        ("file://data", None, "does not name a folder"),
        ("file://", None, "does not name a folder"),
        ("file:///tmp/x", "http://localhost:1", "makes no sense for a store in a folder"),
        ("s3://", None, "does not name a bucket"),
        ("s3://bucket/a//b", None, "does not name a bucket"),
        ("s3://bucket/a b", None, "does not name a bucket"),
        ("s3://bucket", "localhost:9000", '"localhost:9000" is not the address of an S3 server'),
        ("gs://bucket", None, "is not the address of a store"),
    ],
)
def test_addresses_that_are_none(url: str, endpoint: str | None, said: str) -> None:
    with pytest.raises(StoreMisconfigured, match=said) as caught:
        asyncio.run(open_store(url, endpoint=endpoint))
    assert caught.value.hint


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreMisconfigured, match="no S3 credentials were found"):
        asyncio.run(open_store("s3://bucket", endpoint="http://127.0.0.1:1"))


def test_wrong_credentials(seaweed_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreMisconfigured, match='bucket "some-bucket" cannot be used'):
        asyncio.run(open_store("s3://some-bucket", endpoint=seaweed_endpoint))


def test_a_server_that_is_not_there(moto_endpoint: str) -> None:
    with pytest.raises(StoreMisconfigured, match="cannot be reached"):
        asyncio.run(open_store("s3://some-bucket", endpoint="http://127.0.0.1:1"))


def test_a_bucket_name_that_is_none(moto_endpoint: str) -> None:
    with pytest.raises(StoreMisconfigured, match='bucket "x" cannot be used'):
        asyncio.run(open_store("s3://x", endpoint=moto_endpoint))


def test_the_bucket_is_made_once_and_then_found(moto_endpoint: str) -> None:
    async def body() -> None:
        first = await open_store("s3://a-new-bucket/deep/prefix", endpoint=moto_endpoint)
        await first.put("a", b"x")
        second = await open_store("s3://a-new-bucket/deep/prefix/", endpoint=moto_endpoint)
        assert await second.get("a") == b"x"
        other = await open_store("s3://a-new-bucket", endpoint=moto_endpoint)
        assert [info.key async for info in other.scan("")] == ["deep/prefix/a"]

    asyncio.run(body())
