"""Imports and exports: files that go by way of a signed address, while the service works in the background."""

from __future__ import annotations

import hashlib
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cloudflare.answers import field_of
from pulumi_d1.errors import ApiError, OutcomeUnknown, SqlRefused, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from pulumi_d1.cloudflare.client import Client
    from pulumi_d1.cloudflare.retry import Retry

POLL_SECONDS: Final = 0.5
"""Least time from one poll to the next. The service mostly takes longer to answer: it waits a while for the end."""

IMPORT_SECONDS: Final = 1800
"""How long to wait for an import, or an export. Cloudflare gives no limit; wrangler waits without one."""

_CHUNK: Final = 1 << 20

_NO_IMPORT: Final = "Not currently importing anything"
"""The answer to a poll once the end of the import was told: to an answer that was lost, or to another client."""


def import_file(client: Client, path: str, file: BinaryIO, retry: Retry) -> None:
    """Runs a file as one transaction; the database is blocked meanwhile. Sent once.

    Args:
        client: speaks to the API.
        path: of the database.
        file: of SQL, which is read from its start, and never held in memory as a whole.
        retry: how polls are asked for again.

    Raises:
        OutcomeUnknown: it may have run, or may yet.
        SqlRefused: nothing of it was applied.
        ApiError: nothing has run.
    """
    ask = partial(_import, client, path)
    digest = hashlib.md5(usedforsecurity=False)
    file.seek(0)
    for piece in iter(partial(file.read, _CHUNK), b""):
        digest.update(piece)
    etag = digest.hexdigest()

    def begin() -> Mapping[str, Any]:
        answer = ask(action="init", etag=etag)
        if url := answer.get("upload_url"):  # absent when the service has a file with this digest already
            _upload(client, url, file, etag)
            answer = ask(action="ingest", etag=etag, filename=field_of(answer, "filename"))
        return answer

    def poll(bookmark: Any) -> Mapping[str, Any]:
        try:
            return retry.call(partial(ask, action="poll", current_bookmark=bookmark))
        except ApiError as error:  # TryLater would have it sent again, and the others say that nothing has run
            raise OutcomeUnknown(f"the import has begun, and what became of it can't be asked: {error}") from error

    _completed(begin, poll, _import_failure, retry)


def export(client: Client, path: str, file: BinaryIO, retry: Retry, options: Mapping[str, Any]) -> None:
    """Writes the database to `file` as SQL; the database is blocked meanwhile.

    Args:
        client: speaks to the API.
        path: of the database.
        file: takes the SQL; after an error it may hold a part of it.
        retry: how requests are sent again: an export changes nothing.
        options: Cloudflare's `dump_options`.

    Raises:
        ApiError: it can't be exported.
    """

    def ask(**more: Any) -> Mapping[str, Any]:
        body = {"output_format": "polling", "dump_options": options, **more}
        return retry.call(lambda: _given(client.call("POST", f"{path}/export", body=body)))

    def poll(bookmark: Any) -> Mapping[str, Any]:
        return ask(current_bookmark=bookmark)

    done = _completed(ask, poll, _export_failure, retry)
    start = file.tell()

    def fetch() -> None:
        file.seek(start)
        file.truncate()
        file.writelines(client.download(field_of(done.get("result"), "signed_url")))

    retry.call(fetch, on=(OutcomeUnknown, TryLater))


def _completed(
    begin: Callable[[], Mapping[str, Any]],
    poll: Callable[[Any], Mapping[str, Any]],
    failure: Callable[[Mapping[str, Any]], ApiError | None],
    retry: Retry,
) -> Mapping[str, Any]:
    """The last answer, once the service is done."""
    asked = time.monotonic()
    answer = begin()
    deadline = time.monotonic() + IMPORT_SECONDS
    while answer.get("status") != "complete":
        if error := failure(answer):
            raise error
        if time.monotonic() > deadline:
            raise OutcomeUnknown(f"the import or export still runs after {IMPORT_SECONDS} s")
        retry.sleep(max(0, asked + POLL_SECONDS - time.monotonic()))
        asked = time.monotonic()
        answer = poll(answer.get("at_bookmark"))
    return answer


def _import(client: Client, path: str, **action: Any) -> Mapping[str, Any]:
    return _given(client.call("POST", f"{path}/import", body=action))


def _given(result: Any) -> Mapping[str, Any]:
    if not isinstance(result, dict):
        raise OutcomeUnknown(f"Cloudflare's answer is not the JSON that its API promises: {result!s:.200}")
    return result


def _upload(client: Client, url: str, file: BinaryIO, etag: str) -> None:
    """Puts the file where the service asked for it.

    Raises:
        ApiError: it did not arrive whole; nothing has run.
    """
    try:
        status, arrived = client.upload(url, file)
    except OutcomeUnknown as error:
        raise ApiError(f"the upload of the import failed: {error}; nothing has run") from error
    if status != HTTPStatus.OK or arrived != etag:
        raise ApiError(f"the upload of the import failed: HTTP {status}; nothing has run")


def _import_failure(answer: Mapping[str, Any]) -> ApiError | None:
    if answer.get("status") != "error" and answer.get("success"):
        return None
    reasons = "; ".join(map(str, answer.get("errors") or [answer.get("error") or "D1 gave no reason"]))
    if reasons.startswith(_NO_IMPORT):
        return OutcomeUnknown(f"the import has ended, and how is not known: {reasons}")
    return SqlRefused(reasons)


def _export_failure(answer: Mapping[str, Any]) -> ApiError | None:
    if answer.get("status") != "error" and not answer.get("error"):
        return None
    return ApiError(f"the export failed: {answer.get('error') or 'D1 gave no reason'}")
