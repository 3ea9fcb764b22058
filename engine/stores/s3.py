"""A store in an S3 bucket: obstore moves the bytes, boto3 finds credentials, regions and buckets.

obstore's own retries are off. Retrying a create-only put whose reply was lost would find the first
try's object and report it as somebody else's; only the caller, who knows the bytes, may try again.
What a failed request means is read from its HTTP status and S3 error code, which obstore gives only in
its error's text:

- a put that got no answer, or a 5xx from something between, is `PutUnknown`;
- a connection that was never made, 429, 503, and 409 (S3 gives up on racing puts) stored nothing;
- 412 is the one definite "exists".

**No request lasts for ever.** A put has `ANSWER_SECONDS_MAX` and a second more for every
`BYTES_PER_SECOND_MIN` of its bytes. Other answers have `ANSWER_SECONDS_MAX` for their first byte, and
again for each `CHUNK_BYTES` of an object and each page of a listing. A request whose time is over is
ended for our part; what was on its way may still arrive. After that connections are made anew: those in
the pool may be as dead as that one was (a firewall forgets them without telling anybody).

`open` checks what is easy to have wrong before anyone relies on it: credentials, region, the bucket
(made when it is missing), and that the server really refuses a second create-only put. Some servers
ignore the condition, and would lose commits silently.

Rejected: boto3 for the bytes (threads, and a tenth of the throughput); passing listings on as they
come (their order is S3's promise, but other servers list folder by folder); obstore's own time-out (one
for all requests, whatever their size, and it runs from the first byte sent to the last one read).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

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

ANSWER_SECONDS_MAX = 15.0
BYTES_PER_SECOND_MIN = 512 * 1024
CONNECT_SECONDS_MAX = 5
IDLE_SECONDS_MAX = 20
"""How long a connection is kept for the next request: shorter than servers and firewalls keep theirs."""
CHUNK_BYTES = 256 * 1024
DEFAULT_REGION = "us-east-1"

T = TypeVar("T")

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>")
_MESSAGE = re.compile(r"<Message>\s*([^<]*?)\s*</Message>")
_FAILURES = (obstore.exceptions.BaseError, OSError)

_UNREACHED = "kind: Connect,"
"""The comma matters: ``kind: ConnectionReset`` is a connection that was there."""
_UNSENT = (_UNREACHED, "redirect without LOCATION")
_DECIDED = {501, 503, 507}
_REFUSED = {301, 307, 400, 401, 403, 405, 501}


class S3Store:
    """Objects below ``bucket/prefix``; made by `S3Store.open`."""

    def __init__(
        self,
        connect: Callable[[], obstore.store.S3Store],
        prefix: str,
        *,
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> None:
        self._connect = connect
        self._remote = connect()
        self._prefix = prefix
        self._answer_seconds_max = answer_seconds_max

    @staticmethod
    async def open(
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        ids: Ids | None = None,
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
        read_only: bool = False,
    ) -> S3Store:
        """A working store, or StoreMisconfigured or StoreUnavailable saying what is wrong. With `read_only`
        neither a bucket is made nor is it tried whether puts work."""
        session = boto3.Session()
        credentials = _Credentials(session)
        endpoint, region = await asyncio.to_thread(
            _prepare_bucket, session, bucket, endpoint, make=not read_only
        )
        config: dict[str, Any] = {"region": region, "disable_bulk_delete": True}
        if endpoint is not None:
            config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}

        def connect() -> obstore.store.S3Store:
            return obstore.store.S3Store(
                bucket,
                config=config,  # type: ignore[arg-type]
                client_options={
                    "allow_http": endpoint is not None and endpoint.startswith("http://"),
                    "timeout": timedelta(days=1),
                    "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS_MAX, answer_seconds_max)),
                    "pool_idle_timeout": timedelta(seconds=IDLE_SECONDS_MAX),
                },
                retry_config={"max_retries": 0},
                credential_provider=credentials,
            )

        folder = prefix.strip("/") + "/" if prefix.strip("/") else ""
        store = S3Store(connect, folder, answer_seconds_max=answer_seconds_max)
        if not read_only:
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

    @asynccontextmanager
    async def _limited(self, size: int = 0) -> AsyncIterator[obstore.store.S3Store]:
        """What obstore is asked inside ends in the time that `size` bytes may take, or as TimeoutError."""
        remote = self._remote
        try:
            async with asyncio.timeout(self._answer_seconds_max + size / BYTES_PER_SECOND_MIN):
                yield remote
        except TimeoutError:
            if self._remote is remote:
                self._remote = self._connect()
            raise

    async def put(self, key: str, data: bytes) -> None:
        path = self._prefix + check_key(key)
        try:
            async with self._limited(len(data)) as remote:
                await obstore.put_async(remote, path, data, mode="create", use_multipart=False)
        except _FAILURES as error:
            _raise_put_failure(key, error)

    async def get(self, key: str) -> bytes:
        path = self._prefix + check_key(key)
        try:
            async with self._limited() as remote:
                chunks = (await obstore.get_async(remote, path)).stream(CHUNK_BYTES).__aiter__()
            return b"".join([chunk async for chunk in self._each_limited(chunks)])
        except _FAILURES as error:
            _raise_failure(f"cannot read {key}", key, error)

    async def delete(self, key: str) -> None:
        path = self._prefix + check_key(key)
        try:
            async with self._limited() as remote:
                await obstore.delete_async(remote, path)
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
            pages = obstore.list(self._remote, folder or None, offset=offset, chunk_size=1000).__aiter__()
            metas = [meta async for page in self._each_limited(pages) for meta in page]
        except _FAILURES as error:
            _raise_failure(f"cannot list {prefix or 'the store'}", prefix, error)
        found = {str(meta["path"]): int(meta["size"]) for meta in metas}
        for path in sorted(found):
            if path.startswith(wanted) and (limit is None or path > limit):
                yield ObjectInfo(path[len(self._prefix) :], found[path])

    async def folders(self, prefix: str) -> list[str]:
        path = self._prefix + check_prefix(prefix)
        try:
            async with self._limited() as remote:
                listed = await obstore.list_with_delimiter_async(remote, path.rstrip("/") or None)
        except _FAILURES as error:
            _raise_failure(f"cannot list {prefix or 'the store'}", prefix, error)
        return sorted(folder.rstrip("/").rpartition("/")[2] for folder in listed["common_prefixes"])

    async def _each_limited(self, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
        """The pieces of an answer; each must come in time."""
        while True:
            try:
                async with self._limited():
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            yield piece

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


def _prepare_bucket(session: Any, bucket: str, endpoint: str | None, *, make: bool) -> tuple[str | None, str]:
    """The endpoint (None: Amazon's own) and the bucket's region; can `make` the bucket when it is missing."""
    options = botocore.config.Config(
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=ANSWER_SECONDS_MAX,
        retries={"total_max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"} if endpoint else None,
    )
    region = session.region_name or DEFAULT_REGION
    try:
        client = session.client("s3", endpoint_url=endpoint, region_name=region, config=options)
        with contextlib.closing(client):
            return _find_bucket(client, bucket, region, make=make)
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


def _find_bucket(client: Any, bucket: str, region: str, *, make: bool) -> tuple[str | None, str]:
    url = str(client.meta.endpoint_url)
    own = None if url.endswith(".amazonaws.com") else url
    try:
        headers = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        if status == 404 and not make:
            raise StoreMisconfigured(f'there is no bucket "{bucket}"') from error
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
    raise PutUnknown(f"it cannot be told whether {key} was stored: {_reason(error)}") from error


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
            f"{what}: {_reason(error)}", hint="Check the credentials, their rights, and the region."
        )
    else:
        failure = StoreUnavailable(f"{what}: {_reason(error)}")
    raise failure from error


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def _code(text: str) -> str | None:
    found = _CODE.search(text)
    return found[1] if found else None


def _reason(error: Exception) -> str:
    """What a person needs of obstore's long error text."""
    text = str(error)
    if code := _code(text):
        message = _MESSAGE.search(text)
        return f"{code}: {message[1]}" if message and message[1] else code
    if status := _STATUS.search(text):
        return f"the S3 server answered {status[1]}"
    if _UNREACHED in text:
        return "the S3 server cannot be reached"
    if isinstance(error, TimeoutError) or "TimedOut" in text or "kind: Timeout" in text:
        return "the S3 server did not answer in time"
    if "kind: Request," in text or "kind: Interrupted," in text:
        return "the connection to the S3 server was lost"
    return text.split("\n", 1)[0]
