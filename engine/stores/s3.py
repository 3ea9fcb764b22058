"""A store in an S3 bucket: obstore moves the bytes, boto3 finds credentials, regions and buckets.

obstore's own retries are off. Retrying a create-only put whose reply was lost would find the first
try's object and report it as somebody else's; only the caller, who knows the bytes, may try again.
What a failed request means is read from its HTTP status and S3 error code, which obstore gives only in
its error's text:

- a put that got no answer, or a 5xx from something between, is `PutUnknown`;
- a connection that was never made, 429, 503, and 409 (S3 gives up on racing puts) stored nothing;
- 412 is the one definite "exists".

`open` checks what is easy to have wrong before anyone relies on it: credentials, region, the bucket
(made when it is missing), and that the server really refuses a second create-only put. Some servers
ignore the condition, and would lose commits silently.

Rejected: boto3 for the bytes (threads, and a tenth of the throughput); passing listings on as they
come (their order is S3's promise, but other servers list folder by folder).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import botocore.config
import botocore.exceptions
import obstore
import obstore.exceptions
import obstore.store

from engine.errors import (
    EngineError,
    ObjectExists,
    ObjectMissing,
    PutUnknown,
    StoreFull,
    StoreMisconfigured,
    StoreUnavailable,
)
from engine.ids import Ids
from engine.stores.base import ObjectInfo
from engine.stores.keys import check_key, check_prefix

if TYPE_CHECKING:
    from obstore.store import S3Credential

REQUEST_SECONDS_MAX = 60
CONNECT_SECONDS_MAX = 5
DEFAULT_REGION = "us-east-1"

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>")
_MESSAGE = re.compile(r"<Message>\s*([^<]*?)\s*</Message>")
_FAILURES = (obstore.exceptions.BaseError, OSError)

_UNSENT = ("kind: Connect", "redirect without LOCATION")
_DECIDED = {501, 503, 507}
_REFUSED = {301, 307, 400, 401, 403, 405, 501}


class S3Store:
    """Objects below ``bucket/prefix``; made by `S3Store.open`."""

    def __init__(self, remote: obstore.store.S3Store, prefix: str) -> None:
        self._remote = remote
        self._prefix = prefix

    @staticmethod
    async def open(
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        ids: Ids | None = None,
        request_seconds_max: float = REQUEST_SECONDS_MAX,
    ) -> S3Store:
        """A working store, or StoreMisconfigured or StoreUnavailable saying what is wrong."""
        session = boto3.Session()
        credentials = _Credentials(session)
        endpoint, region = await asyncio.to_thread(_prepare_bucket, session, bucket, endpoint)
        config: dict[str, Any] = {"region": region, "disable_bulk_delete": True}
        if endpoint is not None:
            config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}
        remote = obstore.store.S3Store(
            bucket,
            config=config,  # type: ignore[arg-type]
            client_options={
                "allow_http": endpoint is not None and endpoint.startswith("http://"),
                "timeout": timedelta(seconds=request_seconds_max),
                "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS_MAX, request_seconds_max)),
            },
            retry_config={"max_retries": 0},
            credential_provider=credentials,
        )
        store = S3Store(remote, prefix.strip("/") + "/" if prefix.strip("/") else "")
        await store._check_conditions((ids or Ids()).token())
        return store

    async def _check_conditions(self, token: str) -> None:
        """See that the server honours create-only puts."""
        probe = f"probe/{token}"
        await self.put(probe, b"first")
        try:
            await self.put(probe, b"second")
        except ObjectExists:
            return
        finally:
            await self.delete(probe)
        raise StoreMisconfigured(
            "the S3 server ignores create-only puts (If-None-Match), so commits could be lost",
            hint="Use a server that supports conditional writes.",
        )

    async def put(self, key: str, data: bytes) -> None:
        path = self._prefix + check_key(key)
        try:
            await obstore.put_async(self._remote, path, data, mode="create", use_multipart=False)
        except _FAILURES as error:
            _raise_put_failure(key, error)

    async def get(self, key: str) -> bytes:
        path = self._prefix + check_key(key)
        try:
            result = await obstore.get_async(self._remote, path)
            return bytes(await result.bytes_async())
        except _FAILURES as error:
            _raise_failure(f"cannot read {key}", key, error)

    async def delete(self, key: str) -> None:
        path = self._prefix + check_key(key)
        try:
            await obstore.delete_async(self._remote, path)
        except _FAILURES as error:
            try:
                _raise_failure(f"cannot delete {key}", key, error)
            except ObjectMissing:
                return

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        wanted = self._prefix + check_prefix(prefix)
        folder = wanted.rpartition("/")[0]
        limit = None if after is None else self._prefix + after
        offset = _safe_offset(limit, folder) if limit is not None else None
        try:
            stream = obstore.list(self._remote, folder or None, offset=offset, chunk_size=1000)
            metas = [meta async for chunk in stream for meta in chunk]
        except _FAILURES as error:
            _raise_failure(f"cannot list {prefix or 'the store'}", prefix, error)
        found = {str(meta["path"]): int(meta["size"]) for meta in metas}
        for path in sorted(found):
            if path.startswith(wanted) and (limit is None or path > limit):
                yield ObjectInfo(path[len(self._prefix) :], found[path])

    async def folders(self, prefix: str) -> list[str]:
        path = self._prefix + check_prefix(prefix)
        try:
            listed = await obstore.list_with_delimiter_async(self._remote, path.rstrip("/") or None)
        except _FAILURES as error:
            _raise_failure(f"cannot list {prefix or 'the store'}", prefix, error)
        return sorted(folder.rstrip("/").rpartition("/")[2] for folder in listed["common_prefixes"])

    async def close(self) -> None:
        """Connections are pooled by obstore and end with it."""


class _Credentials:
    """What obstore asks for credentials: boto3's, which renew themselves when they are temporary."""

    REFRESH = timedelta(minutes=5)

    def __init__(self, session: boto3.Session) -> None:
        self._credentials = session.get_credentials()
        if self._credentials is None:
            raise StoreMisconfigured(
                "no S3 credentials were found",
                hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
            )

    async def __call__(self) -> S3Credential:
        frozen = await asyncio.to_thread(self._credentials.get_frozen_credentials)
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + self.REFRESH,
        }


