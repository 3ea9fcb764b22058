"""Object stores. `open_store` makes one from a URL; the rest of the engine knows only `base.Store`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.errors import StoreMisconfigured
from engine.stores.base import ObjectInfo, Store
from engine.stores.keys import check_key
from engine.stores.local import LocalStore
from engine.stores.s3 import S3Store

__all__ = ["ObjectInfo", "Store", "open_store"]

_FORMS = "Use file:///folder, file://./folder or s3://bucket/prefix."


async def open_store(url: str, *, endpoint: str | None = None, read_only: bool = False) -> Store:
    """The store at `url`, checked and ready; StoreMisconfigured says what a person must mend.

    ``file:///absolute/folder``, ``file://./relative/folder``, or ``s3://bucket[/prefix]``; `endpoint`
    is the address of an S3 server other than Amazon's. With `read_only` nothing is made when it is missing,
    and nothing is tried that writes.
    """
    if url.startswith("file://"):
        if endpoint is not None:
            raise StoreMisconfigured("an S3 endpoint makes no sense for a store in a folder", hint=_FORMS)
        return await asyncio.to_thread(LocalStore, _folder(url), read_only=read_only)
    if url.startswith("s3://"):
        bucket, prefix = _bucket(url)
        return await S3Store.open(bucket, prefix, endpoint=_endpoint(endpoint), read_only=read_only)
    raise StoreMisconfigured(f'"{url}" is not the address of a store', hint=_FORMS)


def _folder(url: str) -> Path:
    path = unquote(url.removeprefix("file://"))
    if not path.startswith(("/", "./", "../")) and path not in (".", ".."):
        raise StoreMisconfigured(f'"{url}" does not name a folder', hint=_FORMS)
    return Path(path)


def _bucket(url: str) -> tuple[str, str]:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    prefix = prefix.strip("/")
    try:
        check_key(bucket)
        if prefix:
            check_key(prefix)
    except ValueError:
        raise StoreMisconfigured(
            f'"{url}" does not name a bucket and a prefix of letters, digits and "-_."', hint=_FORMS
        ) from None
    return bucket, prefix


def _endpoint(endpoint: str | None) -> str | None:
    if endpoint is None:
        return None
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise StoreMisconfigured(
            f'"{endpoint}" is not the address of an S3 server', hint="Use http://host:port or https://host."
        )
    return endpoint.rstrip("/")
