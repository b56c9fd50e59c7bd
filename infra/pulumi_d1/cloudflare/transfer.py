"""Imports and exports: files at signed addresses, processed by the service in the background."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cloudflare.answers import limit_error, optional_text, parse_object, service_failed
from pulumi_d1.cloudflare.text import one_line
from pulumi_d1.errors import ApiError, NoConnection, NotSent, OutcomeUnknown, SqlRefused, StillRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from pulumi_d1.cloudflare.client import Client
    from pulumi_d1.cloudflare.retry import Retry

POLL_SECONDS: Final = 0.5
"""Shortest time between two polls. The service usually takes longer to answer, because it waits for the end."""

TRANSFER_TIMEOUT: Final = timedelta(minutes=30)
"""Longest wait for an import or export. Cloudflare documents no limit; wrangler waits without one."""

_CHUNK: Final = 1 << 20

_NO_IMPORT: Final = "Not currently importing anything"
"""The answer to a poll after the end of an import that an earlier answer, perhaps a lost one, has reported."""


@dataclass(frozen=True, slots=True)
class _Progress:
    """The state of an import or export.

    Attributes:
        bookmark: The value that the next poll sends back.
        upload_url: The signed address for an import; empty if the service already has the file.
        filename: The service's name for the uploaded file.
        download_url: The signed address of a complete export.
    """

    complete: bool
    failed: bool
    reason: str
    bookmark: object
    upload_url: str
    filename: str
    download_url: str


def import_file(client: Client, path: str, file: BinaryIO, retry: Retry, timeout: timedelta | None = None) -> None:
    """Run a file, sent once. Cloudflare runs all of it, or undoes what ran. It is not known to be one transaction.

    Args:
        file: The SQL. It is read from its start, and never held in memory as a whole.
        timeout: How long to wait for the end of the import; None for TRANSFER_TIMEOUT.

    Raises:
        OutcomeUnknown: The file may have run, or may run later. StillRunning if the wait for its end was too long.
        SqlRefused: D1 refused the SQL. What ran of it is undone, or will be.
        ApiError: The import failed before anything ran.
    """

    def send(**action: Any) -> _Progress:
        return _parse_progress(client.call("POST", f"{path}/import", body=action).result)

    etag = _md5(file)

    def begin() -> _Progress:
        progress = send(action="init", etag=etag)
        if not progress.upload_url:
            return progress
        try:
            upload = partial(_upload, client, progress.upload_url, file, etag)
            retry.call(upload, on=(NoConnection, OutcomeUnknown))
        except (NotSent, OutcomeUnknown) as error:
            raise ApiError(f"the upload of the import failed: {error}; nothing has run") from error
        if not progress.filename:
            raise ApiError("Cloudflare's answer has no name for the uploaded import; nothing has run")
        return send(action="ingest", etag=etag, filename=progress.filename)

    def poll(bookmark: object) -> _Progress:
        try:
            return retry.call(partial(send, action="poll", current_bookmark=bookmark))
        except ApiError as error:  # the caller would repeat the import after TryLater, and assume no effect otherwise
            raise OutcomeUnknown(f"the import started, but its status cannot be read: {error}") from error

    _run(begin, poll, _import_error, retry, timeout or TRANSFER_TIMEOUT)


def export(client: Client, path: str, file: BinaryIO, retry: Retry, options: Mapping[str, Any]) -> None:
    """Write the database to `file` as SQL. The database is blocked meanwhile.

    Args:
        file: The target. After an error it may contain a part of the SQL.
        retry: The policy for all requests, since an export changes nothing.
        options: Cloudflare's `dump_options`.

    Raises:
        ApiError: The export failed.
    """

    def send(**more: Any) -> _Progress:
        body = {"output_format": "polling", "dump_options": options, **more}
        return retry.call(lambda: _parse_progress(client.call("POST", f"{path}/export", body=body).result))

    def poll(bookmark: object) -> _Progress:
        return send(current_bookmark=bookmark)

    def failure(reason: str) -> ApiError:
        return limit_error(reason) or ApiError(f"the export failed: {reason}")

    url = _run(send, poll, failure, retry, TRANSFER_TIMEOUT).download_url
    if not url:
        raise ApiError("Cloudflare's answer has no address for the download of the export")
    start = file.tell()

    def fetch() -> None:
        file.seek(start)
        file.truncate()
        file.writelines(client.download(url))

    retry.call(fetch)


def _run(
    begin: Callable[[], _Progress],
    poll: Callable[[object], _Progress],
    make_error: Callable[[str], ApiError],
    retry: Retry,
    timeout: timedelta,
) -> _Progress:
    """Begin an import or export, and return its state once it is complete."""
    polled = time.monotonic()
    progress = begin()
    deadline = time.monotonic() + timeout.total_seconds()
    while not progress.complete:
        if progress.failed:
            raise make_error(progress.reason)
        if time.monotonic() > deadline:
            raise StillRunning(f"the import or export is still running after {timeout.total_seconds():.0f} s")
        retry.sleep(max(0, polled + POLL_SECONDS - time.monotonic()))
        polled = time.monotonic()
        progress = poll(progress.bookmark)
    return progress


def _parse_progress(result: Any) -> _Progress:
    """Return the state that an answer reports.

    Raises:
        OutcomeUnknown: It reports none.
    """
    answer = parse_object(result)
    details, status, errors = answer.get("result"), optional_text(answer, "status"), answer.get("errors")
    reasons = errors if isinstance(errors, list) and errors else [answer.get("error") or "D1 gave no reason"]
    upload_url = optional_text(answer, "upload_url")
    if not (upload_url or status == "error" or answer.get("success") is True):
        raise OutcomeUnknown("Cloudflare's answer does not have the state of the import or export")
    return _Progress(
        complete=status == "complete",
        failed=status == "error",
        reason=one_line("; ".join(map(str, reasons))),
        bookmark=answer.get("at_bookmark"),
        upload_url=upload_url,
        filename=optional_text(answer, "filename"),
        download_url=optional_text(details, "signed_url") if isinstance(details, dict) else "",
    )


def _md5(file: BinaryIO) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    file.seek(0)
    for piece in iter(partial(file.read, _CHUNK), b""):
        digest.update(piece)
    return digest.hexdigest()


def _upload(client: Client, url: str, file: BinaryIO, etag: str) -> None:
    """Upload the file.

    Raises:
        NotSent: There is no connection.
        OutcomeUnknown: The file did not arrive whole.
    """
    status, arrived = client.upload(url, file)
    if status != HTTPStatus.OK or arrived != etag:
        raise OutcomeUnknown(f"HTTP {status}" if status != HTTPStatus.OK else "the storage received another file")


def _import_error(reason: str) -> ApiError:
    if reason.startswith(_NO_IMPORT):
        return OutcomeUnknown(f"the import ended, but its result is unknown: {reason}")
    if service_failed(reason):
        return OutcomeUnknown(f"the import failed, and its result is unknown: {reason}")
    return limit_error(reason) or SqlRefused(reason)