def _prepare_bucket(session: Any, bucket: str, endpoint: str | None) -> tuple[str | None, str]:
    """The endpoint (None: Amazon's own) and the bucket's region; makes the bucket when it is missing."""
    options = botocore.config.Config(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=REQUEST_SECONDS_MAX,
        retries={"total_max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"} if endpoint else None,
    )
    region = session.region_name or DEFAULT_REGION
    try:
        client = session.client("s3", endpoint_url=endpoint, region_name=region, config=options)
        with contextlib.closing(client):
            return _find_bucket(client, bucket, region)
    except botocore.exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise StoreMisconfigured(
            f'bucket "{bucket}" cannot be used: {error.response["Error"].get("Message") or code}',
            hint="Check the bucket's name, the credentials and their rights.",
        ) from error
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise StoreMisconfigured(
            f'the S3 store with bucket "{bucket}" cannot be reached: {error}',
            hint="Check the endpoint, the bucket's name and the network.",
        ) from error


def _find_bucket(client: Any, bucket: str, region: str) -> tuple[str | None, str]:
    url = str(client.meta.endpoint_url)
    own = None if url.endswith(".amazonaws.com") else url
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        if status == 404:
            _create_bucket(client, bucket, region if own is None else DEFAULT_REGION)
        elif status != 301:
            raise
    return own, str(headers.get("x-amz-bucket-region", region))


def _create_bucket(client: Any, bucket: str, region: str) -> None:
    location = {} if region == DEFAULT_REGION else {"LocationConstraint": region}
    try:
        if location:
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        else:
            client.create_bucket(Bucket=bucket)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return


def _safe_offset(limit: str, folder: str) -> str | None:
    """Where a listing may begin so that every server skips only keys up to `limit`.

    Servers that list folder by folder compare one name at a time: they take the folder of ``a/x`` to
    come before ``a``, ``a-b`` and ``a.b``. One character less, and none of those in it, is safe."""
    name = limit.removeprefix(folder + "/")
    return limit[:-1] if name != limit and len(name) > 1 and not set("-./") & set(name) else None


def _raise_put_failure(key: str, error: Exception) -> NoReturn:
    text = str(error)
    status, code = _status(text), _code(text)
    if status == 412 or (isinstance(error, obstore.exceptions.AlreadyExistsError) and status != 409):
        raise ObjectExists(f"object {key} exists already") from error
    if status == 409:
        raise StoreUnavailable(f"cannot store {key}: another put of it is under way ({code})") from error
    if status in _DECIDED or (status is not None and status < 500) or any(sign in text for sign in _UNSENT):
        _raise_failure(f"cannot store {key}", key, error)
    raise PutUnknown(f"it cannot be told whether {key} was stored: {_reason(text)}") from error


def _raise_failure(what: str, key: str, error: Exception) -> NoReturn:
    """Raise the error of a request that has definitely changed nothing."""
    text = str(error)
    status, code = _status(text), _code(text)
    failure: EngineError
    if code == "NoSuchBucket":
        failure = StoreMisconfigured(f"{what}: the bucket does not exist")
    elif status == 404 or isinstance(error, FileNotFoundError):
        failure = ObjectMissing(f"object {key} does not exist")
    elif status == 507 or code == "XMinioStorageFull":
        failure = StoreFull(f"{what}: the S3 server is full")
    elif status in _REFUSED or "redirect without LOCATION" in text:
        failure = StoreMisconfigured(
            f"{what}: {_reason(text)}", hint="Check the credentials, their rights, and the region."
        )
    else:
        failure = StoreUnavailable(f"{what}: {_reason(text)}")
    raise failure from error


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def _code(text: str) -> str | None:
    found = _CODE.search(text)
    return found[1] if found else None


def _reason(text: str) -> str:
    """What a person needs of obstore's long error text."""
    if code := _code(text):
        message = _MESSAGE.search(text)
        return f"{code}: {message[1]}" if message and message[1] else code
    if status := _STATUS.search(text):
        return f"the S3 server answered {status[1]}"
    if "TimedOut" in text or "kind: Timeout" in text:
        return "the S3 server did not answer in time"
    if "kind: Connect" in text:
        return "the S3 server cannot be reached"
    return text.split("\n", 1)[0]
